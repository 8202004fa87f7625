from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest
import torch

from tests.support.tiny_models import MLP
from verifier import BadData
from verifier.bench.cases import Case, case
from verifier.bench.reproduction import dsn
from verifier.paper.dsn import corner
from verifier.schemes import SCHEMES
from verifier.schemes.dsn import Dsn

NAMES = [
    "published: teacher",
    "published: with the serial",
    "published: without",
    "published: 15 wrong serials, mean",
    "published: 15 wrong serials, most",
    "published: pruned by 20%, with the serial",
    "published: pruned by 20%, without",
    "sound: with a licence",
    "sound: without",
    "sound: hill climbing, 40 evaluations",
    "sound: mask inversion, mean",
    "sound: mask inversion, most",
    "sound: fine-tuned on 20% of the data",
    "sound: from scratch on 20% of the data",
]


@cache
def figures() -> dict[str, float]:
    """A short training of both locks on small pictures."""
    torch.set_num_threads(1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dsn, "PAPER_EPOCHS", 1)
        patch.setattr(dsn, "EVALUATIONS", 40)
        patch.setattr(dsn, "STEPS", 20)
        patch.setattr(dsn, "RESTARTS", 2)
        digits = case(Dsn.id, "digits")
        patch.setattr(Case, "config", lambda _case, _data: MLP)  # learns in a fifth of the time
        return dsn.reproduce(digits, digits.load(None), 0)


def test_reproduce__give_the_papers_tables_and_then_what_a_thief_gets_of_ours() -> None:
    assert list(figures()) == NAMES


def test_reproduce__give_shares() -> None:
    assert all(0 <= figure <= 1 for figure in figures().values())


@pytest.mark.parametrize(
    "part", ["15 wrong serials, ", "mask inversion, "], ids=["serials", "inversion"]
)
def test_reproduce__find_no_mean_above_the_most(part: str) -> None:
    (mean,) = (figure for name, figure in figures().items() if name.endswith(part + "mean"))
    (most,) = (figure for name, figure in figures().items() if name.endswith(part + "most"))

    assert mean <= most


def test_reproduce__find_our_lock_shut_without_a_licence() -> None:
    assert figures()["sound: with a licence"] > 0.85
    assert figures()["sound: without"] < 0.3


def test_reproduce__reject_a_scheme_that_locks_nothing() -> None:
    other = replace(case(Dsn.id, "digits"), scheme=SCHEMES["deepstego-v1"])
    data = other.load(None)

    with pytest.raises(BadData, match="deepstego-v1 locks none"):
        dsn._sound(other, data, 0)


def test_wrong_serials__be_all_others_of_four_bits_and_fifteen_of_more() -> None:
    four, nine = (dsn._wrong_serials(corner(side, side), seed=0) for side in (8, 28))

    assert len({tuple(it[-2:, -2:].flatten().tolist()) for it in four}) == 15
    assert len({tuple(it[-3:, -3:].flatten().tolist()) for it in nine}) == 15
    for serial, wrong in ((corner(8, 8), four), (corner(28, 28), nine)):
        assert all(((it < 0) == (serial < 0)).all() for it in wrong)
        assert not any(it.equal(serial) for it in wrong)
