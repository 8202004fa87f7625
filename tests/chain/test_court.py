"""The client and the contracts, together, on every chain there is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Final

import aiohttp
import pytest

from node.faucet import FAUCET_WEI, fill
from node.keystore import NodeKeys
from protocol.certificate import validate_certificate, validate_seal_certificate
from protocol.chain import CourtClient
from protocol.claims import dispute_id
from protocol.court import Priority, Standing, Verdict
from protocol.errors import ChainMismatch, ChainUnavailable, ContractRefused
from protocol.types import (
    Address,
    BlobRef,
    ClaimId,
    Digest,
    DisputeId,
    ModelDigest,
    Outcome,
    Place,
    State,
)
from tests.support import court as steps

TERMS: Final = steps.UNHURRIED
OWNER = steps.account("owner")
STRANGER = steps.account("stranger")
BURNT = "0x000000000000000000000000000000000000dEaD"
MATCH, NO_MATCH = Outcome.MATCH, Outcome.NO_MATCH


@dataclass
class Stage:
    """A court with seats, and a claim whose beacon may be drawn."""

    url: str
    court: CourtClient
    stranger: CourtClient
    keys: list[NodeKeys]
    claim: ClaimId

    async def bound(self) -> None:
        """The claim, bound to a model."""
        await self.court.draw_beacon(self.claim)
        await self.court.bind(self.claim, steps.MODEL)

    async def opened(self) -> DisputeId:
        """A dispute whose committee may be drawn."""
        await self.bound()
        disputed, _ = await steps.open_dispute(self.court, self.claim)
        return disputed

    async def keyed(self) -> DisputeId:
        """A dispute that waits for a seal."""
        disputed = await self.opened()
        await self.key(disputed)
        return disputed

    async def key(self, disputed: DisputeId) -> None:
        """Bring a dispute whose committee may be drawn to its seal."""
        await self.stranger.draw(disputed)  # anybody may
        await self.court.deliver(disputed, steps.ENVELOPE)

    async def ballot(
        self, disputed: DisputeId, outcomes: Mapping[int, Outcome] | Outcome
    ) -> steps.Ballot:
        """How the present committee votes."""
        dispute = await steps.present_round(self.court, disputed)
        return steps.Ballot.of(self.court.court, dispute, self.keys, outcomes)

    async def sealed(
        self, disputed: DisputeId, outcomes: Mapping[int, Outcome] | Outcome
    ) -> steps.Ballot:
        """The same, sealed."""
        ballot = await self.ballot(disputed, outcomes)
        await self.stranger.seal(ballot.seal())
        return ballot

    async def proposed(
        self, disputed: DisputeId, outcomes: Mapping[int, Outcome] | Outcome, outcome: Outcome
    ) -> steps.Ballot:
        """The same, settled."""
        ballot = await self.sealed(disputed, outcomes)
        await self.stranger.settle(ballot.certificate(outcome))
        return ballot

    async def appealed(self, disputed: DisputeId) -> None:
        """A stranger's appeal, heard by thirteen, that waits for a seal."""
        await self.stranger.appeal(disputed)
        await steps.until_drawable(self.court, disputed)
        await self.key(disputed)

    async def outstayed(self, disputed: DisputeId) -> None:
        """The state it is in has lasted too long, and a stranger has taken its exit."""
        record = await self.court.dispute_record(disputed, await self.court.head("latest"))
        await self.later_than(record.deadline)
        await self.stranger.expire(disputed)

    async def ended(self, disputed: DisputeId) -> Verdict:
        """The end, of which only its time was missing."""
        await self.outstayed(disputed)
        verdict = await self.verdict(disputed)
        assert verdict is not None
        return verdict

    async def verdict(self, disputed: DisputeId) -> Verdict | None:
        """What the chain has recorded."""
        return await self.court.verdict(disputed, await self.court.head("latest"))

    async def collected(self, disputed: DisputeId, round_: int) -> None:
        """Every signer of a round has its share, and everybody what is owed."""
        head = await self.court.head("latest")
        record = await self.court.round_record(disputed, round_, head)
        for place in range(record.size):
            if record.signers >> place & 1:
                await self.stranger.collect_fee(disputed, round_, Place(place))
        for each in (OWNER, STRANGER):
            if await self.court.owed(Address(each.address), head):
                await self.stranger.withdraw(Address(each.address))

    async def balance(self, address: str) -> int:
        """What an account has now."""
        return await self.court.balance(Address(address), await self.court.head("latest"))

    async def held(self) -> int:
        """What the court's disputes hold now."""
        return await self.balance(self.court.court.dispute_manager)

    async def later_than(self, deadline: int) -> None:
        """A block later than `deadline`, by a second or two."""
        async with aiohttp.ClientSession() as http:
            # Blocks a second apart, mined in less, have run ahead of the clock that is moved here.
            while (gap := deadline + 1 - (await self.court.head("latest")).timestamp) > 0:
                await _rpc(http, self.url, "evm_increaseTime", [gap])
                await _rpc(http, self.url, "evm_mine", [])


