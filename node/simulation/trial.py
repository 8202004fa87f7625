"""One dispute in virtual time, from its opening until nobody can be punished for it any more.

(1) open      the owner opens, draws and delivers; it reads final blocks only, as everybody does
(2) rounds    a committee is drawn, some of it faulty; the others do their duty
(3) appeal    somebody may ask for another committee
(4) expire    whatever has outstayed its deadline is left
(5) hunt      every vote that was sealed and not shown is punished
(6) judge     what must never happen is looked for
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Final

from eth_utils.crypto import keccak

from protocol.committee import quorum
from protocol.messages import Vote
from protocol.types import CourtParameters, DisputeId, Outcome, State

from .circle import Circle
from .court import SimCourt
from .docket import Refused
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
    idle_bytes: float
    """A member's share of the first round's."""
    refused: int
    """Transactions that the court refused: somebody else was faster."""
    left_out: int
    """Commitments of members that did their duty, which the chain's root does not hold."""
    slashed: int
    """Faulty members that lost money."""
    violations: tuple[str, ...]
    """What must never happen while at most f members of each committee are faulty."""


class Trial:
    """Runs one dispute; it is the chain that its members see."""

    def __init__(self, conditions: Conditions, register: Register, name: str) -> None:
        self._conditions = conditions
        self._rng = Random(name)  # noqa: S311 - the same run for the same seed
        self._name = keccak(text=name)
        self._clock = Clock()
        self._network = Network(self._clock, conditions.weather, self._rng)
        self.court = SimCourt(conditions.parameters, register, DisputeId(self._name))
        self._truth = self._rng.choice((Outcome.MATCH, Outcome.NO_MATCH))
        self._committees: list[list[Member]] = []
        self._circles: list[Circle] = []
        self._casts: list[dict[int, type[Member]]] = []
        self._known = (State.NONE, -1)
        self._refused = 0
        self._keyed_at = 0.0
        self._proposed_at: float | None = None
        self._is_hunted = False

    def run(self) -> Ending:
        """Let it happen."""
        self.send(lambda court, now: court.open(now, _block(now)))
        self._clock.run()
        return self._judge()

    def send(self, call: Call) -> None:
        """Send a transaction: it is in the next block."""
        self._clock.at((_block(self._clock.now) + 1) * BLOCK_S, self._include, call)

    def _include(self, call: Call) -> None:
        try:
            call(self.court, self._clock.now)
        except Refused:
            self._refused += 1
            return
        court = self.court
        if (court.state, court.round) == self._known:
            return
        self._known = (court.state, court.round)
        if court.state is State.KEYED and court.round == 0:
            self._keyed_at = self._clock.now
        if court.state is State.PROPOSED and court.round == 0:
            self._proposed_at = self._clock.now
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
                sealed = court.rounds[round_].sealed
                for member in self._committees[round_]:
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
        members = [
            cast.get(place, Member)(place, circle, self, self._truth, self._work_s())
            for place in range(present.size)
        ]
        circle.peers += members
        self._committees.append(members)
        self._circles.append(circle)
        self._casts.append(cast)
        for member in members:
            self._clock.after(self._rng.uniform(0, POLL_S), member.begin)

    def _work_s(self) -> float:
        return WORK_S * self._rng.lognormvariate(0, WORK_SIGMA)

    def _close(self) -> None:
        """The latest committee has done: its members show what the chain has not seen."""
        for circle, members in zip(self._circles[-1:], self._committees[-1:], strict=True):
            if not circle.is_over:
                circle.close()
            for member in members:
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

    def _judge(self) -> Ending:
        """(6)"""
        court = self.court
        members = [member for committee in self._committees for member in committee]
        duty = {member.seat for member in members if type(member) is Member}
        cheats = {member.seat for member in members if type(member) is not Member}
        first = self._circles[0] if self._circles else None
        size = court.rounds[0].size
        talk_s = None
        if first and first.sealable_at and first.decided_at and court.rounds[0].sealed:
            voted_at = court.rounds[0].sealed.vote_deadline - court.parameters.vote_window_s
            talk_s = first.sealable_at - first.all_committed_at
            talk_s += first.decided_at - (voted_at + FINALITY_S)
        return Ending(
            truth=self._truth,
            outcome=court.outcome,
            rounds=len(court.rounds),
            appeals=court.appeals,
            faulty=tuple(map(len, self._casts)),
            latency_s=self._proposed_at - self._keyed_at if self._proposed_at else None,
            talk_s=talk_s,
            messages=first.messages / size if first else 0,
            bytes=first.bytes / size if first else 0,
            idle_bytes=first.idle_bytes / size if first else 0,
            refused=self._refused,
            left_out=sum(map(self._left_out, range(len(self._committees)))),
            slashed=len(cheats & court.slashed.keys()),
            violations=tuple(self._violations(duty - cheats)),
        )

    def _left_out(self, round_: int) -> int:
        sealed = self.court.rounds[round_].sealed
        if sealed is None:
            return 0
        return sum(
            type(member) is Member and not sealed.voters >> member.place & 1
            for member in self._committees[round_]
        )

    def _violations(self, duty: set[int]) -> list[str]:
        court = self.court
        found = []
        if court.held + sum(court.paid.values()) or court.held:
            found.append("money came from nowhere, or is left")
        for number, members in enumerate(self._committees):
            if len(self._casts[number]) > len(members) // 3:
                return found  # the assumption is broken, and so may the promises be
            if len(_certifiable(members)) > 1:
                found.append(f"round {number}: two outcomes can be certified")
            if _certifiable(members) - {self._truth}:
                found.append(f"round {number}: a false outcome can be certified")
        if court.outcome not in {self._truth, None}:
            found.append("the verdict is false")
        if duty & court.slashed.keys():
            found.append("a member that did its duty was slashed")
        return found


def _certifiable(members: list[Member]) -> set[int]:
    """The outcomes for which a quorum of votes was ever said, whoever heard them."""
    said: dict[int, set[int]] = {}
    for member in members:
        for message in member.books[1]:
            if isinstance(message, Vote):
                said.setdefault(message.outcome, set()).add(message.place)
    needed = quorum(len(members))
    return {outcome for outcome, places in said.items() if len(places) >= needed}


def _block(time: float) -> int:
    return int(time // BLOCK_S)
