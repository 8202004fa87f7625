"""The five doors through which the outside world enters the life of a dispute.

Real implementations live beside this file (`submitter.py`, `store.py`, `sandbox.py`, `signer.py`,
`peers.py`), simulators in `tests/support/`; `dispute.py` cannot tell them apart.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Protocol

from protocol.claims import Opening
from protocol.court import Verdict
from protocol.messages import Certificate, Commitment, Message, Seal, SealCertificate, Vote
from protocol.types import BlobRef, Digest, Dispute, Outcome, Place, Sealed, State
from verifier import Finding


class Chain(Protocol):
    """The court, as finalized blocks tell it. A `Dispute` stands for one of its rounds."""

    def disputes(self) -> AsyncIterator[Dispute]:
        """Every keyed round on whose committee this node sits, once each; unfinished ones first."""
        ...

    async def seconds_left(self, dispute: Dispute) -> float:
        """How long a seal still counts, by the chain's clock."""
        ...

    async def submit_seal(self, dispute: Dispute, certificate: SealCertificate) -> None:
        """Seal in this member's turn; done when the chain took it, or needs it no more."""
        ...

    async def is_sealed(self, dispute: Dispute) -> bool:
        """Whether the chain holds a seal of the round."""
        ...

    async def sealed(self, dispute: Dispute) -> Sealed | None:
        """Wait for the round's seal; None if the round has ended without one."""
        ...

    async def submit(self, dispute: Dispute, certificate: Certificate) -> None:
        """Settle in this member's turn; done when the chain took it, or needs it no more."""
        ...

    async def expired(self, dispute: Dispute) -> State:
        """Wait until the dispute, while in this round, has outstayed a state; returns which."""
        ...

    async def expire(self, dispute: Dispute) -> None:
        """Take the exit of that state in this member's turn; done when somebody took it."""
        ...

    async def ending(self, dispute: Dispute) -> Verdict | None:
        """Wait for the end of the dispute; None if it has gone on to another round."""
        ...

    async def draw_next(self, dispute: Dispute) -> None:
        """Draw the committee of the round after this one, in turn, unless somebody has."""
        ...

    async def counted(self, dispute: Dispute) -> None:
        """Wait until the chain counts no more votes of a sealed round: settled, or too late."""
        ...

    async def is_opened(self, dispute: Dispute, place: Place) -> bool:
        """Whether the chain has been shown a member's sealed vote, or it sealed none."""
        ...

    async def reveal(
        self, dispute: Dispute, outcomes: Sequence[int], openings: Sequence[bytes]
    ) -> None:
        """Show the chain the sealed votes that are known."""
        ...

    async def withheld(self, dispute: Dispute) -> tuple[Place, ...]:
        """Wait, in a round that is over, until every sealed vote has been shown to the chain, or
        none can be any more; returns whose was not."""
        ...

    async def punish_withheld(self, dispute: Dispute, place: Place) -> None:
        """Take the penalty from a member whose vote was withheld, in turn, unless somebody has."""
        ...

    async def collect(self, dispute: Dispute) -> None:
        """Have this member's share of the round's fee paid to it, if it has earned one."""
        ...

    async def punish(self, dispute: Dispute, votes: tuple[Vote, Vote]) -> None:
        """Take the bond of a member that signed both, in turn, unless somebody has."""
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
        self,
        scheme: str,
        package: Path,
        evidence: bytes,
        message_key: bytes,
        level: int,
        *,
        in_reference_mode: bool,
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

    def recall(self, dispute: Dispute, commitment: Digest) -> Outcome | None:
        """The outcome to which a commitment of this key opens; None if it is none of ours."""
        ...

    def commit(self, dispute: Dispute, outcome: Outcome) -> Commitment:
        """Record, then commit; raises DoubleVote if another outcome is on record."""
        ...

    def seal(self, dispute: Dispute, leaves: Sequence[Digest]) -> Seal:
        """Sign the root over the commitments, by place; zeros where there is none."""
        ...

    def vote(self, dispute: Dispute, outcome: Outcome) -> Vote:
        """Open what was committed. To be called once the chain holds its seal, and not before."""
        ...

    def place(self, dispute: Dispute) -> Place:
        """This node's place in the committee; raises NotAMember."""
        ...

    def disclose(self, dispute: Dispute) -> None:
        """From now on what was measured and voted may be shown: there is nobody left to copy it."""
        ...

    def keep(self, dispute: Dispute, finding: Finding) -> None:
        """Keep the measurement as evidence."""
        ...

    def close(self, dispute: Dispute) -> None:
        """Mark the duty as done."""
        ...


class Gossip(Protocol):
    """The other members."""

    async def exchange(self, dispute: Dispute) -> None:
        """Trade what is held with every other member, again and again, until cancelled."""
        ...

    async def say(self, dispute: Dispute, message: Message) -> None:
        """Add a message of our own to what is traded."""
        ...

    async def collected(
        self, dispute: Dispute, than: tuple[Digest, ...] | None
    ) -> tuple[Digest, ...]:
        """Wait for leaves that may be sealed and are others `than` those: all places', or a
        quorum's once `hurry` was called."""
        ...

    async def hurry(self, dispute: Dispute) -> None:
        """From now on a quorum's commitments are enough to be sealed."""
        ...

    async def seal_certificate(self, dispute: Dispute) -> SealCertificate:
        """Wait until a quorum has signed one root."""
        ...

    async def open(self, dispute: Dispute, sealed: Sealed) -> None:
        """From now on votes are taken that open leaves of the chain's root."""
        ...

    async def committed(self, dispute: Dispute, place: Place) -> Digest | None:
        """A commitment of that place, if one is known once all others have been asked."""
        ...

    async def leaf(self, dispute: Dispute, place: Place) -> Digest:
        """Wait until the leaves under the chain's root are known; returns that of a place."""
        ...

    async def certificate(self, dispute: Dispute) -> Certificate:
        """Wait until a quorum of opened votes agrees."""
        ...

    async def openings(self, dispute: Dispute) -> tuple[Sequence[int], Sequence[bytes]]:
        """Wait until the leaves under the chain's root are known; returns what `reveal` takes, of
        all votes held."""
        ...

    async def equivocation(self, dispute: Dispute, but: frozenset[Place]) -> tuple[Vote, Vote]:
        """Wait for two votes of one member for two outcomes; of none of the places in `but`."""
        ...

    def close(self, dispute: Dispute) -> None:
        """Forget the round; it is over."""
        ...
