"""What verifiers sign, send each other and bring to the chain (SPEC 2, 5.3), as frozen values.

They know their own digests and their own wire forms. A `Vote` holds what a peer claims, within the
bounds of its types; whether its place, round and outcome make sense is for `gossip.validate_vote`
to say, in the order of SPEC 5.4.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from typing import Any, Final

from eth_utils.crypto import keccak

from .court import Court
from .encoding import hash_struct, typed_digest
from .errors import Reject
from .types import Address, Digest, Dispute, DisputeId, Outcome, Place

POSSESSION_TYPE: Final = "Possession(address operator,bytes32 blsKeyHash)"
SEALED_VOTE_TYPE: Final = (
    "SealedVote(bytes32 disputeId,uint8 round,uint8 place,uint8 outcome,bytes32 salt)"
)
COMMITMENT_TYPE: Final = "Commitment(bytes32 disputeId,uint8 round,uint8 place,bytes32 commitment)"
SEAL_TYPE: Final = (
    "Seal(bytes32 disputeId,uint8 round,bytes32 root,uint64 voters,bytes32 committeeHash)"
)
VOTE_TYPE: Final = (
    "Vote(bytes32 disputeId,uint8 round,uint8 outcome,bytes32 envelopeDigest,bytes32 committeeHash)"
)

DIGEST_BYTES: Final = 32
SIGNATURE_BYTES: Final = 256


def possession_digest(operator: Address, bls_key: bytes, court: Court) -> Digest:
    """What a new verifier signs with its BLS key to prove that it holds it."""
    return typed_digest(
        POSSESSION_TYPE,
        (operator, keccak(bls_key)),
        chain_id=court.chain_id,
        contract=court.verifier_registry,
    )


def sealed_commitment(
    dispute_id: DisputeId, round_: int, place: int, outcome: int, salt: bytes
) -> Digest:
    """What a member shows of its vote before the seal: the leaf of its place (SPEC 5.3)."""
    return hash_struct(SEALED_VOTE_TYPE, (dispute_id, round_, place, outcome, salt))


def commitment_digest(dispute: Dispute, place: int, commitment: Digest, court: Court) -> Digest:
    """What a member signs when it sends its commitment to the others."""
    values = (dispute.id, dispute.round, place, commitment)
    return typed_digest(
        COMMITMENT_TYPE, values, chain_id=court.chain_id, contract=court.dispute_manager
    )


def seal_digest(dispute: Dispute, root: Digest, voters: int, court: Court) -> Digest:
    """What a member signs to fix which votes there are."""
    values = (dispute.id, dispute.round, root, voters, dispute.committee_hash)
    return typed_digest(SEAL_TYPE, values, chain_id=court.chain_id, contract=court.dispute_manager)


def vote_digest(dispute: Dispute, outcome: int, court: Court) -> Digest:
    """What a member signs to vote for `outcome` in the dispute's round."""
    values = (dispute.id, dispute.round, outcome, dispute.envelope.digest, dispute.committee_hash)
    return typed_digest(VOTE_TYPE, values, chain_id=court.chain_id, contract=court.dispute_manager)


@dataclass(frozen=True, slots=True)
class Commitment:
    """A member's hidden vote, as a peer passed it on."""

    dispute_id: DisputeId
    round: int
    place: Place
    commitment: Digest
    signature: bytes


@dataclass(frozen=True, slots=True)
class Seal:
    """A member's signature on the root over the commitments it holds, as a peer passed it on."""

    dispute_id: DisputeId
    round: int
    place: Place
    root: Digest
    voters: int
    """A bitmap: the places with a commitment under the root."""
    signature: bytes


@dataclass(frozen=True, slots=True)
class Vote:
    """A member's signature on an outcome, with the salt of its commitment, as a peer passed it."""

    dispute_id: DisputeId
    round: int
    place: Place
    outcome: int
    """An `Outcome` once the vote is validated."""
    salt: bytes
    signature: bytes


Message = Commitment | Seal | Vote
"""What members send each other."""


def message_to_json(message: Message) -> dict[str, str | int]:
    """The message as peers send it."""
    document: dict[str, str | int] = {"kind": type(message).__name__.lower()}
    for each in fields(message):
        value = getattr(message, each.name)
        document[each.name] = value.hex() if isinstance(value, bytes) else int(value)
    return document


def message_from_json(document: object) -> Message:
    """The message in a parsed JSON document.

    Raises:
        Reject: the document is not of the one accepted form.
    """
    if not isinstance(document, dict) or document.get("kind") not in list(_MESSAGES):
        raise Reject(f"a message is a JSON object of kind {', '.join(_MESSAGES)}")
    kind = _MESSAGES[document["kind"]]
    names = {each.name for each in fields(kind)}
    if document.keys() != names | {"kind"}:
        raise Reject(f"a {document['kind']} has the keys {', '.join(sorted(names))} and no others")
    return kind(**{name: _read_field(document, name) for name in names})


_MESSAGES: Final[dict[str, type[Message]]] = {
    kind.__name__.lower(): kind for kind in (Commitment, Seal, Vote)
}
_BYTES: Final = {
    "dispute_id": DIGEST_BYTES,
    "commitment": DIGEST_BYTES,
    "root": DIGEST_BYTES,
    "salt": DIGEST_BYTES,
    "signature": SIGNATURE_BYTES,
}
_BITS: Final = {"round": 8, "place": 8, "outcome": 8, "voters": 64}


def _read_field(document: dict[str, Any], name: str) -> Any:
    value = document[name]
    if name in _BYTES:
        length = _BYTES[name]
        if not isinstance(value, str) or not re.fullmatch(f"[0-9a-f]{{{2 * length}}}", value):
            raise Reject(f"{name} is not {length} bytes of lower-case hex")
        return bytes.fromhex(value)
    if type(value) is not int or not 0 <= value < 1 << _BITS[name]:
        raise Reject(f"{name} is not a number of {_BITS[name]} bits")
    return value


@dataclass(frozen=True, slots=True)
class SealCertificate:
    """A quorum's signatures on one root, aggregated: what `seal` takes."""

    dispute_id: DisputeId
    round: int
    root: Digest
    voters: int
    signers: int
    """Bitmaps."""
    signature: bytes


@dataclass(frozen=True, slots=True)
class Certificate:
    """A quorum of opened votes for one outcome, aggregated: what `settle` takes.

    It shows the minority's votes too, so that nobody pays for them as withheld.
    """

    dispute_id: DisputeId
    round: int
    outcome: Outcome
    outcomes: tuple[int, ...]
    """For each place what it voted for; 0 where no vote is opened."""
    openings: tuple[bytes, ...]
    """For each place the salt of an opened vote, else its leaf under the chain's root."""
    signature: bytes
    """The sum over all who voted for `outcome`."""

    @property
    def signers(self) -> tuple[Place, ...]:
        """The places whose votes are in the sum."""
        return tuple(
            Place(place) for place, voted in enumerate(self.outcomes) if voted == self.outcome
        )


def places_of(bitmap: int) -> tuple[Place, ...]:
    """The places whose bits are set, in order."""
    return tuple(Place(place) for place in range(bitmap.bit_length()) if bitmap >> place & 1)
