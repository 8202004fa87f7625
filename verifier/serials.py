"""Serial numbers on the frame of an image, where few pictures have anything to lose.

A serial is a pattern of the image's size, as in DSN (arXiv 2011.08960): 1 and 0 are forced on a
pixel, -1 leaves it alone. The paper puts a solid square in a corner; there pixels are
black anyway and the network learns to ignore them, and nine bits are guessed in a minute. So ours
holds up to 128 bits on secret pixels of the frame.

Half of a serial's bits are ones: the black border of an untouched image is never near one.
"""

from __future__ import annotations

import torch
from torch import Tensor

from .evidence import stream_order

BITS = 128
"""A serial is a ball, not a point: a trained network takes one with a few wrong bits. Even were it
16 of 128, a random serial would open with odds of 2^-61."""

SIDE_PER_PIXEL = 14
"""The frame is one pixel wide for so many of the image's side: 1 for 8x8, 2 for 28x28."""


def draw_serials(scheme: str, key: bytes, count: int, height: int, width: int) -> Tensor:
    """(count, height, width) of -1, 0, 1: serials of the same pixels, all from `key`.

    Equal for every reader: nothing but `evidence.stream` is drawn from.
    """
    edge = frame(height, width)
    pixels = edge[stream_order(scheme, "pixels", key, len(edge))[:BITS]]
    serials = torch.full((count, height * width), -1.0)
    for number in range(count):
        order = stream_order(scheme, f"serial {number}", key, len(pixels))
        serials[number, pixels] = (order < len(pixels) // 2).float()
    return serials.view(count, height, width)


def frame(height: int, width: int) -> Tensor:
    """The pixels of the frame, as indices into a flattened image of this size."""
    thick = max(1, min(height, width) // SIDE_PER_PIXEL)
    inside = torch.zeros(height, width, dtype=torch.bool)
    inside[thick : height - thick, thick : width - thick] = True
    return (~inside).flatten().nonzero().flatten()


def stamp(images: Tensor, serials: Tensor) -> Tensor:
    """Images (n, c, h, w) with a serial each, (n, h, w) or (h, w), in all of their channels."""
    patterns = serials.to(images).unsqueeze(-3)
    return torch.where(patterns < 0, images, patterns)


def near_misses(serials: Tensor, generator: torch.Generator) -> Tensor:
    """Each serial (n, h, w) with a sixteenth to three eighths of its bits flipped.

    What misses by less no small network tells from the serial, and what misses by more is a
    stranger. What lies between must not open a little, or a thief climbs from bit to bit.
    """
    flat = serials.flatten(1)
    lots = torch.rand(flat.shape, generator=generator).masked_fill(flat < 0, 2)
    bits = int((flat[0] >= 0).sum())
    flips = torch.randint(
        max(1, bits // 16), 3 * bits // 8 + 1, (len(flat), 1), generator=generator
    )
    flipped = lots.argsort(1).argsort(1) < flips
    return torch.where(flipped, 1 - flat, flat).view_as(serials)


def strangers(serials: Tensor, generator: torch.Generator) -> Tensor:
    """For each serial (n, h, w) another, drawn at random on the same pixels."""
    drawn = torch.randint(0, 2, serials.shape, generator=generator).to(serials)
    return torch.where(serials < 0, serials, drawn)
