"""A court, a committee whose secrets are known, and the golden vectors."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from protocol import bls
from protocol.commitments import votes_root
from protocol.court import Court
from protocol.keys import derive_salt
from protocol.messages import (
    Commitment,
    Seal,
    Vote,
    commitment_digest,
    seal_digest,
    sealed_commitment,
    vote_digest,
)
from protocol.types import Digest, Dispute, Place
from tests.support.factories import COURT, keyed_dispute, seat

VECTORS = Path(__file__).parents[2] / "vectors"


@dataclass(frozen=True)
class Committee:
    """A keyed round and the BLS secrets of its members, in order of place."""

    dispute: Dispute
    secrets: tuple[int, ...]
    court: Court

    def leaf(self, place: int, outcome: int) -> Digest:
        """What one member commits to."""
        salt = derive_salt(self.secrets[place], self.dispute.id, self.dispute.round)
        return sealed_commitment(self.dispute.id, self.dispute.round, place, outcome, salt)

    def leaves(self, outcomes: Mapping[int, int]) -> tuple[Digest, ...]:
        """What is sealed if these places committed to these outcomes, and the others to none."""
        return tuple(
            self.leaf(place, outcomes[place]) if place in outcomes else Digest(bytes(32))
            for place in range(len(self.secrets))
        )

    def commitment(self, place: int, outcome: int) -> Commitment:
        """The commitment of one member."""
        leaf = self.leaf(place, outcome)
        digest = commitment_digest(self.dispute, place, leaf, self.court)
        signature = bls.sign(self.secrets[place], digest, bls.SEAL_TAG)
        return Commitment(self.dispute.id, self.dispute.round, Place(place), leaf, signature)

    def seal(self, place: int, leaves: Sequence[Digest]) -> Seal:
        """The seal of one member on leaves."""
        root, voters = votes_root(leaves), sum(any(leaf) << at for at, leaf in enumerate(leaves))
        digest = seal_digest(self.dispute, root, voters, self.court)
        signature = bls.sign(self.secrets[place], digest, bls.SEAL_TAG)
        return Seal(self.dispute.id, self.dispute.round, Place(place), root, voters, signature)

    def vote(self, place: int, outcome: int) -> Vote:
        """The vote of one member."""
        salt = derive_salt(self.secrets[place], self.dispute.id, self.dispute.round)
        digest = vote_digest(self.dispute, outcome, self.court)
        signature = bls.sign(self.secrets[place], digest, bls.VOTE_TAG)
        return Vote(self.dispute.id, self.dispute.round, Place(place), outcome, salt, signature)


@pytest.fixture(scope="session")
def court() -> Court:
    return COURT


@pytest.fixture(scope="session")
def seat_committee(court: Court) -> Callable[[int], Committee]:
    def sit(size: int) -> Committee:
        secrets = tuple(range(1000, 1000 + size))
        members = [seat(place, bls.public_key(secret)) for place, secret in enumerate(secrets)]
        dispute = keyed_dispute(members)
        return Committee(dispute, secrets, court)

    return sit


@pytest.fixture(scope="session")
def four(seat_committee: Callable[[int], Committee]) -> Committee:
    return seat_committee(4)


@pytest.fixture(scope="session")
def digests() -> Any:
    return json.loads((VECTORS / "digests.json").read_text(), object_hook=_bytes_of_hex)


@pytest.fixture(scope="session")
def vector_court(digests: Any) -> Court:
    """The court of the vectors."""
    names = ("chainId", "claimRegistry", "verifierRegistry", "disputeManager")
    return Court(*(digests[name] for name in names))


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
