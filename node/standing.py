"""Whose claim comes first, and whose a model is, in the words of SPEC 5.6."""

from __future__ import annotations

from typing import Any

from protocol.chain import CourtReader
from protocol.court import Priority, Standing
from protocol.types import ClaimId, ModelDigest

from .errors import UnknownClaim

STANDING_IN_WORDS = {
    Standing.UNKNOWN: "nothing is known of this model",
    Standing.REGISTERED: "{registrant} had it time-stamped in block {registered_block}; "
    "no claim is bound to it, none was found in it",
    Standing.BOUND: "claim {short} of {owner} was the first to be bound to it; "
    "none was found in it",
    Standing.FOUND: "claim {short} of {owner} was found in it, "
    "and comes before all others that were",
    Standing.CO_CLAIM: "several claims were found in it, and none comes before all others",
}


async def find_claim(court: CourtReader, name: str) -> ClaimId:
    """The claim whose id begins with `name`, of whatever owner.

    Raises:
        UnknownClaim: there is none, or more than one.
    """
    wanted = name.removeprefix("0x")
    claims = await court.claims_of(None, await court.head("finalized"))
    matching = [each for each in claims if each.hex().startswith(wanted)]
    if len(matching) != 1:
        raise UnknownClaim(wanted, len(matching))
    return matching[0]


async def priority_facts(court: CourtReader, first: ClaimId, second: ClaimId) -> dict[str, Any]:
    """Which of two claims comes first, by what verdicts and bindings say now.

    Raises:
        ContractRefused: UnknownClaim, or ClaimNotBound.
    """
    head = await court.head("finalized")
    priority = await court.priority(first, second, head)
    claims = [await court.claim(each, head) for each in (first, second)]
    winner = {Priority.FIRST: first, Priority.SECOND: second}.get(priority)
    return {
        "priority": priority.name,
        "claim": winner.hex() if winner else None,
        "bound_in_blocks": [claim.bound_block for claim in claims],
        "meaning": f"claim {winner.hex()[:8]} comes first" if winner else "neither comes first",
    }


async def ownership_facts(court: CourtReader, model: ModelDigest) -> dict[str, Any]:
    """Who stands behind a model, by what verdicts and bindings say now."""
    head = await court.head("finalized")
    found = await court.ownership(model, head)
    registrant, block = await court.registration(model, head) or (None, None)
    facts = {
        "model": model.hex(),
        "standing": found.standing.name,
        "claim": found.claim_id.hex() if found.claim_id else None,
        "owner": found.owner,
        "registrant": registrant,
        "registered_block": block,
    }
    short = found.claim_id.hex()[:8] if found.claim_id else None
    return facts | {"meaning": STANDING_IN_WORDS[found.standing].format(short=short, **facts)}
