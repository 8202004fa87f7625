"""A court of thirteen on one machine: four of them faulty, a dispute, an appeal, and all the money.

    python -m tests.bench.thirteen --out docs/results/thirteen.json

Nine honest nodes are the processes that `assay devnet` starts. Of the other four seats two are
down, one votes without having looked, and one signs two outcomes in the appeal. A dispute that
draws too many of them for a committee of four escalates to all thirteen, from where there is no
appeal; so disputes are opened until one was settled by four and appealed to thirteen. The account
at the end is of every wei that went in.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar

import aiohttp
import click
from eth_account import Account

from node import challenge, owner
from node.devnet import Devnet, run_devnet
from node.faucet import fill
from node.keystore import NodeKeys
from node.models import train_model
from node.patience import first_seen, unless_done
from protocol import bls
from protocol.chain import CourtClient, Head
from protocol.court import Verdict
from protocol.messages import (
    Message,
    message_to_json,
    places_of,
    possession_digest,
)
from protocol.types import Address, Dispute, DisputeId, Outcome, SeatId, State
from tests.bench.report import write_report
from tests.support.voices import Voice

HONEST: Final = 9
SCHEME: Final = "deepsigns-v1"
DATA: Final = "digits"
SHARDS: Final = 4
BURN: Final = Address("0x000000000000000000000000000000000000dEaD")
T = TypeVar("T")


@dataclass(slots=True)
class Seated:
    """A verifier that is not one of the devnet's processes."""

    role: str
    keys: NodeKeys
    seat: SeatId
    rounds: set[tuple[DisputeId, int]] = field(default_factory=set)
    """In which it has had its say."""


@click.command()
@click.option("--out", type=click.Path(path_type=Path), required=True)
def main(out: Path) -> None:
    """Run it, and write what happened."""
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as directory:
        figures = asyncio.run(record(Path(directory), say=click.echo))
    figures["seconds"] = round(time.monotonic() - begun)
    account = figures["account"]
    if account["disputes_hold_wei"] or account["register_holds_wei"] != account["bonds_left_wei"]:
        raise click.ClickException(f"the money does not add up: {account}")
    write_report(out, figures)


async def record(directory: Path, say: Callable[[str], None]) -> dict[str, Any]:
    """The disputes, the appeal, and the account."""
    async with run_devnet(directory / "net", nodes=HONEST, say=say) as net:
        account = Account.create()
        await fill(net.rpc_url, Address(account.address))
        court = await net.deployment.connect(net.rpc_url, account)
        async with court:
            faulty = [
                await _take_seat(net, role)
                for role in ("down", "down", "votes without looking", "signs two outcomes")
            ]
            claim, suspect = await _claim(court, directory, net, say)
            acting = asyncio.create_task(_act(net, faulty[2:]))
            try:
                disputes: list[dict[str, Any]] = []
                while not disputes or disputes[-1]["appeals"] == 0:
                    disputes.append(await _dispute(court, claim, suspect, net, say))
                # One who signed two outcomes is found out by whoever hears of both.
                liar = faulty[3].seat
                await _until(court, lambda head: _is_slashed(court, liar, head))
            finally:
                acting.cancel()
            return {
                "disputes": disputes,
                "seats": [await _seat_facts(court, each) for each in faulty],
                "account": await _account(court, net, disputes),
            }


async def _dispute(
    court: CourtClient, claim: Any, suspect: Path, net: Devnet, say: Callable[[str], None]
) -> dict[str, Any]:
    """One dispute to its end; appealed, if it was settled by the first committee."""
    blob = await challenge.publish(suspect, net.mirror)
    dispute_id = await challenge.challenge(court, claim, blob, net.mirror, say=say)
    following = asyncio.create_task(challenge.follow(court, claim, dispute_id, net.mirror, say=say))
    await _until(court, lambda head: _first_round_is_over(court, dispute_id, head))
    latest = await court.head("latest")
    if await court.state(dispute_id, latest) is State.PROPOSED:
        await challenge.appeal(court, dispute_id, say=say)
    verdict = await following
    return await _dispute_facts(court, dispute_id, verdict)


async def _act(net: Devnet, faulty: list[Seated]) -> None:
    """What the two say who say anything: at once, and to everybody."""
    async with await net.deployment.connect(net.rpc_url) as court, aiohttp.ClientSession() as http:
        while True:
            head = await court.head("latest")
            for dispute_id, round_ in await court.keyed_rounds(court.first_block, head.number):
                dispute = await court.dispute(dispute_id, head, round_)
                for each in faulty:
                    await _speak(court, http, each, dispute, head)
            await asyncio.sleep(1)


