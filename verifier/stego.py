"""An encoder that hides a logo in pictures, and how well it does. No labels, no marked model.

DeepStego (Li et al., arXiv 1903.01743) trains encoder, discriminator and the marked model together,
so that its key images are made for their labels. Here the labels do not exist yet, and an encoder
that is only asked to be inconspicuous learns to hide nothing at all. So what it hides is given by
construction, and it learns *where*:

- Each cell of the logo says whether the pixels in it become lighter or darker.
- A pixel changes in proportion to its 3x3 surroundings' spread, by a factor that the encoder
  learns: on the plain ground of a digit any change would show.
- The length of the whole change is `strength`, of any picture. The paper's MSE term, which would
  shrink it, is left out; SSIM and the discriminator decide how it is spread.

But: how far this deceives a detector that was trained on another encoder and logo is the logos'
luck (50 to 73 % right on MNIST); one that is trained on thousands of stego images of this very
encoder and logo it does not deceive (91 %).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

WIDTH = 16
"""Channels of the hidden layers. The official code has 64, for an encoder that draws the picture
anew; this one only weighs pixels."""

CELL = 4
"""Pixels a side. Smaller pictures have half as large cells, to hold a logo at all."""

STEPS = 150
BATCH_SIZE = 32
LEARNING_RATE = 1e-3
BETAS = (0.5, 0.999)
"""As in the official code."""

SSIM_WEIGHT = 5.0
ADVERSARIAL_WEIGHT = 1.0
"""As in the official code."""

LEAST_WEIGHT = 0.1
"""Of a pixel; 1.1 is the most. An encoder that may spare pixels altogether spares them all."""

MIN_SIDE = 7
"""What the smallest window of `ssim` needs."""


class Encoder(nn.Module):
    """Hides logos in covers, by a change of the length `strength` (L2, pixels being 0..1)."""

    def __init__(self, channels: int, strength: float) -> None:
        super().__init__()
        self.strength = strength
        self.layers = nn.Sequential(
            nn.Conv2d(channels + 1, WIDTH, 3, padding=1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(WIDTH, WIDTH, 3, padding=1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(WIDTH, channels, 3, padding=1),
        )

    def forward(self, covers: Tensor, logos: Tensor) -> Tensor:
        """Stego images of covers (n, c, h, w) in 0..1 and logos (n, 1, h, w) of +-1."""
        weights = self.layers(torch.cat([covers * 2 - 1, logos], 1)).sigmoid() + LEAST_WEIGHT
        wish = logos * weights * _spread(covers)
        # Into the room that a pixel has: what is cut off at black or white hides nothing.
        change = wish.relu() * (1 - covers) - (-wish).relu() * covers
        length = change.flatten(1).norm(dim=1).clamp_min(1e-6).view(-1, 1, 1, 1)
        stego: Tensor = (covers + self.strength * change / length).clamp(0, 1)
        return stego


def train_encoder(covers: Tensor, *, strength: float, seed: int) -> Encoder:
    """An encoder for pictures like `covers` (n, c, h, w) and any logo."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        encoder = Encoder(covers.shape[1], strength)
        discriminator = build_discriminator(covers.shape[1:])
        hiding, detecting = (
            torch.optim.Adam(network.parameters(), lr=LEARNING_RATE, betas=BETAS)
            for network in (encoder, discriminator)
        )
        for _ in range(STEPS):
            batch = covers[torch.randint(len(covers), (BATCH_SIZE,))]
            signs = torch.randint(2, (BATCH_SIZE, 1, *logo_cells(covers))).float() * 2 - 1
            stego = encoder(batch, draw_logo(signs, batch))

            _step(detecting, _bce(discriminator(batch), 0) + _bce(discriminator(stego.detach()), 1))
            dissimilar = 1 - ssim(batch, stego).mean()
            suspected = _bce(discriminator(stego), 0)
            _step(hiding, SSIM_WEIGHT * dissimilar + ADVERSARIAL_WEIGHT * suspected)
    return encoder.eval()


