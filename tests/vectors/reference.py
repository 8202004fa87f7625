"""A second, plain implementation of SPEC 2 and 4.3 on eth_account's EIP-712 and eth_abi.

Nothing of Assay is imported, so that the contracts and `protocol` can both be held against it.
"""

from __future__ import annotations

from typing import Any, Final

from eth_abi.abi import encode
from eth_account.messages import SignableMessage, encode_typed_data
from eth_utils.crypto import keccak

TYPES: Final = {
    "Shard": "uint32 index,bytes32 seedHash,bytes32 evidenceDigest",
    "Claim": "address owner,string scheme,uint16 level,uint32 shardCount,bytes32 shardsRoot",
    "Possession": "address operator,bytes32 blsKeyHash",
    "SealedVote": "bytes32 disputeId,uint8 round,uint8 place,uint8 outcome,bytes32 salt",
    "Commitment": "bytes32 disputeId,uint8 round,uint8 place,bytes32 commitment",
    "Seal": "bytes32 disputeId,uint8 round,bytes32 root,uint64 voters,bytes32 committeeHash",
    "Vote": (
        "bytes32 disputeId,uint8 round,uint8 outcome,bytes32 envelopeDigest,bytes32 committeeHash"
    ),
}


def root(leaves: list[bytes]) -> bytes:
    """Return the RFC 9162 tree head, as its section 2.1.1 defines it."""
    if len(leaves) == 1:
        return leaves[0]
    split = _split(len(leaves))
    return keccak(b"\x01" + root(leaves[:split]) + root(leaves[split:]))


def path(index: int, leaves: list[bytes]) -> list[bytes]:
    """Return the RFC 9162 inclusion proof, as its section 2.1.3.1 defines it."""
    if len(leaves) == 1:
        return []
    split = _split(len(leaves))
    if index < split:
        return [*path(index, leaves[:split]), root(leaves[split:])]
    return [*path(index - split, leaves[split:]), root(leaves[:split])]


def _split(count: int) -> int:
    return 1 << (count - 1).bit_length() - 1


def draw_shard(seed: bytes, shard_count: int, burnt: int) -> int:
    """Return the shard that SPEC 4.3 chooses, by walking over the burnt ones."""
    left = int.from_bytes(keccak(encode(["bytes32", "string"], [seed, "shard"])))
    left %= shard_count - burnt.bit_count()
    for index in range(shard_count):
        if not burnt >> index & 1:
            if left == 0:
                return index
            left -= 1
    raise AssertionError("no shard is left")


def shuffle(seed: bytes, population: int) -> list[int]:
    """Return the whole Fisher-Yates shuffle of SPEC 4.3; a partial one is its beginning."""
    numbers = list(range(population))
    for i in range(population):
        word = int.from_bytes(keccak(encode(["bytes32", "uint256"], [seed, i])))
        other = i + word % (population - i)
        numbers[i], numbers[other] = numbers[other], numbers[i]
    return numbers


def hash_struct(name: str, message: dict[str, Any]) -> bytes:
    """Return the hashStruct of EIP-712."""
    return _typed_data(name, message, "0x" + 20 * "00", 0).body


def typed_digest(name: str, message: dict[str, Any], contract: str, chain_id: int) -> bytes:
    """Return the typed-data digest of EIP-712 in the domain of SPEC 2."""
    data = _typed_data(name, message, contract, chain_id)
    return keccak(b"\x19" + data.version + data.header + data.body)


def _typed_data(
    name: str, message: dict[str, Any], contract: str, chain_id: int
) -> SignableMessage:
    fields = [
        dict(zip(("type", "name"), field.split(), strict=True)) for field in TYPES[name].split(",")
    ]
    domain = {
        "name": "Assay",
        "version": "1",
        "chainId": chain_id,
        "verifyingContract": contract,
    }
    return encode_typed_data(domain, {name: fields}, message)


def to_hex(data: bytes) -> str:
    """Return the bytes as the vectors write them."""
    return "0x" + data.hex()
