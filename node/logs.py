"""Log lines a person can follow; at INFO, a dispute is about nine of them."""

from __future__ import annotations

import logging
import sys


def configure_logs(level: str) -> None:
    """Write this project's log to standard error from `level` on, all others from WARNING."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)-7s %(message)s", "%H:%M:%S"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    for package in ("node", "protocol", "verifier"):
        logging.getLogger(package).setLevel(level.upper())
