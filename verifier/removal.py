"""What a thief does to a stolen model to be rid of its mark. Every attack returns a new network."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

from .architectures import Network, Symmetry
from .datasets import Dataset
from .training import train


def fine_tune(
    model: Network, data: Dataset, *, learning_rate: float, epochs: int, seed: int = 0
) -> Network:
    """The model trained on, on the thief's own data."""
    tuned = copy.deepcopy(model)
    train(tuned, data, epochs=epochs, learning_rate=learning_rate, seed=seed)
    return tuned


def prune(model: Network, fraction: float) -> Network:
    """The model with the smallest `fraction` of each layer's weights set to zero."""
    pruned = copy.deepcopy(model)
    with torch.no_grad():
        for weight in (value for value in pruned.parameters() if value.dim() > 1):
            smallest = weight.abs().flatten().argsort()[: round(weight.numel() * fraction)]
            weight.view(-1)[smallest] = 0
    return pruned


def permute_neurons(model: Network, generator: torch.Generator) -> Network:
    """The same function, every layer's neurons in another order and at another positive scale.

    Free of cost, so the first thing a thief tries: marks without alignment die of it.
    """
    permuted = copy.deepcopy(model)
    with torch.no_grad():
        for symmetry in permuted.symmetries:
            _permute(permuted, symmetry, generator)
    return permuted


def _permute(model: Network, symmetry: Symmetry, generator: torch.Generator) -> None:
    producers, norms, consumers = (
        [model.get_submodule(name) for name in names]
        for names in (symmetry.producers, symmetry.norms, symmetry.consumers)
    )
    width = _weight(producers[0]).shape[0]
    order = torch.randperm(width, generator=generator)
    scale = torch.exp(torch.randn(width, generator=generator))
    # ReLU commutes with positive factors; a norm would undo a factor that came before it.
    for scaled in norms or producers:
        _weight(scaled).mul_(_column(scale, scaled))
        _bias(scaled).mul_(scale)
    for made in (*producers, *norms):
        for values in made.state_dict().values():
            if values.dim():  # a norm's count of batches has none
                values.copy_(values[order])
    for reader in consumers:
        weight = _weight(reader)
        # After a flattening one neuron is read at several positions, which lie side by side.
        neurons = weight.view(weight.shape[0], width, -1)
        neurons.copy_((neurons / scale[:, None])[:, order])


def _weight(module: nn.Module) -> Tensor:
    return module.get_parameter("weight")


def _bias(module: nn.Module) -> Tensor:
    return module.get_parameter("bias")


def _column(scale: Tensor, module: nn.Module) -> Tensor:
    """`scale` in the shape that multiplies the rows of the module's weight."""
    return scale.view(-1, *[1] * (_weight(module).dim() - 1))
