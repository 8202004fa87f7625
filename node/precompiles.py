"""The two slow EIP-2537 precompiles of py-evm, over

py-evm's own are pure Python and take a second for a pairing check, which is a third of what the
embedded chain does in a dispute. These give the same output, the same gas and the same failures on
every input (`tests/unit/node/test_precompiles.py` compares them), some hundred times faster.

But: `py_arkworks_bls12381` has no wheel for every platform. Without it `FAST_PRECOMPILES` is empty
and the chain is slow, not wrong. Point additions cost py-evm under a millisecond and stay its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from eth.exceptions import VMError
from eth.precompiles.bls12_381.constants import BLS12_MAP_FP2_G2_GAS
from eth_typing import Address

try:
    from py_arkworks_bls12381 import GT, G1Point, G2Point
except ImportError:  # pragma: no cover - depends on the platform
    _IS_FAST = False
else:
    _IS_FAST = True

_PAIR_BYTES: Final = 384
_G1_BYTES: Final = 128
_PAIRING_BASE_GAS: Final = 37_700
_PAIRING_PAIR_GAS: Final = 32_600


def pairing_check(computation: Any) -> None:
    """0x0f: one word, 1 if the product of the pairings is one."""
    data = bytes(computation.msg.data)
    if not data or len(data) % _PAIR_BYTES:
        raise VMError("pairing check: length is no multiple of 384")
    pairs = [data[start : start + _PAIR_BYTES] for start in range(0, len(data), _PAIR_BYTES)]
    computation.consume_gas(_PAIRING_BASE_GAS + _PAIRING_PAIR_GAS * len(pairs), "pairing check")
    try:
        g1s = [G1Point.from_xy_bytes_be(_unpad(pair[:_G1_BYTES])) for pair in pairs]
        g2s = [G2Point.from_xy_bytes_be(_unpad(pair[_G1_BYTES:])) for pair in pairs]
    except ValueError as error:
        raise VMError(f"pairing check: {error}") from error
    computation.output = int(GT.pairing_check(g1s, g2s)).to_bytes(32)


def map_fp2_to_g2(computation: Any) -> None:
    """0x11: a field element to a point of G2, its cofactor cleared."""
    data = bytes(computation.msg.data)
    if len(data) != _G1_BYTES:
        raise VMError("map to G2: length is not 128")
    computation.consume_gas(BLS12_MAP_FP2_G2_GAS, "map to G2")
    try:
        point = G2Point.map_from_fp2_be(_unpad(data))
    except ValueError as error:
        raise VMError(f"map to G2: {error}") from error
    computation.output = _pad(point.to_xy_bytes_be())


FAST_PRECOMPILES: Final[Mapping[Address, Callable[[Any], None]]] = (
    {
        Address((0x0F).to_bytes(20)): pairing_check,
        Address((0x11).to_bytes(20)): map_fp2_to_g2,
    }
    if _IS_FAST
    else {}
)


def _unpad(data: bytes) -> bytes:
    """EIP-2537's 64-byte field elements as arkworks' 48-byte ones."""
    elements = [data[start : start + 64] for start in range(0, len(data), 64)]
    if any(any(element[:16]) for element in elements):
        raise ValueError("field element out of range")
    return b"".join(element[16:] for element in elements)


def _pad(data: bytes) -> bytes:
    return b"".join(bytes(16) + data[start : start + 48] for start in range(0, len(data), 48))
