"""A pool depends on the set of votes that went in, not their order; and two quorums meet."""

from __future__ import annotations

from functools import cache
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import bls
from protocol.certificate import validate_certificate
from protocol.committee import quorum
from protocol.messages import Vote, vote_digest
from protocol.pool import VotePool
from protocol.types import Outcome, Place
from tests.support.factories import COURT, keyed_dispute, seat

SECRETS = tuple(range(1, 8))


DISPUTE = keyed_dispute(
    [seat(place, bls.public_key(secret)) for place, secret in enumerate(SECRETS)]
)


@cache
def _vote(place: int, outcome: Outcome) -> Vote:
    signature = bls.sign(SECRETS[place], vote_digest(DISPUTE, outcome, COURT), bls.VOTE_TAG)
    return Vote(DISPUTE.id, 0, Place(place), outcome, signature)


VOTES = st.lists(
    st.builds(_vote, st.integers(0, len(SECRETS) - 1), st.sampled_from(list(Outcome)[:3])),
    max_size=20,
)


@given(VOTES, st.randoms(use_true_random=False))
def test_pool__does_not_depend_on_order_or_repetition(votes: list[Vote], random: Any) -> None:
    shuffled = [*votes, *votes[: len(votes) // 2]]
    random.shuffle(shuffled)
    one, other = VotePool(DISPUTE), VotePool(DISPUTE)

    for vote in votes:
        one.add(vote)
    for vote in shuffled:
        other.add(vote)

    assert one.certificate() == other.certificate()
    assert one.equivocations == other.equivocations
    assert one.tally() == other.tally()


@given(VOTES)
def test_pool__certifies_only_what_a_quorum_signed_and_nothing_else(votes: list[Vote]) -> None:
    pool = VotePool(DISPUTE)
    for vote in votes:
        pool.add(vote)
    cast: dict[int, set[int]] = {}
    for vote in votes:
        cast.setdefault(vote.place, set()).add(vote.outcome)
    honest = {place: next(iter(said)) for place, said in cast.items() if len(said) == 1}

    certificate = pool.certificate()

    assert set(pool.equivocations) == cast.keys() - honest.keys()
    if certificate is None:
        assert all(
            sum(said == outcome for said in honest.values()) < quorum(len(SECRETS))
            for outcome in Outcome
        )
    else:
        validate_certificate(certificate, DISPUTE, COURT)
        assert set(certificate.signers) == {
            place for place, said in honest.items() if said == certificate.outcome
        }


@given(st.integers(0, 400).map(lambda faults: 3 * faults + 1))
def test_quorum__two_of_them_share_an_honest_member(size: int) -> None:
    faults = size // 3
    shared = 2 * quorum(size) - size

    assert shared == faults + 1
    assert quorum(size) <= size - faults, "the honest members alone suffice"


@pytest.mark.parametrize("size", [1, 4, 7])
def test_quorum__two_of_them_share_an_honest_member_by_enumeration(size: int) -> None:
    quorums = [set(places) for places in combinations(range(size), quorum(size))]

    assert min(len(one & other) for one in quorums for other in quorums) == size // 3 + 1
