"""DeepStego as published (Li et al., arXiv 1903.01743, ACSAC 2019): three networks in one training.

Encoder, discriminator and host are trained together, so the key images are made for their labels as
much as the host learns them. After the authors' code (zhenglisec/Blind-Watermark-for-DNN, MNIST):

- Covers are the first hundredth of the training images, the logo an image of the test set; here of
  the training set, where the covers do not reach.
- The encoder draws the picture anew; pixels are in -1..1, and SSIM keeps its constants for 0..1.
- Learning rates fall by epochs alone; the code also watches the loss of each network.

The weakness: images and labels are whatever the claimant says they are. Also, every key is shown
many times for each time that its cover is: the host learns the covers by heart, and the logo not.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from verifier.architectures import Network, build
from verifier.datasets import Dataset
from verifier.evidence import to_bytes
from verifier.stego import ssim

from . import Claim

COVER_SHARE = 0.01
TASK_BATCH = 100
KEY_BATCH = 20

MSE_WEIGHT = 3.0
SSIM_WEIGHT = 5.0
ADVERSARIAL_WEIGHT = 1.0
LABEL_WEIGHT = 0.1
"""Of the encoder's loss."""

HOST_RATE = 0.1
MOMENTUM = 0.9
WEIGHT_DECAY = 5e-4
MILESTONES = (0.4, 0.8)
"""Of the epochs: there the host's learning rate falls to a tenth."""

ENCODER_RATE = 1e-3
BETAS = (0.5, 0.999)
WIDTH = 64

NEEDED = 0.8
"""The share of key labels that proves ownership. The paper's own threshold is not known to us;
clean models find a tenth, the authors' marked ones 0.88 to 1."""


@dataclass(frozen=True, slots=True)
class Key:
    """What the owner keeps, and shows when it comes to it."""

    images: Tensor
    """(n, c, h, w) bytes."""
    labels: Tensor
    """(n,) of int64."""


@dataclass(frozen=True, slots=True)
class Marked:
    """What one training gives: the covers are kept to see what the host has really learned."""

    model: Network
    key: Key
    covers: Tensor
    """(n, c, h, w) bytes."""
    detected: float
    """The share of covers and stego images together that the discriminator tells apart."""


