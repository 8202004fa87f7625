"""A committee in one process: real keys, envelopes, journals, certificates; no sockets, no torch.

A test makes a `SimCommittee`, tells some members to be absent or to lie, and runs the others
through `node.dispute.resolve`:

    committee = SimCommittee(tmp_path, size=4)
    committee.lies(2, Outcome.NO_MATCH)
    committee.is_absent(3)
    verdicts = await committee.run()

Members meet in three simulators: `SimChain` accepts a certificate if `validate_certificate` does,
`SimGossip` carries each vote to every pool through `validate_vote`, `SimSandbox` measures what the
test says the suspect is.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

from eth_account import Account
from eth_utils.crypto import keccak

from node.dispute import Services, resolve
from node.errors import SandboxFailed
from node.journal import Identity, Journal
from node.keystore import NodeKeys
from node.metrics import Metrics
from node.signer import JournalSigner
from protocol.certificate import validate_certificate
from protocol.commitments import shard_path, shards_root
from protocol.committee import committee_hash
from protocol.envelope import envelope_context, seal
from protocol.errors import InvalidMessage
from protocol.gossip import validate_vote
from protocol.messages import Certificate, Claim, Opening, Shard, Vote, claim_id, dispute_id
from protocol.pool import VotePool
from protocol.types import (
    Address,
    BlobRef,
    Court,
    Digest,
    Dispute,
    ModelDigest,
    Outcome,
    Place,
    State,
    Verdict,
)
from tests.support.factories import COURT, address, digest, keyed_dispute, seat
from verifier import Access, Finding, hits_law

OWNER = address(4)
STOLEN = Finding("deepsigns-v1", Access.WEIGHTS, 250, 251, hits_law(256, 2), level=64)
INNOCENT = Finding("deepsigns-v1", Access.WEIGHTS, 130, 132, hits_law(256, 2), level=64)


class SimChain:
    """One dispute, and the verdict on it once a valid certificate has come."""

    def __init__(self, court: Court) -> None:
        self._court = court
        self._ended = asyncio.Event()
        self.ending: Verdict | None = None
        self.time_left_s = 0.0
        self.clock_is_past_deadline = asyncio.Event()
        self.certificates: list[Certificate] = []

    async def disputes(self) -> AsyncIterator[Dispute]:
        return
        yield  # a member is handed its dispute

    async def seconds_left(self, dispute: Dispute) -> float:
        return self.time_left_s

    async def deadline_passed(self, dispute: Dispute) -> None:
        await self.clock_is_past_deadline.wait()

    async def submit(self, dispute: Dispute, certificate: Certificate) -> None:
        validate_certificate(certificate, dispute, self._court)
        self.certificates.append(certificate)
        self._end(dispute, State.FINAL, certificate.outcome, certificate.signers)

    async def expire(self, dispute: Dispute) -> None:
        self._end(dispute, State.VOID, None, ())

    async def verdict(self, dispute: Dispute) -> Verdict:
        await self._ended.wait()
        assert self.ending is not None
        return self.ending

    def _end(
        self, dispute: Dispute, state: State, outcome: Outcome | None, signers: tuple[Place, ...]
    ) -> None:
        if self.ending is None:
            self.ending = Verdict(dispute.id, state, outcome, signers, OWNER, bytes(32), 1)
            self._ended.set()


class SimGossip:
    """Every member's pool; a vote reaches all of them, or the test counts it as refused."""

    def __init__(self, dispute: Dispute, court: Court) -> None:
        self._dispute = dispute
        self._court = court
        self._seen: set[Vote] = set()
        self._pool = VotePool(dispute)
        self._arrived = asyncio.Condition()
        self.refused: list[InvalidMessage] = []

    async def publish(self, dispute: Dispute, vote: Vote) -> None:
        try:
            validate_vote(vote, disputes={dispute.id: dispute}, seen=self._seen, court=self._court)
        except InvalidMessage as error:
            self.refused.append(error)
            return
        async with self._arrived:
            self._pool.add(vote)
            self._arrived.notify_all()

    async def certificate(self, dispute: Dispute) -> Certificate:
        async with self._arrived:
            await self._arrived.wait_for(lambda: self._pool.certificate() is not None)
        certificate = self._pool.certificate()
        assert certificate is not None
        return certificate

    def close(self, dispute: Dispute) -> None:
        pass


