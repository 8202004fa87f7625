"""One dispute in virtual time, from its opening until nobody can be punished for it any more.

(1) open      the owner opens, draws and delivers; it reads final blocks only, as everybody does
(2) rounds    a committee is drawn, some of it faulty; the others do their duty
(3) appeal    somebody may ask for another committee
(4) expire    whatever has outstayed its deadline is left
(5) hunt      every vote that was sealed and not shown is punished
(6) judge     what came of it is told, in `ending`
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Final

from eth_utils.crypto import keccak

from protocol.court import CourtParameters
from protocol.types import DisputeId, Outcome, State

from .circle import Circle
from .court import SimCourt
from .docket import Refused
from .ending import Course, Ending, Sitting, judge
from .events import Clock, Network, Weather
from .member import Call, Member
from .register import Register

BLOCK_S: Final = 12.0
FINALITY_S: Final = 900.0
"""Two epochs and a half: what Ethereum takes on average."""
POLL_S: Final = 6.0
"""How late a member looks at the chain, at most."""
WORK_S: Final = 120.0
"""The median time in which a member has fetched and verified a suspect; log-normal."""
WORK_SIGMA: Final = 0.5

Cast = Callable[[Random, tuple[int, ...]], dict[int, type[Member]]]
"""Who is faulty, and how, in a committee of these seats: by place."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """What all disputes of a run have in common."""

    parameters: CourtParameters
    weather: Weather
    cast: Cast
    appeal_share: float = 0.0
    """How many of the verdicts that can be appealed are."""
    asks: bool = True


class Trial:
    """Runs one dispute; it is the chain that its members see."""

    def __init__(self, conditions: Conditions, register: Register, name: str) -> None:
        self._conditions = conditions
        self._rng = Random(name)  # noqa: S311 - the same run for the same seed
        self._name = keccak(text=name)
        self._clock = Clock()
        self._network = Network(self._clock, conditions.weather, self._rng)
        self.court = SimCourt(conditions.parameters, register, DisputeId(self._name))
        self.course = Course(self.court, self._rng.choice((Outcome.MATCH, Outcome.NO_MATCH)))
        self._known = (State.NONE, -1)

    def run(self) -> Ending:
        """Let it happen."""
        self.send(lambda court, now: court.open(now, _block(now)))
        self._clock.run()
        return judge(self.course)

    def send(self, call: Call) -> None:
        """Send a transaction: it is in the next block."""
        self._clock.at((_block(self._clock.now) + 1) * BLOCK_S, self._include, call)

    def _include(self, call: Call) -> None:
        try:
            call(self.court, self._clock.now)
        except Refused:
            self.course.refused += 1
            return
        court = self.court
        if (court.state, court.round) == self._known:
            return
        self._known = (court.state, court.round)
        if court.state is State.KEYED and court.round == 0:
            self.course.keyed_at = self._clock.now
        if court.state is State.PROPOSED and court.round == 0:
            self.course.proposed_at = self._clock.now
        self._clock.after(FINALITY_S, self._become_final, *self._known)
        if not court.state.is_end:
            due = court.deadline + FINALITY_S + BLOCK_S
            self._clock.at(due, self._expire, court.deadline, *self._known)

    def _become_final(self, state: State, round_: int) -> None:
        """Everybody sees a state of the dispute, a while after it was reached."""
        court, clock = self.court, self._clock
        match state:
            case State.OPEN:
                self._close()
                seeded = court.seed_block * BLOCK_S + FINALITY_S
                clock.at(seeded, self.send, self._draw)
            case State.DRAWN:
                self.send(lambda court, now: court.deliver(now))
            case State.KEYED:
                self._convene()
            case State.SEALED:
                if round_ == 0:
                    self.course.votable_at = clock.now
                sealed = court.rounds[round_].sealed
                for member in self.course.sittings[round_].members:
                    clock.after(self._rng.uniform(0, POLL_S), member.is_sealed, sealed)
            case State.PROPOSED:
                self._close()
                if court.is_appealable and self._rng.random() < self._conditions.appeal_share:
                    self.send(lambda court, now: court.appeal(now, _block(now)))
            case _:
                self._close()
                last = max(map(court.reveal_deadline, range(len(court.rounds))))
                clock.at(last + 2 * BLOCK_S, self._hunt)

    def _draw(self, court: SimCourt, now: float) -> None:
        court.draw(now, _block(now), keccak(self._name + court.seed_block.to_bytes(8, "big")))

    def _convene(self) -> None:
        """(2) The present round's committee."""
        present = self.court.present
        circle = Circle(self.court.hearing, self._network, asks=self._conditions.asks)
        cast = self._conditions.cast(self._rng, present.seats)
        members = tuple(
            cast.get(place, Member)(place, circle, self, self.course.truth, self._work_s())
            for place in range(present.size)
        )
        circle.peers += members
        self.course.sittings.append(Sitting(circle, members, frozenset(cast)))
        for member in members:
            self._clock.after(self._rng.uniform(0, POLL_S), member.begin)

    def _work_s(self) -> float:
        return WORK_S * self._rng.lognormvariate(0, WORK_SIGMA)

    def _close(self) -> None:
        """The latest committee has done: its members show what the chain has not seen."""
        for sitting in self.course.sittings[-1:]:
            if not sitting.circle.is_over:
                sitting.circle.close()
            for member in sitting.members:
                member.show()

    def _expire(self, deadline: float, state: State, round_: int) -> None:
        """(4)"""
        court = self.court
        if (court.deadline, court.state, court.round) == (deadline, state, round_):
            self.send(lambda court, now: court.expire(now, _block(now)))

    def _hunt(self) -> None:
        """(5)"""
        for number, past in enumerate(self.court.rounds):
            for place in range(past.size if past.sealed else 0):
                try:
                    self.court.punish_withheld(self._clock.now, number, place)
                except Refused:
                    continue


def _block(time: float) -> int:
    return int(time // BLOCK_S)