@asynccontextmanager
async def _staged(rpc_url: str, seats: int) -> AsyncIterator[Stage]:
    keys = steps.members(seats)
    for each in (OWNER, STRANGER, *(key.account for key in keys)):
        await fill(rpc_url, Address(each.address))
    async with await CourtClient.deploy(rpc_url, OWNER, TERMS) as court:
        manager = court.court.dispute_manager
        async with await CourtClient.connect(rpc_url, manager, account=STRANGER) as stranger:
            await asyncio.gather(*(steps.register(rpc_url, court, key) for key in keys))
            claim, _ = await steps.commit(court, Address(OWNER.address), text="a claim")
            yield Stage(rpc_url, court, stranger, keys, claim)


@pytest.fixture
async def stage(rpc_url: str) -> AsyncIterator[Stage]:
    """Five seats: the first rung can be filled, the second cannot."""
    async with _staged(rpc_url, 5) as staged:
        yield staged


@pytest.fixture
async def full_stage(rpc_url: str) -> AsyncIterator[Stage]:
    """Fourteen seats: both rungs can be filled."""
    async with _staged(rpc_url, 14) as staged:
        yield staged


async def test_court__decides_a_dispute_and_pays_to_the_wei(stage: Stage) -> None:
    """Three of four say MATCH: each has a third of the pot, the owner the bond."""
    disputed = await stage.keyed()
    expected = dispute_id(stage.court.court, stage.claim, steps.MODEL, 0)
    assert disputed == expected  # SPEC 2.2, equal in both languages
    fee = 4 * TERMS.member_fee_wei + 2 * TERMS.submitter_cap_wei
    assert await stage.held() == TERMS.challenge_bond_wei + fee
    ballot = await stage.ballot(disputed, {0: MATCH, 1: NO_MATCH, 2: MATCH, 3: MATCH})
    validate_seal_certificate(ballot.seal(), ballot.dispute, stage.court.court)  # SPEC 2, likewise
    await stage.stranger.seal(ballot.seal())
    sealed = await stage.court.sealed(disputed, 0, await stage.court.head("latest"))
    assert sealed is not None
    certificate = ballot.certificate(MATCH)
    validate_certificate(certificate, ballot.dispute, sealed, stage.court.court)

    await stage.stranger.settle(certificate)
    proposed = await stage.verdict(disputed)
    settled = await stage.court.head("latest")
    verdict = await stage.ended(disputed)

    assert proposed is not None
    assert (proposed.state, proposed.outcome) == (State.PROPOSED, MATCH)
    # A fifth seat makes no second rung, so there is no appeal to wait for.
    assert proposed.appeal_deadline is not None
    assert proposed.appeal_deadline <= settled.timestamp
    assert (verdict.state, verdict.outcome, verdict.round) == (State.FINAL, MATCH, 0)
    assert verdict.signers == (0, 2, 3)
    assert str(verdict.submitter) == STRANGER.address
    record = await stage.court.round_record(disputed, 0, await stage.court.head("latest"))
    assert (record.voters, record.opened) == (0b1111, 0b1111)  # the minority was shown too
    share, remainder = divmod(record.pot_wei, 3)
    assert remainder == 0
    repaid = fee - record.pot_wei
    assert 0 < repaid <= 2 * TERMS.submitter_cap_wei + 2
    before = {m.operator: await stage.balance(m.operator) for m in ballot.dispute.committee}
    owner_before = await stage.balance(OWNER.address)
    assert record.unpaid == 0b1101
    await stage.collected(disputed, 0)
    paid = await stage.court.round_record(disputed, 0, await stage.court.head("latest"))
    assert paid.unpaid == 0
    for member in ballot.dispute.committee:
        gained = await stage.balance(member.operator) - before[member.operator]
        assert gained == (share if member.place in (0, 2, 3) else 0)
    assert await stage.balance(OWNER.address) - owner_before == TERMS.challenge_bond_wei
    assert await stage.held() == 0


