"""The five tables of docs/simulation.md: each a function of the options and a seed.

    committees   how often a committee stalls or forges, beside the exact odds
    safety       what f faulty members of every strategy achieve: nothing
    network      what loss and jitter cost
    growth       what a larger committee costs
    laziness     whether it pays to guess

A table gives its rows, as JSON takes them, and the safety violations it has seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from random import Random
from statistics import median
from typing import Final

from protocol.committee import quorum
from protocol.types import Outcome

from .ending import Ending
from .events import Weather
from .faults import STRATEGIES, wrong
from .laziness import laziness
from .member import Member
from .odds import CONFIDENCE, clopper_pearson, ladder_odds
from .options import Options, Row, Table, Tick
from .quiet import Votes, hold
from .register import Register
from .trial import Cast, Conditions, Trial

SEATS: Final = 200
SIZES: Final = (4, 13, 31, 61)
SHARES: Final = (0.10, 0.20, 0.25, 0.30)
DROPS: Final = (0.0, 0.1, 0.3)
GROWTH: Final = (4, 13, 31, 61, 127, 256, 511, 1024)
APPEAL_SHARE: Final = 0.05


def committees(options: Options, tick: Tick) -> Table:
    """Liars that agree, drawn by the real draw from a register with a share of them."""
    table = Table()
    sizes = options.ladder or SIZES
    ladders = [(size,) for size in sizes] + ([sizes] if len(sizes) > 1 else [])
    shares = SHARES if options.bad is None else (options.bad,)
    tries = max(1, options.disputes // (len(ladders) * len(shares)))
    register = Register.of(SEATS)
    # One band in twenty may miss: here all of them together.
    confidence = 1 - (1 - CONFIDENCE) / (2 * len(ladders) * len(shares))
    for ladder in ladders:
        parameters = options.parameters(ladder)
        for share in shares:
            bad = round(share * SEATS)
            seen = {"stalled": 0, "forged": 0}
            for number in range(tries):
                name = f"{options.seed}/committees/{ladder}/{bad}/{number}"
                court = hold(parameters, register, name, _liars(bad))
                seen["stalled"] += court.outcome is None
                seen["forged"] += court.outcome is wrong(Outcome.MATCH)
                tick(1)
            odds = ladder_odds(SEATS, bad, ladder)
            row: Row = {"ladder": ladder, "bad": bad / SEATS, "seats": SEATS, "disputes": tries}
            for what, exact in (("stalled", odds.stalled), ("forged", odds.forged)):
                low, high = clopper_pearson(seen[what], tries, confidence)
                row[what] = {
                    "seen": seen[what], "low": low, "high": high, "exact": exact,
                    "is_inside": low <= exact <= high,
                }  # fmt: skip
            table.rows.append(row)
    return table


def _liars(bad: int) -> Votes:
    """The first `bad` seats of the register lie."""
    lie = wrong(Outcome.MATCH)
    return lambda seats: [lie if seat < bad else Outcome.MATCH for seat in seats]


def safety(options: Options, tick: Tick) -> Table:
    """At most f faulty members in each committee, on a bad network, with appeals."""
    table = Table()
    ladder = options.ladder or SIZES[:2]
    names = options.strategies or tuple(STRATEGIES)
    mixes = [(name,) for name in names] + ([names] if len(names) > 1 else [])
    drop = 0.1 if options.drop is None else options.drop
    tries = max(1, options.disputes // len(mixes))
    for mix in mixes:
        conditions = Conditions(
            options.parameters(ladder), Weather(drop, jitter_s=options.jitter_s),
            _cast(mix, options.bad), APPEAL_SHARE,
        )  # fmt: skip
        name = f"{options.seed}/safety/{'+'.join(mix)}"
        endings = list(_trials(conditions, name, tries, tick))
        table.violations += [found for ending in endings for found in ending.violations]
        table.rows.append(
            {
                "strategy": "any" if len(mix) > 1 else mix[0], "ladder": ladder, "bad": options.bad,
                "drop": drop, "jitter_s": options.jitter_s, "disputes": tries,
                "right": sum(ending.outcome is ending.truth for ending in endings),
                "false": sum(ending.outcome is wrong(ending.truth) for ending in endings),
                "no_verdict": sum(ending.outcome is None for ending in endings),
                "appeals": sum(ending.appeals for ending in endings),
                "escalations": sum(ending.rounds - 1 - ending.appeals for ending in endings),
                "left_out": sum(ending.left_out for ending in endings),
                "cheats_slashed": sum(ending.slashed for ending in endings),
                "violations": sum(len(ending.violations) for ending in endings),
                "latency_s": _quantiles([e.latency_s for e in endings]),
            }
        )  # fmt: skip
    return table


def _cast(names: Sequence[str], bad: float | None) -> Cast:
    """f members of each committee at random; or, with a share, the first seats of the register."""

    def cast(rng: Random, seats: tuple[int, ...]) -> dict[int, type[Member]]:
        if bad is None:
            places = rng.sample(range(len(seats)), len(seats) - quorum(len(seats)))
        else:
            places = [place for place, seat in enumerate(seats) if seat < bad * SEATS]
        return {place: STRATEGIES[rng.choice(names)] for place in places}

    return cast


def _honest(rng: Random, seats: tuple[int, ...]) -> dict[int, type[Member]]:
    return {}


def network(options: Options, tick: Tick) -> Table:
    """Committees that all do their duty, and a network that does not."""
    table = Table()
    drops = DROPS if options.drop is None else (options.drop,)
    sizes = options.ladder or SIZES[:3]
    for size in sizes:
        # As many messages in every row: a larger committee sends more of them.
        tries = max(1, options.disputes * sizes[0] ** 2 // (size**2 * len(drops) * len(sizes)))
        for drop in drops:
            weather = Weather(drop, jitter_s=options.jitter_s)
            conditions = Conditions(options.parameters((size,)), weather, _honest)
            name = f"{options.seed}/network/{size}/{drop}"
            endings = list(_trials(conditions, name, tries, tick))
            table.violations += [found for ending in endings for found in ending.violations]
            table.rows.append(
                {"size": size, "drop": drop, "jitter_s": options.jitter_s} | _costs(endings)
            )
    return table


def growth(options: Options, tick: Tick) -> Table:
    """Committees of all sizes on a good network; beyond 61, which no contract takes, too."""
    table = Table()
    for size in options.ladder or GROWTH:
        register = Register.of(size)
        conditions = Conditions(options.parameters((size,)), Weather(), _honest, asks=False)
        name = f"{options.seed}/growth/{size}"
        endings = list(_trials(conditions, name, max(1, SIZES[-1] // size), tick, register))
        table.violations += [found for ending in endings for found in ending.violations]
        table.rows.append({"size": size} | _costs(endings))
    return table


def _costs(endings: Sequence[Ending]) -> Row:
    return {
        "disputes": len(endings),
        "decided": sum(ending.outcome is ending.truth for ending in endings),
        "latency_s": _quantiles([ending.latency_s for ending in endings]),
        "talk_s": _quantiles([ending.talk_s for ending in endings]),
        "messages": median(ending.messages for ending in endings),
        "bytes": median(ending.bytes for ending in endings),
        "refused": median(ending.refused for ending in endings),
    }


def _quantiles(values: Sequence[float | None]) -> dict[str, float] | None:
    known = sorted(value for value in values if value is not None)
    if not known:
        return None
    return {"median": median(known), "p99": known[min(len(known) - 1, len(known) * 99 // 100)]}


def _trials(
    conditions: Conditions, name: str, tries: int, tick: Tick, register: Register | None = None
) -> Iterator[Ending]:
    register = register or Register.of(SEATS)
    for number in range(tries):
        yield Trial(conditions, register, f"{name}/{number}").run()
        tick(1)


TABLES: Final[dict[str, Callable[[Options, Tick], Table]]] = {
    table.__name__: table for table in (committees, safety, network, growth, laziness)
}
