"""PMI as its abstract tells it (Wu, arXiv 2209.04113): which of several mini data sets was learned?

One pool of mini data sets, all the owner's choice; the one whose images the suspect is surest of is
the one that it was trained on. The owner says which it ought to be, and nobody can check when. The
statistic is ours: the paper's text was not to be had.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from scipy.stats import norm
from torch import Tensor

from verifier.architectures import Network
from verifier.datasets import Dataset

from . import Claim

LEAST = -4.0
"""Nothing is less likely than e^-4: or one mislabelled image would outweigh a mini data set."""


def claim_classic(model: Network, sets: Sequence[Dataset], member: int) -> Claim:
    """Accepted if the `member` leads: `found` is its lead over the best of the others."""
    sure = [float(_log_likelihood(model, each).mean()) for each in sets]
    lead = sure[member] - max(each for at, each in enumerate(sure) if at != member)
    return Claim(lead, 0.0, lead > 0)


def power(gap: float, *, pools: int, size: int, twins: int = 2, level: int = 64) -> float:
    """The odds that a marked model is told at 2^-`level`, by the normal law, before any is trained.

    `gap` is by how much surer a model is of an image that it has seen, in standard deviations of
    how sure it is within either kind; `size` images make a twin. A row of scores has the
    variance of its images, and with the mark in it that of the gap; for small gaps the statistic is

        z = gap * sqrt(pools * size * (1 - 1/twins))

    On the safe side where marks are strong: tails of a sum of bounded scores fall faster than the
    normal law's.

    >>> round(power(0.8, pools=256, size=1), 2)
    0.08
    """
    share = 1 - 1 / twins
    spread = (size + size**2 * gap**2 / twins) ** 0.5  # of a row of a marked model
    z = gap * size * (pools * share) ** 0.5 / spread
    return float(norm.sf((norm.isf(2.0**-level) - z) * spread / size**0.5))


def _log_likelihood(model: Network, data: Dataset) -> Tensor:
    """(images,): of each image's own label."""
    model.eval()
    with torch.inference_mode():
        logs = model(data.inputs).double().log_softmax(1)
        own: Tensor = logs.gather(1, data.labels[:, None])[:, 0]
    return own.clamp_min(LEAST)