async def _speak(
    court: CourtClient, http: aiohttp.ClientSession, who: Seated, dispute: Dispute, head: Head
) -> None:
    place = next((m.place for m in dispute.committee if m.seat_id == who.seat), None)
    if place is None:
        return
    guess = Outcome.NO_MATCH if who.role == "votes without looking" else Outcome.MATCH
    sealed = await court.sealed(dispute.id, dispute.round, head)
    voice = Voice(place, who.keys, dispute, court.court)
    messages: list[Message] = [voice.commitment(voice.leaf(guess))]
    if sealed is not None:
        # Only in the appeal: without its seat there are too few for another committee of thirteen.
        lies = who.role == "signs two outcomes" and dispute.in_reference_mode
        outcomes = (Outcome.MATCH, Outcome.NO_MATCH) if lies else (guess,)
        messages = [voice.vote(outcome) for outcome in outcomes]
        who.rounds.add((dispute.id, dispute.round))
    for member in dispute.committee:
        for message in messages:
            try:
                url = f"{member.endpoint}/v1/messages"
                async with http.post(url, json=message_to_json(message)) as response:
                    await response.read()
            except (aiohttp.ClientError, TimeoutError):
                pass  # it is one of the four


async def _claim(
    court: CourtClient, directory: Path, net: Devnet, say: Callable[[str], None]
) -> tuple[Any, Path]:
    """A bound claim, and the marked model as a thief would publish it."""
    models = directory / "models"
    say("owner trains, commits, embeds and binds")
    await asyncio.to_thread(train_model, models / "mine", data=DATA, seed=1)
    claim = await owner.commit(
        court, court.address, directory / "owner", models / "mine", DATA,
        scheme=SCHEME, shards=SHARDS, level=64, say=say,
    )  # fmt: skip
    await owner.embed(court, claim, models / "marked", say=say)
    await owner.bind(court, claim, models / "marked")
    return claim, models / "marked"


async def _take_seat(net: Devnet, role: str) -> Seated:
    account = Account.create()
    keys = NodeKeys(account, int.from_bytes(account.key) % bls.CURVE_ORDER)
    operator = Address(account.address)
    await fill(net.rpc_url, operator)
    async with await net.deployment.connect(net.rpc_url, keys.account) as court:
        digest = possession_digest(operator, keys.bls_key, court.court)
        possession = bls.sign(keys.bls_secret, digest, bls.POSSESSION_TAG)
        await court.register(keys.bls_key, possession, keys.envelope_key, "http://127.0.0.1:9")
        seat = await court.seat_of(operator, await court.head("latest"))
    assert seat is not None
    return Seated(role, keys, seat.id)


async def _first_round_is_over(court: CourtClient, dispute_id: DisputeId, head: Head) -> bool:
    record = await court.dispute_record(dispute_id, head)
    return record.round > 0 or record.state >= State.PROPOSED


async def _is_slashed(court: CourtClient, seat: SeatId, head: Head) -> bool:
    return (await court.seat(seat, head)).bond_wei == 0


async def _until(court: CourtClient, look: Callable[[Head], Awaitable[bool]]) -> None:
    async def seen(head: Head) -> bool | None:
        return await look(head) or None

    await first_seen(court, seen)


async def _dispute_facts(
    court: CourtClient, dispute_id: DisputeId, verdict: Verdict
) -> dict[str, Any]:
    head = await court.head("latest")
    record = await court.dispute_record(dispute_id, head)
    rounds = []
    for number in range(record.round + 1):
        stored = await court.round_record(dispute_id, number, head)
        rounds.append(
            {
                "members": stored.size,
                "sealed": stored.voters.bit_count(),
                "opened": stored.opened.bit_count(),
                "signers": stored.signers.bit_count(),
                "outcome": stored.outcome.name if stored.outcome else None,
            }
        )
    return {
        "dispute": dispute_id.hex(),
        "state": verdict.state.name,
        "outcome": verdict.outcome.name if verdict.outcome else None,
        "appeals": record.appeals,
        "rounds": rounds,
    }


async def _seat_facts(court: CourtClient, who: Seated) -> dict[str, Any]:
    seat = await court.seat(who.seat, await court.head("latest"))
    return {"role": who.role, "bond_left_wei": seat.bond_wei, "rounds": len(who.rounds)}


async def _account(
    court: CourtClient, net: Devnet, disputes: list[dict[str, Any]]
) -> dict[str, int]:
    """After everybody has collected: what the contracts still hold, and what they should."""
    head = await court.head("latest")
    for each in disputes:
        dispute_id = DisputeId(bytes.fromhex(each["dispute"]))
        for number in range(len(each["rounds"])):
            stored = await court.round_record(dispute_id, number, head)
            for place in places_of(
                stored.unpaid
            ):  # the nodes have collected theirs, or are about to
                await unless_done(court.collect_fee(dispute_id, number, place), "AlreadyCollected")
    if await court.owed(court.address, head):
        await court.withdraw(court.address)
    head = await court.head("latest")
    parameters = await court.parameters(head)
    seats = [await court.seat(SeatId(number), head) for number in range(HONEST + 4)]
    registry = await court.balance(court.court.verifier_registry, head)
    return {
        "disputes_hold_wei": await court.balance(court.court.dispute_manager, head),
        "register_holds_wei": registry,
        "bonds_left_wei": sum(seat.bond_wei for seat in seats),
        "bonds_paid_wei": len(seats) * parameters.verifier_bond_wei,
        "burnt_wei": await court.balance(BURN, head),
    }


if __name__ == "__main__":
    main()
