"""The networks that configurations declare (`configs.py`). Weights come apart, see `package.py`.

A network declares two things beyond its function: its `carrier`, the layer in which a white-box
mark lives (its output is a pre-activation, linear in what comes before), and its `symmetries`, the
ways to reorder and rescale its neurons that leave the function as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from .configs import BilstmConfig, CnnConfig, Config, MlpConfig, ResNetConfig


def build(config: Config, *, seed: int) -> Network:
    """A new network with weights drawn from `seed`."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return _NETWORKS[config.architecture](config)


def build_empty(config: Config) -> Network:
    """The network's shapes alone: on the `meta` device not a byte is allocated for its weights."""
    with torch.device("meta"):
        return _NETWORKS[config.architecture](config)


@dataclass(frozen=True, slots=True)
class Symmetry:
    """One group of neurons that may be reordered: who makes, norms and reads them.

    They may also be rescaled by any positive factor, or if `odd`, by -1 and by nothing else.
    """

    producers: tuple[str, ...]
    norms: tuple[str, ...]
    consumers: tuple[str, ...]
    odd: bool = False


class Network(nn.Module):
    """A declared architecture with weights: images (n, c, h, w) in, logits (n, classes) out.

    Or sentences (n, length) in, of int64 words.
    """

    config: Config
    carrier: str
    symmetries: tuple[Symmetry, ...]
    head: nn.Linear

    def is_odd(self, layer: str) -> bool:
        """Whether the signs of the layer's neurons may be flipped at no cost."""
        return any(group.odd and layer in group.producers for group in self.symmetries)


class Mlp(Network):
    """See `MlpConfig`."""

    config: MlpConfig

    def __init__(self, config: MlpConfig) -> None:
        super().__init__()
        self.config = config
        channels, height, width = config.input_shape
        widths = (channels * height * width, *config.hidden)
        self.hidden = nn.ModuleList(nn.Linear(before, after) for before, after in pairwise(widths))
        self.head = nn.Linear(widths[-1], config.classes)
        names = [f"hidden.{index}" for index in range(len(config.hidden))]
        self.carrier = names[-1]
        self.symmetries = _chain(*names, "head", odd=config.activation == "tanh")

    def forward(self, images: Tensor) -> Tensor:
        """Logits."""
        values = images.flatten(1)
        activate = torch.tanh if self.config.activation == "tanh" else torch.relu
        for layer in self.hidden:
            values = activate(layer(values))
        return self.head(values)  # type: ignore[no-any-return]


class Cnn(Network):
    """See `CnnConfig`."""

    carrier = "hidden"

    def __init__(self, config: CnnConfig) -> None:
        super().__init__()
        self.config = config
        channels, height, width = config.input_shape
        widths = (channels, *config.channels)
        self.convolutions = nn.ModuleList(
            nn.Conv2d(before, after, 3, padding=1) for before, after in pairwise(widths)
        )
        depth = len(config.channels)
        positions = (height >> depth) * (width >> depth)
        self.hidden = nn.Linear(widths[-1] * positions, config.hidden)
        self.head = nn.Linear(config.hidden, config.classes)
        names = [f"convolutions.{index}" for index in range(depth)]
        self.symmetries = _chain(*names, "hidden", "head")

    def forward(self, images: Tensor) -> Tensor:
        """Logits."""
        values = images
        for layer in self.convolutions:
            # Pooled first, a quarter is left for the ReLU, and the result is the same.
            values = nn.functional.max_pool2d(layer(values), 2).relu()
        return self.head(self.hidden(values.flatten(1)).relu())  # type: ignore[no-any-return]


