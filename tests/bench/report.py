"""A result file: the figures, and beside them all that is needed to doubt or repeat them."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

DOCS: Final = Path(__file__).parent.parent.parent / "docs"


def write_report(out: Path, figures: dict[str, Any]) -> None:
    """Write `figures` with the machine, the versions and the command that made them."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        capture_output=True,
        text=True,
        check=False,
    )
    report = {
        "command": " ".join(["python -m", _module(), *sys.argv[1:]]),
        "date": datetime.now(UTC).date().isoformat(),
        "commit": commit.stdout.strip(),
        "machine": {
            "system": platform.platform(),
            "processor": platform.machine(),
            "cores": os.cpu_count(),
            "python": platform.python_version(),
        },
        "figures": figures,
    }
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(report, indent=2) + "\n")
    print(json.dumps(figures, indent=2))


def _module() -> str:
    spec = sys.modules["__main__"].__spec__
    assert spec is not None, "run it with python -m"
    return spec.name
