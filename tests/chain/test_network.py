"""A running network is given one bad thing after another; no node dies, the next dispute works."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
from eth_account import Account

from node import challenge, owner
from node.claims import OwnClaim
from node.devnet import Devnet, run_devnet
from node.faucet import fill
from node.models import attack_model, train_model
from node.verdicts import verdict_facts
from protocol.chain import CourtClient
from protocol.types import Address, BlobRef, Digest, DisputeId, Outcome


async def test_network__survives_bad_input_and_decides_the_next_dispute(tmp_path: Path) -> None:
    async with run_devnet(tmp_path / "net") as net, _owner(net) as (court, address):
        claim = await _marked(court, address, tmp_path)
        thief = await challenge.publish(_stolen(tmp_path), net.mirror)
        pickle = await challenge.publish(_pickle(tmp_path), net.mirror)
        nowhere = BlobRef(Digest(secrets.token_bytes(32)), 1000, (net.mirror,))

        outcomes = {
            "a pickle named .safetensors": await _decide(court, claim, pickle, net),
            "a model that no mirror has": await _decide(court, claim, nowhere, net),
            "a stolen model": await _decide(court, claim, thief, net),
        }
        (claim.directory / "evidence-3.safetensors").write_bytes(b"swapped after the beacon")
        outcomes["a shard swapped after the beacon"] = await _decide(court, claim, thief, net)
        ready = [await _is_ready(endpoint) for endpoint in net.endpoints]

    assert outcomes == {
        "a pickle named .safetensors": Outcome.UNSUPPORTED,
        "a model that no mirror has": Outcome.UNAVAILABLE,
        "a stolen model": Outcome.MATCH,
        "a shard swapped after the beacon": Outcome.BAD_KEY,
    }
    assert ready == [True] * 4


@asynccontextmanager
async def _owner(net: Devnet) -> AsyncIterator[tuple[CourtClient, Address]]:
    account = Account.create()
    await fill(net.rpc_url, Address(account.address))
    manager = net.deployment.court.dispute_manager
    async with await CourtClient.connect(net.rpc_url, manager, account=account) as court:
        yield court, Address(account.address)


async def _marked(court: CourtClient, address: Address, directory: Path) -> OwnClaim:
    def say(_: str) -> None:
        pass

    mine = directory / "mine"
    await asyncio.to_thread(train_model, mine, data="digits", seed=1)
    claim = await owner.commit(
        court, address, directory / "owner", mine, "digits",
        scheme="deepsigns-v1", shards=4, level=64, say=say,
    )  # fmt: skip
    await owner.embed(court, claim, directory / "marked", say=say)
    await owner.bind(court, claim, directory / "marked")
    return claim


def _stolen(directory: Path) -> Path:
    attack_model(directory / "marked", directory / "stolen", data="digits")
    return directory / "stolen"


def _pickle(directory: Path) -> Path:
    package = directory / "pickled"
    package.mkdir()
    config = (directory / "marked" / "config.json").read_bytes()
    (package / "config.json").write_bytes(config)
    (package / "model.safetensors").write_bytes(b"\x80\x04cos\nsystem\n(S'id'\ntR.")
    return package


async def _decide(
    court: CourtClient, claim: OwnClaim, suspect: BlobRef, net: Devnet
) -> Outcome | None:
    def say(_: str) -> None:
        pass

    disputed = await challenge.challenge(court, claim, suspect, net.mirror, say=say)
    verdict = await challenge.follow(court, claim, disputed, net.mirror, say=say)
    assert (await verdict_facts(court, disputed))["state"] == "FINAL"
    async with asyncio.timeout(30):  # the nodes have their shares paid to them
        while not await _is_paid_out(court, disputed):
            await asyncio.sleep(0.5)
    return verdict.outcome


async def _is_paid_out(court: CourtClient, disputed: DisputeId) -> bool:
    settled = await court.round_record(disputed, 0, await court.head("latest"))
    return settled.signers.bit_count() >= 3 and not settled.unpaid


async def _is_ready(endpoint: str) -> bool:
    async with aiohttp.ClientSession() as http, http.get(f"{endpoint}/readyz") as response:
        return response.status == 200
