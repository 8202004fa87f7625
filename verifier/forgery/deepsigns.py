"""A liar against DeepSigns, white-box: projection, bits and key images are fitted to the victim.

In paper mode that is enough: a projection may be any matrix, so its columns are turned until the
victim says the bits. In sound mode all of it is frozen before the bits are drawn.
"""

from __future__ import annotations

import hashlib

import torch

from verifier.architectures import Network
from verifier.datasets import Dataset
from verifier.paper import Claim
from verifier.paper.deepsigns import WhiteBoxKey, claim_white_box, decode
from verifier.schemes.deepsigns import DeepSigns
from verifier.weights import pack, unpack

SECRETS = 64
"""Of which the liar keeps the one whose projection the victim answers most alike."""

PAPER_BITS = 16


def forged_evidence(victim: Network, data: Dataset, secret: bytes) -> dict[str, bytes]:
    """Evidence that makes the most of the victim, by what the liar chose in it.

    The victim itself is the liar's reference in all of them: nothing is lost in the alignment.
    """
    scheme = DeepSigns()
    ground = [
        scheme.prepare(
            victim, data, shards=1, secret=hashlib.sha256(secret + bytes([number])).digest()
        )[0]
        for number in range(SECRETS)
    ]
    tensors, strings = unpack(ground[0])
    images = tensors["images"]
    # Two classes of nearly one image each: the means of the bits then stand as far apart as can be.
    first, last = images[0].clone(), images[-1].clone()
    labels = torch.arange(2).repeat_interleave(len(images) // 2).to(torch.uint8)
    extreme = torch.where(labels.view(-1, 1, 1, 1) == 0, first, last)
    flat = extreme.flatten(1)
    flat[torch.arange(len(flat)), torch.arange(len(flat)) % flat.shape[1]] ^= (
        1 + torch.arange(len(flat)) // flat.shape[1]
    ).to(torch.uint8)
    return {
        "ground secret": max(ground, key=lambda evidence: _ones(scheme, victim, evidence)),
        "two images only": pack(tensors | {"images": extreme, "labels": labels}, strings),
        "no reference": pack(
            tensors | {"reference": torch.zeros_like(tensors["reference"])}, strings
        ),
    }


def forge_paper(victim: Network, data: Dataset, seed: int) -> Claim:
    """The published claim against any model: the columns of a random projection turned to fit."""
    generator = torch.Generator().manual_seed(seed)
    images = data.inputs[data.labels == 0]
    with torch.inference_mode():
        width = victim.get_submodule(victim.carrier).state_dict()["weight"].shape[0]
    bits = torch.randint(0, 2, (PAPER_BITS,), generator=generator)
    projection = torch.randn(width, PAPER_BITS, generator=generator)
    drawn = WhiteBoxKey(victim.carrier, images, projection, bits)
    turned = torch.where(decode(victim, drawn) == bits, projection, -projection)
    return claim_white_box(victim, WhiteBoxKey(victim.carrier, images, turned, bits))


def _ones(scheme: DeepSigns, victim: Network, evidence: bytes) -> int:
    return sum(row[1] for row in scheme.read(victim, evidence).low)
