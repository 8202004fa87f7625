"""What the contracts store, as types of the protocol: zero becomes None where it says "not yet"."""

from __future__ import annotations

from typing import Any

from protocol.messages import places_of
from protocol.types import (
    Address,
    BlobRef,
    ClaimId,
    ClaimRecord,
    CourtParameters,
    Digest,
    DisputeId,
    DisputeRecord,
    ModelDigest,
    Outcome,
    Seat,
    SeatId,
    State,
)

from .rpc import Event


def claim_record(claim_id: ClaimId, claim: Any) -> ClaimRecord:
    """IClaimRegistry.Claim."""
    bound = claim.boundBlock != 0
    return ClaimRecord(
        id=claim_id,
        owner=Address(claim.owner),
        commitment=Digest(claim.commitment),
        committed_block=claim.committedBlock,
        beacon_block=claim.beaconBlock,
        beacon=_digest_or_none(claim.beacon),
        bound_block=claim.boundBlock if bound else None,
        model=ModelDigest(claim.modelDigest) if bound else None,
    )


def seat(seat_id: SeatId, stored: Any) -> Seat:
    """IVerifierRegistry.Seat."""
    return Seat(
        id=seat_id,
        operator=Address(stored.operator),
        bls_key=stored.blsKey,
        envelope_key=stored.envelopeKey,
        endpoint=stored.endpoint,
        withdrawable_at=stored.withdrawableAt or None,
        withdrawn=stored.withdrawn,
    )


def dispute_record(dispute_id: DisputeId, dispute: Any) -> DisputeRecord:
    """IDisputeManager.Dispute."""
    return DisputeRecord(
        id=dispute_id,
        owner=Address(dispute.owner),
        state=State(dispute.state),
        outcome=Outcome(dispute.outcome) if dispute.outcome else None,
        round=dispute.round,
        shard=dispute.shard,
        opened_block=dispute.openedBlock,
        seed_block=dispute.seedBlock,
        deadline=dispute.deadline or None,
        claim_id=ClaimId(dispute.claimId),
        model=ModelDigest(dispute.modelDigest),
        seed=_digest_or_none(dispute.seed),
        envelope_digest=_digest_or_none(dispute.envelopeDigest),
        signers=places_of(dispute.bitmap),
    )


def court_parameters(
    disputes: Any, *, beacon_delay: int, verifier_bond: int, exit_delay: int
) -> CourtParameters:
    """IDisputeManager.Parameters, and what the registers were deployed with."""
    return CourtParameters(
        committee_size=disputes.committeeSize,
        draw_delay_blocks=disputes.drawDelay,
        key_window_s=disputes.keyWindow,
        vote_window_s=disputes.voteWindow,
        challenge_bond_wei=disputes.bond,
        challenge_fee_wei=disputes.fee,
        beacon_delay_blocks=beacon_delay,
        verifier_bond_wei=verifier_bond,
        exit_delay_s=exit_delay,
    )


def blob(digest: bytes, size: int, event: Event) -> BlobRef:
    """A digest, and the mirrors that an event named for it."""
    return BlobRef(Digest(digest), size, tuple(event.arguments["mirrors"]))


def _digest_or_none(word: bytes) -> Digest | None:
    return Digest(word) if any(word) else None
