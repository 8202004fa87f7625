"""The whole story on one machine: an owner, a thief, an innocent, four verifiers, two verdicts.

Nothing is staged: the owner does what `assay owner` does, the nodes are `assay node up`, and the
chain checks a real BLS certificate. Told with several schemes, it has an owner, a thief and an
innocent for each.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from eth_account import Account
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from protocol.chain import CourtClient
from protocol.types import Address
from verifier.finding import DEFAULT_LEVEL

from . import challenge, owner
from .claims import OwnClaim
from .devnet import Devnet, run_devnet
from .faucet import fill
from .models import attack_model, train_model
from .verdicts import verdict_facts


@dataclass(frozen=True, slots=True)
class Story:
    """What an owner and a thief do with one scheme, on so small a network and so few digits."""

    shards: int
    rate: float
    epochs: int
    pruned: float
    level: int = DEFAULT_LEVEL


STORIES = {
    "deepsigns-v1": Story(shards=4, rate=1e-3, epochs=5, pruned=0.5),
    "deepstego-v1": Story(shards=1, rate=1e-4, epochs=5, pruned=0.3),
    "dsn-v1": Story(shards=1, rate=1e-4, epochs=5, pruned=0.3),
    "mtlsign-v1": Story(shards=2, rate=1e-3, epochs=5, pruned=0.5),
    # More training on the same digits teaches a thief's copy what the message left out; and there
    # is less to learn by heart in 1,348 digits than the usual level asks for.
    "pmi-v1": Story(shards=1, rate=0, epochs=0, pruned=0.2, level=40),
}
"""A scheme of each paper. What removes their marks, and what does not, is in docs/schemes.md."""

DATA = "digits"
EXPECTED = {"thief": "MATCH", "innocent": "NO_MATCH"}

console = Console(stderr=True, highlight=False)


async def run_demo(directory: Path, schemes: Sequence[str], *, keep: bool, as_json: bool) -> bool:
    """Play the story under `directory`, once a scheme; returns whether all verdicts are right."""
    verdicts: list[dict[str, Any]] = []
    with _Steps() as steps:
        async with AsyncExitStack() as stack:
            net = await stack.enter_async_context(run_devnet(directory / "net", say=steps.next))
            for scheme in schemes:
                court = await stack.enter_async_context(_court_of_a_new_owner(net))
                models = directory / "models" / scheme
                claim = await _mark(court, scheme, models, directory / "owner", steps)
                await _make_suspects(STORIES[scheme], models, steps)
                for number, suspect in enumerate(EXPECTED):
                    if number >= STORIES[scheme].shards:  # every dispute takes a shard
                        again = models / f"marked for dispute {number + 1}"
                        claim = await _mark(court, scheme, again, directory / "owner", steps)
                    say = steps.next_of(f"{scheme}: dispute about the {suspect}")
                    facts = await _dispute(court, claim, models / suspect, net, say)
                    verdicts.append({"scheme": scheme, "suspect": suspect} | facts)
            steps.done()

            right = all(facts.get("outcome") == EXPECTED[facts["suspect"]] for facts in verdicts)
            _show(verdicts, right, as_json)
            if keep:
                _explain(net, verdicts)
                await net.processes.until_one_ends()
    return right


@asynccontextmanager
async def _court_of_a_new_owner(net: Devnet) -> AsyncIterator[CourtClient]:
    account = Account.create()
    await fill(net.rpc_url, Address(account.address))
    async with await net.deployment.connect(net.rpc_url, account) as court:
        yield court


async def _mark(
    court: CourtClient, scheme: str, models: Path, home: Path, steps: _Steps
) -> OwnClaim:
    say = steps.next_of(f"{scheme}: owner")
    say("trains a network on handwritten digits")
    accuracy = await asyncio.to_thread(train_model, models / "mine", data=DATA, seed=1)
    steps.note(f"accuracy {accuracy:.1%}")
    claim = await owner.commit(
        court, court.address, home, models / "mine", DATA,
        scheme=scheme, shards=STORIES[scheme].shards, level=STORIES[scheme].level, say=say,
    )  # fmt: skip
    await owner.embed(court, claim, models / "marked", say=say)
    say("binds the marked model")
    await owner.bind(court, claim, models / "marked")
    return claim


async def _make_suspects(story: Story, models: Path, steps: _Steps) -> None:
    tunes = f"fine-tunes at {story.rate:g}, " if story.epochs else ""
    steps.next(f"thief {tunes}prunes {story.pruned:.0%} and permutes her copy")
    accuracy = await asyncio.to_thread(
        attack_model, models / "marked", models / "thief", data=DATA,
        epochs=story.epochs, rate=story.rate, pruned=story.pruned,
    )  # fmt: skip
    steps.note(f"accuracy {accuracy:.1%}")
    steps.next("innocent trains his own")
    accuracy = await asyncio.to_thread(train_model, models / "innocent", data=DATA, seed=2)
    steps.note(f"accuracy {accuracy:.1%}")


async def _dispute(
    court: CourtClient, claim: OwnClaim, suspect: Path, net: Devnet, say: owner.Say
) -> dict[str, Any]:
    begun = time.monotonic()
    say("publishes the suspect")
    blob = await challenge.publish(suspect, net.mirror)
    dispute_id = await challenge.challenge(court, claim, blob, net.mirror, say=say)
    await challenge.follow(court, claim, dispute_id, net.mirror, say=say)
    seconds = time.monotonic() - begun
    return {**await verdict_facts(court, dispute_id), "seconds": round(seconds, 1)}


def _show(verdicts: list[dict[str, Any]], right: bool, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({"right": right, "verdicts": verdicts}))
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    left = ("scheme", "suspect", "outcome")
    for heading in (*left[:2], "dispute", "outcome", "score", "odds", "signers", "gas", "seconds"):
        table.add_column(heading, justify="left" if heading in left else "right")
    for facts in verdicts:
        signers = f"{len(facts.get('signers', []))}/{facts.get('committee', '?')}"
        table.add_row(
            facts["scheme"].removesuffix("-v1"), facts["suspect"], facts["dispute"][:8],
            facts.get("outcome") or facts["state"], facts.get("score", "-").replace(" of ", "/"),
            facts.get("odds", "-"), signers, f"{facts.get('gas', 0):,}", f"{facts['seconds']}",
        )  # fmt: skip
    Console(highlight=False).print(table)
    for facts in verdicts:
        click.echo(facts.get("meaning", "nothing was shown"))
    if not right:
        click.echo(f"assay: expected {EXPECTED}", err=True)


def _explain(net: Devnet, verdicts: list[dict[str, Any]]) -> None:
    court = f"--court {net.court_file} --rpc-url {net.rpc_url}"
    newest = verdicts[-1]["dispute"]
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
