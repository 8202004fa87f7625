"""Every scheme through the whole protocol: commitment, beacon, embedding, committee, verdict."""

from __future__ import annotations

from pathlib import Path

import pytest
from eth_account import Account

import verifier
from node import challenge, owner
from node.devnet import Devnet, run_devnet
from node.faucet import fill
from node.verdicts import verdict_facts
from protocol.chain import CourtClient
from protocol.types import MIN_LEVEL, Address
from tests.support.tiny_models import innocent
from verifier.schemes import SCHEMES


@pytest.mark.timeout(900)
async def test_court__finds_the_mark_of_every_scheme(tmp_path: Path) -> None:
    outcomes = {}

    async with run_devnet(tmp_path / "net") as net:
        for scheme in SCHEMES:
            outcomes[scheme] = await _outcome_of(scheme, net, tmp_path / scheme)

    assert outcomes == dict.fromkeys(SCHEMES, "MATCH")


async def _outcome_of(scheme: str, net: Devnet, directory: Path) -> str:
    account = Account.create()
    await fill(net.rpc_url, Address(account.address))
    manager = net.deployment.court.dispute_manager
    verifier.save_package(innocent(scheme, 0), directory / "mine")

    async with await CourtClient.connect(net.rpc_url, manager, account=account) as court:
        # Keys are drawn anew in each run, and PMI finds little to learn by heart in the digits.
        claim = await owner.commit(
            court, court.address, directory / "home", directory / "mine", "digits",
            scheme=scheme, shards=1, level=MIN_LEVEL, say=_silent,
        )  # fmt: skip
        await owner.embed(court, claim, directory / "marked", say=_silent)
        await owner.bind(court, claim, directory / "marked")
        suspect = await challenge.publish(directory / "marked", net.mirror)
        dispute_id = await challenge.challenge(court, claim, suspect, net.mirror, say=_silent)
        await challenge.follow(court, claim, dispute_id, net.mirror, say=_silent)
        facts = await verdict_facts(court, dispute_id)
    return str(facts["outcome"])


def _silent(_: str) -> None:
    pass
