"""The composition root: a home and its settings in, a running node out.

What must be right at once (keys, journal, settings) fails at start, with a sentence. What may come
later (the chain, the seat) is waited for: the node is alive, says on `/readyz` what is missing, and
goes on when it is there.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from aiohttp import web

from protocol.chain import CourtClient
from protocol.errors import ChainUnavailable
from protocol.types import Address

from .api import build_api
from .config import NodeConfig
from .dispute import follow
from .duty import Services
from .home import Deployment, load_deployment
from .keystore import NodeKeys
from .metrics import Metrics
from .peers import open_peers
from .sandbox import ProcessSandbox
from .setup import open_journal
from .signer import JournalSigner
from .store import open_store
from .submitter import Submitter
from .watcher import Watcher

log = logging.getLogger(__name__)


async def run_node(home: Path, config: NodeConfig, keys: NodeKeys) -> None:
    """Do a member's duty until cancelled.

    Raises:
        BadConfig, JournalMissing, JournalRefused, AlreadyRunning: the node must not start.
        ChainMismatch: the chain that answers is not the court's.
    """
    deployment = load_deployment(home / "court.json")
    metrics = Metrics()
    health = Health()
    async with AsyncExitStack() as stack:
        journal = stack.enter_context(open_journal(home, keys))
        peers = await stack.enter_async_context(open_peers(deployment.court, keys.bls_key))
        api = build_api(journal, metrics, peers, health.reasons)
        await stack.enter_async_context(_listening(api, config))
        store = await stack.enter_async_context(
            open_store(home / "cache", max_bytes=config.max_cache_bytes)
        )
        sandbox = ProcessSandbox(
            timeout_s=config.verify_seconds, memory_bytes=config.verify_memory_bytes
        )
        if not await sandbox.is_offline():
            log.warning("this system does not let the verifier's process give up the network")
        court = await stack.enter_async_context(await _wait_for_court(deployment, config, keys))
        chain = Submitter(
            court, journal.progress, metrics, operator=Address(keys.account.address),
            poll_seconds=config.poll_seconds, turn_seconds=config.turn_seconds,
        )  # fmt: skip
        health.watcher = chain
        signer = JournalSigner(keys, journal, deployment.court)
        log.info("serving court %s", deployment.court.dispute_manager)
        await follow(Services(chain, store, sandbox, signer, peers, metrics))


class Health:
    """What keeps this node from its duty."""

    def __init__(self) -> None:
        self.watcher: Watcher | None = None

    def reasons(self) -> list[str]:
        """In words of one line; none if the node can do its duty."""
        if self.watcher is None or self.watcher.head is None:
            return ["the chain does not answer"]
        return (
            []
            if self.watcher.is_seated
            else ["this node has no seat; take one: assay node register"]
        )


@asynccontextmanager
async def _listening(api: web.Application, config: NodeConfig) -> AsyncIterator[None]:
    runner = web.AppRunner(api, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, config.listen_host, config.listen_port).start()
        log.info("listening on %s:%d", config.listen_host, config.listen_port)
        yield
    finally:
        await runner.cleanup()


async def _wait_for_court(
    deployment: Deployment, config: NodeConfig, keys: NodeKeys
) -> CourtClient:
    waiting = False
    while True:
        try:
            return await deployment.connect(config.rpc_url, keys.account)
        except ChainUnavailable as error:
            if not waiting:
                log.warning("chain does not answer, waiting: %s", error)
            waiting = True
            await asyncio.sleep(config.poll_seconds)
