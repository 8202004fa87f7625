"""A node whose chain is not there yet is alive, says so, and goes on when it comes."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import aiohttp

from node.devchain import serve
from tests.support.processes import started


async def test_node__waits_for_a_chain_that_is_down_at_start(tmp_path: Path) -> None:
    home, court = tmp_path / "node", tmp_path / "court.json"
    async with serve("127.0.0.1", 0, block_seconds=1.0, funded={}) as url:
        await _assay("deploy", "--rpc-url", url, "--faucet", "--out", str(court))
        await _assay(
            *("node", "init", "--home", str(home), "--court", str(court), "--rpc-url", url),
            *("--listen", "127.0.0.1:19555", "--endpoint", "http://127.0.0.1:19555"),
        )

    with started("node", "run", "--home", str(home), cwd=tmp_path) as running:
        await asyncio.to_thread(running.until_says, "chain does not answer, waiting")
        status, body = await _readyz("http://127.0.0.1:19555")

        assert running.process.poll() is None
        assert status == 503
        assert body == {"ready": False, "reasons": ["the chain does not answer"]}
        shown = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-m", "node", "node", "status", "--home", str(home), "--json"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert shown.returncode == 1
        assert json.loads(shown.stdout) == body


async def _assay(*arguments: str) -> None:
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "node", *arguments)
    assert await process.wait() == 0


async def _readyz(url: str) -> tuple[int, Any]:
    async with aiohttp.ClientSession() as http, http.get(f"{url}/readyz") as response:
        return response.status, await response.json()
