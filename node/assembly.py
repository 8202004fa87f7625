"""What the members of a round have said, and what follows from it: all of the Gossip port but the
wire, which is for `peers.py`.

What arrives is judged by `protocol.gossip` and kept, round by round, in a `Hall`. Everything that
is waited for is looked for again whenever something has changed.

Messages on rounds that this node does not work on are ignored; a member that repeats is heard
later. One signature is checked at a time, off the loop.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final, TypeVar

from protocol.court import Court
from protocol.errors import Ignore, InvalidMessage
from protocol.gossip import validate_commitment, validate_seal, validate_vote
from protocol.messages import (
    Certificate,
    Commitment,
    Message,
    Seal,
    SealCertificate,
    Vote,
    message_from_json,
    message_to_json,
)
from protocol.pool import VotePool
from protocol.sealing import SealPool
from protocol.types import Digest, Dispute, DisputeId, Place, Sealed

from .hall import KEPT, Hall

TAG_DIGITS: Final = 32
T = TypeVar("T")


def tag_of(answer: object) -> str:
    """A short name of an answer, by which a member says that it knows it."""
    return hashlib.sha256(json.dumps(answer).encode()).hexdigest()[:TAG_DIGITS]


class Assembly:
    """The rounds this node works on."""

    def __init__(self, court: Court) -> None:
        self._court = court
        self._halls: dict[tuple[DisputeId, int], Hall] = {}
        self._turn = asyncio.Lock()
        """Held by whoever reads or changes a pool, or checks a signature."""

    async def say(self, dispute: Dispute, message: Message) -> None:
        """Add a message of our own to what is traded."""
        async with self._turn:
            hall = self._enter(dispute)
            hall.ours.append(message)
            hall.keep(message)
            hall.hasten()

    def ours(self, dispute: Dispute) -> tuple[Message, ...]:
        """Those of our messages that are of use to other members now."""
        hall = self._enter(dispute)
        return tuple(message for message in hall.messages() if message in hall.ours)

    def hastened(self, dispute: Dispute) -> asyncio.Event:
        """Set when there is next something to say, or to ask for."""
        return self._enter(dispute).hastened

    async def collected(
        self, dispute: Dispute, than: tuple[Digest, ...] | None
    ) -> tuple[Digest, ...]:
        """Wait for leaves that may be sealed and are others `than` those."""

        def look(hall: Hall) -> tuple[Digest, ...] | None:
            pool = hall.seals
            may_be = pool.is_complete or (hall.is_hurried and pool.has_quorum)
            is_wanted = hall.sealed is None and pool.leaves != than
            return pool.leaves if may_be and is_wanted else None

        return await self._until(dispute, look)

    async def hurry(self, dispute: Dispute) -> None:
        """From now on a quorum's commitments are enough to be sealed."""
        async with self._turn:
            hall = self._enter(dispute)
            hall.is_hurried = True
            hall.change()

    async def seal_certificate(self, dispute: Dispute) -> SealCertificate:
        """Wait until a quorum has signed one root."""
        return await self._until(dispute, lambda hall: hall.seals.certificate())

    async def open(self, dispute: Dispute, sealed: Sealed) -> None:
        """From now on votes are taken that open leaves of the chain's root."""
        async with self._turn:
            hall = self._enter(dispute)
            hall.sealed = sealed
            hall.find_leaves()
            hall.change()
            hall.hasten()

    def asked(self, dispute: Dispute, place: Place) -> None:
        """Note that a member was asked, whether or not it has answered."""
        hall = self._enter(dispute)
        if place not in hall.asked:
            hall.asked.add(place)
            hall.change()

    async def committed(self, dispute: Dispute, place: Place) -> Digest | None:
        """A commitment of that place, if one is known once all others have been asked."""

        def look(hall: Hall) -> tuple[Message, ...] | None:
            is_known = len(hall.asked | {place}) == len(dispute.committee)
            return hall.held.get((Commitment, place), ()) if is_known else None

        heard = await self._until(dispute, look)
        return next((each.commitment for each in heard if isinstance(each, Commitment)), None)

    async def leaf(self, dispute: Dispute, place: Place) -> Digest:
        """Wait until the leaves under the chain's root are known; returns that of a place."""
        return (await self._counting(dispute)).leaves[place]

    async def certificate(self, dispute: Dispute) -> Certificate:
        """Wait until a quorum of opened votes agrees."""

        def look(hall: Hall) -> Certificate | None:
            return None if hall.votes is None else hall.votes.certificate()

        return await self._until(dispute, look)

    async def openings(self, dispute: Dispute) -> tuple[Sequence[int], Sequence[bytes]]:
        """Wait until the leaves under the chain's root are known; returns what `reveal` takes, of
        all votes held."""
        votes = await self._counting(dispute)
        async with self._turn:
            return votes.openings()

    async def equivocation(self, dispute: Dispute, but: frozenset[Place]) -> tuple[Vote, Vote]:
        """Wait for two votes of one member for two outcomes; of none of the places in `but`."""

        def look(hall: Hall) -> tuple[Vote, Vote] | None:
            for place, votes in (hall.votes.equivocations if hall.votes else {}).items():
                if place not in but:
                    return votes[0], votes[1]
            return None

        return await self._until(dispute, look)

    def close(self, dispute: Dispute) -> None:
        """Forget the round; it is over."""
        self._halls.pop((dispute.id, dispute.round), None)

    async def receive(self, document: object) -> None:
        """Take a member's message, as parsed from JSON.

        Raises:
            Reject: it breaks a rule; the sender is to blame.
            Ignore: it is of no use now.
        """
        message = message_from_json(document)
        async with self._turn:
            hall = self._halls.get((message.dispute_id, message.round))
            if hall is None:
                raise Ignore(f"not in round {message.round} of 0x{message.dispute_id.hex()}")
            await asyncio.to_thread(self._validate, message, hall)
            hall.keep(message)

    def answer(self, dispute_id: DisputeId, round_: int) -> dict[str, Any]:
        """What is held of a round, and the leaves under the chain's root, as JSON for a member.

        Members that hold the same answer the same, whatever the order in which they heard it.
        """
        hall = self._halls.get((dispute_id, round_))
        if hall is None:
            return {"messages": [], "leaves": None}
        return {
            "messages": sorted(map(message_to_json, hall.messages()), key=json.dumps),
            "leaves": [leaf.hex() for leaf in hall.votes.leaves] if hall.votes else None,
        }

    async def hear(self, dispute: Dispute, answer: object) -> list[InvalidMessage]:
        """Take all of a member's `answer` that is of use; returns what was not."""
        match answer:
            case {"messages": list() as messages, "leaves": leaves}:
                await self._learn(dispute, leaves)
            case _:
                return []
        refused = []
        for message in messages:
            try:
                await self.receive(message)
            except InvalidMessage as error:
                refused.append(error)
        return refused

    async def _learn(self, dispute: Dispute, leaves: object) -> None:
        if not isinstance(leaves, list) or len(leaves) != len(dispute.committee):
            return
        try:
            told = [Digest(bytes.fromhex(leaf)) for leaf in leaves]
        except (TypeError, ValueError):
            return
        async with self._turn:
            self._enter(dispute).find_leaves(told)

    def _validate(self, message: Message, hall: Hall) -> None:
        seen = set(hall.kept(message))
        match message:
            case Commitment() if hall.votes is None:
                if len(seen) == KEPT[Commitment] and message not in seen:
                    raise Ignore(f"place {message.place} has committed twice")
                validate_commitment(message, hall.dispute, seen=seen, court=self._court)
            case Seal() if hall.sealed is None:
                validate_seal(message, hall.dispute, seen=seen, court=self._court)
            case Vote() if hall.votes is not None:
                validate_vote(message, hall.dispute, pool=hall.votes, seen=seen, court=self._court)
            case _:
                raise Ignore(f"the round is not at its {type(message).__name__.lower()}s")

    def _enter(self, dispute: Dispute) -> Hall:
        key = (dispute.id, dispute.round)
        if key not in self._halls:
            self._halls[key] = Hall(dispute, SealPool(dispute))
        return self._halls[key]

    async def _counting(self, dispute: Dispute) -> VotePool:
        return await self._until(dispute, lambda hall: hall.votes)

    async def _until(self, dispute: Dispute, look: Callable[[Hall], T | None]) -> T:
        """What `look` finds in the round, once it finds something."""
        while True:
            async with self._turn:
                hall = self._enter(dispute)
                changed = hall.changed
                found = await asyncio.to_thread(partial(look, hall))
            if found is not None:
                return found
            await changed.wait()
