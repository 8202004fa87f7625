"""The Store port: strangers' bytes, fetched by digest under hard limits and kept in a cache.

A mirror is whatever URL a stranger wrote on the chain. So:

- it is asked only if `reason_not_to_ask` has nothing to say; redirects are not followed, proxies
  and credentials of the environment are not used;
- a download stops at the first byte beyond the declared size, and when it falls behind a minimum
  rate; its digest is computed as it streams;
- what one attempt brought is taken up by the next, but never believed: if the whole does not hash
  to its name, the next attempt starts from nothing before the mirror is blamed;
- one honest mirror is enough, whatever the others do.

The cache is bounded; what was used least recently goes first, and nothing goes within
`KEEP_SECONDS` of its use, because a verification may be reading it.
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
from tenacity import (
    AsyncRetrying,
    retry_if_exception_type,
    stop_after_attempt,
    wait_random_exponential,
)
from yarl import URL

from protocol.errors import BadManifest
from protocol.package import PackageFile, parse_manifest
from protocol.types import MAX_MANIFEST_BYTES, BlobRef, Digest

from .blobs import CHUNK_BYTES, PARTIAL_SUFFIX, Partial, blob_path
from .errors import Refused, Unavailable

ATTEMPTS_PER_MIRROR: Final = 3
CONNECT_SECONDS: Final = 5
SILENCE_SECONDS: Final = 15
"""Without a byte for so long, a mirror is taken for dead."""
MIN_BYTES_PER_SECOND: Final = 256 * 1024
"""Slower than any line a node should have; it bounds what a mirror that drips can cost."""
KEEP_SECONDS: Final = 3600
"""Longer than a verification waits and runs."""


@asynccontextmanager
async def open_store(directory: Path, *, max_bytes: int) -> AsyncIterator[HttpStore]:
    """A store over the cache in `directory`, which is made if need be."""
    async with aiohttp.ClientSession(
        auto_decompress=False,  # a few bytes on the wire could become many
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"Accept-Encoding": "identity"},
        trust_env=False,
    ) as session:
        store = HttpStore(directory, session, max_bytes=max_bytes)
        try:
            yield store
        finally:
            await store.close()


def reason_not_to_ask(url: URL) -> str | None:
    """Why a mirror's URL is not asked, or None if it may be."""
    if url.scheme not in ("http", "https"):
        return "not http or https"
    if not url.host:
        return "no host"
    if url.user or url.password:
        return "it carries credentials"
    return None


class HttpStore:
    """A cache of blobs, and the mirrors behind it."""

    def __init__(self, directory: Path, session: aiohttp.ClientSession, *, max_bytes: int) -> None:
        self._directory = directory
        self._packages = directory / "packages"
        self._packages.mkdir(parents=True, exist_ok=True)
        self._session = session
        self._max_bytes = max_bytes
        self._running: dict[Digest, asyncio.Task[Path]] = {}
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

    async def _download(self, blob: BlobRef) -> Path:
        self._promised[blob.digest] = blob.size
        try:
            await asyncio.to_thread(self._make_room, blob, sum(self._promised.values()))
            return await self._download_from_any(blob)
        finally:
            del self._promised[blob.digest]

    async def _download_from_any(self, blob: BlobRef) -> Path:
        refusal: Refused | None = None
        attempts = []
        for mirror in blob.mirrors:
            try:
                return await self._download_from(mirror, blob)
            except Refused as error:
                refusal = refusal or error
            except _Failed as error:
                attempts.append(f"{mirror}: {error}")
        raise refusal or Unavailable(blob.digest, tuple(attempts))

    async def _download_from(self, mirror: str, blob: BlobRef) -> Path:
        try:
            url = URL(f"{mirror.rstrip('/')}/blobs/{blob.digest.hex()}")
        except ValueError as error:
            raise _Failed(f"not a URL: {error}") from error
        if why := reason_not_to_ask(url):
            raise _Failed(why)
        async for attempt in AsyncRetrying(
            stop=stop_after_attempt(ATTEMPTS_PER_MIRROR),
            wait=wait_random_exponential(multiplier=0.2, max=5),
            retry=retry_if_exception_type(_WorthRepeating),
            reraise=True,
        ):
            with attempt:
                return await self._stream(url, blob)
        raise AssertionError  # pragma: no cover - the last attempt returns or raises

    async def _stream(self, url: URL, blob: BlobRef) -> Path:
        path = blob_path(self._directory, blob.digest)
        partial_path = path.with_name(path.name + PARTIAL_SUFFIX)
        timeout = aiohttp.ClientTimeout(
            total=CONNECT_SECONDS + SILENCE_SECONDS + blob.size / MIN_BYTES_PER_SECOND,
            sock_connect=CONNECT_SECONDS,
            sock_read=SILENCE_SECONDS,
        )
        partial = await asyncio.to_thread(Partial, partial_path, blob.digest, max_bytes=blob.size)
        with partial:
            resumed = partial.size > 0
            headers = {"Range": f"bytes={partial.size}-"} if resumed else {}
            try:
                async with self._session.get(
                    url, headers=headers, timeout=timeout, allow_redirects=False
                ) as response:
                    _start_at(response, partial)
                    async for chunk in response.content.iter_chunked(CHUNK_BYTES):
                        partial.write(chunk)
                partial.publish(path)
            except Refused as error:
                partial.discard()
                if resumed:
                    raise _WorthRepeating(f"what was taken up is spoilt: {error.why}") from error
                raise
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                raise _WorthRepeating(str(error) or type(error).__name__) from error
            finally:
                if not partial.size:
                    partial.discard()
        return path

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


class _Failed(Exception):
    """A mirror did not give the bytes."""


class _WorthRepeating(_Failed):
    """It might, if asked again."""


def _read_manifest(suspect: BlobRef, manifest: bytes) -> tuple[PackageFile, ...]:
    try:
        files = parse_manifest(manifest)
    except BadManifest as error:
        raise Refused(suspect.digest, str(error)) from error
    total = len(manifest) + sum(file.size for file in files)
    if total > suspect.size:
        raise Refused(suspect.digest, f"the package has {total} bytes, {suspect.size} declared")
    return files


def _start_at(response: aiohttp.ClientResponse, partial: Partial) -> None:
    """Judge the answer's head, and bring `partial` to where its body begins."""
    if response.status == 206 and response.headers.get("Content-Range", "").startswith(
        f"bytes {partial.size}-"
    ):
        return
    if response.status == 200:
        partial.restart()
        return
    if response.status in (206, 416):  # not the range that was asked for
        partial.restart()
        raise _WorthRepeating(f"status {response.status}, not the range asked for")
    if response.status >= 500 or response.status == 429:
        raise _WorthRepeating(f"status {response.status}")
    raise _Failed(f"status {response.status}")
