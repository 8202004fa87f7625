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
MAX_VOTE_BYTES: Final = 4096
"""A vote is 300 bytes of hex in a small JSON object; ten times that is room enough."""
MAX_COMMITTEE: Final = 255
"""Places are a uint8, and a bitmap has 256 bits."""
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
    FINAL = 4
    VOID = 5
    FORFEIT = 6


@dataclass(frozen=True, slots=True)
class Court:
    """One deployment: what every digest of the protocol is bound to."""

    chain_id: int
    claim_registry: Address
    verifier_registry: Address
    dispute_manager: Address


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
    """A keyed dispute as read from the chain at one block: all a member needs to do its duty."""

    id: DisputeId
    claim_id: ClaimId
    commitment: Digest
    beacon: Digest
    owner: Address
    suspect: BlobRef
    """The manifest's digest, the size of the whole package, its mirrors."""
    shard: int
    round: int
    seed: Digest
    committee: tuple[Member, ...]
    committee_hash: Digest
    envelope: BlobRef
    vote_deadline: int
    """Unix seconds, by the chain's clock."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the chain recorded."""

    dispute_id: DisputeId
    state: State
    outcome: Outcome | None
    """None unless `state` is FINAL."""
    signers: tuple[Place, ...]
    submitter: Address | None
    transaction: bytes
    block: int


@dataclass(frozen=True, slots=True)
class CourtParameters:
    """What a court is deployed with; every dispute in it obeys the same."""

    committee_size: int
    """n = 3f + 1."""
    draw_delay_blocks: int
    key_window_s: int
    vote_window_s: int
    challenge_bond_wei: int
    challenge_fee_wei: int
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


@dataclass(frozen=True, slots=True)
class DisputeRecord:
    """A dispute at any stage, as the contract holds it; `Dispute` is what a member works from."""

    id: DisputeId
    owner: Address
    state: State
    outcome: Outcome | None
    round: int
    shard: int
    opened_block: int
    seed_block: int
    deadline: int | None
    """Unix seconds: for the envelope while DRAWN, for the verdict once KEYED; None while OPEN."""
    claim_id: ClaimId
    model: ModelDigest
    seed: Digest | None
    envelope_digest: Digest | None
    signers: tuple[Place, ...]
