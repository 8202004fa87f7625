"""The whole story on one machine: an owner, a thief, an innocent, four verifiers, two verdicts.

Nothing is staged: the owner does what `assay owner` does, the nodes are `assay node up`, and the
chain checks a real BLS certificate.
"""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import click
from eth_account import Account
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from protocol.chain import CourtClient

from . import owner
from .claims import OwnClaim
from .devnet import Devnet, run_devnet
from .faucet import fill
from .models import attack_model, train_model
from .verdicts import verdict_facts

SCHEME = "deepsigns-v1"
SHARDS = 4
LEVEL = 64
DATA = "digits"
EXPECTED = {"thief": "MATCH", "innocent": "NO_MATCH"}

console = Console(stderr=True, highlight=False)


async def run_demo(directory: Path, *, keep: bool, as_json: bool) -> bool:
    """Play the story under `directory`; returns whether both verdicts are right."""
    models = directory / "models"
    verdicts: dict[str, dict[str, Any]] = {}
    with _Steps() as steps:
        async with AsyncExitStack() as stack:
            net = await stack.enter_async_context(run_devnet(directory / "net", say=steps.next))
            account = Account.create()
            await fill(net.rpc_url, account.address)
            deployment = net.deployment
            court = await stack.enter_async_context(
                await CourtClient.connect(
                    net.rpc_url, deployment.court.dispute_manager, account=account,
                    first_block=deployment.block,
                )
            )  # fmt: skip

            steps.next("owner trains a network on handwritten digits")
            accuracy = await asyncio.to_thread(train_model, models / "mine", data=DATA, seed=1)
            steps.note(f"accuracy {accuracy:.1%}")
            claim = await owner.commit(
                court, account.address, directory / "owner", models / "mine", DATA,
                scheme=SCHEME, shards=SHARDS, level=LEVEL, say=steps.next_of("owner"),
            )  # fmt: skip
            await owner.embed(court, claim, models / "marked", say=steps.next_of("owner"))
            steps.next("owner binds the marked model")
            await owner.bind(court, claim, models / "marked")

            steps.next("thief fine-tunes, prunes and permutes her copy")
            accuracy = await asyncio.to_thread(
                attack_model, models / "marked", models / "thief", data=DATA
            )
            steps.note(f"accuracy {accuracy:.1%}")
            steps.next("innocent trains his own")
            accuracy = await asyncio.to_thread(train_model, models / "innocent", data=DATA, seed=2)
            steps.note(f"accuracy {accuracy:.1%}")

            for suspect in EXPECTED:
                say = steps.next_of(f"dispute about the {suspect}")
                verdicts[suspect] = await _dispute(court, claim, models / suspect, net, say)
            steps.done()

            right = all(verdicts[who].get("outcome") == what for who, what in EXPECTED.items())
            _show(verdicts, right, as_json)
            if keep:
                _explain(net, verdicts)
                await net.processes.until_one_ends()
    return right


async def _dispute(
    court: CourtClient, claim: OwnClaim, suspect: Path, net: Devnet, say: owner.Say
) -> dict[str, Any]:
    begun = time.monotonic()
    say("publishes the suspect")
    blob = await owner.publish(suspect, net.mirror)
    dispute_id = await owner.challenge(court, claim, blob, net.mirror, say=say)
    say("committee at work")
    await owner.wait_for_verdict(court, dispute_id)
    seconds = time.monotonic() - begun
    return {**await verdict_facts(court, dispute_id), "seconds": round(seconds, 1)}


def _show(verdicts: dict[str, dict[str, Any]], right: bool, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({"right": right, "verdicts": verdicts}))
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading in ("suspect", "dispute", "outcome", "hits", "odds", "signers", "gas", "seconds"):
        table.add_column(heading, justify="left" if heading in ("suspect", "outcome") else "right")
    for suspect, facts in verdicts.items():
        signers = f"{len(facts.get('signers', []))} of {facts.get('committee', '?')}"
        table.add_row(
            suspect, facts["dispute"][:8], facts.get("outcome") or facts["state"],
            facts.get("hits", "-"), facts.get("odds", "-"), signers,
            f"{facts.get('gas', 0):,}", f"{facts['seconds']}",
        )  # fmt: skip
    Console(highlight=False).print(table)
    for facts in verdicts.values():
        click.echo(facts.get("meaning", "nothing was shown"))
    if not right:
        click.echo(f"assay: expected {EXPECTED}", err=True)


def _explain(net: Devnet, verdicts: dict[str, dict[str, Any]]) -> None:
    court = f"--court {net.court_file} --rpc-url {net.rpc_url}"
    newest = list(verdicts.values())[-1]["dispute"]
    console.print("\nEverything is still running. Look at it with", style="bold")
    console.print(f"  assay verdict list {court}")
    console.print(f"  assay verdict show {newest[:8]} {court}")
    for endpoint in net.endpoints:
        console.print(f"  curl {endpoint}/v1/disputes/{newest}")
    console.print(f"  less {net.directory / 'logs'}/node0.log\nCtrl-C ends it.")


class _Steps:
    """One line a step: a spinner and its seconds, then a tick."""

    def __init__(self) -> None:
        self._progress = Progress(
            SpinnerColumn(finished_text="[green]✓"), TextColumn("{task.description}"),
            TimeElapsedColumn(), console=console,
        )  # fmt: skip
        self._current: Any = None
        self._text = ""

    def __enter__(self) -> _Steps:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def next(self, text: str) -> None:
        """Tick the step before and begin another."""
        self.done()
        self._text = text
        self._current = self._progress.add_task(text, total=1)

    def next_of(self, who: str) -> owner.Say:
        """`next`, for somebody else's steps."""
        return lambda text: self.next(f"{who}: {text}")

    def note(self, result: str) -> None:
        """Add a result to the step that is ending."""
        self._progress.update(self._current, description=f"{self._text}: {result}")

    def done(self) -> None:
        """Tick the last step."""
        if self._current is not None:
            self._progress.update(self._current, completed=1)
        self._current = None
