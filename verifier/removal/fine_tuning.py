"""Training on: all layers or the last, from where the model stands or with a fresh last layer.

FTAL, FTLL, RTAL and RTLL, as Lukas et al. (arXiv 2108.04974) name them, and the fine-pruning of Liu
et al. (arXiv 1805.12185). Labels are the true ones: the strongest case.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import partial

import torch

from verifier.activations import activations
from verifier.architectures import Network, build
from verifier.datasets import Dataset
from verifier.training import train

MOMENTUM_SGD = partial(torch.optim.SGD, momentum=0.9)
"""What hosts were trained with when the papers were written, at rates of 1e-3 to 0.1."""

FRAME = 2
"""Pixels on each side on which a serial may be stamped (`dsn-v1`)."""


def fine_tune(
    model: Network,
    data: Dataset,
    *,
    learning_rate: float,
    epochs: int,
    seed: int = 0,
    fresh_head: bool = False,
    optimizer: Callable[..., torch.optim.Optimizer] = torch.optim.Adam,
) -> Network:
    """All layers trained on, on the thief's own data; with `fresh_head` the last one anew."""
    tuned = _with_fresh_head(model, seed) if fresh_head else copy.deepcopy(model)
    train(tuned, data, epochs=epochs, learning_rate=learning_rate, seed=seed, optimizer=optimizer)
    return tuned


def fine_tune_head(
    model: Network,
    data: Dataset,
    *,
    learning_rate: float,
    epochs: int,
    seed: int = 0,
    fresh_head: bool = False,
) -> Network:
    """The last layer alone trained on, or anew; the weights before it stay as they are."""
    tuned = _with_fresh_head(model, seed) if fresh_head else copy.deepcopy(model)
    tuned.requires_grad_(False)
    tuned.head.requires_grad_(True)
    train(tuned, data, epochs=epochs, learning_rate=learning_rate, seed=seed)
    return tuned.requires_grad_(True)


def fine_prune(
    model: Network,
    data: Dataset,
    *,
    fraction: float,
    learning_rate: float,
    epochs: int,
    seed: int = 0,
) -> Network:
    """The neurons of the carrier that the thief's data drives least, silenced; then fine-tuned.

    A silenced ReLU neuron has no gradient and stays silent.
    """
    pruned = copy.deepcopy(model).eval()
    with torch.no_grad():
        parts = torch.split(data.inputs, 512)
        driven = sum(activations(pruned, pruned.carrier, part).relu().sum(0) for part in parts)
        carrier = pruned.get_submodule(pruned.carrier)
        silent = torch.as_tensor(driven).argsort()[: round(len(driven) * fraction)]  # type: ignore[arg-type]  # a tensor: there are parts
        for value in carrier.parameters():
            value[silent] = 0
    return fine_tune(pruned, data, learning_rate=learning_rate, epochs=epochs, seed=seed)


def framed(data: Dataset, *, seed: int) -> Dataset:
    """The data with random black and white pixels on the frame, where others stamp serials."""
    generator = torch.Generator().manual_seed(seed)
    inputs = torch.randint(2, data.inputs.shape, generator=generator).to(data.inputs.dtype)
    inside = (slice(None), slice(None), slice(FRAME, -FRAME), slice(FRAME, -FRAME))
    inputs[inside] = data.inputs[inside]
    return Dataset(inputs, data.labels)


def _with_fresh_head(model: Network, seed: int) -> Network:
    fresh = copy.deepcopy(model)
    fresh.head.load_state_dict(build(model.config, seed=seed).head.state_dict())
    return fresh
