"""What goes wrong between us and a node, and what each of it is called: no socket is opened.

`Node` answers instead of HTTP: each method has a list of answers, used one by one, the last for
ever. An answer that is an exception is raised where aiohttp would raise it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from eth_abi.abi import encode
from eth_account import Account
from eth_utils.crypto import keccak
from web3 import AsyncHTTPProvider

from protocol.chain import CourtClient, Head, rpc, sending
from protocol.chain.client import EXPIRE_GAS
from protocol.chain.rpc import Rpc
from protocol.chain.sending import Sender
from protocol.court import Court
from protocol.errors import (
    ChainMismatch,
    ChainUnavailable,
    ContractRefused,
    NotDeployed,
    TransactionLost,
    TransactionRefused,
)
from protocol.types import Address, DisputeId

HEAD = Head(7, bytes(32), 1000)
HASH = "0x" + "ab" * 32
NOTHING = {"error": {"code": -32000, "message": "not found"}}


def result(value: Any) -> dict[str, Any]:
    return {"result": value}


def revert(signature: str, kinds: list[str], values: list[Any]) -> dict[str, Any]:
    data = "0x" + (keccak(text=signature)[:4] + encode(kinds, values)).hex()
    return {"error": {"code": 3, "message": "execution reverted", "data": data}}


TOO_EARLY = revert("DrawTooEarly(bytes32,uint256)", ["bytes32", "uint256"], [bytes(32), 9])
UNKNOWN = revert("UnknownDispute(bytes32)", ["bytes32"], [bytes(32)])


class Node:
    """Answers by method."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.last_parameters: dict[str, Any] = {}
        self.answers: dict[str, list[Any]] = {
            "eth_chainId": [result("0x7a69")],
            "eth_call": [result("0x")],
            "eth_getCode": [result("0x60")],
            "eth_maxPriorityFeePerGas": [result("0x1")],
            "eth_getTransactionCount": [result("0x0")],
            "eth_sendRawTransaction": [result(HASH)],
            "eth_getBlockByNumber": [
                result({"number": "0x7", "hash": HASH, "timestamp": "0x64", "baseFeePerGas": "0x9"})
            ],
            "eth_getTransactionReceipt": [
                result(
                    {
                        "transactionHash": HASH,
                        "blockNumber": "0x8",
                        "gasUsed": "0x5208",
                        "status": "0x1",
                    }
                )
            ],
        }

    async def make_request(self, method: str, params: Any) -> Any:
        self.asked[method] += 1
        self.last_parameters[method] = params
        answers = self.answers[method]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, Exception):
            raise answer
        return {"jsonrpc": "2.0", "id": 1, **answer}


@pytest.fixture
def node(monkeypatch: pytest.MonkeyPatch) -> Node:
    node = Node()

    async def make_request(_: AsyncHTTPProvider, method: str, params: Any) -> Any:
        return await node.make_request(method, params)

    monkeypatch.setattr(AsyncHTTPProvider, "make_request", make_request)
    monkeypatch.setattr(rpc, "wait_exponential_jitter", lambda **_: lambda _: 0)
    monkeypatch.setattr(sending, "POLL_SECONDS", 0)
    return node


@pytest.fixture
def client(node: Node, court: Court) -> CourtClient:
    link = Rpc("http://nowhere")
    sender = Sender(link, Account.from_key(b"\x01" * 32), timeout_s=0.2)
    return CourtClient(link, court, 0, sender)


DISPUTE = DisputeId(bytes(32))


@pytest.mark.parametrize(
    "failure",
    [ConnectionRefusedError("refused"), TimeoutError(), OSError("reset"), ValueError("no JSON")],
)
async def test_read__is_unavailable_whatever_the_transport_raises(
    failure: Exception, node: Node, client: CourtClient
) -> None:
    node.answers["eth_getBlockByNumber"] = [failure]

    with pytest.raises(ChainUnavailable, match=r"no answer from the chain: ."):
        await client.head("latest")

    assert node.asked["eth_getBlockByNumber"] == rpc.READ_ATTEMPTS


async def test_read__is_asked_again(node: Node, client: CourtClient) -> None:
    node.answers["eth_getBlockByNumber"].insert(0, ConnectionResetError())

    head = await client.head("finalized")

    assert head == Head(7, bytes.fromhex(HASH[2:]), 100)
    assert node.last_parameters["eth_getBlockByNumber"][0] == "finalized"


@pytest.mark.parametrize("answer", [NOTHING, result(None)])
async def test_head__is_unavailable_if_the_node_has_no_such_block(
    answer: Any, node: Node, client: CourtClient
) -> None:
    node.answers["eth_getBlockByNumber"] = [answer]

    with pytest.raises(ChainUnavailable):
        await client.head("finalized")


async def test_read__is_pinned_to_its_block(node: Node, client: CourtClient) -> None:
    node.answers["eth_call"] = [UNKNOWN]

    await client.state(DISPUTE, HEAD)

    assert node.last_parameters["eth_call"][1] == "0x7"


async def test_read__shows_a_revert_as_a_refusal(node: Node, client: CourtClient) -> None:
    node.answers["eth_call"] = [UNKNOWN]

    with pytest.raises(ContractRefused, match="UnknownDispute"):
        await client.dispute_record(DISPUTE, HEAD)


async def test_state__of_an_unknown_dispute_is_none(node: Node, client: CourtClient) -> None:
    node.answers["eth_call"] = [UNKNOWN]

    assert (await client.state(DISPUTE, HEAD)).name == "NONE"


