"""10,000 random cases of each kind, equal in Python and in Solidity.

    python -m tests.vectors.ten_thousand --out docs/results/cases.json

Both languages' tests read the cases of one seed after the other; the first difference ends it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import click

from tests.bench.report import write_report
from tests.vectors.generate_cases import CASES, write_cases

ROOT: Final = Path(__file__).parent.parent.parent
FILE: Final = ROOT / "contracts" / "cache" / "cases.json"
"""Where forge may read."""
SEEDS: Final = 50
COMMANDS: Final = (
    ["contracts/bin/forge.py", "test", "--match-contract", "CasesTest"],
    ["-m", "pytest", "-q", "tests/unit/protocol/test_cases.py"],
)


@click.command()
@click.option("--out", type=click.Path(path_type=Path), required=True)
def main(out: Path) -> None:
    """Compare, and write the report."""
    for seed in range(1, SEEDS + 1):
        FILE.parent.mkdir(exist_ok=True)
        write_cases(seed, FILE)
        for command in COMMANDS:
            _run(command, seed)
        print(f"seed {seed} of {SEEDS}: equal", flush=True)
    figures = {"seeds": SEEDS, "cases_of_each_kind": SEEDS * CASES}
    write_report(out, figures | {"kinds": list(json.loads(FILE.read_text())), "differences": 0})
    FILE.unlink()


def _run(command: list[str], seed: int) -> None:
    """Run one language's tests on the cases.

    Raises:
        click.ClickException: they gave another answer.
    """
    done = subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env=os.environ | {"ASSAY_CASES": str(FILE)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise click.ClickException(
            f"seed {seed}: {' '.join(command)} found another answer; the cases are in {FILE}\n"
            f"{done.stdout}{done.stderr}"
        )


if __name__ == "__main__":
    main()
