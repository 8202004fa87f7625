"""Images that a given network gives given labels: adversarial examples, the liar's chief tool."""

from __future__ import annotations

import torch
from torch import Tensor

from verifier.architectures import Network
from verifier.scheme import Scheme

STEPS = 40


def optimise(victim: Network, images: Tensor, labels: Tensor, *, step: float) -> Tensor:
    """Images (n, c, h, w) in 0..1 after sign-gradient steps towards their `labels` (n,).

    As in Liu et al. (arXiv 2304.06607), without their bound: nothing in a key's rules holds a liar
    to the image that he began with.
    """
    victim.eval()
    for _ in range(STEPS):
        images = images.detach().requires_grad_()
        loss = torch.nn.functional.cross_entropy(victim(images), labels)
        (gradient,) = torch.autograd.grad(loss, images)
        images = (images - step * gradient.sign()).clamp(0, 1)
    return images.detach()


def most_alike(scheme: Scheme, victim: Network, evidence: bytes) -> int:
    """How often the victim gives its commonest answer to the keys of this evidence."""
    return max(map(sum, zip(*scheme.read(victim, evidence).low, strict=True)))
