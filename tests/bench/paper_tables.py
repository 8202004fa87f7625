"""What a paper states, beside what we find: under our attacks, and of its published variant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from .papers import NOTES, PAPERS
from .plots import POWER, plot_power
from .removal_tables import removals, row
from .wording import Record, machine, of_suite, table

NUMBERS = ("SSIM", "gap", "weights unlike those of ordinary training", ", dB", ", points")
"""How the names of figures end that are no shares."""


def paper(scheme: str, records: list[Record], files: dict[str, str]) -> Iterator[str]:
    """The section of one scheme; its figure, if there is one, goes into `files`."""
    if scheme in PAPERS:
        yield f"### {scheme}, beside its paper"
        yield (
            "*Seen*: read in the source. *Recalled*: from memory, unverified. Ours: the sound "
            "variant's statistic of what a match needs, and accuracy."
        )
        rows = [
            [told.what, told.figure, told.source, "; ".join(_ours(told.attack, scheme, records))]
            for told in PAPERS[scheme]
        ]
        yield table(["what", "the paper", "source", "ours"], rows)
    for record in of_suite(records, "paper"):
        if record["scheme"] == scheme:
            yield from _reproduction(record, files)


def _ours(attack: str, scheme: str, records: list[Record]) -> Iterator[str]:
    for data, runs in removals(records, scheme):
        if attack in runs[0]["suspects"]:
            cells = row(attack, runs)
            yield f"{data}: {cells[1]} ({cells[3]})"


def _reproduction(record: Record, files: dict[str, str]) -> Iterator[str]:
    """A figure a row, and a column for each word that the figures' names begin with."""
    scheme, data, figures = record["scheme"], record["data"], record["figures"]
    listed = {name: figure for name, figure in figures.items() if not _is_of_power(name)}
    columns = dict.fromkeys(_parts(name)[0] for name in listed)
    rows = dict.fromkeys(_parts(name)[1] for name in listed)
    yield f"### {scheme}: the published variant, trained anew"
    yield NOTES[scheme]
    yield table(
        ["figure", *columns],
        [[name, *(_value(name, column, listed) for column in columns)] for name in rows],
    )
    if len(listed) < len(figures):
        stem = f"figures/{scheme}-{data}-power.svg"
        files[stem] = plot_power(figures)
        yield f"![{scheme} on {data}: power]({stem})"
    yield f"{record['images']:,} inputs; `{record['command']}`, {machine(record)}."


def _parts(name: str) -> tuple[str, str]:
    """Column and row; a figure that stands for itself has the column without a name."""
    column, colon, figure = name.partition(": ")
    return (column, figure) if colon else ("", name)


def _value(name: str, column: str, figures: Mapping[str, float]) -> str:
    figure = figures.get(f"{column}: {name}" if column else name)
    if figure is None:
        return ""
    return f"{figure:.3g}" if name.endswith(NUMBERS) else f"{figure:.1%}"


def _is_of_power(name: str) -> bool:
    return any(word in name for word in POWER)
