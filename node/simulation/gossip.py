"""What members of a simulated round say to each other, as `node.peers` does it (SPEC 5.4).

A member posts its own messages to every other until they are taken, and asks each for what it
holds, again and again with back-off. A post or a question may be lost, so may an answer; what is
taken is judged by the rules of SPEC 5.4 and goes to the protocol's pools.

A member that has given all its messages away and has heard all there is sleeps until somebody hears
something new: of the questions it asks meanwhile only the cost is counted.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from protocol.messages import Commitment, Message, Seal, Vote
from protocol.pool import VotePool
from protocol.types import Digest, Outcome, Sealed

from .circle import LONGEST_PAUSE_S, Circle

FIRST_PAUSE_S: Final = 0.25
VERIFY_S: Final = 0.002
"""For a pairing; one signature is checked at a time."""


class Peer:
    """One member's ears and mouth. Its books are two: before the votes, and the votes."""

    def __init__(self, place: int, circle: Circle) -> None:
        self.place = place
        self.circle = circle
        self.hearing = circle.hearing
        self.clock = circle.clock
        self.is_up = True
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
        self._waiting: dict[Message, set[int]] = {}
        """Our messages, and who has not taken them yet."""
        self._read: dict[tuple[int, int], int] = {}
        """By peer and book, how much of it we have."""
        self._pause = FIRST_PAUSE_S
        self._planned: float | None = None
        self._slept_since: float | None = None
        self._busy_until = 0.0
        self._is_thinking = False

    @property
    def book(self) -> int:
        """Which of the books is of use to others now."""
        return int(self.votes is not None)

    def say(self, message: Message, to: Collection[int] | None = None) -> None:
        """Post a message of our own to others until they take it; to all, unless told to whom."""
        reached = range(self.hearing.size) if to is None else to
        self._waiting[message] = {
            place for place in reached if place != self.place and self.circle.peers[place].is_up
        }
        self._keep(message)
        self._pause = FIRST_PAUSE_S
        self.wake(0)

    def wake(self, within_s: float) -> None:
        """Go on talking, at some moment within as many seconds."""
        time = self.clock.now + within_s * self.circle.network.rng.uniform(0.5, 1)
        if self._planned is None or time < self._planned:
            self._planned = time
            self.clock.at(time, self._talk, time)

    def open(self, sealed: Sealed) -> None:
        """From now on votes are taken that open leaves of the chain's root."""
        self.sealed = sealed
        self.find_leaves()
        self.wake(0)

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
        self._waiting = {
            message: waiting for message, waiting in self._waiting.items() if type(message) is Vote
        }
        self._think()
        self.circle.stir()

    def shown(self, to: int) -> tuple[Sequence[Message], int]:
        """What is told to a member that asks, from where it has read to; and the book's length."""
        book = self.books[self.book]
        return book[self.circle.peers[to].has_read(self) :], len(book)

    def has_read(self, other: Peer) -> int:
        """How much of the other's present book is known here."""
        return self._read.get((other.place, other.book), 0)

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
        self._keep(message)
        return True

    def react(self) -> None:
        """Do what follows from all that was heard."""

    def hears(self, message: Message) -> None:
        """What is done with each message, besides counting it."""

    def _keep(self, message: Message) -> None:
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

    def _talk(self, planned: float) -> None:
        """Post what was not taken, ask everybody, and again; or sleep."""
        if planned != self._planned:
            return  # it was done sooner
        self._planned = None
        if not self.is_up or self.circle.is_over:
            return
        self.circle.asleep.pop(self, None)
        self.count_sleep()
        self._count_round(1)
        is_busy = False
        for message, waiting in self._waiting.items():
            is_busy |= bool(waiting)
            self.circle.messages += len(waiting)
            self.circle.bytes += len(waiting) * self.hearing.bytes_of(message)
            for place in waiting:
                self.circle.network.send(self.circle.peers[place].posted, self, message)
        if self.circle.asks:
            is_busy |= self._ask()
        if is_busy:
            self.wake(self._pause)
            self._pause = min(2 * self._pause, LONGEST_PAUSE_S)
        else:
            self._slept_since = self.clock.now
            self.circle.asleep[self] = None

    def posted(self, sender: Peer, message: Message) -> None:
        """A message of the sender's has come; whether it knows so is another matter."""
        if self.is_up and self.receive(message) and not self.circle.network.is_lost():
            sender.was_taken(self, message)

    def was_taken(self, by: Peer, message: Message) -> None:
        """Do not post it to that member again."""
        self._waiting.get(message, set()).discard(by.place)

    def _ask(self) -> bool:
        """Ask every other member; whether one of them holds what is not known here."""
        is_news = False
        for other in self.circle.peers:
            if other is self or not other.is_up:
                continue
            lacks_leaves = (
                self.sealed is not None and self.votes is None and other.votes is not None
            )
            if lacks_leaves or self.has_read(other) < len(other.books[other.book]):
                is_news = True
                self.circle.bytes += other.weight
                self.circle.idle_bytes -= other.weight
                self.circle.network.send(other.asked, self)
        return is_news

    @property
    def weight(self) -> int:
        """Of an answer, in bytes: all of the present book, and the leaves where they are known."""
        leaves = 68 * self.hearing.size if self.votes else 0
        return self._weights[self.book] + leaves

    def asked(self, by: Peer) -> None:
        """Answer with what is held, if the answer arrives."""
        leaves = self.votes.leaves if self.votes else None
        self.circle.network.send(by.answered, self, self.book, *self.shown(by.place), leaves)

    def answered(
        self,
        other: Peer,
        book: int,
        messages: Sequence[Message],
        length: int,
        leaves: tuple[Digest, ...] | None,
    ) -> None:
        """Take all of an answer that is of use."""
        if not self.is_up:
            return
        if leaves is not None:
            self.find_leaves(leaves)
        for message in messages:
            if not self.receive(message):
                return
        self._read[other.place, book] = max(self._read.get((other.place, book), 0), length)

    def _count_round(self, times: float) -> None:
        """What it costs to ask all others, and to knock in vain where nobody is."""
        up = [peer for peer in self.circle.peers if peer.is_up and peer is not self]
        down = self.hearing.size - 1 - len(up)
        circle = self.circle
        if circle.asks:
            circle.messages += times * (len(up) + down)
            circle.idle_bytes += times * sum(peer.weight for peer in up)
        for message in self._waiting:
            circle.messages += times * down
            circle.bytes += times * down * self.hearing.bytes_of(message)

    def count_sleep(self) -> None:
        """Add what was asked since it fell asleep."""
        if self._slept_since is not None:
            self._count_round((self.clock.now - self._slept_since) / (0.75 * LONGEST_PAUSE_S))
            self._slept_since = None
