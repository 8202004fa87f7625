"""The stand-in refuses what BLS refuses, so a simulation cannot certify what a court would not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import pytest

from node.simulation.arithmetic import StandIn
from protocol import bls
from protocol.errors import InvalidSignature, ProtocolError

DIGEST, OTHER_DIGEST = bytes([1]) * 32, bytes([2]) * 32
SECRETS: Final = (11, 12, 13)

Sign = Callable[[int, bytes, bytes], bytes]
CASES: dict[str, tuple[Callable[[Sign], list[bytes]], bool]] = {
    "one of each": (lambda sign: [sign(s, DIGEST, bls.VOTE_TAG) for s in SECRETS], True),
    "one is missing": (lambda sign: [sign(s, DIGEST, bls.VOTE_TAG) for s in (11, 12)], False),
    "one is doubled": (lambda sign: [sign(s, DIGEST, bls.VOTE_TAG) for s in (11, 12, 12)], False),
    "one is a stranger's": (
        lambda sign: [sign(s, DIGEST, bls.VOTE_TAG) for s in (11, 12, 14)],
        False,
    ),
    "one is on another digest": (
        lambda sign: [
            *(sign(s, DIGEST, bls.VOTE_TAG) for s in (11, 12)),
            sign(13, OTHER_DIGEST, bls.VOTE_TAG),
        ],
        False,
    ),
    "all are for another purpose": (
        lambda sign: [sign(s, DIGEST, bls.SEAL_TAG) for s in SECRETS],
        False,
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_stand_in__judges_a_sum_as_bls_does(case: str) -> None:
    make, is_theirs = CASES[case]
    arithmetic = StandIn()
    keys = [arithmetic.public_key(secret) for secret in SECRETS]

    total = arithmetic.aggregate(make(arithmetic.sign))

    assert arithmetic.is_signed(keys, DIGEST, bls.VOTE_TAG, total) is is_theirs
    assert _is_signed_by_bls(make(bls.sign)) is is_theirs


def test_stand_in__has_signatures_and_keys_of_the_lengths_of_bls() -> None:
    arithmetic = StandIn()

    assert len(arithmetic.public_key(1)) == bls.KEY_BYTES
    assert len(arithmetic.sign(1, DIGEST, bls.VOTE_TAG)) == bls.SIGNATURE_BYTES


def test_stand_in__refuses_a_sum_of_nothing() -> None:
    arithmetic = StandIn()

    with pytest.raises(InvalidSignature):
        arithmetic.aggregate([])
    assert not arithmetic.is_signed([], DIGEST, bls.VOTE_TAG, bytes(bls.SIGNATURE_BYTES))


def _is_signed_by_bls(signatures: list[bytes]) -> bool:
    keys = [bls.public_key(secret) for secret in SECRETS]
    try:
        bls.verify_aggregate(keys, DIGEST, bls.VOTE_TAG, bls.aggregate(signatures))
    except ProtocolError:
        return False
    return True
