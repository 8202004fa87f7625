"""What an endpoint may do to inputs before its model sees them (R17: noise, blur, JPEG, depth).

Images only. Weights stay as they are, so this matters for schemes that read answers.
"""

from __future__ import annotations

import copy
import io
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from verifier.architectures import Network

Defence = Callable[[Tensor], Tensor]
"""Images (n, c, h, w) in 0..1 to images of the same shape."""

NOISE = 0.01
BLUR = 0.5
"""Pixels, the standard deviation of the Gaussian."""
QUALITY = 95
LEVELS = 2**4


def defend(model: Network, defence: Defence) -> Network:
    """The model behind a `defence`: a copy that sees what the defence makes of its inputs."""

    def shield(_model: nn.Module, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
        return (defence(arguments[0]), *arguments[1:])

    defended = copy.deepcopy(model)
    defended.register_forward_pre_hook(shield)
    return defended


def add_pixel_noise(images: Tensor) -> Tensor:
    """Gaussian noise of .01, the same for the same call, so that a reading repeats itself."""
    noise = torch.randn(images.shape, generator=torch.Generator().manual_seed(0))
    return (images + NOISE * noise).clamp(0, 1)


def blur(images: Tensor) -> Tensor:
    """A Gaussian blur of half a pixel, over 5x5 pixels."""
    line = torch.exp(-torch.arange(-2.0, 3.0).square() / (2 * BLUR**2))
    kernel = (line[:, None] * line / line.sum() ** 2).expand(images.shape[1], 1, 5, 5)
    padded = nn.functional.pad(images, (2, 2, 2, 2), mode="reflect")
    return nn.functional.conv2d(padded, kernel, groups=images.shape[1])


def compress(images: Tensor) -> Tensor:
    """Through a JPEG of quality 95 and back."""
    pixels = (images * 255).round().to(torch.uint8).permute(0, 2, 3, 1).numpy()
    back = np.stack([_through_jpeg(image) for image in pixels])
    return torch.from_numpy(back).permute(0, 3, 1, 2).float() / 255


def reduce_depth(images: Tensor) -> Tensor:
    """Four bits a pixel."""
    return (images * (LEVELS - 1)).round() / (LEVELS - 1)


DEFENCES: dict[str, Defence] = {
    "noise .01": add_pixel_noise,
    "blur .5": blur,
    "JPEG 95": compress,
    "4 bits a pixel": reduce_depth,
}


def _through_jpeg(image: np.ndarray[Any, np.dtype[np.uint8]]) -> np.ndarray[Any, Any]:
    """(h, w, c) bytes; one channel is grey, three are colours."""
    shown = Image.fromarray(image if image.shape[2] == 3 else image[:, :, 0])
    stored = io.BytesIO()
    shown.save(stored, "JPEG", quality=QUALITY)
    return np.asarray(Image.open(stored)).reshape(image.shape)
