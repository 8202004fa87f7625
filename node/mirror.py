"""A mirror: blobs by digest over HTTP (SPEC 2.4), and how to publish on one.

    GET, HEAD /blobs/<hex>    the bytes; ranges are served, so a download can be taken up again
    PUT       /blobs/<hex>    take the bytes, if the mirror is writable: 201, or 200 if it has them
                              400 not a digest, 409 other bytes than it names, 413 too many
    GET       /livez          the process is there

A mirror is trusted with nothing: who fetches checks the digest. It lists nothing, so what is not
known by its digest stays unread. A writable one is open to everybody who reaches it and only bounds
the size of each blob: keep it on loopback or behind something that knows its users.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import aiohttp
from aiohttp import web

from protocol.package import manifest_directory, package_bytes, parse_manifest
from protocol.types import BlobRef, Digest

from .blobs import CHUNK_BYTES, PARTIAL_SUFFIX, Partial, blob_path, hash_file
from .errors import PublishFailed, Refused

MAX_BLOB_BYTES: Final = 8 * 2**30
"""More than the largest package file this project has seen, less than a small disk."""

_DIRECTORY: Final = web.AppKey("directory", Path)
_MAX_BYTES: Final = web.AppKey("max_bytes", int)
_DIGEST_HEX: Final = re.compile(r"[0-9a-f]{64}")


def build_mirror(
    directory: Path, *, writable: bool, max_bytes: int = MAX_BLOB_BYTES
) -> web.Application:
    """The application that serves the blobs in `directory`, which is made if need be."""
    directory.mkdir(parents=True, exist_ok=True)
    app = web.Application()
    app[_DIRECTORY], app[_MAX_BYTES] = directory, max_bytes
    app.router.add_get("/livez", _livez)
    app.router.add_get("/blobs/{digest}", _get_blob)
    if writable:
        app.router.add_put("/blobs/{digest}", _put_blob)
    return app


async def upload(session: aiohttp.ClientSession, mirror: str, content: Path | bytes) -> BlobRef:
    """Put a file or bytes on a mirror.

    Raises:
        PublishFailed: the mirror does not answer or does not take it.
    """
    digest, size = await asyncio.to_thread(_name, content)
    url = f"{mirror.rstrip('/')}/blobs/{digest.hex()}"
    try:
        async with session.head(url) as response:
            is_there = response.status == 200
        if not is_there:
            body = content if isinstance(content, bytes) else _chunks(content)
            headers = {"Content-Length": str(size)}
            async with session.put(url, data=body, headers=headers) as response:
                if response.status not in (200, 201):
                    answer = (await response.text())[:200].strip()
                    raise PublishFailed(url, f"status {response.status}: {answer}")
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        raise PublishFailed(url, str(error) or type(error).__name__) from error
    return BlobRef(digest, size, (mirror,))


async def publish_package(session: aiohttp.ClientSession, mirror: str, directory: Path) -> BlobRef:
    """Put a model's files and then its manifest on a mirror; returns it as a dispute names it.

    Raises:
        PublishFailed: the mirror does not answer or does not take a file.
        BadPackage: the directory holds something that a package may not.
        BadManifest: the directory holds too many files.
    """
    manifest = await asyncio.to_thread(manifest_directory, directory)
    for file in parse_manifest(manifest):
        await upload(session, mirror, directory / file.path)
    # Last, so that whoever finds the manifest finds the files too.
    blob = await upload(session, mirror, manifest)
    return BlobRef(blob.digest, package_bytes(manifest), (mirror,))


async def _livez(_: web.Request) -> web.Response:
    return web.Response(text="ok\n")


async def _get_blob(request: web.Request) -> web.StreamResponse:
    path = blob_path(request.app[_DIRECTORY], _digest(request))
    if not path.is_file():
        return _refusal(404, "no such blob")
    headers = {"Content-Type": "application/octet-stream", "X-Content-Type-Options": "nosniff"}
    return web.FileResponse(path, chunk_size=CHUNK_BYTES, headers=headers)


async def _put_blob(request: web.Request) -> web.Response:
    directory, max_bytes = request.app[_DIRECTORY], request.app[_MAX_BYTES]
    digest = _digest(request)
    path = blob_path(directory, digest)
    if path.is_file():
        return web.json_response({}, status=200)
    if (request.content_length or 0) > max_bytes:
        return _refusal(413, f"a blob here has at most {max_bytes} bytes")
    # A name of its own for each upload: two may bring the same blob at once.
    partial_path = directory / f"{digest.hex()}.{secrets.token_hex(8)}{PARTIAL_SUFFIX}"
    with Partial(partial_path, digest, max_bytes=max_bytes) as partial:
        try:
            async for chunk in request.content.iter_chunked(CHUNK_BYTES):
                if partial.size + len(chunk) > max_bytes:
                    return _refusal(413, f"a blob here has at most {max_bytes} bytes")
                partial.write(chunk)
            partial.publish(path)
        except Refused as error:
            return _refusal(409, error.why)
        finally:
            partial.discard()
    return web.json_response({}, status=201)


def _digest(request: web.Request) -> Digest:
    name = request.match_info["digest"]
    # Nothing but a digest ever becomes a path.
    if not _DIGEST_HEX.fullmatch(name):
        raise web.HTTPBadRequest(
            text='{"error": "not 64 digits of lower-case hex"}', content_type="application/json"
        )
    return Digest(bytes.fromhex(name))


def _name(content: Path | bytes) -> tuple[Digest, int]:
    if isinstance(content, bytes):
        return Digest(hashlib.sha256(content).digest()), len(content)
    return hash_file(content), content.stat().st_size


def _refusal(status: int, why: str) -> web.Response:
    return web.json_response({"error": why}, status=status)


async def _chunks(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk
