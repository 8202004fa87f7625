"""A mirror gives what it has by digest, takes only what its digest names, and does nothing else."""

from __future__ import annotations

import hashlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.web import Application, Request

from node.errors import PublishFailed
from node.mirror import build_mirror, publish_package, upload
from protocol.package import parse_manifest

CONTENT = bytes(range(256)) * 40
NAME = hashlib.sha256(CONTENT).hexdigest()

Client = TestClient[Request, Application]


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[Client]:
    app = build_mirror(tmp_path / "blobs", writable=True, max_bytes=len(CONTENT))
    async with TestClient(TestServer(app, host="127.0.0.1")) as client:
        yield client


@pytest.fixture
def blobs(tmp_path: Path, client: Client) -> Path:
    return tmp_path / "blobs"


async def test_put__then_get(client: Client, blobs: Path) -> None:
    async with client.put(f"/blobs/{NAME}", data=CONTENT) as response:
        assert response.status == 201
    async with client.get(f"/blobs/{NAME}") as response:
        assert await response.read() == CONTENT
        assert response.headers["Content-Type"] == "application/octet-stream"
    async with client.head(f"/blobs/{NAME}") as response:
        assert (response.status, response.content_length) == (200, len(CONTENT))
    async with client.put(f"/blobs/{NAME}", data=b"whatever") as response:
        assert response.status == 200
    assert (blobs / NAME).read_bytes() == CONTENT


async def test_get__serves_ranges(client: Client, blobs: Path) -> None:
    (blobs / NAME).write_bytes(CONTENT)

    async with client.get(f"/blobs/{NAME}", headers={"Range": "bytes=1000-"}) as response:
        assert response.status == 206
        assert await response.read() == CONTENT[1000:]


async def test_put__refuses_other_bytes_and_keeps_none(client: Client, blobs: Path) -> None:
    async with client.put(f"/blobs/{NAME}", data=CONTENT[:-1] + b"!") as response:
        assert response.status == 409
        assert "sha256" in (await response.json())["error"]
    assert not os.listdir(blobs)


@pytest.mark.parametrize("chunked", [False, True], ids=["said so", "without a word"])
async def test_put__refuses_too_many_bytes(client: Client, blobs: Path, chunked: bool) -> None:
    content = CONTENT + b"!"

    async def stream() -> AsyncIterator[bytes]:
        yield content

    name = hashlib.sha256(content).hexdigest()
    body = stream() if chunked else content
    async with client.put(f"/blobs/{name}", data=body) as response:
        assert response.status == 413
    assert not os.listdir(blobs)


@pytest.mark.parametrize(
    "name", ["..%2F..%2Fetc%2Fpasswd", NAME.upper(), NAME[:-1], NAME + "0", f"{NAME}.partial"]
)
async def test_names__only_a_digest_becomes_a_path(client: Client, blobs: Path, name: str) -> None:
    (blobs / f"{NAME}.partial").write_bytes(b"half of it")
    for method in ("GET", "HEAD", "PUT"):
        async with client.request(method, f"/blobs/{name}", data=b"") as response:
            assert response.status == 400


async def test_get__lists_nothing(client: Client, blobs: Path) -> None:
    (blobs / NAME).write_bytes(CONTENT)
    for path in ("/", "/blobs", "/blobs/"):
        async with client.get(path) as response:
            assert response.status in (400, 404)


async def test_put__is_refused_by_a_mirror_that_is_not_writable(tmp_path: Path) -> None:
    app = build_mirror(tmp_path, writable=False)
    async with TestClient(TestServer(app, host="127.0.0.1")) as client:
        async with client.put(f"/blobs/{NAME}", data=CONTENT) as response:
            assert response.status == 405
        async with client.get(f"/blobs/{NAME}") as response:
            assert response.status == 404


async def test_publish_package__puts_every_file_and_the_manifest(
    tmp_path: Path, client: Client, blobs: Path
) -> None:
    model = tmp_path / "model"
    model.mkdir()
    (model / "config.json").write_bytes(b"{}")
    (model / "weights.bin").write_bytes(b"w" * 1000)

    async with ClientSession() as session:
        blob = await publish_package(session, str(client.make_url("/")), model)

    manifest = (blobs / blob.digest.hex()).read_bytes()
    files = parse_manifest(manifest)
    assert [file.path for file in files] == ["config.json", "weights.bin"]
    assert all((blobs / file.digest.hex()).stat().st_size == file.size for file in files)
    assert blob.size == len(manifest) + 1002


async def test_upload__says_why_a_mirror_refuses(tmp_path: Path, client: Client) -> None:
    too_long = tmp_path / "too-long"
    too_long.write_bytes(CONTENT + b"!")

    async with ClientSession() as session:
        with pytest.raises(PublishFailed, match="413"):
            await upload(session, str(client.make_url("/")), too_long)
        with pytest.raises(PublishFailed, match="mirror is up"):
            await upload(session, "http://127.0.0.1:1", b"nobody listens")
