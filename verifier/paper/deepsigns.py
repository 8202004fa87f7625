"""DeepSigns as published (Rouhani et al., arXiv 1804.00750), without the bugs of its code.

White-box: free centres are trained beside the network, the bits into the centres, and the
activations towards them. Black-box: labels of noise images, of which the owner keeps those that
were wrong before and are right after. In both, the owner's keys are whatever the owner shows.

After the official code (github.com/Bitadr/DeepSigns), with mismatches counted as mismatches, class
numbers compared with class numbers, and a threshold that is exceeded with the odds it is named for.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from verifier.activations import activations
from verifier.architectures import Network
from verifier.datasets import Dataset
from verifier.odds import hits_law, threshold
from verifier.scheme import Objective
from verifier.training import train

from . import Claim

LOG2_ODDS = 13
"""The published demonstration accepts one innocent model in 10^4."""


@dataclass(frozen=True, slots=True)
class WhiteBoxKey:
    """What a white-box owner shows: everything but the bits is free, and the bits are as well."""

    layer: str
    images: Tensor
    """(n, c, h, w): images of one class, the carrier."""
    projection: Tensor
    """(neurons, bits)."""
    bits: Tensor
    """(bits,) of 0 and 1."""


def decode(model: Network, key: WhiteBoxKey) -> Tensor:
    """(bits,): the signs of the projected mean activation, after the layer's ReLU (section 4.1)."""
    model.eval()
    with torch.inference_mode():
        mean = activations(model, key.layer, key.images).relu().mean(0)
    return (mean @ key.projection > 0).long()


def claim_white_box(model: Network, key: WhiteBoxKey) -> Claim:
    """Accepted if not a bit is wrong."""
    right = int((decode(model, key) == key.bits).sum())
    return Claim(right, len(key.bits), right == len(key.bits))


def embed_white_box(
    model: Network,
    data: Dataset,
    *,
    bits: int = 16,
    carrier: int = 0,
    strength: float = 0.01,
    epochs: int = 80,
    learning_rate: float = 1e-3,
    seed: int,
) -> tuple[Network, WhiteBoxKey]:
    """A marked copy and its key; `strength` is both lambdas of the paper (section 4.1)."""
    generator = torch.Generator().manual_seed(seed)
    images = data.inputs[data.labels == carrier]
    images = images[torch.randperm(len(images), generator=generator)[: len(images) // 2]]
    with torch.inference_mode():
        width = activations(model.eval(), model.carrier, images[:1]).shape[1]
    projection = torch.randn(width, bits, generator=generator)
    key = WhiteBoxKey(
        model.carrier, images, projection, torch.randint(0, 2, (bits,), generator=generator)
    )
    marked = copy.deepcopy(model)
    centres = nn.Parameter(torch.rand(data.classes, width, generator=generator))
    # Lent to the network for training alone, as the code adds them to the layer's own weights.
    marked.register_parameter("centres", centres)
    objective = _Centres(centres, key, carrier, strength)
    train(marked, data, epochs=epochs, learning_rate=learning_rate, seed=seed, objective=objective)
    del marked.centres
    return marked, key


class _Centres(Objective):
    """Activations near their class's centre, centres apart and of unit length, one with the bits.

    The sums over a batch and over bits are the code's: means would make `strength` a hundred times
    weaker. The unit length is in the code and not in the paper.
    """

    def __init__(
        self, centres: nn.Parameter, key: WhiteBoxKey, carrier: int, strength: float
    ) -> None:
        super().__init__()
        self._centres, self._key = centres, key
        self._carrier, self._strength = carrier, strength

    def forward(self, model: Network, inputs: Tensor, labels: Tensor) -> Tensor:
        values = activations(model, self._key.layer, inputs).relu()
        pulled = (values - self._centres[labels]).square().sum() / 2
        itself = torch.eye(len(self._centres)).bool()
        apart = torch.cdist(self._centres, self._centres).masked_fill(itself, torch.inf).amin(1)
        unit = (1 - self._centres.square().sum(1)).abs().sum()
        scores = self._centres[self._carrier] @ self._key.projection
        wrong = nn.functional.binary_cross_entropy_with_logits(
            scores, self._key.bits.float(), reduction="sum"
        )
        return self._strength * (pulled - apart[labels].square().mean() + unit + wrong)


def claim_black_box(model: Network, images: Tensor, labels: Tensor) -> Claim:
    """Accepted if so many labels are right that chance gives them once in 10^4."""
    model.eval()
    with torch.inference_mode():
        right = int((model(images).argmax(1) == labels).sum())
    needed = threshold(hits_law(len(labels), model.config.classes), LOG2_ODDS)
    return Claim(right, needed, right >= needed)


def embed_black_box(
    model: Network,
    data: Dataset,
    *,
    keys: int = 20,
    candidates: int = 40,
    epochs: int = 2,
    learning_rate: float = 8e-4,
    seed: int,
) -> tuple[Network, Tensor, Tensor]:
    """A marked copy, key images and labels: `candidates` times as many are tried (section 4.2).

    Fewer than `keys` come back where fewer were learned.
    """
    generator = torch.Generator().manual_seed(seed)
    shape = (keys * candidates, *data.input_shape)
    images = torch.randint(0, 256, shape, generator=generator) / 255
    labels = torch.randint(0, data.classes, shape[:1], generator=generator)
    both = Dataset(torch.cat([data.inputs, images]), torch.cat([data.labels, labels]))
    marked = copy.deepcopy(model)
    train(marked, both, epochs=epochs, learning_rate=learning_rate, seed=seed)
    with torch.inference_mode():
        wrong_before = model.eval()(images).argmax(1) != labels
        right_after = marked(images).argmax(1) == labels
    kept = (wrong_before & right_after).nonzero()[:keys, 0]
    return marked, images[kept], labels[kept]
