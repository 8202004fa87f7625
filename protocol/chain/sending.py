"""A transaction, from an account to the block that has it.

It is rehearsed first, signed here (EIP-1559) and sent once; from then on it is in a block, or
`TransactionLost`. Gas limits are given, never estimated: an estimate repeats the call some twenty
times, which on an embedded chain takes longer than the rest of a dispute.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, Final, cast

from eth_account.signers.local import LocalAccount
from hexbytes import HexBytes
from web3.contract.async_contract import AsyncContract
from web3.exceptions import ContractLogicError, TransactionNotFound, Web3Exception, Web3RPCError
from web3.types import BlockIdentifier, TxParams, TxReceipt, Wei

import contracts
from protocol.errors import ChainUnavailable, TransactionLost, TransactionRefused
from protocol.types import Address

from .refusals import refusal, unexplained
from .rpc import Rpc, asked, reason, revert_data

RECEIPT_SECONDS: Final = 180
"""Fifteen slots of Ethereum; the fee offered is good for six full blocks in a row."""
POLL_SECONDS: Final = 0.25


@dataclass(frozen=True, slots=True)
class Receipt:
    """A transaction that is in a block and did not revert."""

    transaction: bytes
    block: int
    gas_used: int


class Sender:
    """Sends from one account, one transaction at a time."""

    def __init__(
        self, rpc: Rpc, account: LocalAccount, *, timeout_s: float = RECEIPT_SECONDS
    ) -> None:
        self.account = account
        self._eth = rpc.web3.eth
        self._timeout_s = timeout_s
        self._turn = asyncio.Lock()

    async def call(
        self, contract: AsyncContract, function: str, *arguments: Any, gas: int, value: int = 0
    ) -> Receipt:
        """Call a function of a contract.

        Raises:
            ContractRefused: the contract reverts.
            TransactionRefused: the node does not take the transaction.
            TransactionLost: it is in no block in time.
            ChainUnavailable: the node does not answer.
        """
        data = contract.encode_abi(function, args=arguments)
        request: TxParams = {"to": contract.address, "data": data, "value": Wei(value), "gas": gas}
        return _receipt(await self._send(function, request))

    async def deploy(self, name: str, *arguments: Any, gas: int) -> tuple[Address, Receipt]:
        """Create the contract `name`; raises as `call`."""
        bytecode = HexBytes(contracts.bytecode(name))
        factory = self._eth.contract(abi=contracts.abi(name), bytecode=bytecode)
        data = factory.constructor(*arguments).data_in_transaction
        receipt = await self._send(f"deploy {name}", {"data": data, "value": Wei(0), "gas": gas})
        return Address(str(receipt["contractAddress"])), _receipt(receipt)

    async def nonce(self) -> int:
        """The number of the account's next transaction."""
        count = self._eth.get_transaction_count(self.account.address, "latest")
        return int(await asked("read nonce", count))

    async def _send(self, call: str, request: TxParams) -> TxReceipt:
        # A refusal costs nothing here, and a transaction's gas later.
        await self._rehearse(call, request, "latest")
        async with self._turn:
            transaction_hash = await self._submit(call, request)
        receipt = await self._mined(call, transaction_hash)
        if receipt["status"] == 0:
            # The state it met is gone, but the state that its block left refuses it alike.
            await self._rehearse(call, request, receipt["blockNumber"])
            raise unexplained(call, "it failed in its block and would pass now; try again")
        return receipt

    async def _rehearse(self, call: str, request: TxParams, at: BlockIdentifier) -> None:
        try:
            await self._eth.call({**request, "from": self.account.address}, at)
        except ContractLogicError as error:
            raise refusal(call, revert_data(error)) from error
        except Web3Exception as error:
            raise TransactionRefused(call, reason(error)) from error

    async def _submit(self, call: str, request: TxParams) -> bytes:
        address = self.account.address
        latest = await asked("read block latest", self._eth.get_block("latest"))
        tip = await asked("read priority fee", self._eth.max_priority_fee)
        terms: TxParams = {
            "type": 2,
            "chainId": await asked("read chain id", self._eth.chain_id),
            "nonce": await asked("read nonce", self._eth.get_transaction_count(address, "pending")),
            "maxPriorityFeePerGas": tip,
            "maxFeePerGas": Wei(2 * latest["baseFeePerGas"] + tip),
        }
        signed = self.account.sign_transaction(cast(dict[str, Any], {**request, **terms}))
        try:
            await self._eth.send_raw_transaction(signed.raw_transaction)
        except Web3RPCError as error:
            raise TransactionRefused(call, reason(error)) from error
        return bytes(signed.hash)

    async def _mined(self, call: str, transaction: bytes) -> TxReceipt:
        try:
            async with asyncio.timeout(self._timeout_s):
                while True:
                    try:
                        return await self._eth.get_transaction_receipt(HexBytes(transaction))
                    except (TransactionNotFound, ChainUnavailable):
                        # Sent is sent: a node that does not answer now says nothing about it.
                        await asyncio.sleep(POLL_SECONDS)
        except TimeoutError as error:
            raise TransactionLost(call, transaction, self._timeout_s) from error


def _receipt(receipt: TxReceipt) -> Receipt:
    return Receipt(bytes(receipt["transactionHash"]), receipt["blockNumber"], receipt["gasUsed"])
