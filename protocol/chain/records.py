"""What the contracts store, as types of the protocol: zero becomes None where it says "not yet"."""

from __future__ import annotations

from typing import Any, Final

from protocol.court import (
    ClaimRecord,
    CourtParameters,
    DisputeRecord,
    Ownership,
    RoundRecord,
    Seat,
    Standing,
)
from protocol.types import (
    Address,
    BlobRef,
    ClaimId,
    Digest,
    DisputeId,
    ModelDigest,
    Outcome,
    SeatId,
    State,
)

from .rpc import Event

RUNGS: Final = 4
"""What the contract has room for; those that the ladder lacks are zero."""


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
        shard_count=claim.shardCount,
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
        bond_wei=stored.bond,
    )


def dispute_record(dispute_id: DisputeId, dispute: Any) -> DisputeRecord:
    """IDisputeManager.Dispute."""
    return DisputeRecord(
        id=dispute_id,
        owner=Address(dispute.owner),
        state=State(dispute.state),
        outcome=_outcome_or_none(dispute.outcome),
        verdict_round=dispute.verdictRound,
        round=dispute.round,
        rungs=dispute.rungs,
        appeals=dispute.appeals,
        appellant=_address_or_none(dispute.appellant),
        opened_block=dispute.openedBlock,
        seed_block=dispute.seedBlock,
        deadline=dispute.deadline,
        claim_id=ClaimId(dispute.claimId),
        model=ModelDigest(dispute.modelDigest),
    )


def round_record(stored: Any) -> RoundRecord:
    """IDisputeManager.Round."""
    return RoundRecord(
        seed=_digest_or_none(stored.seed),
        envelope_digest=_digest_or_none(stored.envelopeDigest),
        root=_digest_or_none(stored.root),
        size=stored.size,
        outcome=_outcome_or_none(stored.outcome),
        shard=stored.shard,
        vote_deadline=stored.voteDeadline or None,
        voters=stored.voters,
        opened=stored.opened,
        signers=stored.signers,
        paid=stored.paid,
        pot_wei=stored.pot,
    )


def ownership(answer: Any) -> Ownership:
    """What IPriorities.ownerOf answers."""
    standing, claim_id, owner = answer
    return Ownership(
        standing=Standing(standing),
        claim_id=ClaimId(claim_id) if any(claim_id) else None,
        owner=_address_or_none(owner),
    )


def court_parameters(
    disputes: Any, *, beacon_delay: int, verifier_bond: int, exit_delay: int
) -> CourtParameters:
    """IDisputeManager.Parameters, and what the registers were deployed with."""
    return CourtParameters(
        ladder=tuple(size for size in disputes.ladder if size),
        draw_delay_blocks=disputes.drawDelay,
        draw_window_s=disputes.drawWindow,
        key_window_s=disputes.keyWindow,
        seal_window_s=disputes.sealWindow,
        vote_window_s=disputes.voteWindow,
        appeal_window_s=disputes.appealWindow,
        challenge_bond_wei=disputes.bond,
        appeal_bond_wei=disputes.appealBond,
        member_fee_wei=disputes.memberFee,
        submitter_cap_wei=disputes.submitterCap,
        withheld_penalty_wei=disputes.withheldPenalty,
        beacon_delay_blocks=beacon_delay,
        verifier_bond_wei=verifier_bond,
        exit_delay_s=exit_delay,
    )


def manager_parameters(parameters: CourtParameters) -> tuple[Any, ...]:
    """IDisputeManager.Parameters, as its constructor takes them."""
    return (
        (*parameters.ladder, *[0] * (RUNGS - len(parameters.ladder))),
        parameters.draw_delay_blocks,
        parameters.draw_window_s,
        parameters.key_window_s,
        parameters.seal_window_s,
        parameters.vote_window_s,
        parameters.appeal_window_s,
        parameters.challenge_bond_wei,
        parameters.appeal_bond_wei,
        parameters.member_fee_wei,
        parameters.submitter_cap_wei,
        parameters.withheld_penalty_wei,
    )


def blob(digest: bytes, size: int, event: Event) -> BlobRef:
    """A digest, and the mirrors that an event named for it."""
    return BlobRef(Digest(digest), size, tuple(event.arguments["mirrors"]))


def _digest_or_none(word: bytes) -> Digest | None:
    return Digest(word) if any(word) else None


def _address_or_none(address: str) -> Address | None:
    return Address(address) if int(address, 16) else None


def _outcome_or_none(number: int) -> Outcome | None:
    return Outcome(number) if number else None