async def test_court__burns_the_bond_of_a_false_accusation(stage: Stage) -> None:
    disputed = await stage.keyed()
    await stage.proposed(disputed, NO_MATCH, NO_MATCH)

    await stage.ended(disputed)
    await stage.collected(disputed, 0)

    assert await stage.balance(BURNT) == TERMS.challenge_bond_wei
    assert await stage.held() == 0


async def test_court__ends_a_dispute_that_no_committee_sealed_without_a_verdict(
    stage: Stage,
) -> None:
    """There is no larger committee to go to: the owner has everything back."""
    disputed = await stage.keyed()
    held = await stage.held()
    owner = Address(OWNER.address)

    verdict = await stage.ended(disputed)

    assert (verdict.state, verdict.outcome) == (State.VOID, None)
    assert await stage.court.owed(owner, await stage.court.head("latest")) == held
    await stage.stranger.withdraw(owner)
    assert await stage.held() == 0


async def test_court__forfeits_a_dispute_whose_key_never_came(stage: Stage) -> None:
    disputed = await stage.opened()
    await stage.stranger.draw(disputed)

    verdict = await stage.ended(disputed)

    assert (verdict.state, verdict.outcome) == (State.FORFEIT, None)
    assert await stage.balance(BURNT) == TERMS.challenge_bond_wei


async def test_court__escalates_to_a_larger_committee_with_the_same_shard(
    full_stage: Stage,
) -> None:
    """Four sealed and did not open; thirteen decide, for what is left of the pot."""
    stage = full_stage
    disputed = await stage.keyed()
    await stage.sealed(disputed, MATCH)
    held = await stage.held()
    left = await stage.court.shards_left(stage.claim, await stage.court.head("latest"))

    await stage.outstayed(disputed)
    record = await stage.court.dispute_record(disputed, await stage.court.head("latest"))
    assert (record.state, record.round) == (State.OPEN, 1)
    await steps.until_drawable(stage.court, disputed)
    await stage.key(disputed)
    ballot = await stage.proposed(disputed, MATCH, MATCH)
    verdict = await stage.ended(disputed)

    head = await stage.court.head("latest")
    first, second = [await stage.court.round_record(disputed, r, head) for r in (0, 1)]
    assert (verdict.state, verdict.outcome, verdict.round) == (State.FINAL, MATCH, 1)
    assert (second.size, second.shard, first.outcome) == (13, first.shard, None)
    assert not ballot.dispute.in_reference_mode
    assert await stage.court.shards_left(stage.claim, head) == left
    assert second.pot_wei < held - TERMS.challenge_bond_wei  # no new fee was paid
    await stage.collected(disputed, 1)
    assert await stage.held() == 0


