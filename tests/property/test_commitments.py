"""A path proves one leaf at one place of one tree; a draw is a prefix of one permutation."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.commitments import shard_path, shards_root, verify_path
from protocol.committee import shuffle
from protocol.errors import BadOpening
from protocol.messages import Shard
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


@given(HASHES, st.integers(0, 300), st.data())
def test_shuffle__draws_distinct_positions_and_longer_draws_go_on(
    seed: Digest, population: int, data: Any
) -> None:
    count = data.draw(st.integers(0, population))

    drawn = shuffle(seed, population, count)

    assert len(set(drawn)) == count
    assert set(drawn) <= set(range(population))
    assert shuffle(seed, population, population)[:count] == drawn
