"""The nouns of the protocol (SPEC 1) as types, and the limits that bound what strangers may send.

Digests, seeds and keys are `bytes`; addresses are checksummed hex strings, as web3 has them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final, NewType

Address = NewType("Address", str)
Digest = NewType("Digest", bytes)
"""32 bytes: a sha256 or keccak-256, as the field's name or SPEC 2 says."""
ClaimId = NewType("ClaimId", bytes)
DisputeId = NewType("DisputeId", bytes)
ModelDigest = NewType("ModelDigest", bytes)
Place = NewType("Place", int)
"""A member's position in the committee, 0..n-1."""
SeatId = NewType("SeatId", int)

MAX_MANIFEST_BYTES: Final = 64 * 1024
MAX_PACKAGE_FILES: Final = 64
MAX_ENVELOPE_BYTES: Final = 256 * 1024 * 1024
MAX_MESSAGE_BYTES: Final = 4096
"""A message between members is 350 bytes of hex in a small JSON object; ten times that is room."""
MAX_COMMITTEE: Final = 61
"""The last rung of the ladder; a bitmap has 64 bits."""
MAX_SHARDS: Final = 256
"""A claim's burnt shards are the bits of one word."""
MAX_APPEALS: Final = 2
MAX_PATH: Final = 32
"""A claim has fewer than 2^32 shards, so a path to its root has at most 32 steps."""
MIN_LEVEL: Final = 40
"""A claim at level 0 would match every model: no verdict is worth more than its level."""


class Outcome(IntEnum):
    """What a vote may say; the numbers are those of the contract."""

    MATCH = 1
    NO_MATCH = 2
    INCONCLUSIVE = 3
    BAD_KEY = 4
    UNAVAILABLE = 5
    UNSUPPORTED = 6


class State(IntEnum):
    """Where a dispute stands (SPEC 5); the numbers are those of the contract."""

    NONE = 0
    OPEN = 1
    DRAWN = 2
    KEYED = 3
    SEALED = 4
    PROPOSED = 5
    FINAL = 6
    VOID = 7
    FORFEIT = 8

    @property
    def is_end(self) -> bool:
        """Whether nothing follows."""
        return self >= State.FINAL


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
class Court:
    """One deployment: what every digest of the protocol is bound to."""

    chain_id: int
    claim_registry: Address
    verifier_registry: Address
    dispute_manager: Address
    """Where the other two are found, and Penalties and Priorities."""


@dataclass(frozen=True, slots=True)
class BlobRef:
    """Bytes somewhere on the network: their sha256, their size, and who says they have them."""

    digest: Digest
    size: int
    mirrors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Member:
    """A seat as the committee sees it."""

    place: Place
    seat_id: SeatId
    operator: Address
    bls_key: bytes
    """G1, 128 bytes, EIP-2537."""
    envelope_key: bytes
    """X25519, 32 bytes."""
    endpoint: str


@dataclass(frozen=True, slots=True)
class Dispute:
    """A keyed round of a dispute, as read from the chain at one block: all that a member of its
    committee needs to do its duty. Nothing in it changes while the round lasts."""

    id: DisputeId
    claim_id: ClaimId
    commitment: Digest
    shard_count: int
    beacon: Digest
    owner: Address
    suspect: BlobRef
    """The manifest's digest, the size of the whole package, its mirrors."""
    round: int
    in_reference_mode: bool
    """Whether the round was appealed for (SPEC 5)."""
    shard: int
    seed: Digest
    committee: tuple[Member, ...]
    committee_hash: Digest
    envelope: BlobRef
    seal_deadline: int
    """Unix seconds, by the chain's clock; so are all deadlines."""
    seal_window: int
    """Seconds: how long the committee had, when it got its envelope, to come to a seal."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """The seal that the chain accepted."""

    root: Digest
    voters: int
    """A bitmap: whose commitments are in it."""
    vote_deadline: int


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
    """Bitmaps."""
    pot_wei: int


@dataclass(frozen=True, slots=True)
class Ownership:
    """Who stands behind a model (SPEC 5.6)."""

    standing: Standing
    claim_id: ClaimId | None
    owner: Address | None
