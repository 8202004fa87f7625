"""What this node has seen of the chain, and how far it has come with each round.

The chain cursor and the rounds found up to it change in one transaction, so a restart neither
misses nor invents one. Nothing here is asked before a signature: that is the journal's business.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from protocol.types import DisputeId

from .database import Database

TABLES: Final = (
    """CREATE TABLE cursor (
        only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
        block INTEGER NOT NULL
    ) STRICT""",
    """CREATE TABLE rounds (
        dispute_id BLOB NOT NULL, round INTEGER NOT NULL, deadline INTEGER NOT NULL,
        step INTEGER NOT NULL, is_closed INTEGER NOT NULL,
        PRIMARY KEY (dispute_id, round)
    ) STRICT""",
    """CREATE TABLE findings (
        dispute_id BLOB NOT NULL, round INTEGER NOT NULL, finding TEXT NOT NULL,
        PRIMARY KEY (dispute_id, round)
    ) STRICT""",
)


class Step(IntEnum):
    """How far a round has come, in order; a step is never taken back."""

    SEEN = 0
    VERIFIED = 1
    COMMITTED = 2
    SEALED = 3
    """The chain has the round's seal: what was measured and voted is no secret any more."""


@dataclass(frozen=True, slots=True)
class SeenRound:
    """One round on whose committee this node sits."""

    round: int
    step: Step
    is_closed: bool
    """Whether this node has nothing left to do in it."""
    finding: str | None
    """The JSON of what was measured."""


class Progress:
    """The part of the journal that nobody would be slashed for losing."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def cursor(self) -> int:
        """The last block whose events are in."""
        ((block,),) = self._database.query("SELECT block FROM cursor")
        return int(block)

    def advance(self, block: int, seen: Iterable[tuple[DisputeId, int, int]]) -> None:
        """Move the cursor to `block` and add what was found on the way: dispute, round, deadline.

        A round that is known already keeps its step.
        """
        with self._database.transaction() as connection:
            connection.executemany(
                "INSERT OR IGNORE INTO rounds VALUES (?, ?, ?, 0, 0)",
                [(dispute_id, round_, deadline) for dispute_id, round_, deadline in seen],
            )
            connection.execute("UPDATE cursor SET block = ?", (block,))

    def unfinished(self) -> tuple[tuple[DisputeId, int], ...]:
        """The rounds that still need this node, the most urgent first."""
        rows = self._database.query(
            "SELECT dispute_id, round FROM rounds WHERE NOT is_closed"
            " ORDER BY deadline, dispute_id, round"
        )
        return tuple((DisputeId(dispute_id), round_) for dispute_id, round_ in rows)

    def rounds(self, dispute_id: DisputeId) -> tuple[SeenRound, ...]:
        """The rounds of a dispute in which this node has a part, the latest last."""
        rows = self._database.query(
            "SELECT round, step, is_closed, finding FROM rounds"
            " LEFT JOIN findings USING (dispute_id, round) WHERE dispute_id = ? ORDER BY round",
            (dispute_id,),
        )
        return tuple(
            SeenRound(round_, Step(step), bool(is_closed), finding)
            for round_, step, is_closed, finding in rows
        )

    def reach(self, dispute_id: DisputeId, round_: int, step: Step) -> None:
        """Note that a round has come as far as `step`, or further."""
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE rounds SET step = MAX(step, ?) WHERE dispute_id = ? AND round = ?",
                (int(step), dispute_id, round_),
            )

    def keep_finding(self, dispute_id: DisputeId, round_: int, finding: str) -> None:
        """Keep a finding's JSON as evidence of what was measured; a later one replaces it."""
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO findings VALUES (?, ?, ?)", (dispute_id, round_, finding)
            )
        self.reach(dispute_id, round_, Step.VERIFIED)

    def finish(self, dispute_id: DisputeId, round_: int) -> None:
        """Note that a round needs this node no more."""
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE rounds SET is_closed = 1 WHERE dispute_id = ? AND round = ?",
                (dispute_id, round_),
            )
