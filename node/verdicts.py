"""What a verdict is shown as: the chain's words first, then what its signers say they measured."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp

from protocol.chain import CourtClient
from protocol.types import DisputeId
from verifier import Access, Finding

PEER_TIMEOUT = aiohttp.ClientTimeout(total=5)


async def verdict_facts(court: CourtClient, dispute_id: DisputeId) -> dict[str, Any]:
    """The verdict on a dispute, or its state while there is none, and one signer's finding.

    The outcome is the chain's. The counts are what a signer's node reports about its own
    measurement: evidence, not proof.
    """
    head = await court.head("finalized")
    verdict = await court.verdict(dispute_id, head)
    if verdict is None:
        state = await court.state(dispute_id, head)
        return {"dispute": dispute_id.hex(), "state": state.name}
    facts: dict[str, Any] = {
        "dispute": dispute_id.hex(),
        "state": verdict.state.name,
        "outcome": verdict.outcome.name if verdict.outcome else None,
        "block": verdict.block,
    }
    if verdict.outcome is None:
        return facts
    dispute = await court.dispute(dispute_id, head)
    facts |= {
        "claim": dispute.claim_id.hex(),
        "model": dispute.suspect.digest.hex(),
        "shard": dispute.shard,
        "signers": [dispute.committee[place].operator for place in verdict.signers],
        "committee": len(dispute.committee),
        "submitter": verdict.submitter,
        "gas": await court.gas_used(verdict.transaction),
    }
    endpoints = [dispute.committee[place].endpoint for place in verdict.signers]
    finding = await _first_finding(endpoints, dispute_id)
    if finding is not None:
        facts |= {
            "scheme": finding.scheme,
            "score": f"{finding.low} of {finding.best}",
            "needed": finding.needed,
            "odds": f"2^{finding.log2_odds:.1f}",
            "meaning": meaning(finding, verdict.outcome.name, dispute.claim_id.hex()),
        }
    return facts


def meaning(finding: Finding, outcome: str, claim: str) -> str:
    """What was shown, and no more."""
    if outcome == "MATCH":
        return (
            f"this model carries, with odds of chance below 2^-{finding.level}, "
            f"the mark of claim {claim[:8]}: it depends on the claim's message{_caveat(finding)}"
        )
    return f"no dependence on the message of claim {claim[:8]} was shown"


def _caveat(finding: Finding) -> str:
    if finding.access is Access.WEIGHTS:
        return ""
    return "; it may have been trained on the owner's marked material without being a copy"


async def _first_finding(endpoints: list[str], dispute_id: DisputeId) -> Finding | None:
    async with aiohttp.ClientSession(timeout=PEER_TIMEOUT) as http:
        answers = await asyncio.gather(*(_finding(http, url, dispute_id) for url in endpoints))
    return next((finding for finding in answers if finding is not None), None)


async def _finding(
    http: aiohttp.ClientSession, endpoint: str, dispute_id: DisputeId
) -> Finding | None:
    try:
        async with http.get(
            f"{endpoint}/v1/disputes/{dispute_id.hex()}", allow_redirects=False
        ) as response:
            document = (await response.json()).get("finding")
            return None if document is None else Finding.from_json(document)
    except (aiohttp.ClientError, TimeoutError, ValueError, AttributeError, RecursionError):
        return None  # a node that is down has no say in what the chain recorded
