"""The store against mirrors that are down, slow, cut off, greedy, or lie."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from tenacity import wait_none
from yarl import URL

from node import download as download_module
from node.download import reason_not_to_ask
from node.errors import Refused, Unavailable
from node.mirror import build_mirror
from node.store import HttpStore, open_store
from protocol.package import PackageFile, build_manifest
from protocol.types import MAX_MANIFEST_BYTES, BlobRef, Digest

CONTENT = os.urandom(200_000)
LIE = b"\0" * len(CONTENT)
MAX_BYTES = 1_000_000

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
StartMirror = Callable[[Handler], Awaitable[str]]


def digest_of(content: bytes) -> Digest:
    return Digest(hashlib.sha256(content).digest())


def a_blob(*mirrors: str, content: bytes = CONTENT, size: int | None = None) -> BlobRef:
    return BlobRef(digest_of(content), len(content) if size is None else size, mirrors)


@pytest.fixture(autouse=True)
def _without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download_module, "wait_random_exponential", lambda **_: wait_none())


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[HttpStore]:
    async with open_store(tmp_path / "cache", max_bytes=MAX_BYTES) as store:
        yield store


@pytest.fixture
async def start_mirror() -> AsyncIterator[StartMirror]:
    """Starts a mirror that answers every GET with a handler; gives its URL."""
    async with AsyncExitStack() as stack:

        async def start(handler: Handler) -> str:
            app = web.Application()
            app.router.add_get("/blobs/{digest}", handler, allow_head=False)
            server = await stack.enter_async_context(TestServer(app, host="127.0.0.1"))
            return str(server.make_url("/"))

        yield start


@pytest.fixture
async def honest(tmp_path: Path) -> AsyncIterator[str]:
    """A real mirror over tmp_path/blobs that has CONTENT."""
    app = build_mirror(tmp_path / "blobs", writable=False)
    (tmp_path / "blobs" / digest_of(CONTENT).hex()).write_bytes(CONTENT)
    async with TestServer(app, host="127.0.0.1") as server:
        yield str(server.make_url("/"))


async def lying(_: web.Request) -> web.Response:
    return web.Response(body=LIE)


async def missing(_: web.Request) -> web.Response:
    return web.Response(status=404)


NOBODY = "http://127.0.0.1:1"


async def test_fetch__gives_the_bytes_and_asks_once(
    store: HttpStore, start_mirror: StartMirror
) -> None:
    asked = []

    async def counting(request: web.Request) -> web.Response:
        asked.append(request)
        return web.Response(body=CONTENT)

    blob = a_blob(await start_mirror(counting))
    paths = await asyncio.gather(*(store.fetch(blob) for _ in range(5)))
    again = await store.fetch(blob)

    assert {path.read_bytes() for path in (*paths, again)} == {CONTENT}
    assert len(asked) == 1


@pytest.mark.parametrize("bad", [lying, missing])
async def test_fetch__one_honest_mirror_is_enough(
    store: HttpStore, start_mirror: StartMirror, honest: str, bad: Handler
) -> None:
    blob = a_blob(NOBODY, "not a URL at all", await start_mirror(bad), honest)

    assert (await store.fetch(blob)).read_bytes() == CONTENT


async def test_fetch__follows_no_redirect(
    store: HttpStore, start_mirror: StartMirror, honest: str
) -> None:
    async def redirecting(request: web.Request) -> web.Response:
        raise web.HTTPFound(honest.rstrip("/") + request.path)

    with pytest.raises(Unavailable, match="status 302"):
        await store.fetch(a_blob(await start_mirror(redirecting)))


async def test_fetch__goes_on_for_the_others_when_one_stops_waiting(
    store: HttpStore, start_mirror: StartMirror
) -> None:
    go_on = asyncio.Event()
    asked = asyncio.Event()

    async def slow(_: web.Request) -> web.Response:
        asked.set()
        await go_on.wait()
        return web.Response(body=CONTENT)

    blob = a_blob(await start_mirror(slow))
    impatient = asyncio.create_task(store.fetch(blob))
    patient = asyncio.create_task(store.fetch(blob))
    await asked.wait()
    impatient.cancel()
    await asyncio.wait([impatient])
    go_on.set()

    assert (await patient).read_bytes() == CONTENT


async def test_fetch__refuses_other_bytes(
    store: HttpStore, start_mirror: StartMirror, tmp_path: Path
) -> None:
    with pytest.raises(Refused, match="sha256"):
        await store.fetch(a_blob(NOBODY, await start_mirror(lying), await start_mirror(missing)))

    assert not [path for path in (tmp_path / "cache").iterdir() if path.is_file()]


async def test_fetch__tells_what_it_tried_when_nobody_has_it(
    store: HttpStore, start_mirror: StartMirror
) -> None:
    with pytest.raises(Unavailable) as refusal:
        await store.fetch(a_blob(NOBODY, await start_mirror(missing), "ftp://mirror.example"))

    assert [attempt.rpartition(": ")[2] for attempt in refusal.value.attempts[1:]] == [
        "status 404",
        "not http or https",
    ]
    with pytest.raises(Unavailable, match="no mirror is named"):
        await store.fetch(a_blob())


async def test_fetch__stops_at_the_first_byte_too_many(
    store: HttpStore, start_mirror: StartMirror
) -> None:
    sent = 0

    async def endless(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse()
        await response.prepare(request)
        while sent < 100 * len(CONTENT):
            await response.write(CONTENT)
            sent += len(CONTENT)
        return response

    with pytest.raises(Refused, match="longer than the 1000 bytes declared"):
        await store.fetch(a_blob(await start_mirror(endless), size=1000))

    assert sent < 100 * len(CONTENT)


async def test_fetch__takes_up_where_a_mirror_broke_off(
    store: HttpStore, start_mirror: StartMirror
) -> None:
    ranges = []

    async def fragile(request: web.Request) -> web.StreamResponse:
        ranges.append(request.headers.get("Range"))
        start = int(ranges[-1][6:-1]) if ranges[-1] else 0
        response = web.StreamResponse(status=206 if start else 200)
        response.content_length = len(CONTENT) - start
        response.headers["Content-Range"] = f"bytes {start}-{len(CONTENT) - 1}/{len(CONTENT)}"
        await response.prepare(request)
        await response.write(CONTENT[start : start + 90_000])
        if start + 90_000 < len(CONTENT):
            assert request.transport is not None
            request.transport.close()
        return response

    path = await store.fetch(a_blob(await start_mirror(fragile)))

    assert path.read_bytes() == CONTENT
    assert ranges == [None, "bytes=90000-", "bytes=180000-"]


async def test_fetch__what_a_liar_left_does_not_spoil_the_next_mirror(
    store: HttpStore, honest: str, tmp_path: Path
) -> None:
    blob = a_blob(honest)
    (tmp_path / "cache" / f"{blob.digest.hex()}.partial").write_bytes(LIE[:100_000])

    assert (await store.fetch(blob)).read_bytes() == CONTENT


async def test_fetch__a_mirror_without_ranges_starts_again(
    store: HttpStore, start_mirror: StartMirror, tmp_path: Path
) -> None:
    async def whole(_: web.Request) -> web.Response:
        return web.Response(body=CONTENT)

    blob = a_blob(await start_mirror(whole))
    (tmp_path / "cache" / f"{blob.digest.hex()}.partial").write_bytes(CONTENT[:50_000])

    assert (await store.fetch(blob)).read_bytes() == CONTENT


async def test_fetch__tries_again_when_a_mirror_is_busy(
    store: HttpStore, start_mirror: StartMirror
) -> None:
    answers = iter([503, 429, 200])

    async def busy(_: web.Request) -> web.Response:
        status = next(answers)
        return web.Response(status=status, body=CONTENT if status == 200 else b"later")

    assert (await store.fetch(a_blob(await start_mirror(busy)))).read_bytes() == CONTENT


async def test_fetch__gives_up_on_silence(
    store: HttpStore, start_mirror: StartMirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download_module, "SILENCE_SECONDS", 0.05)
    over = asyncio.Event()

    async def silent(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await over.wait()
        return response

    with pytest.raises(Unavailable):
        await store.fetch(a_blob(await start_mirror(silent)))
    over.set()


async def test_fetch__ignores_the_proxies_of_the_environment(
    store: HttpStore, honest: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", NOBODY)
    monkeypatch.delenv("NO_PROXY", raising=False)

    assert (await store.fetch(a_blob(honest))).read_bytes() == CONTENT


async def test_fetch__does_not_inflate(store: HttpStore, start_mirror: StartMirror) -> None:
    async def squeezed(_: web.Request) -> web.Response:
        response = web.Response(body=b"\0" * 10_000)
        response.enable_compression(web.ContentCoding.gzip, strategy=0)
        response.headers["Content-Encoding"] = "gzip"
        return response

    with pytest.raises((Refused, Unavailable)):
        await store.fetch(a_blob(await start_mirror(squeezed), content=b"\0" * 10_000))


async def test_fetch__a_cached_blob_longer_than_declared_is_refused_too(
    store: HttpStore, honest: str
) -> None:
    await store.fetch(a_blob(honest))

    with pytest.raises(Refused, match="longer"):
        await store.fetch(a_blob(honest, size=10))


async def test_cache__evicts_what_was_used_least_recently(
    store: HttpStore, start_mirror: StartMirror, tmp_path: Path
) -> None:
    contents = {digest_of(body).hex(): body for body in (bytes([n]) * 300_000 for n in range(4))}

    async def serving(request: web.Request) -> web.Response:
        return web.Response(body=contents[request.match_info["digest"]])

    mirror = await start_mirror(serving)
    first, second, third, fourth = contents.values()
    long_ago = 1_000_000
    for age, body in enumerate((first, second, third)):
        path = await store.fetch(a_blob(mirror, content=body))
        os.utime(path, (long_ago + age, long_ago + age))
    await store.fetch(a_blob(mirror, content=first))  # used again, so the second is the oldest

    await store.fetch(a_blob(mirror, content=fourth))

    cached = {path.name for path in (tmp_path / "cache").iterdir() if path.is_file()}
    assert cached == {digest_of(body).hex() for body in (first, third, fourth)}


async def test_cache__never_evicts_what_may_be_in_use(store: HttpStore, honest: str) -> None:
    path = await store.fetch(a_blob(honest))

    with pytest.raises(Unavailable, match="room"):
        await store.fetch(a_blob(honest, content=b"large", size=MAX_BYTES - len(CONTENT) + 1))

    assert path.exists()


def a_package(blobs: Path, *contents: bytes, sizes: tuple[int, ...] = ()) -> BlobRef:
    """Put a package of files named 0, 1, ... where the honest mirror serves it."""
    declared = sizes or tuple(len(content) for content in contents)
    files = [
        PackageFile(str(number), digest_of(content), size)
        for number, (content, size) in enumerate(zip(contents, declared, strict=True))
    ]
    manifest = build_manifest(files)
    for content in (manifest, *contents):
        (blobs / digest_of(content).hex()).write_bytes(content)
    return BlobRef(digest_of(manifest), len(manifest) + sum(declared), ())


def at(blob: BlobRef, mirror: str, size: int | None = None) -> BlobRef:
    return BlobRef(blob.digest, blob.size if size is None else size, (mirror,))


async def test_fetch_package__gives_exactly_the_files(
    store: HttpStore, honest: str, tmp_path: Path
) -> None:
    suspect = at(a_package(tmp_path / "blobs", b"config", CONTENT, b"config"), honest)

    directory, same = await asyncio.gather(
        store.fetch_package(suspect), store.fetch_package(suspect)
    )

    assert directory == same == await store.fetch_package(suspect)
    assert {path.name: path.read_bytes() for path in directory.iterdir()} == {
        "0": b"config",
        "1": CONTENT,
        "2": b"config",
    }


async def test_fetch_package__refuses_more_than_was_declared(
    store: HttpStore, honest: str, tmp_path: Path
) -> None:
    suspect = a_package(tmp_path / "blobs", b"config", CONTENT)

    with pytest.raises(Refused, match="declared"):
        await store.fetch_package(at(suspect, honest, size=suspect.size - 1))


async def test_fetch_package__refuses_a_file_of_another_size(
    store: HttpStore, honest: str, tmp_path: Path
) -> None:
    with pytest.raises(Refused, match="size in the manifest"):
        await store.fetch_package(at(a_package(tmp_path / "blobs", b"short", sizes=(6,)), honest))
    with pytest.raises(Refused, match="longer than the 4 bytes"):
        await store.fetch_package(at(a_package(tmp_path / "blobs", b"short", sizes=(4,)), honest))


@pytest.mark.parametrize(
    "manifest", [b"{}", b"not JSON", b" " * (MAX_MANIFEST_BYTES + 1)], ids=["empty", "text", "long"]
)
async def test_fetch_package__refuses_a_bad_manifest(
    store: HttpStore, honest: str, tmp_path: Path, manifest: bytes
) -> None:
    (tmp_path / "blobs" / digest_of(manifest).hex()).write_bytes(manifest)

    with pytest.raises(Refused):
        await store.fetch_package(a_blob(honest, content=manifest, size=10**6))


async def test_fetch_package__is_built_again_after_its_blobs_were_evicted(
    store: HttpStore, honest: str, tmp_path: Path
) -> None:
    suspect = at(a_package(tmp_path / "blobs", b"config", b"w" * 600_000), honest)
    directory = await store.fetch_package(suspect)
    for path in (tmp_path / "cache").iterdir():
        os.utime(path, (1, 1))

    large = b"l" * 900_000
    (tmp_path / "blobs" / digest_of(large).hex()).write_bytes(large)
    large_path = await store.fetch(a_blob(honest, content=large))
    assert not directory.exists()

    os.utime(large_path, (1, 1))
    again = await store.fetch_package(suspect)
    assert (again / "1").read_bytes() == b"w" * 600_000


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://mirror.example", None),
        ("https://mirror.example:8443/path", None),
        ("file:///etc/passwd", "not http or https"),
        ("ftp://mirror.example", "not http or https"),
        ("mirror.example", "not http or https"),
        ("http:///blobs", "no host"),
        ("http://user:secret@mirror.example", "it carries credentials"),
    ],
)
def test_reason_not_to_ask(url: str, why: str | None) -> None:
    assert reason_not_to_ask(URL(url)) == why
