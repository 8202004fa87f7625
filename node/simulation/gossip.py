"""What members of a simulated round say to each other, as `node.peers` does it (SPEC 5.4).

A member posts its own messages to every other until they are taken, and asks each for what it
holds, again and again with back-off. A post or a question may be lost, so may an answer; what is
taken of them is for its ears to say.

A member that has given all its messages away and has heard all there is sleeps until somebody hears
something new: of the questions it asks meanwhile only the cost is counted.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from node.peers import FIRST_PAUSE_SECONDS
from protocol.messages import Message, Vote
from protocol.types import Digest, Sealed

from .circle import Circle
from .ears import Listener


class Peer(Listener):
    """One member's ears and mouth."""

    def __init__(self, place: int, circle: Circle) -> None:
        super().__init__(place, circle)
        self.is_up = True
        self._waiting: dict[Message, set[int]] = {}
        """Our messages, and who has not taken them yet."""
        self._read: dict[tuple[int, int], int] = {}
        """By peer and book, how much of it we have."""
        self._pause = FIRST_PAUSE_SECONDS
        self._planned: float | None = None
        self._slept_since: float | None = None

    def say(self, message: Message, to: Collection[int] | None = None) -> None:
        """Post a message of our own to others until they take it; to all, unless told to whom."""
        reached = range(self.hearing.size) if to is None else to
        self._waiting[message] = {
            place for place in reached if place != self.place and self.circle.peers[place].is_up
        }
        self.keep(message)
        self._pause = FIRST_PAUSE_SECONDS
        self.wake(0)

    def wake(self, within_s: float) -> None:
        """Go on talking, at some moment within as many seconds."""
        time = self.clock.now + within_s * self.circle.network.rng.uniform(0.5, 1)
        if self._planned is None or time < self._planned:
            self._planned = time
            self.clock.at(time, self._talk, time)

    def open(self, sealed: Sealed) -> None:
        """Votes are taken from now on, and leaves asked for if they cannot be computed."""
        super().open(sealed)
        self._pause = FIRST_PAUSE_SECONDS
        self.wake(0)

    def begin_votes(self) -> None:
        """Stop posting what came before them."""
        self._waiting = {
            message: waiting for message, waiting in self._waiting.items() if type(message) is Vote
        }

    def shown(self, to: int) -> tuple[Sequence[Message], int]:
        """What is told to a member that asks, from where it has read to; and the book's length."""
        book = self.books[self.book]
        return book[self.circle.peers[to].has_read(self) :], len(book)

    def has_read(self, other: Peer) -> int:
        """How much of the other's present book is known here."""
        return self._read.get((other.place, other.book), 0)

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
            self._pause = min(2 * self._pause, self.circle.longest_pause_s)
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
                self.circle.network.send(other.asked, self)
        return is_news

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
        circle, others = self.circle, self.hearing.size - 1
        down = others - sum(peer.is_up for peer in circle.peers if peer is not self)
        if circle.asks:
            circle.messages += times * others
        for message in self._waiting:
            circle.messages += times * down
            circle.bytes += times * down * self.hearing.bytes_of(message)

    def count_sleep(self) -> None:
        """Add what was asked since it fell asleep."""
        if self._slept_since is not None:
            slept = self.clock.now - self._slept_since
            self._count_round(slept / (0.75 * self.circle.longest_pause_s))
            self._slept_since = None
