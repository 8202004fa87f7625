"""docs/simulation.md and its figures, from the records in docs/results/simulation.

Knows the records and nothing of the code.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from statistics import linear_regression
from typing import Any

from .report import DOCS
from .simulation_plots import plot_committees, plot_growth, plot_laziness
from .wording import Record, table

RESULTS = DOCS / "results" / "simulation"
GAS = DOCS / "results" / "gas.json"


def render() -> dict[str, str]:
    """The page and its figures: file names under docs, and what is in them."""
    files: dict[str, str] = {}
    parts = [
        "# Disputes, simulated",
        "Generated from `docs/results/simulation` by `make figures`; the "
        "records are made by `assay simulate --out docs/results/simulation`.",
        "Thousands of disputes in one process, in virtual time. The draw, the shard, the pools, "
        "the tree of commitments, the salts and the turns are the protocol's own code; signatures, "
        "contracts and network are models as strict as the real ones (`node/simulation`). Windows, "
        "bonds and fees are those of the profile `mainnet`, blocks come every 12 s and are final "
        "after 15 minutes, and a member takes two minutes (median) to fetch and verify.",
    ]
    for name, write in SECTIONS.items():
        path = RESULTS / f"{name}.json"
        if path.exists():
            record = json.loads(path.read_text())
            parts += [*write(record, files), _source(record)]
    files["simulation.md"] = "\n\n".join(parts) + "\n"
    return files


def _committees(record: Record, files: dict[str, str]) -> list[str]:
    rows = record["rows"]
    files["figures/simulation/committees.svg"] = plot_committees(rows)
    outside = sum(not row[what]["is_inside"] for row in rows for what in ("stalled", "forged"))
    return [
        "## How often a committee stalls, or forges",
        f"A share of the {rows[0]['seats']} seats lies, and agrees on the lie. A committee with "
        "more than f of them stalls; one with a quorum of them forges. The exact odds are those of "
        "drawing without replacement; a ladder goes on to the next rung where one has stalled. "
        "In brackets what was seen: the Clopper-Pearson band, at 95 % for all rows together. "
        f"Of {2 * len(rows)} exact odds, {outside} lie outside.",
        "A ladder mends stalls. What its first rung forges stands unless somebody appeals, so the "
        "first rung decides how much is at risk.",
        "![Stalls and forgeries](figures/simulation/committees.svg)",
        table(
            ["ladder", "bad", "disputes", "stalls, exact", "seen", "forgeries, exact", "seen"],
            [
                [
                    _sizes(row["ladder"]), f"{row['bad']:.0%}", f"{row['disputes']:,}",
                    _odds(row["stalled"]["exact"]), _band(row["stalled"]),
                    _odds(row["forged"]["exact"]), _band(row["forged"]),
                ]
                for row in rows
            ],
        ),
    ]  # fmt: skip


def _safety(record: Record, files: dict[str, str]) -> list[str]:
    rows = record["rows"]
    total, broken = sum(row["disputes"] for row in rows), len(record["violations"])
    one = rows[0]
    return [
        "## What f faulty members achieve",
        f"In every committee f of 3f + 1 members are faulty, {one['drop']:.0%} of all requests and "
        f"of all answers are lost, the others take up to {1000 * one['jitter_s']:.0f} ms longer, "
        "and one verdict in twenty is appealed. What must never happen: two outcomes that a quorum "
        "signed in one round, whoever saw the votes; a false verdict; a member that did its duty "
        "and was slashed; money that comes from nowhere or is left over. "
        f"In {total:,} disputes this happened **{broken} times**.",
        table(
            ["strategy", "disputes", "right", "false", "none", "appeals", "escalations",
             "left out", "cheats slashed", "broken", "latency, median", "p99"],
            [
                [
                    row["strategy"],
                    *(f"{row[key]:,}" for key in ("disputes", "right", "false", "no_verdict",
                                                  "appeals", "escalations", "left_out",
                                                  "cheats_slashed", "violations")),
                    _duration(row["latency_s"], "median"), _duration(row["latency_s"], "p99"),
                ]
                for row in rows
            ],
        ),
        "*Left out* are commitments of members that did their duty and that are not under the "
        "chain's root. Whoever is absent costs the others three quarters of the seal window, as "
        "they wait for a commitment that does not come. A copier is slashed as a withholder: it "
        "cannot open what it sealed.",
    ]  # fmt: skip


def _network(record: Record, files: dict[str, str]) -> list[str]:
    rows = record["rows"]
    return [
        "## What a bad network costs",
        "All members do their duty. Latency is counted from the block with the envelope to that "
        "with the verdict, and holds two waits for finality and the slowest member's work; talk is "
        "the part of it that depends on the network: from the last commitment to a seal, and from "
        "the seal's finality to a certificate. Per member until the verdict is final; bytes are of "
        "JSON, without the headers of HTTP. A member asks every other at least once a minute, and "
        "is told all that is held, or nothing if that is known.",
        table(
            ["members", "lost", "jitter", "decided", "latency, median", "p99", "talk, median",
             "p99", "requests", "bytes"],
            [
                [
                    str(row["size"]), f"{row['drop']:.0%}", f"{1000 * row['jitter_s']:.0f} ms",
                    f"{row['decided']:,} of {row['disputes']:,}", *_latencies(row),
                    f"{row['messages']:,.0f}", _bytes(row["bytes"]),
                ]
                for row in rows
            ],
        ),
    ]  # fmt: skip


def _growth(record: Record, files: dict[str, str]) -> list[str]:
    rows = record["rows"]
    gas, certificates = _gas("seal", "settle")
    draw, draws = _gas("draw")
    files["figures/simulation/growth.svg"] = plot_growth(rows, gas)
    return [
        "## What a larger committee costs",
        "All members do their duty on a network that loses nothing, and only post: three messages "
        "to every other, a commitment, a seal, a vote. A signature takes 2 ms to check, one at a "
        "time. Contracts take 61 members at most; beyond, members and messages are simulated and "
        "gas is extrapolated from `docs/results/gas.json`: `seal` and `settle` together "
        f"{certificates}, `draw` {draws}.",
        "![Growth](figures/simulation/growth.svg)",
        table(
            ["members", "disputes", "messages", "bytes", "latency, median", "p99",
             "talk, median", "p99", "gas of `seal` and `settle`", "of `draw`"],
            [
                [
                    str(row["size"]), str(row["disputes"]), f"{row['messages']:,.0f}",
                    _bytes(row["bytes"]), *_latencies(row), f"{gas(row['size']):,.0f}",
                    f"{draw(row['size']):,.0f}",
                ]
                for row in rows
            ],
        ),
    ]  # fmt: skip


def _laziness(record: Record, files: dict[str, str]) -> list[str]:
    earnings = [row for row in record["rows"] if "guess" in row]
    even = [row for row in record["rows"] if "break_even" in row]
    size, share = earnings[0]["size"], earnings[0]["share"]
    files["figures/simulation/laziness.svg"] = plot_laziness(earnings, even)
    return [
        "## Whether it pays to guess",
        f"Some of {size} members do not work and vote for what most disputes come to. A vote for "
        f"the certificate's outcome earns {share:.5f} ether if all agree. With s the share of "
        "disputes in which another outcome is true, F the fee, c what the work costs, q how often "
        "a wrong guess is exposed by a canary or an appeal, and P what that would cost: a guess "
        "is worth (1 - s) F - s q P, and work pays from s = c / (F + q P) on. SPEC 5.5 takes "
        "nothing from who is outvoted, so P is 0 today; an appeal does not take a fee back.",
        "![Laziness](figures/simulation/laziness.svg)",
        table(
            ["cost of the work", "q", "P, ether", "work pays from s =", "simulated"],
            [
                [
                    f"{row['cost']:.0%} of F", f"{row['caught']:.0%}", f"{row['penalty']:g}",
                    f"{row['exact']:.2%}",
                    f"{row['break_even']:.2%} ± {row['error']:.2%}",
                ]
                for row in even
            ],
        ),
        "Those who guess agree with each other. Beyond f of them a dispute with a surprise has no "
        "verdict in its round, and nobody is paid; a quorum of them is paid for being wrong, and "
        "whoever works is not. No fee mends that: only canaries and larger committees do.",
        table(
            ["guess", "s", "disputes", "right", "false", "none", "a guess earns", "exact",
             "work earns", "exact"],
            [
                [
                    f"{row['lazy']} of {row['size']}", f"{row['surprising']:.0%}",
                    *(f"{row[key]:,}" for key in ("disputes", "right", "false", "no_verdict")),
                    _mean(row["guess"]), f"{row['guess']['exact']:.5f}",
                    _mean(row["work"]), f"{row['work']['exact']:.5f}",
                ]
                for row in earnings
            ],
        ),
    ]  # fmt: skip


SECTIONS: dict[str, Callable[[Record, dict[str, str]], list[str]]] = {
    "committees": _committees,
    "safety": _safety,
    "network": _network,
    "growth": _growth,
    "laziness": _laziness,
}


def _source(record: Record) -> str:
    return (
        f"Seed {record['seed']}, {record['disputes']:,} disputes in {record['seconds']:,.0f} s on "
        f"{record['machine']}, Python {record['python']}, {record['date']}: `{record['command']}`"
    )


def _gas(*calls: str) -> tuple[Callable[[float], float], str]:
    """What these calls cost together by the committee's size: a line through what was measured."""
    by_size = json.loads(GAS.read_text())["figures"]["gas_by_committee_size"]
    paid = [sum(found[call] for call in calls) for found in by_size.values()]
    slope, base = linear_regression([int(size) for size in by_size], paid)
    return lambda size: base + slope * size, f"{base:,.0f} and {slope:,.0f} for each seat"


def _sizes(ladder: list[int]) -> str:
    return ", ".join(map(str, ladder))


def _odds(share: float) -> str:
    return "0" if not share else f"{share:.2%}" if share >= 1e-4 else f"{share:.1e}"


def _band(found: dict[str, Any]) -> str:
    return f"{found['seen']:,} [{_odds(found['low'])}, {_odds(found['high'])}]"


def _latencies(row: Record) -> list[str]:
    named = [(what, which) for what in ("latency_s", "talk_s") for which in ("median", "p99")]
    return [_duration(row[what], which) for what, which in named]


def _duration(found: dict[str, float] | None, which: str) -> str:
    if found is None:
        return "-"
    seconds = found[which]
    if seconds < 100:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.1f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"


def _bytes(count: float) -> str:
    return f"{count / 1000:,.0f} kB" if count < 1e6 else f"{count / 1e6:,.1f} MB"


def _mean(found: dict[str, float]) -> str:
    return f"{found['mean']:.5f} ± {found['error']:.5f}"
