"""docs/schemes.md and its figures, from the records in docs/results/schemes.

Knows the records and, of the verifier, how seeds are summed up: whoever doubts a figure reads a few
short files.
"""

from __future__ import annotations

import json

from verifier.bench.removal import AFFORDABLE

from .paper_tables import paper
from .removal_tables import LEVEL, glance, removal, removals, schemes
from .report import DOCS
from .suite_tables import suites

RESULTS = DOCS / "results" / "schemes"


def render() -> dict[str, str]:
    """The page and its figures: file names under docs, and what is in them."""
    records = [json.loads(path.read_text()) for path in sorted(RESULTS.glob("*.json"))]
    files: dict[str, str] = {}
    parts = [
        "# Schemes, measured",
        "Generated from `docs/results/schemes` by `make figures`; the "
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
