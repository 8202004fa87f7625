"""What one verifier measured on one suspect with one shard; no tensors, the node reads it too.

A finding holds a statistic and its law; its decision and its odds follow, so they never disagree.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum

from .errors import LevelUnreachable
from .odds import Decision, Law, decide, log2_odds, threshold

MAX_SYMBOLS = 1 << 12
MAX_ALPHABET = 1 << 16
"""A message is read from 16-bit words (SPEC 3, step 3)."""

DEFAULT_LEVEL = 64
"""Of a claim: a MATCH is then an accident once in 2^64."""


class Access(StrEnum):
    """What of a suspect a scheme reads, and so what it takes to carry a mark by accident."""

    WEIGHTS = "weights"
    ANSWERS = "answers"
    """Somebody else's training could have been fed the owner's material, once it was made."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A statistic that any honest device finds in `low`..`high`, to be judged at 2^-`level`.

    Raises:
        LevelUnreachable: the message is too short ever to reach the level.
        ValueError: the numbers contradict each other.
    """

    scheme: str
    access: Access
    low: int
    high: int
    law: Law
    level: int

    def __post_init__(self) -> None:
        if not self.law or not 1 <= self.symbols <= MAX_SYMBOLS:
            raise ValueError(f"read finding: {self.symbols} symbols")
        if any(times < 1 or list(row) != sorted(row, reverse=True) for times, row in self.law):
            raise ValueError("read finding: a row that is not in falling order")
        if len({len(row) for _, row in self.law}) > 1 or not 2 <= self.alphabet <= MAX_ALPHABET:
            raise ValueError("read finding: rows of different or of no alphabet")
        validate_level(self.symbols, self.alphabet, self.level)
        _ = self.decision

    @property
    def symbols(self) -> int:
        """How long the message is."""
        return sum(times for times, _ in self.law)

    @property
    def alphabet(self) -> int:
        """How many values a symbol has."""
        return len(self.law[0][1])

    @property
    def best(self) -> int:
        """The statistic of a message that picks the best score of every row."""
        return sum(times * row[0] for times, row in self.law)

    @property
    def needed(self) -> int:
        """The least statistic that is a match."""
        return threshold(self.law, self.level)

    @property
    def decision(self) -> Decision:
        """MATCH, NO_MATCH or INCONCLUSIVE."""
        return decide(self.low, self.high, law=self.law, level=self.level)

    @property
    def log2_odds(self) -> float:
        """log2 of the odds that chance alone gives at least `low`; for display only."""
        return log2_odds(self.low, self.law)

    def to_json(self) -> dict[str, object]:
        """The numbers, and for the reader the decision and the odds that follow from them."""
        derived = {"decision": str(self.decision), "log2_odds": round(self.log2_odds, 2)}
        return asdict(self) | derived

    @classmethod
    def from_json(cls, document: Mapping[str, object]) -> Finding:
        """The finding with these numbers; what can be derived is derived again, not believed.

        Raises:
            LevelUnreachable: the message is too short ever to reach the level.
            ValueError: a number is missing, has the wrong type, or contradicts another.
        """
        match document:
            case {
                "scheme": str(scheme),
                "access": str(access),
                "low": int(low),
                "high": int(high),
                "law": [*rows],
                "level": int(level),
            } if not {type(low), type(high), type(level)} & {bool}:
                law = tuple(_row(row) for row in rows)
                return cls(scheme, Access(access), low, high, law, level)
        raise ValueError(f"read finding: not the numbers of a finding: {str(document)[:200]}")


def validate_level(symbols: int, alphabet: int, level: int) -> None:
    """Refuse evidence whose message could not reach the level if every symbol agreed.

    Raises:
        LevelUnreachable: it could not.
    """
    if alphabet**symbols < 1 << level:
        raise LevelUnreachable(symbols, alphabet, level)


def _row(document: object) -> tuple[int, tuple[int, ...]]:
    match document:
        case [int(times), [*scores]] if all(type(number) is int for number in (times, *scores)):
            return times, tuple(scores)  # type: ignore[arg-type]  # checked above
    raise ValueError(f"read finding: not a row of a law: {str(document)[:200]}")
