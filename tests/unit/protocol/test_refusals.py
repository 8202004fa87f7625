"""Every error that a contract can raise is named and answered with advice."""

from __future__ import annotations

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak

import contracts
from protocol.chain.refusals import ADVICE, CONTRACTS, refusal
from protocol.types import State


def declared() -> set[str]:
    return {
        entry["name"]
        for contract in CONTRACTS
        for entry in contracts.abi(contract)
        if entry["type"] == "error"
    }


def test_advice__is_there_for_every_error_and_for_no_other() -> None:
    assert ADVICE.keys() == declared() | {"Error", "Panic"}


@pytest.mark.parametrize("advice", ADVICE.values())
def test_advice__is_one_clause_that_ends_a_sentence(advice: str) -> None:
    assert advice[0].islower()
    assert not advice.endswith(".")


def test_refusal__names_the_error_and_its_arguments() -> None:
    data = keccak(text="WrongBond(uint256,uint256)")[:4] + encode(["uint256"] * 2, [1, 5])

    error = refusal("register", data)

    assert (error.call, error.name, error.arguments) == (
        "register",
        "WrongBond",
        {"sent": 1, "required": 5},
    )
    assert "register: refused with WrongBond(sent=1, required=5): send exactly" in str(error)


def test_refusal__shows_states_by_name() -> None:
    data = keccak(text="WrongState(bytes32,uint8,uint8)")[:4]

    error = refusal("settle", data + encode(["bytes32", "uint8", "uint8"], [bytes(32), 4, 3]))

    assert error.arguments["actual"] is State.SEALED
    assert "actual=SEALED, required=KEYED" in str(error)


def test_refusal__shows_outcomes_by_name() -> None:
    data = keccak(text="SameOutcome(uint8)")[:4] + encode(["uint8"], [2])

    assert "SameOutcome(outcome=NO_MATCH): two votes" in str(refusal("punishEquivocation", data))


@pytest.mark.parametrize(
    ("signature", "kinds"),
    [
        ("UnknownMember(uint256,uint256)", ["uint256", "uint256"]),
        ("UnknownMember(bytes32,uint8)", ["bytes32", "uint8"]),
    ],
)
def test_refusal__knows_errors_of_one_name_in_two_contracts(
    signature: str, kinds: list[str]
) -> None:
    data = keccak(text=signature)[:4] + bytes(32 * len(kinds))

    assert refusal("f", data).name == "UnknownMember"


def test_refusal__reads_the_compilers_own_errors() -> None:
    reason = refusal("f", keccak(text="Error(string)")[:4] + encode(["string"], ["no"]))
    panic = refusal("f", keccak(text="Panic(uint256)")[:4] + encode(["uint256"], [0x11]))

    assert reason.arguments == {"reason": "no"}
    assert (panic.name, panic.arguments) == ("Panic", {"code": 0x11})


@pytest.mark.parametrize(
    "data", [b"\x01", b"\xde\xad\xbe\xef", keccak(text="WrongBond(uint256,uint256)")[:7]]
)
def test_refusal__keeps_what_it_cannot_read(data: bytes) -> None:
    error = refusal("f", data)

    assert (error.name, error.arguments) == ("Unknown", {"data": data})


def test_refusal__says_so_if_there_is_no_reason() -> None:
    assert refusal("f", b"").name == "Unexplained"
