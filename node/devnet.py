"""A whole network on one machine: chain, court, mirror and nodes, each a process of its own.

Every process is an `assay` command that could be typed by hand, and `docker/compose.yaml` starts
the same ones. Logs go to `<directory>/logs/`. Leaving the context ends every process that was
started, last one first.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from .errors import BadConfig, DevnetFailed
from .home import Deployment, load_deployment

COURT_FILE = "court.json"
LOGS = "logs"
OK = frozenset({200})
# The chain's server takes POST only; that it says so is answer enough.
ANY_STATUS = frozenset(range(100, 600))
MIRROR_PORT = 8600
FIRST_NODE_PORT = 9000
START_SECONDS = 60
"""A process that is not up by then never will be; on two busy cores four nodes took 15."""


@dataclass(frozen=True, slots=True)
class Devnet:
    """Where everything is."""

    directory: Path
    rpc_url: str
    mirror: str
    endpoints: tuple[str, ...]
    deployment: Deployment
    processes: Processes = field(repr=False)

    @property
    def court_file(self) -> Path:
        """The deployment, as `--court` takes it."""
        return self.directory / COURT_FILE


@asynccontextmanager
async def run_devnet(
    directory: Path,
    *,
    nodes: int = 4,
    block_seconds: float = 1.0,
    chain_port: int | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> AsyncIterator[Devnet]:
    """Start a network under `directory`; stop it on leaving.

    With a `chain_port`, the mirror listens on 8600 and the nodes from 9000 on; else all ports are
    whatever is free.

    Raises:
        BadConfig: the directory holds something else.
        DevnetFailed: a process ended early or did not come up; names its log.
    """
    ports = (
        _free_ports(nodes + 2)
        if chain_port is None
        else [chain_port, MIRROR_PORT, *range(FIRST_NODE_PORT, FIRST_NODE_PORT + nodes)]
    )
    rpc_url, mirror, *endpoints = (f"http://127.0.0.1:{port}" for port in ports)
    _clear(directory)
    court = directory / COURT_FILE
    async with Processes(directory / LOGS) as processes:
        say("chain")
        await processes.start(
            "chain", "chain", "--port", str(ports[0]), "--block-seconds", str(block_seconds)
        )
        await processes.until_answers("chain", rpc_url, ANY_STATUS)
        say("court")
        await processes.run(
            "deploy", "deploy", "--rpc-url", rpc_url, "--faucet", "--out", str(court)
        )
        say("mirror")
        blobs = str(directory / "blobs")
        await processes.start(
            "mirror", "mirror", "--port", str(ports[1]), "--dir", blobs, "--writable"
        )
        await processes.until_answers("mirror", f"{mirror}/livez")
        say(f"{nodes} verifier nodes")
        for index, endpoint in enumerate(endpoints):
            await processes.start(f"node{index}", "node", "up", "--faucet",
                "--home", str(directory / f"node{index}"), "--court", str(court),
                "--rpc-url", rpc_url, "--listen", endpoint.removeprefix("http://"),
                "--endpoint", endpoint)  # fmt: skip
        for index, endpoint in enumerate(endpoints):
            await processes.until_answers(f"node{index}", f"{endpoint}/readyz")
        deployment = load_deployment(court)
        yield Devnet(directory, rpc_url, mirror, tuple(endpoints), deployment, processes)


class Processes:
    """Child processes by name, with a log each."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._running: dict[str, asyncio.subprocess.Process] = {}
        self._http: aiohttp.ClientSession

    async def __aenter__(self) -> Processes:
        self._logs.mkdir(parents=True, exist_ok=True)
        self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.close()
        # Nodes before the chain they talk to, so that none complains on its way out.
        for process in reversed(self._running.values()):
            if process.returncode is None:
                process.send_signal(signal.SIGTERM)
        for process in self._running.values():
            try:
                await asyncio.wait_for(process.wait(), timeout=10)
            except TimeoutError:
                process.kill()
                await process.wait()

    async def start(self, name: str, *arguments: str) -> None:
        """Start `assay <arguments>` and go on."""
        with (self._logs / f"{name}.log").open("ab") as log:
            self._running[name] = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "node", *arguments,
                stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log,
                # A group of its own: Ctrl-C reaches this process, which then ends the others in
                # order.
                start_new_session=True, env=dict(os.environ),
            )  # fmt: skip

    async def run(self, name: str, *arguments: str) -> None:
        """Start `assay <arguments>` and wait for its success."""
        await self.start(name, *arguments)
        if await self._running.pop(name).wait():
            raise DevnetFailed(name, self._logs / f"{name}.log")

    async def until_one_ends(self) -> None:
        """Wait for ever, or until a process ends that should not.

        Raises:
            DevnetFailed: it did.
        """
        waits = {
            asyncio.create_task(process.wait()): name for name, process in self._running.items()
        }
        try:
            ended, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        name = waits[ended.pop()]
        raise DevnetFailed(name, self._logs / f"{name}.log")

    async def until_answers(self, name: str, url: str, accepted: frozenset[int] = OK) -> None:
        """Wait until `url` answers with an accepted status."""
        try:
            async with asyncio.timeout(START_SECONDS):
                while self._running[name].returncode is None:
                    try:
                        async with self._http.get(url) as response:
                            if response.status in accepted:
                                return
                    except (aiohttp.ClientError, TimeoutError):
                        pass
                    await asyncio.sleep(0.1)
        except TimeoutError:
            pass
        raise DevnetFailed(name, self._logs / f"{name}.log")


def _clear(directory: Path) -> None:
    """Remove the last network: its chain lived in memory, so its keys and claims open nothing."""
    if directory.exists() and any(directory.iterdir()):
        if not (directory / LOGS).is_dir():
            raise BadConfig(directory, "it holds something else than a devnet; name another --dir")
        shutil.rmtree(directory)


def _free_ports(count: int) -> list[int]:
    # Held open together, so that the system names different ones.
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports
