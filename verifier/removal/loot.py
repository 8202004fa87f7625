"""What a thief holds, and what each of his attacks makes of it.

The attacks themselves take weights, data, seeds and rates, each its own. Here every one takes the
loot, and beside it only what is tried in several ways or costs the thief something; `attacks.py`
says which ways, and how much he spends.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from verifier.architectures import Network
from verifier.datasets import Dataset
from verifier.errors import BadData
from verifier.scheme import Scheme
from verifier.schemes.dsn import Dsn
from verifier.serial_attacks import relock

from . import distillation, fine_tuning, inputs, symmetries, weights
from .overwrite import overwrite, spoil


@dataclass(frozen=True, slots=True)
class Loot:
    """The stolen model, and what the thief has to work on it."""

    model: Network
    data: Dataset
    scheme: Scheme
    evidence: tuple[bytes, ...]
    """The owner's shards; only what a dispute exposes may be used, see `Attack.exposes`."""
    seed: int
    licensed: Callable[[Tensor], Tensor] = lambda images: images

    def some(self, share: float) -> Dataset:
        """This share of the data."""
        return self.data if share == 1 else self.data.split(share, seed=self.seed)[1]

    @property
    def generator(self) -> torch.Generator:
        """A fresh one for each attack, so that attacks do not depend on each other."""
        return torch.Generator().manual_seed(self.seed)


def tune(
    loot: Loot,
    *,
    rate: float,
    epochs: int,
    share: float = 1,
    fresh: bool = False,
    optimizer: Callable[..., torch.optim.Optimizer] = torch.optim.Adam,
) -> Network:
    """All layers trained on; with `fresh` the last one anew."""
    return fine_tuning.fine_tune(
        loot.model,
        loot.some(share),
        learning_rate=rate,
        epochs=epochs,
        seed=loot.seed,
        fresh_head=fresh,
        optimizer=optimizer,
    )


def tune_head(loot: Loot, *, rate: float, epochs: int, fresh: bool) -> Network:
    """The last layer alone trained on, or anew."""
    return fine_tuning.fine_tune_head(
        loot.model,
        loot.data,
        learning_rate=rate,
        epochs=epochs,
        seed=loot.seed,
        fresh_head=fresh,
    )


def tune_framed(loot: Loot, *, rate: float, epochs: int) -> Network:
    """Trained on with random frames round the images."""
    noisy = fine_tuning.framed(loot.data, seed=loot.seed)
    return fine_tuning.fine_tune(
        loot.model, noisy, learning_rate=rate, epochs=epochs, seed=loot.seed
    )


def fine_prune(loot: Loot, *, fraction: float, rate: float, epochs: int) -> Network:
    """The neurons that the data drives least silenced, then trained on."""
    return fine_tuning.fine_prune(
        loot.model,
        loot.data,
        fraction=fraction,
        learning_rate=rate,
        epochs=epochs,
        seed=loot.seed,
    )


def prune(loot: Loot, *, fraction: float) -> Network:
    """The smallest weights set to zero."""
    return weights.prune(loot.model, fraction)


def halve_precision(loot: Loot) -> Network:
    """Weights in float16."""
    return weights.halve_precision(loot.model)


def quantise(loot: Loot, *, bits: int) -> Network:
    """Weights in integers."""
    return weights.quantise(loot.model, bits)


def shake(loot: Loot, *, share: float) -> Network:
    """Noise on the weights, a share of their spread."""
    return weights.add_noise(loot.model, share, seed=loot.seed)


def permute(loot: Loot) -> Network:
    """Neurons reordered and rescaled."""
    return symmetries.permute_neurons(loot.model, loot.generator)


def add(loot: Loot, *, share: float, kind: symmetries.Kind) -> Network:
    """Neurons without effect hidden among the others."""
    grown = symmetries.add_neurons(loot.model, share, loot.generator, kind=kind)
    return symmetries.permute_neurons(grown, loot.generator)


def split(loot: Loot, *, share: float) -> Network:
    """Neurons shared out among several, and those hidden among the others."""
    grown = symmetries.split_neurons(loot.model, share, loot.generator)
    return symmetries.permute_neurons(grown, loot.generator)


def defend(loot: Loot, *, defence: inputs.Defence) -> Network:
    """Inputs changed a little before the model sees them."""
    return inputs.defend(loot.model, defence)


def mark_over(loot: Loot) -> Network:
    """A mark of the thief's own trained in."""
    return overwrite(loot.model, loot.data, loot.scheme, seed=loot.seed)


def lock_anew(loot: Loot) -> Network:
    """Locked to serials of the thief's own, by means of a customer's.

    Raises:
        BadData: the scheme locks no models.
    """
    if not isinstance(loot.scheme, Dsn):
        raise BadData("lock a model anew", f"{loot.scheme.id} locks none")
    secret = hashlib.sha256(f"thief {loot.seed}".encode()).digest()
    return relock(loot.scheme, loot.model, loot.data, loot.licensed, secret=secret)


def unlearn(loot: Loot, *, epochs: int) -> Network:
    """The first shard, which the thief has seen, trained away."""
    return spoil(
        loot.model,
        loot.data,
        loot.scheme,
        loot.evidence[0],
        epochs=epochs,
        seed=loot.seed,
    )


def distil(loot: Loot, *, rate: float, epochs: int) -> Network:
    """A new network that learnt the model's answers."""
    return distillation.distil(
        loot.model,
        loot.data,
        learning_rate=rate,
        epochs=epochs,
        seed=loot.seed,
        licensed=loot.licensed,
    )


def start_over(loot: Loot, *, rate: float, epochs: int, share: float) -> Network:
    """A new network that learnt the labels: what the thief could have without stealing."""
    return distillation.train_from_scratch(
        loot.model, loot.some(share), learning_rate=rate, epochs=epochs, seed=loot.seed
    )
