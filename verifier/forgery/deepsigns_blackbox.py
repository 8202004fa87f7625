"""A liar against DeepSigns, black-box: key images optimised until the victim gives a label.

In paper mode keys are free, so the victim at hand, or a few models like it, are all that it takes
to make twenty images it labels as the liar wants. In sound mode the labels are drawn afterwards.
"""

from __future__ import annotations

import hashlib

import torch
from torch import Tensor

from verifier.architectures import Network
from verifier.datasets import Dataset
from verifier.evidence import to_bytes
from verifier.paper import Claim
from verifier.paper.deepsigns import claim_black_box
from verifier.schemes.deepsigns_blackbox import DeepSignsBlackbox
from verifier.weights import pack, unpack

from .adversarial import most_alike, optimise

SECRETS = 8
"""Of which the liar keeps the one whose keys the victim answers most alike."""

STEP = 0.03
"""Of each pixel: keys are noise, and may become any other."""

PAPER_KEYS = 20


def forged_evidence(victim: Network, data: Dataset, secret: bytes) -> dict[str, bytes]:
    """Evidence that makes the most of the victim, by what the liar chose in it."""
    scheme = DeepSignsBlackbox()
    ground = [
        scheme.prepare(
            victim, data, shards=1, secret=hashlib.sha256(secret + bytes([number])).digest()
        )[0]
        for number in range(SECRETS)
    ]
    best = max(ground, key=lambda evidence: most_alike(scheme, victim, evidence))
    tensors, strings = unpack(best)
    images, classes = tensors["images"], victim.config.classes
    guessed = torch.arange(len(images)) % classes
    alike = torch.zeros_like(guessed)

    def optimised(labels: Tensor) -> bytes:
        fitted = to_bytes(optimise(victim, images / 255, labels, step=STEP))
        return pack(tensors | {"images": fitted}, strings)

    return {
        "ground secret": best,
        "keys that answer a guess": optimised(guessed),
        "keys that all answer alike": optimised(alike),
    }


def forge_paper(victim: Network, data: Dataset, seed: int) -> Claim:
    """The published claim against any model: labels first, then images that the victim gives them.

    That they were wrong before the marking, as the paper has it, is the liar's word.
    """
    generator = torch.Generator().manual_seed(seed)
    images = torch.rand(PAPER_KEYS, *data.input_shape, generator=generator)
    labels = torch.randint(0, victim.config.classes, (PAPER_KEYS,), generator=generator)
    return claim_black_box(victim, optimise(victim, images, labels, step=STEP), labels)
