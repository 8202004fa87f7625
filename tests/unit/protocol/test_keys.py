"""The message key and the salt against RFC 5869 written out by hand."""

from __future__ import annotations

import hashlib
import hmac

from eth_utils.crypto import keccak

from protocol.keys import derive_message_key, derive_salt
from protocol.types import ClaimId, Digest, DisputeId

SEED, BEACON, CLAIM = bytes([1]) * 32, Digest(bytes([2]) * 32), ClaimId(bytes([3]) * 32)


def test_derive_message_key__is_hkdf_sha256() -> None:
    info = b"assay/v1/message" + CLAIM + keccak(b"deepsigns-v1") + b"\x00\x00\x00\x07"
    extracted = hmac.digest(BEACON, SEED, hashlib.sha256)
    expanded = hmac.digest(extracted, info + b"\x01", hashlib.sha256)

    assert derive_message_key(SEED, BEACON, CLAIM, "deepsigns-v1", 7) == expanded


def test_derive_message_key__depends_on_everything() -> None:
    other = bytes([4]) * 32
    keys = {
        derive_message_key(SEED, BEACON, CLAIM, "a-v1", 0),
        derive_message_key(other, BEACON, CLAIM, "a-v1", 0),
        derive_message_key(SEED, Digest(other), CLAIM, "a-v1", 0),
        derive_message_key(SEED, BEACON, ClaimId(other), "a-v1", 0),
        derive_message_key(SEED, BEACON, CLAIM, "a-v2", 0),
        derive_message_key(SEED, BEACON, CLAIM, "a-v1", 1),
    }

    assert len(keys) == 6


def test_derive_salt__is_hkdf_sha256_without_a_salt() -> None:
    secret, dispute_id = 0x0102, DisputeId(bytes([3]) * 32)
    extracted = hmac.digest(b"", bytes(30) + b"\x01\x02", hashlib.sha256)
    expanded = hmac.digest(
        extracted, b"assay/v2/salt" + dispute_id + b"\x07" + b"\x01", hashlib.sha256
    )

    assert derive_salt(secret, dispute_id, 7) == expanded


def test_derive_salt__depends_on_everything() -> None:
    one, other = DisputeId(bytes([1]) * 32), DisputeId(bytes([2]) * 32)
    salts = {
        derive_salt(1, one, 0),
        derive_salt(2, one, 0),
        derive_salt(1, other, 0),
        derive_salt(1, one, 1),
    }

    assert len(salts) == 4
