"""The one training loop: cross-entropy, plus whatever objective a scheme adds; by Adam.

The order of the batches comes from a seeded generator of its own, so equal calls train alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn

from .architectures import Network
from .datasets import Dataset
from .scheme import Objective

BATCH_SIZE = 64


def train(
    model: Network,
    data: Dataset,
    *,
    epochs: int,
    learning_rate: float,
    seed: int,
    objective: Objective | None = None,
    optimizer: Callable[..., torch.optim.Optimizer] = torch.optim.Adam,
    progress: Callable[[int, float], None] | None = None,
) -> None:
    """Train `model` in place and leave it in evaluation mode.

    The loss of the `objective` is added to each batch's; its images are none of the data's, so with
    it the running statistics of a trained model stay as they are. `progress` hears the epoch and
    its last loss.
    """
    generator = torch.Generator().manual_seed(seed)
    model.train(objective is None)
    _lay_out(model, torch.channels_last)  # convolutions learn half as fast again on a CPU
    descent = optimizer(model.parameters(), lr=learning_rate)
    for epoch in range(epochs):
        loss = torch.tensor(0.0)
        for images, labels in _batches(data, generator):
            if objective is None:
                loss = nn.functional.cross_entropy(model(images), labels)
            else:
                loss = objective(model, images, labels)
                if not objective.complete:
                    loss = loss + nn.functional.cross_entropy(model(images), labels)
            descent.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            descent.step()
        if progress is not None:
            progress(epoch, loss.item())
    _lay_out(model, torch.contiguous_format)
    model.eval()


def accuracy(model: Network, data: Dataset) -> float:
    """The share of images whose label the model finds."""
    model.eval()
    with torch.inference_mode():
        guesses = torch.cat([model(images).argmax(1) for images in torch.split(data.inputs, 512)])
    return (guesses == data.labels).double().mean().item()


def _lay_out(model: Network, memory_format: torch.memory_format) -> None:
    model.to(memory_format=memory_format)  # type: ignore[call-overload]  # torch's hints lack it


def _batches(data: Dataset, generator: torch.Generator) -> Iterator[tuple[Tensor, Tensor]]:
    order = torch.randperm(len(data), generator=generator)
    # The last, short batch would weigh its few images as much as a full one: it sits out.
    for start in range(0, max(len(data) - BATCH_SIZE, 0) + 1, BATCH_SIZE):
        chosen = order[start : start + BATCH_SIZE]
        yield data.inputs[chosen], data.labels[chosen]
