from __future__ import annotations

import pytest
import torch

from tests.support.tiny_models import CONFIGS, MLP, digits, trained
from verifier.architectures import Config, activations, build
from verifier.removal import fine_tune, permute_neurons, prune
from verifier.training import accuracy, train

IMAGES = torch.rand(5, 1, 8, 8, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.architecture)
def test_permute_neurons__change_every_layer_and_keep_the_function(config: Config) -> None:
    model = build(config, seed=0)
    train(model, digits()[0].part(torch.arange(128)), epochs=1, learning_rate=1e-3, seed=0)

    permuted = permute_neurons(model, torch.Generator().manual_seed(0))

    assert permuted(IMAGES).allclose(model(IMAGES), atol=1e-4)
    for name, value in model.named_parameters():
        assert not value.equal(permuted.get_parameter(name)) or name == "head.bias"
    carried = (activations(each, each.carrier, IMAGES) for each in (model, permuted))
    assert not next(carried).allclose(next(carried))


def test_prune__zero_the_smallest_of_each_layer() -> None:
    model = build(MLP, seed=0)

    pruned = prune(model, 0.75)

    kept = pruned.get_parameter("hidden.1.weight")
    assert (kept == 0).sum() == 0.75 * 64 * 128
    smallest_kept = kept[kept != 0].abs().min()
    assert (model.get_parameter("hidden.1.weight").abs() >= smallest_kept).sum() == 64 * 128 / 4
    assert pruned.head.bias.equal(model.head.bias)


def test_fine_tune__train_a_copy_on() -> None:
    model, (data, test) = trained(0), digits()
    before = {name: value.clone() for name, value in model.state_dict().items()}

    tuned = fine_tune(model, data, learning_rate=1e-3, epochs=2)

    assert not tuned.head.weight.equal(model.head.weight)
    assert accuracy(tuned, test) > 0.9
    assert all(value.equal(before[name]) for name, value in model.state_dict().items())
