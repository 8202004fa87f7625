"""The contracts, as a model: one dispute by the rules of SPEC 5, to the wei.

As strict as they are about who may do what and until when, what a quorum must have signed, what an
opening must hash to, and who is paid or pays. Left out is what no strategy here could use: re-orgs,
missed block hashes, mirrors. Where its money goes is in `docket`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from protocol import bls
from protocol.committee import committee_hash, draw_seed, draw_shard, quorum, shuffle
from protocol.messages import Certificate, SealCertificate, Vote, places_of
from protocol.sealing import NOTHING
from protocol.types import (
    MAX_APPEALS,
    Address,
    BlobRef,
    ClaimId,
    Digest,
    Dispute,
    Outcome,
    Place,
    Sealed,
    State,
)

from .docket import APPELLANT, BURNT, OWNER, SEAL_GAS, SETTLE_GAS, Docket, Refused, Round
from .hearing import Hearing
from .register import operator_of

SHARDS: Final = 8
SLOT_SECONDS: Final = 12
_REPLACES: Final = frozenset({Outcome.MATCH, Outcome.NO_MATCH, Outcome.INCONCLUSIVE})


class SimCourt(Docket):
    """One dispute in a court with these parameters and this register."""

    def open(self, now: float, block: int) -> None:
        """By the owner, who pays the bond and the first fee."""
        if self.parameters.ladder[0] > len(self.register.keys):
            raise Refused("NotEnoughVerifiers")
        fee = self.fee_of(0)
        self.take(OWNER, self.parameters.challenge_bond_wei + fee)
        self.promised += 1
        self._begin(fee, block, now + self.parameters.draw_window_s)

    def draw(self, now: float, block: int, block_hash: bytes) -> None:
        """By anyone: the committee, and the shard unless the round escalated."""
        self._require(now, State.OPEN)
        if block <= self.seed_block:
            raise Refused("DrawTooEarly")
        drawn = self.present
        drawn.seed = draw_seed(block_hash, self.id, self.round)
        drawn.seats = shuffle(drawn.seed, len(self.register.keys), drawn.size)
        if self._is_escalated:
            drawn.shard = self.rounds[-2].shard
        else:
            drawn.shard = draw_shard(drawn.seed, SHARDS, self.burnt_shards)
            self.burnt_shards |= 1 << drawn.shard
            self.promised -= 1
        self._enter(State.DRAWN, now + self.parameters.key_window_s)

    def deliver(self, now: float) -> None:
        """By the owner."""
        self._require(now, State.DRAWN)
        window = self.parameters.seal_window_s
        drawn = self.present
        keys = [self.register.keys[seat] for seat in drawn.seats]
        dispute = Dispute(
            id=self.id,
            claim_id=ClaimId(NOTHING),
            commitment=NOTHING,
            shard_count=SHARDS,
            beacon=NOTHING,
            owner=OWNER,
            suspect=BlobRef(NOTHING, 0, ()),
            round=self.round,
            in_reference_mode=self.appeals > 0,
            shard=drawn.shard,
            seed=drawn.seed,
            committee=self.register.members(drawn.seats),
            committee_hash=committee_hash(keys),
            envelope=BlobRef(drawn.seed, 0, ()),
            seal_deadline=int(now + window),
            seal_window=window,
        )
        drawn.hearing = Hearing(dispute, self.register.arithmetic)
        self._enter(State.KEYED, now + window)

    def seal(self, now: float, certificate: SealCertificate, sender: Address) -> None:
        """By anyone with a quorum's seal."""
        self._require(now, State.KEYED)
        self._require_round(certificate)
        hearing = self.hearing
        signers = self._members(certificate.signers)
        self._members(certificate.voters)
        digest = hearing.seal_digest(certificate.root, certificate.voters)
        self._require_quorum(signers, digest, bls.SEAL_TAG, certificate.signature)

        deadline = now + self.parameters.vote_window_s
        self.present.sealed = Sealed(certificate.root, certificate.voters, int(deadline))
        self._enter(State.SEALED, deadline)
        self.repay(SEAL_GAS, sender)

    def settle(self, now: float, certificate: Certificate, sender: Address) -> None:
        """By anyone with a quorum of opened votes."""
        self._require(now, State.SEALED)
        self._require_round(certificate)
        opened = self._opened(self.round, certificate.outcomes, certificate.openings)
        digest = self.hearing.vote_digest(certificate.outcome)
        self._require_quorum(certificate.signers, digest, bls.VOTE_TAG, certificate.signature)

        present = self.present
        present.opened, present.signers = opened, certificate.signers
        present.outcome = certificate.outcome
        window = self.parameters.appeal_window_s if self.is_appealable else 0
        self._enter(State.PROPOSED, now + window)
        self._weigh(certificate.outcome)
        self.repay(SETTLE_GAS, sender)
        share, rest = divmod(present.pot, len(present.signers))
        self.give(sender, self.from_pot(rest))
        for place in present.signers:
            self.give(operator_of(present.seats[place]), self.from_pot(share))

    @property
    def is_appealable(self) -> bool:
        """Whether the verdict that is proposed can be appealed."""
        return (
            self._has_next_rung
            and self.appeals < MAX_APPEALS
            and self.burnt_shards.bit_count() + self.promised < SHARDS
        )

    def appeal(self, now: float, block: int) -> None:
        """By anyone, who pays for it; here always by the appellant."""
        self._require(now, State.PROPOSED)
        if not self.is_appealable:
            raise Refused("NotAppealable")
        fee = self.fee_of(self.round + 1)
        self.take(APPELLANT, self.parameters.appeal_bond_wei + fee)
        self.promised += 1
        self.appeals += 1
        self.appellant = APPELLANT
        self._begin(fee, block, now + self.parameters.draw_window_s)

    def expire(self, now: float, block: int) -> None:
        """By anyone: leave a state whose deadline has passed."""
        if self.state.is_end:
            raise Refused("DisputeEnded")
        if now <= self.deadline:
            raise Refused("DeadlineNotPassed")
        match self.state:
            case State.OPEN:
                self._fail(self.appellant or OWNER)
            case State.DRAWN:
                self._fail(OWNER)
            case State.PROPOSED:
                self._end(State.FINAL)
            case _:
                self._escalate(now, block)

    def reveal(
        self, now: float, round_: int, outcomes: Sequence[int], openings: Sequence[bytes]
    ) -> None:
        """By anyone: show sealed votes, so that nobody pays for them."""
        sealed = self.rounds[round_].sealed
        if sealed is None:
            raise Refused("WrongState")
        if now > self.reveal_deadline(round_):
            raise Refused("DeadlinePassed")
        self.rounds[round_].opened |= self._opened(round_, outcomes, openings)

    def reveal_deadline(self, round_: int) -> float:
        """The last second for it."""
        sealed = self.rounds[round_].sealed
        return 0 if sealed is None else sealed.vote_deadline + self.parameters.vote_window_s

    def punish_equivocation(self, first: Vote, second: Vote) -> None:
        """By anyone with two votes of one member for two outcomes of one round."""
        hearing = self.rounds[first.round].hearing
        if (first.round, first.place) != (second.round, second.place) or hearing is None:
            raise Refused("UnknownMember")
        if first.outcome == second.outcome:
            raise Refused("SameOutcome")
        if not (hearing.is_signed(first) and hearing.is_signed(second)):
            raise Refused("InvalidSignature")
        seat = self.rounds[first.round].seats[first.place]
        self.slash(seat, self.parameters.verifier_bond_wei)

    def punish_withheld(self, now: float, round_: int, place: int) -> None:
        """By anyone, of a vote that was sealed and that nobody has shown in time."""
        past = self.rounds[round_]
        if past.sealed is None or not past.sealed.voters & ~past.opened & 1 << place:
            raise Refused("NotWithheld")
        if now <= self.reveal_deadline(round_):
            raise Refused("RevealStillOpen")
        self.slash(past.seats[place], self.parameters.withheld_penalty_wei)

    def _begin(self, pot: int, block: int, deadline: float) -> None:
        size = self.parameters.ladder[len(self.rounds)]
        self.rounds.append(Round(size, pot))
        self.seed_block = block + self.parameters.draw_delay_blocks
        self._enter(State.OPEN, deadline)

    def _escalate(self, now: float, block: int) -> None:
        due = self.deadline + self.parameters.draw_window_s
        is_late = now + self.parameters.draw_delay_blocks * SLOT_SECONDS > due
        if self._has_next_rung and not is_late:
            self._begin(self.from_pot(self.present.pot), block, due)
            return
        self.return_pot()
        if self.appellant is None:
            self._end(State.VOID)
        else:
            self.give(self.appellant, self.parameters.appeal_bond_wei)
            self._end(State.FINAL)

    def _fail(self, failing: Address) -> None:
        self.return_pot()
        if failing == self.appellant:
            self.give(BURNT, self.parameters.appeal_bond_wei)
            self._end(State.FINAL)
            return
        if self.appellant is not None:
            self.give(self.appellant, self.parameters.appeal_bond_wei)
        self.outcome = None
        self._end(State.FORFEIT)

    def _weigh(self, outcome: Outcome) -> None:
        replaces = True
        if self.appellant is not None:
            is_bad_key = outcome is Outcome.BAD_KEY and self.appellant != OWNER
            replaces = outcome in _REPLACES or is_bad_key
            has_changed = replaces and outcome != self.outcome
            to = self.appellant if has_changed else BURNT
            self.give(to, self.parameters.appeal_bond_wei)
        if replaces:
            self.outcome, self.verdict_round = outcome, self.round

    def _end(self, state: State) -> None:
        self.state = state
        is_lost = state is State.FORFEIT or self.outcome in {Outcome.NO_MATCH, Outcome.BAD_KEY}
        self.give(BURNT if is_lost else OWNER, self.parameters.challenge_bond_wei)

    def _opened(self, round_: int, outcomes: Sequence[int], openings: Sequence[bytes]) -> int:
        past = self.rounds[round_]
        if past.hearing is None or past.sealed is None:
            raise Refused("WrongState")
        if {len(outcomes), len(openings)} != {past.size}:
            raise Refused("WrongLength")
        opened = sum(1 << place for place, outcome in enumerate(outcomes) if outcome)
        if opened & ~past.sealed.voters:
            raise Refused("NotSealed")
        leaves = tuple(
            past.hearing.leaf(place, outcome, opening) if outcome else Digest(opening)
            for place, (outcome, opening) in enumerate(zip(outcomes, openings, strict=True))
        )
        if past.hearing.root(leaves) != past.sealed.root:
            raise Refused("WrongOpening")
        return opened

    @property
    def _has_next_rung(self) -> bool:
        rungs = [size for size in self.parameters.ladder if size <= len(self.register.keys)]
        return len(self.rounds) < len(rungs)

    @property
    def _is_escalated(self) -> bool:
        return self.round > 0 and self.rounds[-2].outcome is None

    def _members(self, bitmap: int) -> tuple[Place, ...]:
        if bitmap >> self.present.size:
            raise Refused("UnknownMember")
        return places_of(bitmap)

    def _require(self, now: float, state: State) -> None:
        if self.state is not state:
            raise Refused("WrongState")
        if now > self.deadline:
            raise Refused("DeadlinePassed")

    def _require_round(self, certificate: SealCertificate | Certificate) -> None:
        if (certificate.dispute_id, certificate.round) != (self.id, self.round):
            raise Refused("InvalidSignature")

    def _require_quorum(
        self, signers: Sequence[Place], digest: Digest, tag: bytes, signature: bytes
    ) -> None:
        if len(signers) < quorum(self.present.size):
            raise Refused("QuorumNotReached")
        keys = [self.register.keys[self.present.seats[place]] for place in signers]
        if not self.register.arithmetic.is_signed(keys, digest, tag, signature):
            raise Refused("InvalidSignature")

    def _enter(self, state: State, deadline: float) -> None:
        self.state, self.deadline = state, deadline
