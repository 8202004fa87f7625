"""A member's messages, signed with its key and nothing else: for those who only carry or count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from node.keystore import NodeKeys
from protocol import bls
from protocol.commitments import votes_root
from protocol.court import Court
from protocol.keys import derive_salt
from protocol.messages import (
    Commitment,
    Seal,
    Vote,
    commitment_digest,
    seal_digest,
    sealed_commitment,
    vote_digest,
)
from protocol.types import Digest, Dispute, Outcome, Place


@dataclass(frozen=True)
class Voice:
    """What the member at `place` can say."""

    place: Place
    keys: NodeKeys
    dispute: Dispute
    court: Court

    @property
    def salt(self) -> bytes:
        return derive_salt(self.keys.bls_secret, self.dispute.id, self.dispute.round)

    def leaf(self, outcome: Outcome = Outcome.MATCH) -> Digest:
        """Its commitment to `outcome`."""
        dispute = self.dispute
        return sealed_commitment(dispute.id, dispute.round, self.place, outcome, self.salt)

    def commitment(self, leaf: Digest) -> Commitment:
        """Whosever commitment, shown as its own."""
        digest = commitment_digest(self.dispute, self.place, leaf, self.court)
        signature = self._sign(digest, bls.SEAL_TAG)
        return Commitment(self.dispute.id, self.dispute.round, self.place, leaf, signature)

    def seal(self, leaves: Sequence[Digest]) -> Seal:
        """Its signature on the root over `leaves`."""
        root = votes_root(leaves)
        voters = sum(1 << place for place, leaf in enumerate(leaves) if any(leaf))
        signature = self._sign(seal_digest(self.dispute, root, voters, self.court), bls.SEAL_TAG)
        return Seal(self.dispute.id, self.dispute.round, self.place, root, voters, signature)

    def vote(self, outcome: Outcome = Outcome.MATCH, salt: bytes | None = None) -> Vote:
        """Its vote, with its own salt if no other is given."""
        signature = self._sign(vote_digest(self.dispute, outcome, self.court), bls.VOTE_TAG)
        dispute = self.dispute
        return Vote(dispute.id, dispute.round, self.place, outcome, salt or self.salt, signature)

    def _sign(self, digest: Digest, tag: bytes) -> bytes:
        return bls.sign(self.keys.bls_secret, digest, tag)
