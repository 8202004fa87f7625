"""Inputs that only a key could have drawn: QR codes for images, word sequences for text.

MTLSign's release hands in the codes of 0, 1, 2... (Li and Wang, arXiv 2103.10021). Such codes are
alike but for a corner, and alike for all owners; here each is filled to the brim with bytes of the
key's stream.

A code of version 4 has 33 x 33 modules, one pixel each; an image takes its middle, or repeats it
on all sides. The middle, because three of its corners are the same in every code.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import segno
import torch
from numpy.typing import NDArray
from torch import Tensor

from .configs import Config, TextConfig
from .errors import BadData
from .evidence import stream

Modules: TypeAlias = NDArray[np.uint8]

CODE_BYTES = 46
"""What version 4 holds at error correction Q, the release's."""

MAX_DRAWS = 4
"""Codes drawn for each one asked for: in the few pixels of tiny images some look alike."""


def keyed_inputs(scheme: str, key: bytes, count: int, config: Config) -> Tensor:
    """`count` distinct inputs for a network: bytes (count, c, h, w), or words (count, length).

    Raises:
        BadData: its inputs are so small that there are not so many.
    """
    if isinstance(config, TextConfig):
        return _sentences(scheme, key, count, config)
    return _codes(scheme, key, count, config.input_shape)


def _codes(scheme: str, key: bytes, count: int, shape: tuple[int, ...]) -> Tensor:
    """Bytes 0 or 255, the same in every channel."""
    channels, height, width = shape
    payloads = stream(scheme, "codes", key, MAX_DRAWS * count * CODE_BYTES)
    codes: dict[bytes, Tensor] = {}
    for start in range(0, len(payloads), CODE_BYTES):
        code = _middle(_modules(payloads[start : start + CODE_BYTES]), height, width)
        if code.any() and not code.all():
            codes.setdefault(code.tobytes(), torch.from_numpy(code))
        if len(codes) == count:
            return 255 * torch.stack([*codes.values()])[:, None].repeat(1, channels, 1, 1)
    reason = f"{height} x {width} pixels hold {len(codes)} of {count} distinct patterns"
    raise BadData("draw keyed patterns", reason)


def _sentences(scheme: str, key: bytes, count: int, config: TextConfig) -> Tensor:
    """Sentences of full length and of any words, 1 to the last; 0 is for padding."""
    (length,) = config.input_shape
    words = np.frombuffer(stream(scheme, "words", key, 8 * count * length), "<u8")
    words = (words % (config.vocabulary - 1) + 1).astype(np.int64)
    drawn = torch.from_numpy(words).view(count, length)
    if len({row.tobytes() for row in drawn.numpy()}) < count:
        reason = f"{length} words of {config.vocabulary} hold fewer than {count} patterns"
        raise BadData("draw keyed patterns", reason)
    return drawn


def _modules(payload: bytes) -> Modules:
    """(33, 33) of 0 and 1. The mask is fixed: to look for the fairest serves cameras only."""
    code = segno.make(payload, version=4, error="q", mode="byte", mask=0, boost_error=False)
    return np.array([list(row) for row in code.matrix], np.uint8)


def _middle(modules: Modules, height: int, width: int) -> Modules:
    rows, columns = (
        (np.arange(size) + (side - size) // 2) % side
        for side, size in zip(modules.shape, (height, width), strict=True)
    )
    return modules[np.ix_(rows, columns)]
