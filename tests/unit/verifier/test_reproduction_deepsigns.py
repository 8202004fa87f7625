from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest
import torch

from verifier import BadData
from verifier.bench.cases import SIZES, case
from verifier.bench.data import Split
from verifier.bench.reproduction import Reproduce, deepsigns, deepsigns_blackbox
from verifier.datasets import Dataset


@pytest.fixture(autouse=True)
def _quick_parties(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.set_num_threads(1)
    monkeypatch.setitem(SIZES, "digits", replace(SIZES["digits"], channels=(8, 16), epochs=6))
    monkeypatch.setattr(deepsigns, "MARK_EPOCHS", 12)
    monkeypatch.setattr(deepsigns, "MESSAGES", (4,))
    for module in (deepsigns, deepsigns_blackbox):
        monkeypatch.setattr(module, "TUNING_EPOCHS", 2)


@cache
def white_box() -> dict[str, float]:
    digits = case("deepsigns-v1", "digits")
    return deepsigns.reproduce(digits, digits.load(None), 0)


@cache
def black_box() -> dict[str, float]:
    digits = case("deepsigns-blackbox-v1", "digits")
    return deepsigns_blackbox.reproduce(digits, digits.load(None), 0)


def test_deepsigns__name_its_figures_in_the_order_of_a_table() -> None:
    attacks = [
        "fine-tuned for 2 epochs",
        *(f"pruned by {share} %" for share in (50, 80, 90, 95)),
        "overwritten, same class",
        "overwritten, another class",
    ]
    of_a_message = [
        "accuracy after",
        "unmarked: wrong bits",
        "clean: wrong bits",
        *(f"{attack}: {what}" for attack in attacks for what in ("accuracy", "wrong bits")),
        "neurons permuted and rescaled: wrong bits",
    ]

    assert list(white_box()) == [
        "accuracy before",
        *(f"4 bits: {figure}" for figure in of_a_message),
    ]
    assert all(0 <= figure <= 1 for figure in white_box().values())


def test_deepsigns__read_the_mark_without_error_until_neurons_are_permuted() -> None:
    figures = white_box()

    assert figures["4 bits: accuracy after"] > figures["accuracy before"] - 0.05
    assert figures["4 bits: unmarked: wrong bits"] > 0
    assert figures["4 bits: clean: wrong bits"] == 0
    assert figures["4 bits: neurons permuted and rescaled: wrong bits"] > 0.2


def test_deepsigns_blackbox__name_its_figures_in_the_order_of_a_table() -> None:
    suspects = [
        "clean",
        "fine-tuned at 0.0001 for 2 epochs",
        "fine-tuned at 0.001 for 2 epochs",
        "pruned by 35 %",
        "pruned by 60 %",
        "unrelated network",
    ]

    assert list(black_box()) == [
        "accuracy: unmarked",
        "keys right: needed",
        *(f"{what}: {name}" for name in suspects for what in ("accuracy", "keys right")),
    ]
    assert all(0 <= figure <= 1 for figure in black_box().values())


def test_deepsigns_blackbox__tell_the_marked_network_from_an_unrelated_one() -> None:
    figures = black_box()

    assert figures["keys right: clean"] >= figures["keys right: needed"] == 9 / 20
    assert figures["keys right: unrelated network"] < figures["keys right: needed"]


@pytest.mark.parametrize("reproduce", [deepsigns.reproduce, deepsigns_blackbox.reproduce])
def test_deepsigns__refuse_sentences(reproduce: Reproduce) -> None:
    words = Dataset(torch.ones(2, 5, dtype=torch.int64), torch.tensor([0, 1]))

    with pytest.raises(BadData, match="these are sentences"):
        reproduce(case("deepsigns-v1", "digits"), Split(words, words, words), 0)
