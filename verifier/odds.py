"""The one decision of the project: is what a suspect shows beyond chance?

A scheme reads a suspect as a table of integers, a row for each symbol of the message and in it a
score for each value that the symbol may take; the statistic is the sum of the scores that the
message picks. A message that the suspect does not depend on picks from every row at random, so the
statistic follows the *law* of the rows: by the theorem of SPEC 3.1 its odds are an exact count of
messages, whatever the suspect. Hits are the simplest table, a 1 at each answer and 0 elsewhere;
their law is the binomial. The band of SPEC 3.2 turns a statistic into a decision.

Everything that decides is an integer: committees must agree to the bit. `log2_odds` is a float and
only ever shown.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from enum import StrEnum
from functools import lru_cache
from typing import TypeAlias

Row: TypeAlias = tuple[int, ...]
"""A symbol's scores in falling order: which of them is the message's is no part of a law."""

Law: TypeAlias = tuple[tuple[int, Row], ...]
"""Rows, each with how often it occurs."""

MAX_WORK = 1 << 33
"""Bytes that one convolution may touch: seconds. No scheme needs a hundredth of it."""


class Decision(StrEnum):
    """What the odds say of one suspect and one shard."""

    MATCH = "MATCH"
    NO_MATCH = "NO_MATCH"
    INCONCLUSIVE = "INCONCLUSIVE"


def hits_law(count: int, alphabet: int) -> Law:
    """The law of `count` answers among `alphabet` values: hits are Binomial(count, 1/alphabet)."""
    return ((count, (1, *(0,) * (alphabet - 1))),)


def law_of(rows: Iterable[Iterable[int]]) -> Law:
    """The law of a table: its rows, counted."""
    counted = Counter(tuple(sorted(row, reverse=True)) for row in rows)
    return tuple((times, row) for row, times in sorted(counted.items(), reverse=True))


def decide(low: int, high: int, *, law: Law, level: int) -> Decision:
    """The decision of SPEC 3.2 on a statistic that any honest device finds in `low`..`high`.

    Raises:
        ValueError: the statistic is empty, or the law too large to be counted.
    """
    if low > high:
        raise ValueError(f"decide: {low} <= {high} does not hold")
    needed = threshold(law, level)
    if low >= needed:
        return Decision.MATCH
    if high < needed:
        return Decision.NO_MATCH
    return Decision.INCONCLUSIVE


@lru_cache(maxsize=256)
def threshold(law: Law, level: int) -> int:
    """The least statistic whose odds of chance are at most 2^-`level`.

    One more than the largest statistic where none is so unlikely: such a suspect, one that answers
    alike whatever it is asked, is never matched.

    Raises:
        ValueError: the law is too large to be counted.
    """
    least, tails = _tails(law)
    messages = tails[0]
    for above, tail in enumerate(tails):
        if tail << level <= messages:
            return least + above
    return least + len(tails)


def log2_odds(statistic: int, law: Law) -> float:
    """log2 of the odds that chance alone gives at least `statistic`: for eyes, not for deciding.

    Raises:
        ValueError: no message gives so much, or the law is too large to be counted.
    """
    least, tails = _tails(law)
    above = max(statistic - least, 0)
    if above >= len(tails):
        raise ValueError(f"log2 odds: {statistic} is more than {least + len(tails) - 1}")
    return math.log2(tails[above]) - math.log2(tails[0])


@lru_cache(maxsize=256)
def _tails(law: Law) -> tuple[int, list[int]]:
    """The least statistic, and how many messages give it or more, one more or more, and so on.

    The convolution of the rows, with all counts in one integer, a slot of whole bytes for each
    statistic: adding a row is then a few shifts and additions.
    """
    least = sum(times * row[-1] for times, row in law)
    span = sum(times * (row[0] - row[-1]) for times, row in law)
    messages = math.prod(len(row) ** times for times, row in law)
    width = messages.bit_length() // 8 + 1
    steps = sum(times * len(set(row)) for times, row in law)
    if steps * (span + 1) * width > MAX_WORK:
        raise ValueError(f"count odds: {steps} scores over a span of {span} are too many")
    ways = 1
    for times, row in law:
        terms = Counter(score - row[-1] for score in row)
        for _ in range(times):
            ways = sum((ways * many) << (8 * width * score) for score, many in terms.items())
    slots = ways.to_bytes((span + 1) * width, "little")
    tails, tail = [], 0
    for at in range(span * width, -1, -width):
        tail += int.from_bytes(slots[at : at + width], "little")
        tails.append(tail)
    return least, tails[::-1]
