"""How long a dispute, a node's start and the demonstration take, and what an idle node weighs.

    python -m tests.bench.node --out docs/results/node.json

Runs `assay demo --json` three times and reports medians; one node is started alone for the other
two.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import aiohttp
import click

from node.devnet import run_devnet
from tests.bench.report import write_report

RUNS = 3


def demonstration() -> dict[str, Any]:
    """One run of the demonstration."""
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as directory:
        done = subprocess.run(
            [sys.executable, "-m", "node", "demo", "--json", "--dir", directory],
            capture_output=True,
            text=True,
            check=True,
        )
    seconds = time.monotonic() - begun
    return {"demo_s": round(seconds, 1), "verdicts": json.loads(done.stdout)["verdicts"]}


async def one_node() -> dict[str, float]:
    """Seconds from the start of a node that has its keys to its readiness, and its idle weight."""
    with tempfile.TemporaryDirectory() as directory:
        async with run_devnet(Path(directory)) as net, aiohttp.ClientSession() as http:
            home = Path(directory) / "one"
            port = 19999
            arguments = [
                *("--home", str(home), "--court", str(net.court_file), "--rpc-url", net.rpc_url),
                *("--listen", f"127.0.0.1:{port}", "--endpoint", f"http://127.0.0.1:{port}"),
            ]
            await _assay("node", "init", "--faucet", *arguments)
            await _assay("node", "register", "--home", str(home))
            begun = time.monotonic()
            node = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "node", "node", "run", "--home", str(home)
            )
            await _until_ready(http, f"http://127.0.0.1:{port}/readyz")
            seconds = time.monotonic() - begun
            await asyncio.sleep(10)
            status = Path(f"/proc/{node.pid}/status").read_text()
            node.terminate()
            await node.wait()
    resident = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return {
        "node_start_s": round(seconds, 2),
        "node_idle_mib": round(int(resident.split()[1]) / 1024, 1),
    }


async def _assay(*arguments: str) -> None:
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "node", *arguments)
    if await process.wait():
        raise click.ClickException(f"assay {' '.join(arguments)} failed")


async def _until_ready(http: aiohttp.ClientSession, url: str) -> None:
    while True:
        try:
            async with http.get(url) as response:
                if response.status == 200:
                    return
        except aiohttp.ClientError:
            pass
        await asyncio.sleep(0.02)


@click.command()
@click.option("--out", type=click.Path(path_type=Path), required=True)
def main(out: Path) -> None:
    """Measure and write the report."""
    runs = [demonstration() for _ in range(RUNS)]
    disputes = [verdict["seconds"] for run in runs for verdict in run["verdicts"]]
    figures = {
        "runs": RUNS,
        "demo_s_median": statistics.median(run["demo_s"] for run in runs),
        "dispute_s_median": round(statistics.median(disputes), 1),
        "dispute_s_longest": max(disputes),
        **asyncio.run(one_node()),
        "verdicts": [run["verdicts"] for run in runs],
    }
    write_report(out, figures)


if __name__ == "__main__":
    main()
