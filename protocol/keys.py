"""From an owner's seed and the beacon to the key of a shard's message (SPEC 3, step 3).

The seed was committed before the beacon was known, so nobody chose the result: that is what makes
a message uniform. Drawing symbols from the key is the verifier's business.
"""

from __future__ import annotations

from typing import Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from eth_utils.crypto import keccak

from .types import ClaimId, Digest

MESSAGE_INFO: Final = b"assay/v1/message"


def derive_message_key(
    seed: bytes, beacon: Digest, claim_id: ClaimId, scheme: str, index: int
) -> bytes:
    """The 32 bytes from which the message of shard `index` is drawn."""
    info = MESSAGE_INFO + claim_id + keccak(text=scheme) + index.to_bytes(4, "big")
    return HKDF(SHA256(), length=32, salt=beacon, info=info).derive(seed)
