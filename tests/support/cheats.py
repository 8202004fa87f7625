"""What faulty members do in a simulated round, with a member's keys and a member's gossip."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from protocol.messages import Commitment, Message, Vote
from protocol.types import Outcome
from tests.support.factories import COURT
from tests.support.sim_chain import SimChain
from tests.support.simnet import Role, SimCommittee, SimGossip, SimMember
from tests.support.voices import Voice

M = TypeVar("M", Commitment, Vote)


@dataclass
class Cheat:
    """A faulty member: it hears everything, signs roots, and says what its role tells it to."""

    voice: Voice
    gossip: SimGossip
    chain: SimChain

    async def say(self, *messages: Message) -> None:
        """Tell everybody."""
        for message in messages:
            await self.gossip.say(self.voice.dispute, message)

    async def hear(self, kind: type[M], place: int) -> M:
        """What another member says."""
        while True:
            for message in self.gossip._enter(self.voice.dispute).messages():
                if isinstance(message, kind) and message.place == place:
                    return message
            await asyncio.sleep(0.01)

    async def seal(self) -> None:
        """Sign a root like anybody, and wait until the chain has one."""
        dispute = self.voice.dispute
        await self.gossip.hurry(dispute)
        await self.say(self.voice.seal(await self.gossip.collected(dispute, None)))
        sealed = await self.chain.sealed(dispute)
        assert sealed is not None
        await self.gossip.open(dispute, sealed)


def copies(victim: int) -> Role:
    """Show the victim's commitment as its own, and then the victim's salt."""

    async def act(cheat: Cheat) -> None:
        copied = await cheat.hear(Commitment, victim)
        await cheat.say(cheat.voice.commitment(copied.commitment))
        await cheat.seal()
        vote = await cheat.hear(Vote, victim)
        await cheat.say(cheat.voice.vote(Outcome(vote.outcome), vote.salt))

    return _role(act)


def commits_twice() -> Role:
    """Show two commitments, to decide later which of them it meant."""

    async def act(cheat: Cheat) -> None:
        voice = cheat.voice
        leaves = voice.leaf(Outcome.MATCH), voice.leaf(Outcome.NO_MATCH)
        await cheat.say(*map(voice.commitment, leaves))
        await cheat.seal()
        await cheat.say(voice.vote(Outcome.MATCH))

    return _role(act)


def withholds() -> Role:
    """Seal a vote and never show it."""

    async def act(cheat: Cheat) -> None:
        await cheat.say(cheat.voice.commitment(cheat.voice.leaf()))
        await cheat.seal()

    return _role(act)


def equivocates() -> Role:
    """Open the vote that was sealed, and sign another beside it."""

    async def act(cheat: Cheat) -> None:
        voice = cheat.voice
        await cheat.say(voice.commitment(voice.leaf(Outcome.MATCH)))
        await cheat.seal()
        await cheat.say(voice.vote(Outcome.MATCH), voice.vote(Outcome.NO_MATCH))

    return _role(act)


def _role(act: Callable[[Cheat], Awaitable[None]]) -> Role:
    async def role(member: SimMember, committee: SimCommittee) -> None:
        voice = Voice(member.place, member.keys, committee.dispute, COURT)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(member.gossip.exchange(committee.dispute))
            await act(Cheat(voice, member.gossip, committee.chain))

    return role
