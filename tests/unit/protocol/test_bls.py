"""Both backends against the vectors, against each other, and against points that are none.

py_ecc takes half a second a pairing, so what both must do is asked once of each.
"""

from __future__ import annotations

import subprocess
import sys
from types import ModuleType
from typing import Any

import pytest

from protocol import bls
from protocol.bls import arkworks, reference
from protocol.errors import InvalidKey, InvalidSignature

DIGEST = bytes(range(32))
INFINITE_KEY, INFINITE_SIGNATURE = bytes(128), bytes(256)


@pytest.fixture(params=[arkworks, reference], ids=["arkworks", "reference"])
def backend(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    module: ModuleType = request.param
    monkeypatch.setattr(bls, "_backend", module)
    return module


def secret(signer: dict[str, Any]) -> int:
    return int.from_bytes(signer["secret"], "big")


def test_public_key__agrees_with_the_vectors(backend: ModuleType, points: Any) -> None:
    for signer in points["signers"]:
        assert bls.public_key(secret(signer)) == signer["key"]
        bls.validate_key(signer["key"])


def test_sign__agrees_with_the_vectors(backend: ModuleType, points: Any) -> None:
    for vector in points["signatures"]:
        signer = points["signers"][vector["signer"]]
        tag = vector["domainTag"].encode()

        assert bls.sign(secret(signer), vector["digest"], tag) == vector["signature"]


def test_verify_aggregate__accepts_the_vectors(backend: ModuleType, points: Any) -> None:
    vector = points["aggregates"][-1]
    bitmap = int.from_bytes(vector["bitmap"], "big")
    signers = [each for place, each in enumerate(points["signers"]) if bitmap >> place & 1]
    tag = vector["domainTag"].encode()
    signatures = [bls.sign(secret(each), vector["digest"], tag) for each in signers]

    assert len(signers) > 1
    assert bls.aggregate(signatures) == vector["signature"]
    keys = [each["key"] for each in signers]
    bls.verify_aggregate(keys, vector["digest"], tag, vector["signature"])
    with pytest.raises(InvalidSignature, match="not the signature"):
        bls.verify_aggregate(keys[1:], vector["digest"], tag, vector["signature"])


def test_verify_aggregate__accepts_all_vectors(points: Any) -> None:
    for vector in points["aggregates"]:
        tag = vector["domainTag"].encode()

        bls.verify(vector["key"], vector["digest"], tag, vector["signature"])


@pytest.mark.parametrize("name", ["keyOutsideSubgroup", "keyOffCurve", "keyPlusModulus"])
def test_validate_key__refuses_hostile_keys(name: str, backend: ModuleType, points: Any) -> None:
    with pytest.raises(InvalidKey):
        bls.validate_key(points["hostile"][name])


def test_verify__refuses_hostile_signatures(backend: ModuleType, points: Any) -> None:
    key = points["signers"][0]["key"]

    with pytest.raises(InvalidSignature):
        bls.verify(key, DIGEST, bls.VOTE_TAG, points["hostile"]["signatureOutsideSubgroup"])


def test_reference__tells_a_point_off_the_curve_from_one_off_the_subgroup(points: Any) -> None:
    """A point of another curve may well be of order r there, so the order alone proves nothing."""
    hostile = {
        name: b"".join(point[at + 16 : at + 64] for at in range(0, len(point), 64))
        for name, point in points["hostile"].items()
    }
    off_curve = hostile["signatureOutsideSubgroup"][:-1] + b"\x00"

    with pytest.raises(ValueError, match="not on the curve"):
        reference.check_key(hostile["keyOffCurve"])
    with pytest.raises(ValueError, match="not in the subgroup"):
        reference.check_key(hostile["keyOutsideSubgroup"])
    with pytest.raises(ValueError, match="not on the curve"):
        reference.sum_signatures([off_curve])
    with pytest.raises(ValueError, match="not in the subgroup"):
        reference.sum_signatures([hostile["signatureOutsideSubgroup"]])


@pytest.mark.parametrize(
    ("what", "key"),
    [
        ("infinity", INFINITE_KEY),
        ("nothing", b""),
        ("a byte less", bls.public_key(5)[:-1]),
        ("a byte more", bls.public_key(5) + b"\0"),
        ("dirty padding", b"\x01" + bls.public_key(5)[1:]),
        ("x and no y", bls.public_key(5)[:64] + bytes(64)),
    ],
)
def test_validate_key__refuses(what: str, key: bytes, backend: ModuleType) -> None:
    with pytest.raises(InvalidKey):
        bls.validate_key(key)
    with pytest.raises(InvalidKey):
        bls.verify(key, DIGEST, bls.VOTE_TAG, bls.sign(5, DIGEST, bls.VOTE_TAG))


SIGNATURE = bls.sign(5, DIGEST, bls.VOTE_TAG)


@pytest.mark.parametrize(
    ("what", "signature"),
    [
        ("infinity", INFINITE_SIGNATURE),
        ("a byte less", SIGNATURE[:-1]),
        ("dirty padding", b"\x01" + SIGNATURE[1:]),
        ("c1 before c0", SIGNATURE[64:128] + SIGNATURE[:64] + SIGNATURE[192:] + SIGNATURE[128:192]),
    ],
)
def test_verify__refuses(what: str, signature: bytes, backend: ModuleType) -> None:
    with pytest.raises(InvalidSignature):
        bls.verify(bls.public_key(5), DIGEST, bls.VOTE_TAG, signature)
    with pytest.raises(InvalidSignature):
        bls.aggregate([SIGNATURE, signature])


def test_verify__refuses_another_key_digest_or_purpose() -> None:
    key = bls.public_key(5)
    bls.verify(key, DIGEST, bls.VOTE_TAG, SIGNATURE)

    with pytest.raises(InvalidSignature):
        bls.verify(bls.public_key(6), DIGEST, bls.VOTE_TAG, SIGNATURE)
    with pytest.raises(InvalidSignature):
        bls.verify(key, bytes(32), bls.VOTE_TAG, SIGNATURE)
    with pytest.raises(InvalidSignature):
        bls.verify(key, DIGEST, bls.POSSESSION_TAG, SIGNATURE)


def test_sums_at_infinity__prove_nothing(backend: ModuleType) -> None:
    opposite = bls.CURVE_ORDER - 5

    with pytest.raises(InvalidSignature, match="infinity"):
        bls.aggregate([SIGNATURE, bls.sign(opposite, DIGEST, bls.VOTE_TAG)])
    with pytest.raises(InvalidSignature, match="infinity"):
        bls.aggregate([])
    for keys in ([], [bls.public_key(5), bls.public_key(opposite)]):
        with pytest.raises(InvalidKey, match="infinity"):
            bls.verify_aggregate(keys, DIGEST, bls.VOTE_TAG, SIGNATURE)


def test_aggregate__counts_a_signature_as_often_as_it_is_given(backend: ModuleType) -> None:
    assert bls.aggregate([SIGNATURE] * 2) == bls.sign(10, DIGEST, bls.VOTE_TAG)


def test_backend__is_the_reference_where_arkworks_is_not_installed() -> None:
    program = (
        "import sys; sys.modules['py_arkworks_bls12381'] = None\n"
        "from protocol import bls; print(bls._backend.__name__)"
    )

    found = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert found.stdout == "protocol.bls.reference\n"


@pytest.mark.parametrize("bad", [0, -1, bls.CURVE_ORDER])
def test_secrets__are_in_range(bad: int) -> None:
    with pytest.raises(ValueError, match="secret"):
        bls.public_key(bad)
    with pytest.raises(ValueError, match="secret"):
        bls.sign(bad, DIGEST, bls.VOTE_TAG)


def test_only_digests_are_signed() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        bls.sign(5, b"an invitation to sign anything", bls.VOTE_TAG)
    with pytest.raises(ValueError, match="32 bytes"):
        bls.verify(bls.public_key(5), b"", bls.VOTE_TAG, SIGNATURE)
