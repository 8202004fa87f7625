"""A court, a committee whose secrets are known, and the golden vectors."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from eth_utils.address import to_checksum_address

from protocol import bls
from protocol.committee import committee_hash
from protocol.messages import Vote, vote_digest
from protocol.types import (
    Address,
    BlobRef,
    ClaimId,
    Court,
    Digest,
    Dispute,
    DisputeId,
    Member,
    Place,
    SeatId,
)

VECTORS = Path(__file__).parents[2] / "vectors"


@dataclass(frozen=True)
class Committee:
    """A keyed dispute and the BLS secrets of its members, in order of place."""

    dispute: Dispute
    secrets: tuple[int, ...]
    court: Court

    def vote(self, place: int, outcome: int) -> Vote:
        """The vote of one member."""
        digest = vote_digest(self.dispute, outcome, self.court)
        signature = bls.sign(self.secrets[place], digest, bls.VOTE_TAG)
        return Vote(self.dispute.id, self.dispute.round, Place(place), outcome, signature)


def address(number: int) -> Address:
    return Address(to_checksum_address(number.to_bytes(20, "big")))


def digest(number: int) -> Digest:
    return Digest(number.to_bytes(32, "big"))


@pytest.fixture(scope="session")
def court() -> Court:
    return Court(31337, address(1), address(2), address(3))


@pytest.fixture(scope="session")
def seat_committee(court: Court) -> Callable[[int], Committee]:
    def seat(size: int) -> Committee:
        secrets = tuple(range(1000, 1000 + size))
        members = tuple(
            Member(
                Place(place),
                SeatId(place),
                address(100 + place),
                bls.public_key(secret),
                bytes(32),
                f"http://node{place}",
            )
            for place, secret in enumerate(secrets)
        )
        dispute = Dispute(
            id=DisputeId(digest(11)),
            claim_id=ClaimId(digest(12)),
            commitment=digest(13),
            beacon=digest(14),
            owner=address(4),
            suspect=BlobRef(digest(15), 1000, ("http://mirror",)),
            shard=0,
            round=0,
            seed=digest(16),
            committee=members,
            committee_hash=committee_hash([member.bls_key for member in members]),
            envelope=BlobRef(digest(17), 1000, ("http://mirror",)),
            vote_deadline=2_000_000_000,
        )
        return Committee(dispute, secrets, court)

    return seat


@pytest.fixture(scope="session")
def four(seat_committee: Callable[[int], Committee]) -> Committee:
    return seat_committee(4)


@pytest.fixture(scope="session")
def digests() -> Any:
    return json.loads((VECTORS / "digests.json").read_text(), object_hook=_bytes_of_hex)


@pytest.fixture(scope="session")
def points() -> Any:
    return json.loads((VECTORS / "bls.json").read_text(), object_hook=_bytes_of_hex)


def _bytes_of_hex(entries: dict[str, Any]) -> dict[str, Any]:
    """Addresses stay the strings they are everywhere."""
    return {name: _value(value) for name, value in entries.items()}


def _value(value: Any) -> Any:
    if isinstance(value, list):
        return [_value(each) for each in value]
    if isinstance(value, str) and value.startswith("0x") and len(value) != 42:
        return bytes.fromhex(value[2:].rjust(len(value[2:]) + len(value) % 2, "0"))
    return value
