"""How values become bytes that are hashed and signed (EIP-712, SPEC 2), and strangers' ABI is read.

A struct is named by its EIP-712 type string, exactly as SPEC 2 prints it. No JSON is ever signed.

An ABI decoder that follows a stranger's offsets can be made to copy one field a million times. So
`word` and `tail` only read where they are pointed; the caller encodes what it read and compares,
which leaves one accepted form and no parser to attack.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from eth_account.messages import SignableMessage, encode_typed_data
from eth_utils.crypto import keccak

from .types import Address, Digest

WORD_BYTES: Final = 32


def hash_struct(type_string: str, values: Sequence[Any]) -> Digest:
    """EIP-712's hashStruct.

    >>> hash_struct("Seed(uint32 index,bytes32 hash)", (7, bytes(32))).hex()[:8]
    '605f738b'
    """
    return Digest(_signable({}, type_string, values).body)


def typed_digest(
    type_string: str, values: Sequence[Any], *, chain_id: int, contract: Address
) -> Digest:
    """The EIP-712 digest under Assay's domain at `contract` (SPEC 2)."""
    domain = {
        "name": "Assay",
        "version": "1",
        "chainId": chain_id,
        "verifyingContract": contract,
    }
    signable = _signable(domain, type_string, values)
    return Digest(keccak(b"\x19" + signable.version + signable.header + signable.body))


def word(data: bytes, at: int) -> int:
    """The ABI word at byte `at`, as a number; bytes past the end read as absent."""
    return int.from_bytes(data[at : at + WORD_BYTES], "big")


def tail(data: bytes, at: int) -> bytes:
    """The ABI `bytes` whose length word is at byte `at`, cut short where `data` ends."""
    start = at + WORD_BYTES
    return data[start : start + word(data, at)]


def _signable(domain: dict[str, Any], type_string: str, values: Sequence[Any]) -> SignableMessage:
    name, _, members = type_string.rstrip(")").partition("(")
    fields = [
        dict(zip(("type", "name"), member.split(" "), strict=True)) for member in members.split(",")
    ]
    message = {field["name"]: value for field, value in zip(fields, values, strict=True)}
    return encode_typed_data(domain, {name: fields}, message)
