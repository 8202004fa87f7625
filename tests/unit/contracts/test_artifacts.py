"""The compiled contracts as Python sees them."""

from __future__ import annotations

import pytest
from eth_utils.abi import function_signature_to_4byte_selector

from contracts import UnknownContract, abi, bytecode

NAMES = ("ClaimRegistry", "DisputeManager", "Penalties", "Priorities", "VerifierRegistry")
CREATION_CODE_LIMIT = 49_152
"""EIP-3860. What it leaves behind has a limit too, under which every test's deployment stays."""


@pytest.mark.parametrize("name", NAMES)
def test_bytecode__fits_into_a_contract(name: str) -> None:
    assert 0 < len(bytecode(name)) <= CREATION_CODE_LIMIT


def test_bytecode__contains_the_selector_of_a_function_of_its_interface() -> None:
    selector = function_signature_to_4byte_selector("commit(bytes32,uint16)")

    assert selector in bytecode("ClaimRegistry")


@pytest.mark.parametrize(
    ("name", "kind", "entry"),
    [
        ("ClaimRegistry", "function", "drawBeacon"),
        ("ClaimRegistry", "event", "Committed"),
        ("VerifierRegistry", "function", "register"),
        ("DisputeManager", "function", "settle"),
        ("DisputeManager", "error", "InvalidSignature"),
        # Raised inside a library, and still to be decoded by whoever calls.
        ("DisputeManager", "error", "PrecompileFailed"),
    ],
)
def test_abi__names_functions_events_and_errors(name: str, kind: str, entry: str) -> None:
    assert entry in {item["name"] for item in abi(name) if item["type"] == kind}


def test_abi__is_the_callers_to_change() -> None:
    abi("ClaimRegistry").clear()

    assert abi("ClaimRegistry")


@pytest.mark.parametrize("name", ["Oracle", "", "../abi/ClaimRegistry", "claimregistry"])
def test_load__reject_unknown_contract(name: str) -> None:
    with pytest.raises(UnknownContract) as caught:
        abi(name)

    assert caught.value.name == name
    assert str(caught.value) == (f"load contract: {name!r} is not one of {', '.join(NAMES)}")
