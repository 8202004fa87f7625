"""What is known without a simulation: the odds of a draw, the worth of a guess, error bars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import comb, prod, sqrt
from typing import Final

from scipy.stats import beta

from protocol.committee import quorum

CONFIDENCE: Final = 0.95


@dataclass(frozen=True, slots=True)
class Odds:
    """What coordinated liars can do."""

    stalled: float
    """There is no verdict: neither side has a quorum."""
    forged: float
    """The verdict is theirs."""


def ladder_odds(population: int, bad: int, ladder: Sequence[int]) -> Odds:
    """The odds that `bad` liars among as many seats stall all rungs, or win one of them.

    Every rung is drawn without replacement from the same seats, and the next one only if this one
    has stalled.
    """
    rungs = [_rung(population, bad, size) for size in ladder]
    stalls = [stalled for stalled, _ in rungs]
    forged = sum(
        (prod(stalls[:rung]) * forged for rung, (_, forged) in enumerate(rungs)), Fraction()
    )
    return Odds(float(prod(stalls)), float(forged))


def _rung(population: int, bad: int, size: int) -> tuple[Fraction, Fraction]:
    """The exact odds that a committee has f + 1 to 2f liars, and that it has more."""
    needed = quorum(size)
    most_harmless = size - needed

    def drawn(liars: int) -> Fraction:
        ways = comb(bad, liars) * comb(population - bad, size - liars)
        return Fraction(ways, comb(population, size))

    stalled = sum((drawn(liars) for liars in range(most_harmless + 1, needed)), Fraction())
    forged = sum((drawn(liars) for liars in range(needed, size + 1)), Fraction())
    return stalled, forged


def clopper_pearson(hits: int, tries: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """The exact band for a share, of which `hits` of `tries` were seen.

    >>> [round(end, 4) for end in clopper_pearson(0, 100)]
    [0.0, 0.0362]
    """
    tail = (1 - confidence) / 2
    low = float(beta.ppf(tail, hits, tries - hits + 1)) if hits else 0.0
    high = float(beta.ppf(1 - tail, hits + 1, tries - hits)) if hits < tries else 1.0
    return low, high


def guess_worth(share: float, surprising: float, caught: float, penalty: float) -> float:
    """What a member expects who guesses the usual outcome, and is paid `share` if a quorum agrees.

    `surprising` is how often another outcome is true, `caught` how many of those times the guess is
    held against it, at the price of `penalty`. SPEC 5.5 has no such penalty.
    """
    return (1 - surprising) * share - surprising * caught * penalty


def break_even(share: float, cost: float, caught: float, penalty: float) -> float:
    """How often another outcome must be true for work that costs `cost` to pay."""
    return cost / (share + caught * penalty)


def two_valued_band(values: Sequence[float], often: float, sigmas: float) -> tuple[float, float]:
    """The mean of `values`, and as many standard errors of it as `sigmas` says.

    They take two values, one of them with probability `often`.
    """
    spread = max(values) - min(values)
    mean = sum(values) / len(values)
    return mean, sigmas * spread * sqrt(often * (1 - often) / len(values))
