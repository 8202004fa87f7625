"""A pool depends on the set of votes that went in, not their order; and two quorums meet."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import bls
from protocol.certificate import validate_certificate
from protocol.commitments import votes_root
from protocol.committee import quorum
from protocol.keys import derive_salt
from protocol.messages import Vote, sealed_commitment, vote_digest
from protocol.pool import VotePool
from protocol.types import Digest, Outcome, Place, Sealed
from tests.support.factories import COURT, keyed_dispute, seat

SECRETS = tuple(range(1, 8))
OUTCOMES = list(Outcome)[:3]
DISPUTE = keyed_dispute(
    [seat(place, bls.public_key(secret)) for place, secret in enumerate(SECRETS)]
)


@cache
def _vote(place: int, outcome: Outcome, opens: bool) -> Vote:
    signature = bls.sign(SECRETS[place], vote_digest(DISPUTE, outcome, COURT), bls.VOTE_TAG)
    salt = derive_salt(SECRETS[place], DISPUTE.id, 0) if opens else bytes(32)
    return Vote(DISPUTE.id, 0, Place(place), outcome, salt, signature)


PLACES = st.integers(0, len(SECRETS) - 1)
VOTES = st.lists(
    st.builds(_vote, PLACES, st.sampled_from(OUTCOMES), st.booleans() | st.just(True)), max_size=20
)
SEALED = st.dictionaries(PLACES, st.sampled_from(OUTCOMES))
"""What each place committed to, if to anything."""
AGREED = st.sampled_from(OUTCOMES).flatmap(
    lambda outcome: SEALED.map(lambda others: dict.fromkeys(range(7), outcome) | others)
)


def _leaves(sealed: dict[int, Outcome]) -> tuple[Digest, ...]:
    leaves = [Digest(bytes(32))] * len(SECRETS)
    for place, outcome in sealed.items():
        salt = derive_salt(SECRETS[place], DISPUTE.id, 0)
        leaves[place] = sealed_commitment(DISPUTE.id, 0, place, outcome, salt)
    return tuple(leaves)


def _pool(sealed: dict[int, Outcome], votes: list[Vote]) -> VotePool:
    pool = VotePool(DISPUTE, _leaves(sealed))
    for vote in votes:
        pool.add(vote)
    return pool


def _honest(sealed: dict[int, Outcome]) -> list[Vote]:
    return [_vote(place, outcome, opens=True) for place, outcome in sealed.items()]


@given(SEALED | AGREED, VOTES, st.booleans(), st.randoms(use_true_random=False))
def test_pool__does_not_depend_on_order_or_repetition(
    sealed: dict[int, Outcome], votes: list[Vote], all_open: bool, random: Any
) -> None:
    votes = votes + _honest(sealed) * all_open
    shuffled = [*votes, *votes[: len(votes) // 2]]
    random.shuffle(shuffled)

    one, other = _pool(sealed, votes), _pool(sealed, shuffled)

    assert one.certificate() == other.certificate()
    assert one.tally() == other.tally()
    assert one.openings() == other.openings()
    assert _without_salts(one) == _without_salts(other)


def _without_salts(pool: VotePool) -> dict[Place, list[Vote]]:
    return {
        place: [replace(vote, salt=b"") for vote in votes]
        for place, votes in pool.equivocations.items()
    }


@given(SEALED | AGREED, VOTES, st.booleans())
def test_pool__certifies_only_what_a_quorum_sealed_opened_and_signed(
    sealed: dict[int, Outcome], votes: list[Vote], all_open: bool
) -> None:
    votes = votes + _honest(sealed) * all_open
    pool = _pool(sealed, votes)
    signed: dict[int, set[int]] = {}
    opened: set[int] = set()
    for vote in votes:
        signed.setdefault(vote.place, set()).add(vote.outcome)
        if sealed.get(vote.place) == vote.outcome and any(vote.salt):
            opened.add(vote.place)
    counting = {place: sealed[place] for place in opened if len(signed[place]) == 1}

    certificate = pool.certificate()

    assert set(pool.equivocations) == {place for place, said in signed.items() if len(said) > 1}
    if certificate is None:
        assert all(
            sum(said == outcome for said in counting.values()) < quorum(len(SECRETS))
            for outcome in Outcome
        )
        return
    root, voters = votes_root(_leaves(sealed)), sum(1 << place for place in sealed)
    validate_certificate(certificate, DISPUTE, Sealed(root, voters, 0), COURT)
    assert set(certificate.signers) == {
        place for place, said in counting.items() if said == certificate.outcome
    }
    hidden = {place for place in opened if not certificate.outcomes[place]}
    assert hidden == {
        place for place in opened if len(signed[place]) > 1 and sealed[place] == certificate.outcome
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
