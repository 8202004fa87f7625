"""The five doors through which the outside world enters the life of a dispute.

Real implementations live beside this file (`watcher.py`, `store.py`, `sandbox.py`, `signer.py`,
`peers.py`), simulators in `tests/support/`; `dispute.py` cannot tell them apart.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Protocol

from protocol.messages import Certificate, Opening, Vote
from protocol.types import BlobRef, Dispute, Outcome, Verdict
from verifier import Finding


class Chain(Protocol):
    """The court, as finalized blocks tell it."""

    def disputes(self) -> AsyncIterator[Dispute]:
        """Every keyed dispute this node is a member of, once each; first the unfinished ones."""
        ...

    async def seconds_left(self, dispute: Dispute) -> float:
        """How long votes still count, by the chain's clock."""
        ...

    async def deadline_passed(self, dispute: Dispute) -> None:
        """Return when the chain's clock has left the dispute's vote window."""
        ...

    async def submit(self, dispute: Dispute, certificate: Certificate) -> None:
        """Settle in this member's turn; done when the chain took it or has a verdict."""
        ...

    async def expire(self, dispute: Dispute) -> None:
        """End a dispute whose deadline has passed; done when it is ended by whomever."""
        ...

    async def verdict(self, dispute: Dispute) -> Verdict:
        """Wait for the verdict, or for the end without one."""
        ...


class Store(Protocol):
    """Bytes by digest."""

    async def fetch(self, blob: BlobRef) -> Path:
        """A local file whose sha256 is the blob's; raises Unavailable or Refused."""
        ...

    async def fetch_package(self, suspect: BlobRef) -> Path:
        """A directory with the package's files, all checked; raises Unavailable or Refused."""
        ...


class Sandbox(Protocol):
    """The verifier, in a process that has nothing to lose."""

    async def verify(
        self, scheme: str, package: Path, evidence: bytes, message_key: bytes, level: int
    ) -> Finding:
        """Measure the suspect; raises the verifier's errors, or SandboxFailed: could not tell."""
        ...


class Signer(Protocol):
    """The keys, behind the journal."""

    def open(self, dispute: Dispute, envelope: bytes) -> Opening:
        """The owner's opening; raises BadEnvelope or BadOpening."""
        ...

    def recorded(self, dispute: Dispute) -> Outcome | None:
        """The outcome the journal already holds for this dispute and round."""
        ...

    def vote(self, dispute: Dispute, outcome: Outcome) -> Vote:
        """Record, then sign; raises DoubleVote if another outcome is on record."""
        ...

    def keep(self, dispute: Dispute, finding: Finding) -> None:
        """Keep the measurement as evidence."""
        ...

    def close(self, dispute: Dispute) -> None:
        """Mark the duty as done."""
        ...


class Gossip(Protocol):
    """The other members."""

    async def publish(self, dispute: Dispute, vote: Vote) -> None:
        """Offer the vote to every other member, again and again, until cancelled."""
        ...

    async def certificate(self, dispute: Dispute) -> Certificate:
        """Wait until a quorum agrees."""
        ...

    def close(self, dispute: Dispute) -> None:
        """Forget the dispute's votes; the verdict stands."""
        ...
