"""What each transaction of a dispute costs, with committees of 4 to 61 in which all sign.

    python -m tests.bench.gas --out docs/results/gas.json

Full costs (21,000, calldata and execution), from the receipts of the embedded chain. Beside them
stands what n ECDSA signatures would cost, of which a verdict needs two rounds as it does of BLS.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import click

from node.devchain import serve
from node.keystore import NodeKeys
from protocol.chain import CourtClient, Receipt
from protocol.types import Address, Outcome, Place
from tests.bench.ecrecover import ecrecover_gas
from tests.bench.report import write_report
from tests.support import court as steps

SIZES = (4, 13, 31, 61)
SMALLEST = 1
"""A first rung from which every size can be appealed to."""


@dataclass(frozen=True)
class Bench:
    """A court whose committees have all its verifiers."""

    url: str
    court: CourtClient
    keys: list[NodeKeys]
    seats: list[Receipt]


@asynccontextmanager
async def _court(ladder: Sequence[int]) -> AsyncIterator[Bench]:
    keys, owner = steps.members(ladder[-1]), steps.account("owner")
    funded = steps.funded(owner, *(key.account for key in keys))
    parameters = replace(steps.UNHURRIED, ladder=tuple(ladder))
    async with (
        serve("127.0.0.1", 0, block_seconds=0.2, funded=funded) as url,
        await CourtClient.deploy(url, owner, parameters) as court,
    ):
        seats = await asyncio.gather(*(steps.register(url, court, key) for key in keys))
        yield Bench(url, court, keys, seats)


async def measure(size: int) -> dict[str, int]:
    """The gas of each step of one dispute, decided by all of `size` members."""
    async with _court([size]) as bench:
        court = bench.court
        claim, commit = await steps.commit(court, court.address, text="a claim")
        beacon = await court.draw_beacon(claim)
        bind = await court.bind(claim, steps.MODEL)
        disputed, opened = await steps.open_dispute(court, claim)
        draw = await court.draw(disputed)
        deliver = await court.deliver(disputed, steps.ENVELOPE)
        ballot = steps.Ballot.of(
            court.court, await steps.present_round(court, disputed), bench.keys, Outcome.MATCH
        )
        seal = await court.seal(ballot.seal())
        settle = await court.settle(ballot.certificate(Outcome.MATCH))
        punish = await court.punish_equivocation(
            ballot.vote(0, Outcome.MATCH), ballot.vote(0, Outcome.NO_MATCH)
        )
        fee = await court.collect_fee(disputed, 0, Place(1))
        await steps.blocks_pass(court, settle.block)
        expire = await court.expire(disputed)
        withdraw = await court.withdraw(Address(court.address))
    receipts = {
        "register": max(bench.seats, key=lambda seat: seat.gas_used), "commit": commit,
        "drawBeacon": beacon, "bind": bind, "open": opened, "draw": draw, "deliver": deliver,
        "seal": seal, "settle": settle, "appeal": await measure_appeal(size),
        "punishEquivocation": punish, "expire": expire, "collectFee": fee, "withdraw": withdraw,
    }  # fmt: skip
    gas = {name: receipt.gas_used for name, receipt in receipts.items()}
    return gas | {"ecrecover": ecrecover_gas(size)}


async def measure_appeal(size: int) -> Receipt:
    """The gas of an appeal to `size` members against the verdict of one."""
    async with _court([SMALLEST, size]) as bench:
        court = bench.court
        claim, _ = await steps.commit(court, court.address, text="a claim")
        await court.draw_beacon(claim)
        await court.bind(claim, steps.MODEL)
        disputed, _ = await steps.open_dispute(court, claim)
        await court.draw(disputed)
        await court.deliver(disputed, steps.ENVELOPE)
        ballot = steps.Ballot.of(
            court.court, await steps.present_round(court, disputed), bench.keys, Outcome.MATCH
        )
        await court.seal(ballot.seal())
        await court.settle(ballot.certificate(Outcome.MATCH))
        return await court.appeal(disputed)


@click.command()
@click.option("--out", type=click.Path(path_type=Path), required=True)
def main(out: Path) -> None:
    """Measure and write the report."""
    figures = {str(size): asyncio.run(measure(size)) for size in SIZES}
    write_report(out, {"gas_by_committee_size": figures})


if __name__ == "__main__":
    main()
