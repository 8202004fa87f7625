"""What can be done to weights without any data: prune, round, shake."""

from __future__ import annotations

import copy

import torch

from verifier.architectures import Network


def prune(model: Network, fraction: float) -> Network:
    """The model with the smallest `fraction` of each layer's weights set to zero."""
    pruned = copy.deepcopy(model)
    with torch.no_grad():
        for weight in (value for value in pruned.parameters() if value.dim() > 1):
            smallest = weight.abs().flatten().argsort()[: round(weight.numel() * fraction)]
            weight.view(-1)[smallest] = 0
    return pruned


def halve_precision(model: Network) -> Network:
    """The model after its weights were stored in float16."""
    rounded = copy.deepcopy(model)
    with torch.no_grad():
        for value in rounded.parameters():
            value.copy_(value.half().float())
    return rounded


def quantise(model: Network, bits: int) -> Network:
    """The model with each row of each weight on `bits`-bit integers: symmetric, rounded to nearest.

    Biases stay as they are, as in the usual post-training schemes.
    """
    quantised = copy.deepcopy(model)
    largest = 2 ** (bits - 1) - 1
    with torch.no_grad():
        for weight in (value for value in quantised.parameters() if value.dim() > 1):
            rows = weight.flatten(1)
            step = (rows.abs().amax(1, keepdim=True) / largest).clamp_min(torch.finfo().tiny)
            rows.copy_((rows / step).round() * step)
    return quantised


def add_noise(model: Network, share: float, *, seed: int) -> Network:
    """The model with Gaussian noise on its weights, of `share` of each tensor's own spread."""
    generator = torch.Generator().manual_seed(seed)
    noisy = copy.deepcopy(model)
    with torch.no_grad():
        for weight in (value for value in noisy.parameters() if value.dim() > 1):
            weight.add_(torch.randn(weight.shape, generator=generator) * share * weight.std())
    return noisy
