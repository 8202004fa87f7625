"""Networks to try things on: an owner's, an innocent's, and what a thief makes of one.

An owner has a model; a newcomer has none. Small networks on small data, trained in seconds on a
CPU. Tensors are imported when they are needed: every command imports this module, few train.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import verifier

if TYPE_CHECKING:
    from verifier.configs import Config
    from verifier.datasets import Dataset

Architecture = Literal["mlp", "cnn", "resnet", "bilstm"]
EPOCHS = 20


def train_model(
    out: Path, *, data: str, seed: int, architecture: Architecture = "cnn", epochs: int = EPOCHS
) -> float:
    """Train a network from scratch and save its package; returns its accuracy on the test part.

    Raises:
        BadData: the data set cannot be read.
    """
    from verifier.architectures import build
    from verifier.training import accuracy, train

    configure_torch()
    training, test = verifier.load_dataset(data)
    model = build(_config(architecture, training), seed=seed)
    train(model, training, epochs=epochs, learning_rate=1e-3, seed=seed)
    verifier.save_package(model, out)
    return accuracy(model, test)


def attack_model(
    stolen: Path,
    out: Path,
    *,
    data: str,
    epochs: int = 5,
    rate: float = 1e-3,
    pruned: float = 0.5,
    seed: int = 7,
) -> float:
    """Fine-tune, prune and permute a copy of `stolen`; returns its accuracy on the test part.

    Raises:
        BadModel: `stolen` is not a package.
        BadData: the data set cannot be read.
    """
    import torch

    from verifier.removal import fine_tune, permute_neurons, prune
    from verifier.training import accuracy

    configure_torch()
    training, test = verifier.load_dataset(data)
    model = verifier.load_package(stolen)
    model = fine_tune(model, training, learning_rate=rate, epochs=epochs, seed=seed)
    model = prune(model, pruned)
    model = permute_neurons(model, torch.Generator().manual_seed(seed))
    verifier.save_package(model, out)
    return accuracy(model, test)


def configure_torch() -> None:
    """Train on half of the cores: the nodes of a devnet need the rest, small kernels no more."""
    from verifier.determinism import configure

    configure(threads=max(1, (os.cpu_count() or 1) // 2))


def _config(architecture: Architecture, data: Dataset) -> Config:
    from verifier.configs import BilstmConfig, CnnConfig, MlpConfig, ResNetConfig

    classes = data.classes
    match architecture, data.input_shape:
        case "bilstm", (length,):
            words = int(data.inputs.max()) + 1
            return BilstmConfig(
                input_shape=(length,), classes=classes, vocabulary=words,
                embedding=64, width=64, hidden=256,
            )  # fmt: skip
        case "mlp", (channels, height, width):
            image = (channels, height, width)
            return MlpConfig(input_shape=image, classes=classes, hidden=(512, 512))
        case "cnn", (channels, height, width):
            image = (channels, height, width)
            return CnnConfig(input_shape=image, classes=classes, channels=(32, 64), hidden=512)
        case "resnet", (channels, height, width):
            image = (channels, height, width)
            return ResNetConfig(input_shape=image, classes=classes, width=32, blocks=(2, 2, 2))
    takes = "sentences: choose another" if architecture == "bilstm" else "images: choose bilstm"
    raise verifier.BadData(f"train a {architecture}", f"it takes {takes}")
