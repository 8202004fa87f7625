"""Write `digests.json`: every digest, name and draw of SPEC 2 and 4.3 for fixed inputs; and
`cases.json`: many random ones of what members and contracts both compute, with what comes of them.

A second, plain implementation on eth_account's EIP-712 and eth_abi: nothing of Assay is imported,
so that the contracts and `protocol` can both be held against it.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
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
    "SealedVote": "bytes32 disputeId,uint8 round,uint8 place,uint8 outcome,bytes32 salt",
    "Commitment": "bytes32 disputeId,uint8 round,uint8 place,bytes32 commitment",
    "Seal": "bytes32 disputeId,uint8 round,bytes32 root,uint64 voters,bytes32 committeeHash",
    "Vote": (
        "bytes32 disputeId,uint8 round,uint8 outcome,bytes32 envelopeDigest,bytes32 committeeHash"
    ),
}

SHARD_COUNTS: Final = (1, 2, 3, 4, 7)
DRAWS: Final = ((1, 1), (4, 4), (5, 4), (13, 4), (61, 61), (1000, 13))
"""Population and committee size."""
SEALED: Final = ((0, 0, 1), (0, 12, 2), (1, 60, 6), (3, 3, 5))
"""Round, place and outcome."""
COMMITTEES: Final = ((4, 0b1111), (4, 0b1011), (13, 0x1FFF), (13, 0x0FF8), (61, 2**61 - 1), (31, 1))
"""Size, and who sealed a vote."""
CLAIMS: Final = ((1, 0), (4, 0b1011), (4, 0), (8, 0b10100101), (256, 2**256 - 1 - 2**200), (256, 0))
"""How many shards, and which are burnt."""

CASES: Final = 200
CASES_SEED: Final = 5
"""Of the pseudo-random numbers from which all of `cases.json` follows."""


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
        "sealedVotes": [_sealed_vote(_bytes(dispute["disputeId"]), *each) for each in SEALED],
        "commitments": [_commitment(_bytes(dispute["disputeId"]), *each) for each in SEALED],
        "votesRoots": [_votes_root(*each) for each in COMMITTEES],
        "seals": [_seal(_bytes(dispute["disputeId"]), *each) for each in COMMITTEES],
        "shardDraws": [_shard_draw(*each) for each in CLAIMS],
        "draws": [_draw(population, size) for population, size in DRAWS],
        "turns": _turns(_bytes(dispute["seed"])),
    }
    _write("digests.json", vectors)
    _write("cases.json", _cases())


def _write(name: str, vectors: dict[str, Any]) -> None:
    Path(__file__).with_name(name).write_text(json.dumps(vectors, indent=1) + "\n")


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
    model_digest, number, block_hash, round_ = _filler("model"), 2, _filler("block"), 0
    dispute_id = keccak(
        encode(
            ["uint256", "address", "bytes32", "bytes32", "uint256"],
            [CHAIN_ID, DISPUTE_MANAGER, claim_id, model_digest, number],
        )
    )
    return {
        "claimId": _hex(claim_id),
        "modelDigest": _hex(model_digest),
        "number": number,
        "disputeId": _hex(dispute_id),
        "blockHash": _hex(block_hash),
        "round": round_,
        "seed": _hex(_draw_seed(block_hash, dispute_id, round_)),
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
    return _shown(message) | {"hashStruct": _hex(_typed("SealedVote", message, OWNER).body)}


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
        "leaves": [_hex(leaf) for leaf in leaves],
        "root": _hex(_root([keccak(b"\x00" + leaf) for leaf in leaves])),
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
        "seed": _hex(seed),
        "shardCount": shard_count,
        "burnt": hex(burnt),
        "shard": _draw_shard(seed, shard_count, burnt),
    }


def _draw_seed(block_hash: bytes, dispute_id: bytes, round_: int) -> bytes:
    return keccak(encode(["bytes32", "bytes32", "uint8"], [block_hash, dispute_id, round_]))


def _draw_shard(seed: bytes, shard_count: int, burnt: int) -> int:
    """Return the shard that SPEC 4.3 chooses, by walking over the burnt ones."""
    left = int.from_bytes(keccak(encode(["bytes32", "string"], [seed, "shard"])))
    left %= shard_count - burnt.bit_count()
    for index in range(shard_count):
        if not burnt >> index & 1:
            if left == 0:
                return index
            left -= 1
    raise AssertionError("no shard is left")


def _signed(name: str, message: dict[str, Any]) -> dict[str, Any]:
    return _shown(message) | {"digest": _hex(_digest(_typed(name, message, DISPUTE_MANAGER)))}


def _shown(message: dict[str, Any]) -> dict[str, Any]:
    return {
        key: _hex(value) if isinstance(value, bytes) else value for key, value in message.items()
    }


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


def _cases() -> dict[str, Any]:
    """Each kind as the ABI encoding of an array of tuples, which Solidity decodes at once."""
    chance = random.Random(CASES_SEED)  # noqa: S311 - not a secret
    kinds: dict[str, tuple[str, Callable[[random.Random], tuple[Any, ...]]]] = {
        "draws": ("(bytes32,uint256,bytes)[]", _random_draw),
        "sealedVotes": ("(bytes32,uint8,uint8,uint8,bytes32,bytes32)[]", _random_sealed_vote),
        "shardDraws": ("(bytes32,uint256,uint256,uint8)[]", _random_shard_draw),
        "votesRoots": ("(bytes32,uint256,uint256,bytes32)[]", _random_votes_root),
    }
    return {
        name: {"type": kind, "cases": _hex(encode([kind], [[make(chance) for _ in range(CASES)]]))}
        for name, (kind, make) in kinds.items()
    }


def _random_draw(chance: random.Random) -> tuple[bytes, int, bytes]:
    """Return seed, population, and the positions that are drawn, a byte for each."""
    seed, population = chance.randbytes(32), chance.randint(1, 256)
    size = chance.randint(1, min(population, 61))
    return seed, population, bytes(_shuffle(seed, population)[:size])


def _random_sealed_vote(chance: random.Random) -> tuple[bytes, int, int, int, bytes, bytes]:
    """Return dispute, round, place, outcome, salt, and the leaf."""
    message = {
        "disputeId": chance.randbytes(32),
        "round": chance.randrange(4),
        "place": chance.randrange(61),
        "outcome": chance.randint(1, 6),
        "salt": chance.randbytes(32),
    }
    return (*message.values(), _typed("SealedVote", message, OWNER).body)  # type: ignore[return-value]


def _random_shard_draw(chance: random.Random) -> tuple[bytes, int, int, int]:
    """Return seed, number of shards, which are burnt, and the shard that is drawn."""
    seed, shard_count = chance.randbytes(32), chance.randint(1, 256)
    burnt = sum(1 << index for index in range(shard_count) if chance.random() < chance.random())
    if burnt == 2**shard_count - 1:
        burnt = 0
    return seed, shard_count, burnt, _draw_shard(seed, shard_count, burnt)


def _random_votes_root(chance: random.Random) -> tuple[bytes, int, int, bytes]:
    """Return seed, size, voters and root; a voter's leaf is keccak256(abi.encode(seed, place))."""
    seed, size = chance.randbytes(32), chance.randint(1, 61)
    voters = chance.choice((chance.getrandbits(size), 2**size - 1))
    leaves = [
        keccak(encode(["bytes32", "uint256"], [seed, place])) if voters >> place & 1 else bytes(32)
        for place in range(size)
    ]
    return seed, size, voters, _root([keccak(b"\x00" + leaf) for leaf in leaves])


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
