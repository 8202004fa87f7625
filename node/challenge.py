"""What an owner does in a dispute (SPEC 5): open it, and from then on, round after round,

    draw      the committee, once its block has come
    deliver   the shard that the draw chose, sealed for that committee alone
    leave     a state that nobody has left in time, so that every dispute ends

All of it is read off finalized blocks, so who is interrupted takes it up again with `follow`. A key
once shown cannot be taken back: nothing is sealed for a committee that may still change.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import aiohttp

from protocol.chain import CourtClient, Head
from protocol.committee import committee_hash
from protocol.court import DisputeRecord, Verdict
from protocol.envelope import envelope_context, seal
from protocol.types import BlobRef, DisputeId, State

from .claims import OwnClaim
from .errors import BadClaim
from .mirror import publish_package, upload
from .owner import Say
from .patience import first_seen, unless_done

GRACE_SECONDS: Final = 30
"""How long after a deadline members have to leave a state in turn, before the owner does."""

WAITING: Final = {
    State.OPEN: "waits for the draw",
    State.KEYED: "waits for the committee to seal its votes",
    State.SEALED: "waits for the committee to open its votes",
    State.PROPOSED: "waits for the verdict to become final",
}


async def publish(suspect: Path, mirror: str) -> BlobRef:
    """Put the suspect's package where the committee can fetch it."""
    async with aiohttp.ClientSession() as http:
        return await publish_package(http, mirror, suspect)


async def challenge(
    court: CourtClient, claim: OwnClaim, suspect: BlobRef, mirror: str, *, say: Say
) -> DisputeId:
    """Open a dispute about a published suspect and hand the first committee its shard.

    Rounds that may come need the owner again: `follow` is to be called next.

    Raises:
        BadClaim: the claim has no shard left; nothing was paid.
    """
    if await court.shards_left(claim.id, await court.head("latest")) == 0:
        raise BadClaim(claim.directory, "all its shards are burnt or promised; commit a new claim")
    say("opens the dispute")
    dispute_id, _ = await court.open(claim.id, suspect)
    duty = _Duty(court, claim, dispute_id, mirror, say)

    async def keyed(head: Head) -> State | None:
        record = await court.dispute_record(dispute_id, head)
        if record.round > 0 or record.state >= State.KEYED:
            return record.state
        await duty.do(record, head)
        return None

    await first_seen(court, keyed)
    return dispute_id


async def follow(
    court: CourtClient, claim: OwnClaim, dispute_id: DisputeId, mirror: str, *, say: Say
) -> Verdict:
    """Do the owner's duty in every round that comes; returns the dispute's end.

    Raises:
        BadClaim: the dispute is about another claim.
    """
    duty = _Duty(court, claim, dispute_id, mirror, say)

    async def ended(head: Head) -> Verdict | None:
        record = await court.dispute_record(dispute_id, head)
        if record.claim_id != claim.id:
            why = f"dispute {dispute_id.hex()} is about claim {record.claim_id.hex()}"
            raise BadClaim(claim.directory, why)
        if not record.state.is_end:
            await duty.do(record, head)
        return await court.verdict(dispute_id, head) if record.state.is_end else None

    return await first_seen(court, ended)


async def appeal(court: CourtClient, dispute_id: DisputeId, *, say: Say) -> DisputeRecord:
    """Pay for a larger committee and see to its draw; returns the dispute with that round drawn.

    Whoever appeals and leaves the draw to others loses the bond if nobody makes it in time.
    """
    say("appeals")
    await court.appeal(dispute_id)
    round_ = (await court.dispute_record(dispute_id, await court.head("latest"))).round
    say(WAITING[State.OPEN])

    async def drawn(head: Head) -> DisputeRecord | None:
        record = await court.dispute_record(dispute_id, head)
        if record.round < round_:
            return None
        if record.round == round_ and record.state is State.OPEN:
            await _draw_if_due(court, record, head)
            return None
        return record

    return await first_seen(court, drawn)


class _Duty:
    """What one dispute asks of its claim's owner."""

    def __init__(
        self, court: CourtClient, claim: OwnClaim, dispute_id: DisputeId, mirror: str, say: Say
    ) -> None:
        self._court = court
        self._claim = claim
        self._id = dispute_id
        self._mirror = mirror
        self._say = say
        self._said = ""

    async def do(self, record: DisputeRecord, head: Head) -> None:
        """What is due as of a finalized block, unless a later one has done with it."""
        self._tell(record)
        now = await self._court.head("latest")
        latest = await self._court.dispute_record(self._id, now)
        if (latest.round, latest.state) != (record.round, record.state):
            return
        if head.timestamp > record.deadline + GRACE_SECONDS:
            await unless_done(self._court.expire(self._id), "DisputeEnded", "DeadlineNotPassed")
        elif now.timestamp > record.deadline:
            return
        elif record.state is State.OPEN:
            await _draw_if_due(self._court, record, head)
        elif record.state is State.DRAWN:
            await self._deliver(record, head)

    async def _deliver(self, record: DisputeRecord, head: Head) -> None:
        court, round_ = self._court, record.round
        drawn = await court.round_record(self._id, round_, head)
        members = await court.committee(self._id, round_, head)
        self._say(_in_round(record, f"seals shard {drawn.shard} for {len(members)} members"))
        keys = committee_hash([member.bls_key for member in members])
        context = envelope_context(court.court, self._id, round_, keys)
        opening = self._claim.opening(drawn.shard).encode()
        envelope = seal(opening, context, [member.envelope_key for member in members])
        async with aiohttp.ClientSession() as http:
            blob = await upload(http, self._mirror, envelope)
            await unless_done(court.deliver(self._id, blob), "DeadlinePassed")

    def _tell(self, record: DisputeRecord) -> None:
        if record.state not in WAITING:
            return
        said = _in_round(record, WAITING[record.state])
        if said != self._said:
            self._say(said)
        self._said = said


async def _draw_if_due(court: CourtClient, record: DisputeRecord, head: Head) -> None:
    """Draw, from a seed that is final. Members of the round before, or anybody, may be faster."""
    if head.number > record.seed_block:
        refusals = ("WrongState", "DrawTooEarly", "DeadlinePassed")
        await unless_done(court.draw(record.id), *refusals)


def _in_round(record: DisputeRecord, text: str) -> str:
    return f"{text} (round {record.round})" if record.round else text