async def test_appeal__of_thirteen_replaces_a_wrong_verdict_and_pays_the_appellant(
    full_stage: Stage,
) -> None:
    stage = full_stage
    disputed = await stage.keyed()
    first = await stage.proposed(disputed, NO_MATCH, NO_MATCH)

    await stage.appealed(disputed)
    second = await stage.proposed(disputed, dict.fromkeys(range(9), MATCH), MATCH)
    verdict = await stage.ended(disputed)

    assert (verdict.outcome, verdict.round) == (MATCH, 1)
    assert second.dispute.in_reference_mode
    assert len(second.dispute.committee) == 13
    assert second.dispute.shard != first.dispute.shard
    head = await stage.court.head("latest")
    assert await stage.court.owed(Address(STRANGER.address), head) == TERMS.appeal_bond_wei
    assert await stage.court.owed(Address(OWNER.address), head) == TERMS.challenge_bond_wei
    await stage.collected(disputed, 0)
    await stage.collected(disputed, 1)
    assert await stage.held() == 0
    assert await stage.balance(BURNT) == 0


async def test_appeal__in_vain_costs_its_bond(full_stage: Stage) -> None:
    stage = full_stage
    disputed = await stage.keyed()
    await stage.proposed(disputed, NO_MATCH, NO_MATCH)

    await stage.appealed(disputed)
    await stage.proposed(disputed, NO_MATCH, NO_MATCH)
    verdict = await stage.ended(disputed)

    assert (verdict.outcome, verdict.round) == (NO_MATCH, 1)
    bonds = TERMS.appeal_bond_wei + TERMS.challenge_bond_wei
    assert await stage.balance(BURNT) == bonds


async def test_penalties__take_the_whole_bond_for_two_votes(stage: Stage) -> None:
    """Half goes to who proved it; the seat is in no committee any more."""
    disputed = await stage.keyed()
    ballot = await stage.sealed(disputed, MATCH)
    seat_id = ballot.dispute.committee[2].seat_id
    burnt = await stage.balance(BURNT)

    await stage.stranger.punish_equivocation(ballot.vote(2, MATCH), ballot.vote(2, NO_MATCH))

    head = await stage.court.head("latest")
    assert (await stage.court.seat(seat_id, head)).bond_wei == 0
    assert await stage.balance(BURNT) - burnt == TERMS.verifier_bond_wei // 2
    await steps.blocks_pass(stage.court, head.number)
    active = await stage.court.active_seats(await stage.court.head("latest"))
    assert seat_id not in [seat.id for seat in active]
    with pytest.raises(ContractRefused) as refusal:
        await stage.court.punish_equivocation(ballot.vote(2, MATCH), ballot.vote(2, NO_MATCH))
    assert refusal.value.name == "NothingLeft"


async def test_penalties__take_a_little_for_a_vote_that_was_sealed_and_never_opened(
    stage: Stage,
) -> None:
    """Place 1 shows its vote late, but in time; place 3 never does."""
    disputed = await stage.keyed()
    outcomes = {0: MATCH, 1: MATCH, 2: MATCH, 3: NO_MATCH}
    ballot = await stage.sealed(disputed, outcomes)
    await stage.stranger.settle(ballot.certificate(MATCH, hidden=[3]))
    seat_id = ballot.dispute.committee[3].seat_id
    deadline = await stage.court.reveal_deadline(disputed, 0, await stage.court.head("latest"))
    with pytest.raises(ContractRefused) as refusal:
        await stage.stranger.punish_withheld(disputed, 0, Place(3))
    assert refusal.value.name == "RevealStillOpen"

    await stage.later_than(deadline)
    assert await stage.court.punished(disputed, 0, await stage.court.head("latest")) == ()
    await stage.stranger.punish_withheld(disputed, 0, Place(3))

    punished_at = await stage.court.head("latest")
    assert await stage.court.punished(disputed, 0, punished_at) == (3,)
    assert await stage.court.punished(disputed, 1, punished_at) == ()
    left = (await stage.court.seat(seat_id, await stage.court.head("latest"))).bond_wei
    assert left == TERMS.verifier_bond_wei - TERMS.withheld_penalty_wei
    with pytest.raises(ContractRefused) as refusal:
        await stage.stranger.punish_withheld(disputed, 0, Place(2))
    assert refusal.value.name == "NotWithheld"


