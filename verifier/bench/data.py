"""The data a bench run needs: the owner's, the thief's, and what nobody trains on.

Folders are those of the benchmarks: idx files for `mnist` and `fashion-mnist`, one `.npz` of JPEG
files for `cifar10` (60,000 images; lossy, so its figures are not CIFAR-10's), CSV files for
`banking77`, whose inputs are sentences.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import torch

from verifier.datasets import Dataset, load_dataset
from verifier.errors import BadData

FILES = {"cifar10": "cifar10/cifar10-jpeg-60k.npz", "mnist-60k": "mnist"}
"""Where in its folder a data set lies, unless it is the folder."""

TEST_IMAGES = 5000
"""An accuracy is then known to 0.3 points, and forty suspects a run are asked in a minute."""


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """One data set as the parties hold it; equal only to itself, so that caches may ask for it."""

    owner: Dataset
    thief: Dataset
    """The owner's own data where the thief stole it too; else as much that the owner never had."""
    test: Dataset


@lru_cache(maxsize=4)
def split(name: str, data_dir: Path | None, *, images: int, foreign: bool) -> Split:
    """The first `images` for the owner; for the thief the same, or if `foreign` those after them.

    A `foreign` thief gets half of the test images where the training part has none to spare.

    Raises:
        BadData: there is no such data set, or no folder was given for it.
    """
    training, test = _load(name, data_dir, 2 * images)
    owner = _first(training, images)
    if not foreign:
        return Split(owner, owner, test)
    if len(training) == 2 * images:
        return Split(owner, training.part(torch.arange(images, 2 * images)), test)
    return Split(owner, *test.split(0.5, seed=0))


@lru_cache(maxsize=2)
def _load(name: str, data_dir: Path | None, most: int) -> tuple[Dataset, Dataset]:
    """The training part, `most` images of it, and the test part."""
    if name != "digits" and data_dir is None:
        raise BadData(f"find data set {name!r}", "only 'digits' comes along; give its folder")
    if data_dir is None or name == "digits":
        training, test = load_dataset(name)
    else:
        training, test = load_dataset(data_dir / FILES.get(name, name))
    return _first(training, most), _first(test, TEST_IMAGES)


def _first(data: Dataset, most: int) -> Dataset:
    return data.part(torch.arange(min(len(data), most)))
