"""`assay demo`, as a newcomer types it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path


def test_demo__tells_the_thief_from_the_innocent_and_ends_what_it_started(tmp_path: Path) -> None:
    demo = subprocess.run(
        [sys.executable, "-m", "node", "demo", "--json", "--dir", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )

    assert demo.returncode == 0, demo.stderr
    thief, innocent = json.loads(demo.stdout)["verdicts"]
    assert (thief["suspect"], thief["outcome"]) == ("thief", "MATCH")
    assert (innocent["suspect"], innocent["outcome"]) == ("innocent", "NO_MATCH")
    assert len(thief["signers"]) >= 3
    assert _processes_of(tmp_path) == []
    for node in range(4):
        log = (tmp_path / "net" / "logs" / f"node{node}.log").read_text()
        assert "Traceback" not in log
        assert log.count("keyed") == 2


def _processes_of(directory: Path) -> list[str]:
    lines = []
    for cmdline in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = cmdline.read_bytes().split(b"\0")
        except OSError:
            continue
        if any(bytes(directory) in word for word in words):
            lines.append(b" ".join(words).decode())
    return lines
