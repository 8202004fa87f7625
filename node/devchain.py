"""The embedded chain: a ledger that mines on a clock, behind JSON-RPC.

`assay devnet` and `assay demo` run it so that nothing but pip is needed. What it answers is in
`rpc_methods`.

Blocks come every `block_seconds`, empty or not, stamped with the wall clock. Intervals below a
second make the chain's clock run ahead, since every block must be later than its parent.

But: it keeps no state on disk, and anyone who can reach the port can mint money. Bind it to
loopback, or to a private network of containers.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

from aiohttp import web
from eth_typing import Address as RawAddress
from eth_utils.address import to_canonical_address

from protocol.types import Address

from .ledger import Ledger
from .rpc_methods import RpcMethods

MAX_REQUEST_BYTES: Final = 4 * 1024 * 1024
"""A deployment is 100 kB of hex; a batch of a hundred reads is less."""


@asynccontextmanager
async def serve(
    host: str, port: int, *, block_seconds: float | None, funded: Mapping[Address, int]
) -> AsyncIterator[str]:
    """Run a chain for the length of the block; yields its URL. Port 0 takes a free one.

    `funded` maps addresses to wei at genesis. With `block_seconds=None` only `evm_mine` makes
    blocks.
    """
    genesis = {RawAddress(to_canonical_address(who)): wei for who, wei in funded.items()}
    # py-evm is not safe to share, so the chain lives in one thread, and the event loop stays free.
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="devchain") as thread:
        methods = RpcMethods(Ledger(timestamp=int(time.time()), funded=genesis))
        app = web.Application(client_max_size=MAX_REQUEST_BYTES)
        app.router.add_post("/", _handler(methods, thread))
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        try:
            site = web.TCPSite(runner, host, port)
            await site.start()
            bound_port = runner.addresses[0][1]
            mining = asyncio.create_task(_mine_on_a_clock(methods, thread, block_seconds))
            try:
                yield f"http://{host}:{bound_port}"
            finally:
                mining.cancel()
                with suppress(asyncio.CancelledError):
                    await mining
        finally:
            await runner.cleanup()


def _handler(methods: RpcMethods, thread: ThreadPoolExecutor) -> Callable[[web.Request], Any]:
    async def handle(request: web.Request) -> web.Response:
        body = await request.read()
        return web.json_response(await _in(thread, lambda: methods.respond(body)))

    return handle


async def _mine_on_a_clock(
    methods: RpcMethods, thread: ThreadPoolExecutor, block_seconds: float | None
) -> None:
    if block_seconds is None:
        return
    while True:
        await asyncio.sleep(block_seconds)
        await _in(thread, methods.mine)


async def _in(thread: ThreadPoolExecutor, work: Callable[[], Any]) -> Any:
    return await asyncio.get_running_loop().run_in_executor(thread, work)
