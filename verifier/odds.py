"""The one decision of the project: are these hits beyond chance?

By the theorem of SPEC 3.1 the hits of a model that does not depend on the message are
Binomial(count, 1/alphabet), whatever the model. So a threshold is an exact count over
alphabet^count messages; the erasure band of SPEC 3.2 turns two counts of hits into a decision.

Everything that decides is an integer: committees must agree to the bit. `log2_odds` is a float and
only ever shown.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from enum import StrEnum
from functools import lru_cache

from .errors import LevelUnreachable
from .scheme import Reading


class Decision(StrEnum):
    """What the odds say of one suspect and one shard."""

    MATCH = "MATCH"
    NO_MATCH = "NO_MATCH"
    INCONCLUSIVE = "INCONCLUSIVE"


def decide(hits_lo: int, hits_hi: int, *, count: int, alphabet: int, level: int) -> Decision:
    """The decision of SPEC 3.2 on `hits_lo` sure hits and `hits_hi` symbols that do not miss.

    Raises:
        LevelUnreachable: no number of hits would do.
        ValueError: the hits are not 0 <= hits_lo <= hits_hi <= count.
    """
    if not 0 <= hits_lo <= hits_hi <= count:
        raise ValueError(f"decide: 0 <= {hits_lo} <= {hits_hi} <= {count} does not hold")
    needed = threshold(count, alphabet, level)
    if hits_lo >= needed:
        return Decision.MATCH
    if hits_hi < needed:
        return Decision.NO_MATCH
    return Decision.INCONCLUSIVE


def count_hits(reading: Reading, message: Sequence[int]) -> tuple[int, int]:
    """`hits_lo` and `hits_hi` of SPEC 3.2: answers below epsilon count for neither side."""
    hits_lo = hits_hi = 0
    for answer, margin, symbol in zip(reading.answers, reading.margins, message, strict=True):
        sure = margin >= reading.epsilon
        hits_lo += sure and answer == symbol
        hits_hi += not (sure and answer != symbol)
    return hits_lo, hits_hi


@lru_cache(maxsize=256)
def threshold(count: int, alphabet: int, level: int) -> int:
    """The smallest number of hits whose odds of chance are at most 2^-`level`.

    Raises:
        LevelUnreachable: not even `count` hits would do.
    """
    messages = alphabet**count
    hits = count + 1
    for tail in _tails(count, alphabet):
        if tail << level > messages:
            break
        hits -= 1
    if hits > count:
        raise LevelUnreachable(count, alphabet, level)
    return hits


def log2_odds(hits: int, *, count: int, alphabet: int) -> float:
    """log2 of the odds that chance alone gives at least `hits`: for eyes, never for deciding."""
    for k, tail in zip(range(count, -1, -1), _tails(count, alphabet), strict=True):
        if k == hits:
            return math.log2(tail) - count * math.log2(alphabet)
    raise ValueError(f"log2 odds: {hits} hits of {count} symbols")


def _tails(count: int, alphabet: int) -> Iterator[int]:
    """Messages that agree with a fixed answer at `count` symbols or more, at `count`-1, ... 0."""
    tail, term = 0, 1
    for misses in range(count + 1):
        tail += term
        yield tail
        term = term * (count - misses) * (alphabet - 1) // (misses + 1)
