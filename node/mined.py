"""What became of a transaction: its place in a block, what it cost, what it logged.

A receipt says what its block had used and logged so far; what is a transaction's own is worked out
here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from eth._utils.address import generate_contract_address
from eth_typing import Address


@dataclass(frozen=True, slots=True)
class Mined:
    """A transaction in its block, with its receipt; `receipts` are those of the whole block."""

    block: Any
    index: int
    receipts: tuple[Any, ...]

    @property
    def transaction(self) -> Any:
        """py-evm's signed transaction."""
        return self.block.transactions[self.index]

    @property
    def receipt(self) -> Any:
        """py-evm's receipt; its gas is that of the block so far."""
        return self.receipts[self.index]

    @property
    def gas_used(self) -> int:
        """By this transaction alone."""
        before = self.receipts[self.index - 1].gas_used if self.index else 0
        return int(self.receipt.gas_used - before)

    @property
    def gas_price(self) -> int:
        """What the sender paid for each unit of gas."""
        fee = self.block.header.base_fee_per_gas
        tip = self.transaction.max_priority_fee_per_gas
        return int(min(self.transaction.max_fee_per_gas, fee + tip))

    @property
    def first_log(self) -> int:
        """The position of this transaction's first log in its block."""
        return sum(len(receipt.logs) for receipt in self.receipts[: self.index])

    @property
    def contract(self) -> Address | None:
        """The contract it created, if it created one."""
        if self.transaction.to:
            return None
        return generate_contract_address(self.transaction.sender, self.transaction.nonce)

    def matching_logs(
        self, addresses: frozenset[bytes], topics: tuple[frozenset[int] | None, ...]
    ) -> Iterator[int]:
        """The places of its logs from one of `addresses` and with these topics, in order.

        No address means any; so does None for a topic.
        """
        for place, log in enumerate(self.receipt.logs):
            if _is_match(log, addresses, topics):
                yield place


def _is_match(
    log: Any, addresses: frozenset[bytes], topics: tuple[frozenset[int] | None, ...]
) -> bool:
    if addresses and log.address not in addresses:
        return False
    if len(topics) > len(log.topics):
        return False
    return all(
        wanted is None or topic in wanted for topic, wanted in zip(log.topics, topics, strict=False)
    )
