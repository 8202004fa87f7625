"""The Signer port: what needs this node's secrets, and the journal that is asked first.

A vote is on record before it is signed, so whatever happens in between, the only vote this key can
ever sign in that round is the recorded one. Nothing else is signed with the BLS key after the proof
of possession.
"""

from __future__ import annotations

import json

from protocol import bls
from protocol.commitments import validate_opening
from protocol.envelope import envelope_context, open_envelope
from protocol.messages import Opening, Vote, vote_digest
from protocol.types import Court, Dispute, Outcome, Place
from verifier import Finding

from .errors import NotAMember
from .journal import Journal, RecordedVote
from .keystore import NodeKeys


class JournalSigner:
    """One node's keys, in one court."""

    def __init__(self, keys: NodeKeys, journal: Journal, court: Court) -> None:
        self._journal = journal
        self._court = court
        self._bls_secret = keys.bls_secret
        self._bls_key = keys.bls_key
        self._envelope_private_key = keys.envelope_private_key

    def open(self, dispute: Dispute, envelope: bytes) -> Opening:
        """The owner's opening, checked against the claim and the dispute.

        Raises:
            BadEnvelope: it does not open for this member.
            BadOpening: it opens, to something the claim did not commit.
            NotAMember: this key is not in the committee.
        """
        context = envelope_context(self._court, dispute.id, dispute.committee_hash)
        place = self._place(dispute)
        opening = Opening.decode(
            open_envelope(envelope, place, self._envelope_private_key, context)
        )
        validate_opening(opening, dispute, self._court)
        return opening

    def recorded(self, dispute: Dispute) -> Outcome | None:
        """The outcome on record for the dispute's round, or None."""
        return self._journal.recorded(dispute.id, dispute.round)

    def vote(self, dispute: Dispute, outcome: Outcome) -> Vote:
        """Record, then sign.

        Raises:
            DoubleVote: another vote is on record.
            NotAMember: this key is not in the committee.
        """
        place = self._place(dispute)
        digest = vote_digest(dispute, outcome, self._court)
        self._journal.record_vote(RecordedVote(dispute.id, dispute.round, outcome, digest))
        signature = bls.sign(self._bls_secret, digest, bls.VOTE_TAG)
        return Vote(dispute.id, dispute.round, place, outcome, signature)

    def keep(self, dispute: Dispute, finding: Finding) -> None:
        """Keep the measurement as evidence."""
        self._journal.keep_finding(dispute.id, json.dumps(finding.to_json()))

    def close(self, dispute: Dispute) -> None:
        """Mark the duty as done."""
        self._journal.finish(dispute.id)

    def _place(self, dispute: Dispute) -> Place:
        for member in dispute.committee:
            if member.bls_key == self._bls_key:
                return member.place
        raise NotAMember(dispute.id)
