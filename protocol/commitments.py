"""What an owner and a committee are bound to: trees over shards, and over sealed votes.

They have the shape of RFC 9162 (SPEC 2.1); leaves and nodes are hashed under different prefixes, so
that a node cannot be shown as a leaf. Index and count are known to both sides, so a path has one
possible length and no part of it is optional.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from eth_utils.crypto import keccak

from .claims import Opening, Shard
from .court import Court
from .errors import BadOpening
from .types import MIN_LEVEL, Digest, Dispute

LEAF_PREFIX: Final = b"\x00"
NODE_PREFIX: Final = b"\x01"


def validate_opening(opening: Opening, dispute: Dispute, court: Court) -> None:
    """Check that `opening` is what the claim committed, and the shard that the round burnt.

    Whether the scheme can use the evidence is for the scheme to say.

    Raises:
        BadOpening: it is not; the member votes BAD_KEY.
    """
    claim = opening.claim
    if claim.commitment(court) != dispute.commitment:
        raise BadOpening("its claim does not hash to the commitment on chain")
    if claim.level < MIN_LEVEL:
        raise BadOpening(f"its claim asks for level {claim.level}, below {MIN_LEVEL}")
    if claim.shard_count != dispute.shard_count:
        raise BadOpening(
            f"its claim has {claim.shard_count} shards, the one on chain {dispute.shard_count}"
        )
    if opening.index != dispute.shard:
        raise BadOpening(f"it opens shard {opening.index}, the round is about {dispute.shard}")
    verify_path(opening.shard(), path=opening.path, count=claim.shard_count, root=claim.shards_root)


def shards_root(shards: Sequence[Shard]) -> Digest:
    """The root over `shards`, which are in order of index from 0."""
    return _root([shard_leaf(shard) for shard in _in_order(shards)])


def votes_root(commitments: Sequence[Digest]) -> Digest:
    """The root over a committee's commitments in order of place; zeros where there is none."""
    return _root([_leaf(commitment) for commitment in commitments])


def shard_path(shards: Sequence[Shard], index: int) -> tuple[Digest, ...]:
    """The siblings from leaf `index` up to the root."""
    return tuple(_path([shard_leaf(shard) for shard in _in_order(shards)], index))


def verify_path(shard: Shard, *, path: Sequence[Digest], count: int, root: Digest) -> None:
    """Check that `shard` is one of the `count` leaves under `root` (RFC 9162, 2.1.3.2).

    Raises:
        BadOpening: it is not.
    """
    if shard.index >= count:
        raise BadOpening(f"shard {shard.index} of a claim of {count}")
    position, last = shard.index, count - 1
    digest = shard_leaf(shard)
    for sibling in path:
        if last == 0:
            raise BadOpening("its path goes on above the root")
        if position & 1 or position == last:
            digest = _node(sibling, digest)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            digest = _node(digest, sibling)
        position, last = position >> 1, last >> 1
    if last != 0 or digest != root:
        raise BadOpening("its path does not lead to the claim's root")


def shard_leaf(shard: Shard) -> Digest:
    """The leaf of `shard`."""
    return _leaf(shard.hash())


def _leaf(digest: Digest) -> Digest:
    return Digest(keccak(LEAF_PREFIX + digest))


def _in_order(shards: Sequence[Shard]) -> Sequence[Shard]:
    if not shards or [shard.index for shard in shards] != list(range(len(shards))):
        raise ValueError("a tree is over at least one shard, in order of index from 0")
    return shards


def _root(leaves: Sequence[Digest]) -> Digest:
    if len(leaves) == 1:
        return leaves[0]
    split = _split(len(leaves))
    return _node(_root(leaves[:split]), _root(leaves[split:]))


def _path(leaves: Sequence[Digest], index: int) -> list[Digest]:
    if len(leaves) == 1:
        return []
    split = _split(len(leaves))
    if index < split:
        return [*_path(leaves[:split], index), _root(leaves[split:])]
    return [*_path(leaves[split:], index - split), _root(leaves[:split])]


def _split(count: int) -> int:
    """The largest power of two below `count`."""
    return 1 << (count - 1).bit_length() - 1


def _node(left: Digest, right: Digest) -> Digest:
    return Digest(keccak(NODE_PREFIX + left + right))
