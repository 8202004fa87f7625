"""What each transaction of a dispute costs, with committees of 4, 13, 31 and 61 in which all sign.

    python -m tests.bench.gas --out docs/results/gas.json

Full costs (21,000, calldata and execution) from the receipts of the embedded chain; the contracts'
own tests and anvil give the same to the unit.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import click
from eth_account import Account
from eth_utils.crypto import keccak

from node.devchain import serve
from node.faucet import FAUCET_WEI
from node.keystore import NodeKeys
from node.profiles import DEVNET
from protocol import bls
from protocol.chain import CourtClient
from protocol.messages import Certificate, claim_id, possession_digest, vote_digest
from protocol.types import Address, BlobRef, Digest, ModelDigest, Outcome
from tests.bench.report import write_report

SIZES = (4, 13, 31, 61)
MIRRORS = ("https://mirror.example",)


async def measure(size: int) -> dict[str, int]:
    """The gas of each step of one dispute, decided by all of `size` members."""
    members = [NodeKeys(Account.from_key(keccak(b"%d" % n)), 1000 + n) for n in range(size)]
    owner = Account.from_key(keccak(b"owner"))
    funded = {Address(each.address): FAUCET_WEI for each in [owner, *(m.account for m in members)]}
    async with serve("127.0.0.1", 0, block_seconds=1.0, funded=funded) as url:
        parameters = replace(DEVNET, committee_size=size)
        async with await CourtClient.deploy(url, owner, parameters) as court:
            gas = {
                "register": max(await asyncio.gather(*(_register(url, court, m) for m in members)))
            }
            return gas | await _dispute(court, members, Address(owner.address))


async def _register(url: str, court: CourtClient, member: NodeKeys) -> int:
    manager = court.court.dispute_manager
    async with await CourtClient.connect(url, manager, account=member.account) as own:
        digest = possession_digest(Address(member.account.address), member.bls_key, court.court)
        possession = bls.sign(member.bls_secret, digest, bls.POSSESSION_TAG)
        receipt = await own.register(
            member.bls_key, possession, member.envelope_key, "https://node.example:9000"
        )
        return receipt.gas_used


async def _dispute(court: CourtClient, members: list[NodeKeys], owner: Address) -> dict[str, int]:
    gas: dict[str, int] = {}
    commitment = Digest(keccak(b"commitment"))
    claim = claim_id(owner, commitment)
    model = ModelDigest(sha256(b"model").digest())
    gas["commit"] = (await court.commit(commitment)).gas_used
    await _past(court, (await court.claim(claim, await court.head("latest"))).beacon_block)
    gas["drawBeacon"] = (await court.draw_beacon(claim)).gas_used
    gas["bind"] = (await court.bind(claim, model)).gas_used
    disputed, receipt = await court.open(claim, BlobRef(Digest(model), 1_000_000, MIRRORS))
    gas["open"] = receipt.gas_used
    record = await court.dispute_record(disputed, await court.head("latest"))
    await _past(court, record.seed_block)
    gas["draw"] = (await court.draw(disputed)).gas_used
    envelope = BlobRef(Digest(sha256(b"envelope").digest()), 100_000, MIRRORS)
    gas["deliver"] = (await court.deliver(disputed, envelope)).gas_used

    dispute = await court.dispute(disputed, await court.head("latest"))
    digest = vote_digest(dispute, Outcome.MATCH, court.court)
    signatures = [bls.sign(member.bls_secret, digest, bls.VOTE_TAG) for member in members]
    certificate = Certificate(
        disputed, 0, Outcome.MATCH, (1 << len(members)) - 1, bls.aggregate(signatures)
    )
    gas["settle"] = (await court.settle(certificate)).gas_used
    gas["collectBond"] = (await court.collect_bond(disputed)).gas_used
    return gas


async def _past(court: CourtClient, block: int) -> None:
    while (await court.head("latest")).number <= block:
        await asyncio.sleep(0.2)


@click.command()
@click.option("--out", type=click.Path(path_type=Path), required=True)
def main(out: Path) -> None:
    """Measure and write the report."""
    figures: dict[str, Any] = {str(size): asyncio.run(measure(size)) for size in SIZES}
    write_report(out, {"gas_by_committee_size": figures})


if __name__ == "__main__":
    main()
