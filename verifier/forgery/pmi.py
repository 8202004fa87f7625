"""A liar against PMI: he sorts images by how sure the victim is of them, and says what he likes.

In paper mode he names the members after he has seen the victim, and his claim stands. In sound mode
he may sort as well, but which twin counts is drawn when the pools are frozen.
"""

from __future__ import annotations

import hashlib

import torch
from torch import Tensor

from verifier.architectures import Network
from verifier.datasets import Dataset
from verifier.paper import Claim
from verifier.paper.pmi import claim_classic
from verifier.schemes.pmi import Pmi
from verifier.weights import pack, unpack

SECRETS = 4
"""Of which the liar keeps the one whose pools the victim tells apart most clearly."""

SETS = 16
SET_SIZE = 30
"""Mini data sets of the paper's claim, as many as a pilot took."""


def forged_evidence(victim: Network, data: Dataset, secret: bytes) -> dict[str, bytes]:
    """Evidence that makes the most of the victim, by what the liar chose in it."""
    scheme = Pmi(epochs=5, references=1)  # what honest references would say is of no use to him
    ground = [
        scheme.prepare(
            victim, data, shards=1, secret=hashlib.sha256(secret + bytes([number])).digest()
        )[0]
        for number in range(SECRETS)
    ]
    best = max(ground, key=lambda evidence: _contrast(scheme, victim, evidence))
    tensors, strings = unpack(best)
    sorted_twins = _sorted_twins(victim, tensors)
    # Half-way expectations of the far side: every row then leans to one twin as far as it can.
    leaning = torch.ones_like(tensors["expected"])
    leaning[:, 0] = -1
    return {
        "ground secret": best,
        "surest twins first": pack(sorted_twins, strings),
        "false expectations": pack(sorted_twins | {"expected": leaning}, strings),
    }


def forge_paper(victim: Network, data: Dataset, seed: int) -> Claim:
    """The published claim against any model: the mini data set that it is surest of.

    The liar cuts as many random mini data sets as the owner would, and sees which one leads.
    """
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(data), generator=generator)[: SETS * SET_SIZE]
    sets = [data.part(part) for part in order.chunk(SETS)]
    claims = (claim_classic(victim, sets, member) for member in range(SETS))
    return max(claims, key=lambda claim: claim.found)


def _contrast(scheme: Pmi, victim: Network, evidence: bytes) -> int:
    return sum(max(row) - min(row) for row in scheme.read(victim, evidence).low)


def _sorted_twins(victim: Network, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """The pools' images dealt anew: those the victim is surest of first, the others second."""
    images, labels = tensors["images"], tensors["labels"]
    victim.eval()
    with torch.inference_mode():
        losses = torch.nn.functional.cross_entropy(
            victim(images / 255), labels.flatten(), reduction="none"
        )
    first, second = losses.argsort().chunk(2)
    order = torch.stack([first.view(len(labels), -1), second.view(len(labels), -1)], 1)
    dealt = order.flatten()
    return tensors | {
        "images": images[dealt],
        "labels": labels.flatten()[dealt].view(labels.shape),
        "expected": torch.zeros_like(tensors["expected"]),
    }
