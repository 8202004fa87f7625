"""The arithmetic of `protocol.bls` by arkworks, compiled: about 2 ms a verification.

Reading a point checks curve and subgroup, so every operation on it is safe.
"""

from __future__ import annotations

from collections.abc import Sequence

from py_arkworks_bls12381 import GT, G1Point, G2Point, Scalar


def public_key(secret: int) -> bytes:
    """The generator of G1 times `secret`."""
    return (G1Point() * Scalar(secret)).to_xy_bytes_be()


def sign(secret: int, digest: bytes, tag: bytes) -> bytes:
    """The hash of `digest` in G2 times `secret`."""
    return (G2Point.hash_to_curve(digest, tag) * Scalar(secret)).to_xy_bytes_be()


def check_key(key: bytes) -> None:
    """Raise ValueError unless `key` is in the subgroup of G1."""
    G1Point.from_xy_bytes_be(key)


def sum_keys(keys: Sequence[bytes]) -> bytes:
    """The sum in G1."""
    points = (G1Point.from_xy_bytes_be(key) for key in keys)
    return sum(points, start=G1Point.identity()).to_xy_bytes_be()


def sum_signatures(signatures: Sequence[bytes]) -> bytes:
    """The sum in G2."""
    points = (G2Point.from_xy_bytes_be(signature) for signature in signatures)
    return sum(points, start=G2Point.identity()).to_xy_bytes_be()


def is_signature(key: bytes, digest: bytes, tag: bytes, signature: bytes) -> bool:
    """Whether e(key, H(digest)) = e(generator, signature)."""
    hashed = G2Point.hash_to_curve(digest, tag)
    keys = [G1Point.from_xy_bytes_be(key), -G1Point()]
    return GT.pairing_check(keys, [hashed, G2Point.from_xy_bytes_be(signature)])
