"""What thieves leave of a mark: a table for each scheme and data set, and one of all schemes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from statistics import median

from verifier.bench.removal import AFFORDABLE, summarise

from .plots import plot_attacks, plot_pruning
from .wording import Record, machine, network, odds, of_suite, parameters, points, seeds, table

LEVEL = 64

GLANCE = "mnist"
"""The data set that schemes are compared on."""


def schemes(records: Iterable[Record]) -> list[str]:
    """Those with removals."""
    return sorted({record["scheme"] for record in of_suite(records, "removal")})


def removals(records: Iterable[Record], scheme: str) -> Iterator[tuple[str, list[Record]]]:
    """Each data set, with the records of its seeds."""
    ours = [each for each in of_suite(records, "removal") if each["scheme"] == scheme]
    for data in sorted({each["data"] for each in ours}):
        runs = [each for each in ours if each["data"] == data]
        yield data, sorted(runs, key=lambda each: int(each["seed"]))


def glance(records: Sequence[Record]) -> Iterator[str]:
    """One column a scheme: the bits of evidence that each attack leaves."""
    measured = dict(_column(scheme, records) for scheme in schemes(records))
    names = dict.fromkeys(name for runs in measured.values() for name in runs[0]["suspects"])
    yield "## At a glance"
    yield (
        f"Bits of evidence that attacks leave, {LEVEL} of which are a match; on {GLANCE}, where no "
        "other data is named. **Bold**: the mark holds. *Destroyed*: the model has lost more than "
        "it is worth stealing for."
    )
    yield table(
        ["attack", *measured],
        [[name, *(_cell(name, runs) for runs in measured.values())] for name in names],
    )


def removal(scheme: str, data: str, runs: list[Record], files: dict[str, str]) -> Iterator[str]:
    """The section of one scheme and data set; its figures go into `files`."""
    first = runs[0]
    unmarked = median(run["unmarked"]["utility"] for run in runs)
    clean = [run["unmarked"]["utility"] - run["suspects"]["none"]["utility"] for run in runs]
    yield f"### {scheme} on {data}"
    yield (
        f"{first['images']:,} training inputs, {network(first['network'])}; {seeds(runs)}; "
        f"{parameters(first['parameters'])}. Unmarked {unmarked:.1%}; marking costs "
        f"{points(median(clean))} points and takes "
        f"{median(run['seconds_to_embed'] for run in runs):.0f} s "
        f"({median(run['seconds_to_train'] for run in runs):.0f} s to train)." + _strangers(runs)
    )
    yield table(
        ["attack", "found / needed", "odds", "accuracy", "points lost", "mark"],
        [row(name, runs) for name in first["suspects"]],
    )
    stem = f"figures/{scheme}-{data}"
    files[f"{stem}-pruning.svg"] = plot_pruning(runs, LEVEL, AFFORDABLE)
    files[f"{stem}-attacks.svg"] = plot_attacks(runs, LEVEL, AFFORDABLE)
    yield f"![{scheme} on {data}: pruning]({stem}-pruning.svg)"
    yield f"![{scheme} on {data}: all attacks]({stem}-attacks.svg)"
    yield f"`{runs[-1]['command']}`, {machine(first)}."


def row(name: str, runs: list[Record]) -> list[str]:
    """Medians over the seeds, of the worst shard that the thief has not seen."""
    if "refused" in runs[0]["suspects"][name]:
        return [name, "", "", "", "", f"not possible: {runs[0]['suspects'][name]['refused']}"]
    left = summarise(runs)[name]
    return [
        name,
        f"{left['found']:g} / {left['needed']:g}",
        odds(left["log2_odds"]),
        f"{left['utility']:.1%}",
        points(left["drop"]),
        _fate(left),
    ]


def _column(scheme: str, records: Sequence[Record]) -> tuple[str, list[Record]]:
    """Heading and records: of the common data set, or of another if there are none."""
    sets = dict(removals(records, scheme))
    data = GLANCE if GLANCE in sets else next(iter(sets))
    return scheme if data == GLANCE else f"{scheme} on {data}", sets[data]


def _cell(name: str, runs: list[Record]) -> str:
    left = summarise(runs).get(name)
    if left is None:
        return ""
    bits = f"{max(0, -left['log2_odds']):.0f}"
    if not left["affordable"]:
        return f"*destroyed* ({bits})"
    return f"**{bits}**" if left["matches"] == left["of"] else bits


def _fate(left: Record) -> str:
    matches, runs = left["matches"], left["of"]
    if not left["affordable"]:
        return f"model destroyed, {matches} of {runs} match"
    if matches == runs:
        return "**holds**"
    return "gone" if matches == 0 else f"holds {matches} of {runs} times"


def _strangers(runs: list[Record]) -> str:
    tried = [run["strangers"] for run in runs if run["strangers"]]
    if not tried:
        return ""
    mean, most = (median(each[key] for each in tried) for key in ("mean", "most"))
    unlicensed = median(run["suspects"]["none"]["accuracy"] for run in runs)
    return (
        f" Without a licence it finds {unlicensed:.1%}, with {tried[0]['tried']} wrong ones "
        f"{mean:.1%} in the mean and {most:.1%} at most."
    )
