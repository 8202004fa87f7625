"""web3.py must not be able to tell the embedded chain from a real client."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from eth_account import Account
from web3 import AsyncHTTPProvider, AsyncWeb3
from web3.exceptions import ContractCustomError, ContractLogicError, Web3RPCError
from web3.middleware import SignAndSendRawMiddlewareBuilder

from node.devchain import serve
from protocol.types import Address

RICH = Account.from_key(b"\x01" * 32)
POOR = Account.from_key(b"\x02" * 32)

# Without calldata: emits LOG1 with topic 42. With calldata: reverts with it.
RUNTIME = bytes.fromhex("36600c57602a60006000a1005b366000600037366000fd")
CREATION = bytes.fromhex(f"60{len(RUNTIME):02x}8060095f395ff3") + RUNTIME

Web3 = AsyncWeb3[AsyncHTTPProvider]


@pytest.fixture
async def url() -> AsyncIterator[str]:
    funded = {Address(RICH.address): 10**20}
    async with serve("127.0.0.1", 0, block_seconds=None, funded=funded) as url:
        yield url


@pytest.fixture
async def web3(url: str) -> AsyncIterator[Web3]:
    web3 = AsyncWeb3(AsyncHTTPProvider(url))
    signing: Any = SignAndSendRawMiddlewareBuilder.build(RICH)
    web3.middleware_onion.inject(signing, layer=0)
    yield web3
    await web3.provider.disconnect()


async def mine(web3: Web3) -> None:
    await web3.provider.make_request("evm_mine", [])


async def deploy(web3: Web3) -> Any:
    sent = await web3.eth.send_transaction({"from": RICH.address, "data": CREATION, "gas": 200_000})
    await mine(web3)
    receipt = await web3.eth.get_transaction_receipt(sent)
    assert receipt["status"] == 1
    return receipt["contractAddress"]


async def test_transaction__waits_for_its_block(web3: Web3) -> None:
    transfer = {"from": RICH.address, "to": POOR.address, "value": 7}
    sent = await web3.eth.send_transaction(transfer)  # type: ignore[arg-type]

    assert (await web3.eth.get_transaction(sent))["blockNumber"] is None
    assert await web3.eth.get_transaction_count(RICH.address) == 0
    assert await web3.eth.get_transaction_count(RICH.address, "pending") == 1
    await mine(web3)

    receipt = await web3.eth.get_transaction_receipt(sent)
    assert (receipt["blockNumber"], receipt["status"], receipt["gasUsed"]) == (1, 1, 21_000)
    assert await web3.eth.get_balance(POOR.address) == 7
    assert await web3.eth.get_balance(POOR.address, 0) == 0
    assert await web3.eth.get_transaction_count(RICH.address) == 1


async def test_transactions__of_one_sender_are_mined_in_order_of_nonce(web3: Web3) -> None:
    sent = [
        await web3.eth.send_transaction(
            {"from": RICH.address, "to": POOR.address, "value": nonce, "nonce": nonce}  # type: ignore[typeddict-item]
        )
        for nonce in (2, 1)
    ]
    await mine(web3)
    assert await web3.eth.get_transaction_count(RICH.address) == 0

    sent.append(
        await web3.eth.send_transaction(
            {"from": RICH.address, "to": POOR.address, "nonce": 0}  # type: ignore[typeddict-item]
        )
    )
    await mine(web3)

    places = [(await web3.eth.get_transaction_receipt(one))["transactionIndex"] for one in sent]
    assert places == [2, 1, 0]


async def test_call__custom_error_arrives_as_one(web3: Web3) -> None:
    contract = await deploy(web3)
    data = "0x5cd5d233" + "00" * 31 + "2a"

    with pytest.raises(ContractCustomError) as refusal:
        await web3.eth.call({"to": contract, "data": data})  # type: ignore[typeddict-item]
    assert refusal.value.data == data

    with pytest.raises(ContractCustomError):
        await web3.eth.estimate_gas({"to": contract, "data": data})  # type: ignore[typeddict-item]


async def test_call__reason_string_arrives_as_one(web3: Web3) -> None:
    contract = await deploy(web3)
    text = "0x08c379a0" + f"{32:064x}{2:064x}" + b"no".hex().ljust(64, "0")

    with pytest.raises(ContractLogicError, match="execution reverted"):
        await web3.eth.call({"to": contract, "data": text})  # type: ignore[typeddict-item]


async def test_transaction__that_reverts_is_mined_as_failed(web3: Web3) -> None:
    contract = await deploy(web3)
    sent = await web3.eth.send_transaction(
        {"from": RICH.address, "to": contract, "data": "0xdeadbeef", "gas": 100_000}  # type: ignore[typeddict-item]
    )
    await mine(web3)

    assert (await web3.eth.get_transaction_receipt(sent))["status"] == 0


async def test_logs__are_found_by_address_topic_and_range(web3: Web3) -> None:
    contract = await deploy(web3)
    for _ in range(2):
        await web3.eth.send_transaction({"from": RICH.address, "to": contract, "gas": 100_000})
        await mine(web3)
    await mine(web3)
    topic = "0x" + f"{42:064x}"
    everything: dict[str, Any] = {"fromBlock": 0, "toBlock": "latest"}

    async def blocks(**wanted: Any) -> list[int]:
        logs = await web3.eth.get_logs({**everything, **wanted})  # type: ignore[typeddict-item]
        return [log["blockNumber"] for log in logs]

    assert await blocks() == [2, 3]
    assert await blocks(address=contract, topics=[topic]) == [2, 3]
    assert await blocks(topics=[[topic, "0x" + "00" * 32]]) == [2, 3]
    assert await blocks(fromBlock=3, toBlock=99) == [3]
    assert await blocks(address=POOR.address) == []
    assert await blocks(topics=["0x" + "00" * 32]) == []
    assert await blocks(topics=[None, topic]) == []
    block = await web3.eth.get_block(2)
    [log] = await web3.eth.get_logs({"blockHash": block["hash"]})
    assert (log["blockNumber"], log["logIndex"]) == (2, 0)


async def test_logs__of_one_contract_are_picked_out_of_a_block(web3: Web3) -> None:
    first, second = await deploy(web3), await deploy(web3)
    for contract in (first, second):
        await web3.eth.send_transaction({"from": RICH.address, "to": contract, "gas": 100_000})
    await mine(web3)

    logs = await web3.eth.get_logs({"fromBlock": 0, "address": second})

    assert [(log["address"], log["logIndex"]) for log in logs] == [(second, 1)]


async def test_estimate__is_enough_and_not_much_more(web3: Web3) -> None:
    contract = await deploy(web3)
    estimate = await web3.eth.estimate_gas({"from": RICH.address, "to": contract})
    sent = await web3.eth.send_transaction({"from": RICH.address, "to": contract, "gas": estimate})
    await mine(web3)

    receipt = await web3.eth.get_transaction_receipt(sent)
    assert receipt["status"] == 1
    assert estimate < receipt["gasUsed"] * 1.2


async def test_blocks__finalized_is_latest_and_hashes_chain(web3: Web3) -> None:
    await mine(web3)
    await mine(web3)

    latest, finalized = await web3.eth.get_block("latest"), await web3.eth.get_block("finalized")
    assert latest == finalized
    assert latest["parentHash"] == (await web3.eth.get_block(1))["hash"]
    assert await web3.eth.get_block(latest["hash"]) == latest
    assert latest["gasLimit"] == 60_000_000
    assert await web3.eth.chain_id == 31337


async def test_history__old_block_hashes_are_readable_by_contracts(web3: Web3) -> None:
    for _ in range(3):
        await mine(web3)
    history = "0x0000F90827F1C53a10cb7A02335B175320002935"  # EIP-2935

    block_hash = await web3.eth.call({"to": history, "data": "0x" + f"{1:064x}"})  # type: ignore[typeddict-item]

    assert block_hash == (await web3.eth.get_block(1))["hash"]


async def test_clock__follows_the_wall_and_can_be_moved(web3: Web3) -> None:
    await mine(web3)
    before = (await web3.eth.get_block("latest"))["timestamp"]
    assert abs(before - time.time()) < 3

    await web3.provider.make_request("evm_increaseTime", [3600])
    await mine(web3)

    moved = (await web3.eth.get_block("latest"))["timestamp"] - before
    assert 3595 < moved < 3605


async def test_set_balance__is_seen_at_once(web3: Web3) -> None:
    await web3.provider.make_request("anvil_setBalance", [POOR.address, hex(5)])

    assert await web3.eth.get_balance(POOR.address) == 5


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"gas": 16_777_217}, "gas limit too high"),
        ({"value": 10**30}, "insufficient funds"),
        ({"gas": 20_000}, "intrinsic gas too low"),
        ({"maxFeePerGas": 1, "maxPriorityFeePerGas": 1}, "less than block base fee"),
        ({"chainId": 1}, "invalid chain id"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_send__refuses_with_the_words_of_geth(
    web3: Web3, changes: dict[str, int], words: str
) -> None:
    fields = {
        "nonce": 0,
        "to": POOR.address,
        "value": 0,
        "gas": 21_000,
        "maxFeePerGas": 10**10,
        "maxPriorityFeePerGas": 1,
        "chainId": 31337,
    }
    signed = RICH.sign_transaction({**fields, **changes})

    with pytest.raises(Web3RPCError, match=words):
        await web3.eth.send_raw_transaction(signed.raw_transaction)


async def test_send__refuses_what_is_known_or_used(web3: Web3) -> None:
    fields = {"nonce": 0, "to": POOR.address, "gas": 21_000, "gasPrice": 10**10, "chainId": 31337}
    signed = RICH.sign_transaction(fields).raw_transaction
    await web3.eth.send_raw_transaction(signed)
    with pytest.raises(Web3RPCError, match="already known"):
        await web3.eth.send_raw_transaction(signed)
    await mine(web3)

    other = RICH.sign_transaction({**fields, "value": 1}).raw_transaction
    with pytest.raises(Web3RPCError, match="nonce too low"):
        await web3.eth.send_raw_transaction(other)


@pytest.mark.parametrize(
    "raw",
    ["0x", "0x01", "0x02c0", "0xc0", "0x03ff", "0x04c0", "0x7f", "0x02f8", "0xff" + "00" * 40],
)
async def test_send__refuses_garbage(web3: Web3, raw: str) -> None:
    with pytest.raises(Web3RPCError):
        await web3.eth.send_raw_transaction(raw)  # type: ignore[arg-type]


async def test_fees__a_client_that_asks_gets_mined(web3: Web3) -> None:
    history = await web3.eth.fee_history(2, "latest", [25, 75])
    assert len(history["baseFeePerGas"]) == len(history["gasUsedRatio"]) + 1
    assert len(history["reward"][0]) == 2
    price = await web3.eth.gas_price
    assert price >= (await web3.eth.get_block("latest"))["baseFeePerGas"]


async def test_batch__answers_each_in_order(web3: Web3) -> None:
    async with web3.batch_requests() as batch:
        batch.add(web3.eth.get_block(0))
        batch.add(web3.eth.get_block("latest"))
        genesis, latest = await batch.async_execute()

    assert genesis == latest == await web3.eth.get_block(0)


REQUESTS = [
    (b"{", -32700),
    (b"[]", -32600),
    (b"3", -32600),
    (b'{"method": 3}', -32600),
    (b'{"id": 1, "method": "eth_getProof", "params": []}', -32601),
    (b'{"id": 1, "method": "eth_chainId", "params": [1]}', -32602),
    (b'{"id": 1, "method": "eth_getBalance", "params": ["0x12"]}', -32602),
    (b'{"id": 1, "method": "eth_call", "params": [{}, "0xfff"]}', -32000),
    (b'{"id": 1, "method": "eth_call", "params": [3]}', -32602),
    (b'{"id": 1, "method": "eth_getLogs", "params": [[]]}', -32602),
    (b'{"id": 1, "method": "eth_chainId", "params": 3}', -32602),
]


@pytest.mark.parametrize(("body", "code"), REQUESTS, ids=[str(body) for body, _ in REQUESTS])
async def test_request__that_is_wrong_is_answered(url: str, body: bytes, code: int) -> None:
    async with aiohttp.ClientSession() as http, http.post(url, data=body) as response:
        assert response.status == 200
        assert (await response.json())["error"]["code"] == code


async def test_serve__mines_on_its_clock() -> None:
    async with serve("127.0.0.1", 0, block_seconds=0.05, funded={}) as url:
        web3 = AsyncWeb3(AsyncHTTPProvider(url))
        async with asyncio.timeout(10):
            while await web3.eth.block_number < 3:
                await asyncio.sleep(0.02)
        await web3.provider.disconnect()
