"""Whether it pays to guess what most disputes come to, instead of working.

A guess is paid when a quorum agrees with it, so it loses in proportion to how often another outcome
is true. SPEC 5.5 takes nothing from who is outvoted. Were a price set on it, for guesses that a
canary or an appeal exposes, it would count as the share that is exposed times the price; that is
shown beside it. Members that guess agree with each other: enough of them need no truth.
"""

from __future__ import annotations

from math import sqrt
from random import Random
from typing import Final

from protocol.committee import quorum
from protocol.court import CourtParameters
from protocol.types import Outcome

from .court import SimCourt
from .faults import BASE_RATE, wrong
from .odds import break_even, guess_worth, two_valued_band
from .options import Options, Row, Table, Tick
from .quiet import Votes, hold
from .register import Register, operator_of

SIZE: Final = 13
SURPRISING: Final = (0.05, 0.1, 0.2, 0.3, 0.4)
"""How often another outcome than the usual one is true; canaries can be bought to raise it."""
WORK_SHARES: Final = (0.05, 0.1, 0.2)
"""What the work costs, as a share of what it is paid."""
CAUGHT: Final = 0.1
ETHER: Final = 10**18
ROUNDING: Final = 1e-9
BAND_SIGMAS: Final = 3.0
"""Some twenty means are looked at: one outside would be odd."""


def laziness(options: Options, tick: Tick) -> Table:
    """What guesses earn, by how often they miss and by how many make them; and when work pays."""
    size = options.ladder[0] if options.ladder else SIZE
    parameters, register = options.parameters((size,)), Register.of(size)
    share = _earned(hold(parameters, register, "all agree", _voting([BASE_RATE] * size)), 0)
    faulty = size - quorum(size)
    crowds = sorted({faulty, faulty + 1, 2 * faulty, 2 * faulty + 1} - {1})
    cases = [(1, each) for each in SURPRISING] + [(lazy, SURPRISING[2]) for lazy in crowds]
    tries = max(2, options.disputes // len(cases))
    rng = Random(f"{options.seed}/laziness")  # noqa: S311 - the same run for the same seed

    table = Table()
    missed: list[tuple[float, float, bool]] = []
    for lazy, surprising in cases:
        ends: dict[str, int] = {"right": 0, "false": 0, "no_verdict": 0}
        guessed: list[float] = []
        worked: list[float] = []
        for number in range(tries):
            truth = wrong(BASE_RATE) if rng.random() < surprising else BASE_RATE
            votes = [BASE_RATE] * lazy + [truth] * (size - lazy)
            name = f"{options.seed}/laziness/{lazy}/{surprising}/{number}"
            court = hold(parameters, register, name, _voting(votes))
            ends[_end(court, truth)] += 1
            guessed.append(_earned(court, 0))
            worked.append(_earned(court, size - 1))
            is_caught = truth is not BASE_RATE and rng.random() < CAUGHT
            if lazy == 1:
                missed.append((surprising, share - guessed[-1], is_caught))
            tick(1)
        row: Row = {"size": size, "lazy": lazy, "surprising": surprising, "disputes": tries}
        row |= {"share": share} | ends
        exact = _worth(size, lazy, surprising, share)
        for who, values, expected in zip(("guess", "work"), (guessed, worked), exact, strict=True):
            mean, error = two_valued_band(values, surprising, BAND_SIGMAS)
            is_inside = abs(mean - expected) <= error + ROUNDING
            row[who] = {"mean": mean, "error": error, "exact": expected, "is_inside": is_inside}
        table.rows.append(row)
    table.rows += _break_evens(parameters, share, missed)
    return table


def _break_evens(
    parameters: CourtParameters, share: float, missed: list[tuple[float, float, bool]]
) -> list[Row]:
    """From what single guesses lost: how often another outcome must be true for work to pay."""
    rows: list[Row] = []
    for price in (0.0, parameters.withheld_penalty_wei / ETHER):
        # The loss is proportional to `surprising`: a line through the origin, by least squares.
        points = [(often, lost + price * is_caught) for often, lost, is_caught in missed]
        squares = sum(often * often for often, _ in points)
        slope = sum(often * lost for often, lost in points) / squares
        scatter = sum((often * (lost - slope * often)) ** 2 for often, lost in points)
        error = BAND_SIGMAS * sqrt(scatter) / squares / slope
        for cost in WORK_SHARES:
            found, exact = cost * share / slope, break_even(share, cost * share, CAUGHT, price)
            rows.append(
                {
                    "cost": cost,
                    "caught": CAUGHT if price else 0.0,
                    "penalty": price,
                    "break_even": found,
                    "error": error * found,
                    "exact": exact,
                    "is_inside": abs(found - exact) <= error * found,
                }
            )
    return rows


def _voting(outcomes: list[Outcome]) -> Votes:
    return lambda seats: outcomes


def _end(court: SimCourt, truth: Outcome) -> str:
    if court.outcome is None:
        return "no_verdict"
    return "right" if court.outcome is truth else "false"


def _earned(court: SimCourt, place: int) -> float:
    """What a member was paid, in ether."""
    return court.paid[operator_of(court.rounds[0].seats[place])] / ETHER


def _worth(size: int, lazy: int, surprising: float, share: float) -> tuple[float, float]:
    """What a member expects that guesses, and one that works, if `lazy` of `size` guess alike."""
    guess = work = guess_worth(share, surprising, 0, 0)
    if size - lazy >= quorum(size):
        work += surprising * share * size / (size - lazy)
    elif lazy >= quorum(size):
        guess += surprising * share * size / lazy
    return guess, work
