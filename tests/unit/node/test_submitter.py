"""What a member tells the chain: once, in its turn, and nothing that somebody else has told it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, cast

import pytest

from node import submitter as submitter_module
from node.metrics import Metrics
from node.submitter import Submitter
from protocol.chain import CourtClient
from protocol.errors import ChainUnavailable, ContractRefused, TransactionRefused
from protocol.messages import Certificate, SealCertificate, Vote
from protocol.types import Digest, Dispute, DisputeId, Outcome, Place, Sealed, SeatId, State
from tests.support.sim_court import NOW, SimCourt
from tests.support.simnet import SimCommittee

ID = DisputeId(bytes(32))
SEAL = SealCertificate(ID, 0, Digest(bytes(32)), 7, 7, bytes(256))
CERTIFICATE = Certificate(ID, 0, Outcome.MATCH, (1, 1, 1, 0), (bytes(32),) * 4, bytes(256))
VOTES = (
    Vote(ID, 0, Place(2), 1, bytes(32), bytes(256)),
    Vote(ID, 0, Place(2), 2, bytes(32), bytes(256)),
)
Act = Callable[[Submitter, Dispute], Awaitable[None]]

ACTS: dict[str, tuple[Act, dict[str, Any], dict[str, Any]]] = {
    "seal": (
        lambda chain, dispute: chain.submit_seal(dispute, SEAL),
        {"state_": State.KEYED},
        {"state_": State.SEALED},
    ),
    "settle": (
        lambda chain, dispute: chain.submit(dispute, CERTIFICATE),
        {"state_": State.SEALED},
        {"state_": State.PROPOSED},
    ),
    "expire": (
        lambda chain, dispute: chain.expire(dispute),
        {"state_": State.PROPOSED, "time": NOW + 1},
        {"state_": State.FINAL},
    ),
    "draw": (
        lambda chain, dispute: chain.draw_next(dispute),
        {"state_": State.OPEN, "round_": 1, "seed_block": 9},
        {"state_": State.DRAWN},
    ),
    "reveal": (
        lambda chain, dispute: chain.reveal(dispute, [1] * 4, [bytes(32)] * 4),
        {"state_": State.PROPOSED, "sealed_": Sealed(Digest(bytes(32)), 0b1111, NOW), "opened": 6},
        {"opened": 7},
    ),
    "punish_equivocation": (
        lambda chain, dispute: chain.punish(dispute, VOTES),
        {"bonds": {2: 10}},
        {"bonds": {2: 0}},
    ),
    "punish_withheld": (
        lambda chain, dispute: chain.punish_withheld(dispute, Place(2)),
        {"bonds": {2: 10}},
        {"punished_": (2,)},
    ),
    "collect_fee": (
        lambda chain, dispute: chain.collect(dispute),
        {"signers": 0b0111, "paid": 0b0010},
        {"paid": 0b0011},
    ),
}
"""By what is sent: who sends it, when it is needed, and what it changes."""


@pytest.fixture
def committee(tmp_path: Path) -> SimCommittee:
    return SimCommittee(tmp_path)


@pytest.fixture
def court(committee: SimCommittee) -> SimCourt:
    return SimCourt(committee.dispute)


@pytest.fixture
def chain(committee: SimCommittee, court: SimCourt) -> Submitter:
    return Submitter(
        cast(CourtClient, court),
        committee.members[0].journal.progress,
        Metrics(),
        operator=committee.dispute.committee[0].operator,
        poll_seconds=0.001,
        turn_seconds=0.001,
    )


@pytest.fixture(params=ACTS)
def sent(request: pytest.FixtureRequest, court: SimCourt) -> str:
    """What is to be sent, to a court that needs it."""
    call: str = request.param
    _, needed, effect = ACTS[call]
    for name, value in needed.items():
        setattr(court, name, value)
    court.effects[call] = effect
    return call


async def act(sent: str, chain: Submitter, committee: SimCommittee) -> None:
    async with asyncio.timeout(5):
        await ACTS[sent][0](chain, committee.dispute)


async def test_act__sends_what_the_chain_needs_once(
    sent: str, chain: Submitter, court: SimCourt, committee: SimCommittee
) -> None:
    await act(sent, chain, committee)

    assert court.sent == [sent]


async def test_act__sends_nothing_when_somebody_was_faster(
    sent: str, chain: Submitter, court: SimCourt, committee: SimCommittee
) -> None:
    for name, value in ACTS[sent][2].items():
        setattr(court, name, value)

    await act(sent, chain, committee)

    assert court.sent == []


async def test_act__waits_for_what_is_in_a_block_to_be_final(
    sent: str, chain: Submitter, court: SimCourt, committee: SimCommittee
) -> None:
    effect = court.effects.pop(sent)
    court.latest = dict(effect)

    acting = asyncio.create_task(act(sent, chain, committee))
    await asyncio.sleep(0.05)
    assert (acting.done(), court.sent) == (False, [])
    for name, value in effect.items():
        setattr(court, name, value)
    await acting

    assert court.sent == []


async def test_act__sends_again_what_a_reorg_has_dropped(
    sent: str, chain: Submitter, court: SimCourt, committee: SimCommittee
) -> None:
    effect = court.effects.pop(sent)
    court.latest = dict(effect)
    acting = asyncio.create_task(act(sent, chain, committee))
    await asyncio.sleep(0.02)

    court.effects[sent] = effect
    court.latest = {}
    await acting

    assert court.sent == [sent]


@pytest.mark.parametrize(
    "trouble",
    [TransactionRefused("settle", "insufficient funds"), ChainUnavailable("settle", "refused")],
    ids=["an empty wallet, filled later", "a chain that is down for a moment"],
)
async def test_act__tries_again_after_trouble(
    trouble: Exception, sent: str, chain: Submitter, court: SimCourt, committee: SimCommittee
) -> None:
    court.refusals = [trouble]

    await act(sent, chain, committee)

    assert court.sent == [sent]


async def test_act__is_done_when_the_contract_refuses(
    chain: Submitter, court: SimCourt, committee: SimCommittee
) -> None:
    court.refusals = [ContractRefused("seal", "WrongState", {}, "nothing is left to do")]

    await act("seal", chain, committee)

    assert court.sent == []


@pytest.mark.parametrize("call", ["seal", "settle", "reveal"])
async def test_act__not_after_the_deadline(
    call: str, chain: Submitter, court: SimCourt, committee: SimCommittee
) -> None:
    for name, value in ACTS[call][1].items():
        setattr(court, name, value)
    court.time = NOW + 1

    await act(call, chain, committee)

    assert court.sent == []


async def test_expire__not_before_the_deadline_is_over(
    chain: Submitter, court: SimCourt, committee: SimCommittee
) -> None:
    court.state_ = State.PROPOSED

    await act("expire", chain, committee)

    assert court.sent == []


async def test_draw_next__waits_for_its_block_and_follows_one_that_moved(
    chain: Submitter, court: SimCourt, committee: SimCommittee
) -> None:
    court.state_, court.round_, court.seed_block = State.OPEN, 1, 10
    court.effects["draw"] = {"seed_block": 20}
    drawing = asyncio.create_task(act("draw", chain, committee))
    await asyncio.sleep(0.05)
    assert court.sent == []
    court.block = 11
    await asyncio.sleep(0.05)
    assert court.sent == ["draw"]

    court.effects["draw"] = {"state_": State.DRAWN}
    court.block = 21
    await drawing

    assert court.sent == ["draw", "draw"]


async def test_draw_next__ends_a_dispute_that_waited_too_long(
    chain: Submitter, court: SimCourt, committee: SimCommittee
) -> None:
    court.state_, court.round_, court.seed_block, court.time = State.OPEN, 1, 9, NOW + 1
    court.effects["expire"] = {"state_": State.FORFEIT}

    await act("draw", chain, committee)

    assert court.sent == ["expire"]


@pytest.mark.parametrize(
    "stands", [{"signers": 0b1110}, {"signers": 0b0111, "paid": 0b0001}, {}],
    ids=["it signed none", "it has it", "nobody settled"],
)  # fmt: skip
async def test_collect__only_a_share_that_is_due(
    stands: dict[str, int], chain: Submitter, court: SimCourt, committee: SimCommittee
) -> None:
    for name, value in stands.items():
        setattr(court, name, value)

    await act("collect_fee", chain, committee)

    assert court.sent == []


async def test_punish_withheld__not_where_there_is_nothing_left_to_take(
    chain: Submitter, court: SimCourt, committee: SimCommittee
) -> None:
    court.bonds = {SeatId(2): 0}

    await act("punish_withheld", chain, committee)

    assert court.sent == []


async def test_act__takes_its_turn(
    chain: Submitter,
    court: SimCourt,
    committee: SimCommittee,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[int] = []

    def delay(dispute: Dispute, place: int, turn_seconds: float) -> float:
        asked.append(place)
        return 0.1

    monkeypatch.setattr(submitter_module, "turn_delay", delay)
    court.effects["seal"] = ACTS["seal"][2]
    acting = asyncio.create_task(act("seal", chain, committee))
    await asyncio.sleep(0.05)
    assert (asked, court.sent) == ([0], [])
    await acting

    assert court.sent == ["seal"]
