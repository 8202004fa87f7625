"""One court: where it is, what it was deployed with, and what it says when asked at a block.

A record is a claim, a seat, a dispute or a round as a contract holds it, at any stage; `types` has
what a member of a committee works from.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from .types import Address, ClaimId, Digest, DisputeId, ModelDigest, Outcome, Place, SeatId, State


@dataclass(frozen=True, slots=True)
class Court:
    """One deployment: what every digest of the protocol is bound to."""

    chain_id: int
    claim_registry: Address
    verifier_registry: Address
    dispute_manager: Address
    """Where the other two are found, and Penalties and Priorities."""


@dataclass(frozen=True, slots=True)
class CourtParameters:
    """What a court is deployed with; every dispute in it obeys the same."""

    ladder: tuple[int, ...]
    """Committee sizes 3f + 1, each larger than the one before; one to four of them."""
    draw_delay_blocks: int
    draw_window_s: int
    key_window_s: int
    seal_window_s: int
    vote_window_s: int
    appeal_window_s: int
    challenge_bond_wei: int
    appeal_bond_wei: int
    member_fee_wei: int
    submitter_cap_wei: int
    withheld_penalty_wei: int
    beacon_delay_blocks: int
    verifier_bond_wei: int
    exit_delay_s: int


@dataclass(frozen=True, slots=True)
class ClaimRecord:
    """A claim as the register holds it: what was committed, and what has followed."""

    id: ClaimId
    owner: Address
    commitment: Digest
    committed_block: int
    beacon_block: int
    beacon: Digest | None
    """None until drawn."""
    bound_block: int | None
    model: ModelDigest | None
    """The marked model, once bound."""
    shard_count: int


@dataclass(frozen=True, slots=True)
class Seat:
    """One verifier's place in the register."""

    id: SeatId
    operator: Address
    bls_key: bytes
    envelope_key: bytes
    endpoint: str
    withdrawable_at: int | None
    """Unix seconds from which the bond may be taken; None while the seat is active."""
    withdrawn: bool
    bond_wei: int
    """What is left of it."""


@dataclass(frozen=True, slots=True)
class DisputeRecord:
    """A dispute at any stage, as the contract holds it; `Dispute` is what a member works from."""

    id: DisputeId
    owner: Address
    state: State
    outcome: Outcome | None
    """Of the verdict that stands, if there is one yet."""
    verdict_round: int
    round: int
    rungs: int
    appeals: int
    appellant: Address | None
    opened_block: int
    seed_block: int
    deadline: int
    claim_id: ClaimId
    model: ModelDigest


@dataclass(frozen=True, slots=True)
class RoundRecord:
    """A round at any stage, as the contract holds it; None for what has not come yet."""

    seed: Digest | None
    envelope_digest: Digest | None
    root: Digest | None
    size: int
    outcome: Outcome | None
    shard: int
    vote_deadline: int | None
    voters: int
    opened: int
    signers: int
    paid: int
    """Bitmaps: who sealed a vote, whose vote the chain has seen, who signed the certificate, who
    has collected its share of the fee."""
    pot_wei: int

    @property
    def hidden(self) -> int:
        """Whose sealed vote the chain has not seen."""
        return self.voters & ~self.opened

    @property
    def unpaid(self) -> int:
        """Who has a share to collect."""
        return self.signers & ~self.paid


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the chain recorded of a dispute: a proposed or final verdict, or an end without one."""

    dispute_id: DisputeId
    state: State
    """PROPOSED, FINAL, VOID or FORFEIT."""
    outcome: Outcome | None
    """None if VOID or FORFEIT."""
    round: int
    """Whose committee it is from; the last one, if there is no outcome."""
    signers: tuple[Place, ...]
    submitter: Address | None
    transaction: bytes
    """What recorded the outcome; what ended the dispute, if there is none."""
    block: int
    appeal_deadline: int | None
    """None unless PROPOSED."""


class Priority(IntEnum):
    """Which of two claims comes first (SPEC 5.6)."""

    FIRST = 0
    SECOND = 1
    CO_CLAIM = 2


class Standing(IntEnum):
    """What is known of a model (SPEC 5.6)."""

    UNKNOWN = 0
    REGISTERED = 1
    BOUND = 2
    FOUND = 3
    CO_CLAIM = 4


@dataclass(frozen=True, slots=True)
class Ownership:
    """Who stands behind a model (SPEC 5.6)."""

    standing: Standing
    claim_id: ClaimId | None
    owner: Address | None
