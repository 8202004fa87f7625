"""A member of a simulated round, as `node.dispute` lives it.

It acts on what final blocks tell it, decides by the protocol's pools, and submits in its turn. How
members cheat is in `faults`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from protocol import bls
from protocol.committee import quorum
from protocol.keys import derive_salt
from protocol.messages import Commitment, Seal, Vote
from protocol.types import Digest, Outcome, Place, Sealed

from .circle import Circle
from .court import SimCourt
from .gossip import Peer
from .hearing import voters_of
from .register import operator_of

TURN_S: Final = 3.0
GRACE_S: Final = 3.0
"""For sealed votes that are still on their way when a quorum is there."""
HURRY: Final = 1 / 4
"""The last part of the seal window, in which a quorum's commitments are enough (SPEC 5.3)."""

Call = Callable[[SimCourt, float], None]
"""What a transaction does to the court at a block's time."""


class Chain(Protocol):
    """What a member has of the chain."""

    court: SimCourt

    def send(self, call: Call) -> None:
        """Send a transaction: it is in the next block."""
        ...


class Member(Peer):
    """One that does its duty."""

    def __init__(
        self, place: int, circle: Circle, chain: Chain, outcome: Outcome | None, work_s: float
    ) -> None:
        super().__init__(place, circle)
        self.chain = chain
        self.outcome = outcome
        """What it will find; None if it abstains."""
        self.work_s = work_s
        self.dispute = self.hearing.dispute
        self.seat = chain.court.present.seats[place]
        self.secret = chain.court.register.secrets[self.seat]
        self._is_hurried = False
        self._needed = quorum(self.hearing.size)
        self._weighed: tuple[int, bool] | None = None
        """How many commitments there were, and whether in a hurry, when a root was last considered.
        """
        self._signed: tuple[Digest, ...] | None = None
        self._seals_in_turn = False
        self._settles_in_turn = False
        self._punished: set[Place] = set()

    # (1) observe

    def begin(self) -> None:
        """A final block has the round's envelope."""
        self.clock.after(self.work_s, self.commit)
        self.clock.at(self.dispute.seal_deadline - self.dispute.seal_window * HURRY, self._hurry)
        self.wake(0)

    def _hurry(self) -> None:
        self._is_hurried = True
        self.react()

    # (5) commit

    def commit(self) -> None:
        """Show that there is a vote, and hide which."""
        if self.outcome is not None and self.sealed is None:
            self.circle.all_committed_at = self.clock.now
            self.say(self.commitment(self.leaf(self.outcome)))

    def commitment(self, leaf: Digest) -> Commitment:
        """A leaf, signed as ours."""
        digest = self.hearing.commitment_digest(self.place, leaf)
        signature = self._sign(digest, bls.SEAL_TAG)
        return Commitment(self.dispute.id, self.dispute.round, Place(self.place), leaf, signature)

    def leaf(self, outcome: Outcome) -> Digest:
        """Our commitment to an outcome."""
        return self.hearing.leaf(self.place, outcome, self.salt)

    @property
    def salt(self) -> bytes:
        """Of our vote."""
        return derive_salt(self.secret, self.dispute.id, self.dispute.round)

    # (6) seal

    def leaves(self) -> tuple[Digest, ...]:
        """What we would seal."""
        return self.seals.leaves

    def react(self) -> None:
        """Sign the root of what is held, take certificates to the chain, prove double votes."""
        if self.circle.is_over:
            return
        if self.votes is not None:
            self._certify()
            self._police()
        elif self.sealed is None:
            self._seal()
            self._certify_seal()

    def _seal(self) -> None:
        weighed = (self.commitments, self._is_hurried)
        is_early = len(self.speakers[Commitment]) < self.hearing.size and not self._is_hurried
        if is_early or weighed == self._weighed:
            return
        self._weighed = weighed
        if not self.seals.is_complete and not (self._is_hurried and self.seals.has_quorum):
            return
        leaves = self.leaves()
        if leaves == self._signed:
            return
        self._signed = leaves
        root, voters = self.hearing.root(leaves), voters_of(leaves)
        signature = self._sign(self.hearing.seal_digest(root, voters), bls.SEAL_TAG)
        dispute = self.dispute
        self.say(Seal(dispute.id, dispute.round, Place(self.place), root, voters, signature))

    def _certify_seal(self) -> None:
        if self._seals_in_turn or len(self.speakers[Seal]) < self._needed:
            return
        certificate = self.seals.certificate()
        if certificate is not None:
            self._seals_in_turn = True
            self.circle.sealable_at = self.circle.sealable_at or self.clock.now
            sender = operator_of(self.seat)
            self.in_turn(lambda court, now: court.seal(now, certificate, sender))

    # (7) vote

    def is_sealed(self, sealed: Sealed) -> None:
        """A final block has the round's seal: what is under it can be shown."""
        self.open(sealed)
        if self.outcome is not None and sealed.voters >> self.place & 1:
            self.vote()

    def vote(self) -> None:
        """Open what was sealed."""
        if self.outcome is not None:
            self.say(self.signed_vote(self.outcome, self.salt))

    def signed_vote(self, outcome: Outcome, salt: bytes) -> Vote:
        """A vote, signed as ours."""
        dispute = self.dispute
        signature = self._sign(self.hearing.vote_digest(outcome), bls.VOTE_TAG)
        return Vote(dispute.id, dispute.round, Place(self.place), outcome, salt, signature)

    # (8) submit

    def _certify(self) -> None:
        if self._settles_in_turn or len(self.speakers[Vote]) < self._needed:
            return
        if self.votes is None or self.sealed is None:
            return
        certificate = self.votes.certificate()
        if certificate is not None:
            self._settles_in_turn = True
            self.circle.decided_at = self.circle.decided_at or self.clock.now
            shown = sum(map(bool, certificate.outcomes))
            is_all = shown == self.sealed.voters.bit_count()
            self.clock.after(0 if is_all else GRACE_S, self._settle)

    def _settle(self) -> None:
        certificate = self.votes.certificate() if self.votes else None
        if certificate is None:
            self._settles_in_turn = False  # a double vote has come since
            return
        sender = operator_of(self.seat)
        self.in_turn(lambda court, now: court.settle(now, certificate, sender))

    def in_turn(self, call: Call) -> None:
        """Submit in our turn, unless somebody has been faster."""
        state, round_ = self.chain.court.state, self.dispute.round

        def submit() -> None:
            court = self.chain.court
            if (court.state, court.round) == (state, round_):
                self.chain.send(call)

        self.clock.after(self.hearing.turns[self.place] * TURN_S, submit)

    # (9) end

    def show(self) -> None:
        """A vote that was sealed, and that the chain has not seen, is shown to it."""
        round_ = self.dispute.round
        past = self.chain.court.rounds[round_]
        if past.sealed is None or self.votes is None:
            return
        if past.sealed.voters & ~past.opened & 1 << self.place:
            outcomes, openings = self.votes.openings()
            self.chain.send(lambda court, now: court.reveal(now, round_, outcomes, openings))

    def _police(self) -> None:
        if self.votes is None or not self.is_vote_doubled:
            return
        for place, (first, second, *_) in self.votes.equivocations.items():
            if place not in self._punished:
                self._punished.add(place)
                self.punish(first, second)

    def punish(self, first: Vote, second: Vote) -> None:
        """Take the bond of who signed both."""
        if self.chain.court.bond_of(self.chain.court.present.seats[first.place]):
            self.chain.send(lambda court, now: court.punish_equivocation(first, second))

    def _sign(self, digest: Digest, tag: bytes) -> bytes:
        return self.hearing.arithmetic.sign(self.secret, digest, tag)
