"""The file behind the journal: one SQLite database that one process holds, and that is durable.

It is made once and never by accident: opening does not create, creating does not overwrite.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from filelock import FileLock, Timeout

from .errors import AlreadyRunning, JournalExists, JournalMissing, JournalRefused


class Database:
    """Safe to use from several threads of the one process that holds it."""

    def __init__(self, path: Path, lock: FileLock) -> None:
        self.path = path
        self._lock = lock
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._turn = threading.Lock()

    @classmethod
    def create(cls, path: Path) -> Self:
        """An empty database, readable by its owner only.

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
        database = cls(path, lock)
        database._configure()
        return database

    @classmethod
    def open(cls, path: Path) -> Self:
        """The database at `path`.

        Raises:
            JournalMissing: there is no file.
            JournalRefused: it is no database.
            AlreadyRunning: another process holds it.
        """
        if not path.is_file():
            raise JournalMissing(path)
        database = cls(path, _acquire(path))
        try:
            database._configure()
        except sqlite3.DatabaseError as error:
            database.close()
            raise JournalRefused(path, f"not a journal ({error})") from error
        return database

    def close(self) -> None:
        """Let go of the file and of the lock."""
        self._connection.close()
        self._lock.release()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """An exclusive transaction: all that happens in the block, or nothing."""
        with self._turn:
            self._connection.execute("BEGIN EXCLUSIVE")
            try:
                yield self._connection
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def query(self, sql: str, parameters: tuple[object, ...] = ()) -> list[Any]:
        """The rows of a SELECT."""
        with self._turn:
            return self._connection.execute(sql, parameters).fetchall()

    def _configure(self) -> None:
        # A second reader would be a second node; and a vote must survive the power cut after it.
        self._connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        self._connection.execute("PRAGMA synchronous = EXTRA")


def _acquire(path: Path) -> FileLock:
    lock = FileLock(f"{path}.lock", thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise AlreadyRunning(path) from None
    return lock