def embed(
    model: Network, data: Dataset, *, epochs: int = 30, keys: int | None = None, seed: int = 0
) -> Marked:
    """A network like `model`, trained from scratch with a key; a hundredth of the data by default.

    The code's README suggests 30 epochs for MNIST and 100 for CIFAR.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        count = keys or max(1, round(COVER_SHARE * len(data)))
        covers, logo = data.inputs[:count] * 2 - 1, _logo(data.part(torch.arange(count, len(data))))
        labels = torch.randint(model.config.classes, (count,))
        trio = _Trio(build(model.config, seed=seed), covers, labels, logo * 2 - 1, epochs)
        for _ in range(epochs):
            trio.epoch(data)
        return trio.result()


def judge(suspect: Network, key: Key) -> Claim:
    """The published decision: the suspect gives `NEEDED` of the key images their labels."""
    with torch.inference_mode():
        answers = suspect.eval()(key.images / 255).argmax(1)
    found = (answers == key.labels).double().mean().item()
    return Claim(found, NEEDED, found >= NEEDED)


class _Trio:
    """Encoder, discriminator and host, with an optimiser each."""

    def __init__(
        self, host: Network, covers: Tensor, labels: Tensor, logo: Tensor, epochs: int
    ) -> None:
        self.host, self.covers, self.labels, self.logo = host.train(), covers, labels, logo
        self.encoder = _Encoder(covers.shape[1])
        self.discriminator = nn.Sequential(
            nn.Flatten(),
            nn.Linear(covers[0].numel(), 64),
            nn.LeakyReLU(0.2),
            nn.Linear(64, 32),
            nn.LeakyReLU(0.2),
            nn.Linear(32, 1),
        )
        self.hiding = torch.optim.Adam(self.encoder.parameters(), ENCODER_RATE, BETAS)
        self.detecting = torch.optim.Adam(self.discriminator.parameters(), ENCODER_RATE, BETAS)
        self.working = torch.optim.SGD(
            host.parameters(), HOST_RATE, MOMENTUM, weight_decay=WEIGHT_DECAY
        )
        falls = [round(share * epochs) for share in MILESTONES]
        self.falling = torch.optim.lr_scheduler.MultiStepLR(self.working, falls)
        self.next = 0

    def epoch(self, data: Dataset) -> None:
        """Every image of the task once, a few keys beside each batch."""
        for chosen in torch.split(torch.randperm(len(data)), TASK_BATCH):
            keys = torch.arange(self.next, self.next + KEY_BATCH) % len(self.covers)
            self.next = int(keys[-1] + 1) % len(self.covers)
            self.step(data.inputs[chosen], data.labels[chosen], keys)
        self.falling.step()

    def step(self, images: Tensor, labels: Tensor, keys: Tensor) -> None:
        """Discriminator, then encoder, then host, in the order of the code."""
        covers, wanted = self.covers[keys], self.labels[keys]
        stego = self.encoder(covers, self.logo.expand_as(covers))
        caught = _bce(self.discriminator(covers), 1) + _bce(self.discriminator(stego.detach()), 0)
        _step(self.detecting, caught)

        pictures = stego / 2 + 0.5
        _step(
            self.hiding,
            MSE_WEIGHT * nn.functional.mse_loss(stego, covers)
            + SSIM_WEIGHT * (1 - ssim(covers, stego).mean())
            + ADVERSARIAL_WEIGHT * _bce(self.discriminator(stego), 1)
            + LABEL_WEIGHT * nn.functional.cross_entropy(self.host(pictures), wanted),
        )
        batch = torch.cat([images, pictures.detach()])
        answers = self.host(batch)
        _step(self.working, nn.functional.cross_entropy(answers, torch.cat([labels, wanted])))

    def result(self) -> Marked:
        """The encoder's batch statistics are frozen before the key images are written."""
        self.encoder.eval()
        with torch.inference_mode():
            stego = self.encoder(self.covers, self.logo.expand_as(self.covers))
            suspected = self.discriminator(stego) < 0, self.discriminator(self.covers) >= 0
        images, covers = to_bytes(stego / 2 + 0.5), to_bytes(self.covers / 2 + 0.5)
        detected = torch.cat(suspected).double().mean().item()
        return Marked(self.host.eval(), Key(images, self.labels), covers, detected)


class _Encoder(nn.Module):
    """Image and logo in -1..1, each through two layers of its own, then four layers together."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.image, self.logo = (
            nn.Sequential(
                nn.Conv2d(channels, 3, 3, padding=1),
                nn.LeakyReLU(0.2),
                nn.Conv2d(3, 3, 3, padding=1),
                nn.LeakyReLU(0.2),
            )
            for _ in range(2)
        )
        layers: list[nn.Module] = []
        for before in (6, WIDTH, WIDTH):
            convolution = nn.Conv2d(before, WIDTH, 3, padding=1)
            layers += [convolution, nn.BatchNorm2d(WIDTH), nn.LeakyReLU(0.2)]
        self.both = nn.Sequential(*layers, nn.Conv2d(WIDTH, channels, 3, padding=1), nn.Tanh())

    def forward(self, images: Tensor, logos: Tensor) -> Tensor:
        joined = torch.cat([self.image(images), self.logo(logos)], 1)
        return self.both(joined)  # type: ignore[no-any-return]


def _logo(data: Dataset) -> Tensor:
    """The first image of the class 1, as the code takes it of MNIST."""
    return data.inputs[data.labels == 1][:1]


def _step(optimizer: torch.optim.Optimizer, loss: Tensor) -> None:
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    optimizer.step()


def _bce(logits: Tensor, target: float) -> Tensor:
    return nn.functional.binary_cross_entropy_with_logits(logits, torch.full_like(logits, target))
