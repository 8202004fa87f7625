"""`assay verdict`, `priority`, `ownership`: what the court has decided, in words."""

from __future__ import annotations

import re
from pathlib import Path

import click

from node.home import load_deployment
from node.owner import digest_of
from node.standing import find_claim, ownership_facts, priority_facts
from node.verdicts import (
    find_dispute,
    in_words,
    standing_in_words,
    standing_of,
    verdict_facts,
)
from protocol.types import ModelDigest

from .frame import awaited, court_option, json_option, options, rpc_option, show

of_court = options(court_option, rpc_option, json_option)


@click.group()
def verdict() -> None:
    """Read what the court has decided."""


@verdict.command("list")
@of_court
@awaited
async def list_verdicts(court_file: Path, rpc_url: str, as_json: bool) -> None:
    """List every dispute, the newest last."""
    async with await load_deployment(court_file).connect(rpc_url) as court:
        head = await court.head("finalized")
        disputes = await court.opened_disputes(court.first_block, head.number)
        rows = {each.hex(): await standing_of(court, each, head) for each in disputes}
    if as_json:
        show(as_json, rows)
    else:
        show(as_json, {name: standing_in_words(row) for name, row in rows.items()})


@verdict.command("show")
@click.argument("dispute", required=False)
@of_court
@awaited
async def show_verdict(dispute: str | None, court_file: Path, rpc_url: str, as_json: bool) -> None:
    """Show one dispute, by the beginning of its id; the newest if none is given."""
    async with await load_deployment(court_file).connect(rpc_url) as court:
        facts = await verdict_facts(court, await find_dispute(court, dispute))
    show(as_json, facts if as_json else in_words(facts))


@click.command()
@click.argument("first")
@click.argument("second")
@of_court
@awaited
async def priority(first: str, second: str, court_file: Path, rpc_url: str, as_json: bool) -> None:
    """Say which of two claims comes first, by verdicts and bindings; each by the beginning of its
    id."""
    async with await load_deployment(court_file).connect(rpc_url) as court:
        claims = [await find_claim(court, each) for each in (first, second)]
        show(as_json, await priority_facts(court, *claims))


@click.command()
@click.argument("model", type=click.Path(path_type=Path))
@of_court
@awaited
async def ownership(model: Path, court_file: Path, rpc_url: str, as_json: bool) -> None:
    """Say who stands behind MODEL, a package's directory or its digest."""
    digest = await digest_of(model) if is_package(model) else _digest(model)
    async with await load_deployment(court_file).connect(rpc_url) as court:
        facts = await ownership_facts(court, digest)
    show(as_json, {name: value for name, value in facts.items() if as_json or value is not None})


def is_package(model: Path) -> bool:
    """Whether the command line names a directory, and not a digest."""
    return model.is_dir()


def _digest(model: Path) -> ModelDigest:
    digits = str(model).removeprefix("0x")
    if not re.fullmatch("[0-9a-f]{64}", digits):
        why = f"{str(model)!r} is neither a directory nor 64 digits of lower-case hex"
        raise click.BadParameter(why, param_hint="MODEL")
    return ModelDigest(bytes.fromhex(digits))
