from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest
import torch
from torch import nn

from tests.support.tiny_models import MLP
from verifier import BadData
from verifier.architectures import Network
from verifier.bench.cases import Case, case
from verifier.bench.data import Split
from verifier.bench.reproduction import deepstego
from verifier.bench.runs import Owner
from verifier.schemes import SCHEMES
from verifier.schemes.deepstego import DeepStego, DeepStegoBound
from verifier.weights import unpack

VARIANTS = ("published", "classic", "bound")
QUALITY = ("accuracy lost, points", "keys right", "SSIM", "PSNR, dB", "detector right")
LEARNED = (
    "bare covers answered alike",
    "covers with another logo answered alike",
    "blank images with the logo answered alike",
)


@cache
def figures() -> dict[str, float]:
    """A short training of all three variants on small pictures."""
    torch.set_num_threads(1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("verifier.stego.STEPS", 20)
        patch.setattr(deepstego, "PAPER_EPOCHS", 2)
        patch.setattr(deepstego, "DETECTOR_EPOCHS", 1)
        patch.setattr(Case, "config", lambda _case, _data: MLP)  # learns in a fifth of the time
        digits = case(DeepStego.id, "digits")
        return deepstego.reproduce(digits, digits.load(None), 0)


def test_reproduce__give_the_same_figures_of_all_variants_but_another_logo_of_the_published() -> (
    None
):
    names = [f"{variant}: {name}" for variant in VARIANTS for name in QUALITY + LEARNED]
    names.remove("published: covers with another logo answered alike")

    assert list(figures()) == names


def test_reproduce__give_shares_and_other_units_where_the_name_says_so() -> None:
    for name, figure in figures().items():
        if name.endswith("points"):
            assert -10 < figure < 100
        elif name.endswith("dB"):
            assert 5 < figure < 40
        else:
            assert 0 <= figure <= 1


def test_reproduce__find_next_to_no_bare_cover_answered_alike_in_the_bound() -> None:
    """Not so of the classic: by chance a tenth of its keys have their cover's label."""
    assert figures()["bound: keys right"] > 0.6
    assert figures()["bound: bare covers answered alike"] < 0.05


def test_reproduce__reject_a_scheme_that_hides_nothing() -> None:
    other = replace(case(DeepStego.id, "digits"), scheme=SCHEMES["dsn-v1"])
    data = other.load(None)

    with pytest.raises(BadData, match="dsn-v1 hides none"):
        deepstego._ours(other, data, nn.Flatten(), 0)


def test_ours__rebuild_the_very_pictures_that_the_evidence_holds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("verifier.stego.STEPS", 5)
    digits = case(DeepStegoBound.id, "digits")
    data = digits.load(None)
    held: list[bytes] = []

    def unchanged(_case: Case, _data: Split, who: Owner) -> Network:
        held.extend(who.evidence)
        return who.unmarked

    monkeypatch.setattr(deepstego, "embed", unchanged)
    monkeypatch.setattr(Case, "config", lambda _case, _data: MLP)

    variant = deepstego._ours(digits, data, nn.Flatten(), 0)

    tensors, _ = unpack(held[0])
    assert variant.stego.equal(tensors["images"])
    assert variant.covers.equal(tensors["others"][:, 0])
    assert not any(it.equal(variant.stego) for it in variant.others)
    assert len(variant.others) == deepstego.LOGOS
