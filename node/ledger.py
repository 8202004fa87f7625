"""Blocks and transactions: a chain with one miner and no network.

It decides what a block is made of and when a transaction is taken; `evm.py` executes it. It answers
as Geth does where clients notice: a call sees the block it names, not the one after it.

But: a block once mined is final, and history is kept for ever in memory and gone at the end. Not
safe to use from two threads at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from eth.constants import POST_MERGE_DIFFICULTY, POST_MERGE_MIX_HASH, POST_MERGE_NONCE
from eth.db.atomic import AtomicDB
from eth.exceptions import HeaderNotFound, TransactionNotFound
from eth.vm.chain_context import ChainContext
from eth.vm.forks.prague.constants import HISTORY_STORAGE_ADDRESS, HISTORY_STORAGE_CONTRACT_CODE
from eth_bloom.bloom import BloomFilter
from eth_typing import Address, BlockNumber, Hash32
from eth_utils.crypto import keccak
from eth_utils.exceptions import ValidationError

from .evm import (
    BLOCK_GAS,
    CHAIN_ID,
    TRANSACTION_GAS,
    Call,
    EmbeddedChain,
    EmbeddedVM,
    LedgerError,
    decode_transaction,
    estimate_gas,
    run_call,
)
from .mined import Mined

PRIORITY_FEE: Final = 10**9


class Ledger:
    """The chain and the transactions that wait for its next block."""

    def __init__(self, *, timestamp: int, funded: Mapping[Address, int]) -> None:
        genesis: dict[Address, Any] = {
            address: {"balance": balance, "nonce": 0, "code": b"", "storage": {}}
            for address, balance in funded.items()
        }
        # EIP-2935: contracts read old block hashes here.
        genesis[HISTORY_STORAGE_ADDRESS] = {
            "balance": 0,
            "nonce": 1,
            "code": HISTORY_STORAGE_CONTRACT_CODE,
            "storage": {},
        }
        self._chain = EmbeddedChain.from_genesis(
            AtomicDB(),
            {
                "difficulty": POST_MERGE_DIFFICULTY,
                "mix_hash": POST_MERGE_MIX_HASH,
                "nonce": POST_MERGE_NONCE,
                "gas_limit": BLOCK_GAS,
                "timestamp": timestamp,
            },
            genesis,
        )
        self._waiting: list[Any] = []
        self._grants: dict[Address, int] = {}

    @property
    def head(self) -> Any:
        """The header of the latest block."""
        return self._chain.get_canonical_head()

    def header(self, number: int) -> Any | None:
        """The header at a height, or None beyond the head."""
        try:
            return self._chain.get_canonical_block_header_by_number(BlockNumber(number))
        except HeaderNotFound:
            return None

    def header_by_hash(self, block_hash: bytes) -> Any | None:
        """The header with a hash, or None."""
        try:
            return self._chain.get_block_header_by_hash(Hash32(block_hash))
        except HeaderNotFound:
            return None

    def block(self, header: Any) -> Any:
        """The header with its transactions."""
        return self._chain.get_block_by_header(header)

    def state(self, header: Any) -> Any:
        """Accounts, code and storage as a block left them; changes to it are lost."""
        return EmbeddedVM.build_state(
            self._chain.chaindb.db,
            # Nobody pays for a question.
            header.copy(base_fee_per_gas=0),
            ChainContext(CHAIN_ID),
            EmbeddedVM.get_prev_hashes(header.parent_hash, self._chain.chaindb) or (),
        )

    def mined(self, transaction_hash: bytes) -> Mined | None:
        """A transaction with its receipt, or None while it waits or if it never came."""
        try:
            number, index = self._chain.get_canonical_transaction_index(
                Hash32(bytes(transaction_hash))
            )
        except TransactionNotFound:
            return None
        block = self._chain.get_canonical_block_by_number(number)
        return Mined(block, index, block.get_receipts(self._chain.chaindb))

    def waiting(self, transaction_hash: bytes) -> Any | None:
        """A transaction that waits for its block, or None."""
        return next((one for one in self._waiting if one.hash == transaction_hash), None)

    def pending_nonce(self, address: Address) -> int:
        """The nonce after everything that waits."""
        taken = {one.nonce for one in self._waiting if one.sender == address}
        nonce = int(self.state(self.head).get_nonce(address))
        while nonce in taken:
            nonce += 1
        return nonce

    def logs(
        self,
        headers: Iterable[Any],
        addresses: frozenset[bytes],
        topics: tuple[frozenset[int] | None, ...],
    ) -> Iterator[tuple[Mined, int]]:
        """The logs that `Mined.matching_logs` finds, in order, each with its transaction."""
        for header in headers:
            bloom = BloomFilter(header.bloom)
            if not header.bloom or (addresses and not any(one in bloom for one in addresses)):
                continue
            block = self.block(header)
            receipts = block.get_receipts(self._chain.chaindb)
            for index in range(len(receipts)):
                mined = Mined(block, index, receipts)
                for place in mined.matching_logs(addresses, topics):
                    yield mined, place

    def submit(self, raw: bytes) -> Hash32:
        """Take a signed transaction for the next block; returns its hash.

        Raises:
            LedgerError: it is malformed, for another chain, or cannot be paid.
        """
        transaction = decode_transaction(raw)
        if self.waiting(transaction.hash) or self.mined(transaction.hash):
            raise LedgerError("already known")
        header = self._next_header(self.head.timestamp + 1)
        if transaction.gas > TRANSACTION_GAS:
            raise LedgerError(
                f"transaction gas limit too high (cap: {TRANSACTION_GAS}, tx: {transaction.gas})"
            )
        if transaction.max_fee_per_gas < header.base_fee_per_gas:
            raise LedgerError("max fee per gas less than block base fee")
        if transaction.gas < transaction.intrinsic_gas:
            raise LedgerError("intrinsic gas too low")
        state = self.state(self.head)
        if transaction.nonce < state.get_nonce(transaction.sender):
            raise LedgerError("nonce too low")
        cost = transaction.value + transaction.gas * transaction.max_fee_per_gas
        if state.get_balance(transaction.sender) < cost:
            raise LedgerError("insufficient funds for gas * price + value")
        # As a wallet's "speed up" does: a later transaction takes the place of one with its nonce.
        self._waiting = [
            one
            for one in self._waiting
            if (one.sender, one.nonce) != (transaction.sender, transaction.nonce)
        ]
        self._waiting.append(transaction)
        return Hash32(transaction.hash)

    def grant(self, address: Address, balance: int) -> None:
        """Set a balance with the next block: a power that only a development chain has."""
        self._grants[address] = balance

    def mine(self, timestamp: int) -> Any:
        """Make the next block, not before `timestamp`, of whatever waits; returns its header."""
        header = self._next_header(max(timestamp, self.head.timestamp + 1))
        vm: Any = self._chain.get_vm(header)
        vm.block_preprocessing(vm.get_block())
        for address, balance in self._grants.items():
            vm.state.set_balance(address, balance)
        self._grants.clear()

        taken: list[Any] = []
        receipts: list[Any] = []
        left: list[Any] = []
        # By nonce, because a sender's transactions may have come in any order.
        for transaction in sorted(self._waiting, key=lambda one: int(one.nonce)):
            if transaction.nonce > vm.state.get_nonce(transaction.sender):
                left.append(transaction)  # one before it is still missing
                continue
            if header.gas_used + transaction.gas > BLOCK_GAS:
                left.append(transaction)
                continue
            try:
                receipt, _ = vm.apply_transaction(header, transaction)
            except ValidationError:
                continue  # its nonce is used or its balance gone: it can never be taken
            header = vm.add_receipt_to_header(header, receipt)
            taken.append(transaction)
            receipts.append(receipt)
        self._waiting = left

        block = vm.set_block_transactions_and_withdrawals(vm.get_block(), header, taken, receipts)
        mined = vm.mine_block(block).block
        self._chain.validate_block(mined)
        self._chain.chaindb.persist_block(mined)
        return mined.header

    def call(self, call: Call, header: Any) -> bytes:
        """What `call` returns when executed on top of a block; raises as `run_call`."""
        return run_call(call, self.state(header))

    def estimate(self, call: Call, header: Any) -> int:
        """Gas with which `call` succeeds; raises as `estimate_gas`."""
        return estimate_gas(call, lambda: self.state(header))

    def _next_header(self, timestamp: int) -> Any:
        head = self.head
        return self._chain.create_header_from_parent(
            head,
            timestamp=timestamp,
            gas_limit=BLOCK_GAS,
            # PREVRANDAO differs from block to block and is the same in every run.
            mix_hash=keccak(head.hash),
        )
