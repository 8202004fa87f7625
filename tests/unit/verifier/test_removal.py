from __future__ import annotations

from functools import cache
from typing import get_args

import pytest
import torch

from tests.support.tiny_models import CNN, CONFIGS, MLP, RESNET, digits, trained
from verifier import BadData, BadModel, Dataset
from verifier.activations import activations
from verifier.architectures import Network, build
from verifier.configs import Config
from verifier.finding import Access
from verifier.removal import (
    DEFENCES,
    add_neurons,
    add_noise,
    defend,
    distil,
    fine_prune,
    fine_tune,
    fine_tune_head,
    framed,
    halve_precision,
    overwrite,
    permute_neurons,
    prune,
    quantise,
    split_neurons,
    spoil,
    train_from_scratch,
)
from verifier.removal.attacks import ATTACKS, Theft
from verifier.removal.symmetries import Kind
from verifier.scheme import Reading
from verifier.schemes.deepsigns import DeepSigns
from verifier.training import accuracy, train

IMAGES = torch.rand(5, 1, 8, 8, generator=torch.Generator().manual_seed(0))
TANH = MLP.model_copy(update={"activation": "tanh"})
CHAINS = (MLP, TANH, CNN)


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def few() -> Dataset:
    return digits()[0].part(torch.arange(256))


@cache
def lively(config: Config) -> Network:
    """A network whose norms have statistics of their own. Copy it before changing it."""
    torch.set_num_threads(1)
    model = build(config, seed=0)
    train(model, few(), epochs=1, learning_rate=1e-3, seed=0)
    return model


def changed(before: Network, after: Network) -> set[str]:
    return {
        name
        for name, value in before.named_parameters()
        if not value.equal(after.get_parameter(name))
    }


@pytest.mark.parametrize("config", [*CONFIGS, TANH], ids=lambda config: config.architecture)
def test_permute_neurons__change_every_layer_and_keep_the_function(config: Config) -> None:
    model = lively(config)

    permuted = permute_neurons(model, generator())

    assert permuted(IMAGES).allclose(model(IMAGES), atol=1e-4)
    assert changed(model, permuted) >= {name for name, _ in model.named_parameters()} - {
        "head.bias"
    }
    carried = (activations(each, each.carrier, IMAGES) for each in (model, permuted))
    assert not next(carried).allclose(next(carried))


def test_permute_neurons__turn_signs_where_the_activation_is_odd() -> None:
    model = lively(TANH)

    permuted = permute_neurons(model, generator())

    before, after = (each.get_parameter("hidden.0.bias") for each in (model, permuted))
    assert before.abs().sort()[0].equal(after.abs().sort()[0])
    turned = (before.sort()[0] != after.sort()[0]).sum()
    assert turned > 16


@pytest.mark.parametrize("config", CHAINS, ids=str)
@pytest.mark.parametrize("kind", get_args(Kind))
def test_add_neurons__widen_every_layer_and_keep_the_function(config: Config, kind: Kind) -> None:
    model = lively(config)

    grown = add_neurons(model, 0.5, generator(), kind=kind)

    assert grown(IMAGES).allclose(model(IMAGES), atol=1e-4)
    for symmetry in model.symmetries:
        width = len(model.get_parameter(f"{symmetry.producers[0]}.weight"))
        wider = grown.get_parameter(f"{symmetry.producers[0]}.weight")
        assert len(wider) == width * 3 // 2


def test_add_neurons__answer_as_their_kind_says() -> None:
    model, old = lively(MLP), 128

    still, mute, clique = (
        add_neurons(model, 0.5, generator(), kind=kind) for kind in get_args(Kind)
    )

    answers = [
        activations(grown, "hidden.1", IMAGES)[:, old:].abs() for grown in (still, mute, clique)
    ]
    reads = [grown.head.weight[:, old:] for grown in (still, mute, clique)]
    assert answers[0].max() == 0
    assert reads[0].std() > 0.01
    assert answers[1].std() > 0.01
    assert reads[1].abs().max() == 0
    assert answers[2][:, :32].equal(answers[2][:, 32:])
    assert reads[2][:, :32].equal(-reads[2][:, 32:])
    assert reads[2].std() > 0.01


