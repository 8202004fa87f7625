"""The chains that the court is tried on: the embedded one, and anvil where npm has put it."""

from __future__ import annotations

import asyncio
import platform
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from node.devchain import serve
from protocol.chain import CourtClient
from protocol.errors import ChainMismatch, ChainUnavailable
from protocol.types import Address

MACHINE = {"x86_64": "amd64", "aarch64": "arm64", "arm64": "arm64"}.get(platform.machine(), "")
ANVIL = (
    Path(__file__).parent.parent.parent
    / f"node_modules/@foundry-rs/anvil-{platform.system().lower()}-{MACHINE}/bin/anvil"
)
BLOCK_SECONDS = 0.2


@pytest.fixture(params=["embedded", "anvil"])
async def rpc_url(request: pytest.FixtureRequest) -> AsyncIterator[str]:
    """A chain that mines five blocks a second."""
    if request.param == "embedded":
        async with serve("127.0.0.1", 0, block_seconds=BLOCK_SECONDS, funded={}) as url:
            yield url
    elif not ANVIL.exists():
        pytest.skip("anvil is not installed; `make setup` brings it")
    else:
        async with _anvil() as url:
            yield url


@asynccontextmanager
async def _anvil() -> AsyncIterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        str(ANVIL), "--hardfork", "prague", "--port", str(port), "--silent",
        "--block-time", str(BLOCK_SECONDS), "--slots-in-an-epoch", "1",
    )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    try:
        await _until_up(url)
        yield url
    finally:
        process.terminate()
        await process.wait()


async def _until_up(url: str) -> None:
    nobody = Address("0x" + "00" * 20)
    async with asyncio.timeout(10):
        while True:
            try:
                await CourtClient.connect(url, nobody)
            except ChainMismatch:
                return
            except ChainUnavailable:
                await asyncio.sleep(0.05)
