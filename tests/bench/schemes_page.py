"""Write docs/schemes.md and its figures from the records in docs/results/schemes.

    python -m tests.bench.schemes_page            # write
    python -m tests.bench.schemes_page --check    # fail if what is there is something else

Knows the records and, of the verifier, how seeds are summed up: whoever doubts a figure reads a few
short files.
"""

from __future__ import annotations

import json
from pathlib import Path

import click

from verifier.bench.removal import AFFORDABLE

from .paper_tables import paper
from .removal_tables import LEVEL, glance, removal, removals, schemes
from .suite_tables import suites

DOCS = Path(__file__).parent.parent.parent / "docs"
RESULTS = DOCS / "results" / "schemes"


def render() -> dict[str, str]:
    """The page and its figures: file names under docs, and what is in them."""
    records = [json.loads(path.read_text()) for path in sorted(RESULTS.glob("*.json"))]
    files: dict[str, str] = {}
    parts = [
        "# Schemes, measured",
        "Generated from `docs/results/schemes` by `python -m tests.bench.schemes_page`; the "
        "records are made by `assay bench tables --data-dir DIR --out docs/results/schemes`.",
        "Per seed an owner trains a network, commits, draws messages and embeds them; thieves "
        "attack the marked model, and every suspect is read. A mark *holds* if the suspect is a "
        f"`MATCH` at 2^-{LEVEL} while its accuracy, on plain or on licensed inputs, has fallen by "
        f"no more than {100 * AFFORDABLE:g} points. Where it has fallen by more, the thief has "
        "destroyed what he stole. Medians over the seeds, of the worst shard; of the statistic "
        "both what was found and what a match needs.",
        *glance(records),
    ]
    for scheme in schemes(records):
        parts.append(f"## {scheme}")
        for data, runs in removals(records, scheme):
            parts += removal(scheme, data, runs, files)
        parts += paper(scheme, records, files)
    parts += suites(records)
    files["schemes.md"] = "\n\n".join(parts) + "\n"
    return files


@click.command()
@click.option("--check", is_flag=True)
def main(check: bool) -> None:
    """Write the page and its figures, or compare them."""
    files = render()
    stale = [name for name, text in files.items() if not _is(DOCS / name, text)]
    if check and stale:
        raise click.ClickException(
            f"stale: {', '.join(stale)}; run python -m tests.bench.schemes_page"
        )
    for name in stale:
        (DOCS / name).parent.mkdir(exist_ok=True)
        (DOCS / name).write_text(files[name])


def _is(path: Path, text: str) -> bool:
    return path.exists() and path.read_text() == text


if __name__ == "__main__":
    main()