async def test_reveal__shows_a_vote_that_was_left_out(stage: Stage) -> None:
    disputed = await stage.keyed()
    outcomes = {0: MATCH, 1: MATCH, 2: MATCH, 3: NO_MATCH}
    ballot = await stage.sealed(disputed, outcomes)
    await stage.stranger.settle(ballot.certificate(MATCH, hidden=[3]))

    await stage.stranger.reveal(disputed, 0, *ballot.openings())

    record = await stage.court.round_record(disputed, 0, await stage.court.head("latest"))
    assert (record.signers, record.opened) == (0b0111, 0b1111)


async def test_court__burns_the_shard_that_the_seed_chooses_and_refuses_when_none_is_left(
    stage: Stage,
) -> None:
    claim, _ = await steps.commit(stage.court, Address(OWNER.address), text="two", shards=2)
    stage.claim = claim
    first = await stage.keyed()
    second, _ = await steps.open_dispute(stage.court, claim)
    promised = await stage.court.shards_left(claim, await stage.court.head("latest"))
    await stage.key(second)
    head = await stage.court.head("latest")

    shards = [(await stage.court.round_record(each, 0, head)).shard for each in (first, second)]

    assert promised == 0  # before the second draw
    assert sorted(shards) == [0, 1]
    with pytest.raises(ContractRefused) as refusal:
        await stage.court.open(claim, steps.SUSPECT)
    assert refusal.value.name == "NoShardLeft"


async def test_priorities__say_whose_a_model_is_by_what_was_found(stage: Stage) -> None:
    """A pirate bound a copy of the owner's model; the owner's mark is found in it."""
    court, pirate = stage.court, stage.stranger
    await stage.bound()
    copy = BlobRef(Digest(b"\x07" * 32), 1000, steps.MIRRORS)
    theirs, _ = await steps.commit(pirate, Address(STRANGER.address), text="theirs")
    await pirate.draw_beacon(theirs)
    await pirate.bind(theirs, ModelDigest(copy.digest))
    bound = await court.ownership(ModelDigest(copy.digest), await court.head("latest"))
    disputed, _ = await steps.open_dispute(court, stage.claim, copy)
    await stage.key(disputed)
    await stage.proposed(disputed, MATCH, MATCH)
    await stage.ended(disputed)

    head = await court.head("latest")
    found = await court.ownership(ModelDigest(copy.digest), head)

    assert (bound.standing, bound.claim_id) == (Standing.BOUND, theirs)
    assert (found.standing, found.claim_id) == (Standing.FOUND, stage.claim)
    assert str(found.owner) == OWNER.address
    assert await court.priority(stage.claim, theirs, head) is Priority.FIRST
    assert await court.priority(theirs, stage.claim, head) is Priority.SECOND


async def test_register_model__is_older_than_a_claim_that_comes_later(stage: Stage) -> None:
    digest = ModelDigest(b"\x08" * 32)
    await stage.stranger.register_model(digest)
    stage.claim, _ = await steps.commit(stage.court, Address(OWNER.address), text="later")
    await stage.bound()

    registration = await stage.court.registration(digest, await stage.court.head("latest"))
    with pytest.raises(ContractRefused) as refusal:
        await stage.court.open(stage.claim, BlobRef(Digest(digest), 1, steps.MIRRORS))

    assert registration is not None
    assert str(registration[0]) == STRANGER.address
    assert refusal.value.name == "ModelOlderThanClaim"


Action = Callable[[Stage], Awaitable[object]]


async def _bind_before_beacon(stage: Stage) -> object:
    return await stage.court.bind(stage.claim, steps.MODEL)


async def _bind_of_a_stranger(stage: Stage) -> object:
    await stage.court.draw_beacon(stage.claim)
    return await stage.stranger.bind(stage.claim, steps.MODEL)


