"""A blob brought from strangers' mirrors, under hard limits.

A mirror is whatever URL a stranger wrote on the chain. So:

- it is asked only if `reason_not_to_ask` has nothing to say; redirects are not followed, proxies
  and credentials of the environment are not used;
- a download stops at the first byte beyond the declared size, and when it falls behind a minimum
  rate; its digest is computed as it streams;
- what one attempt brought is taken up by the next, but never believed: if the whole does not hash
  to its name, the next attempt starts from nothing before the mirror is blamed;
- one honest mirror is enough, whatever the others do.
"""

from __future__ import annotations

import asyncio
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

from protocol.types import BlobRef

from .blobs import CHUNK_BYTES, PARTIAL_SUFFIX, Partial
from .errors import Refused, Unavailable

ATTEMPTS_PER_MIRROR: Final = 3
CONNECT_SECONDS: Final = 5
SILENCE_SECONDS: Final = 15
"""Without a byte for so long, a mirror is taken for dead."""
MIN_BYTES_PER_SECOND: Final = 256 * 1024
"""Slower than any line a node should have; it bounds what a mirror that drips can cost."""


def open_session() -> aiohttp.ClientSession:
    """The session in which strangers are asked."""
    return aiohttp.ClientSession(
        auto_decompress=False,  # a few bytes on the wire could become many
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"Accept-Encoding": "identity"},
        trust_env=False,
    )


async def download(session: aiohttp.ClientSession, blob: BlobRef, path: Path) -> None:
    """Bring a blob to `path` from any of its mirrors.

    Raises:
        Refused: a mirror gave other bytes, and none gave these.
        Unavailable: no mirror gave any.
    """
    refusal: Refused | None = None
    attempts = []
    for mirror in blob.mirrors:
        try:
            await _download_from(session, mirror, blob, path)
        except Refused as error:
            refusal = refusal or error
        except _Failed as error:
            attempts.append(f"{mirror}: {error}")
        else:
            return
    raise refusal or Unavailable(blob.digest, tuple(attempts))


def reason_not_to_ask(url: URL) -> str | None:
    """Why a stranger's URL is not asked, or None if it may be."""
    if url.scheme not in ("http", "https"):
        return "not http or https"
    if not url.host:
        return "no host"
    if url.user or url.password:
        return "it carries credentials"
    return None


class _Failed(Exception):
    """A mirror did not give the bytes."""


class _WorthRepeating(_Failed):
    """It might, if asked again."""


async def _download_from(
    session: aiohttp.ClientSession, mirror: str, blob: BlobRef, path: Path
) -> None:
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
            await _stream(session, url, blob, path)


async def _stream(session: aiohttp.ClientSession, url: URL, blob: BlobRef, path: Path) -> None:
    timeout = aiohttp.ClientTimeout(
        total=CONNECT_SECONDS + SILENCE_SECONDS + blob.size / MIN_BYTES_PER_SECOND,
        sock_connect=CONNECT_SECONDS,
        sock_read=SILENCE_SECONDS,
    )
    partial_path = path.with_name(path.name + PARTIAL_SUFFIX)
    partial = await asyncio.to_thread(Partial, partial_path, blob.digest, max_bytes=blob.size)
    with partial:
        resumed = partial.size > 0
        headers = {"Range": f"bytes={partial.size}-"} if resumed else {}
        try:
            async with session.get(
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
