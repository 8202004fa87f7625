"""What a member of a simulated round takes of all that it is told (SPEC 5.4), and keeps.

What is taken goes to the protocol's pools, and into a book, from which others are answered. To
check a signature takes time, and what follows from a message is done when it is checked.
"""

from __future__ import annotations

from typing import Final

from protocol.messages import Commitment, Message, Seal, Vote
from protocol.pool import VotePool
from protocol.types import Digest, Outcome, Sealed

from .circle import Circle

VERIFY_S: Final = 0.002
"""For a pairing; one signature is checked at a time."""


class Listener:
    """One member's ears. Its books are two: before the votes, and the votes."""

    def __init__(self, place: int, circle: Circle) -> None:
        self.place = place
        self.circle = circle
        self.hearing = circle.hearing
        self.clock = circle.clock
        self.sealed: Sealed | None = None
        self.seals = self.hearing.seal_pool()
        self.votes: VotePool | None = None
        self.books: tuple[list[Message], list[Message]] = ([], [])
        self._weights = [0, 0]
        self._seen: set[Message] = set()
        self.speakers: dict[type[Message], set[int]] = {Commitment: set(), Seal: set(), Vote: set()}
        """Who was heard: fewer than a quorum decide nothing, and need not be counted."""
        self.commitments = 0
        self.is_vote_doubled = False
        """Whether some place was heard to vote more than once."""
        self._busy_until = 0.0
        self._is_thinking = False

    @property
    def book(self) -> int:
        """Which of the books is of use to others now."""
        return int(self.votes is not None)

    @property
    def weight(self) -> int:
        """Of an answer, in bytes: all of the present book, and the leaves where they are known."""
        leaves = 68 * self.hearing.size if self.votes else 0
        return self._weights[self.book] + leaves

    def receive(self, message: Message) -> bool:
        """Take a message, or leave it; returns whether its sender may stop repeating it."""
        if message in self._seen:
            return True
        match message:
            case Vote():
                if self.votes is None:
                    return False
                if not self.votes.opens(message) and self.votes.knows(message):
                    return True
                if message.outcome not in set(Outcome):
                    return True
            case Commitment() | Seal():
                if self.votes is not None:
                    return True
                if type(message) is Seal and message.voters >> self.hearing.size:
                    return True
        if not self.hearing.is_signed(message):
            return True
        self.keep(message)
        return True

    def open(self, sealed: Sealed) -> None:
        """From now on votes are taken that open leaves of the chain's root."""
        self.sealed = sealed
        self.find_leaves()

    def find_leaves(self, told: tuple[Digest, ...] | None = None) -> None:
        """Begin to count votes, if the leaves under the chain's root can be had."""
        if self.sealed is None or self.votes is not None:
            return
        leaves = self.seals.leaves_of(self.sealed.root, self.sealed.voters)
        if leaves is None and told is not None and self.hearing.root(told) == self.sealed.root:
            leaves = told
        if leaves is None:
            return
        self.votes = self.hearing.vote_pool(leaves)
        for message in self.books[1]:
            if isinstance(message, Vote):
                self.votes.add(message)
        self.begin_votes()
        self._think()
        self.circle.stir()

    def keep(self, message: Message) -> None:
        """Count a message that is valid, and do later what follows from it."""
        self._seen.add(message)
        speakers = self.speakers[type(message)]
        self.is_vote_doubled |= type(message) is Vote and message.place in speakers
        speakers.add(message.place)
        match message:
            case Commitment():
                self.seals.add_commitment(message)
                self.commitments += 1
            case Seal():
                self.seals.add_seal(message)
            case Vote():
                if self.votes is not None:
                    self.votes.add(message)
        book = int(type(message) is Vote)
        self.books[book].append(message)
        self._weights[book] += self.hearing.bytes_of(message)
        self._busy_until = max(self._busy_until, self.clock.now) + VERIFY_S
        if type(message) is Commitment:
            self.find_leaves()
        self.hears(message)
        self._think()
        self.circle.stir()

    def begin_votes(self) -> None:
        """What is done when votes begin to count."""

    def react(self) -> None:
        """Do what follows from all that was heard."""

    def hears(self, message: Message) -> None:
        """What is done with each message, besides counting it."""

    def _think(self) -> None:
        if not self._is_thinking:
            self._is_thinking = True
            self.clock.at(self._busy_until, self._react)

    def _react(self) -> None:
        if self._busy_until > self.clock.now:
            self.clock.at(self._busy_until, self._react)
            return
        self._is_thinking = False
        self.react()
