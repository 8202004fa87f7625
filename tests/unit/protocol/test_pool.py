"""A table of rounds, and what comes out of each; and what a certificate proves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from protocol import bls
from protocol.certificate import validate_certificate
from protocol.commitments import votes_root
from protocol.errors import BadCertificate
from protocol.messages import Certificate, sealed_commitment
from protocol.pool import VotePool
from protocol.types import Digest, DisputeId, Outcome, Sealed
from tests.unit.protocol.conftest import Committee

YES, NO, UNSURE = Outcome.MATCH, Outcome.NO_MATCH, Outcome.INCONCLUSIVE
Votes = list[tuple[int, Outcome]]
ALL_YES: Votes = [(place, YES) for place in range(4)]


def seal_of(four: Committee, outcomes: Mapping[int, int]) -> tuple[tuple[Digest, ...], Sealed]:
    """What was sealed, if these places committed to these outcomes."""
    leaves = four.leaves(outcomes)
    return leaves, Sealed(votes_root(leaves), sum(1 << place for place in outcomes), 2_000_000_060)


@pytest.mark.parametrize(
    ("what", "sealed", "votes", "verdict", "shown", "equivocators"),
    [
        ("nobody votes", ALL_YES, [], None, {}, set()),
        ("2 of 4 agree", ALL_YES, ALL_YES[:2], None, {0, 1}, set()),
        ("3 of 4 agree", ALL_YES, ALL_YES[1:], (YES, {1, 2, 3}), {1, 2, 3}, set()),
        ("all agree", ALL_YES, ALL_YES, (YES, {0, 1, 2, 3}), {0, 1, 2, 3}, set()),
        (
            "one disagrees, and its vote is shown too",
            [*ALL_YES[:3], (3, NO)],
            [*ALL_YES[:3], (3, NO)],
            (YES, {0, 1, 2}),
            {0, 1, 2, 3},
            set(),
        ),
        (
            "two and two",
            [*ALL_YES[:2], (2, NO), (3, NO)],
            [*ALL_YES[:2], (2, NO), (3, NO)],
            None,
            {0, 1, 2, 3},
            set(),
        ),
        ("one votes three times alike", ALL_YES, [(0, YES)] * 3, None, {0}, set()),
        ("one votes who sealed none", ALL_YES[:3], ALL_YES, (YES, {0, 1, 2}), {0, 1, 2}, set()),
        (
            "one votes otherwise than it sealed",
            ALL_YES,
            [*ALL_YES[:3], (3, NO)],
            (YES, {0, 1, 2}),
            {0, 1, 2},
            set(),
        ),
        (
            "4 agree, one of them equivocates: the verdict stands, and shows that one's leaf",
            ALL_YES,
            [*ALL_YES, (2, NO)],
            (YES, {0, 1, 3}),
            {0, 1, 3},
            {2},
        ),
        (
            "3 agree, one of them equivocates: no verdict",
            ALL_YES,
            [*ALL_YES[:3], (2, NO)],
            None,
            {0, 1, 2},
            {2},
        ),
        (
            "3 agree, the fourth opened another vote and equivocates: its opened vote is shown",
            [*ALL_YES[:3], (3, NO)],
            [*ALL_YES[:3], (3, NO), (3, UNSURE)],
            (YES, {0, 1, 2}),
            {0, 1, 2, 3},
            {3},
        ),
        (
            "3 agree, the fourth opened another vote and signed this one too",
            [*ALL_YES[:3], (3, NO)],
            [*ALL_YES, (3, NO)],
            (YES, {0, 1, 2}),
            {0, 1, 2, 3},
            {3},
        ),
        ("one signs everything", ALL_YES, [(1, each) for each in Outcome], None, {1}, {1}),
        (
            "three outcomes",
            [(0, YES), (1, NO), (2, UNSURE), (3, YES)],
            [(0, YES), (1, NO), (2, UNSURE), (3, YES)],
            None,
            {0, 1, 2, 3},
            set(),
        ),
    ],
)
def test_pool(
    what: str,
    sealed: Votes,
    votes: Votes,
    verdict: tuple[Outcome, set[int]] | None,
    shown: set[int],
    equivocators: set[int],
    four: Committee,
) -> None:
    leaves, seal = seal_of(four, dict(sealed))
    pool = VotePool(four.dispute, leaves)

    for place, outcome in votes:
        pool.add(four.vote(place, outcome))

    assert set(pool.equivocations) == equivocators
    certificate = pool.certificate()
    outcomes, openings = pool.openings()
    if verdict is None:
        assert certificate is None
        assert {place for place, outcome in enumerate(outcomes) if outcome} == set(shown)
    else:
        assert certificate is not None
        assert (certificate.outcome, set(certificate.signers)) == verdict
        assert {place for place, outcome in enumerate(certificate.outcomes) if outcome} == shown
        validate_certificate(certificate, four.dispute, seal, four.court)
    hashed = [
        sealed_commitment(four.dispute.id, four.dispute.round, place, *opened)
        if opened[0]
        else opened[1]
        for place, opened in enumerate(zip(outcomes, openings, strict=True))
    ]
    assert tuple(hashed) == leaves, "what `reveal` is shown is what was sealed"


def test_openings__show_an_equivocators_vote_too(four: Committee) -> None:
    """It keeps its member from paying as for a withheld one; its bond is lost in any case."""
    leaves, _ = seal_of(four, dict(ALL_YES))
    pool = VotePool(four.dispute, leaves)
    for place, outcome in [*ALL_YES, (2, NO)]:
        pool.add(four.vote(place, outcome))

    assert pool.openings()[0] == (YES, YES, YES, YES)


def test_pool__grows_its_certificate_with_late_votes(four: Committee) -> None:
    pool = VotePool(four.dispute, four.leaves(dict(ALL_YES)))
    sizes = []

    for place in range(4):
        pool.add(four.vote(place, YES))
        certificate = pool.certificate()
        sizes.append(len(certificate.signers) if certificate else 0)

    assert sizes == [0, 0, 3, 4]


def test_pool__keeps_both_votes_of_an_equivocator(four: Committee) -> None:
    pool = VotePool(four.dispute, four.leaves(dict(ALL_YES)))
    votes = (four.vote(2, YES), four.vote(2, NO))

    for vote in reversed(votes):
        pool.add(vote)

    assert pool.equivocations == {2: votes}
    assert pool.tally() == {}


def test_pool__keeps_both_votes_of_an_equivocator_that_opens_neither(four: Committee) -> None:
    pool = VotePool(four.dispute, four.leaves({2: UNSURE}))
    votes = (four.vote(2, YES), four.vote(2, NO))

    for vote in votes:
        pool.add(vote)

    assert pool.equivocations == {2: votes}
    assert pool.openings()[0] == (0, 0, 0, 0)


@pytest.mark.parametrize("first", ["that opens", "that does not"])
def test_pool__counts_the_vote_that_opens_whatever_came_first(first: str, four: Committee) -> None:
    pool = VotePool(four.dispute, four.leaves(dict(ALL_YES)))
    opening = four.vote(0, YES)
    votes = [opening, replace(opening, salt=bytes(32))]

    for vote in votes if first == "that opens" else votes[::-1]:
        assert not pool.knows(vote) or pool.knows(opening)
        pool.add(vote)

    assert pool.tally() == {YES: (0,)}
    assert pool.equivocations == {}
    assert pool.openings()[1][0] == opening.salt


def test_pool__refuses_votes_of_another_dispute_or_round(four: Committee) -> None:
    pool = VotePool(four.dispute, four.leaves({}))

    for change in ({"dispute_id": DisputeId(bytes(32))}, {"round": 1}):
        with pytest.raises(ValueError, match="another pool"):
            pool.add(replace(four.vote(0, YES), **change))


def test_pool__refuses_leaves_of_another_committee(four: Committee) -> None:
    with pytest.raises(ValueError, match="3 leaves of a committee of 4"):
        VotePool(four.dispute, four.leaves({})[:3])


@pytest.fixture
def sealed(four: Committee) -> Sealed:
    """Places 0, 1 and 3 for a match, place 2 has sealed none."""
    return seal_of(four, {0: YES, 1: YES, 3: YES})[1]


@pytest.fixture
def certificate(four: Committee) -> Certificate:
    pool = VotePool(four.dispute, four.leaves({0: YES, 1: YES, 3: YES}))
    for place in (0, 1, 3):
        pool.add(four.vote(place, YES))
    certificate = pool.certificate()
    assert certificate is not None
    return certificate


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"dispute_id": DisputeId(bytes(32))}, "another dispute"),
        ({"round": 1}, "another round"),
        ({"outcome": NO}, "0 signers, of at least 3"),
        ({"outcomes": (1, 1, 0)}, "for each of 4 places"),
        ({"openings": (bytes(32),) * 5}, "for each of 4 places"),
        ({"openings": (bytes(32),) * 3 + (b"",)}, "has not 32 bytes"),
        ({"outcomes": (1, 1, 0, 7)}, "does not exist"),
        ({"outcomes": (1, 1, 1, 1)}, "sealed none"),
        ({"outcomes": (1, 1, 0, 2)}, "not what was sealed"),
        ({"outcomes": (1, 1, 0, 0)}, "not what was sealed"),
        ({"openings": (bytes(32),) * 4}, "not what was sealed"),
        ({"signature": bytes(256)}, "infinity"),
    ],
)
def test_validate_certificate__refuses(
    change: dict[str, Any],
    complaint: str,
    certificate: Certificate,
    sealed: Sealed,
    four: Committee,
) -> None:
    with pytest.raises(BadCertificate, match=complaint):
        validate_certificate(replace(certificate, **change), four.dispute, sealed, four.court)


def test_validate_certificate__refuses_a_quorum_less_one(
    certificate: Certificate, sealed: Sealed, four: Committee
) -> None:
    """One opens for nobody: its leaf in place of its salt is as it was sealed."""
    leaf = four.leaf(3, YES)
    changes: dict[str, Any] = {
        "outcomes": (1, 1, 0, 0),
        "openings": (*certificate.openings[:3], leaf),
    }

    with pytest.raises(BadCertificate, match="2 signers, of at least 3"):
        validate_certificate(replace(certificate, **changes), four.dispute, sealed, four.court)


def test_validate_certificate__refuses_a_sum_without_one_who_is_shown(
    certificate: Certificate, sealed: Sealed, four: Committee
) -> None:
    signature = bls.aggregate([four.vote(place, YES).signature for place in (0, 1)])

    with pytest.raises(BadCertificate, match="not the signature"):
        validate_certificate(
            replace(certificate, signature=signature), four.dispute, sealed, four.court
        )


def test_validate_certificate__refuses_one_for_another_court(
    certificate: Certificate, sealed: Sealed, four: Committee
) -> None:
    elsewhere = replace(four.court, chain_id=1)

    with pytest.raises(BadCertificate):
        validate_certificate(certificate, four.dispute, sealed, elsewhere)


def test_certificate__of_three_is_the_sum_of_their_votes(
    certificate: Certificate, four: Committee
) -> None:
    votes = [four.vote(place, YES).signature for place in (3, 0, 1)]

    assert certificate.signature == bls.aggregate(votes)
