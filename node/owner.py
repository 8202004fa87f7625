"""What an owner does, in the order that makes the evidence sound (SPEC 3):

    commit      freeze everything but the message, write it down, send the commitment; wait for the
    beacon embed       derive the messages, train them into a copy of the model bind        record
    the marked model's digest challenge   name a suspect, wait for the committee, seal the dispute's
    shard for its members

The work on tensors is slow and leaves the event loop. A step that was interrupted can be begun
again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import aiohttp

import verifier
from protocol.chain import CourtClient
from protocol.committee import committee_hash as hash_committee
from protocol.envelope import envelope_context, seal
from protocol.errors import ContractRefused
from protocol.keys import derive_message_key
from protocol.package import manifest_directory, model_digest
from protocol.types import Address, Digest, DisputeId, Member, ModelDigest, State, Verdict

from .claims import OwnClaim, freeze
from .errors import BadClaim
from .mirror import publish_package, upload

POLL_SECONDS = 0.3
Say = Callable[[str], None]


async def commit(
    court: CourtClient, owner: Address, home: Path, model: Path, data: str, *,
    scheme: str, shards: int, level: int, say: Say,
) -> OwnClaim:  # fmt: skip
    """Freeze evidence for `shards` shards against the unmarked model, and commit to it."""

    def prepare() -> tuple[bytes, ...]:
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
    """The claim's beacon, once a finalized block holds it; drawn by us unless somebody has."""
    while True:
        head = await court.head("finalized")
        record = await court.claim(claim.id, head)
        if record.beacon is not None:
            return record.beacon
        if head.number > record.beacon_block:
            await _unless_done(court.draw_beacon(claim.id), "BeaconAlreadyDrawn")
        await asyncio.sleep(POLL_SECONDS)


async def embed(court: CourtClient, claim: OwnClaim, out: Path, *, say: Say) -> None:
    """Train the claim's messages into a copy of its model, saved as a package at `out`."""
    beacon = await wait_for_beacon(court, claim)
    keys = [
        derive_message_key(seed, beacon, claim.id, claim.scheme, index)
        for index, seed in enumerate(claim.seeds)
    ]

    def train() -> None:
        model = verifier.load_package(Path(claim.model))
        evidence = [claim.evidence(index) for index in range(len(keys))]
        training, _ = verifier.load_dataset(claim.data)
        verifier.save_package(verifier.embed(claim.scheme, model, training, evidence, keys), out)

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


async def challenge(
    court: CourtClient, claim: OwnClaim, suspect: Path, mirror: str, *, say: Say
) -> DisputeId:
    """Open a dispute about the model in `suspect` and hand the committee its shard.

    The draw is read from finalized blocks before anything is sealed: a key once shown cannot be
    taken back.

    Raises:
        BadClaim: the claim has no shard left.
    """
    if await shards_left(court, claim) <= 0:
        raise BadClaim(claim.directory, "all its shards are burnt; commit a new claim")
    async with aiohttp.ClientSession() as http:
        say("publishes the suspect")
        package = await publish_package(http, mirror, suspect)
        say("opens the dispute")
        dispute_id, _ = await court.open(claim.id, package)
        say("waits for the draw")
        shard, committee_hash, members = await _wait_for_draw(court, dispute_id)
        say("seals the shard for the committee")
        context = envelope_context(court.court, dispute_id, committee_hash)
        opening = claim.opening(shard).encode()
        sealed = seal(opening, context, [member.envelope_key for member in members])
        await court.deliver(dispute_id, await upload(http, mirror, sealed))
    return dispute_id


async def wait_for_verdict(court: CourtClient, dispute_id: DisputeId) -> Verdict:
    """The verdict, or the end without one."""
    while True:
        verdict = await court.verdict(dispute_id, await court.head("finalized"))
        if verdict is not None:
            return verdict
        await asyncio.sleep(POLL_SECONDS)


async def _wait_for_draw(
    court: CourtClient, dispute_id: DisputeId
) -> tuple[int, Digest, tuple[Member, ...]]:
    while True:
        head = await court.head("finalized")
        if (await court.state(dispute_id, head)) is State.NONE:  # opened, but not yet finally
            await asyncio.sleep(POLL_SECONDS)
            continue
        record = await court.dispute_record(dispute_id, head)
        if record.state is not State.OPEN:
            members = await court.committee(dispute_id, head)
            keys = [member.bls_key for member in members]
            return record.shard, hash_committee(keys), members
        if head.number > record.seed_block:
            await _unless_done(court.draw(dispute_id), "WrongState")
        await asyncio.sleep(POLL_SECONDS)


async def _unless_done(action: Coroutine[Any, Any, object], refusal: str) -> None:
    """Do what anybody may do, and do not mind that somebody else was faster."""
    try:
        await action
    except ContractRefused as error:
        if error.name != refusal:
            raise
