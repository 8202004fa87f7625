"""The contracts, as a model: one dispute by the rules of SPEC 5, to the wei.

As strict as they are about who may do what and until when, what a quorum must have signed, what an
opening must hash to, and who is paid or pays. Left out is what no strategy here could use: re-orgs,
missed block hashes, mirrors. What follows from what is done is in `rounds`; what is kept, and owed,
in `docket`.
"""

from __future__ import annotations

from collections.abc import Sequence

from protocol import bls
from protocol.committee import committee_hash, quorum
from protocol.messages import Certificate, SealCertificate, Vote, places_of
from protocol.sealing import NOTHING
from protocol.types import Address, BlobRef, ClaimId, Digest, Dispute, Place, Sealed, State

from .docket import APPELLANT, OWNER, SEAL_GAS, SETTLE_GAS, Refused
from .hearing import Hearing
from .register import operator_of
from .rounds import SHARDS, Rounds


class SimCourt(Rounds):
    """One dispute in a court with these parameters and this register."""

    def open(self, now: float, block: int) -> None:
        """By the owner, who pays the bond and the first fee."""
        if self.parameters.ladder[0] > len(self.register.keys):
            raise Refused("NotEnoughVerifiers")
        fee = self.fee_of(0)
        self.take(OWNER, self.parameters.challenge_bond_wei + fee)
        self.promised += 1
        self.begin(fee, block, now + self.parameters.draw_window_s)

    def draw(self, now: float, block: int, block_hash: bytes) -> None:
        """By anyone: the committee, and the shard unless the round escalated."""
        self._require(now, State.OPEN)
        if block <= self.seed_block:
            raise Refused("DrawTooEarly")
        self.seat_committee(block_hash)
        self.enter(State.DRAWN, now + self.parameters.key_window_s)

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
        self.enter(State.KEYED, now + window)

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
        self.enter(State.SEALED, deadline)
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
        self.enter(State.PROPOSED, now + window)
        self.weigh(certificate.outcome)
        self.repay(SETTLE_GAS, sender)
        share, rest = divmod(present.pot, len(present.signers))
        self.give(sender, self.from_pot(rest))
        for place in present.signers:
            self.give(operator_of(present.seats[place]), self.from_pot(share))

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
        self.begin(fee, block, now + self.parameters.draw_window_s)

    def expire(self, now: float, block: int) -> None:
        """By anyone: leave a state whose deadline has passed."""
        if self.state.is_end:
            raise Refused("DisputeEnded")
        if now <= self.deadline:
            raise Refused("DeadlineNotPassed")
        match self.state:
            case State.OPEN:
                self.fail(self.appellant or OWNER)
            case State.DRAWN:
                self.fail(OWNER)
            case State.PROPOSED:
                self.end(State.FINAL)
            case _:
                self.escalate(now, block)

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
