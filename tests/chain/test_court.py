"""The client and the contracts, together, on every chain there is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace

import aiohttp
import pytest

from node.faucet import FAUCET_WEI, fill
from node.keystore import NodeKeys
from node.profiles import DEVNET
from protocol.certificate import validate_certificate
from protocol.chain import CourtClient
from protocol.errors import ChainMismatch, ChainUnavailable, ContractRefused
from protocol.messages import Certificate, dispute_id
from protocol.types import Address, ClaimId, DisputeId, ModelDigest, Outcome, Place, State
from tests.support import court as steps

OWNER = steps.account("owner")
STRANGER = steps.account("stranger")
CLOCK_AHEAD_S = 600
"""Blocks of a fifth of a second, each a second later than the last, have run ahead of the wall."""


@dataclass
class Stage:
    """A court with four seats, and a claim whose beacon may be drawn."""

    url: str
    court: CourtClient
    stranger: CourtClient
    keys: list[NodeKeys]
    claim: ClaimId

    async def keyed(self) -> DisputeId:
        """A dispute that waits for votes."""
        await self.court.draw_beacon(self.claim)
        await self.court.bind(self.claim, steps.MODEL)
        disputed, _ = await steps.open_dispute(self.court, self.claim)
        await self.stranger.draw(disputed)  # anybody may
        await self.court.deliver(disputed, steps.ENVELOPE)
        return disputed

    async def certificate(self, disputed: DisputeId, outcome: Outcome, *places: int) -> Certificate:
        """The certificate of those at `places`."""
        return await steps.certificate(self.court, disputed, outcome, keys=self.keys, places=places)

    async def balance(self, address: str) -> int:
        """What an account has now."""
        return await self.court.balance(Address(address), await self.court.head("latest"))


@pytest.fixture
async def stage(rpc_url: str) -> AsyncIterator[Stage]:
    keys = steps.members(5)
    for each in (OWNER, STRANGER, *(key.account for key in keys)):
        await fill(rpc_url, Address(each.address))
    async with await CourtClient.deploy(rpc_url, OWNER, DEVNET) as court:
        manager = court.court.dispute_manager
        async with await CourtClient.connect(rpc_url, manager, account=STRANGER) as stranger:
            await asyncio.gather(*(steps.register(rpc_url, court, key) for key in keys))
            claim, _ = await steps.commit(court, Address(OWNER.address), text="a claim")
            yield Stage(rpc_url, court, stranger, keys, claim)


async def test_court__decides_a_dispute_and_pays_to_the_wei(stage: Stage) -> None:
    """Three of four sign MATCH: each gets a third of the fee, the owner the rest and the bond."""
    disputed = await stage.keyed()
    expected = dispute_id(stage.court.court, stage.claim, steps.MODEL, 0)
    assert disputed == expected  # SPEC 2.2, equal in both languages
    certificate = await stage.certificate(disputed, Outcome.MATCH, 0, 2, 3)
    dispute = await stage.court.dispute(disputed, await stage.court.head("latest"))
    validate_certificate(certificate, dispute, stage.court.court)  # SPEC 2, likewise

    await stage.stranger.settle(certificate)
    verdict = await stage.court.verdict(disputed, await stage.court.head("latest"))

    assert verdict is not None
    assert (verdict.state, verdict.outcome) == (State.FINAL, Outcome.MATCH)
    assert verdict.signers == (0, 2, 3)
    assert str(verdict.submitter) == STRANGER.address
    before = {m.operator: await stage.balance(m.operator) for m in dispute.committee}
    owner_before = await stage.balance(OWNER.address)
    for place in (0, 2, 3):
        await stage.stranger.collect_fee(disputed, Place(place))
    await stage.stranger.collect_bond(disputed)
    share, remainder = divmod(DEVNET.challenge_fee_wei, 3)
    for member in dispute.committee:
        gained = await stage.balance(member.operator) - before[member.operator]
        assert gained == (share if member.place in (0, 2, 3) else 0)
    returned = await stage.balance(OWNER.address) - owner_before
    assert returned == DEVNET.challenge_bond_wei + remainder
    assert await stage.balance(stage.court.court.dispute_manager) == 0


async def test_court__burns_the_bond_of_a_false_accusation(stage: Stage) -> None:
    disputed = await stage.keyed()
    await stage.court.settle(await stage.certificate(disputed, Outcome.NO_MATCH, 0, 1, 2, 3))
    owner_before = await stage.balance(OWNER.address)

    await stage.stranger.collect_bond(disputed)

    assert await stage.balance(OWNER.address) == owner_before  # 0.1 ether is divisible by four
    assert await stage.balance("0x000000000000000000000000000000000000dEaD") == (
        DEVNET.challenge_bond_wei
    )


async def test_court__ends_a_dispute_that_nobody_settled(stage: Stage) -> None:
    disputed = await stage.keyed()
    await _time_passes(stage.url, DEVNET.vote_window_s + CLOCK_AHEAD_S)

    await stage.stranger.expire(disputed)
    await stage.stranger.collect_bond(disputed)

    verdict = await stage.court.verdict(disputed, await stage.court.head("latest"))
    assert verdict is not None
    assert (verdict.state, verdict.outcome) == (State.VOID, None)
    assert await stage.balance(stage.court.court.dispute_manager) == 0


async def test_court__forfeits_a_dispute_whose_key_never_came(stage: Stage) -> None:
    await stage.court.draw_beacon(stage.claim)
    await stage.court.bind(stage.claim, steps.MODEL)
    disputed, _ = await steps.open_dispute(stage.court, stage.claim)
    await stage.stranger.draw(disputed)
    await _time_passes(stage.url, DEVNET.key_window_s + CLOCK_AHEAD_S)

    await stage.stranger.expire(disputed)

    assert await stage.court.state(disputed, await stage.court.head("latest")) is State.FORFEIT


async def test_court__burns_one_shard_a_dispute(stage: Stage) -> None:
    first = await stage.keyed()
    second, _ = await stage.court.open(stage.claim, steps.SUSPECT)
    head = await stage.court.head("latest")

    shards = [(await stage.court.dispute_record(each, head)).shard for each in (first, second)]

    assert shards == [0, 1]
    assert await stage.court.next_shard(stage.claim, head) == 2


Action = Callable[[Stage], Awaitable[object]]


async def _bind_before_beacon(stage: Stage) -> object:
    return await stage.court.bind(stage.claim, steps.MODEL)


async def _bind_of_a_stranger(stage: Stage) -> object:
    await stage.court.draw_beacon(stage.claim)
    return await stage.stranger.bind(stage.claim, steps.MODEL)


async def _bind_twice(stage: Stage) -> object:
    await stage.court.draw_beacon(stage.claim)
    await stage.court.bind(stage.claim, steps.MODEL)
    return await stage.court.bind(stage.claim, ModelDigest(b"\x01" * 32))


async def _challenge_with_anothers_claim(stage: Stage) -> object:
    await stage.court.draw_beacon(stage.claim)
    await stage.court.bind(stage.claim, steps.MODEL)
    return await stage.stranger.open(stage.claim, steps.SUSPECT)


async def _draw_too_early(stage: Stage) -> object:
    await stage.court.draw_beacon(stage.claim)
    await stage.court.bind(stage.claim, steps.MODEL)
    disputed, _ = await stage.court.open(stage.claim, steps.SUSPECT)
    return await stage.stranger.draw(disputed)


async def _deliver_by_a_stranger(stage: Stage) -> object:
    await stage.court.draw_beacon(stage.claim)
    await stage.court.bind(stage.claim, steps.MODEL)
    disputed, _ = await steps.open_dispute(stage.court, stage.claim)
    await stage.court.draw(disputed)
    return await stage.stranger.deliver(disputed, steps.ENVELOPE)


async def _settle_below_quorum(stage: Stage) -> object:
    disputed = await stage.keyed()
    return await stage.court.settle(await stage.certificate(disputed, Outcome.MATCH, 0, 1))


async def _settle_for_others(stage: Stage) -> object:
    disputed = await stage.keyed()
    certificate = await stage.certificate(disputed, Outcome.MATCH, 0, 1, 2)
    return await stage.court.settle(replace(certificate, bitmap=0b1110))


async def _settle_another_outcome(stage: Stage) -> object:
    disputed = await stage.keyed()
    certificate = await stage.certificate(disputed, Outcome.NO_MATCH, 0, 1, 2)
    return await stage.court.settle(replace(certificate, outcome=Outcome.MATCH))


async def _settle_twice(stage: Stage) -> object:
    disputed = await stage.keyed()
    await stage.court.settle(await stage.certificate(disputed, Outcome.MATCH, 0, 1, 2))
    return await stage.court.settle(await stage.certificate(disputed, Outcome.MATCH, 0, 1, 3))


async def _expire_too_early(stage: Stage) -> object:
    return await stage.stranger.expire(await stage.keyed())


async def _register_twice(stage: Stage) -> object:
    return await steps.register(stage.url, stage.court, stage.keys[0])


async def _register_anothers_key(stage: Stage) -> object:
    mine = NodeKeys(STRANGER, stage.keys[0].bls_secret)
    return await steps.register(stage.url, stage.court, mine)


REFUSALS: dict[str, tuple[Action, str]] = {
    "bind before the beacon": (_bind_before_beacon, "BeaconNotDrawn"),
    "bind somebody else's claim": (_bind_of_a_stranger, "NotOwner"),
    "bind twice": (_bind_twice, "AlreadyBound"),
    "challenge with somebody else's claim": (_challenge_with_anothers_claim, "NotClaimOwner"),
    "draw before the seed's block": (_draw_too_early, "DrawTooEarly"),
    "deliver a key to somebody else's dispute": (_deliver_by_a_stranger, "NotClaimOwner"),
    "settle with two of four": (_settle_below_quorum, "QuorumNotReached"),
    "settle in the name of others": (_settle_for_others, "InvalidSignature"),
    "settle another outcome than was signed": (_settle_another_outcome, "InvalidSignature"),
    "settle twice": (_settle_twice, "WrongState"),
    "expire before the deadline": (_expire_too_early, "DeadlineNotPassed"),
    "take two seats": (_register_twice, "AlreadySeated"),
    "register a key that is taken": (_register_anothers_key, "KeyAlreadyUsed"),
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


async def _time_passes(url: str, seconds: int) -> None:
    async with aiohttp.ClientSession() as http:
        await _rpc(http, url, "evm_increaseTime", [seconds])
        await _rpc(http, url, "evm_mine", [])


async def _rpc(http: aiohttp.ClientSession, url: str, method: str, params: list[object]) -> object:
    request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    async with http.post(url, json=request) as response:
        answer = await response.json()
    return answer["result"]
