"""The chains that the court is tried on: the embedded one, and anvil and EthereumJS from npm."""

from __future__ import annotations

import asyncio
import platform
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from node.devchain import serve
from protocol.chain import CourtClient
from protocol.errors import ChainMismatch, ChainUnavailable
from protocol.types import Address
from tests.support import ethereumjs

MACHINE = {"x86_64": "amd64", "aarch64": "arm64", "arm64": "arm64"}.get(platform.machine(), "")
ANVIL = (
    Path(__file__).parent.parent.parent
    / f"node_modules/@foundry-rs/anvil-{platform.system().lower()}-{MACHINE}/bin/anvil"
)
BLOCK_SECONDS = 0.1


@pytest.fixture(autouse=True)
def _impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask for receipts as often as such blocks are mined."""
    monkeypatch.setattr("protocol.chain.sending.POLL_SECONDS", BLOCK_SECONDS / 2)


@dataclass(frozen=True)
class Chain:
    """An execution client for tests."""

    run: Callable[[], AbstractAsyncContextManager[str]]
    """A chain that mines ten blocks a second, by its URL."""
    binary: Path | None = None

    def is_installed(self) -> bool:
        return self.binary is None or self.binary.exists()


@pytest.fixture(params=["embedded", "anvil", pytest.param("ethereumjs", marks=pytest.mark.slow)])
async def rpc_url(request: pytest.FixtureRequest) -> AsyncIterator[str]:
    """Every chain there is."""
    chain = CHAINS[request.param]
    if not chain.is_installed():
        pytest.skip(f"{request.param} is not installed; `make setup` brings it")
    async with chain.run() as url:
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


CHAINS = {
    "embedded": Chain(partial(serve, "127.0.0.1", 0, block_seconds=BLOCK_SECONDS, funded={})),
    "anvil": Chain(_anvil, ANVIL),
    "ethereumjs": Chain(
        partial(ethereumjs.run_ethereumjs, block_seconds=BLOCK_SECONDS), ethereumjs.CLIENT
    ),
}
