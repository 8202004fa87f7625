from __future__ import annotations

import torch
from torch import Tensor

from tests.support.tiny_models import MLP, RESNET, digits, trained
from verifier.architectures import Network, build
from verifier.scheme import Objective
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


class SmallHead(Objective):
    def forward(self, model: Network, images: Tensor, labels: Tensor) -> Tensor:
        return 100 * model.head.weight.square().mean()


class Whole(SmallHead):
    complete = True


def test_train__minimise_the_objective_as_well() -> None:
    model, data = build(MLP, seed=0), digits()[0]

    train(model, data, epochs=3, learning_rate=1e-3, seed=0, objective=SmallHead())

    assert model.head.weight.square().mean() < build(MLP, seed=0).head.weight.square().mean()
    assert accuracy(model, data) > 0.5


def test_train__learn_nothing_but_a_complete_objective() -> None:
    model, data = build(MLP, seed=0), digits()[0]
    first_layer = model.get_parameter("hidden.0.weight").clone()

    train(model, data, epochs=1, learning_rate=1e-3, seed=0, objective=Whole())

    assert model.get_parameter("hidden.0.weight").equal(first_layer)


def test_train__keep_the_running_statistics_of_a_model_with_an_objective() -> None:
    model = build(RESNET, seed=0)
    before = model.get_buffer("norm.running_mean").clone()
    data = digits()[0].part(torch.arange(128))

    train(model, data, epochs=1, learning_rate=1e-3, seed=0, objective=SmallHead())
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
