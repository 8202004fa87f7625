"""The Signer port: what needs this node's secrets, and the journal that is asked first.

A vote is on record before its commitment is signed, so whatever happens in between, the only vote
this key can ever commit to, or open, in that round is the recorded one. Its salt comes from the key
(SPEC 5.3): what was committed can be opened after any crash, and by a machine that was wiped.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from protocol import bls
from protocol.claims import Opening
from protocol.commitments import validate_opening, votes_root
from protocol.court import Court
from protocol.envelope import envelope_context, open_envelope
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
from verifier import Finding

from .errors import NotAMember
from .journal import Journal, RecordedVote
from .keystore import NodeKeys
from .progress import Step


class JournalSigner:
    """One node's keys, in one court."""

    def __init__(self, keys: NodeKeys, journal: Journal, court: Court) -> None:
        self._journal = journal
        self._court = court
        self._bls_secret = keys.bls_secret
        self._bls_key = keys.bls_key
        self._envelope_private_key = keys.envelope_private_key

    def open(self, dispute: Dispute, envelope: bytes) -> Opening:
        """The owner's opening, checked against the claim and the round.

        Raises:
            BadEnvelope: it does not open for this member.
            BadOpening: it opens, to something the claim did not commit.
            NotAMember: this key is not in the committee.
        """
        context = envelope_context(self._court, dispute.id, dispute.round, dispute.committee_hash)
        place = self.place(dispute)
        opening = Opening.decode(
            open_envelope(envelope, place, self._envelope_private_key, context)
        )
        validate_opening(opening, dispute, self._court)
        return opening

    def recorded(self, dispute: Dispute) -> Outcome | None:
        """The outcome on record for the round, or None."""
        return self._journal.recorded(dispute.id, dispute.round)

    def recall(self, dispute: Dispute, commitment: Digest) -> Outcome | None:
        """The outcome to which a commitment of this key opens; None if it is none of ours.

        Raises:
            NotAMember: this key is not in the committee.
        """
        place = self.place(dispute)
        salt = derive_salt(self._bls_secret, dispute.id, dispute.round)
        for outcome in Outcome:
            if sealed_commitment(dispute.id, dispute.round, place, outcome, salt) == commitment:
                return outcome
        return None

    def commit(self, dispute: Dispute, outcome: Outcome) -> Commitment:
        """Record, then commit.

        Raises:
            DoubleVote: another vote is on record.
            NotAMember: this key is not in the committee.
        """
        place = self.place(dispute)
        self._record(dispute, outcome)
        salt = derive_salt(self._bls_secret, dispute.id, dispute.round)
        commitment = sealed_commitment(dispute.id, dispute.round, place, outcome, salt)
        digest = commitment_digest(dispute, place, commitment, self._court)
        signature = bls.sign(self._bls_secret, digest, bls.SEAL_TAG)
        self._journal.progress.reach(dispute.id, dispute.round, Step.COMMITTED)
        return Commitment(dispute.id, dispute.round, place, commitment, signature)

    def seal(self, dispute: Dispute, leaves: Sequence[Digest]) -> Seal:
        """Sign the root over the commitments, by place; zeros where there is none.

        Raises:
            NotAMember: this key is not in the committee.
        """
        place = self.place(dispute)
        root = votes_root(leaves)
        voters = sum(1 << at for at, leaf in enumerate(leaves) if any(leaf))
        digest = seal_digest(dispute, root, voters, self._court)
        signature = bls.sign(self._bls_secret, digest, bls.SEAL_TAG)
        return Seal(dispute.id, dispute.round, place, root, voters, signature)

    def vote(self, dispute: Dispute, outcome: Outcome) -> Vote:
        """Open what was committed. To be called once the chain holds its seal, and not before.

        Raises:
            DoubleVote: another vote is on record.
            NotAMember: this key is not in the committee.
        """
        place = self.place(dispute)
        digest = self._record(dispute, outcome)
        salt = derive_salt(self._bls_secret, dispute.id, dispute.round)
        signature = bls.sign(self._bls_secret, digest, bls.VOTE_TAG)
        return Vote(dispute.id, dispute.round, place, outcome, salt, signature)

    def place(self, dispute: Dispute) -> Place:
        """This node's place in the committee.

        Raises:
            NotAMember: it has none.
        """
        for member in dispute.committee:
            if member.bls_key == self._bls_key:
                return member.place
        raise NotAMember(dispute.id)

    def keep(self, dispute: Dispute, finding: Finding) -> None:
        """Keep the measurement as evidence."""
        document = json.dumps(finding.to_json())
        self._journal.progress.keep_finding(dispute.id, dispute.round, document)

    def disclose(self, dispute: Dispute) -> None:
        """From now on what was measured and voted may be shown."""
        self._journal.progress.reach(dispute.id, dispute.round, Step.SEALED)

    def close(self, dispute: Dispute) -> None:
        """Mark the duty as done."""
        self._journal.progress.finish(dispute.id, dispute.round)

    def _record(self, dispute: Dispute, outcome: Outcome) -> Digest:
        digest = vote_digest(dispute, outcome, self._court)
        self._journal.record_vote(RecordedVote(dispute.id, dispute.round, outcome, digest))
        return digest
