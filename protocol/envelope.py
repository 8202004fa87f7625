"""An opening, sealed once for the whole committee (SPEC 4.5).

A fresh key seals the bytes; HPKE wraps that key to each member. Both are bound to the committee
of one round in one court, so nothing can be cut out and shown elsewhere. The envelope comes from an
owner who may be hostile: opening it raises `BadEnvelope` and nothing else, whatever the bytes.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from eth_abi.abi import encode

from .court import Court
from .encoding import WORD_BYTES, tail, word
from .errors import BadEnvelope
from .types import MAX_COMMITTEE, Digest, DisputeId, Place

CONTEXT_TAG: Final = b"assay/v2/envelope"
NONCE_BYTES: Final = 12
WRAP_BYTES: Final = 80
"""HPKE's: an ephemeral key (32), the wrapped key (32), a tag (16)."""

_ENVELOPE_TYPES: Final = ["bytes[]", "bytes"]
_WRAPS_AT: Final = 2 * WORD_BYTES
_WRAP_STRIDE: Final = 4 * WORD_BYTES
"""A length and 80 bytes, filled up to whole words."""
_SUITE: Final = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)


def envelope_context(
    court: Court, dispute_id: DisputeId, round_: int, committee_hash: Digest
) -> bytes:
    """What an envelope is bound to."""
    manager = bytes.fromhex(court.dispute_manager.removeprefix("0x"))
    deployment = court.chain_id.to_bytes(32, "big") + manager
    return CONTEXT_TAG + deployment + dispute_id + round_.to_bytes(1, "big") + committee_hash


def seal(opening: bytes, context: bytes, envelope_keys: Sequence[bytes]) -> bytes:
    """The envelope of `opening` for the members whose X25519 keys are given, in order of place."""
    key = ChaCha20Poly1305.generate_key()
    nonce = os.urandom(NONCE_BYTES)
    ciphertext = nonce + ChaCha20Poly1305(key).encrypt(nonce, opening, context)
    wraps = [_wrap(key, context, envelope_key) for envelope_key in envelope_keys]
    return encode(_ENVELOPE_TYPES, [wraps, ciphertext])


def open_envelope(
    envelope: bytes, place: Place, private_key: X25519PrivateKey, context: bytes
) -> bytes:
    """The opening inside, as the member at `place` reads it.

    Raises:
        BadEnvelope: it does not parse, or does not open; the member votes BAD_KEY.
    """
    wraps, ciphertext = _decode(envelope)
    if place >= len(wraps):
        raise BadEnvelope(f"no wrap for place {place} among {len(wraps)}")
    try:
        key = _SUITE.decrypt(wraps[place], private_key, info=context)
        sealed = ChaCha20Poly1305(key)
    except (InvalidTag, ValueError) as error:
        raise BadEnvelope(f"the wrap for place {place} does not open") from error
    try:
        return sealed.decrypt(ciphertext[:NONCE_BYTES], ciphertext[NONCE_BYTES:], context)
    except (InvalidTag, ValueError) as error:
        raise BadEnvelope("the ciphertext does not open") from error


def _wrap(key: bytes, context: bytes, envelope_key: bytes) -> bytes:
    try:
        return _SUITE.encrypt(key, X25519PublicKey.from_public_bytes(envelope_key), info=context)
    except ValueError:
        # A member may have registered a point of low order, to which HPKE refuses to encrypt. Its
        # wrap opens for nobody, which costs that member its vote and the owner nothing.
        return bytes(WRAP_BYTES)


def _decode(envelope: bytes) -> tuple[list[bytes], bytes]:
    """Read where the canonical encoding has things, then encode again and compare."""
    count = word(envelope, _WRAPS_AT)
    if count > MAX_COMMITTEE:
        raise BadEnvelope(f"{count} wraps, of at most {MAX_COMMITTEE}")
    first_at = _WRAPS_AT + WORD_BYTES * (1 + count)
    ciphertext_at = first_at + _WRAP_STRIDE * count
    starts = range(first_at + WORD_BYTES, ciphertext_at, _WRAP_STRIDE)
    wraps = [envelope[start : start + WRAP_BYTES] for start in starts]
    ciphertext = tail(envelope, ciphertext_at)
    if encode(_ENVELOPE_TYPES, [wraps, ciphertext]) != envelope:
        raise BadEnvelope("not the canonical encoding of wraps and ciphertext")
    return wraps, ciphertext
