"""A liar against DSN: he has the victim's model at hand and wants it to be found his.

In the paper's mode he picks serial and test images after seeing the victim, and his claim stands.
In sound mode all that is his to pick is frozen before the message is drawn.
"""

from __future__ import annotations

import copy
import hashlib

import torch
from torch import Tensor, nn

from verifier.architectures import Network
from verifier.datasets import Dataset
from verifier.paper import Claim
from verifier.paper.dsn import judge
from verifier.schemes.dsn import Dsn
from verifier.serials import stamp, strangers

SALTS = 16
"""Of which the liar keeps the one that sets the candidates farthest apart."""

TRIES = 32
"""Patterns that the liar tries around his test images."""

IMAGES = 1000
SHOWN = 100
"""How many of them he brings; the paper's test of a serial names no number."""


def forged_evidence(victim: Network, data: Dataset, secret: bytes) -> dict[str, bytes]:
    """Evidence that makes the most of the victim, by what the liar chose in it."""
    scheme = Dsn()
    secrets = [hashlib.sha256(secret + bytes([number])).digest() for number in range(SALTS)]

    def freeze(model: Network, images: Dataset, number: int = 0) -> bytes:
        return scheme.prepare(model, images, shards=1, secret=secrets[number])[0]

    ground = [freeze(victim, data, number) for number in range(SALTS)]
    reads_early = copy.deepcopy(victim)
    reads_early.carrier = next(
        name for name, part in victim.named_modules() if isinstance(part, nn.Linear | nn.Conv2d)
    )
    return {
        "ground salt": max(ground, key=lambda evidence: _contrast(scheme, victim, evidence)),
        "nearly black images": freeze(victim, _nearly_black(data)),
        "the most sensitive images": freeze(victim, _sensitive(victim, data)),
        "the first layer": freeze(reads_early, data),
    }


def forge_paper(victim: Network, data: Dataset, seed: int) -> Claim:
    """The published claim against any model that works.

    The liar's serial wipes a pattern off the frame, and his test images are those that the victim
    knows without that pattern only. The paper asks for no more than what he then shows.
    """
    height, width = data.input_shape[1:]
    generator = torch.Generator().manual_seed(seed)
    data = data.part(torch.randperm(len(data), generator=generator)[:IMAGES])
    rim = min(height, width) // 6
    inner = torch.zeros(height, width, dtype=torch.bool)
    inner[rim : height - rim, rim : width - rim] = True
    wiping = (data.inputs.mean((0, 1)) > 0.5).float().masked_fill(inner, -1)
    known = _is_right(victim, data, wiping)

    def fooled(pattern: Tensor) -> Tensor:
        return known & ~_is_right(victim, data, pattern)

    patterns = (strangers(wiping[None], generator)[0] for _ in range(TRIES))
    best = max(patterns, key=lambda pattern: int(fooled(pattern).sum()))
    shown = fooled(best).nonzero().flatten()[:SHOWN]
    if len(shown) == 0:
        shown = torch.arange(len(data))
    liars = Dataset(stamp(data.inputs[shown], best), data.labels[shown])
    return judge(victim, liars, wiping)


def _is_right(victim: Network, data: Dataset, serial: Tensor) -> Tensor:
    victim.eval()
    with torch.inference_mode():
        parts = torch.split(data.inputs, 512)
        guesses = torch.cat([victim(stamp(images, serial)).argmax(1) for images in parts])
    return guesses == data.labels


def _contrast(scheme: Dsn, victim: Network, evidence: bytes) -> int:
    """How far the best candidates stand above the worst, all slots together."""
    return sum(max(row) - min(row) for row in scheme.read(victim, evidence).low)


def _nearly_black(data: Dataset) -> Dataset:
    """A few pixels each: the victim sees nothing but serials."""
    images = torch.zeros_like(data.inputs[:64])
    middle = data.input_shape[1] // 2
    for number, image in enumerate(images):
        image[:, middle, middle] = (1 + number) / 64
    return Dataset(images, data.labels[:64])


def _sensitive(victim: Network, data: Dataset) -> Dataset:
    """The images at which the victim's answers follow the pixels the most."""
    some = data.inputs[:512].clone().requires_grad_()
    (slope,) = torch.autograd.grad(victim.eval()(some).max(1).values.sum(), some)
    chosen = slope.flatten(1).norm(dim=1).argsort(descending=True)[:8]
    return data.part(chosen)
