"""How the execution API writes blocks, transactions, receipts and logs, and reads parameters.

The shapes are those of the Ethereum execution-apis specification: quantities as hex without leading
zeros, data as hex of even length. `rpc_methods.py` decides what is asked and answered.
"""

from __future__ import annotations

from typing import Any

import rlp
from eth_typing import Address
from eth_utils.address import to_canonical_address, to_checksum_address
from eth_utils.hexadecimal import decode_hex

from .evm import Call
from .mined import Mined


class BadParameter(Exception):
    """A parameter that is not of the form the method takes."""


def read_int(value: object) -> int:
    """A quantity; tests may give a number as it is."""
    if isinstance(value, int):
        return value
    try:
        return int(str(value), 16)
    except ValueError:
        raise BadParameter(f"{value!r} is not a quantity") from None


def read_bytes(value: object) -> bytes:
    """Data."""
    if not isinstance(value, str) or not value.startswith("0x"):
        raise BadParameter(f"{value!r} is not data")
    try:
        return decode_hex(value)
    except ValueError:
        raise BadParameter(f"{value!r} is not data") from None


def read_address(value: object) -> Address:
    """Twenty bytes of data."""
    try:
        return Address(to_canonical_address(str(value)))
    except ValueError:
        raise BadParameter(f"{value!r} is not an address") from None


def read_call(call: object) -> Call:
    """The call object of `eth_call` and `eth_estimateGas`; fees are ignored, as nothing is paid."""
    call = read_object(call)
    fields: dict[str, Any] = {}
    if call.get("from"):
        fields["sender"] = read_address(call["from"])
    if call.get("to"):
        fields["to"] = read_address(call["to"])
    if data := call.get("input") or call.get("data"):
        fields["data"] = read_bytes(data)
    if call.get("value"):
        fields["value"] = read_int(call["value"])
    if call.get("gas"):
        fields["gas"] = read_int(call["gas"])
    return Call(**fields)


def read_object(value: object) -> dict[str, Any]:
    """A JSON object."""
    if not isinstance(value, dict):
        raise BadParameter(f"{value!r} is not an object")
    return value


def read_log_filter(
    wanted: dict[str, Any],
) -> tuple[frozenset[bytes], tuple[frozenset[int] | None, ...]]:
    """The addresses (none for any) and, by position, the topics (None for any)."""
    addresses = frozenset(bytes(read_address(one)) for one in _listed(wanted.get("address")))
    topics = tuple(
        frozenset(int.from_bytes(read_bytes(one)) for one in _listed(topic)) or None
        for topic in wanted.get("topics") or ()
    )
    return addresses, topics


def show_bytes(value: bytes) -> str:
    """Data."""
    return "0x" + bytes(value).hex()


def show_word(value: int) -> str:
    """32 bytes of data."""
    return show_bytes(value.to_bytes(32))


def show_block(block: Any, full: bool) -> dict[str, Any]:
    """A block, with whole transactions or their hashes."""
    header = block.header
    return {
        "number": hex(header.block_number),
        "hash": show_bytes(header.hash),
        "parentHash": show_bytes(header.parent_hash),
        "nonce": show_bytes(header.nonce),
        "mixHash": show_bytes(header.mix_hash),
        "sha3Uncles": show_bytes(header.uncles_hash),
        "logsBloom": show_bytes(header.bloom.to_bytes(256)),
        "stateRoot": show_bytes(header.state_root),
        "transactionsRoot": show_bytes(header.transaction_root),
        "receiptsRoot": show_bytes(header.receipt_root),
        "miner": to_checksum_address(header.coinbase),
        "difficulty": hex(header.difficulty),
        "extraData": show_bytes(header.extra_data),
        "size": hex(len(rlp.encode(block))),
        "gasLimit": hex(header.gas_limit),
        "gasUsed": hex(header.gas_used),
        "timestamp": hex(header.timestamp),
        "baseFeePerGas": hex(header.base_fee_per_gas),
        "withdrawalsRoot": show_bytes(header.withdrawals_root),
        "withdrawals": [],
        "blobGasUsed": hex(header.blob_gas_used),
        "excessBlobGas": hex(header.excess_blob_gas),
        "parentBeaconBlockRoot": show_bytes(header.parent_beacon_block_root),
        "requestsHash": show_bytes(header.requests_hash),
        "uncles": [],
        "transactions": [
            show_transaction(one, block, index) if full else show_bytes(one.hash)
            for index, one in enumerate(block.transactions)
        ],
    }


def show_transaction(
    transaction: Any, block: Any | None = None, index: int | None = None
) -> dict[str, Any]:
    """A transaction; while it waits it has no block."""
    kind = transaction.type_id or 0
    shown: dict[str, Any] = {
        "hash": show_bytes(transaction.hash),
        "type": hex(kind),
        "chainId": hex(transaction.chain_id),
        "nonce": hex(transaction.nonce),
        "from": to_checksum_address(transaction.sender),
        "to": to_checksum_address(transaction.to) if transaction.to else None,
        "value": hex(transaction.value),
        "gas": hex(transaction.gas),
        "gasPrice": hex(transaction.max_fee_per_gas),
        "input": show_bytes(transaction.data),
        "v": hex(transaction.y_parity if kind else transaction.v),
        "r": hex(transaction.r),
        "s": hex(transaction.s),
        "blockHash": None if block is None else show_bytes(block.hash),
        "blockNumber": None if block is None else hex(block.number),
        "transactionIndex": None if index is None else hex(index),
    }
    if kind >= 2:
        shown["maxFeePerGas"] = hex(transaction.max_fee_per_gas)
        shown["maxPriorityFeePerGas"] = hex(transaction.max_priority_fee_per_gas)
    if kind:
        shown["yParity"] = shown["v"]
        shown["accessList"] = [
            {
                "address": to_checksum_address(who),
                "storageKeys": [show_word(slot) for slot in slots],
            }
            for who, slots in transaction.access_list
        ]
    return shown


def show_receipt(mined: Mined) -> dict[str, Any]:
    """What became of a transaction."""
    transaction, receipt, header = mined.transaction, mined.receipt, mined.block.header
    return {
        "transactionHash": show_bytes(transaction.hash),
        "transactionIndex": hex(mined.index),
        "type": hex(transaction.type_id or 0),
        "blockHash": show_bytes(header.hash),
        "blockNumber": hex(header.block_number),
        "from": to_checksum_address(transaction.sender),
        "to": to_checksum_address(transaction.to) if transaction.to else None,
        "contractAddress": None if mined.contract is None else to_checksum_address(mined.contract),
        "status": hex(int.from_bytes(receipt.state_root)),
        "gasUsed": hex(mined.gas_used),
        "cumulativeGasUsed": hex(receipt.gas_used),
        "effectiveGasPrice": hex(mined.gas_price),
        "logsBloom": show_bytes(receipt.bloom.to_bytes(256)),
        "logs": [show_log(mined, place) for place in range(len(receipt.logs))],
    }


def show_log(mined: Mined, place: int) -> dict[str, Any]:
    """One event; `place` is its position in its transaction."""
    log, header = mined.receipt.logs[place], mined.block.header
    return {
        "address": to_checksum_address(log.address),
        "topics": [show_word(topic) for topic in log.topics],
        "data": show_bytes(log.data),
        "blockHash": show_bytes(header.hash),
        "blockNumber": hex(header.block_number),
        "blockTimestamp": hex(header.timestamp),
        "transactionHash": show_bytes(mined.transaction.hash),
        "transactionIndex": hex(mined.index),
        "logIndex": hex(mined.first_log + place),
        "removed": False,
    }


def _listed(value: object) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
