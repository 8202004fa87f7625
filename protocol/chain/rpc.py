"""One node's JSON-RPC: blocks, calls and logs, with web3's errors mapped to ours.

A question that brings no usable answer is `ChainUnavailable`, after a few more tries; a revert is
`ContractRefused`, decoded. Reads are pinned to a block's number, which every client understands:
below "finalized" it is as good as the hash, above it nothing irreversible may be done anyway.
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeVar

from eth_utils.address import to_checksum_address
from hexbytes import HexBytes
from tenacity import (
    AsyncRetrying,
    retry_if_exception_type,
    stop_after_attempt,
    wait_exponential_jitter,
)
from web3 import AsyncHTTPProvider, AsyncWeb3
from web3.contract.async_contract import AsyncContract
from web3.exceptions import (
    BadFunctionCallOutput,
    ContractLogicError,
    Web3Exception,
    Web3RPCError,
)
from web3.types import RPCEndpoint, RPCResponse

import contracts
from protocol.errors import ChainUnavailable, NotDeployed
from protocol.types import Address

from .refusals import refusal

REQUEST_SECONDS: Final = 30
"""A pairing in pure Python takes one second; a node that needs thirty is down."""
READ_ATTEMPTS: Final = 3
LOG_RANGE_BLOCKS: Final = 1000
"""Nodes bound how many blocks one eth_getLogs may span; public ones rarely below this."""

T = TypeVar("T")
Tag = Literal["finalized", "safe", "latest"]


@dataclass(frozen=True, slots=True)
class Head:
    """A block that reads are pinned to."""

    number: int
    hash: bytes
    timestamp: int
    """Unix seconds, by the chain's clock."""


@dataclass(frozen=True, slots=True)
class Event:
    """One entry of the chain's log."""

    arguments: Mapping[str, Any]
    block: int
    transaction: bytes


class Rpc:
    """The node at `url`."""

    def __init__(self, url: str) -> None:
        # No middleware: it would ask for the chain id before each call and choke on the headers
        # of proof-of-authority chains; what it fills in, `sending` says itself.
        self.web3 = AsyncWeb3(_Provider(url), middleware=[])

    async def close(self) -> None:
        """Close the connections."""
        await self.web3.provider.disconnect()

    def contract(self, name: str, address: str) -> AsyncContract:
        """The contract `name` as deployed at `address`."""
        interface = contracts.abi(name)
        return self.web3.eth.contract(
            to_checksum_address(address), abi=interface, decode_tuples=True
        )

    async def chain_id(self) -> int:
        """The chain's id."""
        return await asked("read chain id", self.web3.eth.chain_id)

    async def head(self, tag: Tag | int) -> Head:
        """A block by tag or number."""
        block = await asked(f"read block {tag}", self.web3.eth.get_block(tag))
        return Head(block["number"], bytes(block["hash"]), block["timestamp"])

    async def balance(self, address: Address, at: Head) -> int:
        """What `address` has, in wei."""
        balance = self.web3.eth.get_balance(to_checksum_address(address), at.number)
        return await asked(f"read balance of {address}", balance)

    async def gas_used(self, transaction: bytes) -> int:
        """What a transaction that is in a block cost, in gas."""
        receipt = self.web3.eth.get_transaction_receipt(HexBytes(transaction))
        return int((await asked(f"read receipt 0x{transaction.hex()}", receipt))["gasUsed"])

    async def read(self, contract: AsyncContract, function: str, *arguments: Any, at: Head) -> Any:
        """What a view answers at a block."""
        call = contract.functions[function](*arguments).call(block_identifier=at.number)
        return await asked(function, call)

    async def logs(
        self,
        contract: AsyncContract,
        event: str,
        having: Mapping[str, Any],
        *,
        first: int,
        last: int,
    ) -> list[Event]:
        """The events in blocks `first` to `last`, both included, whose indexed arguments fit."""
        found: list[Event] = []
        for start in range(first, last + 1, LOG_RANGE_BLOCKS):
            end = min(start + LOG_RANGE_BLOCKS - 1, last)
            question = contract.events[event].get_logs(dict(having), start, end)
            for entry in await asked(f"read {event} in blocks {start} to {end}", question):
                transaction = bytes(entry["transactionHash"])
                found.append(Event(entry["args"], entry["blockNumber"], transaction))
        return found


async def asked(action: str, question: Awaitable[T]) -> T:
    """The answer to a question that has no effect.

    Raises:
        ContractRefused: a contract reverted.
        ChainUnavailable: the node failed, or the contract is not there yet.
    """
    try:
        return await question
    except ContractLogicError as error:
        raise refusal(action, revert_data(error)) from error
    except BadFunctionCallOutput as error:
        raise NotDeployed(action) from error
    except Web3Exception as error:
        raise ChainUnavailable(action, reason(error)) from error


def revert_data(error: ContractLogicError) -> bytes:
    """What the contract reverted with; empty if the node did not pass it on."""
    data = error.data
    return bytes.fromhex(data[2:]) if isinstance(data, str) and data.startswith("0x") else b""


def reason(error: Web3Exception) -> str:
    """What the node said, without the JSON around it."""
    response = error.rpc_response if isinstance(error, Web3RPCError) else None
    match response:
        case {"error": {"message": str() as message}}:
            return message
        case _:
            return str(error)


class _Provider(AsyncHTTPProvider):
    """HTTP whose every failure is ours, and which asks again unless it sends a transaction."""

    def __init__(self, url: str) -> None:
        super().__init__(
            url, request_kwargs={"timeout": REQUEST_SECONDS}, exception_retry_configuration=None
        )

    async def make_request(self, method: RPCEndpoint, params: Any) -> RPCResponse:
        attempts = 1 if method == "eth_sendRawTransaction" else READ_ATTEMPTS
        async for attempt in AsyncRetrying(
            retry=retry_if_exception_type(ChainUnavailable),
            stop=stop_after_attempt(attempts),
            wait=wait_exponential_jitter(multiplier=0.2, max=2, jitter=0.2),
            reraise=True,
        ):
            with attempt:
                return await self._request_once(method, params)
        raise AssertionError("tenacity returns or raises")

    async def _request_once(self, method: RPCEndpoint, params: Any) -> RPCResponse:
        try:
            return await super().make_request(method, params)
        except Exception as error:
            # Refused connections, timeouts, HTTP statuses, answers that are no JSON: whatever the
            # HTTP library calls them, they all say that there is no answer.
            raise ChainUnavailable(method, str(error) or type(error).__name__) from error
