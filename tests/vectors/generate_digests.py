"""Write `digests.json`: every digest, name and draw of SPEC 2 and 4.3 for fixed inputs.

python -m tests.vectors.generate_digests
"""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from tests.vectors.reference import (
    draw_shard,
    hash_struct,
    path,
    root,
    shuffle,
    to_hex,
    typed_digest,
)

CHAIN_ID: Final = 31337
CLAIM_REGISTRY: Final = "0x1111111111111111111111111111111111111111"
VERIFIER_REGISTRY: Final = "0x2222222222222222222222222222222222222222"
DISPUTE_MANAGER: Final = "0x3333333333333333333333333333333333333333"
OWNER: Final = "0x4444444444444444444444444444444444444444"
OPERATOR: Final = "0x5555555555555555555555555555555555555555"

SHARD_COUNTS: Final = (1, 2, 3, 4, 7)
DRAWS: Final = ((1, 1), (4, 4), (5, 4), (13, 4), (61, 61), (1000, 13))
"""Population and committee size."""
SEALED: Final = ((0, 0, 1), (0, 12, 2), (1, 60, 6), (3, 3, 5))
"""Round, place and outcome."""
COMMITTEES: Final = ((4, 0b1111), (4, 0b1011), (13, 0x1FFF), (13, 0x0FF8), (61, 2**61 - 1), (31, 1))
"""Size, and who sealed a vote."""
CLAIMS: Final = ((1, 0), (4, 0b1011), (4, 0), (8, 0b10100101), (256, 2**256 - 1 - 2**200), (256, 0))
"""How many shards, and which are burnt."""


def main() -> None:
    """Write the vectors beside this file."""
    shards = [_shard(index) for index in range(max(SHARD_COUNTS))]
    leaves = [_bytes(shard["leaf"]) for shard in shards]
    claim = _claim(root(leaves[:4]))
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
        "sealedVotes": [_sealed_vote(_bytes(dispute["disputeId"]), *each) for each in SEALED],
        "commitments": [_commitment(_bytes(dispute["disputeId"]), *each) for each in SEALED],
        "votesRoots": [_votes_root(*each) for each in COMMITTEES],
        "seals": [_seal(_bytes(dispute["disputeId"]), *each) for each in COMMITTEES],
        "shardDraws": [_shard_draw(*each) for each in CLAIMS],
        "draws": [_draw(population, size) for population, size in DRAWS],
        "turns": _turns(_bytes(dispute["seed"])),
    }
    Path(__file__).with_name("digests.json").write_text(json.dumps(vectors, indent=1) + "\n")


def _shard(index: int) -> dict[str, Any]:
    seed, evidence = _filler(f"seed {index}"), f"evidence {index}".encode()
    message = {
        "index": index,
        "seedHash": keccak(seed),
        "evidenceDigest": sha256(evidence).digest(),
    }
    leaf = hash_struct("Shard", message)
    return {
        "index": index,
        "seed": to_hex(seed),
        "evidence": to_hex(evidence),
        "hashStruct": to_hex(leaf),
        "leaf": to_hex(keccak(b"\x00" + leaf)),
    }


def _tree(leaves: list[bytes]) -> dict[str, Any]:
    return {
        "root": to_hex(root(leaves)),
        "paths": [[to_hex(node) for node in path(index, leaves)] for index in range(len(leaves))],
    }


def _claim(shards_root: bytes) -> dict[str, Any]:
    message = {
        "owner": OWNER,
        "scheme": "deepsigns-v1",
        "level": 64,
        "shardCount": 4,
        "shardsRoot": shards_root,
    }
    commitment = typed_digest("Claim", message, CLAIM_REGISTRY, CHAIN_ID)
    claim_id = keccak(encode(["address", "bytes32"], [OWNER, commitment]))
    return message | {
        "shardsRoot": to_hex(shards_root),
        "commitment": to_hex(commitment),
        "claimId": to_hex(claim_id),
    }


def _possession() -> dict[str, Any]:
    bls_key = _filler("key") * 4
    message = {"operator": OPERATOR, "blsKeyHash": keccak(bls_key)}
    digest = typed_digest("Possession", message, VERIFIER_REGISTRY, CHAIN_ID)
    return {
        "operator": OPERATOR,
        "blsKey": to_hex(bls_key),
        "blsKeyHash": to_hex(keccak(bls_key)),
        "digest": to_hex(digest),
    }


