"""What each transaction of a dispute costs, with committees of 4 to 61 in which all sign.

    python -m tests.bench.gas --out docs/results/gas.json

Full costs (21,000, calldata and execution), from the receipts of the embedded chain.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import click

from node.devchain import serve
from node.profiles import DEVNET
from protocol.chain import CourtClient
from protocol.types import Address, Outcome
from tests.bench.report import write_report
from tests.support import court as steps

SIZES = (4, 13, 31, 61)


async def measure(size: int) -> dict[str, int]:
    """The gas of each step of one dispute, decided by all of `size` members."""
    keys, owner = steps.members(size), steps.account("owner")
    funded = steps.funded(owner, *(key.account for key in keys))
    parameters = replace(DEVNET, committee_size=size)
    async with (
        serve("127.0.0.1", 0, block_seconds=1.0, funded=funded) as url,
        await CourtClient.deploy(url, owner, parameters) as court,
    ):
        seats = await asyncio.gather(*(steps.register(url, court, key) for key in keys))
        claim, commit = await steps.commit(court, Address(owner.address), text="a claim")
        beacon = await court.draw_beacon(claim)
        bind = await court.bind(claim, steps.MODEL)
        disputed, opened = await steps.open_dispute(court, claim)
        draw = await court.draw(disputed)
        deliver = await court.deliver(disputed, steps.ENVELOPE)
        certificate = await steps.certificate(
            court, disputed, Outcome.MATCH, keys=keys, places=range(size)
        )
        settle = await court.settle(certificate)
        collect = await court.collect_bond(disputed)
    receipts = {
        "register": max(seats, key=lambda seat: seat.gas_used), "commit": commit,
        "drawBeacon": beacon, "bind": bind, "open": opened, "draw": draw, "deliver": deliver,
        "settle": settle, "collectBond": collect,
    }  # fmt: skip
    return {name: receipt.gas_used for name, receipt in receipts.items()}


@click.command()
@click.option("--out", type=click.Path(path_type=Path), required=True)
def main(out: Path) -> None:
    """Measure and write the report."""
    figures = {str(size): asyncio.run(measure(size)) for size in SIZES}
    write_report(out, {"gas_by_committee_size": figures})


if __name__ == "__main__":
    main()
