"""py-evm's own precompiles are the reference; arkworks must agree, above all on bad input."""

from __future__ import annotations

import random
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from eth.exceptions import VMError
from eth.precompiles.bls12_381.bls12_381_g2 import bls12_map_fp2_to_g2
from eth.precompiles.bls12_381.bls12_381_pairing import bls12_pairing_check
from py_ecc.bls.hash_to_curve import map_to_curve_G1, map_to_curve_G2
from py_ecc.fields import optimized_bls12_381_FQ as FQ
from py_ecc.fields import optimized_bls12_381_FQ2 as FQ2
from py_ecc.optimized_bls12_381.optimized_curve import (
    G1,
    G2,
    Z1,
    Z2,
    curve_order,
    field_modulus,
    multiply,
    neg,
    normalize,
)

from node.precompiles import FAST_PRECOMPILES, map_fp2_to_g2, pairing_check

pytestmark = pytest.mark.skipif(not FAST_PRECOMPILES, reason="needs py_arkworks_bls12381")


def run(precompile: Callable[[Any], None], data: bytes) -> tuple[bytes | None, int]:
    """The output (None for a failure) and the gas asked for."""
    asked: list[int] = []
    computation = SimpleNamespace(
        msg=SimpleNamespace(data=memoryview(data)),
        output=b"",
        consume_gas=lambda amount, reason: asked.append(amount),
    )
    try:
        precompile(computation)
    except VMError:
        return None, 0  # a failed precompile burns all it was given, whatever it asked for
    return computation.output, sum(asked)


def g1(point: Any) -> bytes:
    if point == Z1:
        return bytes(128)
    return b"".join(int(c).to_bytes(64) for c in normalize(point))


def g2(point: Any) -> bytes:
    if point == Z2:
        return bytes(256)
    return b"".join(int(c).to_bytes(64) for part in normalize(point) for c in part.coeffs)


DICE = random.Random(2537)  # noqa: S311 - the same points in every run
A, B = DICE.randrange(curve_order), DICE.randrange(curve_order)
GOOD = g1(multiply(G1, A)) + g2(multiply(G2, B))
BALANCE = g1(neg(multiply(G1, A * B % curve_order))) + g2(G2)
ALIEN_G1 = g1(map_to_curve_G1(FQ(5)))  # on the curve, outside the subgroup
ALIEN_G2 = g2(map_to_curve_G2(FQ2((5, 7))))


def with_element(data: bytes, index: int, value: int) -> bytes:
    return data[: index * 64] + value.to_bytes(64) + data[(index + 1) * 64 :]


PAIRINGS = {
    "a product that is one": (GOOD + BALANCE, True),
    "a product that is not": (GOOD, True),
    "infinity in G1": (bytes(128) + g2(G2), True),
    "infinity in G2": (g1(G1) + bytes(256), True),
    "infinity in both": (bytes(384), True),
    "nothing": (b"", False),
    "one byte short": (GOOD[:-1], False),
    "one byte over": (GOOD + b"\0", False),
    "off the curve in G1": (with_element(GOOD, 1, 3), False),
    "off the curve in G2": (with_element(GOOD, 4, 3), False),
    "outside the subgroup in G1": (ALIEN_G1 + g2(G2), False),
    "outside the subgroup in G2": (g1(G1) + ALIEN_G2, False),
    "x plus the modulus": (
        with_element(GOOD, 0, int.from_bytes(GOOD[:64]) + field_modulus),
        False,
    ),
    "the modulus itself": (with_element(bytes(384), 0, field_modulus), False),
    "a flag bit of the compressed form": (
        with_element(GOOD, 0, 1 << 383 | int.from_bytes(GOOD[:64])),
        False,
    ),
    "an infinity flag": (with_element(bytes(384), 0, 1 << 382), False),
    "a sign flag": (with_element(GOOD, 0, 1 << 381 | int.from_bytes(GOOD[:64])), False),
    "padding that is not zero": (b"\1" + GOOD[1:], False),
    "swapped halves of Fp2": (GOOD[:128] + GOOD[192:256] + GOOD[128:192] + GOOD[256:], False),
    "zero x with a y": (with_element(bytes(384), 1, 2), False),
}


@pytest.mark.parametrize(("data", "succeeds"), PAIRINGS.values(), ids=PAIRINGS)
def test_pairing_check__agrees_with_the_reference(data: bytes, succeeds: bool) -> None:
    output, gas = run(pairing_check, data)

    assert (output, gas) == run(bls12_pairing_check, data)
    assert (output is not None) == succeeds


FIELD_ELEMENTS = {
    "zero": bytes(128),
    "random": b"".join(DICE.randrange(field_modulus).to_bytes(64) for _ in range(2)),
    "another": b"".join(DICE.randrange(field_modulus).to_bytes(64) for _ in range(2)),
    "the largest": (field_modulus - 1).to_bytes(64) * 2,
    "the modulus first": field_modulus.to_bytes(64) + bytes(64),
    "the modulus second": bytes(64) + field_modulus.to_bytes(64),
    "padding that is not zero": b"\1" + bytes(127),
    "too short": bytes(127),
    "too long": bytes(129),
    "nothing": b"",
}


@pytest.mark.parametrize("data", FIELD_ELEMENTS.values(), ids=FIELD_ELEMENTS)
def test_map_fp2_to_g2__agrees_with_the_reference(data: bytes) -> None:
    assert run(map_fp2_to_g2, data) == run(bls12_map_fp2_to_g2, data)
