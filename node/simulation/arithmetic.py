"""Signatures for simulations: microseconds, not pairings, and as strict about who signed what.

A signature is a number that only the key's secret gives for a digest and a tag; an aggregate is the
sum of the signatures, as it is in BLS, and is checked by adding up what each of the keys would have
signed. So one missing, foreign, doubled or altered signature is refused here as it is there. The
secrets behind the keys are known to whoever checks: this is for members that are simulated together
and nobody else.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Final

from protocol.bls import KEY_BYTES, SIGNATURE_BYTES
from protocol.errors import InvalidSignature

_MODULUS: Final = 1 << 512


class StandIn:
    """What `protocol.bls` offers, for keys that were made here."""

    def __init__(self) -> None:
        self._secrets: dict[bytes, int] = {}

    def public_key(self, secret: int) -> bytes:
        """The 128-byte key of `secret`."""
        key = blake2b(_seen(secret), person=b"key").digest().rjust(KEY_BYTES, b"\0")
        self._secrets[key] = secret
        return key

    def sign(self, secret: int, digest: bytes, tag: bytes) -> bytes:
        """The 256-byte signature on a digest, for the purpose that `tag` names."""
        return _signed(secret, digest, tag).to_bytes(SIGNATURE_BYTES, "big")

    def aggregate(self, signatures: Sequence[bytes]) -> bytes:
        """The sum of `signatures`.

        Raises:
            InvalidSignature: there are none.
        """
        if not signatures:
            raise InvalidSignature("a sum of nothing proves nothing")
        total = sum(int.from_bytes(signature, "big") for signature in signatures) % _MODULUS
        return total.to_bytes(SIGNATURE_BYTES, "big")

    def is_signed(self, keys: Sequence[bytes], digest: bytes, tag: bytes, signature: bytes) -> bool:
        """Whether `signature` is the sum of one signature on `digest` by each of `keys`."""
        total = sum(_signed(self._secrets[key], digest, tag) for key in keys) % _MODULUS
        return bool(keys) and total.to_bytes(SIGNATURE_BYTES, "big") == signature


def _signed(secret: int, digest: bytes, tag: bytes) -> int:
    signed = blake2b(digest + tag, key=_seen(secret), person=b"signature")
    return int.from_bytes(signed.digest(), "big")


def _seen(secret: int) -> bytes:
    return secret.to_bytes(32, "big")
