from __future__ import annotations

from fractions import Fraction
from math import comb, log2

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from verifier import Decision, LevelUnreachable, decide, threshold
from verifier.odds import count_hits, log2_odds
from verifier.scheme import Reading


@pytest.mark.parametrize(
    ("count", "alphabet", "hits"),
    [(128, 2, 113), (256, 2, 200), (512, 2, 358), (100, 10, 46), (200, 10, 68)],
)
def test_threshold__agree_with_the_tables_of_the_design(
    count: int, alphabet: int, hits: int
) -> None:
    assert threshold(count, alphabet, 64) == hits


@given(st.integers(1, 60), st.integers(2, 12), st.integers(1, 100))
def test_threshold__be_the_first_whose_exact_odds_pass(
    count: int, alphabet: int, level: int
) -> None:
    odds = [
        sum(
            Fraction(comb(count, k) * (alphabet - 1) ** (count - k), alphabet**count)
            for k in range(hits, count + 1)
        )
        for hits in range(count + 1)
    ]
    passing = [hits for hits, chance in enumerate(odds) if chance <= Fraction(1, 2**level)]

    if passing:
        assert threshold(count, alphabet, level) == passing[0]
    else:
        with pytest.raises(LevelUnreachable):
            threshold(count, alphabet, level)


def test_threshold__reach_2_to_the_minus_64_with_64_bits_and_not_with_63() -> None:
    assert threshold(64, 2, 64) == 64
    with pytest.raises(LevelUnreachable, match="63 symbols of 2 values"):
        threshold(63, 2, 64)


@pytest.mark.parametrize(("hits", "count", "alphabet"), [(60, 100, 2), (20, 100, 10), (0, 5, 3)])
def test_log2_odds__agree_with_scipy(hits: int, count: int, alphabet: int) -> None:
    expected = log2(binom.sf(hits - 1, count, 1 / alphabet))

    assert log2_odds(hits, count=count, alphabet=alphabet) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ("hits_lo", "hits_hi", "decision"),
    [
        (113, 113, Decision.MATCH),
        (113, 128, Decision.MATCH),
        (112, 113, Decision.INCONCLUSIVE),
        (0, 128, Decision.INCONCLUSIVE),
        (112, 112, Decision.NO_MATCH),
        (0, 0, Decision.NO_MATCH),
    ],
)
def test_decide__by_the_band_around_113_of_128(
    hits_lo: int, hits_hi: int, decision: Decision
) -> None:
    assert decide(hits_lo, hits_hi, count=128, alphabet=2, level=64) is decision


@pytest.mark.parametrize(("hits_lo", "hits_hi"), [(2, 1), (-1, 3), (0, 129)])
def test_decide__reject_impossible_hits(hits_lo: int, hits_hi: int) -> None:
    with pytest.raises(ValueError, match="does not hold"):
        decide(hits_lo, hits_hi, count=128, alphabet=2, level=64)


def test_count_hits__leave_answers_inside_the_band_to_neither_side() -> None:
    reading = Reading(answers=(1, 1, 0, 0), margins=(0.5, 0.1, 0.5, 0.1), epsilon=0.2)

    assert count_hits(reading, (1, 1, 1, 1)) == (1, 3)  # a hit, two unsure, a miss


@given(st.data())
def test_decide__never_set_two_honest_nodes_against_each_other(data: st.DataObject) -> None:
    """Two devices see the same scores with noise of at most epsilon / 2 each."""
    count, epsilon = 8, 1.0
    scores = st.lists(st.floats(-2, 2), min_size=count, max_size=count)
    noise = st.lists(st.floats(-epsilon / 2, epsilon / 2), min_size=count, max_size=count)
    message = data.draw(st.lists(st.integers(0, 1), min_size=count, max_size=count))
    true = data.draw(scores)

    decisions = set()
    for _ in range(2):
        seen = [score + error for score, error in zip(true, data.draw(noise), strict=True)]
        reading = Reading(
            answers=tuple(int(score > 0) for score in seen),
            margins=tuple(abs(score) for score in seen),
            epsilon=epsilon,
        )
        hits_lo, hits_hi = count_hits(reading, message)
        decisions.add(decide(hits_lo, hits_hi, count=count, alphabet=2, level=5))

    assert not decisions >= {Decision.MATCH, Decision.NO_MATCH}