@pytest.mark.parametrize("config", CHAINS, ids=str)
def test_split_neurons__share_out_what_is_read_of_them(config: Config) -> None:
    model = lively(config)

    split = split_neurons(model, 0.25, generator())

    assert split(IMAGES).allclose(model(IMAGES), atol=1e-4)
    old = model.head.weight.shape[1]
    answers = activations(split, split.carrier, IMAGES)
    for part in range(old, answers.shape[1]):
        (whole,) = (answers[:, :old] == answers[:, part : part + 1]).all(0).nonzero()[0]
        given = split.head.weight[:, whole] + split.head.weight[:, part]
        assert given.allclose(model.head.weight[:, whole], atol=1e-6)
        assert split.head.weight[:, part].abs().sum() > 0


def test_add_neurons__refuse_a_width_that_layers_share() -> None:
    with pytest.raises(BadModel, match="widen a layer"):
        add_neurons(build(RESNET, seed=0), 0.5, generator(), kind="mute")


def test_prune__zero_the_smallest_of_each_layer() -> None:
    model = build(MLP, seed=0)

    pruned = prune(model, 0.75)

    kept = pruned.get_parameter("hidden.1.weight")
    assert (kept == 0).sum() == 0.75 * 64 * 128
    smallest_kept = kept[kept != 0].abs().min()
    assert (model.get_parameter("hidden.1.weight").abs() >= smallest_kept).sum() == 64 * 128 / 4
    assert pruned.head.bias.equal(model.head.bias)


@pytest.mark.parametrize("bits", [8, 4])
def test_quantise__leave_each_row_the_levels_of_so_many_bits(bits: int) -> None:
    model = build(CNN, seed=0)

    quantised = quantise(model, bits)

    for name in ("convolutions.1.weight", "hidden.weight"):
        before, after = (each.get_parameter(name).flatten(1) for each in (model, quantised))
        step = before.abs().amax(1, keepdim=True) / (2 ** (bits - 1) - 1)
        assert ((after / step) - (after / step).round()).abs().max() < 1e-4
        assert (before - after).abs().max() <= step.max() / 2 * 1.001
        assert not before.equal(after)


def test_halve_precision__leave_what_float16_holds() -> None:
    model = build(MLP, seed=0)

    halved = halve_precision(model)

    weight = halved.get_parameter("hidden.0.weight")
    assert weight.equal(weight.half().float())
    assert not weight.equal(model.get_parameter("hidden.0.weight"))


def test_add_noise__shake_each_tensor_by_its_own_spread() -> None:
    model = build(MLP, seed=0)

    noisy = add_noise(model, 0.5, seed=1)

    for name in ("hidden.0.weight", "hidden.1.weight"):
        before, after = model.get_parameter(name), noisy.get_parameter(name)
        assert (after - before).std().item() == pytest.approx(0.5 * before.std().item(), rel=0.1)


def test_fine_tune__train_a_copy_on() -> None:
    model, (data, test) = trained(0), digits()
    before = {name: value.clone() for name, value in model.state_dict().items()}

    tuned = fine_tune(model, data, learning_rate=1e-3, epochs=2)

    assert not tuned.head.weight.equal(model.head.weight)
    assert accuracy(tuned, test) > 0.9
    assert all(value.equal(before[name]) for name, value in model.state_dict().items())


def test_fine_tune__begin_with_a_fresh_last_layer_when_asked() -> None:
    none = fine_tune(trained(0), few(), learning_rate=1e-3, epochs=0, fresh_head=True)

    assert changed(trained(0), none) == {"head.weight", "head.bias"}


@pytest.mark.parametrize("fresh_head", [False, True])
def test_fine_tune_head__leave_the_other_layers_as_they_were(fresh_head: bool) -> None:
    model, (data, test) = trained(0), digits()

    tuned = fine_tune_head(model, data, learning_rate=1e-3, epochs=4, fresh_head=fresh_head)

    assert changed(model, tuned) == {"head.weight", "head.bias"}
    assert accuracy(tuned, test) > 0.8
    assert all(value.requires_grad for value in tuned.parameters())


def test_fine_prune__silence_the_least_driven_neurons_for_good() -> None:
    model, (data, test) = trained(0), digits()

    pruned = fine_prune(model, data, fraction=0.5, learning_rate=1e-3, epochs=2)

    driven = [activations(each, "hidden.1", data.inputs).relu().sum(0) for each in (model, pruned)]
    assert (driven[1][driven[0].argsort()[:64]] == 0).all()
    assert accuracy(pruned, test) > 0.8


