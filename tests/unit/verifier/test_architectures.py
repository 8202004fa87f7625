from __future__ import annotations

from pathlib import Path

import pytest
import torch
from pydantic import ValidationError

from tests.support.tiny_models import CNN, CONFIGS, MLP, RESNET
from verifier import BadModel, load_package, save_package
from verifier.activations import activations
from verifier.architectures import build, build_empty
from verifier.configs import BilstmConfig, CnnConfig, Config, MlpConfig, parse_config
from verifier.removal.symmetries import permute_neurons

BILSTM = BilstmConfig(input_shape=(5,), classes=7, vocabulary=6, embedding=3, width=4, hidden=8)
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


def test_mlp__compute_a_tanh_network_by_hand() -> None:
    config = MLP.model_copy(update={"activation": "tanh", "hidden": (4,)})
    model = build(config, seed=0)
    weights = model.state_dict()

    hidden = torch.tanh(IMAGES.flatten(1) @ weights["hidden.0.weight"].T + weights["hidden.0.bias"])

    expected = hidden @ weights["head.weight"].T + weights["head.bias"]
    assert model(IMAGES).allclose(expected, atol=1e-6)
    assert model.is_odd("hidden.0")
    assert not build(MLP, seed=0).is_odd("hidden.0")


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


WORDS = torch.tensor([[3, 5, 2, 0, 0], [4, 0, 0, 0, 0], [0, 0, 0, 0, 0]])


def test_bilstm__answer_sentences_as_its_package_does(tmp_path: Path) -> None:
    model = build(BILSTM, seed=0).eval()
    save_package(model, tmp_path)

    loaded = load_package(tmp_path)

    assert loaded.config == BILSTM
    assert model(WORDS).shape == (3, 7)
    assert loaded(WORDS).equal(model(WORDS))


def test_bilstm__pool_over_words_and_not_over_padding() -> None:
    """Forward, the states after the last word are padding's: more of it changes nothing."""
    model = build(BILSTM, seed=0)
    for name, value in model.named_parameters():
        if name.endswith("reverse"):
            value.data.zero_()
    model.get_parameter(
        "lstm.bias_hh_l0"
    ).data += 5  # states grow in time: padding would win the pool

    longer = model(torch.nn.functional.pad(WORDS[:2], (0, 4)))

    assert longer.allclose(model(WORDS[:2]), atol=1e-6)


def test_bilstm__let_its_carrier_be_permuted() -> None:
    model = build(BILSTM, seed=0)

    permuted = permute_neurons(model, torch.Generator().manual_seed(0))

    before = model.get_parameter("hidden.weight")
    assert not permuted.get_parameter("hidden.weight").equal(before)
    assert permuted(WORDS).allclose(model(WORDS), atol=1e-5)


@pytest.mark.parametrize("shape", [(1, 8, 8), (0,), (513,)])
def test_bilstm__take_sentences_only(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValidationError):
        BilstmConfig.model_validate(BILSTM.model_dump() | {"input_shape": shape})


def test_mlp__take_images_only() -> None:
    with pytest.raises(ValidationError):
        MlpConfig.model_validate(MLP.model_dump() | {"input_shape": (5,)})


def test_activations__reject_a_layer_of_several_tensors() -> None:
    with pytest.raises(BadModel, match="'lstm' gives no single tensor"):
        activations(build(BILSTM, seed=0), "lstm", WORDS)
