"""What tests and benchmarks of a real court share: seats, blocks that pass, votes of all."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from hashlib import sha256

from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_utils.crypto import keccak

from node.faucet import FAUCET_WEI
from node.keystore import NodeKeys
from protocol import bls
from protocol.chain import CourtClient, Receipt
from protocol.messages import Certificate, claim_id, possession_digest, vote_digest
from protocol.types import (
    Address,
    BlobRef,
    ClaimId,
    Digest,
    DisputeId,
    ModelDigest,
    Outcome,
    Place,
)

MIRRORS = ("https://mirror.example",)
MODEL = ModelDigest(sha256(b"manifest").digest())
SUSPECT = BlobRef(Digest(MODEL), 1_000_000, MIRRORS)
ENVELOPE = BlobRef(Digest(sha256(b"envelope").digest()), 100_000, MIRRORS)


def account(name: str) -> LocalAccount:
    """The account of this name."""
    made: LocalAccount = Account.from_key(keccak(text=name))
    return made


def members(count: int) -> list[NodeKeys]:
    """Verifiers without seats yet."""
    return [NodeKeys(account(f"operator {number}"), 1000 + number) for number in range(count)]


def funded(*accounts: LocalAccount) -> Mapping[Address, int]:
    """A genesis in which these accounts have money."""
    return {Address(each.address): FAUCET_WEI for each in accounts}


async def register(url: str, court: CourtClient, member: NodeKeys) -> Receipt:
    """Take a seat for `member`."""
    operator = Address(member.account.address)
    manager = court.court.dispute_manager
    async with await CourtClient.connect(url, manager, account=member.account) as own:
        digest = possession_digest(operator, member.bls_key, court.court)
        possession = bls.sign(member.bls_secret, digest, bls.POSSESSION_TAG)
        endpoint = "https://node.example:9000"
        return await own.register(member.bls_key, possession, member.envelope_key, endpoint)


async def blocks_pass(court: CourtClient, block: int) -> None:
    """Return when the chain has left `block` behind."""
    while (await court.head("latest")).number <= block:
        await asyncio.sleep(0.05)


async def commit(court: CourtClient, owner: Address, *, text: str) -> tuple[ClaimId, Receipt]:
    """Commit to anything, and wait until the beacon may be drawn."""
    commitment = Digest(keccak(text=text))
    receipt = await court.commit(commitment)
    claim = claim_id(owner, commitment)
    await blocks_pass(court, (await court.claim(claim, await court.head("latest"))).beacon_block)
    return claim, receipt


async def open_dispute(court: CourtClient, claim: ClaimId) -> tuple[DisputeId, Receipt]:
    """Challenge the model of this module, and wait until the committee may be drawn."""
    disputed, receipt = await court.open(claim, SUSPECT)
    record = await court.dispute_record(disputed, await court.head("latest"))
    await blocks_pass(court, record.seed_block)
    return disputed, receipt


async def certificate(
    court: CourtClient,
    disputed: DisputeId,
    outcome: Outcome,
    *,
    keys: Iterable[NodeKeys],
    places: Iterable[int],
) -> Certificate:
    """The certificate signed by those at `places`."""
    dispute = await court.dispute(disputed, await court.head("latest"))
    digest = vote_digest(dispute, outcome, court.court)
    secrets = {key.bls_key: key.bls_secret for key in keys}
    chosen = [Place(place) for place in places]
    signatures = [
        bls.sign(secrets[dispute.committee[place].bls_key], digest, bls.VOTE_TAG)
        for place in chosen
    ]
    bitmap = sum(1 << place for place in chosen)
    return Certificate(disputed, dispute.round, outcome, bitmap, bls.aggregate(signatures))
