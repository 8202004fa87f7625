"""The registry of attacks: a table of removals is a loop over it.

Budgets are those of a patient thief on a small network: ten epochs on all of the data the owner
had, or on a fifth of it, at the rate of the owner's own training or a tenth of it. Where a layer is
trained anew, half as many, as in Lukas et al.; who overwrites spends what the owner spent.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

import torch
from torch import Tensor

from verifier.architectures import Network
from verifier.datasets import Dataset
from verifier.errors import BadData
from verifier.finding import Access
from verifier.scheme import Scheme
from verifier.schemes.dsn import Dsn
from verifier.serial_attacks import relock

from . import symmetries
from .distillation import distil, train_from_scratch
from .fine_tuning import fine_prune, fine_tune, fine_tune_head, framed
from .inputs import DEFENCES, Defence, defend
from .overwrite import overwrite, spoil
from .weights import add_noise, halve_precision, prune, quantise

EPOCHS = 10
RATE = 1e-3
SHARE = 0.2
"""Of the data, where the thief has not all of it."""

PRUNED = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
ADDED = 0.2
"""Neurons added to each layer or split, as a share of its width."""

EVERY = frozenset(Access)


@dataclass(frozen=True, slots=True)
class Theft:
    """What a thief has, and what attacks on the same loot need not do twice."""

    model: Network
    data: Dataset
    scheme: Scheme
    evidence: tuple[bytes, ...]
    """The owner's shards; only what a dispute exposes may be used, see `Attack.exposes`."""
    seed: int
    licensed: Callable[[Tensor], Tensor] = lambda inputs: inputs
    _done: dict[str, Network] = field(default_factory=dict)

    def make(self, name: str) -> Network:
        """What the attack of this name makes of the model; each is made once."""
        if name not in self._done:
            self._done[name] = ATTACKS[name].run(self)
        return self._done[name]

    @property
    def part(self) -> Dataset:
        """A fifth of the data."""
        return self.data.split(SHARE, seed=self.seed)[1]

    @property
    def generator(self) -> torch.Generator:
        """A fresh one for each attack, so that attacks do not depend on each other."""
        return torch.Generator().manual_seed(self.seed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """One way to be rid of a mark; `strength` orders a `family`, 0 is none."""

    family: str
    strength: float
    run: Callable[[Theft], Network]
    needs_data: bool = False
    access: frozenset[Access] = EVERY
    """Of the schemes that it matters for."""
    special: bool = False
    """Meant for some schemes only: runs where the case asks for it."""
    exposes: int = 0
    """How many shards, the first ones, the thief has seen."""


def _tune(theft: Theft, *, rate: float, fresh: bool = False, all_data: bool = True) -> Network:
    return fine_tune(
        theft.model,
        theft.data if all_data else theft.part,
        learning_rate=rate,
        epochs=EPOCHS // 2 if fresh else EPOCHS,
        seed=theft.seed,
        fresh_head=fresh,
    )


def _tune_head(theft: Theft, *, rate: float, fresh: bool) -> Network:
    return fine_tune_head(
        theft.model,
        theft.data,
        learning_rate=rate,
        epochs=EPOCHS // 2,
        seed=theft.seed,
        fresh_head=fresh,
    )


def _tune_framed(theft: Theft) -> Network:
    noisy = framed(theft.data, seed=theft.seed)
    return fine_tune(theft.model, noisy, learning_rate=RATE, epochs=EPOCHS, seed=theft.seed)


def _fine_prune(theft: Theft) -> Network:
    return fine_prune(
        theft.model,
        theft.data,
        fraction=0.5,
        learning_rate=RATE,
        epochs=EPOCHS // 2,
        seed=theft.seed,
    )


def _prune(theft: Theft, *, fraction: float) -> Network:
    return prune(theft.model, fraction)


def _quantise(theft: Theft, *, bits: int) -> Network:
    return quantise(theft.model, bits)


def _shake(theft: Theft, *, share: float) -> Network:
    return add_noise(theft.model, share, seed=theft.seed)


def _permute(theft: Theft, *, after: str | None = None) -> Network:
    model = theft.model if after is None else theft.make(after)
    return symmetries.permute_neurons(model, theft.generator)


def _add(theft: Theft, *, kind: symmetries.Kind) -> Network:
    grown = symmetries.add_neurons(theft.model, ADDED, theft.generator, kind=kind)
    return symmetries.permute_neurons(grown, theft.generator)


def _split(theft: Theft) -> Network:
    grown = symmetries.split_neurons(theft.model, ADDED, theft.generator)
    return symmetries.permute_neurons(grown, theft.generator)


def _defend(theft: Theft, *, defence: Defence) -> Network:
    return defend(theft.model, defence)


def _distil(theft: Theft) -> Network:
    return distil(
        theft.model,
        theft.data,
        learning_rate=RATE,
        epochs=EPOCHS,
        seed=theft.seed,
        licensed=theft.licensed,
    )


def _from_scratch(theft: Theft, *, all_data: bool) -> Network:
    data = theft.data if all_data else theft.part
    return train_from_scratch(theft.model, data, learning_rate=RATE, epochs=EPOCHS, seed=theft.seed)


def _overwrite(theft: Theft) -> Network:
    return overwrite(theft.model, theft.data, theft.scheme, seed=theft.seed)


def _relock(theft: Theft) -> Network:
    if not isinstance(theft.scheme, Dsn):
        raise BadData("lock a model anew", f"{theft.scheme.id} locks none")
    secret = hashlib.sha256(f"thief {theft.seed}".encode()).digest()
    return relock(theft.scheme, theft.model, theft.data, theft.licensed, secret=secret)


def _spoil(theft: Theft) -> Network:
    return spoil(
        theft.model,
        theft.data,
        theft.scheme,
        theft.evidence[0],
        epochs=EPOCHS,
        seed=theft.seed,
    )


def _registry() -> Iterator[tuple[str, Attack]]:
    yield "none", Attack(family="none", strength=0, run=lambda theft: theft.model)
    for rate, shown in ((RATE / 10, "1e-4"), (RATE, "1e-3")):
        for all_data in (False, True):
            yield (
                f"fine-tuned at {shown}, {'all' if all_data else '20 %'} data",
                Attack(
                    family="fine-tuning",
                    strength=rate * (1 if all_data else SHARE),
                    needs_data=True,
                    run=partial(_tune, rate=rate, all_data=all_data),
                ),
            )
    for fresh, name in ((False, "last layer fine-tuned"), (True, "last layer anew")):
        run = partial(_tune_head, rate=RATE, fresh=fresh)
        yield name, Attack(family="last layer", strength=1 + fresh, needs_data=True, run=run)
    run = partial(_tune, rate=RATE, fresh=True)
    yield (
        "last layer anew, all fine-tuned",
        Attack(family="last layer", strength=3, needs_data=True, run=run),
    )
    yield (
        "fine-tuned on random frames",
        Attack(family="frames", strength=1, needs_data=True, special=True, run=_tune_framed),
    )
    for fraction in PRUNED:
        run = partial(_prune, fraction=fraction)
        yield f"pruned by {fraction:.0%}", Attack(family="pruning", strength=fraction, run=run)
    yield (
        "half of the neurons pruned, fine-tuned",
        Attack(family="fine-pruning", strength=0.5, needs_data=True, run=_fine_prune),
    )
    yield (
        "weights in fp16",
        Attack(family="quantisation", strength=16, run=lambda theft: halve_precision(theft.model)),
    )
    for bits in (8, 4):
        run = partial(_quantise, bits=bits)
        yield f"weights in int{bits}", Attack(family="quantisation", strength=bits, run=run)
    for share in (0.1, 0.3):
        run = partial(_shake, share=share)
        yield (
            f"weight noise of {share:g} spreads",
            Attack(family="weight noise", strength=share, run=run),
        )
    yield (
        "neurons permuted and rescaled",
        Attack(family="symmetries", strength=0, run=_permute),
    )
    tuned = "fine-tuned at 1e-3, all data"
    yield (
        "fine-tuned at 1e-3, then permuted and rescaled",
        Attack(
            family="symmetries", strength=0, needs_data=True, run=partial(_permute, after=tuned)
        ),
    )
    kinds: tuple[symmetries.Kind, ...] = ("still", "mute", "clique")
    for kind in kinds:
        yield (
            f"20 % of {kind} neurons added, permuted",
            Attack(family="symmetries", strength=ADDED, run=partial(_add, kind=kind)),
        )
    yield (
        "20 % of neurons split, permuted",
        Attack(family="symmetries", strength=ADDED, run=_split),
    )
    for name, defence in DEFENCES.items():
        yield (
            f"inputs: {name}",
            Attack(
                family="inputs",
                strength=1,
                access=frozenset({Access.ANSWERS}),
                run=partial(_defend, defence=defence),
            ),
        )
    yield (
        "overwritten by a second owner",
        Attack(family="overwriting", strength=1, needs_data=True, run=_overwrite),
    )
    yield (
        "locked anew by a customer",
        Attack(family="overwriting", strength=1, needs_data=True, special=True, run=_relock),
    )
    yield (
        "an exposed shard unlearnt",
        Attack(family="overwriting", strength=1, needs_data=True, exposes=1, run=_spoil),
    )
    yield "distilled", Attack(family="distillation", strength=1, needs_data=True, run=_distil)
    for all_data in (False, True):
        yield (
            f"from scratch, {'all' if all_data else '20 %'} data",
            Attack(
                family="from scratch",
                strength=1 if all_data else SHARE,
                needs_data=True,
                special=True,
                run=partial(_from_scratch, all_data=all_data),
            ),
        )


ATTACKS: dict[str, Attack] = dict(_registry())
