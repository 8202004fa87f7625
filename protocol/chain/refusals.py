"""What a contract's refusal means, and what to do about it.

A revert arrives as bytes: four name the error, the rest are its arguments, and the contracts' ABIs
say how to read them. Each error has one sentence here; a test fails when one is missing.
"""

from __future__ import annotations

from enum import IntEnum
from functools import cache
from typing import Any, Final

from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError
from eth_utils.abi import (
    function_abi_to_4byte_selector,
    get_abi_input_types,
)

import contracts
from protocol.errors import ContractRefused
from protocol.types import Outcome, State

CONTRACTS: Final = (
    "ClaimRegistry",
    "VerifierRegistry",
    "DisputeManager",
    "Penalties",
    "Priorities",
)

_ENUMS: Final[dict[str, type[IntEnum]]] = {
    "enum IDisputeManager.State": State,
    "enum IDisputeManager.Outcome": Outcome,
}
"""An outcome is shown where it is one: the contracts name `None` in no error."""

ADVICE: Final = {
    "AlreadyBound": "a claim is bound to one model for ever; commit a new claim",
    "AlreadyCollected": "nothing is left to collect here",
    "AlreadyCommitted": "this commitment is yours already; carry on with its claim",
    "AlreadyExiting": "the exit was requested before; withdraw the bond once its delay is over",
    "AlreadyPunished": "the penalty was taken before",
    "AlreadyRegistered": "somebody registered this model before, and that cannot be changed",
    "AlreadySeated": "an operator has one seat; use another account for another seat",
    "BeaconAlreadyDrawn": "carry on: the beacon is there",
    "BeaconNotDrawn": "draw the beacon first",
    "BeaconTooEarly": "wait until the chain is past the beacon's block",
    "BlockNotPast": "ask about a block before the present one",
    "BondAlreadyWithdrawn": "the bond was paid before",
    "CheckpointUnorderedInsertion": "report this: the register's history is out of order",
    "ClaimNotBound": "bind the claim to the marked model first",
    "DeadlineNotPassed": "wait until the deadline has passed",
    "DeadlinePassed": "it is too late for this; anyone may expire the dispute",
    "DisputeEnded": "nothing is left to expire: the dispute has ended",
    "DomainTagTooLong": "report this: the contract was built with a wrong domain tag",
    "DrawTooEarly": "wait until the chain is past the seed's block",
    "EmptyDigest": "give the digest; it cannot be zero",
    "EmptyEnvelopeKey": "give an X25519 public key; it cannot be zero",
    "EndpointTooLong": "give a shorter endpoint",
    "ExitDelayTooShort": "deploy with an exit delay longer than the longest dispute",
    "ExitNotRequested": "request the exit first",
    "ExitTooEarly": "wait until the exit's delay is over",
    "InvalidOutcome": "a verdict needs one of the six outcomes",
    "InvalidParameters": "deploy with another value for this parameter",
    "InvalidPossession": "sign the possession with this key, for this account and this register",
    "InvalidShardCount": "commit a claim of 1 to 256 shards",
    "InvalidShortString": "report this: the contract was built with a wrong name",
    "InvalidSignature": "check who signed what, and in which round",
    "KeyAlreadyUsed": "make a new BLS key; each is registered once, for ever",
    "MalformedKey": "give a BLS public key as 128 bytes of EIP-2537",
    "ModelOlderThanClaim": "the model is older than the claim's beacon, and cannot carry its mark",
    "NoShardLeft": "all shards of the claim are burnt or promised; commit a new claim",
    "NotASigner": "only those who signed the verdict have a share of the fee",
    "NotAppealable": "the ladder, or the number of appeals, ends here: the verdict will be final",
    "NotClaimOwner": "use the account that owns the claim",
    "NotEnoughVerifiers": "wait until enough verifiers have registered",
    "NotOperator": "use the account that registered the seat",
    "NotOwner": "use the account that owns the claim",
    "NotSealed": "show only votes of those who sealed one",
    "NotSlasher": "only the court's Penalties contract may take bonds",
    "NotWithheld": "this member sealed no vote, or the chain has seen it",
    "NothingLeft": "the seat's bond is gone",
    "NothingOwed": "the court owes nothing to this account",
    "PaymentFailed": "let the receiving contract accept plain transfers",
    "PrecompileFailed": "use a chain with EIP-2537, and check that the points are on the curve",
    "QuorumNotReached": "gather more votes for this outcome",
    "RevealStillOpen": "wait until the time to reveal is over",
    "SameOutcome": "two votes for one outcome are no equivocation",
    "StringTooLong": "report this: the contract was built with a wrong name",
    "UnknownClaim": "check the claim's id and the chain; commit it first if it is new",
    "UnknownDispute": "check the dispute's id and the chain",
    "UnknownMember": "name only places of the committee, which are counted from 0",
    "UnknownPosition": "ask for a position below the number of active seats",
    "UnknownRound": "ask for a round that has begun",
    "UnknownSeat": "check the seat's number",
    "WrongBond": "send exactly the bond",
    "WrongLength": "give one outcome and one opening for each place of the committee",
    "WrongOpening": "give the votes and commitments exactly as they were sealed",
    "WrongPayment": "send exactly the bond plus the round's fee",
    "WrongState": "look at the dispute again: it is at another stage",
    # The compiler's own:
    "Error": "see its reason",
    "Panic": "report this: the contract failed a check of its own",
}


def refusal(call: str, data: bytes) -> ContractRefused:
    """The revert `data` of `call` as an error with a name, arguments and advice."""
    if not data:
        return unexplained(call, "the contract gave no reason; check the chain and the gas")
    try:
        error = _errors()[data[:4]]
        values = decode(get_abi_input_types(error), data[4:])
    except (KeyError, DecodingError):
        return ContractRefused(call, "Unknown", {"data": data}, "check that client and court agree")
    arguments = {
        argument["name"]: _named(argument.get("internalType", ""), value)
        for argument, value in zip(error["inputs"], values, strict=True)
    }
    return ContractRefused(call, error["name"], arguments, ADVICE[error["name"]])


def _named(kind: str, value: Any) -> Any:
    return _ENUMS[kind](value) if kind in _ENUMS else value


def unexplained(call: str, advice: str) -> ContractRefused:
    """A refusal without any data."""
    return ContractRefused(call, "Unexplained", {}, advice)


@cache
def _errors() -> dict[bytes, Any]:
    """The errors that the contracts and the compiler declare, by selector."""
    declared: list[Any] = [
        {"type": "error", "name": "Error", "inputs": [{"name": "reason", "type": "string"}]},
        {"type": "error", "name": "Panic", "inputs": [{"name": "code", "type": "uint256"}]},
    ]
    for contract in CONTRACTS:
        declared += [entry for entry in contracts.abi(contract) if entry["type"] == "error"]
    return {function_abi_to_4byte_selector(error): error for error in declared}