def hide(encoder: Encoder, covers: Tensor, logo: Tensor) -> Tensor:
    """The bytes (n, c, h, w) of the covers with the one logo (1, 1, rows, columns) in all."""
    drawn = draw_logo(logo, covers).expand(len(covers), -1, -1, -1)
    with torch.inference_mode():
        parts = zip(torch.split(covers, 256), torch.split(drawn, 256), strict=True)
        stego = torch.cat([encoder(*part) for part in parts])
    return (stego * 255).round().to(torch.uint8)


def logo_cells(images: Tensor) -> tuple[int, int]:
    """Rows and columns of a logo for images (n, c, h, w)."""
    height, width = images.shape[2:]
    cell = CELL if min(height, width) >= 4 * CELL else CELL // 2
    return -(-height // cell), -(-width // cell)


def draw_logo(signs: Tensor, images: Tensor) -> Tensor:
    """Logos (n, 1, rows, columns) as blocks of pixels, as large as the images."""
    return nn.functional.interpolate(signs, size=images.shape[2:], mode="nearest")


def quality(covers: Tensor, stego: Tensor) -> tuple[float, float]:
    """SSIM, and PSNR in dB of the pooled error, of bytes (n, c, h, w) against their covers'."""
    first, second = covers.double() / 255, stego.double() / 255
    error = (first - second).square().mean()
    return ssim(first, second).mean().item(), -10 * error.log10().item()


def ssim(first: Tensor, second: Tensor) -> Tensor:
    """(n,): the structural similarity of images in 0..1 (Wang et al., 2004).

    Gaussian window of 11 pixels, or of 7 where a side is shorter than 11; sigma 1.5.
    """
    side = 11 if min(first.shape[2:]) >= 11 else MIN_SIDE
    line = torch.exp(-((torch.arange(side) - side // 2) ** 2) / (2 * 1.5**2))
    window = (torch.outer(line, line) / line.sum() ** 2).to(first.dtype)
    kernel = window.expand(first.shape[1], 1, side, side)

    def blur(values: Tensor) -> Tensor:
        return nn.functional.conv2d(values, kernel, groups=first.shape[1])

    mean1, mean2 = blur(first), blur(second)
    variances = blur(first**2) - mean1**2 + blur(second**2) - mean2**2
    covariance = blur(first * second) - mean1 * mean2
    light = (2 * mean1 * mean2 + 0.01**2) / (mean1**2 + mean2**2 + 0.01**2)
    return (light * (2 * covariance + 0.03**2) / (variances + 0.03**2)).mean((1, 2, 3))


def build_discriminator(shape: torch.Size) -> nn.Module:
    """A detector of stego images (n, *shape): one logit, positive where it sees one."""
    channels, height, width = shape
    return nn.Sequential(
        nn.Conv2d(channels, WIDTH, 3, padding=1),
        nn.LeakyReLU(0.2),
        nn.Conv2d(WIDTH, WIDTH, 3, stride=2, padding=1),
        nn.LeakyReLU(0.2),
        nn.Flatten(),
        nn.Linear(WIDTH * -(-height // 2) * -(-width // 2), 64),
        nn.LeakyReLU(0.2),
        nn.Linear(64, 1),
    )


def _step(optimizer: torch.optim.Optimizer, loss: Tensor) -> None:
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    optimizer.step()


def _bce(logits: Tensor, target: float) -> Tensor:
    return nn.functional.binary_cross_entropy_with_logits(logits, torch.full_like(logits, target))


def _spread(images: Tensor) -> Tensor:
    """The standard deviation of the 3x3 pixels around each pixel."""
    padded = nn.functional.pad(images, (1, 1, 1, 1), mode="replicate")
    mean = nn.functional.avg_pool2d(padded, 3, stride=1)
    square = nn.functional.avg_pool2d(padded**2, 3, stride=1)
    return (square - mean**2).clamp_min(0).sqrt()
