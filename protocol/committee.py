"""Who and what is drawn, how many decide, and in what order they submit (SPEC 4.3, 4.4, 5.4).

Everything here is a pure function of what is on chain, so all members and the contract agree on it.
"""

from __future__ import annotations

from collections.abc import Sequence

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from .types import Digest, DisputeId


def quorum(committee_size: int) -> int:
    """How many members must agree: 2f + 1 of n = 3f + 1.

    >>> [quorum(size) for size in (4, 13, 31, 61)]
    [3, 9, 21, 41]
    """
    if committee_size < 1 or committee_size % 3 != 1:
        raise ValueError(f"a committee has 3f + 1 members, not {committee_size}")
    return committee_size // 3 * 2 + 1


def committee_hash(bls_keys: Sequence[bytes]) -> Digest:
    """What every vote says about who may vote."""
    return Digest(keccak(b"".join(bls_keys)))


def draw_seed(block_hash: bytes, dispute_id: DisputeId, round_: int) -> Digest:
    """The randomness of a round: its committee's, its shard's and its turns'."""
    return Digest(keccak(encode(["bytes32", "bytes32", "uint8"], [block_hash, dispute_id, round_])))


def draw_shard(seed: Digest, shard_count: int, burnt: int) -> int:
    """The shard that a seed chooses of those whose bits in `burnt` are not set."""
    unburnt = [index for index in range(shard_count) if not burnt >> index & 1]
    if not unburnt:
        raise ValueError(f"all {shard_count} shards are burnt")
    randomness = keccak(encode(["bytes32", "string"], [seed, "shard"]))
    return unburnt[int.from_bytes(randomness, "big") % len(unburnt)]


def submit_order(seed: Digest, round_: int, committee_size: int) -> tuple[int, ...]:
    """All places, in the order in which they submit in this round."""
    turn_seed = keccak(encode(["bytes32", "string", "uint8"], [seed, "submit", round_]))
    return shuffle(Digest(turn_seed), committee_size, committee_size)


def shuffle(seed: Digest, population: int, count: int) -> tuple[int, ...]:
    """The first `count` positions of a Fisher-Yates shuffle of 0..`population`-1.

    Only positions that moved are remembered, so drawing 4 of a million costs 4 steps.
    """
    if not 0 <= count <= population:
        raise ValueError(f"draw {count} of {population}")
    moved: dict[int, int] = {}
    drawn = []
    for position in range(count):
        randomness = keccak(encode(["bytes32", "uint256"], [seed, position]))
        other = position + int.from_bytes(randomness, "big") % (population - position)
        drawn.append(moved.get(other, other))
        moved[other] = moved.get(position, position)
    return tuple(drawn)
