"""What is committed, shown, signed and certified (SPEC 2, 4.5, 5.3), as frozen values.

They know their own digests and their own wire forms. A `Vote` holds what a peer claims, within the
bounds of its types; whether its place, round and outcome make sense is for `gossip.validate_vote`
to say, in the order of SPEC 5.3. Merkle paths are the business of `commitments`.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import Any, Final, Self

from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from .encoding import WORD_BYTES, hash_struct, tail, typed_digest, word
from .errors import BadOpening, Reject
from .types import (
    MAX_PATH,
    Address,
    ClaimId,
    Court,
    Digest,
    Dispute,
    DisputeId,
    ModelDigest,
    Outcome,
    Place,
)

SHARD_TYPE: Final = "Shard(uint32 index,bytes32 seedHash,bytes32 evidenceDigest)"
CLAIM_TYPE: Final = (
    "Claim(address owner,string scheme,uint16 level,uint32 shardCount,bytes32 shardsRoot)"
)
POSSESSION_TYPE: Final = "Possession(address operator,bytes32 blsKeyHash)"
VOTE_TYPE: Final = (
    "Vote(bytes32 disputeId,uint8 round,uint8 outcome,bytes32 envelopeDigest,bytes32 committeeHash)"
)

DIGEST_BYTES: Final = 32
SIGNATURE_BYTES: Final = 256


@dataclass(frozen=True, slots=True)
class Shard:
    """One leaf of a claim."""

    index: int
    seed_hash: Digest
    evidence_digest: Digest

    def hash(self) -> Digest:
        """The EIP-712 hashStruct."""
        return hash_struct(SHARD_TYPE, (self.index, self.seed_hash, self.evidence_digest))


@dataclass(frozen=True, slots=True)
class Claim:
    """What an owner commits to: everything but the message."""

    owner: Address
    scheme: str
    level: int
    shard_count: int
    shards_root: Digest

    def commitment(self, court: Court) -> Digest:
        """The digest that goes on chain."""
        return typed_digest(
            CLAIM_TYPE,
            (self.owner, self.scheme, self.level, self.shard_count, self.shards_root),
            chain_id=court.chain_id,
            contract=court.claim_registry,
        )


def claim_id(owner: Address, commitment: Digest) -> ClaimId:
    """The name of `owner`'s claim (SPEC 2.2)."""
    return ClaimId(keccak(encode(["address", "bytes32"], [owner, commitment])))


def dispute_id(court: Court, claim: ClaimId, model: ModelDigest, shard: int) -> DisputeId:
    """The name of a dispute (SPEC 2.2)."""
    return DisputeId(
        keccak(
            encode(
                ["uint256", "address", "bytes32", "bytes32", "uint32"],
                [court.chain_id, court.dispute_manager, claim, model, shard],
            )
        )
    )


def possession_digest(operator: Address, bls_key: bytes, court: Court) -> Digest:
    """What a new verifier signs with its BLS key to prove that it holds it."""
    return typed_digest(
        POSSESSION_TYPE,
        (operator, keccak(bls_key)),
        chain_id=court.chain_id,
        contract=court.verifier_registry,
    )


_CLAIM_TYPES: Final = ["address", "string", "uint16", "uint32", "bytes32"]
_OPENING_TYPES: Final = [*_CLAIM_TYPES, "uint32", "bytes32", "bytes", "bytes32[]"]
_OPENING_HEAD: Final = [
    "uint256" if kind in {"string", "bytes", "bytes32[]"} else kind for kind in _OPENING_TYPES
]
"""The fixed part, which holds an offset in place of each field of variable length."""


