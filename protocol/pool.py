"""The votes of one round, counted: out come a certificate and the evidence of double votes.

- Only validated votes go in (`gossip.validate_vote`), and they go in in any order: what comes out
  depends on the set of them alone.
- A place that voted for two outcomes counts for neither (SPEC 5.3), and both votes are kept.
- At most one outcome can have a quorum, since each place counts once and a quorum is over half.

When to submit, and who, is for `schedule`.
"""

from __future__ import annotations

from collections import defaultdict

from . import bls
from .committee import quorum
from .messages import Certificate, Vote
from .types import Dispute, Outcome, Place


class VotePool:
    """Counts the votes on `dispute`."""

    def __init__(self, dispute: Dispute) -> None:
        self._dispute = dispute
        self._votes: defaultdict[Place, dict[Outcome, Vote]] = defaultdict(dict)

    def add(self, vote: Vote) -> None:
        """Count a validated vote; one that is already in changes nothing."""
        if (vote.dispute_id, vote.round) != (self._dispute.id, self._dispute.round):
            raise ValueError("this vote belongs to another pool")
        self._votes[vote.place].setdefault(Outcome(vote.outcome), vote)

    @property
    def equivocations(self) -> dict[Place, tuple[Vote, ...]]:
        """The contradicting votes of each place that signed more than one outcome."""
        return {
            place: tuple(votes[outcome] for outcome in sorted(votes))
            for place, votes in sorted(self._votes.items())
            if len(votes) > 1
        }

    def tally(self) -> dict[Outcome, tuple[Place, ...]]:
        """The places that count for each outcome."""
        places: defaultdict[Outcome, list[Place]] = defaultdict(list)
        for place, votes in sorted(self._votes.items()):
            if len(votes) == 1:
                places[next(iter(votes))].append(place)
        return {outcome: tuple(places[outcome]) for outcome in sorted(places)}

    def certificate(self) -> Certificate | None:
        """The certificate of all known signers of the outcome that has a quorum, if one has."""
        required = quorum(len(self._dispute.committee))
        for outcome, places in self.tally().items():
            if len(places) >= required:
                return Certificate(
                    self._dispute.id,
                    self._dispute.round,
                    outcome,
                    sum(1 << place for place in places),
                    bls.aggregate([self._votes[place][outcome].signature for place in places]),
                )
        return None
