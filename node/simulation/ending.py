"""What came of a simulated dispute, and whether something happened that never must.

At most f members of each committee faulty: then no two outcomes can be certified, none that is
false, nobody who did its duty is slashed, and whatever the strategies, the money adds up.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from protocol.committee import quorum
from protocol.messages import Vote
from protocol.types import Outcome

from .circle import Circle
from .court import SimCourt
from .member import Member


@dataclass(frozen=True, slots=True)
class Sitting:
    """A committee that was drawn and keyed."""

    circle: Circle
    members: tuple[Member, ...]
    faulty: frozenset[int]
    """Their places."""

    @property
    def dutiful(self) -> list[int]:
        """The places of the others."""
        return [place for place in range(len(self.members)) if place not in self.faulty]

    @property
    def certifiable(self) -> set[int]:
        """The outcomes for which a quorum of votes was ever said, whoever heard them."""
        said: dict[int, set[int]] = {}
        for member in self.members:
            for message in member.books[1]:
                if isinstance(message, Vote):
                    said.setdefault(message.outcome, set()).add(message.place)
        needed = quorum(len(self.members))
        return {outcome for outcome, places in said.items() if len(places) >= needed}

    def seats_of(self, places: Iterable[int]) -> set[int]:
        """Who sits there."""
        return {self.members[place].seat for place in places}


@dataclass(slots=True)
class Course:
    """What is remembered of a dispute, to judge it by; times in seconds since the beginning."""

    court: SimCourt
    truth: Outcome
    sittings: list[Sitting] = field(default_factory=list)
    """By round."""
    keyed_at: float = 0.0
    """The first of them, as are the moments that follow."""
    votable_at: float | None = None
    """When its members saw that their votes were sealed."""
    proposed_at: float | None = None
    refused: int = 0


@dataclass(frozen=True, slots=True)
class Ending:
    """What came of a dispute."""

    truth: Outcome
    outcome: Outcome | None
    rounds: int
    appeals: int
    faulty: tuple[int, ...]
    """In each round."""
    latency_s: float | None
    """From the block with the first envelope to the one with its committee's verdict."""
    talk_s: float | None
    """The part of it that members spent talking: until a seal, and until a certificate."""
    messages: float
    bytes: float
    """A member's share of the first round's."""
    refused: int
    """Transactions that the court refused: somebody else was faster."""
    left_out: int
    """Commitments of members that did their duty, which the chain's root does not hold."""
    slashed: int
    """Faulty members that lost money."""
    violations: tuple[str, ...]
    """What must never happen while at most f members of each committee are faulty."""


def judge(course: Course) -> Ending:
    """What came of it all."""
    court, sittings = course.court, course.sittings
    duty = {seat for each in sittings for seat in each.seats_of(each.dutiful)}
    cheats = {seat for each in sittings for seat in each.seats_of(each.faulty)}
    first = sittings[0].circle if sittings else None
    size = court.rounds[0].size
    talk_s = None
    if first and first.sealable_at and first.decided_at and course.votable_at:
        talk_s = first.sealable_at - first.all_committed_at
        talk_s += first.decided_at - course.votable_at
    return Ending(
        truth=course.truth,
        outcome=court.outcome,
        rounds=len(court.rounds),
        appeals=court.appeals,
        faulty=tuple(len(each.faulty) for each in sittings),
        latency_s=course.proposed_at - course.keyed_at if course.proposed_at else None,
        talk_s=talk_s,
        messages=first.messages / size if first else 0,
        bytes=first.bytes / size if first else 0,
        refused=course.refused,
        left_out=sum(_left_out(each, court, round_) for round_, each in enumerate(sittings)),
        slashed=len(cheats & court.slashed.keys()),
        violations=tuple(_violations(course, duty - cheats)),
    )


def _left_out(sitting: Sitting, court: SimCourt, round_: int) -> int:
    sealed = court.rounds[round_].sealed
    if sealed is None:
        return 0
    return sum(not sealed.voters >> place & 1 for place in sitting.dutiful)


def _violations(course: Course, duty: set[int]) -> list[str]:
    court = course.court
    found = []
    if court.held + sum(court.paid.values()) or court.held:
        found.append("money came from nowhere, or is left")
    for number, sitting in enumerate(course.sittings):
        if len(sitting.faulty) > len(sitting.members) // 3:
            return found  # the assumption is broken, and so may the promises be
        certifiable = sitting.certifiable
        if len(certifiable) > 1:
            found.append(f"round {number}: two outcomes can be certified")
        if certifiable - {course.truth}:
            found.append(f"round {number}: a false outcome can be certified")
    if court.outcome not in {course.truth, None}:
        found.append("the verdict is false")
    if duty & court.slashed.keys():
        found.append("a member that did its duty was slashed")
    return found