class ResNet(Network):
    """See `ResNetConfig`; pre-activation blocks (He et al., arXiv 1603.05027)."""

    carrier = "norm"

    def __init__(self, config: ResNetConfig) -> None:
        super().__init__()
        self.config = config
        self.stem = nn.Conv2d(config.input_shape[0], config.width, 3, padding=1, bias=False)
        self.blocks = nn.ModuleList()
        inside, streams = [], [_Stream("stem")]
        before = config.width
        for stage, blocks in enumerate(config.blocks):
            after = config.width << stage
            for number in range(blocks):
                name = f"blocks.{len(self.blocks)}"
                self.blocks.append(_Block(before, after, stride=2 if stage and not number else 1))
                inside.append(Symmetry((f"{name}.conv1",), (f"{name}.norm2",), (f"{name}.conv2",)))
                streams[-1].read(f"{name}.norm1", f"{name}.conv1")
                if before != after:
                    streams[-1].consumers.append(f"{name}.shortcut")
                    streams.append(_Stream(f"{name}.shortcut"))
                streams[-1].producers.append(f"{name}.conv2")
                before = after
        self.norm = nn.BatchNorm2d(before)
        self.head = nn.Linear(before, config.classes)
        streams[-1].read("norm", "head")
        self.symmetries = (*inside, *(stream.symmetry() for stream in streams))

    def forward(self, images: Tensor) -> Tensor:
        """Logits."""
        values = self.stem(images)
        for block in self.blocks:
            values = block(values)
        return self.head(self.norm(values).relu().mean((2, 3)))  # type: ignore[no-any-return]


class Bilstm(Network):
    """See `BilstmConfig`; the backbone of MTLSign's text experiments, with a pool over time."""

    carrier = "hidden"
    symmetries = (Symmetry(("hidden",), (), ("head",)),)

    def __init__(self, config: BilstmConfig) -> None:
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding(config.vocabulary, config.embedding, padding_idx=0)
        self.lstm = nn.LSTM(config.embedding, config.width, batch_first=True, bidirectional=True)
        self.hidden = nn.Linear(2 * config.width, config.hidden)
        self.head = nn.Linear(config.hidden, config.classes)

    def forward(self, words: Tensor) -> Tensor:
        """Logits."""
        states, _ = self.lstm(self.embedding(words))
        # Padding says nothing; a sentence of nothing else keeps its first state.
        silent = (words == 0).index_fill(1, torch.tensor([0], device=words.device), False)
        pooled = states.masked_fill(silent[:, :, None], -1).amax(1)  # states lie in -1..1
        return self.head(self.hidden(pooled).relu())  # type: ignore[no-any-return]


class _Block(nn.Module):
    """norm, ReLU, convolution, twice, added to the (where the shape changes: projected) input."""

    def __init__(self, before: int, after: int, *, stride: int) -> None:
        super().__init__()
        self.norm1 = nn.BatchNorm2d(before)
        self.conv1 = nn.Conv2d(before, after, 3, stride, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(after)
        self.conv2 = nn.Conv2d(after, after, 3, padding=1, bias=False)
        self.shortcut = None if before == after else nn.Conv2d(before, after, 1, stride, bias=False)

    def forward(self, values: Tensor) -> Tensor:
        active = self.norm1(values).relu()
        kept = values if self.shortcut is None else self.shortcut(active)
        return kept + self.conv2(self.norm2(self.conv1(active)).relu())  # type: ignore[no-any-return]


class _Stream:
    """The channels that run through the residual additions of one stage."""

    def __init__(self, producer: str) -> None:
        self.producers, self.norms, self.consumers = [producer], list[str](), list[str]()

    def read(self, norm: str, consumer: str) -> None:
        self.norms.append(norm)
        self.consumers.append(consumer)

    def symmetry(self) -> Symmetry:
        return Symmetry(tuple(self.producers), tuple(self.norms), tuple(self.consumers))


def _chain(*layers: str, odd: bool = False) -> tuple[Symmetry, ...]:
    """The symmetries of layers that read one another in turn."""
    return tuple(Symmetry((made,), (), (read,), odd) for made, read in pairwise(layers))


_NETWORKS: dict[str, Callable[[Any], Network]] = {
    "mlp": Mlp,
    "cnn": Cnn,
    "resnet": ResNet,
    "bilstm": Bilstm,
}
