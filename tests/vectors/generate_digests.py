"""Write `digests.json`: every digest, name and draw of SPEC 2 and 4.3 for fixed inputs.

A second, plain implementation on eth_account's EIP-712 and eth_abi: nothing of Assay is imported,
so that the contracts and `protocol` can both be held against it.
"""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from eth_abi.abi import encode
from eth_account.messages import SignableMessage, encode_typed_data
from eth_utils.crypto import keccak

CHAIN_ID: Final = 31337
CLAIM_REGISTRY: Final = "0x1111111111111111111111111111111111111111"
VERIFIER_REGISTRY: Final = "0x2222222222222222222222222222222222222222"
DISPUTE_MANAGER: Final = "0x3333333333333333333333333333333333333333"
OWNER: Final = "0x4444444444444444444444444444444444444444"
OPERATOR: Final = "0x5555555555555555555555555555555555555555"

TYPES: Final = {
    "Shard": "uint32 index,bytes32 seedHash,bytes32 evidenceDigest",
    "Claim": "address owner,string scheme,uint16 level,uint32 shardCount,bytes32 shardsRoot",
    "Possession": "address operator,bytes32 blsKeyHash",
    "Vote": (
        "bytes32 disputeId,uint8 round,uint8 outcome,bytes32 envelopeDigest,bytes32 committeeHash"
    ),
}

SHARD_COUNTS: Final = (1, 2, 3, 4, 7)
DRAWS: Final = ((1, 1), (4, 4), (5, 4), (13, 4), (61, 61), (1000, 13))
"""Population and committee size."""


def main() -> None:
    """Write the vectors beside this file."""
    shards = [_shard(index) for index in range(max(SHARD_COUNTS))]
    leaves = [_bytes(shard["leaf"]) for shard in shards]
    claim = _claim(_root(leaves[:4]))
    dispute = _dispute(_bytes(claim["claimId"]))
    vectors = {
        "chainId": CHAIN_ID,
        "claimRegistry": CLAIM_REGISTRY,
        "verifierRegistry": VERIFIER_REGISTRY,
        "disputeManager": DISPUTE_MANAGER,
        "shards": shards,
        "trees": [_tree(leaves[:count]) for count in SHARD_COUNTS],
        "claim": claim,
        "possession": _possession(),
        "dispute": dispute,
        "votes": [_vote(_bytes(dispute["disputeId"]), outcome) for outcome in range(1, 7)],
        "draws": [_draw(population, size) for population, size in DRAWS],
        "turns": _turns(_bytes(dispute["seed"])),
    }
    path = Path(__file__).with_name("digests.json")
    path.write_text(json.dumps(vectors, indent=1) + "\n")


def _shard(index: int) -> dict[str, Any]:
    seed, evidence = _filler(f"seed {index}"), f"evidence {index}".encode()
    message = {
        "index": index,
        "seedHash": keccak(seed),
        "evidenceDigest": sha256(evidence).digest(),
    }
    hash_struct = _typed("Shard", message, CLAIM_REGISTRY).body
    return {
        "index": index,
        "seed": _hex(seed),
        "evidence": _hex(evidence),
        "hashStruct": _hex(hash_struct),
        "leaf": _hex(keccak(b"\x00" + hash_struct)),
    }


def _tree(leaves: list[bytes]) -> dict[str, Any]:
    return {
        "root": _hex(_root(leaves)),
        "paths": [[_hex(node) for node in _path(index, leaves)] for index in range(len(leaves))],
    }


def _root(leaves: list[bytes]) -> bytes:
    """Return the RFC 9162 tree head, as its section 2.1.1 defines it."""
    if len(leaves) == 1:
        return leaves[0]
    split = _split(len(leaves))
    return keccak(b"\x01" + _root(leaves[:split]) + _root(leaves[split:]))


def _path(index: int, leaves: list[bytes]) -> list[bytes]:
    """Return the RFC 9162 inclusion proof, as its section 2.1.3.1 defines it."""
    if len(leaves) == 1:
        return []
    split = _split(len(leaves))
    if index < split:
        return [*_path(index, leaves[:split]), _root(leaves[split:])]
    return [*_path(index - split, leaves[split:]), _root(leaves[:split])]


