"""How members fail or cheat: each strategy does one thing otherwise than `Member`.

They know all that their own secret and the others' messages tell them, and no more.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from protocol.messages import Commitment, Message, Seal, Vote
from protocol.sealing import NOTHING
from protocol.types import Digest, Outcome, Sealed

from .circle import Circle
from .member import Chain, Member

BASE_RATE: Final = Outcome.NO_MATCH
"""What most disputes come to; who does no work guesses it."""


class Absent(Member):
    """Is not there."""

    def __init__(
        self, place: int, circle: Circle, chain: Chain, outcome: Outcome | None, work_s: float
    ) -> None:
        super().__init__(place, circle, chain, outcome, work_s)
        self.is_up = False

    def begin(self) -> None:
        """Does nothing."""

    def is_sealed(self, sealed: Sealed) -> None:
        """Does nothing."""

    def show(self) -> None:
        """Does nothing."""


class Lazy(Member):
    """Votes for what most disputes come to, at once and without work."""

    def begin(self) -> None:
        """Has nothing to wait for."""
        self.outcome, self.work_s = BASE_RATE, 0.0
        super().begin()


class Copying(Member):
    """Shows the first commitment that it hears as its own, and then that member's vote."""

    victim: int | None = None

    def commit(self) -> None:
        """Has nothing to commit to before it hears somebody."""

    def hears(self, message: Message) -> None:
        """Repeats it in its own name."""
        if message.place == self.place:
            return
        if isinstance(message, Commitment) and self.victim is None and self.sealed is None:
            self.victim = message.place
            self.say(self.commitment(message.commitment))
        if isinstance(message, Vote) and message.place == self.victim:
            self.say(self.signed_vote(Outcome(message.outcome), message.salt))

    def vote(self) -> None:
        """Waits for its victim's."""


class Withholding(Member):
    """Seals a vote and does not open it, nor shows it to the chain."""

    def vote(self) -> None:
        """Does not."""

    def show(self) -> None:
        """Does not."""


class Censoring(Member):
    """Takes nothing to the chain, and leaves a member out of what it signs and tells."""

    @property
    def victim(self) -> int:
        """The place after its own."""
        return (self.place + 1) % self.hearing.size

    def leaves(self) -> tuple[Digest, ...]:
        """All but the victim's."""
        return tuple(
            NOTHING if place == self.victim else leaf
            for place, leaf in enumerate(self.seals.leaves)
        )

    def shown(self, to: int) -> tuple[Sequence[Message], int]:
        """All but what the victim said."""
        messages, length = super().shown(to)
        return [message for message in messages if message.place != self.victim], length

    def _certify_seal(self) -> None:
        """Keeps it."""

    def _certify(self) -> None:
        """Keeps it."""


class _TwoFaced(Member):
    """Tells one half of the committee something else than the other, and passes neither on."""

    def halves(self) -> tuple[list[int], list[int]]:
        """The committee without us, in two."""
        others = [place for place in range(self.hearing.size) if place != self.place]
        return others[::2], others[1::2]

    def shown(self, to: int) -> tuple[Sequence[Message], int]:
        """All but its own."""
        messages, length = super().shown(to)
        return [message for message in messages if message.place != self.place], length


class Equivocating(_TwoFaced):
    """Opens its vote to one half, and signs another for the other."""

    def vote(self) -> None:
        """Twice."""
        if self.outcome is None:
            return
        for outcome, half in zip((self.outcome, wrong(self.outcome)), self.halves(), strict=True):
            self.say(self.signed_vote(outcome, self.salt), half)


class Splitting(_TwoFaced):
    """Commits to one outcome before one half of the committee, to another before the other."""

    def commit(self) -> None:
        """Twice."""
        if self.outcome is None:
            return
        for outcome, half in zip((self.outcome, wrong(self.outcome)), self.halves(), strict=True):
            self.say(self.commitment(self.leaf(outcome)), half)


class Regretting(Member):
    """Commits to another outcome as soon as the first has been signed into a root."""

    is_over = False

    def hears(self, message: Message) -> None:
        """Commits again."""
        if isinstance(message, Seal) and self.outcome is not None and not self.is_over:
            self.is_over = True
            self.say(self.commitment(self.leaf(wrong(self.outcome))))


class Lying(Member):
    """Votes for what is false, as all who lie agreed."""

    def begin(self) -> None:
        """Needs no work for it, but takes its time."""
        self.outcome = wrong(self.outcome or Outcome.MATCH)
        super().begin()


STRATEGIES: Final[dict[str, type[Member]]] = {
    kind.__name__.lower(): kind
    for kind in (
        Absent, Lazy, Copying, Withholding, Censoring, Equivocating, Splitting, Regretting, Lying,
    )
}  # fmt: skip


def wrong(outcome: Outcome) -> Outcome:
    """What those who lie agree on."""
    return Outcome.NO_MATCH if outcome is Outcome.MATCH else Outcome.MATCH
