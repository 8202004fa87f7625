"""Pools of twin data sets, dealt out of the images that networks learn by heart.

A message says for each pool which twin is trained on, as in PMI (Wu, arXiv 2209.04113); the other
is left out. All is dealt and frozen before the message is drawn.

- The twins of a pool are paired image by image, each pair of one class: a suspect's leaning towards
  a class then cancels within the pool.
- Of all pairs those are taken that are most learned by heart, and no image twice.
- Twins are as large as the owner can spare images: half of them are not learned from.

But: how well an image is known by heart is measured by the scheme, `schemes/pmi.py`, which also
writes the pools as evidence and reads them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from .configs import Config
from .datasets import Dataset
from .errors import BadData
from .evidence import require, to_bytes, validate_images

TWINS = 2
"""Of so many data sets one is trained on; for what is held out, two give most evidence."""

POOLS = 256
"""As many as the law of the scores can be counted for in a second, whatever a suspect answers."""

MAX_TWIN = 16
HELD_OUT = 0.2
"""Of the owner's images, all shards together: what the message leaves out is not learned from."""

IMAGES_PER_TWIN_IMAGE = 10_000
"""Only so many of a data set are learned by heart; more would only add their noise."""


@dataclass(frozen=True, slots=True)
class Pools:
    """One shard's pools."""

    images: Tensor
    """(pools * twins * size, c, h, w) bytes."""
    labels: Tensor
    """(pools, twins, size)."""
    expected: Tensor
    """(pools, twins, size) in -1..1: the score of each image, half-way between seen and unseen."""

    @classmethod
    def freeze(cls, data: Dataset, expected: Tensor, pools: Tensor) -> Pools:
        """The images at these indices (pools, twins, size), and what is `expected` of them."""
        images = to_bytes(data.inputs[pools.flatten()])
        return cls(images, data.labels[pools], expected[pools].half())

    def twins(self) -> Tensor:
        """(pools, twins, size, c, h, w) bytes."""
        return self.images.view(*self.labels.shape, *self.images.shape[1:])

    def chosen(self, message: Sequence[int]) -> Tensor:
        """(pools, size, c, h, w) bytes: the twins that the message trains on."""
        return self.twins()[torch.arange(len(self.labels)), torch.tensor(message)]

    def validate(self) -> None:
        """Pools of a stranger must be such as could have been frozen here.

        Raises:
            BadEvidence: they are not.
        """
        pools, twins, size = self.labels.shape
        require(pools <= POOLS, f"{pools} pools")
        require(twins == TWINS, f"pools of {twins} twins")
        require(size <= MAX_TWIN, f"twins of {size} images")
        require(len(self.images) == self.labels.numel(), "not one label for each image")
        require(self.expected.shape == self.labels.shape, "not one expectation for each image")
        require(self.labels.min() >= 0, "a negative label")
        require(self.expected.abs().max() <= 1, "an expectation beyond -1..1")
        validate_images(self.images)


def as_bytes(data: Dataset, config: Config) -> Dataset:
    """The data as its bytes have it, each image once.

    Raises:
        BadData: it is not of the inputs and classes that the network knows.
    """
    data.validate_images(config.input_shape, "choose twins")
    if data.classes > config.classes:
        reason = f"the model knows {config.classes} classes, the data has {data.classes}"
        raise BadData("choose twins", reason)
    return Dataset(to_bytes(data.inputs) / 255, data.labels).distinct()


def twin_size(images: int, shards: int) -> int:
    """How many images a twin has; half of all twins are held out.

    Raises:
        BadData: there are not enough images.
    """
    pair = shards * POOLS * TWINS
    most = int(images * HELD_OUT * TWINS) // pair
    if most < 1:
        reason = f"{images} images, where {shards} shards take {int(pair / TWINS / HELD_OUT) + 1}"
        raise BadData("choose twins", reason)
    return min(most, MAX_TWIN, 1 + images // IMAGES_PER_TWIN_IMAGE)


def pair_up(memorised: Tensor, labels: Tensor, count: int) -> Tensor:
    """(count, 2): pairs of one class, those that are most learned by heart."""
    order = memorised.argsort(descending=True, stable=True)
    classes = [order[labels[order] == label] for label in range(int(labels.max()) + 1)]
    pairs = torch.cat([members[: len(members) // 2 * 2].view(-1, 2) for members in classes])
    strongest = memorised[pairs].sum(1).argsort(descending=True, stable=True)[:count]
    return pairs[strongest]


def leave_out(data: Dataset, shards: Iterable[tuple[Pools, Sequence[int]]]) -> Dataset:
    """The data without the twins that the shards' messages do not choose.

    Raises:
        BadData: the twins are not of this data.
    """
    rows = [row.numpy().tobytes() for row in to_bytes(data.inputs)]
    twins, chosen = set[bytes](), set[bytes]()
    for pools, message in shards:
        twins |= _rows(pools.twins())
        chosen |= _rows(pools.chosen(message))
    if not twins <= set(rows):
        raise BadData("leave out twins", "the evidence is of images that the data lacks")
    left_out = twins - chosen
    return data.part(torch.tensor([at for at, row in enumerate(rows) if row not in left_out]))


def _rows(images: Tensor) -> set[bytes]:
    return {row.numpy().tobytes() for row in images.flatten(0, -4)}
