"""What a verdict is shown as: the chain's words first, then what its signers say they measured."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import aiohttp

from protocol.chain import CourtReader, Head
from protocol.court import DisputeRecord, RoundRecord, Verdict
from protocol.messages import places_of
from protocol.types import DisputeId, Member, State
from verifier import Access, Finding

from .errors import UnknownDispute

PEER_TIMEOUT = aiohttp.ClientTimeout(total=5)


async def find_dispute(court: CourtReader, name: str | None) -> DisputeId:
    """The dispute whose id begins with `name`; without a name, the newest.

    Raises:
        UnknownDispute: there is none, or more than one.
    """
    wanted = (name or "").removeprefix("0x")
    head = await court.head("finalized")
    disputes = await court.opened_disputes(court.first_block, head.number)
    matching = [each for each in disputes if each.hex().startswith(wanted)]
    if not matching or (name and len(matching) > 1):
        raise UnknownDispute(wanted, len(matching))
    return matching[-1]


async def standing_of(court: CourtReader, dispute_id: DisputeId, head: Head) -> dict[str, Any]:
    """Where a dispute stands, as one line of a list needs it."""
    record = await court.dispute_record(dispute_id, head)
    return {
        "state": record.state.name,
        "outcome": record.outcome.name if record.outcome else None,
        "round": record.round,
    } | _appeal(record, head)


def standing_in_words(standing: dict[str, Any]) -> str:
    """That line."""
    outcome, state = standing["outcome"], standing["state"]
    if state == State.FINAL.name:
        return str(outcome)
    if state == State.PROPOSED.name:
        return f"{outcome}, {_until(standing)}"
    stands = f", {outcome} stands until then" if outcome else ""
    return f"{state}, round {standing['round']}{stands}" if _goes_on(state) else str(state)


async def verdict_facts(court: CourtReader, dispute_id: DisputeId) -> dict[str, Any]:
    """Where a dispute stands, its rounds, and what a signer of its verdict measured.

    The outcome is the chain's. The counts are what a signer's node reports about its own
    measurement: evidence, not proof.
    """
    head = await court.head("finalized")
    record = await court.dispute_record(dispute_id, head)
    facts: dict[str, Any] = {
        "dispute": dispute_id.hex(),
        "claim": record.claim_id.hex(),
        "model": record.model.hex(),
        **await standing_of(court, dispute_id, head),
        "rounds": await _rounds(court, record, head),
    }
    verdict = await court.verdict(dispute_id, head)
    if verdict is None or verdict.outcome is None:
        return facts
    members = await court.committee(dispute_id, verdict.round, head)
    settled = await court.round_record(dispute_id, verdict.round, head)
    facts |= {
        "verdict_of_round": verdict.round,
        "shard": settled.shard,
        **_parts(members, settled, verdict),
        "submitter": verdict.submitter,
        "block": verdict.block,
        "gas": await court.gas_used(verdict.transaction),
    }
    finding = await _first_finding([members[place] for place in verdict.signers], verdict)
    if finding is not None:
        facts |= {
            "scheme": finding.scheme,
            "score": f"{finding.low} of {finding.best}",
            "needed": finding.needed,
            "odds": f"2^{finding.log2_odds:.1f}",
            "meaning": meaning(finding, verdict.outcome.name, facts["claim"]),
        }
    return facts


def in_words(facts: dict[str, Any]) -> dict[str, Any]:
    """The same for people: no empty lines, a sentence for each round and for the time to appeal."""
    told = {name: value for name, value in facts.items() if value not in (None, [])}
    told.pop("round", None)
    if facts["state"] == State.PROPOSED.name:
        told["appeal"] = _until(facts).removeprefix("appeal ")
        told.pop("appeal_until", None)
    told["rounds"] = "; ".join(_round_in_words(each) for each in facts["rounds"])
    for name in ("signers", "minority", "withheld", "absent"):
        if name in told:
            told[name] = ", ".join(told[name])
    return told


def meaning(finding: Finding, outcome: str, claim: str) -> str:
    """What was shown, and no more."""
    if outcome == "MATCH":
        return (
            f"this model carries, with odds of chance below 2^-{finding.level}, "
            f"the mark of claim {claim[:8]}: it depends on the claim's message{_caveat(finding)}"
        )
    return f"no dependence on the message of claim {claim[:8]} was shown"


def _appeal(record: DisputeRecord, head: Head) -> dict[str, Any]:
    """Until when the verdict can be appealed; None where the time has passed, or never was."""
    if record.state is not State.PROPOSED:
        return {}
    is_open = head.timestamp <= record.deadline
    until = datetime.fromtimestamp(record.deadline, UTC)
    return {"appeal_until": until.isoformat(timespec="seconds") if is_open else None}


def _until(facts: dict[str, Any]) -> str:
    until = facts["appeal_until"]
    return f"appeal until {until}" if until else "no appeal any more, soon final"


def _goes_on(state: str) -> bool:
    return not State[state].is_end


async def _rounds(court: CourtReader, record: DisputeRecord, head: Head) -> list[dict[str, Any]]:
    numbers = range(record.round + 1)
    rounds = await asyncio.gather(
        *(court.round_record(record.id, number, head) for number in numbers)
    )
    told = []
    for number, each in enumerate(rounds):
        # A round follows a settled one by an appeal, one without a verdict by escalation.
        cause = (
            "opened" if number == 0 else "appealed" if rounds[number - 1].outcome else "escalated"
        )
        told.append(
            {
                "round": number,
                "cause": cause,
                "committee": each.size,
                "outcome": each.outcome.name if each.outcome else None,
                "signers": each.signers.bit_count(),
                "minority": (each.opened & ~each.signers).bit_count(),
                "withheld": (each.voters & ~each.opened).bit_count(),
            }
        )
    return told


def _round_in_words(facts: dict[str, Any]) -> str:
    said = f"round {facts['round']} ({facts['cause']}): "
    if facts["outcome"] is None:
        return said + f"{facts['committee']} members, no verdict"
    said += f"{facts['outcome']} by {facts['signers']} of {facts['committee']}"
    counts = {"another outcome": facts["minority"], "not opened": facts["withheld"]}
    return said + "".join(f", {count} {what}" for what, count in counts.items() if count)


def _parts(
    members: tuple[Member, ...], settled: RoundRecord, verdict: Verdict
) -> dict[str, list[str] | int]:
    """Who had which part in the verdict, by operator."""

    def operators(bitmap: int) -> list[str]:
        return [members[place].operator for place in places_of(bitmap)]

    everybody = (1 << len(members)) - 1
    return {
        "committee": len(members),
        "signers": [members[place].operator for place in verdict.signers],
        "minority": operators(settled.opened & ~settled.signers),
        "withheld": operators(settled.voters & ~settled.opened),
        "absent": operators(everybody & ~settled.voters),
    }


def _caveat(finding: Finding) -> str:
    if finding.access is Access.WEIGHTS:
        return ""
    return "; it may have been trained on the owner's marked material without being a copy"


async def _first_finding(signers: list[Member], verdict: Verdict) -> Finding | None:
    async with aiohttp.ClientSession(timeout=PEER_TIMEOUT) as http:
        answers = await asyncio.gather(*(_finding(http, each, verdict) for each in signers))
    return next((finding for finding in answers if finding is not None), None)


async def _finding(http: aiohttp.ClientSession, signer: Member, verdict: Verdict) -> Finding | None:
    url = f"{signer.endpoint}/v1/disputes/{verdict.dispute_id.hex()}"
    try:
        async with http.get(url, allow_redirects=False) as response:
            document = await response.json()
            # A node answers for its latest round, which need not be the verdict's.
            if document["round"] != verdict.round or document["finding"] is None:
                return None
            return Finding.from_json(document["finding"])
    except (aiohttp.ClientError, TimeoutError, ValueError, TypeError, KeyError, RecursionError):
        return None  # a node that is down has no say in what the chain recorded