async def test_read__below_the_deployment_is_not_deployed(client: CourtClient) -> None:
    with pytest.raises(NotDeployed):
        await client.dispute_record(DISPUTE, HEAD)


async def test_read__is_unavailable_if_the_node_answers_with_an_error(
    node: Node, client: CourtClient
) -> None:
    node.answers["eth_call"] = [{"error": {"code": -32005, "message": "limit exceeded"}}]

    with pytest.raises(ChainUnavailable, match="no answer from the chain: limit exceeded"):
        await client.dispute_record(DISPUTE, HEAD)


async def test_connect__refuses_another_chain(node: Node, court: Court) -> None:
    with pytest.raises(ChainMismatch, match="expected chain: 1, found 31337"):
        await CourtClient.connect("http://nowhere", court.dispute_manager, chain_id=1)


@pytest.mark.parametrize(
    "answer", [result("0x"), {"error": {"code": 3, "message": "reverted", "data": "0x"}}]
)
async def test_connect__refuses_an_address_without_a_court(
    answer: Any, node: Node, court: Court
) -> None:
    node.answers["eth_call"] = [answer]

    with pytest.raises(ChainMismatch, match="a court at"):
        await CourtClient.connect("http://nowhere", court.dispute_manager)


async def test_logs__are_read_in_bounded_ranges(node: Node, client: CourtClient) -> None:
    asked = []
    node.answers["eth_getLogs"] = [result([])]
    answer: Callable[..., Any] = node.make_request

    async def recording(method: str, params: Any) -> Any:
        asked.append((int(params[0]["fromBlock"], 16), int(params[0]["toBlock"], 16)))
        return await answer(method, params)

    node.make_request = recording  # type: ignore[method-assign]
    await client.keyed_rounds(5, 2004)

    assert asked == [(5, 1004), (1005, 2004)]


async def test_send__returns_the_receipt(node: Node, client: CourtClient) -> None:
    receipt = await client.draw_beacon(DISPUTE)  # type: ignore[arg-type]

    assert (receipt.block, receipt.gas_used) == (8, 21000)
    assert receipt.transaction == bytes.fromhex(HASH[2:])


async def test_send__offers_twice_the_base_fee(node: Node, client: CourtClient) -> None:
    await client.expire(DISPUTE)

    raw = bytes.fromhex(node.last_parameters["eth_sendRawTransaction"][0][2:])
    # Type 2, then RLP: chain id 31337, nonce 0, tip 1, fee cap 2 * 9 + 1, gas.
    assert raw[0] == 2
    assert b"\x82\x7a\x69\x80\x01\x13\x83" + EXPIRE_GAS.to_bytes(3, "big") in raw


async def test_send__pays_nothing_for_a_refusal(node: Node, client: CourtClient) -> None:
    node.answers["eth_call"] = [TOO_EARLY]

    with pytest.raises(ContractRefused, match="DrawTooEarly") as refused:
        await client.expire(DISPUTE)

    assert refused.value.arguments["seedBlock"] == 9
    assert node.asked["eth_sendRawTransaction"] == 0


@pytest.mark.parametrize("method", ["eth_call", "eth_sendRawTransaction"])
async def test_send__is_refused_without_money(method: str, node: Node, client: CourtClient) -> None:
    node.answers[method] = [{"error": {"code": -32000, "message": "insufficient funds"}}]

    with pytest.raises(TransactionRefused, match=r"expire: .*: insufficient funds"):
        await client.expire(DISPUTE)


async def test_send__is_never_repeated(node: Node, client: CourtClient) -> None:
    node.answers["eth_sendRawTransaction"] = [ConnectionResetError()]

    with pytest.raises(ChainUnavailable):
        await client.expire(DISPUTE)

    assert node.asked["eth_sendRawTransaction"] == 1


async def test_send__waits_for_the_block_through_silence(node: Node, client: CourtClient) -> None:
    node.answers["eth_getTransactionReceipt"][:0] = [result(None), *[ConnectionResetError()] * 4]

    assert (await client.expire(DISPUTE)).block == 8


async def test_send__is_lost_if_no_block_has_it_in_time(node: Node, client: CourtClient) -> None:
    node.answers["eth_getTransactionReceipt"] = [result(None)]

    with pytest.raises(TransactionLost, match="is in no block"):
        await client.expire(DISPUTE)


@pytest.mark.parametrize(
    ("afterwards", "name"), [(TOO_EARLY, "DrawTooEarly"), (result("0x"), "Unexplained")]
)
async def test_send__asks_why_it_failed_in_its_block(
    afterwards: Any, name: str, node: Node, client: CourtClient
) -> None:
    node.answers["eth_call"] = [result("0x"), afterwards]
    failed = dict(node.answers["eth_getTransactionReceipt"][0]["result"], status="0x0")
    node.answers["eth_getTransactionReceipt"] = [result(failed)]

    with pytest.raises(ContractRefused) as refused:
        await client.expire(DISPUTE)

    assert refused.value.name == name
    assert node.last_parameters["eth_call"][1] == "0x8"


async def test_send__needs_an_account(node: Node, court: Court) -> None:
    reader = CourtClient(Rpc("http://nowhere"), court, 0, None)

    with pytest.raises(ValueError, match="without an account"):
        await reader.expire(DISPUTE)
    with pytest.raises(ValueError, match="without an account"):
        _ = reader.address


def test_address__is_that_of_the_account(client: CourtClient) -> None:
    assert client.address == Address(Account.from_key(b"\x01" * 32).address)
