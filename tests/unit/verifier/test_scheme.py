from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from verifier import Decision, decide
from verifier.odds import hits_law
from verifier.scheme import MessageShape, Reading


def decision(reading: Reading, message: list[int], level: int) -> Decision:
    low, high = reading.statistic(message)
    return decide(low, high, law=reading.law, level=level)


def test_of_answers__leave_answers_inside_the_band_to_neither_side() -> None:
    reading = Reading.of_answers((1, 1, 0, 0), (0.5, 0.1, 0.5, 0.1), epsilon=0.2, alphabet=2)

    assert reading.statistic((1, 1, 1, 1)) == (1, 3)  # a hit, two unsure, a miss


@pytest.mark.parametrize("symbol", range(3))
def test_of_answers__count_no_answer_as_a_miss_and_nan_as_unsure(symbol: int) -> None:
    reading = Reading.of_answers((-1, 0), (1.0, float("nan")), epsilon=0.1, alphabet=3)

    assert reading.statistic((symbol, symbol)) == (0, 1)


def test_of_answers__keep_the_law_whatever_was_answered() -> None:
    reading = Reading.of_answers((-1, 2, 1), (1.0, 0.0, 1.0), epsilon=0.1, alphabet=3)

    assert reading.law == hits_law(3, 3)


def test_of_scores__let_each_score_be_one_off_but_not_in_a_row_that_says_nothing() -> None:
    reading = Reading.of_scores(torch.tensor([[5, 9], [4, 4]]))

    assert reading.statistic((1, 0)) == (12, 14)
    assert reading.law == ((1, (9, 5)), (1, (4, 4)))


@given(st.data())
def test_of_answers__never_set_two_honest_nodes_against_each_other(data: st.DataObject) -> None:
    """Two devices see the same scores with noise of at most epsilon / 2 each."""
    count, epsilon = 8, 1.0
    scores = st.lists(st.floats(-2, 2), min_size=count, max_size=count)
    noise = st.lists(st.floats(-epsilon / 2, epsilon / 2), min_size=count, max_size=count)
    message = data.draw(st.lists(st.integers(0, 1), min_size=count, max_size=count))
    true = data.draw(scores)

    decisions = set()
    for _ in range(2):
        seen = [score + error for score, error in zip(true, data.draw(noise), strict=True)]
        answers, margins = [int(score > 0) for score in seen], [abs(score) for score in seen]
        reading = Reading.of_answers(answers, margins, epsilon=epsilon, alphabet=2)
        decisions.add(decision(reading, message, 5))

    assert not decisions >= {Decision.MATCH, Decision.NO_MATCH}


@given(st.data())
def test_of_scores__never_set_two_honest_nodes_against_each_other(data: st.DataObject) -> None:
    """Two devices round to tables that differ by one at most."""
    count, level = 6, data.draw(st.integers(1, 6))
    table = torch.tensor(
        data.draw(st.lists(st.tuples(*[st.integers(0, 5)] * 2), min_size=count, max_size=count))
    )
    noise = torch.tensor(
        data.draw(st.lists(st.tuples(*[st.integers(0, 1)] * 2), min_size=count, max_size=count))
    )
    message = data.draw(st.lists(st.integers(0, 1), min_size=count, max_size=count))

    decisions = {
        decision(Reading.of_scores(seen), message, level) for seen in (table, table + noise)
    }

    assert not decisions >= {Decision.MATCH, Decision.NO_MATCH}


@pytest.mark.parametrize(("count", "alphabet"), [(0, 2), (1, 1), (1, 65537)])
def test_message_shape__reject_what_no_message_has(count: int, alphabet: int) -> None:
    with pytest.raises(ValueError, match="shape message"):
        MessageShape(count, alphabet)
