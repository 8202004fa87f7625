"""The model of the contracts: who may do what until when, and where the money goes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from node.profiles import load_profile
from node.simulation.court import SimCourt
from node.simulation.docket import ANYONE, APPELLANT, BURNT, OWNER, Refused
from node.simulation.register import Register, operator_of
from protocol import bls
from protocol.messages import (
    Certificate,
    Commitment,
    SealCertificate,
    Vote,
    places_of,
)
from protocol.types import Digest, DisputeId, Outcome, Place, State

PARAMETERS = replace(load_profile("mainnet"), ladder=(4, 7))
BOND, FEE = PARAMETERS.challenge_bond_wei, PARAMETERS.member_fee_wei
MATCH, NO_MATCH = Outcome.MATCH, Outcome.NO_MATCH


class Played:
    """A court, and what is needed to go through it."""

    def __init__(self, seats: int = 10) -> None:
        self.court = SimCourt(PARAMETERS, Register.of(seats), DisputeId(bytes([7]) * 32))
        self.now = 0.0

    def open(self) -> None:
        self.court.open(0, 0)

    def draw(self) -> None:
        self.court.draw(self.now, self.court.seed_block + 1, bytes(32))

    def key(self) -> None:
        self.draw()
        self.court.deliver(self.now)

    def salt(self, place: int) -> bytes:
        return bytes([place + 1]) * 32

    def leaves(self, outcomes: Sequence[Outcome]) -> tuple[Digest, ...]:
        hearing = self.court.hearing
        return tuple(hearing.leaf(p, o, self.salt(p)) for p, o in enumerate(outcomes))

    def sealed_by(self, outcomes: Sequence[Outcome], signers: Sequence[int]) -> SealCertificate:
        court, pool = self.court, self.court.hearing.seal_pool()
        leaves = self.leaves(outcomes)
        for place, leaf in enumerate(leaves):
            pool.add_commitment(Commitment(court.id, court.round, Place(place), leaf, b""))
        root, voters = court.hearing.root(leaves), (1 << len(leaves)) - 1
        digest = court.hearing.seal_digest(root, voters)
        signatures = [self.sign(place, digest, bls.SEAL_TAG) for place in signers]
        return SealCertificate(
            court.id, court.round, root, voters, sum(1 << place for place in signers),
            court.register.arithmetic.aggregate(signatures),
        )  # fmt: skip

    def seal(self, outcomes: Sequence[Outcome]) -> None:
        self.court.seal(self.now, self.sealed_by(outcomes, range(len(outcomes))), ANYONE)

    def votes_for(
        self, outcome: Outcome, outcomes: Sequence[Outcome], hidden: Sequence[int] = ()
    ) -> Certificate:
        court = self.court
        shown = [0 if place in hidden else int(each) for place, each in enumerate(outcomes)]
        leaves = self.leaves(outcomes)
        digest = court.hearing.vote_digest(outcome)
        signatures = [
            self.sign(place, digest, bls.VOTE_TAG)
            for place, each in enumerate(shown)
            if each == outcome
        ]
        openings = [self.salt(p) if each else leaves[p] for p, each in enumerate(shown)]
        return Certificate(
            court.id, court.round, outcome, tuple(shown), tuple(openings),
            court.register.arithmetic.aggregate(signatures),
        )  # fmt: skip

    def settle(self, outcomes: Sequence[Outcome], outcome: Outcome = MATCH) -> None:
        self.court.settle(self.now, self.votes_for(outcome, outcomes), ANYONE)

    def sign(self, place: int, digest: bytes, tag: bytes) -> bytes:
        court = self.court
        return court.register.arithmetic.sign(
            court.register.secrets[court.present.seats[place]], digest, tag
        )

    def expire(self) -> None:
        self.now = self.court.deadline + 1
        self.court.expire(self.now, int(self.now // 12))

    def paid(self) -> dict[str, int]:
        return {str(who): amount for who, amount in self.court.paid.items() if amount}


@pytest.fixture
def played() -> Played:
    played = Played()
    played.open()
    return played


def test_court__pays_to_the_wei(played: Played) -> None:
    played.key()
    outcomes = [MATCH, MATCH, MATCH, NO_MATCH]
    played.seal(outcomes)
    played.settle(outcomes)
    signers = [operator_of(played.court.present.seats[place]) for place in range(3)]
    played.expire()

    paid = played.court.paid
    assert (played.court.state, played.court.outcome) == (State.FINAL, MATCH)
    assert played.court.held == 0
    assert sum(paid.values()) == 0
    assert paid[OWNER] == -(4 * FEE + 2 * PARAMETERS.submitter_cap_wei)
    assert len({paid[signer] for signer in signers}) == 1
    assert paid[signers[0]] > FEE
    assert paid[operator_of(played.court.present.seats[3])] == 0


@pytest.mark.parametrize(("outcome", "burnt"), [(MATCH, 0), (NO_MATCH, BOND)])
def test_court__burns_the_bond_of_who_was_wrong(
    outcome: Outcome, burnt: int, played: Played
) -> None:
    played.key()
    played.seal([outcome] * 4)
    played.settle([outcome] * 4, outcome)
    played.expire()

    assert played.court.paid[BURNT] == burnt


def test_draw__burns_the_shard_that_opening_promised(played: Played) -> None:
    assert (played.court.promised, played.court.burnt_shards) == (1, 0)

    played.draw()

    assert (played.court.promised, played.court.burnt_shards.bit_count()) == (0, 1)


def test_court__escalates_with_the_pot_and_the_shard_and_then_gives_up(played: Played) -> None:
    played.key()
    shard, pot = played.court.present.shard, played.court.present.pot
    played.expire()
    assert (played.court.state, played.court.round) == (State.OPEN, 1)
    assert played.court.present.pot == pot
    played.key()
    assert played.court.present.shard == shard
    assert len(played.court.present.seats) == 7
    played.expire()

    assert played.court.state is State.VOID
    assert played.paid() == {}


@pytest.mark.parametrize(
    ("second", "outcome", "appellant"),
    [
        (NO_MATCH, NO_MATCH, "changed"),
        (MATCH, MATCH, "unchanged"),
        (Outcome.UNAVAILABLE, MATCH, "unchanged"),
        (Outcome.BAD_KEY, Outcome.BAD_KEY, "changed"),
    ],
)
def test_court__weighs_an_appeal(
    second: Outcome, outcome: Outcome, appellant: str, played: Played
) -> None:
    played.key()
    played.seal([MATCH] * 4)
    played.settle([MATCH] * 4)
    first_shard = played.court.present.shard
    played.court.appeal(played.now, 0)
    played.key()
    assert played.court.present.shard != first_shard
    played.seal([second] * 7)
    played.settle([second] * 7, second)
    played.expire()

    fee = 7 * FEE + 2 * PARAMETERS.submitter_cap_wei
    lost = 0 if appellant == "changed" else PARAMETERS.appeal_bond_wei
    assert played.court.outcome is outcome
    assert played.court.paid[APPELLANT] == -(fee + lost)
    assert played.court.held == 0


def test_court__keeps_the_verdict_where_an_appeal_finds_no_quorum(played: Played) -> None:
    played.key()
    played.seal([MATCH] * 4)
    played.settle([MATCH] * 4)
    played.court.appeal(played.now, 0)
    played.key()
    played.expire()

    assert (played.court.state, played.court.outcome) == (State.FINAL, MATCH)
    assert played.court.paid[APPELLANT] == 0


@pytest.mark.parametrize(("steps", "state"), [(0, State.FORFEIT), (1, State.FORFEIT)])
def test_court__forfeits_what_the_owner_neglects(steps: int, state: State, played: Played) -> None:
    if steps:
        played.draw()
    played.expire()

    assert played.court.state is state
    assert played.paid() == {str(OWNER): -BOND, str(BURNT): BOND}


@pytest.mark.parametrize(("outcome", "state"), [(MATCH, State.FORFEIT), (NO_MATCH, State.FINAL)])
def test_court__leaves_an_owner_who_neglects_an_appeal_what_is_against_it(
    outcome: Outcome, state: State, played: Played
) -> None:
    played.key()
    played.seal([outcome] * 4)
    played.settle([outcome] * 4, outcome)
    played.court.appeal(played.now, 0)
    played.draw()
    played.expire()

    kept = None if state is State.FORFEIT else outcome
    assert (played.court.state, played.court.outcome) == (state, kept)


def _draw_early(played: Played) -> None:
    played.court.draw(0, played.court.seed_block, bytes(32))


def _seal_late(played: Played) -> None:
    played.key()
    played.now = played.court.deadline + 1
    played.seal([MATCH] * 4)


def _seal_with(signers: Sequence[int]) -> Callable[[Played], None]:
    def act(played: Played) -> None:
        played.key()
        played.court.seal(0, played.sealed_by([MATCH] * 4, signers), ANYONE)

    return act


def _seal_forged(played: Played) -> None:
    played.key()
    certificate = played.sealed_by([MATCH] * 4, range(3))
    played.court.seal(0, replace(certificate, signers=0b1111), ANYONE)


def _seal_beyond(played: Played) -> None:
    played.key()
    played.court.seal(0, replace(played.sealed_by([MATCH] * 4, range(4)), voters=0b10000), ANYONE)


def _settle_with(change: Callable[[Played], Certificate]) -> Callable[[Played], None]:
    def act(played: Played) -> None:
        played.key()
        certificate = played.sealed_by([MATCH] * 4, range(4))
        played.court.seal(0, certificate, ANYONE)
        played.court.settle(0, change(played), ANYONE)

    return act


def _minority(played: Played) -> Certificate:
    return played.votes_for(MATCH, [MATCH] * 4, hidden=[2, 3])


def _other_votes(played: Played) -> Certificate:
    return played.votes_for(NO_MATCH, [NO_MATCH] * 4)


def _unsigned_outcome(played: Played) -> Certificate:
    return replace(played.votes_for(MATCH, [MATCH] * 4), signature=bytes(256))


def _short(played: Played) -> Certificate:
    certificate = played.votes_for(MATCH, [MATCH] * 4)
    return replace(certificate, outcomes=certificate.outcomes[:3])


def _unsealed(played: Played) -> None:
    played.key()
    court = played.court
    leaves = (*played.leaves([MATCH] * 3), Digest(bytes(32)))
    root = court.hearing.root(leaves)
    digest = court.hearing.seal_digest(root, 0b111)
    signature = court.register.arithmetic.aggregate(
        [played.sign(place, digest, bls.SEAL_TAG) for place in range(3)]
    )
    court.seal(0, SealCertificate(court.id, 0, root, 0b111, 0b111, signature), ANYONE)
    court.settle(0, played.votes_for(MATCH, [MATCH] * 4), ANYONE)


def _appeal_too_often(played: Played) -> None:
    played.court.register = Register.of(6)
    played.key()
    played.seal([MATCH] * 4)
    played.settle([MATCH] * 4)
    played.court.appeal(played.now, 0)


REFUSALS: dict[str, tuple[Callable[[Played], None], str]] = {
    "a draw before its block": (_draw_early, "DrawTooEarly"),
    "an envelope before the draw": (lambda played: played.court.deliver(0), "WrongState"),
    "leaving in time": (lambda played: played.court.expire(1, 0), "DeadlineNotPassed"),
    "a seal that is late": (_seal_late, "DeadlinePassed"),
    "a seal without a quorum": (_seal_with([0, 1]), "QuorumNotReached"),
    "a seal by fewer than it says": (_seal_forged, "InvalidSignature"),
    "a voter beyond the committee": (_seal_beyond, "UnknownMember"),
    "a verdict without a quorum": (_settle_with(_minority), "QuorumNotReached"),
    "votes that were not sealed": (_settle_with(_other_votes), "WrongOpening"),
    "an outcome that nobody signed": (_settle_with(_unsigned_outcome), "InvalidSignature"),
    "an opening too few": (_settle_with(_short), "WrongLength"),
    "a vote of who sealed none": (_unsealed, "NotSealed"),
    "an appeal to a rung that cannot be filled": (_appeal_too_often, "NotAppealable"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_court__refuses(case: str, played: Played) -> None:
    act, name = REFUSALS[case]

    with pytest.raises(Refused, match=f"^{name}$"):
        act(played)


def test_court__takes_the_bond_of_who_signed_two_outcomes_once(played: Played) -> None:
    played.key()
    votes = [
        Vote(played.court.id, 0, Place(2), outcome, bytes(32), signature)
        for outcome in (MATCH, NO_MATCH)
        for signature in [played.sign(2, played.court.hearing.vote_digest(outcome), bls.VOTE_TAG)]
    ]
    played.court.punish_equivocation(*votes)

    assert played.court.slashed == {played.court.present.seats[2]: PARAMETERS.verifier_bond_wei}
    with pytest.raises(Refused, match="NothingLeft"):
        played.court.punish_equivocation(*votes)
    with pytest.raises(Refused, match="SameOutcome"):
        played.court.punish_equivocation(votes[0], votes[0])
    with pytest.raises(Refused, match="InvalidSignature"):
        played.court.punish_equivocation(votes[0], replace(votes[1], signature=bytes(256)))


def test_court__takes_a_little_for_what_stays_hidden_and_nothing_for_what_is_shown(
    played: Played,
) -> None:
    played.key()
    outcomes = [MATCH] * 4
    played.seal(outcomes)
    certificate = played.votes_for(MATCH, outcomes, hidden=[3])
    played.court.settle(0, certificate, ANYONE)
    deadline = played.court.reveal_deadline(0)

    with pytest.raises(Refused, match="RevealStillOpen"):
        played.court.punish_withheld(deadline, 0, 3)
    with pytest.raises(Refused, match="NotWithheld"):
        played.court.punish_withheld(deadline + 1, 0, 2)
    played.court.punish_withheld(deadline + 1, 0, 3)
    assert played.court.slashed == {played.court.present.seats[3]: PARAMETERS.withheld_penalty_wei}


def test_court__takes_a_revealed_vote_in_time(played: Played) -> None:
    played.key()
    outcomes = [MATCH] * 4
    played.seal(outcomes)
    played.court.settle(0, played.votes_for(MATCH, outcomes, hidden=[3]), ANYONE)
    deadline = played.court.reveal_deadline(0)
    shown = [0, 0, 0, int(MATCH)]
    openings = [*played.leaves(outcomes)[:3], played.salt(3)]

    with pytest.raises(Refused, match="DeadlinePassed"):
        played.court.reveal(deadline + 1, 0, shown, openings)
    played.court.reveal(deadline, 0, shown, openings)

    assert places_of(played.court.present.opened) == (0, 1, 2, 3)
    with pytest.raises(Refused, match="NotWithheld"):
        played.court.punish_withheld(deadline + 1, 0, 3)
