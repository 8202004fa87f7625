from __future__ import annotations

from pathlib import Path

import pytest
import torch
from pydantic import ValidationError

from tests.support.tiny_models import CNN, CONFIGS, MLP, RESNET
from verifier import BadModel, load_package, save_package
from verifier.architectures import (
    CnnConfig,
    Config,
    activations,
    build,
    build_empty,
    parse_config,
)

IMAGES = torch.rand(5, 1, 8, 8, generator=torch.Generator().manual_seed(0))

every_config = pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.architecture)


@every_config
def test_parse_config__give_back_what_was_written(config: Config) -> None:
    assert parse_config(config.model_dump_json()) == config


@every_config
def test_build__be_the_seeds_alone_and_leave_the_global_generator(config: Config) -> None:
    state = torch.get_rng_state()

    same, again, other = (build(config, seed=seed) for seed in (1, 1, 2))

    assert same.head.weight.equal(again.head.weight)
    assert not same.head.weight.equal(other.head.weight)
    assert torch.get_rng_state().equal(state)


@every_config
def test_build__answer_images_with_logits(config: Config) -> None:
    assert build(config, seed=0).eval()(IMAGES).shape == (5, 10)


@every_config
def test_build_empty__have_the_shapes_and_no_memory(config: Config) -> None:
    empty, full = build_empty(config).state_dict(), build(config, seed=0).state_dict()

    assert {value.device.type for value in empty.values()} == {"meta"}
    assert [(name, value.shape) for name, value in empty.items()] == [
        (name, value.shape) for name, value in full.items()
    ]


@every_config
def test_package__give_back_the_same_network(config: Config, tmp_path: Path) -> None:
    model = build(config, seed=0).eval()
    save_package(model, tmp_path / "new" / "directory")

    loaded = load_package(tmp_path / "new" / "directory")

    assert loaded.config == config
    assert not loaded.training
    assert loaded(IMAGES).equal(model(IMAGES))


def test_activations__be_what_the_next_layer_reads_before_relu() -> None:
    model = build(MLP, seed=0)

    carried = activations(model, model.carrier, IMAGES)

    assert carried.shape == (5, 128)
    assert model.head(carried.relu()).equal(model(IMAGES))


def test_activations__average_the_positions_of_a_channel() -> None:
    model = build(CNN, seed=0)

    averaged = activations(model, "convolutions.0", IMAGES)
    positions = model.get_submodule("convolutions.0")(IMAGES)

    assert averaged.allclose(positions.mean((2, 3)))


@pytest.mark.parametrize("layer", ["hidden.7", "hidden", "weight"])
def test_activations__reject_a_layer_that_the_model_has_not(layer: str) -> None:
    with pytest.raises(BadModel, match=f"{layer}"):
        activations(build(MLP, seed=0), layer, IMAGES)


def test_activations__leave_no_hook_behind() -> None:
    model = build(RESNET, seed=0).eval()

    activations(model, model.carrier, IMAGES)

    assert not any(module._forward_hooks for module in model.modules())


def test_cnn_config__reject_more_pools_than_pixels() -> None:
    with pytest.raises(ValidationError, match="more pools than the image has room for"):
        CnnConfig(input_shape=(1, 8, 8), classes=10, channels=(1, 1, 1, 1), hidden=4)
