"""What follows from a secret alone: the key of a shard's message (SPEC 3), a vote's salt (5.3).

The seed was committed before the beacon was known, so nobody chose the result: that is what makes
a message uniform. Drawing symbols from the key is the verifier's business.
"""

from __future__ import annotations

from typing import Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from eth_utils.crypto import keccak

from .types import ClaimId, Digest, DisputeId

MESSAGE_INFO: Final = b"assay/v1/message"
SALT_INFO: Final = b"assay/v2/salt"


def derive_message_key(
    seed: bytes, beacon: Digest, claim_id: ClaimId, scheme: str, index: int
) -> bytes:
    """The 32 bytes from which the message of shard `index` is drawn."""
    info = MESSAGE_INFO + claim_id + keccak(text=scheme) + index.to_bytes(4, "big")
    return HKDF(SHA256(), length=32, salt=beacon, info=info).derive(seed)


def derive_salt(bls_secret: int, dispute_id: DisputeId, round_: int) -> bytes:
    """The 32 bytes that hide a member's vote until it is opened: known again after a lost disk."""
    info = SALT_INFO + dispute_id + round_.to_bytes(1, "big")
    return HKDF(SHA256(), length=32, salt=b"", info=info).derive(bls_secret.to_bytes(32, "big"))
