"""A committee in one process: real keys, envelopes, journals, pools, certificates; no sockets.

A test makes a `SimCommittee`, tells some members to be absent or to cheat, and runs the others
through `node.dispute.resolve`:

    committee = SimCommittee(tmp_path, size=4)
    committee.lies(2, Outcome.NO_MATCH)
    committee.is_absent(3)
    verdicts = await committee.run()

Members meet in three simulators: `SimChain` is as strict as the contracts, `SimGossip` is the
node's own assembly with a list for a wire, `SimSandbox` measures what the test says the suspect is.
How members cheat is in `cheats.py`.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eth_account import Account
from eth_utils.crypto import keccak

from node.assembly import Assembly
from node.dispute import resolve
from node.duty import Services
from node.errors import SandboxFailed
from node.journal import Identity, Journal
from node.keystore import NodeKeys
from node.metrics import Metrics
from node.signer import JournalSigner
from protocol.claims import Claim, Opening, Shard, claim_id, dispute_id
from protocol.commitments import shard_path, shards_root
from protocol.committee import committee_hash
from protocol.court import Court, Verdict
from protocol.envelope import envelope_context, seal
from protocol.errors import InvalidMessage, Reject
from protocol.messages import Commitment, Message, message_to_json, places_of
from protocol.types import Address, BlobRef, Digest, Dispute, ModelDigest, Outcome, Place
from tests.support.factories import COURT, address, digest, keyed_dispute, seat
from tests.support.sim_chain import SimChain
from verifier import Access, Finding, hits_law

OWNER = address(4)
STOLEN = Finding("deepsigns-v1", Access.WEIGHTS, 250, 251, hits_law(256, 2), level=64)
INNOCENT = Finding("deepsigns-v1", Access.WEIGHTS, 130, 132, hits_law(256, 2), level=64)


class SimGossip(Assembly):
    """One member's assembly, and the others that it reaches."""

    def __init__(self, court: Court, reached: Sequence[SimGossip]) -> None:
        super().__init__(court)
        self._reached = reached
        self.rejected: list[InvalidMessage] = []
        """Of what this member said."""

    async def exchange(self, dispute: Dispute) -> None:
        while True:
            hastened = self.hastened(dispute)
            for place, other in enumerate(self._reached):
                if other is not self:
                    await self._tell(other, self.ours(dispute))
                    await self.hear(dispute, other.answer(dispute.id, dispute.round))
                    self.asked(dispute, Place(place))
            with suppress(TimeoutError):
                async with asyncio.timeout(0.02):
                    await hastened.wait()

    async def _tell(self, other: SimGossip, messages: Sequence[Message]) -> None:
        for message in messages:
            try:
                await other.receive(message_to_json(message))
            except Reject as error:
                self.rejected.append(error)
            except InvalidMessage:
                pass  # seen, or too early: it is said again


@dataclass
class SimStore:
    """Files by digest; what is not there is refused with the error the test has put there."""

    files: dict[Digest, Path]
    failures: dict[Digest, Exception] = field(default_factory=dict)

    async def fetch(self, blob: BlobRef) -> Path:
        if blob.digest in self.failures:
            raise self.failures[blob.digest]
        return self.files[blob.digest]

    async def fetch_package(self, suspect: BlobRef) -> Path:
        return await self.fetch(suspect)


@dataclass
class SimSandbox:
    """Measures what the test says; None is a crash."""

    answer: Finding | Exception | None
    asked: list[bytes] = field(default_factory=list)
    in_reference_mode: bool | None = None
    """As it was asked last."""

    async def verify(
        self,
        scheme: str,
        package: Path,
        evidence: bytes,
        message_key: bytes,
        level: int,
        *,
        in_reference_mode: bool,
    ) -> Finding:
        self.asked.append(message_key)
        self.in_reference_mode = in_reference_mode
        if isinstance(self.answer, Finding):
            return self.answer
        raise self.answer or SandboxFailed("exit status 137")


Role = Callable[["SimMember", "SimCommittee"], Coroutine[Any, Any, None]]
"""What a member does that does not live through `resolve`."""


@dataclass
class SimMember:
    """One verifier."""

    place: Place
    keys: NodeKeys
    journal: Journal
    store: SimStore
    sandbox: SimSandbox
    gossip: SimGossip
    role: Role | None = None
    """None: an honest member's."""

    @property
    def signer(self) -> JournalSigner:
        return JournalSigner(self.keys, self.journal, COURT)


