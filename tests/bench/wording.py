"""How figures are worded on a generated page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

Record = dict[str, Any]

CHANCE = -0.5
"""log2 odds to show for a suspect at chance: a sign before zero would only puzzle."""


def of_suite(records: Iterable[Record], suite: str) -> list[Record]:
    """Those of one suite."""
    return [record for record in records if record["suite"] == suite]


def table(headings: list[str], rows: list[list[str]]) -> str:
    """In Markdown."""
    if not rows:
        return "Not measured yet."
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def network(config: Record) -> str:
    """Its architecture and sizes."""
    shape = {key: value for key, value in config.items() if key not in ("input_shape", "classes")}
    name = shape.pop("architecture")
    return f"`{name}` of " + ", ".join(f"{key} {value}" for key, value in shape.items())


def parameters(chosen: Record) -> str:
    """Each with its name."""
    return ", ".join(f"{key} {value:g}" for key, value in chosen.items())


def machine(record: Record) -> str:
    """What it was measured on."""
    threads = f"{record['threads']} thread used"
    return f"{record['machine']}, {threads}, torch {record['torch']}"


def seeds(runs: Sequence[Record]) -> str:
    """How many."""
    return f"{len(runs)} seed{'s' * (len(runs) > 1)}"


def points(share: float) -> str:
    """A difference of accuracies in percentage points."""
    return f"{100 * share:.1f}".replace("-0.0", "0.0")


def odds(log2: float) -> str:
    """As a power of two."""
    return "chance" if log2 > CHANCE else f"2^{log2:.0f}"