def test_framed__draw_the_frame_and_keep_the_inside() -> None:
    data = few()

    noisy = framed(data, seed=0)

    assert noisy.inputs[:, :, 2:-2, 2:-2].equal(data.inputs[:, :, 2:-2, 2:-2])
    assert set(noisy.inputs[:, :, :2].flatten().tolist()) == {0.0, 1.0}
    assert not noisy.inputs[0, :, :2].equal(noisy.inputs[1, :, :2])


def test_distil__learn_the_answers_from_other_weights() -> None:
    model, (data, test) = trained(0), digits()

    copy = distil(
        model, Dataset(data.inputs, data.labels * 0), learning_rate=1e-3, epochs=5, seed=9
    )

    assert accuracy(copy, test) > 0.8  # the labels it was shown were wrong
    assert copy.head.weight.sub(model.head.weight).abs().max() > 0.1


def test_distil__ask_as_a_licensed_user_does() -> None:
    model, data = trained(0), few()

    copy = distil(model, data, learning_rate=3e-3, epochs=40, seed=9, licensed=lambda x: x.flip(3))

    with torch.no_grad():
        taught, learnt = model(data.inputs.flip(3)).argmax(1), copy(data.inputs).argmax(1)
        plain = model(data.inputs).argmax(1)
    assert (taught == learnt).float().mean() > 0.8 > (plain == learnt).float().mean()


def test_train_from_scratch__owe_the_model_nothing_but_its_form() -> None:
    ours, theirs = trained(0), trained(1)

    fresh = [
        train_from_scratch(model, few(), learning_rate=1e-3, epochs=1, seed=3)
        for model in (ours, theirs)
    ]

    assert changed(fresh[0], fresh[1]) == set()


def test_overwrite_and_spoil__mark_the_stolen_model_again() -> None:
    scheme, (data, _) = DeepSigns(epochs=8), digits()
    model = trained(0)
    (owners,) = scheme.prepare(model, data, shards=1, secret=b"owner" * 6)

    twice, spoilt = (
        overwrite(model, data, scheme, seed=1),
        spoil(model, data, scheme, owners, epochs=8, seed=1),
    )

    assert changed(model, twice) > {"hidden.0.weight", "hidden.1.weight"}
    answers = [scheme.read(each, owners).low for each in (model, twice, spoilt)]
    moved = [sum(a != b for a, b in zip(answers[0], each, strict=True)) for each in answers[1:]]
    assert moved[1] > 90  # 128 of 256 answers change when another message is trained in
    assert moved[1] > moved[0]


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", DEFENCES)
def test_defences__change_images_a_little_and_alike_each_time(name: str, channels: int) -> None:
    images = torch.rand(4, channels, 16, 16, generator=generator())
    smooth = torch.nn.functional.avg_pool2d(images, 5, 1, 2)

    once, again = DEFENCES[name](smooth), DEFENCES[name](smooth)

    assert once.shape == smooth.shape
    assert once.equal(again)
    assert 0 < (once - smooth).abs().max() < 0.2
    assert 0 <= once.min() <= once.max() <= 1


def test_blur__keep_a_plain_image_plain() -> None:
    plain = torch.full((1, 1, 8, 8), 0.5)

    assert DEFENCES["blur .5"](plain).allclose(plain)


def test_defend__answer_as_the_model_does_to_defended_inputs() -> None:
    model = trained(0)

    defended = defend(model, lambda images: images.flip(3))

    assert defended(IMAGES).equal(model(IMAGES.flip(3)))
    assert not defended(IMAGES).equal(model(IMAGES))
    inside = activations(defended, "hidden.0", IMAGES)
    assert inside.equal(activations(model, "hidden.0", IMAGES.flip(3)))


def test_attacks__all_give_a_working_network_and_leave_the_loot_alone() -> None:
    scheme, data = DeepSigns(epochs=1), few()
    model = lively(MLP)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    evidence = scheme.prepare(model, digits()[0], shards=1, secret=b"owner" * 6)
    theft = Theft(model, digits()[0].part(torch.arange(512)), scheme, evidence, seed=1)

    with pytest.raises(BadData, match="deepsigns-v1 locks none"):
        theft.make("locked anew by a customer")
    for name, attack in ATTACKS.items():
        if name == "locked anew by a customer":
            continue
        suspect = theft.make(name)
        assert suspect(data.inputs).isfinite().all(), name
        assert attack.access, name
        assert isinstance(scheme.read(suspect, evidence[0]), Reading), name

    assert all(value.equal(before[name]) for name, value in model.state_dict().items())
    assert ATTACKS["inputs: JPEG 95"].access == {Access.ANSWERS}
    assert theft.make("distilled") is theft.make("distilled")
