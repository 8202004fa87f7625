"""The Chain port, its hands: what a member tells the chain, each in its turn (SPEC 5.4).

A turn only saves the others their gas: the chain takes the first. Before it acts, and until final
blocks show that nothing is left to do, a member looks whether somebody else was faster; so a
transaction that a re-org has dropped is sent again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from protocol.chain import CourtClient, Head
from protocol.errors import ChainError, ContractRefused
from protocol.messages import Certificate, SealCertificate, Vote
from protocol.schedule import turn_delay
from protocol.types import Address, Dispute, Place, State

from .duty import label
from .metrics import Metrics
from .progress import Progress
from .reasons import reason_of
from .watcher import Watcher

log = logging.getLogger(__name__)

Needs = Callable[[Head], Awaitable[bool]]
"""Whether, as of a block, the chain still needs what is about to be sent."""


class Submitter(Watcher):
    """One node's eyes and hands on the court."""

    def __init__(
        self,
        court: CourtClient,
        progress: Progress,
        metrics: Metrics,
        *,
        operator: Address,
        poll_seconds: float,
        turn_seconds: float,
    ) -> None:
        super().__init__(court, progress, metrics, operator=operator, poll_seconds=poll_seconds)
        self._turn_seconds = turn_seconds

    async def submit_seal(self, dispute: Dispute, certificate: SealCertificate) -> None:
        """Seal; done when the chain took it, or needs it no more."""
        needs = self._waits_in(dispute, State.KEYED)
        await self._act("seal", dispute, needs, lambda: self._court.seal(certificate))

    async def submit(self, dispute: Dispute, certificate: Certificate) -> None:
        """Settle; done when the chain took it, or needs it no more."""
        needs = self._waits_in(dispute, State.SEALED)
        await self._act("settle", dispute, needs, lambda: self._court.settle(certificate))

    async def expire(self, dispute: Dispute) -> None:
        """Take the exit of a state whose time is over; done when somebody took it."""

        async def needs(at: Head) -> bool:
            record = await self._court.dispute_record(dispute.id, at)
            is_present = record.round == dispute.round and not record.state.is_end
            return is_present and at.timestamp > record.deadline

        await self._act("expire", dispute, needs, lambda: self._court.expire(dispute.id))

    async def draw_next(self, dispute: Dispute) -> None:
        """Draw the committee of the next round, or end a dispute that waited too long for it."""

        async def look(at: Head) -> tuple[State | None, bool]:
            record = await self._court.dispute_record(dispute.id, at)
            if record.round != dispute.round + 1 or record.state is not State.OPEN:
                return None, True
            return record.state, at.number > record.seed_block

        async def needs(at: Head) -> bool:
            state, is_due = await look(at)
            return state is not None and is_due

        async def send() -> None:
            latest = await self._court.head("latest")
            record = await self._court.dispute_record(dispute.id, latest)
            is_late = latest.timestamp > record.deadline
            await (self._court.expire if is_late else self._court.draw)(dispute.id)

        # A draw that came too late for its block's hash only names another block.
        while await self._until(look) is not None:
            await self._act("draw", dispute, needs, send)

    async def reveal(
        self, dispute: Dispute, outcomes: Sequence[int], openings: Sequence[bytes]
    ) -> None:
        """Show the chain the sealed votes that are known, unless ours has been shown."""
        send = partial(self._court.reveal, dispute.id, dispute.round, outcomes, openings)

        async def needs(at: Head) -> bool:
            record = await self._court.round_record(dispute.id, dispute.round, at)
            deadline = await self._court.reveal_deadline(dispute.id, dispute.round, at)
            is_hidden = record.hidden >> self._place(dispute) & 1
            return bool(is_hidden) and at.timestamp <= deadline

        await self._act("reveal", dispute, needs, send)

    async def punish(self, dispute: Dispute, votes: tuple[Vote, Vote]) -> None:
        """Take the bond of a member that signed both, unless somebody has."""
        seat_id = dispute.committee[votes[0].place].seat_id

        async def needs(at: Head) -> bool:
            return (await self._court.seat(seat_id, at)).bond_wei > 0

        send = partial(self._court.punish_equivocation, *votes)
        await self._act("punish", dispute, needs, send)

    async def punish_withheld(self, dispute: Dispute, place: Place) -> None:
        """Take the penalty from a member whose vote was withheld, unless somebody has."""
        seat_id = dispute.committee[place].seat_id

        async def needs(at: Head) -> bool:
            punished = await self._court.punished(dispute.id, dispute.round, at)
            return place not in punished and (await self._court.seat(seat_id, at)).bond_wei > 0

        send = partial(self._court.punish_withheld, dispute.id, dispute.round, place)
        await self._act("punish", dispute, needs, send)

    async def collect(self, dispute: Dispute) -> None:
        """Have this member's share of the round's fee paid to it, if it has earned one."""
        place = self._place(dispute)

        async def needs(at: Head) -> bool:
            record = await self._court.round_record(dispute.id, dispute.round, at)
            return bool(record.unpaid >> place & 1)

        send = partial(self._court.collect_fee, dispute.id, dispute.round, place)
        await self._act("collect", dispute, needs, send, in_turn=False)  # it is nobody else's

    def _waits_in(self, dispute: Dispute, state: State) -> Needs:
        """Whether the round is in `state`, and in time."""

        async def needs(at: Head) -> bool:
            record = await self._court.dispute_record(dispute.id, at)
            is_there = (record.round, record.state) == (dispute.round, state)
            return is_there and at.timestamp <= record.deadline

        return needs

    async def _act(
        self,
        what: str,
        dispute: Dispute,
        needs: Needs,
        send: Callable[[], Awaitable[object]],
        *,
        in_turn: bool = True,
    ) -> None:
        """Send a transaction, in this member's turn, until final blocks need it no more."""
        name = label(dispute)
        if in_turn:
            await asyncio.sleep(turn_delay(dispute, self._place(dispute), self._turn_seconds))
        while await self.insist(needs):
            try:
                if await needs(await self._court.head("latest")):
                    await send()
                    self._metrics.transactions.labels(kind=what).inc()
            except ContractRefused as refusal:
                log.info("dispute %s: %s not taken: %s", name, what, refusal)
                await asyncio.sleep(self._poll_seconds)
                return
            except ChainError as error:
                # An empty wallet, a chain that does not answer: others have their turns.
                self._metrics.duty_failed.labels(reason=reason_of(error).value).inc()
                log.warning("dispute %s: cannot %s, will try again: %s", name, what, error)
                await asyncio.sleep(self._turn_seconds)
            else:
                await asyncio.sleep(self._poll_seconds)

    def _place(self, dispute: Dispute) -> Place:
        return next(m.place for m in dispute.committee if m.operator == self._operator)
