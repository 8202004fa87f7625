"""Claims and their names against the vectors, and openings against whoever sends them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from protocol.claims import Claim, Opening, Shard, claim_id, dispute_id
from protocol.court import Court
from protocol.errors import BadOpening
from protocol.types import Address, Digest

OPENING = Opening(
    claim=Claim(Address("0x" + "44" * 20), "deepsigns-v1", 64, 4, Digest(bytes([5]) * 32)),
    index=2,
    seed=bytes([6]) * 32,
    evidence=b"evidence of no particular length",
    path=(Digest(bytes([7]) * 32), Digest(bytes([8]) * 32)),
)


def test_shard_hash__agrees_with_the_vectors(digests: Any) -> None:
    for shard in digests["shards"]:
        opening = replace(
            OPENING, index=shard["index"], seed=shard["seed"], evidence=shard["evidence"]
        )

        assert opening.shard().hash() == shard["hashStruct"]


def test_claim_commitment__agrees_with_the_vectors(digests: Any, vector_court: Court) -> None:
    vector = digests["claim"]
    names = ("owner", "scheme", "level", "shardCount", "shardsRoot")

    claim = Claim(*(vector[name] for name in names))

    assert claim.commitment(vector_court) == vector["commitment"]
    assert claim_id(claim.owner, vector["commitment"]) == vector["claimId"]


def test_claim_commitment__differs_by_owner_court_and_chain(court: Court) -> None:
    claim = OPENING.claim
    commitments = {
        claim.commitment(court),
        replace(claim, owner=court.claim_registry).commitment(court),
        claim.commitment(replace(court, chain_id=1)),
        claim.commitment(replace(court, claim_registry=court.dispute_manager)),
    }

    assert len(commitments) == 4


def test_dispute_id__agrees_with_the_vectors(digests: Any, vector_court: Court) -> None:
    vector = digests["dispute"]

    name = dispute_id(vector_court, vector["claimId"], vector["modelDigest"], vector["number"])

    assert name == vector["disputeId"]


def test_shard__is_hashed_with_its_index() -> None:
    shard = OPENING.shard()

    assert shard.hash() != Shard(3, shard.seed_hash, shard.evidence_digest).hash()


def test_opening__round_trips() -> None:
    assert Opening.decode(OPENING.encode()) == OPENING


def test_opening__hides_its_secrets_when_printed() -> None:
    assert OPENING.seed.hex() not in repr(OPENING)
    assert "evidence" not in repr(OPENING)


def _with_word(data: bytes, place: int, value: int) -> bytes:
    return data[: 32 * place] + value.to_bytes(32, "big") + data[32 * (place + 1) :]


@pytest.mark.parametrize(
    ("what", "data"),
    [
        ("nothing", b""),
        ("half a head", OPENING.encode()[:100]),
        ("one byte less", OPENING.encode()[:-1]),
        ("one byte more", OPENING.encode() + b"\0"),
        ("a level beyond its type", _with_word(OPENING.encode(), 2, 2**16)),
        ("an address with dirty high bytes", _with_word(OPENING.encode(), 0, 2**200)),
        ("two fields that share their bytes", _with_word(OPENING.encode(), 7, 32 * 9)),
        ("an offset beyond the end", _with_word(OPENING.encode(), 7, 2**255)),
        ("a path that has no end", _with_word(OPENING.encode(), 8, 32 * 5)),
        ("a path of 33 steps", replace(OPENING, path=(Digest(bytes(32)),) * 33).encode()),
        ("a scheme that is no text", OPENING.encode().replace(b"deepsigns", b"deep\xff\xffgns")),
        (
            "evidence with dirty padding",
            replace(OPENING, evidence=b"e").encode().replace(b"e" + bytes(31), b"e" + b"!" * 31),
        ),
    ],
)
def test_opening_decode__refuses(what: str, data: bytes) -> None:
    with pytest.raises(BadOpening):
        Opening.decode(data)
