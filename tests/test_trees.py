"""The branch trees of the contracts: each leaf names a test that exists, each test is on a leaf."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

CONTRACTS = Path(__file__).parent.parent / "contracts"
TREES = tuple(sorted((CONTRACTS / "test").glob("*.tree")))
LIBRARIES = {"BLS", "Cases", "Digests", "Libraries"}
"""Tests of functions that no caller meets."""
TEST = r"(?:test|invariant)\w+"


def test_trees__are_of_every_contract_that_is_deployed() -> None:
    """Abstract ones are on the tree of the one that is made of them."""
    sources = {path.stem: path.read_text() for path in (CONTRACTS / "src").glob("*.sol")}
    deployed = {
        name for name, source in sources.items() if re.search(rf"^contract {name}\b", source, re.M)
    }

    assert {path.stem for path in TREES} == deployed


@pytest.mark.parametrize("tree", TREES, ids=lambda path: path.stem)
def test_tree__has_a_test_on_each_leaf(tree: Path) -> None:
    assert [leaf for leaf in _leaves(tree) if not re.search(f": {TEST}$", leaf)] == []


def test_trees__name_all_tests_and_no_others() -> None:
    named = [leaf.rpartition(": ")[2] for tree in TREES for leaf in _leaves(tree)]
    files = [
        path
        for path in (CONTRACTS / "test").glob("*.t.sol")
        if path.name.removesuffix(".t.sol") not in LIBRARIES
    ]
    written = [
        name for path in files for name in re.findall(rf"function ({TEST})\(", path.read_text())
    ]

    assert sorted(set(named)) == sorted(set(written))


def _leaves(tree: Path) -> list[str]:
    """The lines that have none below them."""
    lines = tree.read_text().splitlines()
    depths = [line.find("── ") for line in lines] + [-1]
    return [line for number, line in enumerate(lines) if depths[number + 1] <= depths[number]]
