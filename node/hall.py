"""One round, as its members have told it to this node: what they said, counted.

Two pools count: commitments and seals until the chain has a seal, votes from then on. Of each
member as much is kept as the rules allow it to say, so memory is bounded.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from protocol.commitments import votes_root
from protocol.messages import Commitment, Message, Seal, Vote
from protocol.pool import VotePool
from protocol.sealing import SealPool
from protocol.types import Digest, Dispute, Outcome, Place, Sealed

KEPT: Final[dict[type[Message], int]] = {Commitment: 2, Seal: 8, Vote: 2 * len(Outcome)}
"""How many messages of a kind are kept of one place, the latest: two commitments show that it
committed twice; of each outcome one vote may open its leaf and one may not."""


@dataclass(slots=True)
class Hall:
    """One round, and what was said in it."""

    dispute: Dispute
    seals: SealPool
    sealed: Sealed | None = None
    """The chain's seal, once it is known."""
    votes: VotePool | None = None
    """Once the leaves under that seal are known too."""
    is_hurried: bool = False
    asked: set[Place] = field(default_factory=set)
    """Who was asked for what it holds, once or more."""
    ours: list[Message] = field(default_factory=list)
    held: dict[tuple[type[Message], Place], tuple[Message, ...]] = field(default_factory=dict)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    hastened: asyncio.Event = field(default_factory=asyncio.Event)
    """Set at the next change, or when there is something to say or to ask; and then replaced."""

    def messages(self) -> tuple[Message, ...]:
        """What is of use to another member: votes, where they can be counted, or all else."""
        kinds = {Vote} if self.votes else {Commitment, Seal}
        return tuple(
            message
            for (kind, _), kept in sorted(self.held.items(), key=lambda item: item[0][1])
            for message in kept
            if kind in kinds
        )

    def kept(self, message: Message) -> tuple[Message, ...]:
        """What is held of the same kind and place."""
        return self.held.get((type(message), message.place), ())

    def keep(self, message: Message) -> None:
        """Count a valid message."""
        kept = self.kept(message)
        if message in kept:
            return
        latest = (*kept, message)[-KEPT[type(message)] :]
        self.held[type(message), message.place] = latest
        match message:
            case Commitment():
                self.seals.add_commitment(message)
                self.find_leaves()
            case Seal():
                self.seals.add_seal(message)
            case Vote() if self.votes is not None:
                self.votes.add(message)
        self.change()

    def find_leaves(self, told: Sequence[Digest] = ()) -> None:
        """Begin to count votes, if the leaves under the chain's root can be had."""
        if self.sealed is None or self.votes is not None:
            return
        leaves = self.seals.leaves_of(self.sealed.root, self.sealed.voters)
        if leaves is None and len(told) == len(self.dispute.committee):
            leaves = tuple(told) if votes_root(told) == self.sealed.root else None
        if leaves is not None:
            self.votes = VotePool(self.dispute, leaves)
            for vote in self._held_votes():  # our own may be older than our knowledge of the leaves
                self.votes.add(vote)
            self.change()

    def _held_votes(self) -> Iterator[Vote]:
        for kept in self.held.values():
            yield from (message for message in kept if isinstance(message, Vote))

    def change(self) -> None:
        """Wake whoever waits for something new."""
        changed, self.changed = self.changed, asyncio.Event()
        changed.set()

    def hasten(self) -> None:
        """Wake whoever trades with the others."""
        hastened, self.hastened = self.hastened, asyncio.Event()
        hastened.set()
