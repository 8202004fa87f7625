"""Digests against the vectors, and the wire form against whoever sends it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from protocol.court import Court
from protocol.errors import Reject
from protocol.messages import (
    Certificate,
    commitment_digest,
    message_from_json,
    message_to_json,
    places_of,
    possession_digest,
    seal_digest,
    sealed_commitment,
    vote_digest,
)
from protocol.types import MAX_MESSAGE_BYTES, BlobRef, DisputeId, Outcome


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


def test_sealed_commitment__agrees_with_the_vectors(digests: Any) -> None:
    names = ("disputeId", "round", "place", "outcome", "salt")
    for vector in digests["sealedVotes"]:
        assert sealed_commitment(*(vector[name] for name in names)) == vector["hashStruct"]


def test_commitment_digest__agrees_with_the_vectors(
    digests: Any, vector_court: Court, four: Any
) -> None:
    for vector in digests["commitments"]:
        dispute = replace(four.dispute, id=vector["disputeId"], round=vector["round"])

        digest = commitment_digest(dispute, vector["place"], vector["commitment"], vector_court)

        assert digest == vector["digest"]


def test_seal_digest__agrees_with_the_vectors(digests: Any, vector_court: Court, four: Any) -> None:
    for vector in digests["seals"]:
        dispute = replace(
            four.dispute,
            id=vector["disputeId"],
            round=vector["round"],
            committee_hash=vector["committeeHash"],
        )

        voters = int.from_bytes(vector["voters"], "big")

        assert seal_digest(dispute, vector["root"], voters, vector_court) == vector["digest"]


def message_of(kind: str, four: Any) -> Any:
    match kind:
        case "commitment":
            return four.commitment(3, Outcome.NO_MATCH)
        case "seal":
            return four.seal(3, four.leaves(dict.fromkeys(range(3), Outcome.NO_MATCH)))
        case _:
            return four.vote(3, Outcome.NO_MATCH)


@pytest.mark.parametrize("kind", ["commitment", "seal", "vote"])
def test_message__round_trips_through_json(kind: str, four: Any) -> None:
    message = message_of(kind, four)

    assert message_from_json(message_to_json(message)) == message


@pytest.mark.parametrize("kind", ["commitment", "seal", "vote"])
def test_message__is_as_small_as_peers_take(kind: str, four: Any) -> None:
    assert len(json.dumps(message_to_json(message_of(kind, four)))) < MAX_MESSAGE_BYTES


@pytest.mark.parametrize(
    ("what", "kind", "change"),
    [
        ("an unknown key", "vote", {"comment": "hello"}),
        ("the keys of another kind", "vote", {"kind": "seal"}),
        ("an unknown kind", "vote", {"kind": "Vote"}),
        ("a kind that is no text", "vote", {"kind": 5}),
        ("a kind that cannot be a key", "vote", {"kind": []}),
        ("a short dispute id", "vote", {"dispute_id": "00"}),
        ("an id with a prefix", "vote", {"dispute_id": "0x" + "00" * 31}),
        ("upper-case hex", "vote", {"dispute_id": "AA" * 32}),
        ("other digits", "vote", {"dispute_id": "\u0661" * 64}),
        ("an id that is a number", "vote", {"dispute_id": 5}),
        ("a line end after the id", "vote", {"dispute_id": "00" * 32 + "\n"}),
        ("a long signature", "vote", {"signature": "00" * 257}),
        ("a short salt", "vote", {"salt": "00" * 31}),
        ("a round that is true", "vote", {"round": True}),
        ("a round of a half", "vote", {"round": 0.5}),
        ("a negative place", "vote", {"place": -1}),
        ("a place beyond uint8", "vote", {"place": 256}),
        ("an outcome that is text", "vote", {"outcome": "1"}),
        ("no outcome", "vote", {"outcome": None}),
        ("no commitment", "commitment", {"commitment": None}),
        ("a long root", "seal", {"root": "00" * 33}),
        ("voters beyond uint64", "seal", {"voters": 1 << 64}),
        ("voters in hex", "seal", {"voters": "0x0f"}),
    ],
)
def test_message_from_json__rejects(
    what: str, kind: str, change: dict[str, Any], four: Any
) -> None:
    document = message_to_json(message_of(kind, four)) | change

    with pytest.raises(Reject):
        message_from_json(document)


@pytest.mark.parametrize(
    "document", [None, [], "vote", 7, {}, {"kind": "vote"}, {"dispute_id": "00" * 32}]
)
def test_message_from_json__rejects_what_is_no_message(document: object) -> None:
    with pytest.raises(Reject):
        message_from_json(document)


def test_certificate__names_who_voted_for_its_outcome() -> None:
    certificate = Certificate(
        DisputeId(bytes(32)), 0, Outcome.MATCH, (1, 2, 0, 1), (bytes(32),) * 4, bytes(256)
    )

    assert certificate.signers == (0, 3)


def test_places_of__reads_bits_from_the_lowest() -> None:
    assert places_of(0b1011) == (0, 1, 3)
    assert places_of(1 << 254) == (254,)
    assert places_of(0) == ()
