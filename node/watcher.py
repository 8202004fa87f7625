"""The Chain port, its eyes: what finalized blocks tell a member. Its hands are `hands.py`.

Only finalized blocks are believed, so nothing read here is ever taken back. The cursor of blocks
seen and the rounds found in them change in one transaction of the journal: a node that dies
between two blocks misses nothing and sees nothing twice. A chain that does not answer is waited
for; the node says so on `/readyz` and goes on.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import TypeVar

from protocol.chain import CourtClient, Head
from protocol.court import RoundRecord, Verdict
from protocol.errors import ChainUnavailable
from protocol.messages import places_of
from protocol.types import Address, Dispute, DisputeId, Place, Sealed, State

from .metrics import Metrics
from .progress import Progress

log = logging.getLogger(__name__)
T = TypeVar("T")


class Watcher:
    """One node's eyes on the court."""

    def __init__(
        self,
        court: CourtClient,
        progress: Progress,
        metrics: Metrics,
        *,
        operator: Address,
        poll_seconds: float,
    ) -> None:
        self._court = court
        self._progress = progress
        self._metrics = metrics
        self._operator = operator
        self._poll_seconds = poll_seconds
        self.head: Head | None = None
        """The finalized block last seen; None while the chain does not answer."""
        self.is_seated = False

    async def disputes(self) -> AsyncIterator[Dispute]:
        """Every keyed round this node is a member of, once each; first the unfinished ones."""
        for dispute_id, round_ in self._progress.unfinished():
            # Whatever has become of it: a vote may still have to be shown, a draw to be made.
            yield await self.insist(partial(self._court.dispute, dispute_id, round_=round_))
        while True:
            for dispute in await self.insist(self._discover):
                yield dispute
            if not self.is_seated:
                seat = await self.insist(lambda at: self._court.seat_of(self._operator, at))
                self.is_seated = seat is not None
            await asyncio.sleep(self._poll_seconds)

    async def seconds_left(self, dispute: Dispute) -> float:
        """How long a seal still counts, by the chain's clock."""
        return dispute.seal_deadline - (await self.insist(_itself)).timestamp

    async def is_sealed(self, dispute: Dispute) -> bool:
        """Whether the chain holds a seal of the round."""
        record = await self.insist(self._round_of(dispute))
        return record.root is not None

    async def sealed(self, dispute: Dispute) -> Sealed | None:
        """Wait for the round's seal; None if the round has ended without one."""

        async def look(at: Head) -> tuple[Sealed | None, bool]:
            sealed = await self._court.sealed(dispute.id, dispute.round, at)
            is_present = partial(self._is_present, dispute.id, dispute.round, at)
            return sealed, sealed is not None or not await is_present()

        return await self._until(look)

    async def expired(self, dispute: Dispute) -> State:
        """Wait until the dispute, while in this round, has outstayed a state; returns which."""

        async def look(at: Head) -> tuple[State, bool]:
            record = await self._court.dispute_record(dispute.id, at)
            is_present = record.round == dispute.round and not record.state.is_end
            return record.state, is_present and at.timestamp > record.deadline

        return await self._until(look)

    async def ending(self, dispute: Dispute) -> Verdict | None:
        """Wait for the end of the dispute; None if it has gone on to another round."""

        async def look(at: Head) -> tuple[Verdict | None, bool]:
            record = await self._court.dispute_record(dispute.id, at)
            if record.state.is_end:
                return await self._court.verdict(dispute.id, at), True
            return None, record.round != dispute.round

        return await self._until(look)

    async def is_opened(self, dispute: Dispute, place: Place) -> bool:
        """Whether the chain has been shown a member's sealed vote, or it sealed none."""
        record = await self.insist(self._round_of(dispute))
        return not record.hidden >> place & 1

    async def counted(self, dispute: Dispute) -> None:
        """Wait until the chain counts no more votes of a sealed round: settled, or too late."""

        async def look(at: Head) -> tuple[None, bool]:
            record = await self._round_of(dispute)(at)
            deadline = record.vote_deadline
            is_late = deadline is not None and at.timestamp > deadline
            return None, record.outcome is not None or is_late

        await self._until(look)

    async def withheld(self, dispute: Dispute) -> tuple[Place, ...]:
        """Wait, in a round that is over, until every sealed vote has been shown to the chain, or
        none can be any more; returns whose was not."""

        async def look(at: Head) -> tuple[tuple[Place, ...], bool]:
            hidden = (await self._round_of(dispute)(at)).hidden
            may_be_shown = hidden and await self._is_reveal_open(dispute.id, dispute.round, at)
            return places_of(hidden), not may_be_shown

        return await self._until(look)

    async def insist(self, reading: Callable[[Head], Awaitable[T]]) -> T:
        """Read at the finalized head, waiting for a chain that does not answer."""
        while True:
            try:
                head = await self._court.head("finalized")
                result = await reading(head)
            except ChainUnavailable as error:
                if self.head is not None:
                    log.warning("chain does not answer, waiting: %s", error)
                self.head = None
                await asyncio.sleep(self._poll_seconds)
            else:
                if self.head is None:
                    log.info("chain answers, finalized block %d", head.number)
                self.head = head
                self._metrics.finalized_block.set(head.number)
                return result

    async def _until(self, look: Callable[[Head], Awaitable[tuple[T, bool]]]) -> T:
        """What `look` finds at the first finalized block that settles it."""
        while True:
            found, is_settled = await self.insist(look)
            if is_settled:
                return found
            await asyncio.sleep(self._poll_seconds)

    async def _discover(self, head: Head) -> list[Dispute]:
        seen_block = self._progress.cursor()
        if head.number <= seen_block:
            return []
        keyed = await self._court.keyed_rounds(seen_block + 1, head.number)
        read = [await self._read(dispute_id, round_, head) for dispute_id, round_ in keyed]
        found = [dispute for dispute in read if dispute is not None]
        self._progress.advance(head.number, [(d.id, d.round, d.seal_deadline) for d in found])
        return found

    async def _read(self, dispute_id: DisputeId, round_: int, head: Head) -> Dispute | None:
        """The round, if it is not over, or not for this node, which sits on its committee.

        A machine that was wiped may have a vote to show in a round that it does not remember, or a
        share to collect.
        """
        is_present = await self._is_present(dispute_id, round_, head)
        unfinished = ~0 if is_present else await self._unfinished(dispute_id, round_, head)
        if not unfinished:
            return None
        dispute = await self._court.dispute(dispute_id, head, round_)
        ours = (m.place for m in dispute.committee if m.operator == self._operator)
        return dispute if any(unfinished >> place & 1 for place in ours) else None

    async def _unfinished(self, dispute_id: DisputeId, round_: int, at: Head) -> int:
        """The places, as a bitmap, that may still show a vote or have not been paid."""
        record = await self._court.round_record(dispute_id, round_, at)
        is_open = record.hidden and await self._is_reveal_open(dispute_id, round_, at)
        return record.unpaid | (record.hidden if is_open else 0)

    async def _is_reveal_open(self, dispute_id: DisputeId, round_: int, at: Head) -> bool:
        return at.timestamp <= await self._court.reveal_deadline(dispute_id, round_, at)

    async def _is_present(self, dispute_id: DisputeId, round_: int, at: Head) -> bool:
        record = await self._court.dispute_record(dispute_id, at)
        return record.round == round_ and not record.state.is_end

    def _round_of(self, dispute: Dispute) -> Callable[[Head], Awaitable[RoundRecord]]:
        return partial(self._court.round_record, dispute.id, dispute.round)


async def _itself(head: Head) -> Head:
    return head
