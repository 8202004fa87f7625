from __future__ import annotations

from functools import cache

import pytest
import torch

from verifier.bench.cases import Case, case
from verifier.bench.reproduction import mtlsign
from verifier.configs import MlpConfig


@pytest.fixture(autouse=True)
def _quick_parties(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tiny images leave convolutions little to tell patterns by: these networks have none."""
    torch.set_num_threads(1)
    mlp = MlpConfig(input_shape=(1, 8, 8), classes=10, hidden=(128,))
    monkeypatch.setattr(Case, "config", lambda _case, _data: mlp)
    monkeypatch.setattr(mtlsign, "EMBED_EPOCHS", 40)
    monkeypatch.setattr(mtlsign, "TUNING_EPOCHS", 2)
    monkeypatch.setattr(mtlsign, "LIAR_PASSES", 100)


@cache
def figures() -> dict[str, float]:
    digits = case("mtlsign-v1", "digits")
    return mtlsign.reproduce(digits, digits.load(None), 0)


def test_mtlsign__name_its_figures_in_the_order_of_a_table() -> None:
    attacks = ["fine-tuned for 2 epochs", *(f"pruned by {share} %" for share in (50, 70, 90))]
    of_a_copy = [
        "accuracy after",
        "clean: patterns right",
        *(f"{attack}: {what}" for attack in attacks for what in ("accuracy", "patterns right")),
        "unmarked: patterns right",
        "stranger: patterns right",
    ]

    assert list(figures()) == [
        "accuracy before",
        "patterns needed",
        *(f"with R_DA: {figure}" for figure in of_a_copy),
        *(f"without R_DA: {figure}" for figure in of_a_copy),
        "patterns right of a head that is trained on a stranger",
    ]
    assert all(0 <= figure <= 1 for figure in figures().values())


@pytest.mark.parametrize("name", ["with R_DA", "without R_DA"])
def test_mtlsign__find_the_mark_in_the_copy_and_not_in_a_stranger(name: str) -> None:
    needed = figures()["patterns needed"]

    assert figures()[f"{name}: clean: patterns right"] >= needed
    assert figures()[f"{name}: stranger: patterns right"] < needed


def test_mtlsign__accept_a_stranger_on_which_the_head_was_trained() -> None:
    forged = figures()["patterns right of a head that is trained on a stranger"]

    assert forged >= figures()["patterns needed"]
