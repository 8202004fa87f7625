"""`python -m verifier.worker`: one test of one suspect, in a process of its own.

A suspect is hostile, so the node measures it in a child that has no keys, no network and little
memory. The child reads one JSON job on stdin

    {"scheme": ID, "package": DIRECTORY, "evidence": FILE, "message_key": HEX, "level": 64,
     "threads": 1, "in_reference_mode": false}

and writes one JSON line on stdout, one of

    {"finding": {...}}
    {"error": {"kind": "BadModel" or "BadEvidence" or "UnknownScheme", "message": ...}}
    {"error": {"kind": "NotReference", "message": ...}}

Either way it ends with status 0; any other status means that it could not tell.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from . import determinism
from .assay import verify
from .errors import BadEvidence, BadModel, NotReference, UnknownScheme


def main() -> None:
    """Read the job, answer it."""
    job = json.load(sys.stdin)
    try:
        configure(job)
    except NotReference as error:
        print(json.dumps({"error": {"kind": NotReference.__name__, "message": str(error)}}))
    else:
        print(json.dumps(answer(job)))


def configure(job: Mapping[str, Any]) -> None:
    """Compute as the job asks; raises NotReference where this environment cannot."""
    if job["in_reference_mode"]:
        determinism.configure_reference()
    else:
        determinism.configure(threads=job["threads"])


def answer(job: Mapping[str, Any]) -> dict[str, object]:
    """The one line for a job."""
    try:
        finding = verify(
            job["scheme"],
            Path(job["package"]),
            Path(job["evidence"]).read_bytes(),
            bytes.fromhex(job["message_key"]),
            level=job["level"],
        )
    except (BadModel, BadEvidence, UnknownScheme) as error:
        family = next(
            kind for kind in (BadModel, BadEvidence, UnknownScheme) if isinstance(error, kind)
        )
        return {"error": {"kind": family.__name__, "message": str(error)}}
    return {"finding": finding.to_json()}


if __name__ == "__main__":
    main()
