"""Draws, quorums and turns against the vectors."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from protocol.committee import (
    committee_hash,
    draw_seed,
    draw_shard,
    quorum,
    shuffle,
    submit_order,
)
from protocol.schedule import turn_delay
from protocol.types import Digest, DisputeId, Place


def test_draw_seed__agrees_with_the_vectors(digests: Any) -> None:
    vector = digests["dispute"]

    seed = draw_seed(vector["blockHash"], vector["disputeId"], vector["round"])

    assert seed == vector["seed"]


def test_draw_seed__changes_with_the_round() -> None:
    seeds = {draw_seed(bytes(32), DisputeId(bytes(32)), round_) for round_ in range(4)}

    assert len(seeds) == 4


def test_draw_shard__agrees_with_the_vectors(digests: Any) -> None:
    for draw in digests["shardDraws"]:
        burnt = int.from_bytes(draw["burnt"], "big")

        assert draw_shard(draw["seed"], draw["shardCount"], burnt) == draw["shard"]


def test_draw_shard__refuses_a_claim_without_any_left() -> None:
    with pytest.raises(ValueError, match="all 3 shards are burnt"):
        draw_shard(Digest(bytes(32)), 3, 0b111)


def test_shuffle__agrees_with_the_vectors(digests: Any) -> None:
    for draw in digests["draws"]:
        drawn = shuffle(draw["seed"], draw["population"], draw["size"])

        assert list(drawn) == draw["positions"]


def test_shuffle__of_all_is_a_permutation() -> None:
    assert sorted(shuffle(Digest(bytes(32)), 100, 100)) == list(range(100))


def test_shuffle__draws_from_millions_at_once() -> None:
    assert len(set(shuffle(Digest(bytes(32)), 10**9, 61))) == 61


def test_shuffle__refuses_more_than_there_are() -> None:
    with pytest.raises(ValueError, match="draw 5 of 4"):
        shuffle(Digest(bytes(32)), 4, 5)


@pytest.mark.parametrize(
    ("size", "required"), [(1, 1), (4, 3), (7, 5), (13, 9), (31, 21), (61, 41)]
)
def test_quorum__is_two_thirds_and_one(size: int, required: int) -> None:
    assert quorum(size) == required


@pytest.mark.parametrize("size", [-2, 0, 2, 3, 5, 6])
def test_quorum__refuses_a_size_that_is_not_3f_plus_1(size: int) -> None:
    with pytest.raises(ValueError, match="3f"):
        quorum(size)


def test_committee_hash__depends_on_order() -> None:
    keys = [bytes([number]) * 128 for number in range(4)]

    assert committee_hash(keys) != committee_hash(keys[::-1])


def test_submit_order__agrees_with_the_vectors(digests: Any) -> None:
    turns = digests["turns"]

    order = submit_order(turns["seed"], turns["round"], turns["size"])

    assert list(order) == turns["order"]


def test_turn_delay__gives_every_place_its_turn(digests: Any, four: Any) -> None:
    turns = digests["turns"]
    dispute = replace(four.dispute, seed=turns["seed"])

    delays = [turn_delay(dispute, Place(place), 2.5) for place in turns["order"]]

    assert delays == [0, 2.5, 5, 7.5]


def test_turn_delay__changes_with_the_round(four: Any) -> None:
    orders = {
        tuple(
            turn_delay(replace(four.dispute, round=round_), Place(place), 1) for place in range(4)
        )
        for round_ in range(8)
    }

    assert len(orders) > 1
