from __future__ import annotations

from node.verdicts import meaning
from verifier import Access, Finding, hits_law

CLAIM = "ab" * 32


def found(access: Access) -> Finding:
    return Finding("s-v1", access, 200, 200, hits_law(256, 2), level=64)


def test_meaning__say_what_a_match_shows_and_no_more() -> None:
    sentence = meaning(found(Access.WEIGHTS), "MATCH", CLAIM)

    assert "odds of chance below 2^-64, the mark of claim abababab" in sentence
    assert "stolen" not in sentence


def test_meaning__warn_that_marks_in_answers_may_have_been_planted() -> None:
    planted = "trained on the owner's marked material"

    assert planted in meaning(found(Access.ANSWERS), "MATCH", CLAIM)
    assert planted not in meaning(found(Access.WEIGHTS), "MATCH", CLAIM)
    assert planted not in meaning(found(Access.ANSWERS), "NO_MATCH", CLAIM)
