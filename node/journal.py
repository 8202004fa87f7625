"""What this node has seen, measured and signed; asked before every signature.

The discipline is that of EIP-3076:

- a vote is recorded in one exclusive transaction *before* it is signed, so a crash in between
  costs nothing: the same vote may be signed again, another one never;
- `UNIQUE(dispute_id, round)` is the last line of defence, in the file itself;
- a journal belongs to one key in one deployment, and one process holds it at a time;
- it is created once, with the key. A node never starts without its history.

The chain cursor and the disputes found up to it change in one transaction, so a restart neither
misses nor invents one.

But: nothing here can see a *copy* of the key running elsewhere. Move a key by moving its journal
(`protection.py`).
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Self

from eth_utils.crypto import keccak
from filelock import FileLock, Timeout

from protocol.types import Address, Court, Digest, DisputeId, Outcome

from .errors import AlreadyRunning, DoubleVote, JournalExists, JournalMissing, JournalRefused

SCHEMA_VERSION: Final = 1

_SCHEMA: Final = f"""
BEGIN EXCLUSIVE;
PRAGMA user_version = {SCHEMA_VERSION};
CREATE TABLE identity (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    chain_id INTEGER NOT NULL, dispute_manager TEXT NOT NULL, bls_key_hash BLOB NOT NULL
) STRICT;
CREATE TABLE votes (
    dispute_id BLOB NOT NULL, round INTEGER NOT NULL,
    outcome INTEGER NOT NULL, digest BLOB NOT NULL,
    UNIQUE (dispute_id, round)
) STRICT;
CREATE TABLE cursor (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    block INTEGER NOT NULL
) STRICT;
CREATE TABLE disputes (
    id BLOB PRIMARY KEY, step TEXT NOT NULL, deadline INTEGER NOT NULL
) STRICT;
CREATE TABLE findings (
    dispute_id BLOB PRIMARY KEY, finding TEXT NOT NULL
) STRICT;
"""


class Step(StrEnum):
    """How far this node has come with a dispute."""

    SEEN = "seen"
    VERIFIED = "verified"
    VOTED = "voted"
    CLOSED = "closed"
    """There is nothing left to do: a verdict, or none will ever be."""


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


class Journal:
    """One key's history; safe to use from several threads of the one process that holds it."""

    def __init__(
        self, path: Path, identity: Identity, lock: FileLock, database: sqlite3.Connection
    ) -> None:
        self.path = path
        self.identity = identity
        self._lock = lock
        self._database = database
        self._turn = threading.Lock()

    @classmethod
    def create(cls, path: Path, identity: Identity, *, cursor: int) -> Self:
        """An empty journal, readable by its owner only; blocks up to `cursor` hold no dispute.

        Raises:
            JournalExists: there is a file at `path`.
            AlreadyRunning: another process is creating it.
        """
        lock = _acquire(path)
        try:
            # O_EXCL decides the race between two creators; the mode is right from the first byte.
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        except FileExistsError:
            lock.release()
            raise JournalExists(path) from None
        database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        _configure(database)
        database.executescript(_SCHEMA)
        database.execute("INSERT INTO identity VALUES (1, ?, ?, ?)", _identity_row(identity))
        database.execute("INSERT INTO cursor VALUES (1, ?)", (cursor,))
        database.execute("COMMIT")
        return cls(path, identity, lock, database)

    @classmethod
    def open(cls, path: Path, identity: Identity) -> Self:
        """The journal of `identity`.

        Raises:
            JournalMissing: there is no file at `path`.
            JournalRefused: it is another key's, another deployment's, or of another version.
            AlreadyRunning: another process holds it.
        """
        if not path.is_file():
            raise JournalMissing(path)
        lock = _acquire(path)
        database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        try:
            _configure(database)
            _validate_identity(path, database, identity)
        except sqlite3.DatabaseError as error:
            database.close()
            lock.release()
            raise JournalRefused(path, f"not a journal ({error})") from error
        except JournalRefused:
            database.close()
            lock.release()
            raise
        return cls(path, identity, lock, database)

    def close(self) -> None:
        """Let go of the file and of the lock."""
        self._database.close()
        self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def record_vote(self, vote: RecordedVote) -> None:
        """Make `vote` the only one that may ever be signed in its round; repeating it is harmless.

        Raises:
            DoubleVote: another vote is on record.
        """
        with self._transaction() as database:
            _add_vote(database, vote)
            _set_step(database, vote.dispute_id, Step.VOTED)

    def votes(self) -> tuple[RecordedVote, ...]:
        """Everything ever recorded, oldest first."""
        return tuple(_read_vote(row) for row in self._query("SELECT * FROM votes ORDER BY rowid"))

    def merge(self, votes: Iterable[RecordedVote]) -> int:
        """Add another journal's votes, all or none; returns how many were new.

        Raises:
            DoubleVote: the key has already signed twice; nothing is added.
        """
        with self._transaction() as database:
            return sum(_add_vote(database, vote) for vote in votes)

    def recorded(self, dispute_id: DisputeId, round_: int) -> Outcome | None:
        """The outcome on record for a round, or None."""
        for (outcome,) in self._query(
            "SELECT outcome FROM votes WHERE dispute_id = ? AND round = ?", (dispute_id, round_)
        ):
            return Outcome(outcome)
        return None

    def cursor(self) -> int:
        """The last block whose events are in."""
        ((block,),) = self._query("SELECT block FROM cursor")
        return int(block)

    def advance(self, block: int, seen: Iterable[tuple[DisputeId, int]]) -> None:
        """Move the cursor to `block` and add the disputes found on the way, with their deadlines.

        A dispute that is known already keeps its step.
        """
        with self._transaction() as database:
            database.executemany(
                "INSERT OR IGNORE INTO disputes VALUES (?, ?, ?)",
                [(dispute_id, Step.SEEN, deadline) for dispute_id, deadline in seen],
            )
            database.execute("UPDATE cursor SET block = ?", (block,))

    def unfinished(self) -> tuple[DisputeId, ...]:
        """The disputes that still need this node, the most urgent first."""
        rows = self._query(
            "SELECT id FROM disputes WHERE step != ? ORDER BY deadline, id", (Step.CLOSED,)
        )
        return tuple(DisputeId(dispute_id) for (dispute_id,) in rows)

    def step(self, dispute_id: DisputeId) -> Step | None:
        """How far this node has come, or None if it has no part in the dispute."""
        for (step,) in self._query("SELECT step FROM disputes WHERE id = ?", (dispute_id,)):
            return Step(step)
        return None

    def keep_finding(self, dispute_id: DisputeId, finding: str) -> None:
        """Keep a finding's JSON as evidence of what was measured; a later one replaces it."""
        with self._transaction() as database:
            database.execute("INSERT OR REPLACE INTO findings VALUES (?, ?)", (dispute_id, finding))
            _set_step(database, dispute_id, Step.VERIFIED)

    def finding(self, dispute_id: DisputeId) -> str | None:
        """The finding's JSON, or None if nothing was measured."""
        for (finding,) in self._query(
            "SELECT finding FROM findings WHERE dispute_id = ?", (dispute_id,)
        ):
            return str(finding)
        return None

    def finish(self, dispute_id: DisputeId) -> None:
        """Note that a dispute needs this node no more."""
        with self._transaction() as database:
            _set_step(database, dispute_id, Step.CLOSED)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._turn:
            self._database.execute("BEGIN EXCLUSIVE")
            try:
                yield self._database
            except BaseException:
                self._database.execute("ROLLBACK")
                raise
            self._database.execute("COMMIT")

    def _query(self, sql: str, parameters: tuple[object, ...] = ()) -> list[Any]:
        with self._turn:
            return self._database.execute(sql, parameters).fetchall()


