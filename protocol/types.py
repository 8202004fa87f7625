"""The nouns of the protocol (SPEC 1) as types, and the limits that bound what strangers may send.

Digests, seeds and keys are `bytes`; addresses are checksummed hex strings, as web3 has them. What a
court holds, stage by stage, is in `court`.
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
