"""A court, members and a keyed round of a dispute between nobody in particular."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from eth_utils.address import to_checksum_address

from protocol.committee import committee_hash
from protocol.court import Court
from protocol.types import (
    Address,
    BlobRef,
    ClaimId,
    Digest,
    Dispute,
    DisputeId,
    Member,
    Place,
    SeatId,
)


def address(number: int) -> Address:
    """An address that is easy to tell from others."""
    return Address(to_checksum_address(number.to_bytes(20, "big")))


def digest(number: int) -> Digest:
    """A digest that is easy to tell from others."""
    return Digest(number.to_bytes(32, "big"))


COURT = Court(31337, address(1), address(2), address(3))


def seat(
    place: int, bls_key: bytes, *, operator: Address | None = None, envelope_key: bytes = bytes(32)
) -> Member:
    """The member at `place`, listening where nobody is."""
    return Member(
        place=Place(place),
        seat_id=SeatId(place),
        operator=operator or address(100 + place),
        bls_key=bls_key,
        envelope_key=envelope_key,
        endpoint=f"http://127.0.0.1:{9000 + place}",
    )


def keyed_dispute(committee: Sequence[Member], **changes: Any) -> Dispute:
    """A round that waits for the commitments of `committee`."""
    mirrors = ("http://127.0.0.1:8600",)
    dispute = Dispute(
        id=DisputeId(digest(11)),
        claim_id=ClaimId(digest(12)),
        commitment=digest(13),
        shard_count=4,
        beacon=digest(14),
        owner=address(4),
        suspect=BlobRef(digest(15), 1000, mirrors),
        round=0,
        in_reference_mode=False,
        shard=0,
        seed=digest(16),
        committee=tuple(committee),
        committee_hash=committee_hash([member.bls_key for member in committee]),
        envelope=BlobRef(digest(17), 1000, mirrors),
        seal_deadline=2_000_000_000,
        seal_window=60,
    )
    return replace(dispute, **changes)
