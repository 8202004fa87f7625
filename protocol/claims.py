"""What an owner commits to, and what it shows a committee of that (SPEC 2, 4.5), as frozen values.

They know their own digests and names, and the wire form that an envelope seals. Trees and paths are
the business of `commitments`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Final, Self

from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from .court import Court
from .encoding import WORD_BYTES, hash_struct, tail, typed_digest, word
from .errors import BadOpening
from .types import MAX_PATH, Address, ClaimId, Digest, DisputeId, ModelDigest

SHARD_TYPE: Final = "Shard(uint32 index,bytes32 seedHash,bytes32 evidenceDigest)"
CLAIM_TYPE: Final = (
    "Claim(address owner,string scheme,uint16 level,uint32 shardCount,bytes32 shardsRoot)"
)

_CLAIM_TYPES: Final = ["address", "string", "uint16", "uint32", "bytes32"]
_OPENING_TYPES: Final = [*_CLAIM_TYPES, "uint32", "bytes32", "bytes", "bytes32[]"]
_OPENING_HEAD: Final = [
    "uint256" if kind in {"string", "bytes", "bytes32[]"} else kind for kind in _OPENING_TYPES
]
"""The fixed part, which holds an offset in place of each field of variable length."""


@dataclass(frozen=True, slots=True)
class Shard:
    """One leaf of a claim."""

    index: int
    seed_hash: Digest
    evidence_digest: Digest

    @classmethod
    def of(cls, index: int, seed: bytes, evidence: bytes) -> Self:
        """The leaf that hides this seed and this evidence."""
        return cls(index, Digest(keccak(seed)), Digest(hashlib.sha256(evidence).digest()))

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


def dispute_id(court: Court, claim: ClaimId, model: ModelDigest, number: int) -> DisputeId:
    """The name of the claim's dispute `number`, counted from 0 (SPEC 2.2)."""
    return DisputeId(
        keccak(
            encode(
                ["uint256", "address", "bytes32", "bytes32", "uint256"],
                [court.chain_id, court.dispute_manager, claim, model, number],
            )
        )
    )


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
        return Shard.of(self.index, self.seed, self.evidence)

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
