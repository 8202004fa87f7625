from __future__ import annotations

import pytest
import torch
from torch import Tensor

from verifier import BadEvidence
from verifier.evidence import (
    open_evidence,
    stream,
    stream_bytes,
    stream_order,
    stream_signs,
    to_bytes,
    validate_images,
)
from verifier.weights import pack

FORM = {"images": (torch.uint8, 2)}
IMAGES = torch.tensor([[1, 2], [3, 4]], dtype=torch.uint8)
SALT = "ab" * 32


def opened(
    tensors: dict[str, Tensor] | None = None, **strings: str
) -> tuple[dict[str, Tensor], dict[str, str]]:
    texts = {"scheme": "s-v1", "salt": SALT, "layer": "hidden.0"} | strings
    return open_evidence(
        pack({"images": IMAGES} if tensors is None else tensors, texts),
        "s-v1", FORM, frozenset({"salt", "layer"}),
    )  # fmt: skip


def test_open_evidence__give_back_what_was_packed() -> None:
    tensors, strings = opened()

    assert tensors["images"].equal(IMAGES)
    assert (strings["salt"], strings["layer"]) == (SALT, "hidden.0")


@pytest.mark.parametrize(
    ("tensors", "strings", "reason"),
    [
        ({}, {"scheme": "t-v1"}, "scheme 't-v1'"),
        ({}, {"salt": "AB" * 32}, "not 32 bytes"),
        ({}, {"salt": SALT + "\n"}, "not 32 bytes"),
        ({}, {"layer": "a/b"}, "no name of a layer"),
        ({}, {"more": ""}, "unknown or missing strings"),
        ({"images": IMAGES.float()}, {}, r"images is torch\.float32 of rank 2"),
        ({"images": IMAGES[0]}, {}, r"images is torch\.uint8 of rank 1"),
        ({"pictures": IMAGES}, {}, "tensors other than images"),
        ({"images": IMAGES, "more": IMAGES + 1}, {}, "tensors other than images"),
    ],
)
def test_open_evidence__reject(
    tensors: dict[str, Tensor], strings: dict[str, str], reason: str
) -> None:
    with pytest.raises(BadEvidence, match=reason):
        opened(tensors or None, **strings)


def test_check_images__take_distinct_images() -> None:
    validate_images(torch.arange(8, dtype=torch.uint8).view(2, 1, 2, 2))


@pytest.mark.parametrize(
    ("images", "reason"),
    [
        (torch.tensor([[1, 2], [5, 5]]), "one colour"),
        (torch.tensor([[1, 2], [3, 4], [1, 2]]), "occurs twice"),
        (torch.arange(2 * 200_000).view(2, 200_000), "larger"),
    ],
)
def test_check_images__reject(images: Tensor, reason: str) -> None:
    with pytest.raises(BadEvidence, match=reason):
        validate_images(images.to(torch.uint8).view(len(images), 1, 1, -1))


def test_to_bytes__round_to_the_nearest() -> None:
    assert to_bytes(torch.tensor([0, 0.501 / 255, 1])).tolist() == [0, 1, 255]


def test_stream__differ_by_scheme_purpose_and_key() -> None:
    streams = {
        stream("s", "p", b"k", 8), stream("t", "p", b"k", 8), stream("s", "q", b"k", 8),
        stream("s", "p", b"l", 8),
    }  # fmt: skip

    assert len(streams) == 4


def test_stream__give_bytes_signs_and_orders_that_any_machine_repeats() -> None:
    """Values written down once: a reader on another machine or version must find the same."""
    assert stream_bytes("s", "p", b"k", 2, 2).flatten().tolist() == list(stream("s", "p", b"k", 4))
    assert set(stream_signs("s", "p", b"k", 9).tolist()) == {-1, 1}
    assert stream_signs("s", "p", b"k", 3, 3).shape == (3, 3)
    assert sorted(stream_order("s", "p", b"k", 50).tolist()) == list(range(50))
    assert stream_order("s", "p", b"k", 8).tolist() == [3, 6, 2, 5, 0, 4, 1, 7]
    assert stream_signs("s", "p", b"k", 8).tolist() == [-1, 1, -1, -1, -1, 1, -1, 1]
