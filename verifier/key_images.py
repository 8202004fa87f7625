"""Evidence that is asked: frozen key images, and of how many classes each is given a label.

What black-box schemes share. They differ in which images they freeze, in what else is frozen beside
them, and in what an answer says.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import torch
from torch import Tensor

from .evidence import open_evidence, require, validate_images
from .weights import pack

KEYS: Final = 200
"""Of ten classes 68 right answers have odds of 2^-64: two keys in three may be lost."""

MAX_CLASSES: Final = 10_000

EPSILON: Final = 1e-4
"""Of the largest logit, by which the first answer leads the second; float32 noise is a part of
logits, and other kernels, threads and double precision move a lead by up to 4e-6 of them."""

FORM: Final[dict[str, tuple[torch.dtype, int]]] = {"images": (torch.uint8, 4)}
"""Of the tensors: `images` (keys, c, h, w) bytes."""

_COUNTS = frozenset(str(count) for count in range(2, MAX_CLASSES + 1))


def pack_keys(scheme: str, tensors: Mapping[str, Tensor], classes: int) -> bytes:
    """The bytes that are committed to."""
    return pack(dict(tensors), {"scheme": scheme, "classes": str(classes)})


def open_keys(
    scheme: str, evidence: bytes, form: dict[str, tuple[torch.dtype, int]] = FORM
) -> tuple[dict[str, Tensor], int]:
    """The tensors in these bytes, and the number of classes.

    Raises:
        BadEvidence: they are not what `pack_keys` writes.
    """
    tensors, strings = open_evidence(evidence, scheme, form, frozenset({"classes"}))
    require(len(tensors["images"]) == KEYS, f"{len(tensors['images'])} key images")
    validate_images(tensors["images"])
    require(strings["classes"] in _COUNTS, f"{strings['classes'][:16]!r} classes")
    return tensors, int(strings["classes"])


class Turns:
    """Which of `count` keys come next: `size` at a time, all of them in turn."""

    def __init__(self, count: int, size: int) -> None:
        self._count, self._size, self._next = count, size, 0

    def __next__(self) -> Tensor:
        chosen = torch.arange(self._next, self._next + self._size) % self._count
        self._next = (self._next + self._size) % self._count
        return chosen
