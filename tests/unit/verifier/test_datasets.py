from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.support.tiny_models import digits
from verifier import BadData, Dataset, load_dataset

IMAGES = np.arange(8 * 2 * 3, dtype=np.uint8).reshape(8, 2, 3)
LABELS = np.arange(8, dtype=np.uint8)


def write_idx(directory: Path, *, gzipped: bool) -> None:
    for part in ("train", "t10k"):
        for name, array in (("images-idx3", IMAGES), ("labels-idx1", LABELS)):
            head = struct.pack(f">4B{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
            content = head + array.tobytes()
            path = directory / f"{part}-{name}-ubyte"
            if gzipped:
                path.with_name(path.name + ".gz").write_bytes(gzip.compress(content))
            else:
                path.write_bytes(content)


def test_load_dataset__know_the_digits() -> None:
    training, test = digits()

    assert (len(training), len(test)) == (1348, 449)
    assert training.input_shape == test.input_shape == (1, 8, 8)
    assert training.classes == test.classes == 10
    assert training.images.max() == 1.0


@pytest.mark.parametrize("gzipped", [True, False])
def test_load_dataset__read_a_directory_of_idx_files(gzipped: bool, tmp_path: Path) -> None:
    write_idx(tmp_path, gzipped=gzipped)

    training, test = load_dataset(tmp_path)

    assert training.images.equal(torch.tensor(IMAGES).view(8, 1, 2, 3) / 255)
    assert test.labels.tolist() == list(range(8))


@pytest.mark.parametrize("images", [IMAGES, IMAGES[:, None], IMAGES[:, None] / np.float32(255)])
def test_load_dataset__read_arrays(images: np.ndarray, tmp_path: Path) -> None:
    np.savez(tmp_path / "data.npz", images=images, labels=LABELS.astype(np.int32))

    training, test = load_dataset(str(tmp_path / "data.npz"))

    both = Dataset(
        torch.cat([training.images, test.images]), torch.cat([training.labels, test.labels])
    )
    assert (len(training), len(test)) == (6, 2)
    assert both.images[both.labels.argsort()].allclose(torch.tensor(IMAGES).view(8, 1, 2, 3) / 255)


@pytest.mark.parametrize(
    "content", [b"", b"no idx file", struct.pack(">4BI", 0, 0, 8, 1, 9) + b"x"]
)
@pytest.mark.parametrize("gzipped", [True, False])
def test_load_dataset__reject_broken_idx_files(
    content: bytes, gzipped: bool, tmp_path: Path
) -> None:
    write_idx(tmp_path, gzipped=gzipped)
    path = tmp_path / f"train-labels-idx1-ubyte{'.gz' * gzipped}"
    path.write_bytes(gzip.compress(content) if gzipped else content)

    with pytest.raises(BadData, match="train-labels"):
        load_dataset(tmp_path)


def test_load_dataset__reject_what_only_ends_in_gz(tmp_path: Path) -> None:
    write_idx(tmp_path, gzipped=True)
    (tmp_path / "t10k-images-idx3-ubyte.gz").write_bytes(b"plain")

    with pytest.raises(BadData, match="Not a gzipped file"):
        load_dataset(tmp_path)


def test_load_dataset__never_unpickle(tmp_path: Path) -> None:
    np.savez(tmp_path / "data.npz", images=np.array([{}], dtype=object), labels=LABELS)

    with pytest.raises(BadData, match="pickle"):
        load_dataset(tmp_path / "data.npz")


@pytest.mark.parametrize("name", ["letters", "missing.npz", "/nowhere"])
def test_load_dataset__say_what_it_knows(name: str) -> None:
    with pytest.raises(BadData, match="not 'digits', a directory of idx files"):
        load_dataset(name)


@pytest.mark.parametrize(
    ("images", "labels", "reason"),
    [
        (torch.zeros(2, 8, 8), torch.zeros(2).long(), "not a float32 array"),
        (torch.zeros(2, 1, 8, 8).double(), torch.zeros(2).long(), "not a float32 array"),
        (torch.zeros(2, 1, 8, 8), torch.zeros(3).long(), "not one int64"),
        (torch.zeros(2, 1, 8, 8), torch.zeros(2), "not one int64"),
        (torch.zeros(0, 1, 8, 8), torch.zeros(0).long(), "there are none"),
        (torch.full((2, 1, 8, 8), 1.1), torch.zeros(2).long(), r"not in 0\.\.1"),
        (torch.full((2, 1, 8, 8), torch.nan), torch.zeros(2).long(), r"not in 0\.\.1"),
        (torch.zeros(2, 1, 8, 8), torch.tensor([0, -1]), "negative"),
    ],
)
def test_dataset__reject(images: torch.Tensor, labels: torch.Tensor, reason: str) -> None:
    with pytest.raises(BadData, match=reason):
        Dataset(images, labels)


def test_split__keep_every_image_once() -> None:
    data = Dataset(torch.zeros(10, 1, 1, 1), torch.arange(10))

    first, second = data.split(0.3, seed=0)

    assert len(second) == 3
    assert sorted([*first.labels.tolist(), *second.labels.tolist()]) == list(range(10))
    assert first.labels.tolist() != data.split(0.3, seed=1)[0].labels.tolist()