class SimCommittee:
    """A keyed round and the members who decide it."""

    def __init__(
        self,
        directory: Path,
        *,
        size: int = 4,
        finding: Finding = STOLEN,
        level: int = 64,
        is_seen: bool = True,
        **changes: Any,
    ) -> None:
        keys = [
            NodeKeys(Account.from_key(keccak(b"%d" % number)), number)
            for number in range(1000, 1000 + size)
        ]
        self._directory = directory
        self.dispute, envelope = _keyed_dispute(keys, level, changes)
        files = {
            self.dispute.envelope.digest: directory / "envelope",
            self.dispute.suspect.digest: directory,
        }
        (directory / "envelope").write_bytes(envelope)
        self.chain = SimChain(COURT)
        self.network: list[SimGossip] = []
        self.members = []
        for place, key in enumerate(keys):
            identity = Identity.of(COURT, key.bls_key)
            journal = Journal.create(self._journal_of(place), identity, cursor=0)
            if is_seen:
                journal.progress.advance(1, [(self.dispute.id, self.dispute.round, 0)])
            self.network.append(SimGossip(COURT, self.network))
            self.members.append(
                SimMember(
                    Place(place),
                    key,
                    journal,
                    SimStore(dict(files)),
                    SimSandbox(finding),
                    self.network[-1],
                )
            )

    def is_absent(self, place: int) -> None:
        """This member is down."""
        self.cheats(place, _absent)

    def lies(self, place: int, outcome: Outcome) -> None:
        """This member signs `outcome` whatever it has measured."""
        self.members[place].signer.commit(self.dispute, outcome)  # what is on record stands

    def cheats(self, place: int, role: Role) -> None:
        """This member does something else than its duty."""
        self.members[place].role = role

    async def run(self, *, winds_clock: bool = True) -> list[Verdict | None]:
        """The end as each member that does its duty sees it.

        Unless a test minds the clock itself, time gets short once all have heard who can commit,
        and it is too late to show a vote once all have that do their duty.
        """
        async with asyncio.TaskGroup() as tasks:
            clock = tasks.create_task(self._wind_clock() if winds_clock else asyncio.sleep(0))
            roles = [
                tasks.create_task(member.role(member, self))
                for member in self.members
                if member.role is not None
            ]
            duties = [
                tasks.create_task(resolve(self.dispute, self.services(member.place)))
                for member in self.members
                if member.role is None
            ]
            await asyncio.wait(duties)
            for task in (clock, *roles):
                task.cancel()
        return [duty.result() for duty in duties]

    def services(self, place: int) -> Services:
        """One member's ports."""
        member = self.members[place]
        return Services(
            self.chain, member.store, member.sandbox, member.signer, member.gossip, Metrics()
        )

    def restart(self, place: int, *, is_wiped: bool = False) -> None:
        """The member forgets all that is not in its journal; or that too, and keeps its keys."""
        self.network[place] = SimGossip(COURT, self.network)
        member = self.members[place]
        member.gossip = self.network[place]
        path, identity = self._journal_of(place), member.journal.identity
        member.journal.close()
        if is_wiped:
            path.unlink()
            member.journal = Journal.create(path, identity, cursor=0)
        else:
            member.journal = Journal.open(path, identity)

    def _journal_of(self, place: int) -> Path:
        return self._directory / f"journal-{place}.sqlite"

    def said(self, kind: type[Message]) -> set[Place]:
        """The places of whom any member holds such a message."""
        return {place for gossip in self.network for place in self._heard(gossip, kind)}

    def heard_by(self, place: int) -> set[Place]:
        """The places whose commitment a member has heard of."""
        return self._heard(self.network[place], Commitment)

    def _heard(self, gossip: SimGossip, kind: type[Message]) -> set[Place]:
        hall = gossip._enter(self.dispute)
        return {place for (held, place) in hall.held if held is kind}

    async def _wind_clock(self) -> None:
        """Let little time be left, once everybody has heard all who can commit."""
        present = [member for member in self.members if member.role is not _absent]
        able = {
            member.place
            for member in present
            if member.sandbox.answer is not None and not member.store.failures
        }
        while not all(able <= self._heard(member.gossip, Commitment) for member in present):
            await asyncio.sleep(0.01)
        self.chain.time_left_s = 0
        chain = self.chain
        await chain.until(lambda: chain.is_round_over and not self._owe_a_vote(chain.hidden))
        await chain.set(is_reveal_over=True)

    def _owe_a_vote(self, hidden: int) -> bool:
        return any(self.members[place].role is None for place in places_of(hidden))


async def _absent(member: SimMember, committee: SimCommittee) -> None:
    pass


def _keyed_dispute(
    keys: list[NodeKeys], level: int, changes: dict[str, Any]
) -> tuple[Dispute, bytes]:
    seed, evidence = secrets.token_bytes(32), b"what the scheme froze"
    shard = Shard.of(0, seed, evidence)
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
    context = envelope_context(COURT, disputed, changes.get("round", 0), hashed)
    envelope = seal(opening.encode(), context, [member.envelope_key for member in members])
    facts: dict[str, Any] = {
        "id": disputed,
        "claim_id": claimed,
        "commitment": commitment,
        "shard_count": 1,
        "owner": OWNER,
        "envelope": BlobRef(Digest(hashlib.sha256(envelope).digest()), len(envelope), ()),
        "seal_window": 60,
    }
    return keyed_dispute(members, **facts | changes), envelope
