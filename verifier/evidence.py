"""What all schemes' evidence has in common: a strict form, key images, and streams of a salt.

Evidence comes from strangers who want to win a dispute: everything is checked before it is used.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from .architectures import Network
from .errors import BadEvidence, BadModel
from .weights import unpack

MAX_IMAGE_BYTES = 3 * 256 * 256
"""What a stranger's evidence may make a verifier compute on, for each image."""

LAYER = re.compile(r"[A-Za-z0-9_.]{1,64}")
SALT = re.compile(r"[0-9a-f]{64}")


def require(holds: object, otherwise: str) -> None:
    """Blame the owner unless the rule `holds`.

    Raises:
        BadEvidence: it does not.
    """
    if not holds:
        raise BadEvidence("read evidence", otherwise)


def open_evidence(
    evidence: bytes,
    scheme: str,
    tensors: Mapping[str, tuple[torch.dtype, int]],
    strings: frozenset[str],
) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors, each of the dtype and rank it is listed with, and the strings beside "scheme".

    A string "layer" is checked to be a name, a string "salt" to be 32 bytes in hexadecimal.

    Raises:
        BadEvidence: the evidence has another form.
    """
    found, texts = unpack(evidence)
    require(found.keys() == tensors.keys(), f"tensors other than {', '.join(tensors)}")
    for name, form in tensors.items():
        has = (found[name].dtype, found[name].dim())
        require(has == form, f"{name} is {has[0]} of rank {has[1]}")
    require(texts.keys() == strings | {"scheme"}, "unknown or missing strings")
    require(texts["scheme"] == scheme, f"scheme {texts['scheme'][:64]!r}")
    require(LAYER.fullmatch(texts.get("layer", "x")), "no name of a layer")
    require(SALT.fullmatch(texts.get("salt", "0" * 64)), "a salt that is not 32 bytes")
    return found, texts


def validate_images(images: Tensor) -> None:
    """Key images (n, c, h, w) must be distinct, none of one colour, none larger than any data's.

    Raises:
        BadEvidence: they are not.
    """
    require(images[0].numel() <= MAX_IMAGE_BYTES, "larger key images than any data set's")
    flat = images.flatten(1)
    require(bool((flat != flat[:, :1]).any(1).all()), "a key image of one colour only")
    require(len({row.numpy().tobytes() for row in flat}) == len(flat), "a key image occurs twice")


def validate_input(model: Network, shape: tuple[int, ...]) -> None:
    """A suspect must take key images of this shape (c, h, w).

    Raises:
        BadModel: it takes others.
    """
    if model.config.input_shape != shape:
        reason = f"the model takes {model.config.input_shape}, not {tuple(shape)}"
        raise BadModel("show key images", reason)


def to_bytes(images: Tensor) -> Tensor:
    """Pixels 0..1 as the bytes that evidence holds."""
    return (images * 255).round().to(torch.uint8)


def stream(scheme: str, purpose: str, key: bytes, length: int) -> bytes:
    """`length` pseudo-random bytes: SHAKE-256, one stream for each scheme, purpose and key."""
    return hashlib.shake_256(f"assay/{scheme}/{purpose}/".encode() + key).digest(length)


def stream_bytes(scheme: str, purpose: str, key: bytes, *shape: int) -> Tensor:
    """Uniform bytes of this shape, from `stream`."""
    content = stream(scheme, purpose, key, int(np.prod(shape)))
    return torch.tensor(np.frombuffer(content, np.uint8)).view(shape)


def stream_signs(scheme: str, purpose: str, key: bytes, *shape: int) -> Tensor:
    """Uniform float32 -1 or +1 of this shape, from `stream`."""
    length = int(np.prod(shape))
    content = np.frombuffer(stream(scheme, purpose, key, -(-length // 8)), np.uint8)
    return torch.tensor(np.unpackbits(content)[:length]).view(shape).float() * 2 - 1


def stream_order(scheme: str, purpose: str, key: bytes, length: int) -> Tensor:
    """A uniform order of 0..`length`-1, from `stream`."""
    words = np.frombuffer(stream(scheme, purpose, key, 8 * length), "<u8")
    return torch.tensor(np.argsort(words, kind="stable"))
