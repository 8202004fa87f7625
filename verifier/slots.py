"""How far each candidate serial moves the mean features of a layer, and what that scores.

The reading of `schemes/dsn.py`. It needs no alignment: a distance does not see the order of the
neurons. Subtracted from the features is what a linear function of a serial's bits explains: that is
how any network, also an unlocked one, sees a frame. What is left is what was learned by heart.
"""

from __future__ import annotations

import torch
from torch import Tensor

from .activations import INPUTS_AT_ONCE, activations
from .architectures import Network
from .serials import stamp

SLOTS = 32
CANDIDATES = 16
"""In each slot. All slots together reach odds of 2^-128, so half of them may be lost."""

STILL = 1e-4
"""A neuron whose spread is this small a part of its size is left out: float32 rounds it away."""

FLOOR = 1e-2
"""Added to all distances, in units of the neurons' spread: the ratio of two distances that are
nearly nothing is noise."""

STEPS = 128
"""Per doubling of the distance. Other kernels, threads and double precision move a score by a
hundredth of a step."""

MOST = 4 * STEPS
LEAST = -2 * STEPS
"""Farther from the median than 16 times or a quarter tells nothing more."""


def response(model: Network, layer: str, images: Tensor, serials: Tensor) -> Tensor:
    """(candidates, neurons) double: each neuron's mean over the images, in units of its spread.

    Takes images (n, c, h, w) in 0..1 and serials (candidates, h, w).

    Raises:
        BadModel: the model has no such layer.
    """
    model.eval()
    found = []
    for part in torch.split(serials, max(1, INPUTS_AT_ONCE // len(images))):
        stamped = stamp(images.repeat(len(part), 1, 1, 1), part.repeat_interleave(len(images), 0))
        found.append(activations(model, layer, stamped))
    values = torch.cat(found).double()
    size = values.abs().amax(0)  # before the ReLU: of a neuron at its edge only noise is left after
    if not model.is_odd(layer):
        values = values.relu()  # what the next layer sees: half of a layer's life is below zero
    # A neuron that overflows on some image would take all others down with it: it is muted.
    values = torch.where(values.isfinite().all(0), values, 0)
    spread = values.std(0)
    moves = spread > STILL * size
    scaled = values * torch.where(moves, 1 / torch.where(moves, spread, 1), 0)
    means: Tensor = scaled.view(len(serials), len(images), -1).mean(1)
    return means


def distances(features: Tensor, serials: Tensor) -> Tensor:
    """(candidates,): how much of a candidate's features its bits do not explain linearly."""
    flat = serials.flatten(1).double()
    # Each serial has as many ones, so its last bit follows from the others. With that bit the basis
    # would have a column of nothing but rounding errors, and another on every device.
    bits = flat[:, flat[0] >= 0][:, :-1] * 2 - 1
    basis, _ = torch.linalg.qr(torch.cat([torch.ones(len(bits), 1, dtype=bits.dtype), bits], 1))
    unexplained = features - basis @ (basis.T @ features)
    lengths: Tensor = unexplained.square().mean(1).sqrt()
    return lengths


def scores(lengths: Tensor) -> Tensor:
    """(slots, candidates) integers: steps of the logarithm above the median distance."""
    ratios = (lengths + FLOOR) / (lengths.median() + FLOOR)
    steps = (STEPS * ratios.log2()).clamp(LEAST, MOST).round().long()
    return steps.view(SLOTS, CANDIDATES)
