"""Digests against the vectors, and the two wire forms against whoever sends them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from protocol.errors import BadOpening, Reject
from protocol.messages import (
    Claim,
    Opening,
    Shard,
    Vote,
    claim_id,
    dispute_id,
    places_of,
    possession_digest,
    vote_digest,
)
from protocol.types import Address, BlobRef, Court, Digest, Outcome

OPENING = Opening(
    claim=Claim(Address("0x" + "44" * 20), "deepsigns-v1", 64, 4, Digest(bytes([5]) * 32)),
    index=2,
    seed=bytes([6]) * 32,
    evidence=b"evidence of no particular length",
    path=(Digest(bytes([7]) * 32), Digest(bytes([8]) * 32)),
)


@pytest.fixture
def vector_court(digests: Any) -> Court:
    names = ("chainId", "claimRegistry", "verifierRegistry", "disputeManager")
    return Court(*(digests[name] for name in names))


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

    name = dispute_id(vector_court, vector["claimId"], vector["modelDigest"], vector["shard"])

    assert name == vector["disputeId"]


def test_possession_digest__agrees_with_the_vectors(digests: Any, vector_court: Court) -> None:
    vector = digests["possession"]

    assert possession_digest(vector["operator"], vector["blsKey"], vector_court) == vector["digest"]


def test_vote_digest__agrees_with_the_vectors(digests: Any, vector_court: Court, four: Any) -> None:
    assert {vote["outcome"] for vote in digests["votes"]} == set(Outcome)
    for vote in digests["votes"]:
        dispute = replace(
            four.dispute,
            id=vote["disputeId"],
            round=vote["round"],
            envelope=BlobRef(vote["envelopeDigest"], 1, ()),
            committee_hash=vote["committeeHash"],
        )

        assert vote_digest(dispute, vote["outcome"], vector_court) == vote["digest"]


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


def test_vote__round_trips_through_json(four: Any) -> None:
    vote = four.vote(3, Outcome.NO_MATCH)

    assert Vote.from_json(vote.to_json()) == vote


@pytest.mark.parametrize(
    ("what", "change"),
    [
        ("an unknown key", {"comment": "hello"}),
        ("a short dispute id", {"disputeId": "00"}),
        ("an id with a prefix", {"disputeId": "0x" + "00" * 31}),
        ("upper-case hex", {"disputeId": "AA" * 32}),
        ("other digits", {"disputeId": "\u0661" * 64}),
        ("an id that is a number", {"disputeId": 5}),
        ("a line end after the id", {"disputeId": "00" * 32 + "\n"}),
        ("a long signature", {"signature": "00" * 257}),
        ("a round that is true", {"round": True}),
        ("a round of a half", {"round": 0.5}),
        ("a negative place", {"place": -1}),
        ("a place beyond uint8", {"place": 256}),
        ("an outcome that is text", {"outcome": "1"}),
        ("no outcome", {"outcome": None}),
    ],
)
def test_vote_from_json__rejects(what: str, change: dict[str, Any], four: Any) -> None:
    document = four.vote(0, Outcome.MATCH).to_json() | change

    with pytest.raises(Reject):
        Vote.from_json(document)


@pytest.mark.parametrize("document", [None, [], "vote", 7, {}, {"disputeId": "00" * 32}])
def test_vote_from_json__rejects_what_is_no_vote(document: object) -> None:
    with pytest.raises(Reject):
        Vote.from_json(document)


def test_places_of__reads_bits_from_the_lowest() -> None:
    assert places_of(0b1011) == (0, 1, 3)
    assert places_of(1 << 254) == (254,)
    assert places_of(0) == ()


def test_shard__is_hashed_with_its_index() -> None:
    shard = OPENING.shard()

    assert shard.hash() != Shard(3, shard.seed_hash, shard.evidence_digest).hash()
