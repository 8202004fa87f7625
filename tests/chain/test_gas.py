"""What everything costs: equal on three clients with an EVM each, and no more than it did."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import aiohttp
import pytest

from node.faucet import fill
from protocol.chain import CourtClient, Receipt
from protocol.types import Address, Outcome, SeatId
from tests.bench.gas import measure
from tests.support import court as steps

from .conftest import CHAINS

ROOT = Path(__file__).parent.parent.parent
OWNER = steps.account("owner")
WHERE_CHANCE_DECIDES = ("draw",)
"""How long the draw searches depends on the block's hash."""


@pytest.mark.parametrize("other", [name for name in CHAINS if name != "embedded"])
async def test_gas__is_equal_on_every_chain(other: str) -> None:
    """But for calldata, as signatures and digests hold more or fewer zero bytes."""
    if not CHAINS[other].is_installed():
        pytest.skip(f"{other} is not installed; `make setup` brings it")

    found = await _costs(CHAINS[other].run)

    assert found == await _costs(CHAINS["embedded"].run)


async def test_gas__has_not_grown() -> None:
    """Against docs/results/gas.json, at thirteen members; `make bench` writes it again."""
    report = json.loads((ROOT / "docs/results/gas.json").read_text())
    before = report["figures"]["gas_by_committee_size"]["13"]

    now = await measure(13)

    assert now.keys() == before.keys()
    assert {step: gas for step, gas in now.items() if gas > 1.02 * before[step]} == {}
    assert now["seal"] + now["settle"] <= 520_000


async def _costs(run: Callable[[], AbstractAsyncContextManager[str]]) -> dict[str, int]:
    async with run() as url:
        receipts = await _a_dispute(url)
        async with aiohttp.ClientSession() as http:
            return {
                name: receipt.gas_used - await _calldata_gas(http, url, receipt)
                for name, receipt in receipts.items()
                if name not in WHERE_CHANCE_DECIDES
            }


async def _a_dispute(url: str) -> dict[str, Receipt]:
    keys = steps.members(4)
    for each in (OWNER, *(key.account for key in keys)):
        await fill(url, Address(each.address))
    async with await CourtClient.deploy(url, OWNER, steps.UNHURRIED) as court:
        seats = [await steps.register(url, court, key) for key in keys]
        claim, commit = await steps.commit(court, court.address, text="a claim")
        beacon = await court.draw_beacon(claim)
        bind = await court.bind(claim, steps.MODEL)
        disputed, opened = await steps.open_dispute(court, claim)
        draw = await court.draw(disputed)
        deliver = await court.deliver(disputed, steps.ENVELOPE)
        ballot = steps.Ballot.of(
            court.court, await steps.present_round(court, disputed), keys, Outcome.MATCH
        )
        seal = await court.seal(ballot.seal())
        settle = await court.settle(ballot.certificate(Outcome.MATCH))
        deadline = (await court.dispute_record(disputed, await court.head("latest"))).deadline
        while (await court.head("latest")).timestamp <= deadline:
            await asyncio.sleep(0.05)
        expire = await court.expire(disputed)
        # Of the same seats everywhere, wherever they were drawn to: not all cost the same.
        places = {each.seat_id: each.place for each in ballot.dispute.committee}
        punish = await court.punish_equivocation(
            ballot.vote(places[SeatId(0)], Outcome.MATCH),
            ballot.vote(places[SeatId(0)], Outcome.NO_MATCH),
        )
        collect = await court.collect_fee(disputed, 0, places[SeatId(1)])
        withdraw = await court.withdraw(court.address)
    return {
        "register": seats[-1], "commit": commit, "drawBeacon": beacon, "bind": bind,
        "open": opened, "draw": draw, "deliver": deliver, "seal": seal, "settle": settle,
        "expire": expire, "punishEquivocation": punish, "collectFee": collect,
        "withdraw": withdraw,
    }  # fmt: skip


async def _calldata_gas(http: aiohttp.ClientSession, url: str, receipt: Receipt) -> int:
    """EIP-2028: 16 a byte, 4 where it is zero."""
    request = {
        "jsonrpc": "2.0", "id": 1, "method": "eth_getTransactionByHash",
        "params": ["0x" + receipt.transaction.hex()],
    }  # fmt: skip
    async with http.post(url, json=request) as response:
        data = bytes.fromhex((await response.json())["result"]["input"].removeprefix("0x"))
    return sum(16 if byte else 4 for byte in data)
