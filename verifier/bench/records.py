"""A record: one measurement as JSON, and beside it all that is needed to doubt or repeat it.

A record that is finished is never measured again, so a run that was interrupted goes on where it
stopped; to measure anew, delete the file.
"""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import torch

Record: TypeAlias = dict[str, Any]

Progress: TypeAlias = Callable[[int, int, str], None]
"""Hears how many steps are done, of how many, and which is next."""


def silent(done: int, total: int, step: str) -> None:
    """Progress that nobody watches."""


def record(path: Path, command: str, facts: Record, measure: Callable[[], Record]) -> Record:
    """The record at `path`; measured now unless it is there.

    `facts` say what is measured and lead the record, `command` how to do it again.
    """
    if not path.exists():
        _write(path, command, facts, measure)
    finished: Record = json.loads(path.read_text())
    return finished


def _write(path: Path, command: str, facts: Record, measure: Callable[[], Record]) -> None:
    started = time.monotonic()
    measured = measure()
    document = {
        **facts,
        "command": command,
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "threads": torch.get_num_threads(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "seconds": round(time.monotonic() - started, 1),
        **measured,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    # Renamed when it is whole: whoever looks, now or after a crash, sees a finished record or none.
    unfinished = path.with_suffix(".part")
    unfinished.write_text(json.dumps(document, indent=1) + "\n")
    unfinished.replace(path)