def _dispute(claim_id: bytes) -> dict[str, Any]:
    model_digest, number, block_hash, round_ = _filler("model"), 2, _filler("block"), 0
    dispute_id = keccak(
        encode(
            ["uint256", "address", "bytes32", "bytes32", "uint256"],
            [CHAIN_ID, DISPUTE_MANAGER, claim_id, model_digest, number],
        )
    )
    return {
        "claimId": to_hex(claim_id),
        "modelDigest": to_hex(model_digest),
        "number": number,
        "disputeId": to_hex(dispute_id),
        "blockHash": to_hex(block_hash),
        "round": round_,
        "seed": to_hex(_draw_seed(block_hash, dispute_id, round_)),
    }


def _vote(dispute_id: bytes, outcome: int) -> dict[str, Any]:
    message = {
        "disputeId": dispute_id,
        "round": 0,
        "outcome": outcome,
        "envelopeDigest": _filler("envelope"),
        "committeeHash": _filler("committee"),
    }
    return _signed("Vote", message)


def _sealed_vote(dispute_id: bytes, round_: int, place: int, outcome: int) -> dict[str, Any]:
    message = {
        "disputeId": dispute_id,
        "round": round_,
        "place": place,
        "outcome": outcome,
        "salt": _filler(f"salt {place}"),
    }
    return _shown(message) | {"hashStruct": to_hex(hash_struct("SealedVote", message))}


def _commitment(dispute_id: bytes, round_: int, place: int, outcome: int) -> dict[str, Any]:
    sealed = _sealed_vote(dispute_id, round_, place, outcome)
    message = {
        "disputeId": dispute_id,
        "round": round_,
        "place": place,
        "commitment": _bytes(sealed["hashStruct"]),
    }
    return _signed("Commitment", message)


def _votes_root(size: int, voters: int) -> dict[str, Any]:
    leaves = [
        _filler(f"commitment {place}") if voters >> place & 1 else bytes(32)
        for place in range(size)
    ]
    return {
        "voters": hex(voters),
        "leaves": [to_hex(leaf) for leaf in leaves],
        "root": to_hex(root([keccak(b"\x00" + leaf) for leaf in leaves])),
    }


def _seal(dispute_id: bytes, size: int, voters: int) -> dict[str, Any]:
    message = {
        "disputeId": dispute_id,
        "round": 1,
        "root": _bytes(_votes_root(size, voters)["root"]),
        "voters": voters,
        "committeeHash": _filler("committee"),
    }
    return _signed("Seal", message) | {"voters": hex(voters)}


def _shard_draw(shard_count: int, burnt: int) -> dict[str, Any]:
    seed = _filler(f"shard {shard_count} {burnt}")
    return {
        "seed": to_hex(seed),
        "shardCount": shard_count,
        "burnt": hex(burnt),
        "shard": draw_shard(seed, shard_count, burnt),
    }


def _signed(name: str, message: dict[str, Any]) -> dict[str, Any]:
    return _shown(message) | {
        "digest": to_hex(typed_digest(name, message, DISPUTE_MANAGER, CHAIN_ID))
    }


def _shown(message: dict[str, Any]) -> dict[str, Any]:
    return {
        key: to_hex(value) if isinstance(value, bytes) else value for key, value in message.items()
    }


def _draw_seed(block_hash: bytes, dispute_id: bytes, round_: int) -> bytes:
    return keccak(encode(["bytes32", "bytes32", "uint8"], [block_hash, dispute_id, round_]))


def _draw(population: int, size: int) -> dict[str, Any]:
    seed = _filler(f"draw {population} {size}")
    return {
        "seed": to_hex(seed),
        "population": population,
        "size": size,
        "positions": shuffle(seed, population)[:size],
    }


def _turns(seed: bytes) -> dict[str, Any]:
    turn_seed = keccak(encode(["bytes32", "string", "uint8"], [seed, "submit", 0]))
    return {
        "seed": to_hex(seed),
        "round": 0,
        "turnSeed": to_hex(turn_seed),
        "size": 4,
        "order": shuffle(turn_seed, 4),
    }


def _filler(label: str) -> bytes:
    return keccak(text=f"assay {label}")


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


if __name__ == "__main__":
    main()
