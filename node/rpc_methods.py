"""What the embedded chain answers: the execution API over one ledger, as Geth speaks it.

It has as much of it as web3.py and common tools use: batches, blocks by tag, number or hash, revert
data in `error.data`; "safe" and "finalized" are the latest block, because one miner never changes
its mind. For tests there are `evm_mine`, `evm_increaseTime` and `anvil_setBalance`.
"""

from __future__ import annotations

import inspect
import json
import logging
import time
from collections.abc import Callable
from typing import Any

from . import rpc_json
from .evm import CHAIN_ID, LedgerError, Reverted
from .ledger import PRIORITY_FEE, Ledger

log = logging.getLogger(__name__)


class RpcMethods:
    """What one ledger is asked; used by one thread at a time."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._ahead = 0
        """Seconds by which tests have moved the clock."""
        self._methods: dict[str, Callable[..., Any]] = {
            "web3_clientVersion": lambda: "assay-devchain/py-evm",
            "net_version": lambda: str(CHAIN_ID),
            "eth_chainId": lambda: hex(CHAIN_ID),
            "eth_syncing": lambda: False,
            "eth_accounts": list,
            "eth_blockNumber": lambda: hex(ledger.head.block_number),
            "eth_getBlockByNumber": self._block,
            "eth_getBlockByHash": self._block,
            "eth_getTransactionByHash": self._transaction,
            "eth_getTransactionReceipt": self._receipt,
            "eth_getLogs": self._logs,
            "eth_getBalance": lambda who, at="latest": hex(
                self._state(at).get_balance(rpc_json.read_address(who))
            ),
            "eth_getCode": lambda who, at="latest": rpc_json.show_bytes(
                self._state(at).get_code(rpc_json.read_address(who))
            ),
            "eth_getStorageAt": lambda who, slot, at="latest": rpc_json.show_word(
                self._state(at).get_storage(rpc_json.read_address(who), rpc_json.read_int(slot))
            ),
            "eth_getTransactionCount": self._nonce,
            "eth_call": lambda call, at="latest": rpc_json.show_bytes(
                ledger.call(rpc_json.read_call(call), self._header(at))
            ),
            "eth_estimateGas": lambda call, at="latest": hex(
                ledger.estimate(rpc_json.read_call(call), self._header(at))
            ),
            "eth_sendRawTransaction": lambda raw: rpc_json.show_bytes(
                ledger.submit(rpc_json.read_bytes(raw))
            ),
            "eth_gasPrice": lambda: hex(ledger.head.base_fee_per_gas + PRIORITY_FEE),
            "eth_maxPriorityFeePerGas": lambda: hex(PRIORITY_FEE),
            "eth_feeHistory": self._fee_history,
            "evm_mine": lambda: hex(self.mine()),
            "evm_increaseTime": self._increase_time,
            "anvil_setBalance": self._set_balance,
        }

    def mine(self) -> int:
        """Make a block now; returns its number."""
        return int(self._ledger.mine(int(time.time()) + self._ahead).block_number)

    def respond(self, body: bytes) -> Any:
        """The response to a request, or to a batch of them."""
        try:
            asked = json.loads(body)
        except ValueError:
            return _failure(None, -32700, "parse error")
        if not isinstance(asked, list):
            return self._answer(asked)
        if not asked:
            return _failure(None, -32600, "empty batch")
        return [self._answer(request) for request in asked]

    def _answer(self, request: object) -> dict[str, Any]:
        if not isinstance(request, dict) or not isinstance(request.get("method"), str):
            return _failure(None, -32600, "invalid request")
        name, params, number = request["method"], request.get("params", []), request.get("id")
        method = self._methods.get(name)
        if method is None:
            return _failure(number, -32601, f"the method {name} does not exist/is not available")
        try:
            bound = inspect.signature(method).bind(*params)
        except TypeError as error:
            return _failure(number, -32602, f"invalid params: {error}")
        try:
            result = method(*bound.args)
        except rpc_json.BadParameter as error:
            return _failure(number, -32602, f"invalid params: {error}")
        except Reverted as error:
            return _failure(number, 3, str(error), rpc_json.show_bytes(error.data))
        except LedgerError as error:
            return _failure(number, -32000, str(error))
        except Exception:  # a defect here must not cost the rest of a batch its answers
            log.exception("%s%r", name, params)
            return _failure(number, -32603, "internal error")
        return {"jsonrpc": "2.0", "id": number, "result": result}

    def _header(self, at: object) -> Any:
        header = self._find_header(at)
        if header is None:
            raise LedgerError("header not found")
        return header

    def _find_header(self, at: object) -> Any | None:
        if isinstance(at, dict):  # EIP-1898
            at = at.get("blockHash", at.get("blockNumber"))
        if at in ("latest", "safe", "finalized", "pending"):
            return self._ledger.head
        if at == "earliest":
            return self._ledger.header(0)
        if isinstance(at, str) and len(at) == 66:
            return self._ledger.header_by_hash(rpc_json.read_bytes(at))
        return self._ledger.header(rpc_json.read_int(at))

    def _state(self, at: object) -> Any:
        return self._ledger.state(self._header(at))

    def _block(self, at: object, full: bool = False) -> dict[str, Any] | None:
        header = self._find_header(at)
        return None if header is None else rpc_json.show_block(self._ledger.block(header), full)

    def _transaction(self, transaction_hash: object) -> dict[str, Any] | None:
        name = rpc_json.read_bytes(transaction_hash)
        if mined := self._ledger.mined(name):
            return rpc_json.show_transaction(mined.transaction, mined.block, mined.index)
        if waiting := self._ledger.waiting(name):
            return rpc_json.show_transaction(waiting)
        return None

    def _receipt(self, transaction_hash: object) -> dict[str, Any] | None:
        mined = self._ledger.mined(rpc_json.read_bytes(transaction_hash))
        return None if mined is None else rpc_json.show_receipt(mined)

    def _logs(self, asked: object) -> list[dict[str, Any]]:
        wanted = rpc_json.read_object(asked)
        if "blockHash" in wanted:
            headers = [self._header(wanted["blockHash"])]
        else:
            head = self._ledger.head.block_number
            first = self._number(wanted.get("fromBlock", "latest"))
            last = min(self._number(wanted.get("toBlock", "latest")), head)
            headers = [self._ledger.header(number) for number in range(first, last + 1)]
        addresses, topics = rpc_json.read_log_filter(wanted)
        return [
            rpc_json.show_log(mined, place)
            for mined, place in self._ledger.logs(headers, addresses, topics)
        ]

    def _number(self, at: object) -> int:
        """A height, which for a range may lie beyond the head."""
        header = self._find_header(at)
        return rpc_json.read_int(at) if header is None else int(header.block_number)

    def _nonce(self, who: object, at: object = "latest") -> str:
        address = rpc_json.read_address(who)
        if at == "pending":
            return hex(self._ledger.pending_nonce(address))
        return hex(self._state(at).get_nonce(address))

    def _fee_history(
        self, count: object, newest: object, percentiles: list[float] | None = None
    ) -> dict[str, Any]:
        last = self._header(newest).block_number
        first = max(0, last + 1 - rpc_json.read_int(count))
        headers = [self._header(hex(number)) for number in range(first, last + 1)]
        return {
            "oldestBlock": hex(first),
            # One more than blocks; the next base fee is near enough the last.
            "baseFeePerGas": [hex(header.base_fee_per_gas) for header in (*headers, headers[-1])],
            "gasUsedRatio": [header.gas_used / header.gas_limit for header in headers],
            "reward": [[hex(PRIORITY_FEE) for _ in percentiles or ()] for _ in headers],
        }

    def _increase_time(self, seconds: object) -> str:
        self._ahead += rpc_json.read_int(seconds)
        return hex(self._ahead)

    def _set_balance(self, who: object, wei: object) -> None:
        self._ledger.grant(rpc_json.read_address(who), rpc_json.read_int(wei))
        self.mine()


def _failure(number: object, code: int, message: str, data: str | None = None) -> dict[str, Any]:
    error: dict[str, Any] = {"code": code, "message": message}
    if data is not None:
        error["data"] = data
    return {"jsonrpc": "2.0", "id": number, "error": error}
