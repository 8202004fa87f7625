"""What an owner does, in the order that makes the evidence sound (SPEC 3):

    commit      freeze everything but the message, write it down, commit, wait for the beacon
    embed       derive the messages, train them into a copy of the model
    bind        record the marked model's digest
    challenge   name a suspect, wait for the committee, seal the dispute's shard for its members

The work on tensors is slow and leaves the event loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import aiohttp

import verifier
from protocol.chain import CourtClient, Head
from protocol.committee import committee_hash as hash_committee
from protocol.envelope import envelope_context, seal
from protocol.errors import ContractRefused
from protocol.keys import derive_message_key
from protocol.package import manifest_directory, model_digest
from protocol.types import (
    Address,
    BlobRef,
    ClaimRecord,
    Digest,
    DisputeId,
    Member,
    ModelDigest,
    State,
    Verdict,
)

from .claims import OwnClaim, freeze
from .errors import BadClaim
from .mirror import publish_package, upload
from .models import configure_torch

POLL_SECONDS = 0.3
Say = Callable[[str], None]
Progress = Callable[[int, float], None]
T = TypeVar("T")


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
    await court.commit(commitment)
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
            await _unless_done(court.draw_beacon(claim.id), "BeaconAlreadyDrawn")
        return record.beacon

    return await _poll(court, drawn)


async def record_of(court: CourtClient, claim: OwnClaim) -> ClaimRecord | None:
    """What the court knows of the claim; None if its commitment was never sent."""
    try:
        return await court.claim(claim.id, await court.head("latest"))
    except ContractRefused as error:
        if error.name != "UnknownClaim":
            raise
        return None


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
    digest = model_digest(await asyncio.to_thread(manifest_directory, marked))
    await court.bind(claim.id, digest)
    return digest


async def shards_left(court: CourtClient, claim: OwnClaim) -> int:
    """How many more disputes the claim is good for."""
    return len(claim.seeds) - await court.next_shard(claim.id, await court.head("latest"))


async def publish(suspect: Path, mirror: str) -> BlobRef:
    """Put the suspect's package where the committee can fetch it."""
    async with aiohttp.ClientSession() as http:
        return await publish_package(http, mirror, suspect)


async def challenge(
    court: CourtClient, claim: OwnClaim, suspect: BlobRef, mirror: str, *, say: Say
) -> DisputeId:
    """Open a dispute about a published suspect and hand the committee the claim's next shard.

    The draw is read from finalized blocks before anything is sealed: a key once shown cannot be
    taken back.

    Raises:
        BadClaim: the claim has no shard left.
    """
    if await shards_left(court, claim) <= 0:
        raise BadClaim(claim.directory, "all its shards are burnt; commit a new claim")
    say("opens the dispute")
    dispute_id, _ = await court.open(claim.id, suspect)
    say("waits for the draw")
    shard, committee_hash, members = await _wait_for_draw(court, dispute_id)
    say("seals the shard for the committee")
    context = envelope_context(court.court, dispute_id, committee_hash)
    opening = claim.opening(shard).encode()
    envelope = seal(opening, context, [member.envelope_key for member in members])
    async with aiohttp.ClientSession() as http:
        await court.deliver(dispute_id, await upload(http, mirror, envelope))
    return dispute_id


async def wait_for_verdict(court: CourtClient, dispute_id: DisputeId) -> Verdict:
    """The verdict, or the end without one."""

    async def ended(head: Head) -> Verdict | None:
        return await court.verdict(dispute_id, head)

    return await _poll(court, ended)


async def _wait_for_draw(
    court: CourtClient, dispute_id: DisputeId
) -> tuple[int, Digest, tuple[Member, ...]]:
    async def drawn(head: Head) -> tuple[int, Digest, tuple[Member, ...]] | None:
        record = await court.dispute_record(dispute_id, head)
        if record.state is State.OPEN:
            if head.number > record.seed_block:
                await _unless_done(court.draw(dispute_id), "WrongState")
            return None
        members = await court.committee(dispute_id, head)
        return record.shard, hash_committee([member.bls_key for member in members]), members

    return await _poll(court, drawn)


async def _poll(court: CourtClient, look: Callable[[Head], Awaitable[T | None]]) -> T:
    """Look at each finalized head until there is something to see."""
    while True:
        try:
            seen = await look(await court.head("finalized"))
        except ContractRefused as error:
            # What we have just sent is in a block, but not yet in a final one.
            if error.name not in ("UnknownClaim", "UnknownDispute"):
                raise
            seen = None
        if seen is not None:
            return seen
        await asyncio.sleep(POLL_SECONDS)


async def _unless_done(action: Awaitable[object], refusal: str) -> None:
    """Do what anybody may do, and do not mind that somebody else was faster."""
    try:
        await action
    except ContractRefused as error:
        if error.name != refusal:
            raise
