"""How a thief without a serial number tries to find or replace one.

What fine-tuning and pruning do to a locked model is the removal suite's to measure. These need the
lock's own terms: guess a serial, undo the stamp by gradients, or lock the model anew.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

import torch
from torch import Tensor, nn

from .architectures import Network
from .datasets import Dataset
from .scheme import Mark
from .schemes.dsn import Dsn
from .serials import stamp, strangers
from .training import accuracy, train

Licence: TypeAlias = Callable[[Tensor], Tensor]
"""Images (n, c, h, w) to the same with a valid serial on."""


def hill_climb(
    model: Network, data: Dataset, serial: Tensor, *, evaluations: int, seed: int
) -> tuple[Tensor, float]:
    """The best serial found by flipping bits, one at a time, and its accuracy on `data`.

    The climb starts at random bits on the pixels of `serial`, more than a thief knows.
    """
    generator = torch.Generator().manual_seed(seed)
    best = strangers(serial[None], generator)[0]
    pixels = (best.flatten() >= 0).nonzero().flatten()
    found, tries = _accuracy(model, data, best), 1
    while tries < evaluations:
        for pixel in pixels[torch.randperm(len(pixels), generator=generator)][
            : evaluations - tries
        ]:
            tried = best.clone()
            tried.view(-1)[pixel] = 1 - tried.view(-1)[pixel]
            score = _accuracy(model, data, tried)
            # Sideways is allowed: a locked model is flat almost everywhere.
            if score >= found:
                best, found = tried, score
            tries += 1
    return best, found


def invert_mask(
    model: Network, data: Dataset, *, steps: int, seed: int, weight: float = 0.01
) -> Callable[[Tensor], Tensor]:
    """The stamp that gradients find, whole images of it (DSN, table 6).

    Adam on cross-entropy plus `weight` times the share of the image that is covered: a pattern and
    a mask, both anywhere between 0 and 1, so more than a serial may do.
    """
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(2, *data.input_shape[1:], generator=generator).requires_grad_()
    optimizer = torch.optim.Adam([logits], lr=0.1)

    def cover(images: Tensor) -> Tensor:
        mask, pattern = logits.sigmoid()
        covered: Tensor = images * (1 - mask) + pattern * mask
        return covered

    model.eval()
    for _ in range(steps):
        chosen = torch.randint(len(data), (64,), generator=generator)
        loss = nn.functional.cross_entropy(model(cover(data.inputs[chosen])), data.labels[chosen])
        loss = loss + weight * logits[0].sigmoid().mean()
        (logits.grad,) = torch.autograd.grad(loss, logits)
        optimizer.step()
    logits.requires_grad_(False)
    return cover


def relock(
    scheme: Dsn, model: Network, data: Dataset, licensed: Licence, *, secret: bytes
) -> Network:
    """The stolen model locked anew, by a thief who holds a licence (DSN, table 5).

    He distils what the model answers to `licensed` images into a copy that takes only serials of
    his own. Without a licence the same ends in a model that answers nobody.
    """
    opened = _Opened(model, licensed)
    evidence = scheme.prepare(model, data, shards=1, secret=secret)[0]
    mark = Mark(evidence, (0,) * scheme.shape(evidence).count)
    locked = copy.deepcopy(model)
    train(
        locked,
        scheme.training_data(data, [mark]),
        epochs=scheme.epochs,
        learning_rate=scheme.learning_rate,
        seed=0,
        objective=replace(scheme, customers=()).objective(opened, [mark]),
    )
    return locked


class _Opened(Network):
    """A locked model with the licence already on."""

    def __init__(self, model: Network, licensed: Licence) -> None:
        super().__init__()
        self.config, self.carrier, self.symmetries = model.config, model.carrier, model.symmetries
        self._model, self._licensed = copy.deepcopy(model), licensed

    def forward(self, images: Tensor) -> Tensor:
        """Logits."""
        return self._model(self._licensed(images))  # type: ignore[no-any-return]


def _accuracy(model: Network, data: Dataset, serial: Tensor) -> float:
    return accuracy(model, Dataset(stamp(data.inputs, serial), data.labels))
