"""Copies of what a model does, not of its weights; and what a thief could do without it."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

import torch
from torch import Tensor, nn

from verifier.architectures import Network, build
from verifier.datasets import Dataset
from verifier.scheme import Objective
from verifier.training import train

TEMPERATURE = 3.0
"""Of the teacher's and the student's answers, as in Lukas et al."""


def distil(
    model: Network,
    data: Dataset,
    *,
    learning_rate: float,
    epochs: int,
    seed: int,
    licensed: Callable[[Tensor], Tensor] = lambda inputs: inputs,
) -> Network:
    """A fresh network that learns the model's answers (Hinton et al., arXiv 1503.02531).

    The model is asked as a licensed user asks it; the copy works without a licence.
    """
    student = build(model.config, seed=seed)
    imitate = _Imitate(model, licensed)
    train(student, data, epochs=epochs, learning_rate=learning_rate, seed=seed, objective=imitate)
    return student


def train_from_scratch(
    model: Network, data: Dataset, *, learning_rate: float, epochs: int, seed: int
) -> Network:
    """A network of the model's form that never saw it: what the thief's data is worth alone."""
    fresh = build(model.config, seed=seed)
    train(fresh, data, epochs=epochs, learning_rate=learning_rate, seed=seed)
    return fresh


class _Imitate(Objective):
    """The distance between the answers of two networks, softened; labels are not looked at."""

    complete: ClassVar[bool] = True

    def __init__(self, teacher: Network, licensed: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self._teacher, self._licensed = [teacher.eval()], licensed  # listed: not a part of this

    def forward(self, model: Network, inputs: Tensor, labels: Tensor) -> Tensor:
        with torch.no_grad():
            taught = (self._teacher[0](self._licensed(inputs)) / TEMPERATURE).softmax(1)
        answers = (model(inputs) / TEMPERATURE).log_softmax(1)
        return TEMPERATURE**2 * nn.functional.kl_div(answers, taught, reduction="batchmean")
