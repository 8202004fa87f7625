"""The commitments of one round, collected, and the seals on their root (SPEC 5.3).

- Only validated messages go in (`gossip`), in any order: what comes out depends on the set of them
  alone, so members that have heard the same hold the same leaves.
- The set only grows. A place that committed twice stays out of it, at every member that hears both.
- A member may seal several roots; a place's latest eight are kept.
- Leaves that were once sealed are not forgotten: a member whose second commitment comes after the
  seal cannot take from the others what they need to open their votes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Final

from . import bls
from .commitments import votes_root
from .committee import quorum
from .messages import Commitment, Seal, SealCertificate
from .types import Digest, Dispute, Place

NOTHING: Final = Digest(bytes(32))
"""The leaf of a place that has no commitment."""
ROOTS_PER_PLACE: Final = 8

Root = tuple[Digest, int]
"""A root, and the voters under it."""


class SealPool:
    """What is known of the sealing of `dispute`'s round."""

    def __init__(
        self, dispute: Dispute, aggregate: Callable[[Sequence[bytes]], bytes] = bls.aggregate
    ) -> None:
        self._dispute = dispute
        self._aggregate = aggregate
        self._commitments: defaultdict[Place, list[Digest]] = defaultdict(list)
        self._seals: defaultdict[Place, dict[Root, bytes]] = defaultdict(dict)

    def add_commitment(self, message: Commitment) -> None:
        """Add a validated commitment. Of a place two are enough: with them it is out."""
        self._require_ours(message)
        held = self._commitments[message.place]
        if message.commitment not in held and len(held) < 2:
            held.append(message.commitment)

    def add_seal(self, message: Seal) -> None:
        """Add a validated seal; a place's oldest makes room."""
        self._require_ours(message)
        held = self._seals[message.place]
        held[message.root, message.voters] = message.signature
        if len(held) > ROOTS_PER_PLACE:
            del held[next(iter(held))]

    @property
    def leaves(self) -> tuple[Digest, ...]:
        """The commitment of each place, zeros where it has none or two."""
        return tuple(
            self._commitment_of(Place(place)) for place in range(len(self._dispute.committee))
        )

    @property
    def voters(self) -> int:
        """A bitmap of the places with one commitment."""
        return sum(1 << place for place, leaf in enumerate(self.leaves) if leaf != NOTHING)

    @property
    def is_complete(self) -> bool:
        """Whether every place was heard of, and a verdict may come of those that count."""
        return self.has_quorum and len(self._commitments) == len(self._dispute.committee)

    @property
    def has_quorum(self) -> bool:
        """Whether there are as many voters as a verdict needs."""
        return self.voters.bit_count() >= quorum(len(self._dispute.committee))

    def certificate(self) -> SealCertificate | None:
        """All known signers of a root that has a quorum; of several, the one with most voters."""
        signers: defaultdict[Root, dict[Place, bytes]] = defaultdict(dict)
        for place, held in sorted(self._seals.items()):
            for sealed, signature in held.items():
                signers[sealed][place] = signature
        required = quorum(len(self._dispute.committee))
        certified = [sealed for sealed, found in signers.items() if len(found) >= required]
        if not certified:
            return None
        root, voters = best = max(certified, key=lambda each: (each[1].bit_count(), each[0]))
        return SealCertificate(
            self._dispute.id,
            self._dispute.round,
            root,
            voters,
            sum(1 << place for place in signers[best]),
            self._aggregate(list(signers[best].values())),
        )

    def leaves_of(self, root: Digest, voters: int) -> tuple[Digest, ...] | None:
        """The leaves under a sealed root, if this pool has ever held them all at once.

        Whenever that was, the leaf of each of the voters was the first commitment heard of it.
        """
        heard = {place: held[0] for place, held in self._commitments.items() if voters >> place & 1}
        places = map(Place, range(len(self._dispute.committee)))
        leaves = tuple(heard.get(place, NOTHING) for place in places)
        return leaves if votes_root(leaves) == root else None

    def _commitment_of(self, place: Place) -> Digest:
        held = self._commitments.get(place, [])
        return held[0] if len(held) == 1 else NOTHING

    def _require_ours(self, message: Commitment | Seal) -> None:
        if (message.dispute_id, message.round) != (self._dispute.id, self._dispute.round):
            raise ValueError("this message belongs to another pool")
