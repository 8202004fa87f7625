"""The arithmetic of `protocol.bls` by py_ecc, in plain Python: about half a second a verification.

Points that were read once are remembered, because the subgroup check of a committee's keys costs
more than the pairing they are used in.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache, reduce
from hashlib import sha256

from py_ecc.bls.g2_primitives import subgroup_check
from py_ecc.bls.hash_to_curve import hash_to_G2
from py_ecc.fields import optimized_bls12_381_FQ as FQ
from py_ecc.fields import optimized_bls12_381_FQ2 as FQ2
from py_ecc.fields import optimized_bls12_381_FQ12 as FQ12
from py_ecc.optimized_bls12_381.optimized_curve import (
    G1,
    Z1,
    Z2,
    add,
    b,
    b2,
    is_inf,
    is_on_curve,
    multiply,
    neg,
    normalize,
)
from py_ecc.optimized_bls12_381.optimized_pairing import final_exponentiate, pairing
from py_ecc.typing import Optimized_Point3D

KeyPoint = Optimized_Point3D[FQ]
SignaturePoint = Optimized_Point3D[FQ2]


def public_key(secret: int) -> bytes:
    """The generator of G1 times `secret`."""
    return _key_bytes(multiply(G1, secret))


def sign(secret: int, digest: bytes, tag: bytes) -> bytes:
    """The hash of `digest` in G2 times `secret`."""
    return _signature_bytes(multiply(_hash(digest, tag), secret))


def check_key(key: bytes) -> None:
    """Raise ValueError unless `key` is in the subgroup of G1."""
    _key_point(key)


def sum_keys(keys: Sequence[bytes]) -> bytes:
    """The sum in G1."""
    return _key_bytes(reduce(add, map(_key_point, keys), Z1))


def sum_signatures(signatures: Sequence[bytes]) -> bytes:
    """The sum in G2."""
    return _signature_bytes(reduce(add, map(_signature_point, signatures), Z2))


def is_signature(key: bytes, digest: bytes, tag: bytes, signature: bytes) -> bool:
    """Whether e(key, H(digest)) = e(generator, signature)."""
    hashed = _hash(digest, tag)
    ours = pairing(hashed, _key_point(key), final_exponentiate=False)
    theirs = pairing(_signature_point(signature), neg(G1), final_exponentiate=False)
    return final_exponentiate(ours * theirs) == FQ12.one()


def _hash(digest: bytes, tag: bytes) -> SignaturePoint:
    return hash_to_G2(digest, tag, sha256)  # type: ignore[arg-type]  # it wants the constructor


@lru_cache(maxsize=1024)
def _key_point(affine: bytes) -> KeyPoint:
    x, y = _numbers(affine)
    point = (FQ(x), FQ(y), FQ.one())
    _check(is_on_curve(point, b), subgroup_check(point))
    return point


@lru_cache(maxsize=1024)
def _signature_point(affine: bytes) -> SignaturePoint:
    x0, x1, y0, y1 = _numbers(affine)
    point = (FQ2((x0, x1)), FQ2((y0, y1)), FQ2.one())
    _check(is_on_curve(point, b2), subgroup_check(point))
    return point


def _check(on_curve: bool, in_subgroup: bool) -> None:
    if not on_curve:
        raise ValueError("the point is not on the curve")
    if not in_subgroup:
        raise ValueError("the point is not in the subgroup")


def _key_bytes(point: KeyPoint) -> bytes:
    if is_inf(point):
        return bytes(96)
    return b"".join(int(coordinate).to_bytes(48, "big") for coordinate in normalize(point))


def _signature_bytes(point: SignaturePoint) -> bytes:
    if is_inf(point):
        return bytes(192)
    elements = (element for coordinate in normalize(point) for element in coordinate.coeffs)
    return b"".join(int(element).to_bytes(48, "big") for element in elements)


def _numbers(affine: bytes) -> list[int]:
    return [
        int.from_bytes(affine[start : start + 48], "big") for start in range(0, len(affine), 48)
    ]