@dataclass(frozen=True, slots=True)
class Opening:
    """What an owner shows a committee: the claim, and one of its shards (SPEC 4.5)."""

    claim: Claim
    index: int
    seed: bytes = field(repr=False)
    evidence: bytes = field(repr=False)
    path: tuple[Digest, ...]

    def shard(self) -> Shard:
        """The leaf this opening claims to be."""
        evidence_digest = Digest(hashlib.sha256(self.evidence).digest())
        return Shard(self.index, Digest(keccak(self.seed)), evidence_digest)

    def encode(self) -> bytes:
        """The ABI encoding."""
        claim = self.claim
        fields = (claim.owner, claim.scheme, claim.level, claim.shard_count, claim.shards_root)
        return encode(_OPENING_TYPES, (*fields, self.index, self.seed, self.evidence, self.path))

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """The opening that encodes to exactly `data`.

        Raises:
            BadOpening: there is none.
        """
        try:
            head = decode(_OPENING_HEAD, data[: len(_OPENING_HEAD) * WORD_BYTES])
            owner, scheme_at, level, shard_count, root, index, seed, evidence_at, path_at = head
            claim = Claim(
                Address(to_checksum_address(owner)),
                tail(data, scheme_at).decode(),
                level,
                shard_count,
                Digest(root),
            )
        except (DecodingError, UnicodeDecodeError) as error:
            raise BadOpening(f"not the ABI encoding of an opening ({error})") from error
        steps = word(data, path_at)
        if steps > MAX_PATH:
            raise BadOpening(f"a path of {steps} steps, of at most {MAX_PATH}")
        starts = range(path_at + WORD_BYTES, path_at + WORD_BYTES * (steps + 1), WORD_BYTES)
        path = tuple(Digest(data[start : start + WORD_BYTES]) for start in starts)
        opening = cls(claim, index, seed, tail(data, evidence_at), path)
        if opening.encode() != data:
            raise BadOpening("not the canonical ABI encoding")
        return opening


def vote_digest(dispute: Dispute, outcome: int, court: Court) -> Digest:
    """What a member signs to vote for `outcome` in the dispute's present round."""
    values = (dispute.id, dispute.round, outcome, dispute.envelope.digest, dispute.committee_hash)
    return typed_digest(VOTE_TYPE, values, chain_id=court.chain_id, contract=court.dispute_manager)


@dataclass(frozen=True, slots=True)
class Vote:
    """One member's signature on an outcome, as a peer passed it on."""

    dispute_id: DisputeId
    round: int
    place: Place
    outcome: int
    """An `Outcome` once the vote is validated."""
    signature: bytes

    def to_json(self) -> dict[str, str | int]:
        """The vote as peers send it."""
        return {
            "disputeId": self.dispute_id.hex(),
            "round": self.round,
            "place": self.place,
            "outcome": int(self.outcome),
            "signature": self.signature.hex(),
        }

    @classmethod
    def from_json(cls, message: object) -> Self:
        """The vote in a parsed JSON document.

        Raises:
            Reject: the document is not of the one accepted form.
        """
        if not isinstance(message, dict):
            raise Reject("a vote is a JSON object")
        names = {"disputeId", "round", "place", "outcome", "signature"}
        if message.keys() != names:
            raise Reject(f"a vote has the keys {', '.join(sorted(names))} and no others")
        return cls(
            DisputeId(_hex(message, "disputeId", DIGEST_BYTES)),
            _uint8(message, "round"),
            Place(_uint8(message, "place")),
            _uint8(message, "outcome"),
            _hex(message, "signature", SIGNATURE_BYTES),
        )


@dataclass(frozen=True, slots=True)
class Certificate:
    """A quorum of votes for one outcome, aggregated: what `settle` takes."""

    dispute_id: DisputeId
    round: int
    outcome: Outcome
    bitmap: int
    """Bit i is place i."""
    signature: bytes

    @property
    def signers(self) -> tuple[Place, ...]:
        """The places whose votes are in the sum."""
        return places_of(self.bitmap)


def places_of(bitmap: int) -> tuple[Place, ...]:
    """The places whose bits are set, in order."""
    return tuple(Place(place) for place in range(bitmap.bit_length()) if bitmap >> place & 1)


def _hex(message: dict[str, Any], name: str, length: int) -> bytes:
    value = message[name]
    if not isinstance(value, str) or not re.fullmatch(f"[0-9a-f]{{{2 * length}}}", value):
        raise Reject(f"{name} is not {length} bytes of lower-case hex")
    return bytes.fromhex(value)


def _uint8(message: dict[str, Any], name: str) -> int:
    value = message[name]
    if type(value) is not int or not 0 <= value <= 255:
        raise Reject(f"{name} is not a number in 0..255")
    return value
