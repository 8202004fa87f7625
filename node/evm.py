"""Execution: py-evm at the Prague fork, with its slow precompiles replaced.

It decodes transactions and answers calls and estimates against a state; what a block is made of is
for `ledger.py` to say. Errors carry Geth's words, and the data a contract reverts with.

But: there are no blobs, no set-code transactions and no proofs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from eth.chains.base import Chain
from eth.exceptions import PyEVMError, Revert
from eth.vm.forks.prague import PragueVM
from eth.vm.forks.prague.computation import PragueComputation
from eth.vm.forks.prague.state import PragueState, PragueTransactionExecutor
from eth.vm.spoof import SpoofTransaction
from eth_typing import Address, BlockNumber
from eth_utils.exceptions import ValidationError
from rlp.exceptions import RLPException

from .precompiles import FAST_PRECOMPILES

CHAIN_ID: Final = 31337
"""The number anvil and Hardhat use, so that wallets know it for a development chain."""

BLOCK_GAS: Final = 60_000_000
TRANSACTION_GAS: Final = 16_777_216
"""EIP-7825's cap: Prague has none, but what runs here should run on today's networks."""

_PRECOMPILES: Final = {**PragueComputation.get_precompiles(), **FAST_PRECOMPILES}
_NO_SENDER: Final = Address(bytes(20))


class LedgerError(Exception):
    """A transaction or a question the chain does not take; the text is Geth's."""


class Reverted(LedgerError):
    """Execution failed; `data` is what the contract returned, empty if the EVM stopped it."""

    def __init__(self, why: str, data: bytes) -> None:
        self.data = data
        super().__init__(why)


@dataclass(frozen=True, slots=True)
class Call:
    """A message to be executed and forgotten."""

    sender: Address = _NO_SENDER
    to: bytes = b""
    data: bytes = b""
    value: int = 0
    gas: int | None = None


class _DevComputation(PragueComputation):
    _precompiles = _PRECOMPILES


class _DevState(PragueState):
    computation_class = _DevComputation


class EmbeddedVM(PragueVM):
    """The rules of every block."""

    _state_class = _DevState


class EmbeddedChain(Chain):
    """A chain under those rules from its first block."""

    chain_id = CHAIN_ID
    vm_configuration = ((BlockNumber(0), EmbeddedVM),)


def decode_transaction(raw: bytes) -> Any:
    """A signed transaction for this chain.

    Raises:
        LedgerError: it is malformed, badly signed, or for another chain.
    """
    try:
        transaction = EmbeddedVM.get_transaction_builder().decode(raw)
        transaction.validate()
    except (ValidationError, RLPException, PyEVMError, ValueError) as error:
        raise LedgerError(f"invalid transaction: {error}") from error
    if transaction.chain_id != CHAIN_ID:
        raise LedgerError(
            f"invalid chain id for signer: have {transaction.chain_id} want {CHAIN_ID}"
        )
    if not transaction.is_signature_valid:
        raise LedgerError("invalid sender")
    return transaction


def run_call(call: Call, state: Any) -> bytes:
    """What `call` returns; `state` is used up.

    Raises:
        Reverted: the execution failed.
        LedgerError: the sender does not have the value it sends.
    """
    computation, _ = _execute(call, state, min(call.gas or BLOCK_GAS, BLOCK_GAS))
    _raise_if_failed(computation)
    return bytes(computation.output)


def estimate_gas(call: Call, fresh_state: Callable[[], Any]) -> int:
    """Gas with which `call` succeeds: what it used, and room for what calls hold back.

    Raises:
        Reverted: the execution fails with any gas.
        LedgerError: the sender does not have the value it sends.
    """
    most = min(call.gas or TRANSACTION_GAS, TRANSACTION_GAS)
    computation, floor = _execute(call, fresh_state(), most)
    _raise_if_failed(computation)
    used = most - computation.get_gas_remaining()
    # EIP-150 keeps back a 64th at each depth; 2300 is the stipend of a transfer.
    limit = max(floor, used * 64 // 63 + 2300)
    while limit < most:
        computation, _ = _execute(call, fresh_state(), limit)
        if not computation.is_error:
            return int(limit)
        limit = limit * 5 // 4
    return most


def _execute(call: Call, state: Any, gas: int) -> tuple[Any, int]:
    builder: Any = EmbeddedVM.get_transaction_builder()
    unsigned = builder.new_unsigned_dynamic_fee_transaction(
        chain_id=CHAIN_ID,
        nonce=state.get_nonce(call.sender),
        max_priority_fee_per_gas=0,
        max_fee_per_gas=0,
        gas=gas,
        to=call.to,
        value=call.value,
        data=call.data,
        access_list=(),
    )
    if gas < unsigned.intrinsic_gas:
        raise LedgerError("intrinsic gas too low")
    if state.get_balance(call.sender) < call.value:
        raise LedgerError("insufficient funds for gas * price + value")
    floor = PragueTransactionExecutor.calc_data_floor_gas(unsigned, 0, 0)
    return state.apply_transaction(SpoofTransaction(unsigned, from_=call.sender)), int(floor)


def _raise_if_failed(computation: Any) -> None:
    if not computation.is_error:
        return
    if isinstance(computation.error, Revert):
        raise Reverted("execution reverted", bytes(computation.output))
    raise Reverted(f"execution failed: {type(computation.error).__name__}", b"")
