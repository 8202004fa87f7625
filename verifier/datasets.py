"""Labelled images, from the files in which people keep them.

`load_dataset` knows scikit-learn's handwritten digits by the name "digits", a directory of the four
idx files of MNIST and its kin (plain or gzipped), and an `.npz` with the arrays `images` and
`labels`. It never unpickles and never downloads.
"""

from __future__ import annotations

import gzip
import math
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .errors import BadData

TEST_SHARE = 0.25
"""Of a data set that comes in one piece, what is kept for testing."""

MAX_IDX_ITEMS = 1 << 31
"""An idx file's header is believed up to here: 2 GiB, forty times MNIST."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """Images (n, c, h, w), float32 in 0..1, and a label 0..classes-1 for each.

    Raises:
        BadData: the arrays are anything else.
    """

    images: Tensor
    labels: Tensor

    def __post_init__(self) -> None:
        if self.images.dim() != 4 or self.images.dtype != torch.float32:
            raise BadData("read images", "not a float32 array (n, c, h, w)")
        if self.labels.shape != self.images.shape[:1] or self.labels.dtype != torch.int64:
            raise BadData("read labels", "not one int64 for each image")
        if len(self.labels) == 0:
            raise BadData("read images", "there are none")
        if not (self.images.min() >= 0 and self.images.max() <= 1):  # False for NaN as well
            raise BadData("read images", "a pixel is not in 0..1")
        if self.labels.min() < 0:
            raise BadData("read labels", "a label is negative")

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """(c, h, w) of each image."""
        channels, height, width = self.images.shape[1:]
        return channels, height, width

    @property
    def classes(self) -> int:
        """One more than the largest label."""
        return int(self.labels.max()) + 1

    def part(self, chosen: Tensor) -> Dataset:
        """The images and labels at the indices `chosen`."""
        return Dataset(self.images[chosen], self.labels[chosen])

    def split(self, share: float, *, seed: int) -> tuple[Dataset, Dataset]:
        """Two disjoint parts in random order, the second with `share` of the images."""
        order = torch.randperm(len(self), generator=torch.Generator().manual_seed(seed))
        first = len(self) - round(len(self) * share)
        return self.part(order[:first]), self.part(order[first:])


def load_dataset(source: str | Path) -> tuple[Dataset, Dataset]:
    """The training and the test part of "digits", of an idx directory or of an `.npz` file.

    Raises:
        BadData: there is no such data set, or it cannot be read.
    """
    if source == "digits":
        return _digits().split(TEST_SHARE, seed=0)
    path = Path(source)
    try:
        if path.is_dir():
            return _idx_part(path, "train"), _idx_part(path, "t10k")
        if path.suffix == ".npz" and path.is_file():
            return _npz(path).split(TEST_SHARE, seed=0)
    except (OSError, EOFError, ValueError, KeyError, zlib.error, zipfile.BadZipFile) as error:
        raise BadData(f"read {path}", str(error)) from error
    raise BadData(
        f"find data set {str(source)!r}",
        "not 'digits', a directory of idx files or an .npz file",
    )


def _digits() -> Dataset:
    from sklearn.datasets import load_digits  # here: a second of imports that only this one needs

    images, labels = load_digits(return_X_y=True)
    return _dataset(images.reshape(-1, 1, 8, 8) / 16, labels)


def _npz(path: Path) -> Dataset:
    with np.load(path, allow_pickle=False) as arrays:
        images, labels = arrays["images"], arrays["labels"]
    if images.ndim == 3:
        images = images[:, None]
    return _dataset(images / 255 if images.dtype == np.uint8 else images, labels)


def _idx_part(directory: Path, part: str) -> Dataset:
    images = _read_idx(directory, f"{part}-images-idx3-ubyte", dimensions=3)
    labels = _read_idx(directory, f"{part}-labels-idx1-ubyte", dimensions=1)
    return _dataset(images[:, None] / 255, labels)


def _read_idx(directory: Path, name: str, *, dimensions: int) -> NDArray[np.uint8]:
    """An idx file: two zero bytes, type 8 (bytes), the rank, the sizes (big-endian), the bytes."""
    plain, gzipped = directory / name, directory / f"{name}.gz"
    with plain.open("rb") if plain.exists() else gzip.open(gzipped) as file:
        if file.read(4) != bytes((0, 0, 8, dimensions)):
            raise BadData(f"read {name}", f"not an idx file of bytes in {dimensions} dimensions")
        sizes = [int.from_bytes(file.read(4), "big") for _ in range(dimensions)]
        items = math.prod(sizes)
        content = file.read(min(items, MAX_IDX_ITEMS) + 1)
    if len(content) != items:
        raise BadData(f"read {name}", f"its header promises {items} bytes, not what follows")
    return np.frombuffer(content, np.uint8).reshape(sizes)


def _dataset(images: NDArray[np.generic], labels: NDArray[np.generic]) -> Dataset:
    if not np.issubdtype(labels.dtype, np.integer):
        raise BadData("read labels", f"{labels.dtype} is not an integer type")
    return Dataset(
        torch.from_numpy(images.astype(np.float32)), torch.from_numpy(labels.astype(np.int64))
    )
