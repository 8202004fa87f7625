"""A suspect's neurons put back into the order and scale of the *unmarked* reference.

A thief may reorder, rescale, add or drop neurons at no cost, and every plain white-box mark dies of
it. So the reader matches each neuron of the reference to the one of the suspect that answers most
alike on committed probe images. The reference is the model as it was before the beacon: it knows
nothing of the message, so the matching does not either, and hits stay exactly binomial. (Matching
to the *marked* model would copy the mark into every innocent suspect.)

A neuron's signature is its pre-activation on each probe with the mean of the probe's group removed,
scaled to unit length: the mark lives in the group means, so the signature hardly sees it, and
correlation does not see positive scale. Reading in units of the neuron's own spread undoes the
scale; for the same reason a neuron that was split needs no summing, each part stands for the whole.

Left out: decoys, that is, neurons without effect that are made to answer more like the reference
than the neuron they stand in for.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor

STILL = 1e-6
"""A neuron whose spread is this small a part of its size moves by float32 noise alone."""

GRID = 4096
"""Correlations are assigned in 1/4096, coarser than any device's noise, so that ties fall alike."""


@dataclass(frozen=True, slots=True)
class Signatures:
    """How each of `neurons` answers, apart from its group means; differentiable."""

    residuals: Tensor
    """(probes, neurons): unit length down each column, zero for a neuron that does not move."""
    means: Tensor
    """(groups, neurons): the group means, in units of the neuron's own spread."""


def signatures(activations: Tensor, groups: Tensor) -> Signatures:
    """Split activations (probes, neurons) by the `groups` 0..g-1 of their probes."""
    members = torch.nn.functional.one_hot(groups).to(activations.dtype)  # (probes, groups)
    means = (members / members.sum(0)).T @ activations
    residuals = torch.addmm(activations, members, means, alpha=-1)
    spread = residuals.square().mean(0).sqrt()
    moves = spread > STILL * activations.abs().amax(0)
    scale = torch.where(moves, 1 / torch.where(moves, spread, 1), 0)
    return Signatures(residuals * scale / len(activations) ** 0.5, means * scale)


def align(values: Tensor, suspect: Tensor, reference: Tensor, *, odd: bool = False) -> Tensor:
    """`values` (rows, neurons of the suspect) as columns of the reference's neurons.

    Takes the residuals of both. Each neuron of the reference is given the one of the suspect that
    answers most alike, one to one, and zeros if none is left for it. Where the activation is `odd`
    a neuron may answer with the opposite sign, and is turned round.
    """
    # In float32: the answers themselves are no surer, and the grid forgives more.
    correlation = (GRID * reference.float().T @ suspect.float()).round_().numpy()
    likeness = np.abs(correlation) if odd else correlation
    of_reference, of_suspect = linear_sum_assignment(likeness, maximize=True)
    signs = np.where(correlation[of_reference, of_suspect] < 0, -1 if odd else 1, 1)
    aligned = torch.zeros(len(values), reference.shape[1], dtype=values.dtype)
    aligned[:, of_reference] = values[:, of_suspect] * torch.from_numpy(signs)
    return aligned
