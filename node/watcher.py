"""The Chain port: what finalized blocks tell a member, and what a member tells the chain.

Only finalized blocks are believed, so nothing read here is ever taken back. The cursor of blocks
seen and the disputes found in them change in one transaction of the journal: a node that dies
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
from protocol.errors import ChainError, ChainUnavailable, ContractRefused
from protocol.messages import Certificate
from protocol.schedule import turn_delay
from protocol.types import Address, CourtParameters, Dispute, DisputeId, State, Verdict

from .journal import Journal
from .metrics import Metrics
from .reasons import reason_of

log = logging.getLogger(__name__)
T = TypeVar("T")


class Watcher:
    """One node's eyes and hands on the court."""

    def __init__(
        self,
        court: CourtClient,
        journal: Journal,
        metrics: Metrics,
        *,
        operator: Address,
        poll_seconds: float,
        turn_seconds: float,
    ) -> None:
        self._court = court
        self._journal = journal
        self._metrics = metrics
        self._operator = operator
        self._poll_seconds = poll_seconds
        self._turn_seconds = turn_seconds
        self.head: Head | None = None
        """The finalized block last seen; None while the chain does not answer."""
        self.is_seated = False

    async def disputes(self) -> AsyncIterator[Dispute]:
        """Every keyed dispute this node is a member of, once each; first the unfinished ones."""
        for dispute_id in self._journal.unfinished():
            dispute = await self._insist(partial(self._read, dispute_id))
            if dispute is not None:
                yield dispute
            else:
                self._journal.finish(dispute_id)
        while True:
            for dispute in await self._insist(self._discover):
                yield dispute
            if not self.is_seated:
                seat = await self._insist(lambda at: self._court.seat_of(self._operator, at))
                self.is_seated = seat is not None
            await asyncio.sleep(self._poll_seconds)

    async def parameters(self) -> CourtParameters:
        """What the court was deployed with; it never changes."""
        return await self._insist(self._court.parameters)

    async def seconds_left(self, dispute: Dispute) -> float:
        """How long votes still count, by the chain's clock."""
        return dispute.vote_deadline - (await self._insist(_itself)).timestamp

    async def deadline_passed(self, dispute: Dispute) -> None:
        """Return when the chain's clock has left the dispute's vote window."""
        while await self.seconds_left(dispute) >= 0:
            await asyncio.sleep(self._poll_seconds)

    async def submit(self, dispute: Dispute, certificate: Certificate) -> None:
        """Settle in this member's turn; done when the chain took it or has a verdict."""
        place = next(m.place for m in dispute.committee if m.operator == self._operator)
        await asyncio.sleep(turn_delay(dispute, place, self._turn_seconds))
        await self._act("settle", dispute, lambda: self._court.settle(certificate))

    async def expire(self, dispute: Dispute) -> None:
        """End a dispute whose deadline has passed; done when it is ended by whomever."""
        await self._act("expire", dispute, lambda: self._court.expire(dispute.id))

    async def verdict(self, dispute: Dispute) -> Verdict:
        """Wait for the verdict, or for the end without one."""
        while True:
            verdict = await self._insist(lambda at: self._court.verdict(dispute.id, at))
            if verdict is not None:
                return verdict
            await asyncio.sleep(self._poll_seconds)

    async def _discover(self, head: Head) -> list[Dispute]:
        seen_block = self._journal.cursor()
        if head.number <= seen_block:
            return []
        keyed = await self._court.keyed_disputes(seen_block + 1, head.number)
        found = [d for d in [await self._read(each, head) for each in keyed] if d is not None]
        self._journal.advance(head.number, [(d.id, d.vote_deadline) for d in found])
        return found

    async def _read(self, dispute_id: DisputeId, head: Head) -> Dispute | None:
        """The dispute, if it still waits for votes and this node sits on its committee."""
        if (await self._court.state(dispute_id, head)) is not State.KEYED:
            return None
        dispute = await self._court.dispute(dispute_id, head)
        return dispute if any(m.operator == self._operator for m in dispute.committee) else None

    async def _act(
        self, what: str, dispute: Dispute, send: Callable[[], Awaitable[object]]
    ) -> None:
        """Send a transaction until the chain takes it, or needs it no more."""
        name = dispute.id.hex()[:8]
        while True:
            try:
                # The newest block, not the finalized one: all that hangs on it is a fee.
                latest = await self._court.head("latest")
                if await self._court.state(dispute.id, latest) is State.KEYED:
                    await send()
                    self._metrics.transactions.labels(kind=what).inc()
            except ContractRefused as refusal:
                log.info("dispute %s: %s not taken: %s", name, what, refusal)
            except ChainError as error:
                # An empty wallet, a chain that does not answer: others have their turns.
                self._metrics.duty_failed.labels(reason=reason_of(error).value).inc()
                log.warning("dispute %s: cannot %s, will try again: %s", name, what, error)
                await asyncio.sleep(self._turn_seconds)
                continue
            return

    async def _insist(self, reading: Callable[[Head], Awaitable[T]]) -> T:
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


async def _itself(head: Head) -> Head:
    return head
