"""What one verifier measured on one suspect with one shard; no tensors, the node reads it too.

A finding holds counts; its decision and its odds follow from them, so they can never disagree.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

from .odds import Decision, decide, log2_odds


@dataclass(frozen=True, slots=True)
class Finding:
    """Hits on a message of `count` symbols in 0..`alphabet`-1, judged at odds of 2^-`level`.

    `hits_lo` symbols agree for sure, `hits_hi` do not disagree for sure (SPEC 3.2).

    Raises:
        LevelUnreachable: such a message can never reach the level.
        ValueError: the counts contradict each other.
    """

    scheme: str
    hits_lo: int
    hits_hi: int
    count: int
    alphabet: int
    level: int

    def __post_init__(self) -> None:
        _ = self.decision

    @property
    def decision(self) -> Decision:
        """MATCH, NO_MATCH or INCONCLUSIVE."""
        return decide(
            self.hits_lo,
            self.hits_hi,
            count=self.count,
            alphabet=self.alphabet,
            level=self.level,
        )

    @property
    def log2_odds(self) -> float:
        """log2 of the odds that chance alone gives at least the sure hits; for display only."""
        return log2_odds(self.hits_lo, count=self.count, alphabet=self.alphabet)

    def to_json(self) -> dict[str, str | int | float]:
        """The counts, and for the reader the decision and the odds that follow from them."""
        derived = {"decision": str(self.decision), "log2_odds": round(self.log2_odds, 2)}
        return asdict(self) | derived

    @classmethod
    def from_json(cls, document: Mapping[str, object]) -> Finding:
        """The finding with these counts; what can be derived is derived again, not believed.

        Raises:
            LevelUnreachable: such a message can never reach the level.
            ValueError: a count is missing, has the wrong type, or contradicts another.
        """
        scheme, *counts = (document.get(field.name) for field in fields(cls))
        if not isinstance(scheme, str) or not all(type(count) is int for count in counts):
            raise ValueError(f"read finding: not the counts of a finding: {dict(document)!r}")
        return cls(scheme, *counts)  # type: ignore[arg-type]  # checked above
