from __future__ import annotations

import gzip
import io
import struct
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

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
    assert training.inputs.max() == 1.0


@pytest.mark.parametrize("gzipped", [True, False])
def test_load_dataset__read_a_directory_of_idx_files(gzipped: bool, tmp_path: Path) -> None:
    write_idx(tmp_path, gzipped=gzipped)

    training, test = load_dataset(tmp_path)

    assert training.inputs.equal(torch.tensor(IMAGES).view(8, 1, 2, 3) / 255)
    assert test.labels.tolist() == list(range(8))


@pytest.mark.parametrize("images", [IMAGES, IMAGES[:, None], IMAGES[:, None] / np.float32(255)])
def test_load_dataset__read_arrays(images: np.ndarray, tmp_path: Path) -> None:
    np.savez(tmp_path / "data.npz", images=images, labels=LABELS.astype(np.int32))

    training, test = load_dataset(str(tmp_path / "data.npz"))

    both = Dataset(
        torch.cat([training.inputs, test.inputs]), torch.cat([training.labels, test.labels])
    )
    assert (len(training), len(test)) == (6, 2)
    assert both.inputs[both.labels.argsort()].allclose(torch.tensor(IMAGES).view(8, 1, 2, 3) / 255)


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
        (torch.zeros(2, 8, 8), torch.zeros(2).long(), "neither float32"),
        (torch.zeros(2, 1, 8, 8).double(), torch.zeros(2).long(), "neither float32"),
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


def test_dataset__take_sentences() -> None:
    assert Dataset(torch.tensor([[3, 70_000]]), torch.tensor([1])).input_shape == (2,)
    with pytest.raises(BadData, match="a word is negative"):
        Dataset(torch.tensor([[3, -1]]), torch.tensor([1]))


def test_distinct__keep_each_image_once_in_order_and_none_of_one_colour() -> None:
    rows = [[0.1, 0.2], [0.5, 0.5], [0.0, 0.3], [0.1, 0.2]]
    data = Dataset(torch.tensor(rows).view(4, 1, 1, 2), torch.arange(4))

    assert data.distinct().labels.tolist() == [0, 2]


def test_split__keep_every_image_once() -> None:
    data = Dataset(torch.zeros(10, 1, 1, 1), torch.arange(10))

    first, second = data.split(0.3, seed=0)

    assert len(second) == 3
    assert sorted([*first.labels.tolist(), *second.labels.tolist()]) == list(range(10))
    assert first.labels.tolist() != data.split(0.3, seed=1)[0].labels.tolist()


def jpeg_parts(*, side: int = 8) -> dict[str, np.ndarray]:
    """Two grey and one red picture for training, one blue for testing, as joined JPEG files."""
    arrays = {}
    for part, colours in (
        ("train", [(100, 100, 100), (200, 200, 200), (255, 0, 0)]),
        ("test", [(0, 0, 255)]),
    ):
        files = []
        for colour in colours:
            file = io.BytesIO()
            Image.new("RGB", (side, side), colour).save(file, "JPEG")
            files.append(file.getvalue())
        arrays[f"{part}_jpeg"] = np.frombuffer(b"".join(files), np.uint8)
        arrays[f"{part}_offsets"] = np.cumsum([0, *map(len, files)])
        arrays[f"{part}_labels"] = np.arange(len(files), dtype=np.uint8)
    return arrays


def save(path: Path, arrays: dict[str, np.ndarray]) -> None:
    np.savez(path, allow_pickle=False, **arrays)


def test_load_dataset__read_joined_jpeg_files(tmp_path: Path) -> None:
    save(tmp_path / "data.npz", jpeg_parts())

    training, test = load_dataset(tmp_path / "data.npz")

    assert training.input_shape == test.input_shape == (3, 8, 8)
    assert training.labels.tolist() == [0, 1, 2]
    assert training.inputs.is_contiguous()
    colours = torch.cat([training.inputs, test.inputs]).mean((2, 3)) * 255
    expected = torch.tensor([[100, 100, 100], [200, 200, 200], [255, 0, 0], [0, 0, 255]])
    assert (colours - expected).abs().max() < 3


JPEG_FAULTS = {
    "a file cut short": {"train_jpeg": jpeg_parts()["train_jpeg"][:-300]},
    "a file that is no JPEG": {"test_jpeg": np.zeros(300, np.uint8)},
    "offsets of other files": {"test_offsets": np.array([0])},
    "labels of other files": {"train_labels": np.zeros(2, np.uint8)},
    "labels that are no numbers": {"train_labels": np.zeros(3, np.float32)},
    "files of different sizes": {
        "train_jpeg": np.concatenate([jpeg_parts()["test_jpeg"], jpeg_parts(side=9)["test_jpeg"]]),
        "train_offsets": np.cumsum(
            [0, len(jpeg_parts()["test_jpeg"]), len(jpeg_parts(side=9)["test_jpeg"])]
        ),
    },
    "a picture too large": {"test_jpeg": jpeg_parts(side=520)["test_jpeg"]},
}


@pytest.mark.parametrize("fault", JPEG_FAULTS)
def test_load_dataset__reject_jpeg_files_with(fault: str, tmp_path: Path) -> None:
    arrays = jpeg_parts() | JPEG_FAULTS[fault]
    arrays["test_offsets"] = np.minimum(arrays["test_offsets"], len(arrays["test_jpeg"]))
    if fault == "a picture too large":
        arrays["test_offsets"] = np.array([0, len(arrays["test_jpeg"])])
    save(tmp_path / "data.npz", arrays)

    with pytest.raises(BadData):
        load_dataset(tmp_path / "data.npz")


def test_validate_images__tell_sentences_and_other_shapes_from_images() -> None:
    sentences = Dataset(torch.tensor([[1, 2]]), torch.tensor([0]))

    digits()[0].validate_images((1, 8, 8), "mark")
    sentences.validate_shape((2,), "mark")
    with pytest.raises(BadData, match="mark: these are sentences"):
        sentences.validate_images((2,), "mark")
    with pytest.raises(BadData, match=r"the model takes \(1, 4, 4\), the data is \(1, 8, 8\)"):
        digits()[0].validate_images((1, 4, 4), "mark")
