"""A table of rounds, and what comes out of each; and what a certificate proves."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from protocol import bls
from protocol.certificate import validate_certificate
from protocol.errors import BadCertificate
from protocol.pool import VotePool
from protocol.types import DisputeId, Outcome

YES, NO, UNSURE = Outcome.MATCH, Outcome.NO_MATCH, Outcome.INCONCLUSIVE
Votes = list[tuple[int, Outcome]]


@pytest.mark.parametrize(
    ("what", "votes", "verdict", "equivocators"),
    [
        ("nobody votes", [], None, set()),
        ("2 of 4 agree", [(0, YES), (1, YES)], None, set()),
        ("3 of 4 agree", [(0, YES), (1, YES), (3, YES)], (YES, {0, 1, 3}), set()),
        ("all agree", [(place, NO) for place in range(4)], (NO, {0, 1, 2, 3}), set()),
        ("one disagrees", [(0, YES), (1, YES), (2, NO), (3, YES)], (YES, {0, 1, 3}), set()),
        ("two and two", [(0, YES), (1, YES), (2, NO), (3, NO)], None, set()),
        ("one votes three times alike", [(0, YES)] * 3, None, set()),
        (
            "4 agree, one of them equivocates: the verdict stands",
            [(0, YES), (1, YES), (2, YES), (3, YES), (2, NO)],
            (YES, {0, 1, 3}),
            {2},
        ),
        (
            "3 agree, one of them equivocates: no verdict",
            [(0, YES), (1, YES), (2, YES), (2, NO)],
            None,
            {2},
        ),
        ("one votes for everything", [(1, each) for each in Outcome], None, {1}),
        ("three outcomes", [(0, YES), (1, NO), (2, UNSURE), (3, YES)], None, set()),
    ],
)
def test_pool(
    what: str,
    votes: Votes,
    verdict: tuple[Outcome, set[int]] | None,
    equivocators: set[int],
    four: Any,
) -> None:
    pool = VotePool(four.dispute)

    for place, outcome in votes:
        pool.add(four.vote(place, outcome))

    assert set(pool.equivocations) == equivocators
    certificate = pool.certificate()
    if verdict is None:
        assert certificate is None
    else:
        assert certificate is not None
        assert (certificate.outcome, set(certificate.signers)) == verdict
        validate_certificate(certificate, four.dispute, four.court)


def test_pool__grows_its_certificate_with_late_votes(four: Any) -> None:
    pool = VotePool(four.dispute)
    sizes = []

    for place in range(4):
        pool.add(four.vote(place, YES))
        certificate = pool.certificate()
        sizes.append(len(certificate.signers) if certificate else 0)

    assert sizes == [0, 0, 3, 4]


def test_pool__keeps_both_votes_of_an_equivocator(four: Any) -> None:
    pool = VotePool(four.dispute)
    votes = (four.vote(2, YES), four.vote(2, NO))

    for vote in reversed(votes):
        pool.add(vote)

    assert pool.equivocations == {2: votes}
    assert pool.tally() == {}


def test_pool__refuses_votes_of_another_dispute_or_round(four: Any) -> None:
    pool = VotePool(four.dispute)

    for change in ({"dispute_id": DisputeId(bytes(32))}, {"round": 1}):
        with pytest.raises(ValueError, match="another pool"):
            pool.add(replace(four.vote(0, YES), **change))


@pytest.fixture
def certificate(four: Any) -> Any:
    pool = VotePool(four.dispute)
    for place in (0, 1, 3):
        pool.add(four.vote(place, YES))
    return pool.certificate()


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"dispute_id": DisputeId(bytes(32))}, "another dispute"),
        ({"round": 1}, "another round"),
        ({"outcome": NO}, "not the signature"),
        ({"bitmap": 0b0111}, "not the signature"),
        ({"bitmap": 0b1111}, "not the signature"),
        ({"bitmap": 0b0011}, "2 signers, of at least 3"),
        ({"bitmap": 0b11011}, "beyond the committee"),
        ({"signature": bytes(256)}, "infinity"),
    ],
)
def test_validate_certificate__refuses(
    change: dict[str, Any], complaint: str, certificate: Any, four: Any
) -> None:
    with pytest.raises(BadCertificate, match=complaint):
        validate_certificate(replace(certificate, **change), four.dispute, four.court)


def test_validate_certificate__refuses_one_for_another_court(certificate: Any, four: Any) -> None:
    elsewhere = replace(four.court, chain_id=1)

    with pytest.raises(BadCertificate):
        validate_certificate(certificate, four.dispute, elsewhere)


def test_certificate__of_three_is_the_sum_of_their_votes(certificate: Any, four: Any) -> None:
    votes = [four.vote(place, YES).signature for place in (3, 0, 1)]

    assert certificate.signature == bls.aggregate(votes)
