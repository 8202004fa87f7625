from __future__ import annotations

import itertools
from fractions import Fraction
from math import comb, log2

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from verifier import Decision, decide, threshold
from verifier.odds import hits_law, law_of, log2_odds

tables = st.integers(1, 3).flatmap(
    lambda alphabet: st.lists(
        st.lists(st.integers(-6, 6), min_size=alphabet, max_size=alphabet), min_size=1, max_size=5
    )
)


@pytest.mark.parametrize(
    ("count", "alphabet", "hits"),
    [(128, 2, 113), (256, 2, 200), (512, 2, 358), (100, 10, 46), (200, 10, 68)],
)
def test_threshold__agree_with_the_tables_of_the_design(
    count: int, alphabet: int, hits: int
) -> None:
    assert threshold(hits_law(count, alphabet), 64) == hits


@given(st.integers(1, 60), st.integers(2, 12), st.integers(1, 100))
def test_threshold__be_the_first_number_of_hits_whose_exact_odds_pass(
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

    assert threshold(hits_law(count, alphabet), level) == (passing or [count + 1])[0]


@given(tables, st.integers(1, 8))
def test_threshold__be_the_first_statistic_whose_messages_are_few_enough(
    table: list[list[int]], level: int
) -> None:
    sums = [sum(picked) for picked in itertools.product(*table)]
    passing = [
        statistic
        for statistic in range(min(sums), max(sums) + 2)
        if sum(other >= statistic for other in sums) << level <= len(sums)
    ]

    assert threshold(law_of(table), level) == passing[0]


def test_threshold__reach_2_to_the_minus_64_with_64_bits_and_not_with_63() -> None:
    assert threshold(hits_law(64, 2), 64) == 64
    assert threshold(hits_law(63, 2), 64) == 64  # one more than there are


def test_law_of__count_rows_and_forget_which_score_stood_where() -> None:
    assert law_of([(0, 1), (1, 0), (2, 2)]) == ((1, (2, 2)), (2, (1, 0)))
    assert law_of([(1, 0, 0)] * 7) == hits_law(7, 3)


@pytest.mark.parametrize(("hits", "count", "alphabet"), [(60, 100, 2), (20, 100, 10), (0, 5, 3)])
def test_log2_odds__agree_with_scipy(hits: int, count: int, alphabet: int) -> None:
    expected = log2(binom.sf(hits - 1, count, 1 / alphabet))

    assert log2_odds(hits, hits_law(count, alphabet)) == pytest.approx(expected, abs=1e-6)


def test_log2_odds__be_certain_below_the_least_and_refuse_more_than_the_most() -> None:
    assert log2_odds(-9, hits_law(5, 2)) == 0
    with pytest.raises(ValueError, match="6 is more than 5"):
        log2_odds(6, hits_law(5, 2))


@pytest.mark.parametrize(
    ("low", "high", "decision"),
    [
        (113, 113, Decision.MATCH),
        (113, 128, Decision.MATCH),
        (112, 113, Decision.INCONCLUSIVE),
        (0, 128, Decision.INCONCLUSIVE),
        (112, 112, Decision.NO_MATCH),
        (0, 0, Decision.NO_MATCH),
    ],
)
def test_decide__by_the_band_around_113_of_128(low: int, high: int, decision: Decision) -> None:
    assert decide(low, high, law=hits_law(128, 2), level=64) is decision


def test_decide__never_match_a_suspect_that_answers_alike_whatever_it_is_asked() -> None:
    law = law_of([(7, 7)] * 128)

    assert decide(128 * 7, 128 * 7, law=law, level=64) is Decision.NO_MATCH


def test_decide__reject_an_empty_band() -> None:
    with pytest.raises(ValueError, match="2 <= 1 does not hold"):
        decide(2, 1, law=hits_law(128, 2), level=64)


def test_threshold__refuse_a_law_that_would_take_minutes() -> None:
    with pytest.raises(ValueError, match="too many"):
        threshold(law_of([(10**7, 0)] * 64), 64)