@dataclass
class SimStore:
    """Files by digest; what is not there is refused with the error the test has put there."""

    files: dict[Digest, Path]
    failure: Exception | None = None

    async def fetch(self, blob: BlobRef) -> Path:
        if self.failure is not None:
            raise self.failure
        return self.files[blob.digest]

    async def fetch_package(self, suspect: BlobRef) -> Path:
        return await self.fetch(suspect)


@dataclass
class SimSandbox:
    """Measures what the test says; None is a crash."""

    answer: Finding | Exception | None
    asked: list[bytes] = field(default_factory=list)

    async def verify(
        self, scheme: str, package: Path, evidence: bytes, message_key: bytes, level: int
    ) -> Finding:
        self.asked.append(message_key)
        if isinstance(self.answer, Finding):
            return self.answer
        raise self.answer or SandboxFailed("exit status 137")


@dataclass
class SimMember:
    """One verifier."""

    keys: NodeKeys
    journal: Journal
    store: SimStore
    sandbox: SimSandbox
    present: bool = True


class SimCommittee:
    """A keyed dispute and the members who decide it."""

    def __init__(
        self, directory: Path, *, size: int = 4, finding: Finding = STOLEN, level: int = 64
    ) -> None:
        secret_numbers = [1000 + place for place in range(size)]
        keys = [
            NodeKeys(Account.from_key(keccak(b"%d" % number)), number) for number in secret_numbers
        ]
        self.dispute, envelope = _keyed_dispute(keys, level)
        files = {
            self.dispute.envelope.digest: directory / "envelope",
            self.dispute.suspect.digest: directory,
        }
        (directory / "envelope").write_bytes(envelope)
        self.chain = SimChain(COURT)
        self.gossip = SimGossip(self.dispute, COURT)
        self.members = []
        for place, key in enumerate(keys):
            identity = Identity.of(COURT, key.bls_key)
            journal = Journal.create(directory / f"journal-{place}.sqlite", identity, cursor=0)
            self.members.append(SimMember(key, journal, SimStore(dict(files)), SimSandbox(finding)))

    def is_absent(self, place: int) -> None:
        """This member is down."""
        self.members[place].present = False

    def lies(self, place: int, outcome: Outcome) -> None:
        """This member signs `outcome` whatever it has measured."""
        signer = self._signer(place)
        signer.vote(self.dispute, outcome)  # on record, so it is what `resolve` signs again

    async def run(self) -> list[Verdict]:
        """The verdict as each member that is present sees it."""
        return list(
            await asyncio.gather(
                *(
                    resolve(self.dispute, self.services(place))
                    for place, member in enumerate(self.members)
                    if member.present
                )
            )
        )

    def services(self, place: int) -> Services:
        """One member's ports."""
        member = self.members[place]
        return Services(
            self.chain,
            member.store,
            member.sandbox,
            self._signer(place),
            self.gossip,
            Metrics(),
            reserve_s=60.0,
        )

    def _signer(self, place: int) -> JournalSigner:
        member = self.members[place]
        return JournalSigner(member.keys, member.journal, COURT)


def _keyed_dispute(keys: list[NodeKeys], level: int) -> tuple[Dispute, bytes]:
    seed, evidence = secrets.token_bytes(32), b"what the scheme froze"
    shard = Shard(0, Digest(keccak(seed)), Digest(hashlib.sha256(evidence).digest()))
    claim = Claim(OWNER, "deepsigns-v1", level, 1, shards_root([shard]))
    commitment = claim.commitment(COURT)
    claimed = claim_id(OWNER, commitment)
    disputed = dispute_id(COURT, claimed, ModelDigest(digest(15)), 0)
    members = [
        seat(
            place,
            key.bls_key,
            operator=Address(key.account.address),
            envelope_key=key.envelope_key,
        )
        for place, key in enumerate(keys)
    ]
    hashed = committee_hash([member.bls_key for member in members])
    opening = Opening(claim, 0, seed, evidence, shard_path([shard], 0))
    context = envelope_context(COURT, disputed, hashed)
    envelope = seal(opening.encode(), context, [member.envelope_key for member in members])
    blob = BlobRef(Digest(hashlib.sha256(envelope).digest()), len(envelope), ())
    dispute = keyed_dispute(
        members, id=disputed, claim_id=claimed, commitment=commitment, owner=OWNER, envelope=blob
    )
    return dispute, envelope
