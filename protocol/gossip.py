"""What is done with a vote from a peer: the rules of SPEC 5.3, one check each, in their order.

[REJECT] is the sender's fault and may be held against it; [IGNORE] is nobody's. A vote that passes
goes to the dispute's `pool`, which is where two votes of one place meet.
"""

from __future__ import annotations

from collections.abc import Mapping

from . import bls
from .errors import Ignore, InvalidSignature, Reject
from .messages import Vote, vote_digest
from .types import Court, Dispute, DisputeId, Outcome


def validate_vote(
    vote: Vote, *, disputes: Mapping[DisputeId, Dispute], seen: set[Vote], court: Court
) -> None:
    """Check a peer's vote against `disputes`, which are those that are Keyed, and mark it as seen.

    It does one pairing: seconds of CPU in all, should the compiled arithmetic be missing.

    Raises:
        Reject: the vote breaks a rule.
        Ignore: the vote is of no use now.
    """
    # [IGNORE] The dispute is unknown or not Keyed.
    dispute = disputes.get(vote.dispute_id)
    if dispute is None:
        raise Ignore(f"no open vote on dispute 0x{vote.dispute_id.hex()}")

    # [REJECT] The round is not the dispute's.
    if vote.round != dispute.round:
        raise Reject(f"round {vote.round}, the dispute is in round {dispute.round}")

    # [REJECT] The place is not in 0..n-1.
    if not 0 <= vote.place < len(dispute.committee):
        raise Reject(f"place {vote.place} in a committee of {len(dispute.committee)}")

    # [REJECT] The outcome is not in 1..6.
    if vote.outcome not in set(Outcome):
        raise Reject(f"outcome {vote.outcome} does not exist")

    # [IGNORE] The same vote was seen.
    if vote in seen:
        raise Ignore(f"the vote of place {vote.place} was seen before")

    # [REJECT] The signature does not verify under the key at that place.
    key = dispute.committee[vote.place].bls_key
    digest = vote_digest(dispute, vote.outcome, court)
    try:
        bls.verify(key, digest, bls.VOTE_TAG, vote.signature)
    except InvalidSignature as error:
        raise Reject(f"not the vote of place {vote.place}: {error}") from error

    seen.add(vote)
