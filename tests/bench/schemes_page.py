"""Write docs/schemes.md and its figures from the records in docs/results/schemes.

    python -m tests.bench.schemes_page            # write
    python -m tests.bench.schemes_page --check    # fail if what is there is something else

Knows the records and nothing of the verifier: whoever doubts a figure reads two short files.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import click

from .papers import PAPERS
from .plots import plot_attacks, plot_pruning

DOCS = Path(__file__).parent.parent.parent / "docs"
RESULTS = DOCS / "results" / "schemes"

LEVEL = 64
AFFORDABLE = 0.05
CHANCE = -0.5
"""log2 odds to show for a suspect at chance: a sign before zero would only puzzle."""

Record = dict[str, Any]


def render() -> dict[str, str]:
    """The page and its figures: file names under docs, and what is in them."""
    records = [json.loads(path.read_text()) for path in sorted(RESULTS.glob("*.json"))]
    files: dict[str, str] = {}
    parts = [
        "# Schemes, measured",
        "Generated from `docs/results/schemes` by `python -m tests.bench.schemes_page`.",
        "Per seed an owner trains a network, commits, draws messages and embeds them; thieves "
        "attack the marked model, and every suspect is read. A mark *holds* if the suspect is a "
        f"`MATCH` at 2^-{LEVEL} while its accuracy, on plain or on licensed inputs, has fallen by "
        f"no more than {100 * AFFORDABLE:g} points. Where it has fallen by more, the thief has "
        "destroyed what he stole. Medians over the seeds, of the worst shard; of the statistic "
        "both what was found and what a match needs.",
    ]
    for scheme in _schemes(records):
        parts.append(f"## {scheme}")
        for data, runs in _removals(records, scheme):
            parts += _removal(scheme, data, runs, files)
        parts += _paper(scheme, records)
    parts += _suites(records)
    files["schemes.md"] = "\n\n".join(parts) + "\n"
    return files


def _removal(scheme: str, data: str, runs: list[Record], files: dict[str, str]) -> Iterator[str]:
    first = runs[0]
    unmarked = median(run["unmarked"]["utility"] for run in runs)
    clean = [run["unmarked"]["utility"] - run["suspects"]["none"]["utility"] for run in runs]
    yield f"### {scheme} on {data}"
    yield (
        f"{first['images']:,} training images, {_network(first['network'])}; {_plural(runs)}; "
        f"{_parameters(first['parameters'])}. Unmarked {unmarked:.1%}; marking costs "
        f"{_points(median(clean))} points and takes "
        f"{median(run['seconds_to_embed'] for run in runs):.0f} s "
        f"({median(run['seconds_to_train'] for run in runs):.0f} s to train)." + _strangers(runs)
    )
    rows = [_row(name, runs) for name in first["suspects"]]
    yield _table(["attack", "found / needed", "odds", "accuracy", "points lost", "mark"], rows)
    stem = f"figures/{scheme}-{data}"
    files[f"{stem}-pruning.svg"] = plot_pruning(runs, LEVEL, AFFORDABLE)
    files[f"{stem}-attacks.svg"] = plot_attacks(runs, LEVEL, AFFORDABLE)
    yield f"![{scheme} on {data}: pruning]({stem}-pruning.svg)"
    yield f"![{scheme} on {data}: all attacks]({stem}-attacks.svg)"
    yield f"`{runs[-1]['command']}`, {_machine(first)}."


def _row(name: str, runs: list[Record]) -> list[str]:
    suspects = [run["suspects"][name] for run in runs]
    if "refused" in suspects[0]:
        return [name, "", "", "", "", f"not possible: {suspects[0]['refused']}"]
    worst = [
        max(suspect["shards"][suspect["exposed"] :], key=lambda shard: float(shard["log2_odds"]))
        for suspect in suspects
    ]
    lost = median(
        run["unmarked"]["utility"] - suspect["utility"]
        for run, suspect in zip(runs, suspects, strict=True)
    )
    found, needed = (median(shard[key] for shard in worst) for key in ("found", "needed"))
    return [
        name,
        f"{found:g} / {needed:g}",
        _odds(median(shard["log2_odds"] for shard in worst)),
        f"{median(suspect['utility'] for suspect in suspects):.1%}",
        _points(lost),
        _fate(sum(shard["decision"] == "MATCH" for shard in worst), len(runs), lost),
    ]


def _fate(matches: int, runs: int, lost: float) -> str:
    if lost > AFFORDABLE:
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


def _paper(scheme: str, records: list[Record]) -> Iterator[str]:
    if scheme not in PAPERS:
        return
    rows = []
    for told in PAPERS[scheme]:
        ours = []
        for data, runs in _removals(records, scheme):
            if told.attack in runs[0]["suspects"]:
                row = _row(told.attack, runs)
                ours.append(f"{data}: {row[1]} ({row[3]})")
        rows.append([told.what, told.figure, told.source, "; ".join(ours) or "not measured"])
    yield "### " + scheme + ", beside its paper"
    yield (
        "*Seen*: read in the source. *Recalled*: from memory, unverified. Ours: statistic of what "
        "a match needs, and accuracy."
    )
    yield _table(["what", "the paper", "source", "ours"], rows)


def _suites(records: list[Record]) -> Iterator[str]:
    yield "## Forgeries"
    yield (
        "Liars forge evidence with the victim at hand, then messages are drawn; every forgery is "
        "tried with as many. Grinding keeps the best of many seeds against one beacon; then comes "
        "the next. Beside it the same liar where evidence is free, as published."
    )
    yield _table(
        ["scheme", "tries", "accepted", "best odds", "ground to", "then", "as published"],
        [
            [
                each["scheme"],
                f"{each['tries']:,}",
                str(each["accepted"]),
                _odds(min(row["log2_odds_of_best"] for row in each["forgeries"].values())),
                _odds(min(row["log2_odds_before_beacon"] for row in each["grinding"].values())),
                _odds(min(row["log2_odds_after_beacon"] for row in each["grinding"].values())),
                f"{each['paper']['found']:.3g} of {each['paper']['needed']:.3g}: "
                + ("**accepted**" if each["paper"]["accepted"] else "refused"),
            ]
            for each in _of(records, "forgery")
        ],
    )
    yield "## The innocent"
    yield (
        "Independent networks and the owner's unmarked one, many messages each, alignment on. KS: "
        "the Kolmogorov-Smirnov test of p-values against the uniform law."
    )
    yield _table(
        ["scheme", "networks", "readings", "MATCH", "INCONCLUSIVE", "best odds", "KS p"],
        [
            [
                each["scheme"],
                str(each["models"]),
                f"{each['readings']:,}",
                str(each["matches"]),
                str(each["inconclusive"]),
                _odds(each["log2_odds_of_best"]),
                f"{each['ks_p']:.3f}",
            ]
            for each in _of(records, "null")
        ],
    )
    yield "## Devices"
    yield (
        "The largest change of a symbol between any two of: 1 and 2 threads, batches of 1, 8 and "
        "64, double precision; as a part of the band that the scheme allows. CPU only."
    )
    yield _table(
        ["scheme", "suspect", "largest change", "contradictions"],
        [
            [each["scheme"], name, f"{found['largest_change']:.2g}", str(found["contradictions"])]
            for each in _of(records, "noise")
            for name, found in each["suspects"].items()
        ],
    )
    yield "## Speed"
    yield "Reading one shard, beside the bare forward passes that it needs; one thread."
    yield _table(
        ["scheme", "data", "times bare", "ms", "symbols", "inputs", "at once", "evidence, kB"],
        [
            [
                each["scheme"],
                each["data"],
                f"{each['ratio']:.2f}" if each["ratio"] else "shows none",
                f"{each['milliseconds']:.0f}",
                str(each["symbols"]),
                f"{each['inputs']:,}",
                str(each["inputs_at_once"]),
                f"{each['evidence_bytes'] / 1000:.0f}",
            ]
            for each in _of(records, "speed")
        ],
    )


def _schemes(records: Iterable[Record]) -> list[str]:
    return sorted({record["scheme"] for record in records if record["suite"] == "removal"})


def _removals(records: Iterable[Record], scheme: str) -> Iterator[tuple[str, list[Record]]]:
    """Each data set, with the records of its seeds."""
    ours = [each for each in _of(records, "removal") if each["scheme"] == scheme]
    for data in sorted({each["data"] for each in ours}):
        runs = [each for each in ours if each["data"] == data]
        yield data, sorted(runs, key=lambda each: int(each["seed"]))


def _of(records: Iterable[Record], suite: str) -> list[Record]:
    return [record for record in records if record["suite"] == suite]


def _network(config: Record) -> str:
    shape = {key: value for key, value in config.items() if key not in ("input_shape", "classes")}
    name = shape.pop("architecture")
    return f"`{name}` of " + ", ".join(f"{key} {value}" for key, value in shape.items())


def _parameters(parameters: Record) -> str:
    return ", ".join(f"{key} {value:g}" for key, value in parameters.items())


def _machine(record: Record) -> str:
    threads = f"{record['threads']} thread used"
    return f"{record['machine']}, {threads}, torch {record['torch']}"


def _plural(runs: Sequence[Record]) -> str:
    return f"{len(runs)} seed{'s' * (len(runs) > 1)}"


def _points(share: float) -> str:
    return f"{100 * share:.1f}".replace("-0.0", "0.0")


def _odds(log2: float) -> str:
    return "chance" if log2 > CHANCE else f"2^{log2:.0f}"


def _table(headings: list[str], rows: list[list[str]]) -> str:
    if not rows:
        return "Not measured yet."
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


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
