"""`assay verdict`: what the court has decided, in words."""

from __future__ import annotations

from pathlib import Path

import click

from node.errors import UnknownDispute
from node.home import load_deployment
from node.verdicts import verdict_facts
from protocol.chain import CourtClient

from .frame import awaited, court_option, json_option, rpc_option, show


@click.group()
def verdict() -> None:
    """Read what the court has decided."""


@verdict.command("list")
@court_option
@rpc_option
@json_option
@awaited
async def list_verdicts(court_file: Path, rpc_url: str, as_json: bool) -> None:
    """List every dispute, the newest last."""
    async with await _connect(court_file, rpc_url) as court:
        head = await court.head("finalized")
        rows = {}
        for dispute_id in await court.opened_disputes(court.first_block, head.number):
            record = await court.dispute_record(dispute_id, head)
            rows[dispute_id.hex()] = record.outcome.name if record.outcome else record.state.name
    show(as_json, rows)


@verdict.command("show")
@click.argument("dispute", required=False)
@court_option
@rpc_option
@json_option
@awaited
async def show_verdict(dispute: str | None, court_file: Path, rpc_url: str, as_json: bool) -> None:
    """Show one dispute, by the beginning of its id; the newest if none is given."""
    wanted = (dispute or "").removeprefix("0x")
    async with await _connect(court_file, rpc_url) as court:
        head = await court.head("finalized")
        disputes = await court.opened_disputes(court.first_block, head.number)
        matching = [each for each in disputes if each.hex().startswith(wanted)]
        if not matching or (dispute and len(matching) > 1):
            raise UnknownDispute(wanted, len(matching))
        show(as_json, await verdict_facts(court, matching[-1]))


async def _connect(court_file: Path, rpc_url: str) -> CourtClient:
    deployment = load_deployment(court_file)
    return await CourtClient.connect(
        rpc_url,
        deployment.court.dispute_manager,
        chain_id=deployment.court.chain_id,
        first_block=deployment.block,
    )
