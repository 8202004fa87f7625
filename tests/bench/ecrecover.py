"""What BLS is measured against: a contract that checks n ECDSA signatures, and does no more.

It is given a digest and n signatures of 65 bytes, recovers each signer and compares it with the
address that its own code holds for that place; then it writes one word. Assembled by hand, as the
least that any such contract has to do.
"""

from __future__ import annotations

from typing import Final

from eth_account.signers.local import LocalAccount
from eth_typing import Hash32
from eth_utils.address import to_canonical_address
from eth_utils.crypto import keccak

from node.evm import CHAIN_ID
from node.faucet import FAUCET_WEI
from node.ledger import Ledger
from node.mined import Mined
from tests.support.court import account

DIGEST: Final = Hash32(keccak(text="an outcome"))
GAS: Final = 10_000_000

OPCODES: Final = {
    "STOP": 0x00, "ADD": 0x01, "MUL": 0x02, "LT": 0x10, "EQ": 0x14, "SHR": 0x1C,
    "CALLDATALOAD": 0x35, "CALLDATACOPY": 0x37, "CODECOPY": 0x39, "POP": 0x50, "MLOAD": 0x51,
    "MSTORE": 0x52, "SSTORE": 0x55, "JUMPI": 0x57, "GAS": 0x5A, "JUMPDEST": 0x5B, "DUP1": 0x80,
    "DUP2": 0x81, "RETURN": 0xF3, "STATICCALL": 0xFA, "REVERT": 0xFD,
}  # fmt: skip

# Memory: 0x00 digest, 0x20 v, 0x40 r, 0x60 s, 0x80 who signed, 0xa0 who should have.
CHECK_ALL: Final = """
32 0 0 CALLDATACOPY
0
:next
  64 DUP2 65 MUL 32 ADD 0x40 CALLDATACOPY
  DUP1 65 MUL 96 ADD CALLDATALOAD 248 SHR 0x20 MSTORE
  32 0x80 128 0 1 GAS STATICCALL POP
  20 DUP2 20 MUL $addresses ADD 0xac CODECOPY
  0xa0 MLOAD 0x80 MLOAD EQ :same JUMPI
  0 0 REVERT
  :same
  1 ADD
  $count DUP2 LT :next JUMPI
1 0 SSTORE STOP
"""
DEPLOY: Final = "$size $start 0 CODECOPY $size 0 RETURN"


def ecrecover_gas(count: int) -> int:
    """The gas of a whole transaction that checks `count` signatures."""
    signers = [account(f"signer {place}") for place in range(count)]
    payer = account("payer")
    ledger = Ledger(timestamp=0, funded={to_canonical_address(payer.address): FAUCET_WEI})
    addresses = b"".join(to_canonical_address(signer.address) for signer in signers)
    contract = _mined(ledger, payer, 0, b"", _creation(count, addresses)).contract
    assert contract is not None
    signatures = b"".join(_signature(signer) for signer in signers)
    checked = _mined(ledger, payer, 1, contract, DIGEST + signatures)
    assert checked.receipt.state_root == b"\x01"
    return checked.gas_used


def _mined(ledger: Ledger, payer: LocalAccount, nonce: int, to: bytes, data: bytes) -> Mined:
    signed = payer.sign_transaction(
        {
            "type": 2,
            "chainId": CHAIN_ID,
            "nonce": nonce,
            "to": to,
            "value": 0,
            "data": data,
            "gas": GAS,
            "maxFeePerGas": 10**10,
            "maxPriorityFeePerGas": 10**9,
        }
    )
    transaction = ledger.submit(bytes(signed.raw_transaction))
    ledger.mine(nonce + 1)
    mined = ledger.mined(transaction)
    assert mined is not None
    return mined


def _signature(signer: LocalAccount) -> bytes:
    """r, s, v over the digest itself."""
    return bytes(signer.unsafe_sign_hash(DIGEST).signature)


def _creation(count: int, addresses: bytes) -> bytes:
    """What creates the contract: its code, and behind it the addresses of all places."""
    length = len(assemble(CHECK_ALL, count=0, addresses=0))
    runtime = assemble(CHECK_ALL, count=count, addresses=length) + addresses
    start = len(assemble(DEPLOY, size=0, start=0))
    return assemble(DEPLOY, size=len(runtime), start=start) + runtime


def assemble(source: str, **values: int) -> bytes:
    """EVM code: numbers are pushed, `$name` pushes a value, `:name` a place that `:name` marks.

    A place is marked where it stands first on its line.
    """
    lines = [line.split() for line in source.splitlines()]
    marks: dict[str, int] = {}
    code = bytearray()
    for _ in range(2):  # once to find the places, once to push them
        code.clear()
        for line in lines:
            for column, word in enumerate(line):
                if word.startswith(":") and column == 0:
                    marks[word] = len(code)
                    code.append(OPCODES["JUMPDEST"])
                elif word.startswith((":", "$")):
                    value = values[word[1:]] if word[0] == "$" else marks.get(word, 0)
                    code += b"\x61" + value.to_bytes(2, "big")
                elif word in OPCODES:
                    code.append(OPCODES[word])
                else:
                    number = int(word, 0)
                    code += bytes([0x60, number]) if number else b"\x5f"
    return bytes(code)
