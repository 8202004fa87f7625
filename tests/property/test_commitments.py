"""A path proves one leaf at one place of one tree, a root all leaves; a draw is a prefix of one
permutation, a shard one that is left."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from protocol.claims import Shard
from protocol.commitments import shard_path, shards_root, verify_path, votes_root
from protocol.committee import draw_shard, shuffle
from protocol.errors import BadOpening
from protocol.types import Digest

HASHES = st.binary(min_size=32, max_size=32).map(Digest)
SHARDS = st.lists(st.tuples(HASHES, HASHES), min_size=1, max_size=40).map(
    lambda pairs: [Shard(index, *pair) for index, pair in enumerate(pairs)]
)


@given(SHARDS, st.data())
def test_path__leads_every_leaf_to_the_root_and_nothing_else(
    shards: list[Shard], data: Any
) -> None:
    root, count = shards_root(shards), len(shards)
    shard = data.draw(st.sampled_from(shards))
    path = shard_path(shards, shard.index)

    verify_path(shard, path=path, count=count, root=root)

    other_seed = data.draw(HASHES.filter(lambda seed: seed != shard.seed_hash))
    with pytest.raises(BadOpening):
        verify_path(replace(shard, seed_hash=other_seed), path=path, count=count, root=root)
    if path:
        step = data.draw(st.integers(0, len(path) - 1))
        other_node = data.draw(HASHES.filter(lambda node: node != path[step]))
        damaged = [*path[:step], other_node, *path[step + 1 :]]
        for wrong in (damaged, path[:-1], path[1:], [*path, other_node]):
            with pytest.raises(BadOpening):
                verify_path(shard, path=wrong, count=count, root=root)


LEAVES = st.lists(HASHES | st.just(Digest(bytes(32))), min_size=1, max_size=61)


@given(LEAVES)
def test_votes_root__is_also_found_level_by_level(leaves: list[Digest]) -> None:
    """As the contract does: a node without a neighbour moves up as it is."""
    level = [keccak(b"\x00" + leaf) for leaf in leaves]
    while len(level) > 1:
        pairs = [level[start : start + 2] for start in range(0, len(level), 2)]
        level = [keccak(b"\x01" + b"".join(pair)) if pair[1:] else pair[0] for pair in pairs]

    assert votes_root(leaves) == level[0]


@given(LEAVES, st.data())
def test_votes_root__fixes_every_leaf_its_place_and_their_number(
    leaves: list[Digest], data: Any
) -> None:
    place = data.draw(st.integers(0, len(leaves) - 1))
    other = data.draw(HASHES.filter(lambda leaf: leaf != leaves[place]))
    changed = [*leaves[:place], other, *leaves[place + 1 :]]
    shorter, longer = leaves[:-1], [*leaves, other]
    turned = [*leaves[1:], leaves[0]]

    for wrong in (changed, shorter, longer, turned):
        assert not wrong or wrong == leaves or votes_root(wrong) != votes_root(leaves)


@given(HASHES, st.integers(1, 256), st.data())
def test_draw_shard__draws_one_that_is_not_burnt(seed: Digest, shard_count: int, data: Any) -> None:
    burnt = data.draw(st.integers(0, 2**shard_count - 2))

    shard = draw_shard(seed, shard_count, burnt)

    assert 0 <= shard < shard_count
    assert not burnt >> shard & 1


@given(HASHES, st.integers(0, 300), st.data())
def test_shuffle__draws_distinct_positions_and_longer_draws_go_on(
    seed: Digest, population: int, data: Any
) -> None:
    count = data.draw(st.integers(0, population))

    drawn = shuffle(seed, population, count)

    assert len(set(drawn)) == count
    assert set(drawn) <= set(range(population))
    assert shuffle(seed, population, population)[:count] == drawn
