"""BLS12-381 signatures with keys in G1 and signatures in G2 (SPEC 4.1).

Keys and signatures are EIP-2537 bytes, as the contracts take them: each field element is 16 zero
bytes and 48 big-endian. Everything read is checked: length, canonical form, on the curve, in the
subgroup, not at infinity. What is signed is a 32-byte digest, under a domain tag per purpose.

The arithmetic is `arkworks` where its wheel is installed and `reference` (py_ecc) elsewhere; both
give the same bytes, the former 100 times sooner. Neither promises constant time: whoever signs does
so when it is its duty, and never in answer to a stranger who may hold a stopwatch.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

from protocol.errors import InvalidKey, InvalidSignature

try:
    from . import arkworks as _installed
except ImportError:
    from . import reference as _installed  # type: ignore[no-redef]

POSSESSION_TAG: Final = b"ASSAY_POSSESSION_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_"
SEAL_TAG: Final = b"ASSAY_SEAL_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_"
VOTE_TAG: Final = b"ASSAY_VOTE_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_"

KEY_BYTES: Final = 128
SIGNATURE_BYTES: Final = 256
DIGEST_BYTES: Final = 32
CURVE_ORDER: Final = 0x73EDA753299D7D483339D80809A1D80553BDA402FFFE5BFEFFFFFFFF00000001

_PADDING: Final = bytes(16)
_ELEMENT_BYTES: Final = 64
_FIELD_MODULUS: Final = int(
    "1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f624"
    "1eabfffeb153ffffb9feffffffffaaab",
    16,
)


class Backend(Protocol):
    """The arithmetic, on affine coordinates of 48 bytes each: x, y or x.c0, x.c1, y.c0, y.c1.

    Points that come in have canonical coordinates; `ValueError` says that they are no point of the
    subgroup. The point at infinity is all zeros, as in EIP-2537.
    """

    def public_key(self, secret: int) -> bytes:
        """The generator of G1 times `secret`."""
        ...

    def sign(self, secret: int, digest: bytes, tag: bytes) -> bytes:
        """The hash of `digest` in G2 times `secret`."""
        ...

    def check_key(self, key: bytes) -> None:
        """Raise ValueError unless `key` is in the subgroup of G1."""
        ...

    def sum_keys(self, keys: Sequence[bytes]) -> bytes:
        """The sum in G1."""
        ...

    def sum_signatures(self, signatures: Sequence[bytes]) -> bytes:
        """The sum in G2."""
        ...

    def is_signature(self, key: bytes, digest: bytes, tag: bytes, signature: bytes) -> bool:
        """Whether the pairing equation holds."""
        ...


_backend: Backend = _installed


def public_key(secret: int) -> bytes:
    """The 128-byte key of `secret`."""
    return _pad(_backend.public_key(_checked_secret(secret)))


def sign(secret: int, digest: bytes, tag: bytes) -> bytes:
    """The 256-byte signature on a 32-byte digest, for the purpose `tag` names."""
    return _pad(_backend.sign(_checked_secret(secret), _checked_digest(digest), tag))


def validate_key(key: bytes) -> None:
    """Check that `key` is a public key.

    Raises:
        InvalidKey: it is malformed, at infinity, off the curve or outside the subgroup.
    """
    try:
        _backend.check_key(_unpad(key, KEY_BYTES))
    except ValueError as error:
        raise InvalidKey(str(error)) from error


def verify(key: bytes, digest: bytes, tag: bytes, signature: bytes) -> None:
    """Check that `signature` is that of `key` on `digest`.

    Raises:
        InvalidKey: `key` is no public key.
        InvalidSignature: the signature is malformed or another's.
    """
    verify_aggregate([key], digest, tag, signature)


def aggregate(signatures: Sequence[bytes]) -> bytes:
    """The sum of `signatures`, which are all on one digest.

    Raises:
        InvalidSignature: one is malformed, or they cancel out, or there are none.
    """
    try:
        total = _backend.sum_signatures([_unpad(each, SIGNATURE_BYTES) for each in signatures])
    except ValueError as error:
        raise InvalidSignature(str(error)) from error
    if not any(total):
        raise InvalidSignature("a sum at infinity proves nothing")
    return _pad(total)


def verify_aggregate(keys: Sequence[bytes], digest: bytes, tag: bytes, signature: bytes) -> None:
    """Check that `signature` is the sum of one signature on `digest` by each of `keys`.

    Sound only for keys whose possession was proved, as the register demands: otherwise one key can
    be chosen to cancel the others.

    Raises:
        InvalidKey: one of `keys` is no public key, or they cancel out, or there are none.
        InvalidSignature: the signature is malformed or not theirs.
    """
    message = _checked_digest(digest)
    try:
        signers = _backend.sum_keys([_unpad(key, KEY_BYTES) for key in keys])
    except ValueError as error:
        raise InvalidKey(str(error)) from error
    if not any(signers):
        raise InvalidKey("a sum at infinity verifies anything")
    try:
        is_theirs = _backend.is_signature(signers, message, tag, _unpad(signature, SIGNATURE_BYTES))
    except ValueError as error:
        raise InvalidSignature(str(error)) from error
    if not is_theirs:
        raise InvalidSignature("it is not the signature of these keys on this digest")


def _checked_secret(secret: int) -> int:
    if not 0 < secret < CURVE_ORDER:
        raise ValueError("a BLS secret is in 1..r-1")
    return secret


def _checked_digest(digest: bytes) -> bytes:
    if len(digest) != DIGEST_BYTES:
        raise ValueError(f"a digest has {DIGEST_BYTES} bytes, not {len(digest)}")
    return digest


def _pad(affine: bytes) -> bytes:
    starts = range(0, len(affine), 48)
    return b"".join(_PADDING + affine[start : start + 48] for start in starts)


def _unpad(padded: bytes, length: int) -> bytes:
    """The 48-byte coordinates in EIP-2537 bytes, if these are canonical and not at infinity."""
    if len(padded) != length:
        raise ValueError(f"{len(padded)} bytes instead of {length}")
    if not any(padded):
        raise ValueError("the point at infinity is refused")
    elements = [
        padded[start : start + _ELEMENT_BYTES] for start in range(0, length, _ELEMENT_BYTES)
    ]
    if any(int.from_bytes(element, "big") >= _FIELD_MODULUS for element in elements):
        raise ValueError("a coordinate is not below the field modulus")
    return b"".join(element[len(_PADDING) :] for element in elements)