async def _bind_twice(stage: Stage) -> object:
    await stage.bound()
    return await stage.court.bind(stage.claim, ModelDigest(b"\x01" * 32))


async def _challenge_with_anothers_claim(stage: Stage) -> object:
    await stage.bound()
    return await stage.stranger.open(stage.claim, steps.SUSPECT)


async def _draw_too_early(stage: Stage) -> object:
    await stage.bound()
    disputed, _ = await stage.court.open(stage.claim, steps.SUSPECT)
    return await stage.stranger.draw(disputed)


async def _deliver_by_a_stranger(stage: Stage) -> object:
    disputed = await stage.opened()
    await stage.court.draw(disputed)
    return await stage.stranger.deliver(disputed, steps.ENVELOPE)


async def _seal_with_two_of_four(stage: Stage) -> object:
    ballot = await stage.ballot(await stage.keyed(), MATCH)
    return await stage.court.seal(ballot.seal(signers=[0, 1]))


async def _seal_for_others(stage: Stage) -> object:
    ballot = await stage.ballot(await stage.keyed(), MATCH)
    return await stage.court.seal(replace(ballot.seal(signers=[0, 1, 2]), signers=0b1110))


async def _settle_unsealed(stage: Stage) -> object:
    ballot = await stage.ballot(await stage.keyed(), MATCH)
    return await stage.court.settle(ballot.certificate(MATCH))


async def _settle_below_quorum(stage: Stage) -> object:
    ballot = await stage.sealed(await stage.keyed(), {0: MATCH, 1: MATCH, 2: NO_MATCH})
    return await stage.court.settle(ballot.certificate(MATCH))


async def _settle_another_vote_than_sealed(stage: Stage) -> object:
    """Place 3 sealed NO_MATCH, looked at the others, and would now have said MATCH."""
    disputed = await stage.keyed()
    await stage.sealed(disputed, {0: MATCH, 1: MATCH, 2: MATCH, 3: NO_MATCH})
    changed = await stage.ballot(disputed, MATCH)
    return await stage.court.settle(changed.certificate(MATCH))


async def _settle_a_vote_that_was_not_sealed(stage: Stage) -> object:
    disputed = await stage.keyed()
    await stage.sealed(disputed, {0: MATCH, 1: MATCH, 2: MATCH})
    late = await stage.ballot(disputed, MATCH)
    return await stage.court.settle(late.certificate(MATCH))


async def _settle_with_anothers_signature(stage: Stage) -> object:
    ballot = await stage.sealed(await stage.keyed(), MATCH)
    foreign = ballot.certificate(MATCH, hidden=[0]).signature
    return await stage.court.settle(replace(ballot.certificate(MATCH), signature=foreign))


async def _settle_twice(stage: Stage) -> object:
    disputed = await stage.keyed()
    ballot = await stage.proposed(disputed, MATCH, MATCH)
    return await stage.court.settle(ballot.certificate(MATCH))


async def _appeal_beyond_the_ladder(stage: Stage) -> object:
    disputed = await stage.keyed()
    await stage.proposed(disputed, MATCH, MATCH)
    return await stage.stranger.appeal(disputed)


async def _punish_one_vote(stage: Stage) -> object:
    ballot = await stage.ballot(await stage.keyed(), MATCH)
    vote = ballot.vote(0, MATCH)
    return await stage.stranger.punish_equivocation(vote, vote)


async def _punish_for_anothers_vote(stage: Stage) -> object:
    ballot = await stage.ballot(await stage.keyed(), MATCH)
    foreign = replace(ballot.vote(1, NO_MATCH), place=Place(0))
    return await stage.stranger.punish_equivocation(ballot.vote(0, MATCH), foreign)


async def _collect_without_a_signature(stage: Stage) -> object:
    disputed = await stage.keyed()
    await stage.proposed(disputed, {0: MATCH, 1: MATCH, 2: MATCH, 3: NO_MATCH}, MATCH)
    return await stage.stranger.collect_fee(disputed, 0, Place(3))


