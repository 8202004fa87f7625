"""Bytes under their sha256, in a directory: `<directory>/<hex>` (SPEC 2.4).

A blob appears under its name whole or not at all. Until then it is a partial file beside it, which
is hashed as it grows and may be taken up again. Whose bytes these are, and how many may lie here,
is for the mirror and the store to say.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Final, Self

from protocol.types import Digest

from .errors import Refused

PARTIAL_SUFFIX: Final = ".partial"
CHUNK_BYTES: Final = 256 * 1024
"""Large enough that the cost of a chunk is its hash, small enough for many streams at once."""


def blob_path(directory: Path, digest: Digest) -> Path:
    """Where a blob is, once it is whole."""
    return directory / digest.hex()


def hash_file(path: Path) -> Digest:
    """The digest of a file."""
    with path.open("rb") as file:
        return Digest(hashlib.file_digest(file, "sha256").digest())


class Partial:
    """A blob on its way in, of at most `max_bytes`."""

    def __init__(self, path: Path, digest: Digest, *, max_bytes: int) -> None:
        self._path = path
        self._digest = digest
        self._max_bytes = max_bytes
        self._file = path.open("a+b")
        # What an earlier attempt left is taken up, so it is hashed again.
        self._file.seek(0)
        self._hash = hashlib.file_digest(self._file, "sha256")
        self.size = self._file.seek(0, os.SEEK_END)

    def write(self, chunk: bytes) -> None:
        """Add bytes at the end.

        Raises:
            Refused: they are more than the blob may have.
        """
        if self.size + len(chunk) > self._max_bytes:
            raise Refused(self._digest, f"it is longer than the {self._max_bytes} bytes declared")
        self._file.write(chunk)
        self._hash.update(chunk)
        self.size += len(chunk)

    def restart(self) -> None:
        """Forget what is there."""
        self._file.truncate(0)
        self._hash = hashlib.sha256()
        self.size = 0

    def publish(self, path: Path) -> None:
        """Move the blob to its name.

        Raises:
            Refused: these are other bytes than the digest names.
        """
        found = self._hash.digest()
        if found != self._digest:
            raise Refused(self._digest, f"the bytes that came have sha256 {found.hex()}")
        self._file.flush()
        os.fsync(self._file.fileno())
        self._path.replace(path)

    def discard(self) -> None:
        """Remove what is there."""
        self._path.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
