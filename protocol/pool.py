"""The opened votes of one round, counted: out come a certificate and the evidence of double votes.

- Only validated votes go in (`gossip.validate_vote`), and they go in in any order: what comes out
  depends on the set of them alone, but for which of several salts a double vote is kept with.
- A vote counts if it opens its place's leaf under the chain's root. A leaf opens to one outcome, so
  a vote cannot be changed after the seal.
- A place that signed two outcomes counts for neither (SPEC 5.4), and both votes are kept.
- At most one outcome can have a quorum, since each place counts once and a quorum is over half.

When to submit, and who, is for `schedule`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence

from . import bls
from .committee import quorum
from .messages import Certificate, Vote, sealed_commitment
from .types import Digest, Dispute, Outcome, Place


class VotePool:
    """Counts votes on `dispute` that were sealed under `leaves`: commitments by place, or zeros."""

    def __init__(
        self,
        dispute: Dispute,
        leaves: Sequence[Digest],
        aggregate: Callable[[Sequence[bytes]], bytes] = bls.aggregate,
    ) -> None:
        if len(leaves) != len(dispute.committee):
            raise ValueError(f"{len(leaves)} leaves of a committee of {len(dispute.committee)}")
        self.leaves = tuple(leaves)
        self._dispute = dispute
        self._aggregate = aggregate
        self._signed: defaultdict[Place, dict[Outcome, Vote]] = defaultdict(dict)
        self._opened: dict[Place, Vote] = {}

    def opens(self, vote: Vote) -> bool:
        """Whether the vote is the one that its place has sealed."""
        commitment = sealed_commitment(
            vote.dispute_id, vote.round, vote.place, vote.outcome, vote.salt
        )
        return self.leaves[vote.place] == commitment

    def knows(self, vote: Vote) -> bool:
        """Whether a vote of this place for this outcome is in, with whatever salt."""
        return vote.outcome in self._signed.get(vote.place, {})

    def add(self, vote: Vote) -> None:
        """Count a validated vote; one that is already in changes nothing."""
        if (vote.dispute_id, vote.round) != (self._dispute.id, self._dispute.round):
            raise ValueError("this vote belongs to another pool")
        self._signed[vote.place].setdefault(Outcome(vote.outcome), vote)
        if self.opens(vote):
            self._opened[vote.place] = vote

    @property
    def equivocations(self) -> dict[Place, tuple[Vote, ...]]:
        """The contradicting votes of each place that signed more than one outcome."""
        return {
            place: tuple(votes[outcome] for outcome in sorted(votes))
            for place, votes in sorted(self._signed.items())
            if len(votes) > 1
        }

    def tally(self) -> dict[Outcome, tuple[Place, ...]]:
        """The places that count for each outcome."""
        places: defaultdict[Outcome, list[Place]] = defaultdict(list)
        for place, vote in sorted(self._opened.items()):
            if len(self._signed[place]) == 1:
                places[Outcome(vote.outcome)].append(place)
        return {outcome: tuple(places[outcome]) for outcome in sorted(places)}

    def certificate(self) -> Certificate | None:
        """The certificate of all known signers of the outcome that has a quorum, if one has."""
        required = quorum(len(self._dispute.committee))
        for outcome, places in self.tally().items():
            if len(places) >= required:
                # All who are shown with this outcome are in the sum: an equivocator is not shown.
                shown = {
                    place: vote
                    for place, vote in self._opened.items()
                    if vote.outcome != outcome or place in places
                }
                outcomes, openings = self._shown(shown)
                signature = self._aggregate([self._opened[place].signature for place in places])
                return Certificate(
                    self._dispute.id, self._dispute.round, outcome, outcomes, openings, signature
                )
        return None

    def openings(self) -> tuple[tuple[int, ...], tuple[bytes, ...]]:
        """What the contract's `reveal` takes: outcomes and salts, or 0 and leaf, by place."""
        return self._shown(self._opened)

    def _shown(self, votes: dict[Place, Vote]) -> tuple[tuple[int, ...], tuple[bytes, ...]]:
        outcomes, openings = [0] * len(self.leaves), list[bytes](self.leaves)
        for place, vote in votes.items():
            outcomes[place], openings[place] = int(vote.outcome), vote.salt
        return tuple(outcomes), tuple(openings)
