"""What this node has signed; asked before every signature.

The discipline is that of EIP-3076:

- a vote is recorded in one exclusive transaction *before* its commitment is signed, so a crash in
  between costs nothing: the same vote may be signed again, another one never;
- `UNIQUE(dispute_id, round)` is the last line of defence, in the file itself;
- a journal belongs to one key in one deployment, and one process holds it at a time;
- it is created once, with the key. A node never starts without its history.

But: nothing here can see a *copy* of the key running elsewhere. Move a key by moving its journal
(`protection.py`).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from eth_utils.crypto import keccak

from protocol.court import Court
from protocol.types import Address, Digest, DisputeId, Outcome

from .database import Database
from .errors import DoubleVote, JournalRefused
from .progress import TABLES, Progress

SCHEMA_VERSION: Final = 2

_SCHEMA: Final = (
    f"PRAGMA user_version = {SCHEMA_VERSION}",
    """CREATE TABLE identity (
        only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
        chain_id INTEGER NOT NULL, dispute_manager TEXT NOT NULL, bls_key_hash BLOB NOT NULL
    ) STRICT""",
    """CREATE TABLE votes (
        dispute_id BLOB NOT NULL, round INTEGER NOT NULL,
        outcome INTEGER NOT NULL, digest BLOB NOT NULL,
        UNIQUE (dispute_id, round)
    ) STRICT""",
    *TABLES,
)


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose history a journal is."""

    chain_id: int
    dispute_manager: Address
    bls_key_hash: Digest

    @classmethod
    def of(cls, court: Court, bls_key: bytes) -> Self:
        """The identity of a key in a court."""
        return cls(court.chain_id, court.dispute_manager, Digest(keccak(bls_key)))


@dataclass(frozen=True, slots=True)
class RecordedVote:
    """What was, or is about to be, signed."""

    dispute_id: DisputeId
    round: int
    outcome: Outcome
    digest: Digest
    """`messages.vote_digest`: of the outcome, the envelope and the committee."""


class Journal:
    """One key's history; safe to use from several threads of the one process that holds it."""

    def __init__(self, database: Database, identity: Identity) -> None:
        self.identity = identity
        self.progress = Progress(database)
        self._database = database

    @classmethod
    def create(cls, path: Path, identity: Identity, *, cursor: int) -> Self:
        """An empty journal, readable by its owner only; blocks up to `cursor` hold no dispute.

        Raises:
            JournalExists: there is a file at `path`.
            AlreadyRunning: another process is creating it.
        """
        database = Database.create(path)
        with database.transaction() as connection:
            for statement in _SCHEMA:
                connection.execute(statement)
            connection.execute("INSERT INTO identity VALUES (1, ?, ?, ?)", _row_of(identity))
            connection.execute("INSERT INTO cursor VALUES (1, ?)", (cursor,))
        return cls(database, identity)

    @classmethod
    def open(cls, path: Path, identity: Identity) -> Self:
        """The journal of `identity`.

        Raises:
            JournalMissing: there is no file at `path`.
            JournalRefused: it is another key's, another deployment's, or of another version.
            AlreadyRunning: another process holds it.
        """
        database = Database.open(path)
        try:
            why = _why_refused(database, identity)
        except sqlite3.DatabaseError as error:
            why = f"not a journal ({error})"
        if why is not None:
            database.close()
            raise JournalRefused(path, why)
        return cls(database, identity)

    def close(self) -> None:
        """Let go of the file and of the lock."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def record_vote(self, vote: RecordedVote) -> None:
        """Make `vote` the only one that may ever be signed in its round; repeating it is harmless.

        Raises:
            DoubleVote: another vote is on record.
        """
        with self._database.transaction() as connection:
            _add_vote(connection, vote)

    def recorded(self, dispute_id: DisputeId, round_: int) -> Outcome | None:
        """The outcome on record for a round, or None."""
        for (outcome,) in self._database.query(
            "SELECT outcome FROM votes WHERE dispute_id = ? AND round = ?", (dispute_id, round_)
        ):
            return Outcome(outcome)
        return None

    def votes(self) -> tuple[RecordedVote, ...]:
        """Everything ever recorded, oldest first."""
        rows = self._database.query("SELECT * FROM votes ORDER BY rowid")
        return tuple(_read_vote(row) for row in rows)

    def merge(self, votes: Iterable[RecordedVote]) -> int:
        """Add another journal's votes, all or none; returns how many were new.

        Raises:
            DoubleVote: the key has already signed twice; nothing is added.
        """
        with self._database.transaction() as connection:
            return sum(_add_vote(connection, vote) for vote in votes)


def _why_refused(database: Database, identity: Identity) -> str | None:
    """Why the database is not the journal of `identity`; None if it is."""
    ((version,),) = database.query("PRAGMA user_version")
    if version != SCHEMA_VERSION:
        return f"version {version}, this node reads {SCHEMA_VERSION}"
    rows = database.query("SELECT chain_id, dispute_manager, bls_key_hash FROM identity")
    if rows != [_row_of(identity)]:
        return "it is the history of another key or another deployment"
    return None


def _row_of(identity: Identity) -> tuple[int, str, bytes]:
    return (identity.chain_id, identity.dispute_manager, identity.bls_key_hash)


def _add_vote(connection: sqlite3.Connection, vote: RecordedVote) -> bool:
    """Whether `vote` is new; one that contradicts the record raises."""
    row = connection.execute(
        "SELECT * FROM votes WHERE dispute_id = ? AND round = ?", (vote.dispute_id, vote.round)
    ).fetchone()
    if row is None:
        connection.execute(
            "INSERT INTO votes VALUES (?, ?, ?, ?)",
            (vote.dispute_id, vote.round, int(vote.outcome), vote.digest),
        )
        return True
    recorded = _read_vote(row)
    if recorded != vote:
        raise DoubleVote(vote.dispute_id, vote.round, recorded=recorded.outcome, asked=vote.outcome)
    return False


def _read_vote(row: Any) -> RecordedVote:
    dispute_id, round_, outcome, digest = row
    return RecordedVote(DisputeId(dispute_id), round_, Outcome(outcome), Digest(digest))
