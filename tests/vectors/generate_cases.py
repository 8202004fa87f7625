"""Write `cases.json`: random cases of what members and contracts both compute, with the answers.

python -m tests.vectors.generate_cases
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from tests.vectors.reference import (
    draw_shard,
    hash_struct,
    root,
    shuffle,
    to_hex,
    typed_digest,
)

CASES: Final = 200
"""Of each kind."""

Make = Callable[[random.Random], tuple[Any, ...]]


@click.command()
@click.option("--seed", default=5, help="Of the numbers from which all cases follow.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path(__file__).with_name("cases.json"),
)
def main(seed: int, out: Path) -> None:
    """Write them."""
    write_cases(seed, out)


def write_cases(seed: int, out: Path) -> None:
    """Write each kind as the ABI encoding of an array of tuples, which Solidity decodes at once."""
    chance = random.Random(seed)  # noqa: S311 - not a secret
    kinds: dict[str, tuple[str, Make]] = {
        "digests": (
            "(uint64,address,address,bytes32,bytes32,uint8,bytes32,uint64,uint8,bytes32,bytes32,"
            "bytes32,bytes32,bytes32)[]",
            _digests,
        ),
        "claimIds": ("(address,bytes32,bytes32)[]", _claim_id),
        "sealedVotes": ("(bytes32,uint8,uint8,uint8,bytes32,bytes32)[]", _sealed_vote),
        "votesRoots": ("(bytes32,uint256,uint256,bytes32)[]", _votes_root),
        "draws": ("(bytes32,uint256,bytes)[]", _draw),
        "shardDraws": ("(bytes32,uint256,uint256,uint8)[]", _shard_draw),
        "quorums": ("(bytes,uint8,uint64,bool)[]", _quorum),
    }
    cases = {}
    for name, (kind, make) in kinds.items():
        encoded = encode([kind], [[make(chance) for _ in range(CASES)]])
        cases[name] = {"type": kind, "cases": to_hex(encoded)}
    out.write_text(json.dumps(cases, indent=1) + "\n")


def _digests(chance: random.Random) -> tuple[Any, ...]:
    """Return chain, contract, the fields of three messages, and the digests of all three.

    Instead of the hash of a key there is what it is the hash of, though shorter than a key.
    """
    chain_id, contract = chance.getrandbits(64), _address(chance)
    operator, key = _address(chance), chance.randbytes(32)
    dispute, round_ = chance.randbytes(32), chance.randrange(4)
    tree, voters = chance.randbytes(32), chance.getrandbits(61)
    outcome, envelope = chance.randint(1, 6), chance.randbytes(32)
    committee = {"committeeHash": chance.randbytes(32)}
    begun = {"disputeId": dispute, "round": round_}
    possession = {"operator": operator, "blsKeyHash": keccak(key)}
    seal = begun | {"root": tree, "voters": voters} | committee
    vote = begun | {"outcome": outcome, "envelopeDigest": envelope} | committee
    return (
        chain_id, contract, operator, key, *begun.values(), tree, voters, outcome, envelope,
        *committee.values(),
        typed_digest("Possession", possession, contract, chain_id),
        typed_digest("Seal", seal, contract, chain_id),
        typed_digest("Vote", vote, contract, chain_id),
    )  # fmt: skip


def _claim_id(chance: random.Random) -> tuple[str, bytes, bytes]:
    """Return owner, commitment, and the claim's name."""
    owner, commitment = _address(chance), chance.randbytes(32)
    return owner, commitment, keccak(encode(["address", "bytes32"], [owner, commitment]))


def _sealed_vote(chance: random.Random) -> tuple[Any, ...]:
    """Return dispute, round, place, outcome, salt, and the leaf."""
    message = {
        "disputeId": chance.randbytes(32),
        "round": chance.randrange(4),
        "place": chance.randrange(61),
        "outcome": chance.randint(1, 6),
        "salt": chance.randbytes(32),
    }
    return (*message.values(), hash_struct("SealedVote", message))


def _votes_root(chance: random.Random) -> tuple[bytes, int, int, bytes]:
    """Return seed, size, voters and root; a voter's leaf is keccak256(abi.encode(seed, place))."""
    seed, size = chance.randbytes(32), chance.randint(1, 61)
    voters = chance.choice((chance.getrandbits(size), 2**size - 1))
    leaves = [
        keccak(encode(["bytes32", "uint256"], [seed, place])) if voters >> place & 1 else bytes(32)
        for place in range(size)
    ]
    return seed, size, voters, root([keccak(b"\x00" + leaf) for leaf in leaves])


def _draw(chance: random.Random) -> tuple[bytes, int, bytes]:
    """Return seed, population, and the positions that are drawn, a byte for each."""
    seed, population = chance.randbytes(32), chance.randint(1, 256)
    size = chance.randint(1, min(population, 61))
    return seed, population, bytes(shuffle(seed, population)[:size])


def _shard_draw(chance: random.Random) -> tuple[bytes, int, int, int]:
    """Return seed, number of shards, which are burnt, and the shard that is drawn."""
    seed, shard_count = chance.randbytes(32), chance.randint(1, 256)
    burnt = sum(1 << index for index in range(shard_count) if chance.random() < chance.random())
    if burnt == 2**shard_count - 1:
        burnt = 0
    return seed, shard_count, burnt, draw_shard(seed, shard_count, burnt)


def _quorum(chance: random.Random) -> tuple[bytes, int, int, bool]:
    """Return a byte for each place's outcome, an outcome, its voters, and whether they decide."""
    faulty, outcome = chance.randint(0, 20), chance.randint(1, 6)
    size, least = 3 * faulty + 1, 2 * faulty + 1
    count = chance.choice((least - 1, least, chance.randint(0, size)))
    voters = set(chance.sample(range(size), count))
    others = [value for value in range(7) if value != outcome]
    outcomes = bytes(outcome if place in voters else chance.choice(others) for place in range(size))
    return outcomes, outcome, sum(1 << place for place in voters), count >= least


def _address(chance: random.Random) -> str:
    return to_hex(chance.randbytes(20))


if __name__ == "__main__":
    main()