async def _expire_too_early(stage: Stage) -> object:
    return await stage.stranger.expire(await stage.keyed())


async def _register_twice(stage: Stage) -> object:
    return await steps.register(stage.url, stage.court, stage.keys[0])


async def _register_anothers_key(stage: Stage) -> object:
    mine = NodeKeys(STRANGER, stage.keys[0].bls_secret)
    return await steps.register(stage.url, stage.court, mine)


async def _withdraw_nothing(stage: Stage) -> object:
    return await stage.stranger.withdraw(Address(STRANGER.address))


REFUSALS: dict[str, tuple[Action, str]] = {
    "bind before the beacon": (_bind_before_beacon, "BeaconNotDrawn"),
    "bind somebody else's claim": (_bind_of_a_stranger, "NotOwner"),
    "bind twice": (_bind_twice, "AlreadyBound"),
    "challenge with somebody else's claim": (_challenge_with_anothers_claim, "NotClaimOwner"),
    "draw before the seed's block": (_draw_too_early, "DrawTooEarly"),
    "deliver a key to somebody else's dispute": (_deliver_by_a_stranger, "NotClaimOwner"),
    "seal with two of four": (_seal_with_two_of_four, "QuorumNotReached"),
    "seal in the name of others": (_seal_for_others, "InvalidSignature"),
    "settle what is not sealed": (_settle_unsealed, "WrongState"),
    "settle with two of four": (_settle_below_quorum, "QuorumNotReached"),
    "settle another vote than was sealed": (_settle_another_vote_than_sealed, "WrongOpening"),
    "settle a vote that was not sealed": (_settle_a_vote_that_was_not_sealed, "NotSealed"),
    "settle with somebody else's signature": (_settle_with_anothers_signature, "InvalidSignature"),
    "settle twice": (_settle_twice, "WrongState"),
    "appeal beyond the ladder": (_appeal_beyond_the_ladder, "NotAppealable"),
    "punish for one vote": (_punish_one_vote, "SameOutcome"),
    "punish for somebody else's vote": (_punish_for_anothers_vote, "InvalidSignature"),
    "collect without a signature": (_collect_without_a_signature, "NotASigner"),
    "expire before the deadline": (_expire_too_early, "DeadlineNotPassed"),
    "take two seats": (_register_twice, "AlreadySeated"),
    "register a key that is taken": (_register_anothers_key, "KeyAlreadyUsed"),
    "withdraw what is not owed": (_withdraw_nothing, "NothingOwed"),
}


@pytest.mark.parametrize("case", REFUSALS)
async def test_court__refuses_with_a_name_and_advice(case: str, stage: Stage) -> None:
    action, name = REFUSALS[case]

    with pytest.raises(ContractRefused) as refusal:
        await action(stage)

    assert refusal.value.name == name
    assert refusal.value.advice


async def test_connect__nobody_answers_is_unavailable() -> None:
    with pytest.raises(ChainUnavailable):
        await CourtClient.connect("http://127.0.0.1:9", Address("0x" + "11" * 20))


async def test_connect__another_chain_or_no_court_is_a_mismatch(stage: Stage) -> None:
    manager = stage.court.court.dispute_manager

    with pytest.raises(ChainMismatch):
        await CourtClient.connect(stage.url, manager, chain_id=1)
    with pytest.raises(ChainMismatch):
        await CourtClient.connect(stage.url, Address(OWNER.address))


async def test_faucet__fills_an_account(rpc_url: str) -> None:
    await fill(rpc_url, Address(STRANGER.address))

    async with aiohttp.ClientSession() as http:
        balance = await _rpc(http, rpc_url, "eth_getBalance", [STRANGER.address, "latest"])

    assert int(str(balance), 16) == FAUCET_WEI


async def _rpc(http: aiohttp.ClientSession, url: str, method: str, params: list[object]) -> object:
    request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    async with http.post(url, json=request) as response:
        answer = await response.json()
    return answer["result"]
