"""The registry of attacks: a table of removals is a loop over it.

Budgets are those of a patient thief on a small network: ten epochs on all of the data the owner
had, or on a fifth of it, at the rate of the owner's own training or a tenth of it. Where a layer is
trained anew, half as many, as in Lukas et al.; who overwrites spends what the owner spent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

from verifier.architectures import Network
from verifier.finding import Access

from . import loot
from .fine_tuning import MOMENTUM_SGD
from .inputs import DEFENCES
from .symmetries import Kind, permute_neurons

EPOCHS = 10
RATE = 1e-3
SHARE = 0.2
"""Of the data, where the thief has not all of it."""

PRUNED = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
ADDED = 0.2
"""Neurons added to each layer or split, as a share of its width."""

EVERY = frozenset(Access)


@dataclass(frozen=True, slots=True)
class Theft(loot.Loot):
    """Loot under attack, and what attacks on it need not do twice."""

    _done: dict[str, Network] = field(default_factory=dict)

    def make(self, name: str) -> Network:
        """What the attack of this name makes of the model; each is made once."""
        if name not in self._done:
            self._done[name] = ATTACKS[name].run(self)
        return self._done[name]


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


def _registry() -> Iterator[tuple[str, Attack]]:
    yield "none", Attack(family="none", strength=0, run=lambda theft: theft.model)
    for rate, shown in ((RATE / 10, "1e-4"), (RATE, "1e-3")):
        for share, of in ((SHARE, "20 %"), (1, "all")):
            yield (
                f"fine-tuned at {shown}, {of} data",
                Attack(
                    family="fine-tuning",
                    strength=rate * share,
                    needs_data=True,
                    run=partial(loot.tune, rate=rate, epochs=EPOCHS, share=share),
                ),
            )
    for share, of in ((SHARE, "20 %"), (1, "all")):
        run = partial(loot.tune, rate=RATE, epochs=EPOCHS, share=share, optimizer=MOMENTUM_SGD)
        yield (
            f"fine-tuned by SGD at 1e-3, {of} data",
            Attack(family="SGD", strength=share, needs_data=True, special=True, run=run),
        )
    for fresh, name in ((False, "last layer fine-tuned"), (True, "last layer anew")):
        run = partial(loot.tune_head, rate=RATE, epochs=EPOCHS // 2, fresh=fresh)
        yield name, Attack(family="last layer", strength=1 + fresh, needs_data=True, run=run)
    run = partial(loot.tune, rate=RATE, epochs=EPOCHS // 2, fresh=True)
    yield (
        "last layer anew, all fine-tuned",
        Attack(family="last layer", strength=3, needs_data=True, run=run),
    )
    run = partial(loot.tune_framed, rate=RATE, epochs=EPOCHS)
    yield (
        "fine-tuned on random frames",
        Attack(family="frames", strength=1, needs_data=True, special=True, run=run),
    )
    for fraction in PRUNED:
        run = partial(loot.prune, fraction=fraction)
        yield f"pruned by {fraction:.0%}", Attack(family="pruning", strength=fraction, run=run)
    run = partial(loot.fine_prune, fraction=0.5, rate=RATE, epochs=EPOCHS // 2)
    yield (
        "half of the neurons pruned, fine-tuned",
        Attack(family="fine-pruning", strength=0.5, needs_data=True, run=run),
    )
    yield (
        "weights in fp16",
        Attack(family="quantisation", strength=16, run=loot.halve_precision),
    )
    for bits in (8, 4):
        run = partial(loot.quantise, bits=bits)
        yield f"weights in int{bits}", Attack(family="quantisation", strength=bits, run=run)
    for share in (0.1, 0.3):
        run = partial(loot.shake, share=share)
        yield (
            f"weight noise of {share:g} spreads",
            Attack(family="weight noise", strength=share, run=run),
        )
    yield (
        "neurons permuted and rescaled",
        Attack(family="symmetries", strength=0, run=loot.permute),
    )
    tuned = "fine-tuned at 1e-3, all data"
    yield (
        "fine-tuned at 1e-3, then permuted and rescaled",
        Attack(
            family="symmetries",
            strength=0,
            needs_data=True,
            run=lambda theft: permute_neurons(theft.make(tuned), theft.generator),
        ),
    )
    kinds: tuple[Kind, ...] = ("still", "mute", "clique")
    for kind in kinds:
        yield (
            f"20 % of {kind} neurons added, permuted",
            Attack(
                family="symmetries",
                strength=ADDED,
                run=partial(loot.add, share=ADDED, kind=kind),
            ),
        )
    yield (
        "20 % of neurons split, permuted",
        Attack(family="symmetries", strength=ADDED, run=partial(loot.split, share=ADDED)),
    )
    for name, defence in DEFENCES.items():
        yield (
            f"inputs: {name}",
            Attack(
                family="inputs",
                strength=1,
                access=frozenset({Access.ANSWERS}),
                run=partial(loot.defend, defence=defence),
            ),
        )
    yield (
        "overwritten by a second owner",
        Attack(family="overwriting", strength=1, needs_data=True, run=loot.mark_over),
    )
    yield (
        "locked anew by a customer",
        Attack(family="overwriting", strength=1, needs_data=True, special=True, run=loot.lock_anew),
    )
    run = partial(loot.unlearn, epochs=EPOCHS)
    yield (
        "an exposed shard unlearnt",
        Attack(family="overwriting", strength=1, needs_data=True, exposes=1, run=run),
    )
    run = partial(loot.distil, rate=RATE, epochs=EPOCHS)
    yield "distilled", Attack(family="distillation", strength=1, needs_data=True, run=run)
    for share, of in ((SHARE, "20 %"), (1, "all")):
        yield (
            f"from scratch, {of} data",
            Attack(
                family="from scratch",
                strength=share,
                needs_data=True,
                special=True,
                run=partial(loot.start_over, rate=RATE, epochs=EPOCHS, share=share),
            ),
        )


ATTACKS: dict[str, Attack] = dict(_registry())
