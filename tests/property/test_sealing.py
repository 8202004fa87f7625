"""A pool of commitments and seals is a set that only grows: order and repetition change nothing."""

from __future__ import annotations

from functools import cache
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from protocol import bls
from protocol.certificate import validate_seal_certificate
from protocol.commitments import votes_root
from protocol.committee import quorum
from protocol.messages import Commitment, Seal, places_of, seal_digest
from protocol.sealing import NOTHING, SealPool
from protocol.types import Digest, Place
from tests.support.factories import COURT, digest, keyed_dispute, seat

SECRETS = tuple(range(1, 8))
EVERYBODY = (1 << len(SECRETS)) - 1
DISPUTE = keyed_dispute(
    [seat(place, bls.public_key(secret)) for place, secret in enumerate(SECRETS)]
)
UNSIGNED = bytes(256)
"""A pool takes it: whoever put the commitment in has checked its signature."""


def _commitment(place: int, number: int) -> Commitment:
    return Commitment(DISPUTE.id, 0, Place(place), digest(1 + place + 10 * number), UNSIGNED)


def _leaves(voters: int) -> tuple[Digest, ...]:
    firsts = (_commitment(place, 0).commitment for place in range(len(SECRETS)))
    return tuple(leaf if voters >> place & 1 else NOTHING for place, leaf in enumerate(firsts))


@cache
def _seal(place: int, voters: int) -> Seal:
    root = votes_root(_leaves(voters))
    signed = seal_digest(DISPUTE, root, voters, COURT)
    signature = bls.sign(SECRETS[place], signed, bls.SEAL_TAG)
    return Seal(DISPUTE.id, 0, Place(place), root, voters, signature)


PLACES = st.integers(0, len(SECRETS) - 1)
COMMITMENTS = st.builds(_commitment, PLACES, st.sampled_from([0, 0, 0, 1, 2]))
SEALS = st.builds(_seal, PLACES, st.sampled_from([EVERYBODY, EVERYBODY ^ 1, 0b0011111]))
"""Three roots: fewer than are kept of a place, so that none is forgotten."""
MESSAGES = st.lists(COMMITMENTS | SEALS, max_size=40)


def _pool(messages: list[Commitment | Seal]) -> SealPool:
    pool = SealPool(DISPUTE)
    for message in messages:
        if isinstance(message, Seal):
            pool.add_seal(message)
        else:
            pool.add_commitment(message)
    return pool


@given(MESSAGES, st.randoms(use_true_random=False))
def test_pool__does_not_depend_on_order_or_repetition(
    messages: list[Commitment | Seal], random: Any
) -> None:
    shuffled = [*messages, *messages[: len(messages) // 2]]
    random.shuffle(shuffled)

    one, other = _pool(messages), _pool(shuffled)

    assert one.leaves == other.leaves
    assert (one.voters, one.is_complete, one.has_quorum) == (
        other.voters,
        other.is_complete,
        other.has_quorum,
    )
    assert one.certificate() == other.certificate()


@given(MESSAGES, MESSAGES, st.randoms(use_true_random=False))
def test_pool__of_two_members_is_the_same_once_they_have_heard_each_other(
    heard: list[Commitment | Seal], heard_by_another: list[Commitment | Seal], random: Any
) -> None:
    one = _pool([*heard, *heard_by_another])
    other = _pool([*heard_by_another, *random.sample(heard, len(heard))])

    assert one.leaves == other.leaves
    assert one.certificate() == other.certificate()


@given(MESSAGES)
def test_pool__takes_the_one_commitment_of_a_place_and_never_one_of_two(
    messages: list[Commitment | Seal],
) -> None:
    said: dict[int, set[Digest]] = {}
    for message in messages:
        if isinstance(message, Commitment):
            said.setdefault(message.place, set()).add(message.commitment)
    pool = _pool(messages)

    for place, leaf in enumerate(pool.leaves):
        held = said.get(place, set())
        assert leaf == (next(iter(held)) if len(held) == 1 else NOTHING)
        assert bool(pool.voters >> place & 1) == (len(held) == 1)


@given(MESSAGES)
def test_pool__finds_all_leaves_that_it_ever_held(messages: list[Commitment | Seal]) -> None:
    on_the_way = []
    pool = SealPool(DISPUTE)
    for message in messages:
        if isinstance(message, Commitment):
            pool.add_commitment(message)
            on_the_way.append((pool.leaves, pool.voters))

    for leaves, voters in on_the_way:
        assert pool.leaves_of(votes_root(leaves), voters) == leaves


@given(MESSAGES)
def test_pool__certifies_the_widest_root_that_a_quorum_signed(
    messages: list[Commitment | Seal],
) -> None:
    signers: dict[int, set[int]] = {}
    for message in messages:
        if isinstance(message, Seal):
            signers.setdefault(message.voters, set()).add(message.place)
    certified = [
        voters for voters, places in signers.items() if len(places) >= quorum(len(SECRETS))
    ]

    certificate = _pool(messages).certificate()

    if certificate is None:
        assert not certified
    else:
        assert certificate.voters == max(certified, key=int.bit_count)
        assert set(places_of(certificate.signers)) == signers[certificate.voters]
        validate_seal_certificate(certificate, DISPUTE, COURT)
