"""The README's walk-through, pasted line by line into a shell beside `assay devnet`."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.processes import Running, started

ROOT = Path(__file__).parent.parent.parent


def test_readme__walk_through_works_when_pasted(devnet: Running, tmp_path: Path) -> None:
    (lines,) = re.findall(r"```sh\n(.+?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    # The README's first line finds `assay` in the checkout; here it is beside this Python.
    lines = lines.replace("$PWD/.venv/bin", shlex.quote(str(Path(sys.executable).parent)))

    pasted = subprocess.run(
        ["bash", "-ec", lines],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
        env={**os.environ},
    )

    assert pasted.returncode == 0, pasted.stderr
    assert "MATCH" in pasted.stdout
    assert "it depends on the claim's message" in pasted.stdout


@pytest.fixture
def devnet(tmp_path: Path) -> Iterator[Running]:
    with started("devnet", cwd=tmp_path) as running:
        running.until_says("Ctrl-C ends it")
        yield running
