from __future__ import annotations

import copy

import pytest
import torch

from tests.support.tiny_models import MLP, digits, trained
from verifier import BadModel
from verifier.answers import ask, ask_keys, last_features, lead
from verifier.architectures import Network, build
from verifier.evidence import to_bytes

IMAGES = digits()[1].inputs[:40]


def changed(*, offset: float = 0.0, factor: float = 1.0) -> Network:
    """The same answers, with a number added to all logits after all were scaled."""
    model = copy.deepcopy(trained(0))
    with torch.no_grad():
        model.head.weight.mul_(factor)
        model.head.bias.mul_(factor).add_(offset)
    return model


def test_ask__give_the_models_logits_without_their_mean() -> None:
    with torch.inference_mode():
        logits = trained(0)(IMAGES).double()

    assert ask(trained(0), IMAGES).allclose(logits - logits.mean(1, keepdim=True), atol=1e-5)


@pytest.mark.parametrize("offset", [1e2, -1e4])
def test_ask__not_see_a_number_that_a_thief_adds_to_all_logits(offset: float) -> None:
    """What is left is the bias's own rounding: 1e4 in float32 has three decimals."""
    apart = ask(changed(offset=offset), IMAGES) - ask(trained(0), IMAGES)

    assert apart.abs().max() < 1e-7 * abs(offset)


@pytest.mark.parametrize("factor", [1e-6, 1e6])
def test_lead__not_see_a_factor_on_all_logits(factor: float) -> None:
    answers, leads = lead(ask(changed(factor=factor), IMAGES))

    expected, expected_leads = lead(ask(trained(0), IMAGES))
    assert answers.equal(expected)
    assert leads.allclose(expected_leads, rtol=1e-5)


def test_lead__answer_by_hand() -> None:
    logits = torch.tensor([[1.0, 4.0, -2.0], [torch.nan, 1.0, 1.0], [0.0, 0.0, 0.0]]).double()

    answers, leads = lead(logits)

    assert answers.tolist()[:2] == [1, -1]
    assert leads.tolist() == [0.75, torch.inf, 0.0]


def test_last_features__be_what_the_head_reads() -> None:
    model = trained(0)
    features = last_features(model, IMAGES)

    with torch.inference_mode():
        assert model.head(features.float()).allclose(model(IMAGES), atol=1e-5)
    assert not model.head._forward_pre_hooks


def test_ask__refuse_a_model_that_answers_nothing() -> None:
    model = copy.deepcopy(trained(0))
    model.head.bias.data.fill_(torch.inf)

    with pytest.raises(BadModel, match="answers nothing with numbers"):
        ask(model, IMAGES)


def test_ask_keys__refuse_other_inputs_and_other_classes() -> None:
    small = build(MLP.model_copy(update={"input_shape": (1, 4, 4)}), seed=0)

    with pytest.raises(BadModel, match=r"takes \(1, 4, 4\), not \(1, 8, 8\)"):
        ask_keys(small, to_bytes(IMAGES), 10)
    with pytest.raises(BadModel, match="knows 10 classes, not 11"):
        ask_keys(trained(0), to_bytes(IMAGES), 11)
