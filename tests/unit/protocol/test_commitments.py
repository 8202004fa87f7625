"""The tree against the vectors and against openings that cheat."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from eth_utils.crypto import keccak

from protocol.claims import Claim, Opening, Shard
from protocol.commitments import (
    NODE_PREFIX,
    shard_leaf,
    shard_path,
    shards_root,
    validate_opening,
    verify_path,
    votes_root,
)
from protocol.court import Court
from protocol.errors import BadOpening
from protocol.types import Digest, Dispute

SEED = bytes([9]) * 32


def make_shards(count: int) -> list[Shard]:
    return [make_shard(index, SEED, b"evidence") for index in range(count)]


def make_shard(index: int, seed: bytes, evidence: bytes) -> Shard:
    return Shard.of(index, seed, evidence)


@pytest.fixture
def case(court: Court, four: Any) -> tuple[Opening, Dispute]:
    """Shard 2 of a claim of 7, opened honestly."""
    shards = make_shards(7)
    claim = Claim(four.dispute.owner, "fake-v1", 64, 7, shards_root(shards))
    opening = Opening(claim, 2, SEED, b"evidence", shard_path(shards, 2))
    facts = {"commitment": claim.commitment(court), "shard_count": 7, "shard": 2}
    return opening, replace(four.dispute, **facts)


def test_tree__agrees_with_the_vectors(digests: Any) -> None:
    shards = [
        make_shard(each["index"], each["seed"], each["evidence"]) for each in digests["shards"]
    ]
    assert [shard_leaf(shard) for shard in shards] == [each["leaf"] for each in digests["shards"]]

    for tree in digests["trees"]:
        covered = shards[: len(tree["paths"])]
        paths = [list(shard_path(covered, index)) for index in range(len(covered))]

        assert shards_root(covered) == tree["root"]
        assert paths == tree["paths"]
    assert len(digests["trees"]) >= 4


@pytest.mark.parametrize("count", range(1, 18))
def test_verify_path__accepts_every_leaf(count: int) -> None:
    shards = make_shards(count)
    root = shards_root(shards)

    for shard in shards:
        verify_path(shard, path=shard_path(shards, shard.index), count=count, root=root)


def test_verify_path__refuses_every_other_place_and_count() -> None:
    shards = make_shards(6)
    root, path = shards_root(shards), shard_path(shards, 4)

    accepted = set()
    for index in range(9):
        for count in range(9):
            try:
                verify_path(replace(shards[4], index=index), path=path, count=count, root=root)
            except BadOpening:
                continue
            accepted.add((index, count))

    # Leaf 4 of 5 has a path of one step, leaf 4 of 7 and of 8 one of three.
    assert accepted == {(4, 6)}


def test_verify_path__refuses_a_node_shown_as_a_leaf() -> None:
    shards = make_shards(4)
    root = shards_root(shards)
    left, right = (
        keccak(NODE_PREFIX + shard_leaf(one) + shard_leaf(other))
        for one, other in (shards[:2], shards[2:])
    )
    assert keccak(NODE_PREFIX + left + right) == root

    with pytest.raises(BadOpening):
        verify_path(replace(shards[0], index=0), path=[Digest(right)], count=2, root=root)


def test_verify_path__refuses_a_leaf_that_says_it_is_beyond_the_count() -> None:
    """An owner's own tree may hold one leaf that calls itself the sixth."""
    shard = make_shard(5, SEED, b"evidence")

    with pytest.raises(BadOpening, match="shard 5 of a claim of 1"):
        verify_path(shard, path=[], count=1, root=shard_leaf(shard))


def test_verify_path__refuses_a_path_shorter_than_the_count_demands() -> None:
    """An owner may claim four shards and commit to one: three that cannot be opened."""
    shard = make_shard(0, SEED, b"evidence")

    with pytest.raises(BadOpening, match="does not lead"):
        verify_path(shard, path=[], count=4, root=shard_leaf(shard))


def test_votes_root__agrees_with_the_vectors(digests: Any) -> None:
    for tree in digests["votesRoots"]:
        assert votes_root(tree["leaves"]) == tree["root"]
    assert {len(tree["leaves"]) for tree in digests["votesRoots"]} == {4, 13, 31, 61}


def test_shards_root__wants_shards_in_order() -> None:
    with pytest.raises(ValueError, match="in order"):
        shards_root(make_shards(3)[::-1])
    with pytest.raises(ValueError, match="at least one"):
        shards_root([])


def test_validate_opening__accepts_the_honest_one(
    case: tuple[Opening, Dispute], court: Court
) -> None:
    opening, dispute = case

    validate_opening(opening, dispute, court)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"seed": bytes(32)}, "path"),
        ({"evidence": b"other evidence"}, "path"),
        ({"index": 3}, "opens shard 3"),
        ({"path": ()}, "path"),
        ({"path": (Digest(bytes(32)),) * 3}, "path"),
        ({"path": (Digest(bytes(32)),) * 4}, "above the root"),
    ],
)
def test_validate_opening__refuses_another_shard(
    change: dict[str, Any], complaint: str, case: tuple[Opening, Dispute], court: Court
) -> None:
    opening, dispute = case

    with pytest.raises(BadOpening, match=complaint):
        validate_opening(replace(opening, **change), dispute, court)


@pytest.mark.parametrize(
    "change",
    [{"level": 63}, {"scheme": "other-v1"}, {"shard_count": 8}, {"owner": "0x" + "00" * 20}],
)
def test_validate_opening__refuses_another_claim(
    change: dict[str, Any], case: tuple[Opening, Dispute], court: Court
) -> None:
    opening, dispute = case
    forged = replace(opening, claim=replace(opening.claim, **change))

    with pytest.raises(BadOpening, match="commitment"):
        validate_opening(forged, dispute, court)


@pytest.mark.parametrize("shard_count", [6, 8])
def test_validate_opening__refuses_another_count_than_the_one_on_chain(
    shard_count: int, case: tuple[Opening, Dispute], court: Court
) -> None:
    opening, dispute = case

    with pytest.raises(BadOpening, match=f"7 shards, the one on chain {shard_count}"):
        validate_opening(opening, replace(dispute, shard_count=shard_count), court)


def test_validate_opening__refuses_a_level_that_everything_reaches(
    case: tuple[Opening, Dispute], court: Court
) -> None:
    opening, dispute = case
    claim = replace(opening.claim, level=39)

    with pytest.raises(BadOpening, match="level 39"):
        validate_opening(
            replace(opening, claim=claim),
            replace(dispute, commitment=claim.commitment(court)),
            court,
        )
