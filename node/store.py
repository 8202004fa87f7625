"""The Store port: strangers' bytes by digest, downloaded once and kept in a cache.

The cache is bounded; what was used least recently goes first, and nothing goes within
`KEEP_SECONDS` of its use, because a verification may be reading it. How a mirror is asked, and what
is believed of its answer, is for `download` to say.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import aiohttp

from protocol.errors import BadManifest
from protocol.package import PackageFile, parse_manifest
from protocol.types import MAX_MANIFEST_BYTES, BlobRef, Digest

from .blobs import PARTIAL_SUFFIX, blob_path
from .download import download, open_session
from .errors import Refused, Unavailable

KEEP_SECONDS: Final = 3600
"""Longer than a verification waits and runs."""


@asynccontextmanager
async def open_store(directory: Path, *, max_bytes: int) -> AsyncIterator[HttpStore]:
    """A store over the cache in `directory`, which is made if need be."""
    async with open_session() as session:
        store = HttpStore(directory, session, max_bytes=max_bytes)
        try:
            yield store
        finally:
            await store.close()


class HttpStore:
    """A cache of blobs, and the mirrors behind it."""

    def __init__(self, directory: Path, session: aiohttp.ClientSession, *, max_bytes: int) -> None:
        self._directory = directory
        self._packages = directory / "packages"
        self._packages.mkdir(parents=True, exist_ok=True)
        self._session = session
        self._max_bytes = max_bytes
        self._running: dict[Digest, asyncio.Task[None]] = {}
        self._promised: dict[Digest, int] = {}
        """The room that downloads in progress may still need."""

    async def close(self) -> None:
        """Stop what is still being fetched."""
        running = list(self._running.values())
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def fetch(self, blob: BlobRef) -> Path:
        """A local file whose sha256 is the blob's, of at most its size.

        Raises:
            Refused: a mirror gave other bytes, and none gave these.
            Unavailable: no mirror gave any, or there is no room for them.
        """
        path = blob_path(self._directory, blob.digest)
        if not path.is_file():
            # One download serves all who ask, and goes on if one of them stops waiting.
            task = self._running.get(blob.digest)
            if task is None:
                task = self._running[blob.digest] = asyncio.create_task(self._download(blob))
                task.add_done_callback(lambda _: self._running.pop(blob.digest, None))
            await asyncio.shield(task)
        os.utime(path)
        if path.stat().st_size > blob.size:
            raise Refused(blob.digest, f"it is longer than the {blob.size} bytes declared")
        return path

    async def fetch_package(self, suspect: BlobRef) -> Path:
        """A local directory with exactly the files that the manifest names.

        Raises:
            Refused: the manifest or a file is not what was named, or they exceed what was declared.
            Unavailable: no mirror gave one of them, or there is no room.
        """
        manifest_size = min(suspect.size, MAX_MANIFEST_BYTES)
        manifest = await self.fetch(BlobRef(suspect.digest, manifest_size, suspect.mirrors))
        files = _read_manifest(suspect, manifest.read_bytes())
        blobs = {}
        for file in files:
            blobs[file.path] = await self.fetch(BlobRef(file.digest, file.size, suspect.mirrors))
            if blobs[file.path].stat().st_size != file.size:
                raise Refused(suspect.digest, f"{file.path} has not the size in the manifest")
        return await asyncio.to_thread(self._assemble, suspect.digest, blobs)

    async def _download(self, blob: BlobRef) -> None:
        self._promised[blob.digest] = blob.size
        try:
            await asyncio.to_thread(self._make_room, blob, sum(self._promised.values()))
            await download(self._session, blob, blob_path(self._directory, blob.digest))
        finally:
            del self._promised[blob.digest]

    def _make_room(self, blob: BlobRef, promised: int) -> None:
        """Evict until all that is being fetched, `blob` included, fits."""
        cached = [(path.stat(), path) for path in self._directory.iterdir() if path.is_file()]
        excess = sum(stat.st_size for stat, _ in cached) + promised - self._max_bytes
        used_before = time.time() - KEEP_SECONDS
        for stat, path in sorted(cached, key=lambda one: one[0].st_mtime):
            if excess <= 0 or stat.st_mtime > used_before:
                break
            path.unlink(missing_ok=True)
            excess -= stat.st_size
        if excess > 0:
            why = f"its {blob.size} bytes exceed the room in a cache of {self._max_bytes}"
            raise Unavailable(blob.digest, (why,))
        self._drop_broken_packages()

    def _drop_broken_packages(self) -> None:
        """Remove the packages of which a blob was evicted, so that its bytes are freed."""
        blobs = {path.stat().st_ino for path in self._directory.iterdir()}
        for package in self._packages.iterdir():
            if not blobs.issuperset(path.stat().st_ino for path in package.iterdir()):
                shutil.rmtree(package)

    def _assemble(self, digest: Digest, blobs: dict[str, Path]) -> Path:
        """A directory of hard links to `blobs` under their names in the package."""
        path = self._packages / digest.hex()
        if path.is_dir():
            return path
        partial = Path(tempfile.mkdtemp(suffix=PARTIAL_SUFFIX, dir=self._directory))
        for name, blob in blobs.items():
            (partial / name).hardlink_to(blob)
        try:
            partial.rename(path)
        except OSError:  # another task was faster
            shutil.rmtree(partial)
        return path


def _read_manifest(suspect: BlobRef, manifest: bytes) -> tuple[PackageFile, ...]:
    try:
        files = parse_manifest(manifest)
    except BadManifest as error:
        raise Refused(suspect.digest, str(error)) from error
    total = len(manifest) + sum(file.size for file in files)
    if total > suspect.size:
        raise Refused(suspect.digest, f"the package has {total} bytes, {suspect.size} declared")
    return files
