"""A court, a committee of four with real keys, and a dispute between nobody in particular."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from eth_account import Account

from node.journal import Identity
from node.keystore import NodeKeys
from protocol.committee import committee_hash
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


@pytest.fixture
def court() -> Court:
    return Court(
        chain_id=31337,
        claim_registry=Address("0x" + "11" * 20),
        verifier_registry=Address("0x" + "22" * 20),
        dispute_manager=Address("0x" + "33" * 20),
    )


@pytest.fixture(scope="session")
def keys() -> tuple[NodeKeys, ...]:
    return tuple(
        NodeKeys(account=Account.from_key(bytes([number]) * 32), bls_secret=1000 + number)
        for number in range(1, 5)
    )


@pytest.fixture
def identity(court: Court, keys: tuple[NodeKeys, ...]) -> Identity:
    return Identity.of(court, keys[0].bls_key)


@pytest.fixture
def dispute(keys: tuple[NodeKeys, ...]) -> Dispute:
    members = tuple(
        Member(
            place=Place(place),
            seat_id=SeatId(place + 1),
            operator=Address(one.account.address),
            bls_key=one.bls_key,
            envelope_key=one.envelope_key,
            endpoint=f"http://127.0.0.1:{9000 + place}",
        )
        for place, one in enumerate(keys)
    )
    return Dispute(
        id=DisputeId(b"\xd1" * 32),
        claim_id=ClaimId(b"\xc1" * 32),
        commitment=Digest(b"\xc2" * 32),
        beacon=Digest(b"\xbe" * 32),
        owner=Address(Account.from_key(b"\x0f" * 32).address),
        suspect=BlobRef(Digest(b"\x5a" * 32), 1000, ()),
        shard=2,
        round=0,
        seed=Digest(b"\x5e" * 32),
        committee=members,
        committee_hash=committee_hash([member.bls_key for member in members]),
        envelope=BlobRef(Digest(b"\xe5" * 32), 1000, ()),
        vote_deadline=2_000_000_000,
    )


@pytest.fixture
def at_endpoints() -> Callable[[Dispute, list[str]], Dispute]:
    """The dispute with its members at other addresses."""

    def move(dispute: Dispute, endpoints: list[str]) -> Dispute:
        committee = tuple(
            replace(member, endpoint=endpoint)
            for member, endpoint in zip(dispute.committee, endpoints, strict=True)
        )
        return replace(dispute, committee=committee)

    return move
