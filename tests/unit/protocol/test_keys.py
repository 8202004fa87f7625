"""The message key against RFC 5869 written out by hand."""

from __future__ import annotations

import hashlib
import hmac

from eth_utils.crypto import keccak

from protocol.keys import derive_message_key
from protocol.types import ClaimId, Digest

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
