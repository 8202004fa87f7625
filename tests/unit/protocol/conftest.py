"""A court, a committee whose secrets are known, and the golden vectors."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from protocol import bls
from protocol.messages import Vote, vote_digest
from protocol.types import Court, Dispute, Place
from tests.support.factories import COURT, keyed_dispute, seat

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
