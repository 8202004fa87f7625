"""The closed forms, against counting by hand."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations

import pytest

from node.simulation.odds import (
    break_even,
    clopper_pearson,
    guess_worth,
    ladder_odds,
    two_valued_band,
)


@pytest.mark.parametrize(("size", "harmless"), [(4, 1), (7, 2)])
def test_ladder_odds__are_those_of_counting_every_committee(size: int, harmless: int) -> None:
    population, bad = 10, 4
    liars = [
        sum(seat < bad for seat in committee) for committee in combinations(range(population), size)
    ]
    stalled = sum(harmless < count <= 2 * harmless for count in liars)
    forged = sum(count > 2 * harmless for count in liars)

    odds = ladder_odds(population, bad, [size])

    assert odds.stalled == float(Fraction(stalled, len(liars)))
    assert odds.forged == float(Fraction(forged, len(liars)))


def test_ladder_odds__draw_the_next_rung_only_after_a_stall() -> None:
    first, second = ladder_odds(40, 12, [4]), ladder_odds(40, 12, [13])

    both = ladder_odds(40, 12, [4, 13])

    assert both.stalled == pytest.approx(first.stalled * second.stalled)
    assert both.forged == pytest.approx(first.forged + first.stalled * second.forged)


@pytest.mark.parametrize(
    ("hits", "tries", "low", "high"),
    [(0, 10, 0, 0.3085), (5, 10, 0.1871, 0.8129), (10, 10, 0.6915, 1)],
)
def test_clopper_pearson__is_that_of_the_tables(
    hits: int, tries: int, low: float, high: float
) -> None:
    assert clopper_pearson(hits, tries) == pytest.approx((low, high), abs=1e-4)


def test_break_even__is_where_a_guess_earns_what_work_leaves() -> None:
    share, cost, caught, penalty = 10.0, 2.0, 0.5, 4.0

    surprising = break_even(share, cost, caught, penalty)

    assert surprising == pytest.approx(2 / 12)
    assert guess_worth(share, surprising, caught, penalty) == pytest.approx(share - cost)


def test_two_valued_band__is_the_mean_and_its_errors() -> None:
    values = [0.0, 2.0, 2.0, 2.0]

    assert two_valued_band(values, 0.5, sigmas=3) == pytest.approx((1.5, 3 * 2 * 0.5 / 2))
