"""An owner's duty on a real court: every committee, also one that was appealed to, gets its key."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from node import challenge
from node.blobs import blob_path
from node.claims import OwnClaim, freeze
from node.devchain import serve
from node.home import Deployment
from node.keystore import NodeKeys
from node.mirror import build_mirror
from node.owner import wait_for_beacon
from protocol.chain import CourtClient
from protocol.claims import Opening
from protocol.commitments import validate_opening
from protocol.envelope import envelope_context, open_envelope
from protocol.errors import ChainMismatch
from protocol.types import Address, DisputeId, Outcome, State
from tests.support import court as steps

OWNER, APPELLANT = steps.account("owner"), steps.account("appellant")


async def test_follow__serves_a_committee_that_somebody_else_appealed_to(
    tmp_path: Path, unused_tcp_port: int
) -> None:
    keys = steps.members(14)
    funded = steps.funded(OWNER, APPELLANT, *(key.account for key in keys))
    async with (
        serve("127.0.0.1", 0, block_seconds=0.2, funded=funded) as url,
        await CourtClient.deploy(url, OWNER, steps.UNHURRIED) as court,
    ):
        await asyncio.gather(*(steps.register(url, court, key) for key in keys))
        claim = await _bound_claim(court, tmp_path)
        mirror, runner = await _mirror(tmp_path / "blobs", unused_tcp_port)
        said: list[str] = []
        duty = asyncio.create_task(_challenge(court, claim, mirror, said))
        disputed = await _opened(court)
        members = _Members(court, claim, keys, tmp_path / "blobs")
        await members.decide(disputed, 0, Outcome.NO_MATCH)
        manager = court.court.dispute_manager
        async with await CourtClient.connect(url, manager, account=APPELLANT) as appellant:
            await challenge.appeal(appellant, disputed, say=said.append)
            await members.decide(disputed, 1, Outcome.MATCH)

        # Nobody leaves the state in which a second appeal is impossible, so the owner does.
        verdict = await duty
        await runner.cleanup()

    assert (verdict.state, verdict.outcome, verdict.round) == (State.FINAL, Outcome.MATCH, 1)
    assert members.served == {0: 4, 1: 13}


async def test_deployment__is_connected_to_with_an_account_and_on_its_own_chain_only() -> None:
    async with (
        serve("127.0.0.1", 0, block_seconds=0.2, funded=steps.funded(OWNER)) as url,
        await CourtClient.deploy(url, OWNER, steps.UNHURRIED) as court,
    ):
        deployment = Deployment(court.court, 3)
        async with await deployment.connect(url, OWNER) as again:
            assert (again.court, again.first_block) == (court.court, 3)
            assert again.address == Address(OWNER.address)

        with pytest.raises(ChainMismatch):
            await replace(deployment, court=replace(court.court, chain_id=1)).connect(url)


async def _challenge(court: CourtClient, claim: OwnClaim, mirror: str, said: list[str]) -> Any:
    disputed = await challenge.challenge(court, claim, steps.SUSPECT, mirror, say=said.append)
    return await challenge.follow(court, claim, disputed, mirror, say=said.append)


class _Members:
    """Verifiers who open what they are sent, check it, and vote as they are told."""

    def __init__(
        self, court: CourtClient, claim: OwnClaim, keys: list[NodeKeys], blobs: Path
    ) -> None:
        self._court = court
        self._claim = claim
        self._keys = {key.bls_key: key for key in keys}
        self._blobs = blobs
        self.served: dict[int, int] = {}

    async def decide(self, disputed: DisputeId, round_: int, outcome: Outcome) -> None:
        court = self._court
        await _until(court, disputed, round_, State.KEYED)
        dispute = await steps.present_round(court, disputed)
        context = envelope_context(court.court, disputed, round_, dispute.committee_hash)
        envelope = blob_path(self._blobs, dispute.envelope.digest).read_bytes()
        for member in dispute.committee:
            private_key = self._keys[member.bls_key].envelope_private_key
            opened = open_envelope(envelope, member.place, private_key, context)
            validate_opening(Opening.decode(opened), dispute, court.court)
        self.served[round_] = len(dispute.committee)
        ballot = steps.Ballot.of(court.court, dispute, self._keys.values(), outcome)
        await court.seal(ballot.seal())
        await court.settle(ballot.certificate(outcome))


async def _bound_claim(court: CourtClient, home: Path) -> OwnClaim:
    claim, commitment = freeze(
        home, court.court, owner=court.address, scheme="deepsigns-v1", level=64,
        evidence=[b"first", b"second", b"third"], model=home, data="digits",
    )  # fmt: skip
    await court.commit(commitment, 3)
    await wait_for_beacon(court, claim)
    await court.bind(claim.id, steps.MODEL)
    return claim


async def _mirror(directory: Path, port: int) -> tuple[str, web.AppRunner]:
    runner = web.AppRunner(build_mirror(directory, writable=True))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    return f"http://127.0.0.1:{port}", runner


async def _opened(court: CourtClient) -> DisputeId:
    while not (opened := await court.opened_disputes(0, (await court.head("latest")).number)):
        await asyncio.sleep(0.1)
    return opened[0]


async def _until(court: CourtClient, disputed: DisputeId, round_: int, state: State) -> None:
    while True:
        record = await court.dispute_record(disputed, await court.head("latest"))
        if (record.round, record.state) == (round_, state):
            return
        await asyncio.sleep(0.1)
