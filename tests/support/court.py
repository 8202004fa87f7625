"""What tests and benchmarks of a real court share: seats, blocks that pass, a committee's votes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_utils.crypto import keccak

from node.faucet import FAUCET_WEI
from node.keystore import NodeKeys
from node.profiles import load_profile
from protocol import bls
from protocol.chain import CourtClient, Receipt
from protocol.claims import claim_id
from protocol.commitments import votes_root
from protocol.court import Court
from protocol.keys import derive_salt
from protocol.messages import (
    Certificate,
    SealCertificate,
    Vote,
    possession_digest,
    seal_digest,
    sealed_commitment,
    vote_digest,
)
from protocol.types import (
    Address,
    BlobRef,
    ClaimId,
    Digest,
    Dispute,
    DisputeId,
    ModelDigest,
    Outcome,
    Place,
)

MIRRORS = ("https://mirror.example",)
MODEL = ModelDigest(sha256(b"manifest").digest())
SUSPECT = BlobRef(Digest(MODEL), 1_000_000, MIRRORS)
ENVELOPE = BlobRef(Digest(sha256(b"envelope").digest()), 100_000, MIRRORS)
NO_LEAF = Digest(bytes(32))

UNHURRIED = replace(
    load_profile("devnet"),
    draw_window_s=1200,
    key_window_s=1200,
    seal_window_s=600,
    vote_window_s=600,
    appeal_window_s=300,
    exit_delay_s=36_000,
)
"""Ten times the devnet's windows: test chains mine up to ten blocks a second, each of which is at
least a second later than the last."""


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


async def commit(
    court: CourtClient, owner: Address, *, text: str, shards: int = 4
) -> tuple[ClaimId, Receipt]:
    """Commit to anything, and wait until the beacon may be drawn."""
    commitment = Digest(keccak(text=text))
    receipt = await court.commit(commitment, shards)
    claim = claim_id(owner, commitment)
    await blocks_pass(court, (await court.claim(claim, await court.head("latest"))).beacon_block)
    return claim, receipt


async def open_dispute(
    court: CourtClient, claim: ClaimId, suspect: BlobRef = SUSPECT
) -> tuple[DisputeId, Receipt]:
    """Challenge a model, and wait until the committee may be drawn."""
    disputed, receipt = await court.open(claim, suspect)
    await until_drawable(court, disputed)
    return disputed, receipt


async def until_drawable(court: CourtClient, disputed: DisputeId) -> None:
    """Wait until the present round's committee may be drawn."""
    record = await court.dispute_record(disputed, await court.head("latest"))
    await blocks_pass(court, record.seed_block)


async def present_round(court: CourtClient, disputed: DisputeId) -> Dispute:
    """The keyed round of a dispute, as a member knows it."""
    return await court.dispute(disputed, await court.head("latest"))


@dataclass(frozen=True)
class Ballot:
    """How the committee of a keyed round votes: what its members would sign, signed."""

    court: Court
    dispute: Dispute
    secrets: tuple[int, ...]
    """By place."""
    outcomes: tuple[int, ...]
    """By place; 0 where nobody votes."""

    @classmethod
    def of(
        cls,
        court: Court,
        dispute: Dispute,
        keys: Iterable[NodeKeys],
        outcomes: Mapping[int, Outcome] | Outcome,
    ) -> Ballot:
        """All vote for one outcome, or those at the given places for theirs."""
        by_key = {key.bls_key: key.bls_secret for key in keys}
        places = range(len(dispute.committee))
        if isinstance(outcomes, Outcome):
            outcomes = dict.fromkeys(places, outcomes)
        return cls(
            court,
            dispute,
            tuple(by_key[member.bls_key] for member in dispute.committee),
            tuple(outcomes.get(place, 0) for place in places),
        )

    @property
    def voters(self) -> int:
        """The places that vote, as a bitmap."""
        return sum(1 << place for place, outcome in enumerate(self.outcomes) if outcome)

    def leaves(self) -> tuple[Digest, ...]:
        """The commitments, by place."""
        return tuple(
            sealed_commitment(
                self.dispute.id, self.dispute.round, place, outcome, self._salt(place)
            )
            if outcome
            else NO_LEAF
            for place, outcome in enumerate(self.outcomes)
        )

    def seal(self, signers: Sequence[int] | None = None) -> SealCertificate:
        """The seal, signed by all who vote or by those at `signers`."""
        root = votes_root(self.leaves())
        digest = seal_digest(self.dispute, root, self.voters, self.court)
        chosen = [p for p, outcome in enumerate(self.outcomes) if outcome]
        chosen = chosen if signers is None else list(signers)
        signatures = [bls.sign(self.secrets[place], digest, bls.SEAL_TAG) for place in chosen]
        return SealCertificate(
            self.dispute.id, self.dispute.round, root, self.voters,
            sum(1 << place for place in chosen), bls.aggregate(signatures),
        )  # fmt: skip

    def vote(self, place: int, outcome: Outcome) -> Vote:
        """A vote of a member, whatever it sealed."""
        digest = vote_digest(self.dispute, outcome, self.court)
        signature = bls.sign(self.secrets[place], digest, bls.VOTE_TAG)
        return Vote(
            self.dispute.id, self.dispute.round, Place(place), outcome, self._salt(place), signature
        )

    def openings(self, hidden: Sequence[int] = ()) -> tuple[tuple[int, ...], tuple[bytes, ...]]:
        """What `settle` and `reveal` are shown: all votes but those of the places in `hidden`."""
        outcomes = tuple(
            0 if place in hidden else outcome for place, outcome in enumerate(self.outcomes)
        )
        leaves = self.leaves()
        shown = tuple(
            self._salt(place) if outcome else leaves[place]
            for place, outcome in enumerate(outcomes)
        )
        return outcomes, shown

    def certificate(self, outcome: Outcome, hidden: Sequence[int] = ()) -> Certificate:
        """The certificate of all who voted for `outcome` and are not in `hidden`."""
        outcomes, openings = self.openings(hidden)
        digest = vote_digest(self.dispute, outcome, self.court)
        signatures = [
            bls.sign(self.secrets[place], digest, bls.VOTE_TAG)
            for place, voted in enumerate(outcomes)
            if voted == outcome
        ]
        return Certificate(
            self.dispute.id, self.dispute.round, outcome, outcomes, openings,
            bls.aggregate(signatures),
        )  # fmt: skip

    def _salt(self, place: int) -> bytes:
        return derive_salt(self.secrets[place], self.dispute.id, self.dispute.round)
