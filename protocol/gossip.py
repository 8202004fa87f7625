"""What is done with a message from a peer: the rules of SPEC 5.4, one check each, in their order.

[REJECT] is the sender's fault and may be held against it; [IGNORE] is nobody's. A message that
passes goes to the round's pools, which is where two messages of one place meet. Whether the round
is in a state for the message is for the caller: who has no pool for it ignores it.
"""

from __future__ import annotations

from . import bls
from .court import Court
from .errors import Ignore, InvalidSignature, Reject
from .messages import (
    Commitment,
    Message,
    Seal,
    Vote,
    commitment_digest,
    seal_digest,
    vote_digest,
)
from .pool import VotePool
from .types import Digest, Dispute, Outcome


def validate_commitment(
    message: Commitment, dispute: Dispute, *, seen: set[Message], court: Court
) -> None:
    """Check a peer's commitment, and mark it as seen. It does one pairing.

    Raises:
        Reject: it breaks a rule.
        Ignore: it is of no use now.
    """
    _validate_round(message, dispute)
    _validate_place(message, dispute)
    _validate_unseen(message, seen)
    digest = commitment_digest(dispute, message.place, message.commitment, court)
    _validate_signature(message, digest, bls.SEAL_TAG, dispute)
    seen.add(message)


def validate_seal(message: Seal, dispute: Dispute, *, seen: set[Message], court: Court) -> None:
    """Check a peer's seal, and mark it as seen; costs and raises as for a commitment."""
    _validate_round(message, dispute)
    _validate_place(message, dispute)
    if message.voters >> len(dispute.committee):
        raise Reject(f"a voter beyond the committee of {len(dispute.committee)}")
    _validate_unseen(message, seen)
    digest = seal_digest(dispute, message.root, message.voters, court)
    _validate_signature(message, digest, bls.SEAL_TAG, dispute)
    seen.add(message)


def validate_vote(
    message: Vote, dispute: Dispute, *, pool: VotePool, seen: set[Message], court: Court
) -> None:
    """Check a peer's vote, and mark it as seen; costs and raises as for a commitment."""
    _validate_round(message, dispute)
    _validate_place(message, dispute)
    if message.outcome not in set(Outcome):
        raise Reject(f"outcome {message.outcome} does not exist")
    _validate_unseen(message, seen)
    # One that opens nothing may still prove a double vote, but only once for each outcome.
    if not pool.opens(message) and pool.knows(message):
        raise Ignore(f"place {message.place} sealed another vote")
    digest = vote_digest(dispute, message.outcome, court)
    _validate_signature(message, digest, bls.VOTE_TAG, dispute)
    seen.add(message)


def _validate_round(message: Message, dispute: Dispute) -> None:
    # Its sender may be ahead of us, or behind.
    if (message.dispute_id, message.round) != (dispute.id, dispute.round):
        raise Ignore(f"not of round {dispute.round} of 0x{dispute.id.hex()}")


def _validate_place(message: Message, dispute: Dispute) -> None:
    if not 0 <= message.place < len(dispute.committee):
        raise Reject(f"place {message.place} in a committee of {len(dispute.committee)}")


def _validate_unseen(message: Message, seen: set[Message]) -> None:
    if message in seen:
        raise Ignore(f"this message of place {message.place} was seen before")


def _validate_signature(
    message: Message, digest: Digest, domain_tag: bytes, dispute: Dispute
) -> None:
    try:
        bls.verify(dispute.committee[message.place].bls_key, digest, domain_tag, message.signature)
    except InvalidSignature as error:
        raise Reject(f"not of place {message.place}: {error}") from error