def _split(count: int) -> int:
    return 1 << (count - 1).bit_length() - 1


def _claim(shards_root: bytes) -> dict[str, Any]:
    message = {
        "owner": OWNER,
        "scheme": "deepsigns-v1",
        "level": 64,
        "shardCount": 4,
        "shardsRoot": shards_root,
    }
    commitment = _digest(_typed("Claim", message, CLAIM_REGISTRY))
    claim_id = keccak(encode(["address", "bytes32"], [OWNER, commitment]))
    return message | {
        "shardsRoot": _hex(shards_root),
        "commitment": _hex(commitment),
        "claimId": _hex(claim_id),
    }


def _possession() -> dict[str, Any]:
    bls_key = _filler("key") * 4
    message = {"operator": OPERATOR, "blsKeyHash": keccak(bls_key)}
    digest = _digest(_typed("Possession", message, VERIFIER_REGISTRY))
    return {
        "operator": OPERATOR,
        "blsKey": _hex(bls_key),
        "blsKeyHash": _hex(keccak(bls_key)),
        "digest": _hex(digest),
    }


def _dispute(claim_id: bytes) -> dict[str, Any]:
    model_digest, shard, block_hash = _filler("model"), 2, _filler("block")
    dispute_id = keccak(
        encode(
            ["uint256", "address", "bytes32", "bytes32", "uint32"],
            [CHAIN_ID, DISPUTE_MANAGER, claim_id, model_digest, shard],
        )
    )
    return {
        "claimId": _hex(claim_id),
        "modelDigest": _hex(model_digest),
        "shard": shard,
        "disputeId": _hex(dispute_id),
        "blockHash": _hex(block_hash),
        "seed": _hex(keccak(encode(["bytes32", "bytes32"], [block_hash, dispute_id]))),
    }


def _vote(dispute_id: bytes, outcome: int) -> dict[str, Any]:
    message = {
        "disputeId": dispute_id,
        "round": 0,
        "outcome": outcome,
        "envelopeDigest": _filler("envelope"),
        "committeeHash": _filler("committee"),
    }
    digest = _digest(_typed("Vote", message, DISPUTE_MANAGER))
    shown = {
        key: _hex(value) if isinstance(value, bytes) else value for key, value in message.items()
    }
    return shown | {"digest": _hex(digest)}


def _draw(population: int, size: int) -> dict[str, Any]:
    seed = _filler(f"draw {population} {size}")
    return {
        "seed": _hex(seed),
        "population": population,
        "size": size,
        "positions": _shuffle(seed, population)[:size],
    }


def _turns(seed: bytes) -> dict[str, Any]:
    turn_seed = keccak(encode(["bytes32", "string", "uint8"], [seed, "submit", 0]))
    return {
        "seed": _hex(seed),
        "round": 0,
        "turnSeed": _hex(turn_seed),
        "size": 4,
        "order": _shuffle(turn_seed, 4),
    }


def _shuffle(seed: bytes, population: int) -> list[int]:
    """Return the whole Fisher-Yates shuffle of SPEC 4.3; a partial one is its beginning."""
    numbers = list(range(population))
    for i in range(population):
        word = int.from_bytes(keccak(encode(["bytes32", "uint256"], [seed, i])))
        other = i + word % (population - i)
        numbers[i], numbers[other] = numbers[other], numbers[i]
    return numbers


def _typed(name: str, message: dict[str, Any], contract: str) -> SignableMessage:
    fields = [
        dict(zip(("type", "name"), field.split(), strict=True)) for field in TYPES[name].split(",")
    ]
    domain = {
        "name": "Assay",
        "version": "1",
        "chainId": CHAIN_ID,
        "verifyingContract": contract,
    }
    return encode_typed_data(domain, {name: fields}, message)


def _digest(message: SignableMessage) -> bytes:
    return keccak(b"\x19" + message.version + message.header + message.body)


def _filler(label: str) -> bytes:
    return keccak(text=f"assay {label}")


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


def _hex(data: bytes) -> str:
    return "0x" + data.hex()


if __name__ == "__main__":
    main()
