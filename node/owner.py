"""What an owner does before any dispute, in the order that makes the evidence sound (SPEC 3):

    commit   freeze everything but the message, write it down, commit, wait for the beacon
    embed    derive the messages, train them into a copy of the model
    bind     record the marked model's digest

What follows, if a suspect turns up, is in `challenge.py`. The work on tensors is slow and leaves
the event loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import verifier
from protocol.chain import CourtClient, Head
from protocol.errors import ContractRefused
from protocol.keys import derive_message_key
from protocol.package import manifest_directory, model_digest
from protocol.types import Address, Digest, ModelDigest

from .claims import OwnClaim, freeze
from .models import configure_torch
from .patience import first_seen, unless_done

Say = Callable[[str], None]
Progress = Callable[[int, float], None]


async def commit(
    court: CourtClient, owner: Address, home: Path, model: Path, data: str, *,
    scheme: str, shards: int, level: int, say: Say,
) -> OwnClaim:  # fmt: skip
    """Freeze evidence for `shards` shards against the unmarked model, and commit to it."""

    def prepare() -> tuple[bytes, ...]:
        configure_torch()
        training, _ = verifier.load_dataset(data)
        return verifier.prepare(scheme, verifier.load_package(model), training, shards=shards)

    say(f"freezes {shards} shards of evidence")
    evidence = await asyncio.to_thread(prepare)
    claim, commitment = freeze(
        home, court.court, owner=owner, scheme=scheme, level=level, evidence=evidence,
        model=model, data=data,
    )  # fmt: skip
    say("commits")
    await court.commit(commitment, shards)
    say("waits for the beacon")
    await wait_for_beacon(court, claim)
    return claim


async def wait_for_beacon(court: CourtClient, claim: OwnClaim) -> Digest:
    """The claim's beacon, once a finalized block holds it; drawn by us unless somebody has.

    Raises:
        ContractRefused: UnknownClaim: it was written down, and its commitment never sent.
    """
    await court.claim(claim.id, await court.head("latest"))

    async def drawn(head: Head) -> Digest | None:
        record = await court.claim(claim.id, head)
        if record.beacon is None and head.number > record.beacon_block:
            await unless_done(court.draw_beacon(claim.id), "BeaconAlreadyDrawn")
        return record.beacon

    return await first_seen(court, drawn)


async def claim_facts(court: CourtClient, claim: OwnClaim, at: Head) -> dict[str, Any]:
    """How far a claim has come, and how many committees it is still good for."""
    shards = len(claim.seeds)
    facts = {
        "scheme": claim.scheme, "committed": False, "beacon": False, "bound": None,
        "shards": shards, "shards_left": shards, "shards_used": 0,
    }  # fmt: skip
    try:
        record = await court.claim(claim.id, at)
    except ContractRefused as error:
        if error.name != "UnknownClaim":
            raise
        return facts  # written down, and its commitment never sent
    left = await court.shards_left(claim.id, at)
    return facts | {
        "committed": True,
        "beacon": record.beacon is not None,
        "bound": record.model.hex() if record.model else None,
        "shards_left": left,
        "shards_used": shards - left,  # burnt, or promised to a committee that is not drawn yet
    }


async def embed(
    court: CourtClient, claim: OwnClaim, out: Path, *, say: Say, progress: Progress | None = None
) -> None:
    """Train the claim's messages into a copy of its model, saved as a package at `out`.

    `progress` hears each epoch of the training and its last loss.
    """
    beacon = await wait_for_beacon(court, claim)
    keys = [
        derive_message_key(seed, beacon, claim.id, claim.scheme, index)
        for index, seed in enumerate(claim.seeds)
    ]

    def train() -> None:
        configure_torch()
        model = verifier.load_package(Path(claim.model))
        evidence = [claim.evidence(index) for index in range(len(keys))]
        training, _ = verifier.load_dataset(claim.data)
        marked = verifier.embed(
            claim.scheme, model, training, evidence, keys, level=claim.level, progress=progress
        )
        verifier.save_package(marked, out)

    say(f"embeds {len(keys)} messages")
    await asyncio.to_thread(train)


async def bind(court: CourtClient, claim: OwnClaim, marked: Path) -> ModelDigest:
    """Record the digest of the marked model; returns it."""
    digest = await digest_of(marked)
    await court.bind(claim.id, digest)
    return digest


async def register_model(court: CourtClient, package: Path) -> ModelDigest:
    """Have a model time-stamped against claims that come after it; returns its digest."""
    digest = await digest_of(package)
    await court.register_model(digest)
    return digest


async def digest_of(package: Path) -> ModelDigest:
    """The digest by which everybody knows the model in `package`."""
    return model_digest(await asyncio.to_thread(manifest_directory, package))
