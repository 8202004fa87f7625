"""DSN's tables 1 to 3 and 6 and its figure 2: the lock as published, and ours under attack.

The published lock is measured as the paper does: accuracy with the serial and without, with wrong
serials on the same pixels, and after pruning. Ours is asked what the removal suite, which looks for
the mark, does not ask: what the model is worth to a thief without a licence.

- He climbs from bit to bit, on the pixels of a true licence: more than he would know.
- He undoes the stamp by gradients, on the whole image (table 6).
- He trains on with a fifth of the data, or from scratch with the same fifth (table 2). That the
  second serves him as well is the paper's whole defence.

But: pruning here takes a share of each layer, not of the whole network; and where an image's corner
holds more than four bits, the wrong serials are some of those that there are, not all.
"""

from __future__ import annotations

import copy
import hashlib
from dataclasses import replace
from statistics import mean

import torch
from torch import Tensor

from verifier.architectures import Network
from verifier.bench.cases import Case
from verifier.bench.data import Split
from verifier.bench.runs import RATE, embed, owner, trained
from verifier.datasets import Dataset
from verifier.errors import BadData
from verifier.paper.dsn import Lock, corner
from verifier.removal import fine_tune, prune, train_from_scratch
from verifier.removal.attacks import EPOCHS, SHARE
from verifier.schemes.dsn import Dsn, licence
from verifier.serial_attacks import hill_climb, invert_mask
from verifier.serials import stamp
from verifier.training import accuracy, train

PAPER_EPOCHS = 10
"""Of the student; the paper names no number. As many as its teacher has on MNIST."""

WRONG = 15
"""Serials, as in figure 2: with four bits there are no more."""

PRUNED = 0.2
"""Table 3, last column."""

EVALUATIONS = 512
"""Four for each bit: as many have found all of a serial of twenty bits."""

CLIMBED_IMAGES = 200
"""On which the climb looks how high it is."""

STEPS = 300
RESTARTS = 3
"""Of the inversion: the paper's runs differ by 25 points."""


def reproduce(case: Case, data: Split, seed: int) -> dict[str, float]:
    """Accuracies on the test images: of the published lock, then of ours as a thief has it.

    Raises:
        BadData: the data cannot carry the scheme.
        EmbeddingFailed: there is no mark of ours, or no model.
    """
    published, sound = _published(case, data, seed), _sound(case, data, seed)
    return {f"published: {name}": share for name, share in published.items()} | {
        f"sound: {name}": share for name, share in sound.items()
    }


def _published(case: Case, data: Split, seed: int) -> dict[str, float]:
    """Tables 1 and 3, figure 2."""
    teacher = trained(case, data, seed)
    serial = corner(*data.test.input_shape[1:])
    student, lock = copy.deepcopy(teacher), Lock(teacher, serial)
    images = case.scheme.training_data(data.owner, ())
    train(student, images, epochs=PAPER_EPOCHS, learning_rate=RATE, seed=seed, objective=lock)
    wrong = [_with(student, data.test, other) for other in _wrong_serials(serial, seed)]
    pruned = prune(student, PRUNED)
    return {
        "teacher": accuracy(teacher, data.test),
        "with the serial": _with(student, data.test, serial),
        "without": accuracy(student, data.test),
        f"{WRONG} wrong serials, mean": mean(wrong),
        f"{WRONG} wrong serials, most": max(wrong),
        f"pruned by {PRUNED:.0%}, with the serial": _with(pruned, data.test, serial),
        f"pruned by {PRUNED:.0%}, without": accuracy(pruned, data.test),
    }


def _wrong_serials(serial: Tensor, seed: int) -> list[Tensor]:
    """Other bits on the same pixels, each set of them once; the right one's are all ones."""
    pixels = serial >= 0
    bits = int(pixels.sum())
    generator = torch.Generator().manual_seed(seed)
    numbers = torch.randperm(2**bits - 1, generator=generator)[:WRONG]
    wrong = []
    for number in numbers.tolist():
        other = serial.clone()
        other[pixels] = torch.tensor([float(number >> bit & 1) for bit in range(bits)])
        wrong.append(other)
    return wrong


def _sound(case: Case, data: Split, seed: int) -> dict[str, float]:
    """A student of ours with one customer, and what a thief makes of it."""
    if not isinstance(case.scheme, Dsn):
        raise BadData("lock a model", f"{case.scheme.id} locks none")
    customer = hashlib.sha256(f"customer {seed}".encode()).digest()
    case = replace(case, scheme=replace(case.scheme, customers=(customer,)))
    student = embed(case, data, owner(case, data, seed))
    serial = licence(customer, *data.test.input_shape[1:])

    thief = data.thief.split(SHARE, seed=seed + 1)[1]
    few = thief.part(torch.arange(min(len(thief), CLIMBED_IMAGES)))
    climbed, _ = hill_climb(student, few, serial, evaluations=EVALUATIONS, seed=seed)
    inverted = [_inverted(student, thief, data.test, number) for number in range(RESTARTS)]
    tuned = fine_tune(student, thief, learning_rate=RATE, epochs=EPOCHS, seed=seed + 1)
    alone = train_from_scratch(student, thief, learning_rate=RATE, epochs=EPOCHS, seed=seed + 1)
    return {
        "with a licence": _with(student, data.test, serial),
        "without": accuracy(student, data.test),
        f"hill climbing, {EVALUATIONS} evaluations": _with(student, data.test, climbed),
        "mask inversion, mean": mean(inverted),
        "mask inversion, most": max(inverted),
        f"fine-tuned on {SHARE:.0%} of the data": accuracy(tuned, data.test),
        f"from scratch on {SHARE:.0%} of the data": accuracy(alone, data.test),
    }


def _inverted(student: Network, thief: Dataset, test: Dataset, seed: int) -> float:
    """How well the student serves a thief who covers images as gradients tell him."""
    cover = invert_mask(student, thief, steps=STEPS, seed=seed)
    return accuracy(student, Dataset(cover(test.inputs).clamp(0, 1), test.labels))


def _with(model: Network, data: Dataset, serial: Tensor) -> float:
    return accuracy(model, Dataset(stamp(data.inputs, serial), data.labels))
