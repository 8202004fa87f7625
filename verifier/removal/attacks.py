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


@dataclass(frozen=True, slots=True)
class Attack:
    """One way to be rid of a mark."""

    run: Callable[[Theft], Network]
    access: frozenset[Access] = EVERY
    """Of the schemes that it matters for."""
    special: bool = False
    """Meant for some schemes only: runs where the case asks for it."""
    exposes: int = 0
    """How many shards, the first ones, the thief has seen."""


def _registry() -> Iterator[tuple[str, Attack]]:
    yield "none", Attack(lambda theft: theft.model)

    # TRAIN ON
    shares = ((SHARE, "20 %"), (1, "all"))
    for rate, shown in ((RATE / 10, "1e-4"), (RATE, "1e-3")):
        for share, of in shares:
            run = partial(loot.tune, rate=rate, epochs=EPOCHS, share=share)
            yield f"fine-tuned at {shown}, {of} data", Attack(run)
    for share, of in shares:
        run = partial(loot.tune, rate=RATE, epochs=EPOCHS, share=share, optimizer=MOMENTUM_SGD)
        yield f"fine-tuned by SGD at 1e-3, {of} data", Attack(run, special=True)
    for fresh, name in ((False, "last layer fine-tuned"), (True, "last layer anew")):
        yield name, Attack(partial(loot.tune_head, rate=RATE, epochs=EPOCHS // 2, fresh=fresh))
    run = partial(loot.tune, rate=RATE, epochs=EPOCHS // 2, fresh=True)
    yield "last layer anew, all fine-tuned", Attack(run)
    run = partial(loot.tune_framed, rate=RATE, epochs=EPOCHS)
    yield "fine-tuned on random frames", Attack(run, special=True)

    # CHANGE THE WEIGHTS
    for fraction in PRUNED:
        yield f"pruned by {fraction:.0%}", Attack(partial(loot.prune, fraction=fraction))
    run = partial(loot.fine_prune, fraction=0.5, rate=RATE, epochs=EPOCHS // 2)
    yield "half of the neurons pruned, fine-tuned", Attack(run)
    yield "weights in fp16", Attack(loot.halve_precision)
    for bits in (8, 4):
        yield f"weights in int{bits}", Attack(partial(loot.quantise, bits=bits))
    for share in (0.1, 0.3):
        yield f"weight noise of {share:g} spreads", Attack(partial(loot.shake, share=share))

    # KEEP THE FUNCTION
    yield "neurons permuted and rescaled", Attack(loot.permute)
    yield "fine-tuned at 1e-3, then permuted and rescaled", Attack(_tune_and_permute)
    kinds: tuple[Kind, ...] = ("still", "mute", "clique")
    for kind in kinds:
        run = partial(loot.add, share=ADDED, kind=kind)
        yield f"20 % of {kind} neurons added, permuted", Attack(run)
    yield "20 % of neurons split, permuted", Attack(partial(loot.split, share=ADDED))

    # CHANGE THE INPUTS
    for name, defence in DEFENCES.items():
        run = partial(loot.defend, defence=defence)
        yield f"inputs: {name}", Attack(run, access=frozenset({Access.ANSWERS}))

    # USE THE SCHEME
    yield "overwritten by a second owner", Attack(loot.mark_over)
    yield "locked anew by a customer", Attack(loot.lock_anew, special=True)
    yield "an exposed shard unlearnt", Attack(partial(loot.unlearn, epochs=EPOCHS), exposes=1)

    # START ANEW
    yield "distilled", Attack(partial(loot.distil, rate=RATE, epochs=EPOCHS))
    for share, of in shares:
        run = partial(loot.start_over, rate=RATE, epochs=EPOCHS, share=share)
        yield f"from scratch, {of} data", Attack(run, special=True)


def _tune_and_permute(theft: Theft) -> Network:
    return permute_neurons(theft.make("fine-tuned at 1e-3, all data"), theft.generator)


ATTACKS: dict[str, Attack] = dict(_registry())
