"""`assay owner`: challenge a suspect, see to its dispute, fetch what it owes; `assay appeal`."""

from __future__ import annotations

from pathlib import Path

import click

from node import challenge as disputes
from node.claims import load_claim
from node.verdicts import find_dispute, in_words, verdict_facts

from .frame import awaited, show
from .owner import at_court, claim_option, connect, owner, package_argument, say

mirror_option = click.option(
    "--mirror", envvar="ASSAY_MIRROR", default="http://127.0.0.1:8600", show_default=True,
    help="A writable mirror; nodes fetch from it.",
)  # fmt: skip


@owner.command()
@package_argument
@mirror_option
@click.option("--wait/--no-wait", default=True, show_default=True,
              help="Do the owner's duty until the dispute has ended.")  # fmt: skip
@claim_option
@at_court
@awaited
async def challenge(
    package: Path, mirror: str, wait: bool, claim_name: str | None,
    home: Path, court_file: Path, rpc_url: str, as_json: bool,
) -> None:  # fmt: skip
    """Open a dispute: does the model in PACKAGE carry the claim's mark?"""
    claim = load_claim(home, claim_name)
    async with await connect(home, court_file, rpc_url) as court:
        say("publishes the suspect")
        suspect = await disputes.publish(package, mirror)
        dispute_id = await disputes.challenge(court, claim, suspect, mirror, say=say)
        if wait:
            await disputes.follow(court, claim, dispute_id, mirror, say=say)
        else:
            name = dispute_id.hex()[:8]
            say(f"leaves; rounds that may come need `assay owner follow {name}`")
        facts = await verdict_facts(court, dispute_id)
    show(as_json, facts if as_json else in_words(facts))


@owner.command()
@click.argument("dispute")
@mirror_option
@at_court
@awaited
async def follow(
    dispute: str, mirror: str, home: Path, court_file: Path, rpc_url: str, as_json: bool
) -> None:
    """Do the owner's duty in a dispute, named by the beginning of its id, until it has ended."""
    async with await connect(home, court_file, rpc_url) as court:
        dispute_id = await find_dispute(court, dispute)
        record = await court.dispute_record(dispute_id, await court.head("finalized"))
        claim = load_claim(home, record.claim_id.hex())
        await disputes.follow(court, claim, dispute_id, mirror, say=say)
        facts = await verdict_facts(court, dispute_id)
    show(as_json, facts if as_json else in_words(facts))


@click.command()
@click.argument("dispute")
@at_court
@awaited
async def appeal(dispute: str, home: Path, court_file: Path, rpc_url: str, as_json: bool) -> None:
    """Pay for a larger committee, against the verdict that DISPUTE ended in; see to its draw."""
    async with await connect(home, court_file, rpc_url) as court:
        dispute_id = await find_dispute(court, dispute)
        record = await disputes.appeal(court, dispute_id, say=say)
        head = await court.head("latest")
        paid = (await court.parameters(head)).appeal_bond_wei
        paid += await court.round_fee(record.round, head)
    facts = {"dispute": dispute_id.hex(), "round": record.round, "state": record.state.name}
    show(as_json, facts | {"paid_wei": paid})


@owner.command()
@at_court
@awaited
async def withdraw(home: Path, court_file: Path, rpc_url: str, as_json: bool) -> None:
    """Fetch what disputes that have ended owe to the account."""
    async with await connect(home, court_file, rpc_url) as court:
        owed = await court.owed(court.address, await court.head("latest"))
        if owed:
            await court.withdraw(court.address)
    show(as_json, {"address": court.address, "withdrawn_wei": owed})
