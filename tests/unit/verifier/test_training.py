from __future__ import annotations

import torch

from tests.support.tiny_models import MLP, RESNET, digits, trained
from verifier.architectures import build
from verifier.training import accuracy, train


def test_train__learn_the_digits() -> None:
    assert accuracy(trained(0), digits()[1]) > 0.93


def test_train__repeat_itself_to_the_bit_for_one_seed_only() -> None:
    data = digits()[0].part(torch.arange(256))
    models = [build(MLP, seed=0) for _ in range(3)]

    for model, seed in zip(models, (1, 1, 2), strict=True):
        train(model, data, epochs=1, learning_rate=1e-3, seed=seed)

    assert models[0].head.weight.equal(models[1].head.weight)
    assert not models[0].head.weight.equal(models[2].head.weight)


def test_train__tell_each_epoch_and_end_in_evaluation_mode() -> None:
    told: list[tuple[int, float]] = []
    model = build(MLP, seed=0)

    train(
        model,
        digits()[0],
        epochs=3,
        learning_rate=1e-3,
        seed=0,
        progress=lambda epoch, loss: told.append((epoch, loss)),
    )

    assert [epoch for epoch, _ in told] == [0, 1, 2]
    assert told[2][1] < told[0][1]
    assert not model.training


def test_train__minimise_the_extra_loss_as_well() -> None:
    model = build(MLP, seed=0)
    weight = model.get_parameter("head.weight")

    train(
        model,
        digits()[0],
        epochs=3,
        learning_rate=1e-3,
        seed=0,
        extra_loss=lambda: 100 * weight.square().mean(),
    )

    assert weight.square().mean() < build(MLP, seed=0).get_parameter("head.weight").square().mean()


def test_train__keep_the_running_statistics_of_a_model_with_an_extra_loss() -> None:
    model = build(RESNET, seed=0)
    before = model.get_buffer("norm.running_mean").clone()
    data = digits()[0].part(torch.arange(128))

    train(model, data, epochs=1, learning_rate=1e-3, seed=0, extra_loss=lambda: torch.zeros(()))
    assert model.get_buffer("norm.running_mean").equal(before)

    train(model, data, epochs=1, learning_rate=1e-3, seed=0)
    assert not model.get_buffer("norm.running_mean").equal(before)


def test_train__learn_from_fewer_images_than_a_batch() -> None:
    model = build(MLP, seed=0)

    train(model, digits()[0].part(torch.arange(10)), epochs=20, learning_rate=1e-2, seed=0)

    assert accuracy(model, digits()[0].part(torch.arange(10))) == 1.0


def test_accuracy__count_in_evaluation_mode() -> None:
    model = build(RESNET, seed=0).train()
    before = model.get_buffer("norm.running_mean").clone()

    accuracy(model, digits()[1])

    assert model.get_buffer("norm.running_mean").equal(before)
