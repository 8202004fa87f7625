"""Which leaves a member holds, and which root has its quorum."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from protocol import bls
from protocol.certificate import validate_seal_certificate
from protocol.commitments import votes_root
from protocol.errors import BadCertificate
from protocol.messages import SealCertificate
from protocol.sealing import NOTHING, ROOTS_PER_PLACE, SealPool
from protocol.types import Digest, DisputeId, Outcome, Place
from tests.unit.protocol.conftest import Committee

YES, NO = Outcome.MATCH, Outcome.NO_MATCH


def pool_of(four: Committee, commitments: Sequence[tuple[int, int]]) -> SealPool:
    pool = SealPool(four.dispute)
    for place, outcome in commitments:
        pool.add_commitment(four.commitment(place, outcome))
    return pool


@pytest.mark.parametrize(
    ("what", "commitments", "voters", "is_complete", "has_quorum"),
    [
        ("nobody", [], 0b0000, False, False),
        ("two", [(0, YES), (2, NO)], 0b0101, False, False),
        ("a quorum", [(0, YES), (1, YES), (2, NO)], 0b0111, False, True),
        ("all", [(0, YES), (1, YES), (2, NO), (3, YES)], 0b1111, True, True),
        ("one repeats", [(0, YES)] * 4, 0b0001, False, False),
        ("one commits twice", [(0, YES), (1, YES), (1, NO)], 0b0001, False, False),
        (
            "one of all commits twice: it was heard of, and is out",
            [(0, YES), (1, YES), (2, NO), (3, YES), (1, NO)],
            0b1101,
            True,
            True,
        ),
        (
            "two of all commit twice: no verdict can come of it",
            [(0, YES), (1, YES), (2, NO), (3, YES), (1, NO), (2, YES)],
            0b1001,
            False,
            False,
        ),
        ("one commits to three: it is out", [(1, YES), (1, NO), (1, 3)], 0b0000, False, False),
    ],
)
def test_pool(
    what: str,
    commitments: list[tuple[int, int]],
    voters: int,
    is_complete: bool,
    has_quorum: bool,
    four: Committee,
) -> None:
    pool = pool_of(four, commitments)

    assert (pool.voters, pool.is_complete, pool.has_quorum) == (voters, is_complete, has_quorum)
    said = dict(commitments)
    assert pool.leaves == four.leaves(
        {place: said[place] for place in range(4) if voters >> place & 1}
    )


ALL = [(place, YES) for place in range(4)]


def test_pool__remembers_two_commitments_of_a_place_and_no_more(four: Committee) -> None:
    pool = pool_of(four, [(1, outcome) for outcome in Outcome])

    assert len(pool._commitments[Place(1)]) == 2


def test_certificate__needs_a_quorum_on_one_root(four: Committee) -> None:
    pool = pool_of(four, ALL)
    everybody, three = pool.leaves, (*pool.leaves[:3], NOTHING)
    signed = []

    for place, leaves in [(0, everybody), (1, everybody), (2, three), (3, three), (3, everybody)]:
        pool.add_seal(four.seal(place, leaves))
        certificate = pool.certificate()
        signed.append(certificate and (certificate.root, certificate.voters, certificate.signers))

    assert signed == [None] * 4 + [(votes_root(everybody), 0b1111, 0b1011)]


@pytest.mark.parametrize("left_out", range(4))
def test_certificate__of_two_roots_is_that_with_more_voters(left_out: int, four: Committee) -> None:
    pool = pool_of(four, ALL)
    everybody = pool.leaves
    three = (*everybody[:left_out], NOTHING, *everybody[left_out + 1 :])

    for leaves in (everybody, three):
        for place in (0, 1, 2):
            pool.add_seal(four.seal(place, leaves))
    pool.add_seal(four.seal(3, three))

    certificate = pool.certificate()
    assert certificate is not None
    assert (certificate.voters, certificate.signers) == (0b1111, 0b0111)
    validate_seal_certificate(certificate, four.dispute, four.court)


def test_certificate__counts_no_seals_that_name_other_voters(four: Committee) -> None:
    """The root is signed together with who is under it; else a bit could be added to it."""
    pool = pool_of(four, ALL)
    seals = [four.seal(place, pool.leaves) for place in range(3)]

    for seal, voters in zip(seals, (0b1111, 0b1111, 0b0111), strict=True):
        pool.add_seal(replace(seal, voters=voters))

    assert pool.certificate() is None


def test_certificate__is_the_sum_of_its_signers_seals(four: Committee) -> None:
    pool = pool_of(four, ALL)
    seals = [four.seal(place, pool.leaves) for place in (3, 0, 1)]
    for seal in seals:
        pool.add_seal(seal)

    certificate = pool.certificate()

    assert certificate is not None
    assert certificate.signature == bls.aggregate([seal.signature for seal in seals])


def test_pool__keeps_the_latest_seals_of_a_place(four: Committee) -> None:
    pool = pool_of(four, ALL)
    honest = four.seal(0, pool.leaves)
    pool.add_seal(honest)
    for place in (1, 2):
        pool.add_seal(four.seal(place, pool.leaves))

    for number in range(ROOTS_PER_PLACE - 1):
        pool.add_seal(replace(honest, root=Digest(bytes([number]) * 32)))
    assert pool.certificate() is not None

    pool.add_seal(replace(honest, root=Digest(bytes([99]) * 32)))
    assert pool.certificate() is None

    pool.add_seal(honest)
    assert pool.certificate() is not None


def test_leaves_of__are_found_again_after_more_were_heard(four: Committee) -> None:
    pool = pool_of(four, ALL[:3])
    three = pool.leaves

    pool.add_commitment(four.commitment(3, YES))

    assert pool.leaves_of(votes_root(three), 0b0111) == three
    assert pool.leaves_of(votes_root(pool.leaves), 0b1111) == pool.leaves


def test_leaves_of__are_not_lost_to_a_member_that_commits_again_after_the_seal(
    four: Committee,
) -> None:
    pool = pool_of(four, ALL)
    sealed = pool.leaves

    pool.add_commitment(four.commitment(2, NO))

    assert pool.leaves != sealed
    assert pool.leaves_of(votes_root(sealed), 0b1111) == sealed


def test_leaves_of__are_unknown_if_one_was_never_heard(four: Committee) -> None:
    everybody = four.leaves(dict(ALL))
    pool = pool_of(four, ALL[:3])

    assert pool.leaves_of(votes_root(everybody), 0b1111) is None
    assert pool.leaves_of(votes_root(pool.leaves), 0b1111) == pool.leaves
    assert pool.leaves_of(votes_root(pool.leaves), 0b0011) is None


@pytest.mark.parametrize("change", [{"dispute_id": DisputeId(bytes(32))}, {"round": 1}])
def test_pool__refuses_messages_of_another_dispute_or_round(
    change: dict[str, Any], four: Committee
) -> None:
    pool = SealPool(four.dispute)

    with pytest.raises(ValueError, match="another pool"):
        pool.add_commitment(replace(four.commitment(0, YES), **change))
    with pytest.raises(ValueError, match="another pool"):
        pool.add_seal(replace(four.seal(0, pool.leaves), **change))


@pytest.fixture
def certificate(four: Committee) -> SealCertificate:
    pool = pool_of(four, ALL[:3])
    for place in (0, 1, 3):
        pool.add_seal(four.seal(place, pool.leaves))
    certificate = pool.certificate()
    assert certificate is not None
    return certificate


def test_validate_seal_certificate__accepts_a_pools(
    certificate: SealCertificate, four: Committee
) -> None:
    validate_seal_certificate(certificate, four.dispute, four.court)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"dispute_id": DisputeId(bytes(32))}, "another dispute"),
        ({"round": 1}, "another round"),
        ({"root": Digest(bytes(32))}, "not the signature"),
        ({"voters": 0b1111}, "not the signature"),
        ({"voters": 0b10111}, "beyond the committee"),
        ({"signers": 0b0111}, "not the signature"),
        ({"signers": 0b1111}, "not the signature"),
        ({"signers": 0b0011}, "2 signers, of at least 3"),
        ({"signers": 0b11011}, "beyond the committee"),
        ({"signature": bytes(256)}, "infinity"),
    ],
)
def test_validate_seal_certificate__refuses(
    change: dict[str, Any], complaint: str, certificate: SealCertificate, four: Committee
) -> None:
    with pytest.raises(BadCertificate, match=complaint):
        validate_seal_certificate(replace(certificate, **change), four.dispute, four.court)
