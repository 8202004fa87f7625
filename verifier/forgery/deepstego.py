"""A liar against DeepStego: key images made on the victim, labels that are what it says of them.

Liu et al. (arXiv 2304.06607) accuse innocent models of exactly this scheme so: sign-gradient steps
on one's own model, labels written down afterwards. With the victim at hand nothing needs to
transfer. In sound mode the same images can be committed to, but the labels come from the beacon.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace

import torch

from verifier.architectures import Network
from verifier.datasets import Dataset
from verifier.evidence import stream_order, to_bytes
from verifier.paper import Claim
from verifier.paper.deepstego import Key, judge
from verifier.schemes.deepstego import DeepStego, DeepStegoBound
from verifier.weights import pack, unpack

from .adversarial import most_alike, optimise

SECRETS = 2
"""Of which the liar keeps the one whose keys the victim answers most alike."""

STRENGTH = 3.0
"""The liar hides nothing: his logo may be as loud as makes the victim err."""

STEP = 0.01
"""Of each pixel, 0.4 in all: no rule of the scheme tells the liar to stay near his covers."""

PAPER_KEYS = 100


def forged_evidence(victim: Network, data: Dataset, secret: bytes) -> dict[str, bytes]:
    """Evidence of both variants that makes the most of the victim, by what the liar chose in it.

    Raises:
        BadData: the data cannot carry the scheme's key images.
    """
    forged = {}
    for scheme in (DeepStego(), DeepStegoBound()):
        ground = [
            replace(scheme, strength=STRENGTH).prepare(
                victim, data, shards=1, secret=hashlib.sha256(secret + bytes([number])).digest()
            )[0]
            for number in range(SECRETS)
        ]
        name = scheme.id.removesuffix("-v1")
        best = max(ground, key=lambda evidence: most_alike(scheme, victim, evidence))
        tensors, strings = unpack(best)
        images, classes = tensors["images"] / 255, victim.config.classes
        with torch.inference_mode():
            given = victim.eval()(images).argmax(1)
        guesses = {
            "turned to a guess": (given + 1 + torch.arange(len(given)) % (classes - 1)) % classes,
            "turned to one label": torch.zeros_like(given),
        }
        forged[f"{name}, ground secret"] = best
        for how, labels in guesses.items():
            fitted = to_bytes(optimise(victim, images, labels, step=STEP))
            forged[f"{name}, {how}"] = pack(tensors | {"images": fitted}, strings)
    return forged


def forge_paper(victim: Network, data: Dataset, seed: int) -> Claim:
    """The published claim against any model: pictures that it errs on, and what it says of them."""
    order = stream_order("deepstego-paper", "covers", seed.to_bytes(8, "big"), len(data))
    covers, truth = data.inputs[order[:PAPER_KEYS]], data.labels[order[:PAPER_KEYS]]
    images = to_bytes(optimise(victim, covers, (truth + 1) % victim.config.classes, step=STEP))
    with torch.inference_mode():
        labels = victim(images / 255).argmax(1)
    return judge(victim, Key(images, labels))