def _acquire(path: Path) -> FileLock:
    lock = FileLock(f"{path}.lock", thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise AlreadyRunning(path) from None
    return lock


def _configure(database: sqlite3.Connection) -> None:
    # A second reader would be a second node; and a vote must survive the power cut that follows it.
    database.execute("PRAGMA locking_mode = EXCLUSIVE")
    database.execute("PRAGMA synchronous = EXTRA")


def _validate_identity(path: Path, database: sqlite3.Connection, identity: Identity) -> None:
    (version,) = database.execute("PRAGMA user_version").fetchone()
    if version != SCHEMA_VERSION:
        raise JournalRefused(path, f"version {version}, this node reads {SCHEMA_VERSION}")
    row = database.execute(
        "SELECT chain_id, dispute_manager, bls_key_hash FROM identity"
    ).fetchone()
    if row != _identity_row(identity):
        raise JournalRefused(path, "it is the history of another key or another deployment")


def _identity_row(identity: Identity) -> tuple[int, str, bytes]:
    return (identity.chain_id, identity.dispute_manager, identity.bls_key_hash)


def _add_vote(database: sqlite3.Connection, vote: RecordedVote) -> bool:
    """Whether `vote` is new; one that contradicts the record raises."""
    row = database.execute(
        "SELECT * FROM votes WHERE dispute_id = ? AND round = ?", (vote.dispute_id, vote.round)
    ).fetchone()
    if row is None:
        database.execute(
            "INSERT INTO votes VALUES (?, ?, ?, ?)",
            (vote.dispute_id, vote.round, int(vote.outcome), vote.digest),
        )
        return True
    recorded = _read_vote(row)
    if recorded != vote:
        raise DoubleVote(vote.dispute_id, vote.round, recorded=recorded.outcome, asked=vote.outcome)
    return False


def _set_step(database: sqlite3.Connection, dispute_id: DisputeId, step: Step) -> None:
    database.execute("UPDATE disputes SET step = ? WHERE id = ?", (step, dispute_id))


def _read_vote(row: Any) -> RecordedVote:
    dispute_id, round_, outcome, digest = row
    return RecordedVote(DisputeId(dispute_id), round_, Outcome(outcome), Digest(digest))
