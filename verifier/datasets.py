"""Labelled images and sentences, from the files in which people keep them.

`load_dataset` knows scikit-learn's handwritten digits by the name "digits", a directory of the four
idx files of MNIST and its kin (plain or gzipped), an `.npz` with the arrays `images` and `labels`,
one with a training and a test part of JPEG files, and a directory of sentences, see `sentences.py`.
It never unpickles and never downloads.
"""

from __future__ import annotations

import gzip
import io
import math
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from .errors import BadData
from .sentences import CATEGORIES, read_sentences

TEST_SHARE = 0.25
"""Of a data set that comes in one piece, what is kept for testing."""

MAX_IDX_ITEMS = 1 << 31
"""An idx file's header is believed up to here: 2 GiB, forty times MNIST."""

MAX_JPEG_SIDE = 512
"""A JPEG of a few bytes may declare a picture of gigabytes."""

_UNREADABLE = (
    OSError,
    EOFError,
    ValueError,
    KeyError,
    zlib.error,
    zipfile.BadZipFile,
    Image.DecompressionBombError,
)


@dataclass(frozen=True, slots=True)
class Dataset:
    """Inputs and a label 0..classes-1 for each.

    Inputs are images (n, c, h, w), float32 in 0..1, or sentences (n, length) of int64 word numbers.

    Raises:
        BadData: the arrays are anything else.
    """

    inputs: Tensor
    labels: Tensor

    def __post_init__(self) -> None:
        form = (self.inputs.dim(), self.inputs.dtype)
        if form not in ((4, torch.float32), (2, torch.int64)):
            raise BadData("read inputs", "neither float32 (n, c, h, w) nor int64 (n, length)")
        if self.labels.shape != self.inputs.shape[:1] or self.labels.dtype != torch.int64:
            raise BadData("read labels", "not one int64 for each input")
        if len(self.labels) == 0:
            raise BadData("read inputs", "there are none")
        most = 1 if self.inputs.is_floating_point() else torch.inf
        if not (self.inputs.min() >= 0 and self.inputs.max() <= most):  # False for NaN as well
            raise BadData("read inputs", "a pixel is not in 0..1, or a word is negative")
        if self.labels.min() < 0:
            raise BadData("read labels", "a label is negative")

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def input_shape(self) -> tuple[int, ...]:
        """(c, h, w) of each image, (length,) of each sentence."""
        return tuple(self.inputs.shape[1:])

    @property
    def classes(self) -> int:
        """One more than the largest label."""
        return int(self.labels.max()) + 1

    def part(self, chosen: Tensor) -> Dataset:
        """The images and labels at the indices `chosen`."""
        return Dataset(self.inputs[chosen], self.labels[chosen])

    def validate_images(self, input_shape: tuple[int, ...], action: str) -> None:
        """Refuse what a network with this `input_shape` cannot be shown as images.

        Raises:
            BadData: these are sentences, or of another shape; `action` is what was to be done.
        """
        if self.inputs.dim() != 4:
            raise BadData(action, "these are sentences, the scheme marks networks for images")
        self.validate_shape(input_shape, action)

    def validate_shape(self, input_shape: tuple[int, ...], action: str) -> None:
        """Refuse what a network with this `input_shape` does not take.

        Raises:
            BadData: it is of another shape; `action` is what was to be done.
        """
        if self.input_shape != input_shape:
            raise BadData(action, f"the model takes {input_shape}, the data is {self.input_shape}")

    def distinct(self) -> Dataset:
        """Each image once, and none of one colour only: what may serve as a key image."""
        flat = self.inputs.flatten(1)
        plain = (flat == flat[:, :1]).all(1).tolist()
        first = {row.numpy().tobytes(): index for index, row in reversed(list(enumerate(flat)))}
        chosen = sorted(index for index in first.values() if not plain[index])
        return self.part(torch.tensor(chosen, dtype=torch.int64))

    def split(self, share: float, *, seed: int) -> tuple[Dataset, Dataset]:
        """Two disjoint parts in random order, the second with `share` of the images."""
        order = torch.randperm(len(self), generator=torch.Generator().manual_seed(seed))
        first = len(self) - round(len(self) * share)
        return self.part(order[:first]), self.part(order[first:])


def load_dataset(source: str | Path) -> tuple[Dataset, Dataset]:
    """The training and the test part of "digits", of a directory or of an `.npz` file.

    Raises:
        BadData: there is no such data set, or it cannot be read.
    """
    if source == "digits":
        return _digits().split(TEST_SHARE, seed=0)
    path = Path(source)
    try:
        if (path / CATEGORIES).is_file():
            training, test = read_sentences(path)
            return Dataset(*training), Dataset(*test)
        if path.is_dir():
            return _idx_part(path, "train"), _idx_part(path, "t10k")
        if path.suffix == ".npz" and path.is_file():
            return _npz(path)
    except _UNREADABLE as error:
        raise BadData(f"read {path}", str(error)) from error
    raise BadData(
        f"find data set {str(source)!r}",
        "not 'digits', a directory of idx files or of sentences, or an .npz file",
    )


def _digits() -> Dataset:
    from sklearn.datasets import load_digits  # here: a second of imports that only this one needs

    images, labels = load_digits(return_X_y=True)
    return _dataset(images.reshape(-1, 1, 8, 8) / 16, labels)


def _npz(path: Path) -> tuple[Dataset, Dataset]:
    with np.load(path, allow_pickle=False) as arrays:
        if "train_jpeg" in arrays:
            return _jpeg_part(arrays, "train"), _jpeg_part(arrays, "test")
        images, labels = arrays["images"], arrays["labels"]
    if images.ndim == 3:
        images = images[:, None]
    images = images / 255 if images.dtype == np.uint8 else images
    return _dataset(images, labels).split(TEST_SHARE, seed=0)


def _jpeg_part(arrays: Mapping[str, NDArray[Any]], part: str) -> Dataset:
    """JPEG files end to end; file i takes the bytes offsets[i] to offsets[i+1] (n+1 offsets)."""
    content, offsets = arrays[f"{part}_jpeg"].tobytes(), arrays[f"{part}_offsets"].tolist()
    files = (io.BytesIO(content[first:last]) for first, last in pairwise(offsets))
    # Decoded as bytes at once, and only then to floats, which take four times the memory.
    pixels = np.stack([_decode(file) for file in files]).transpose(0, 3, 1, 2)
    images = pixels.astype(np.float32, order="C")
    images /= 255
    return _dataset(images, arrays[f"{part}_labels"])


def _decode(file: io.BytesIO) -> NDArray[np.uint8]:
    """(h, w, 3): the file is of one named format, so no other decoder is let near it."""
    with Image.open(file, formats=["JPEG"]) as image:
        if max(image.size) > MAX_JPEG_SIDE:
            raise BadData("read JPEG", f"{image.size} is more than {MAX_JPEG_SIDE} a side")
        return np.asarray(image.convert("RGB"))


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
