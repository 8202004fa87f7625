"""PMI, pooled membership inference: a mark in what was learned (Wu, arXiv 2209.04113).

The owner freezes pools of twin data sets; each symbol of the message says which twin of a pool the
model is trained on. No weight is ever touched: a model trained on what the message chose *is* the
marked model, so the mark costs no more than a few images left out. It is read from the answers: a
model is surer of images that it has seen, by too little to tell from one, but not from hundreds.

After the paper's abstract (its text was not to be had), and beyond it:

- The message chooses the twins after the pools are frozen; the paper's owner names the members.
- The twins are the images that models learn by heart: found by training references on random
  halves, before the message is drawn, so that this choice is free. An image that every model gets
  right, seen or not, tells nothing.
- What the references expect of each image, half-way between seen and unseen, is frozen as well and
  taken off: a hard image is not a missing one. On digits this doubles the bits of evidence.
- Logits are measured by their own spread: sharpening or flattening a suspect changes nothing.

But: it shows a descent from the owner's choice of data. A party that was given the chosen images,
and trained on them, matches too; and distillation on other images wears the mark away.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from verifier.answers import ask
from verifier.architectures import Network, build
from verifier.configs import Config
from verifier.datasets import Dataset
from verifier.errors import BadModel
from verifier.evidence import open_evidence, stream_order, validate_input
from verifier.finding import Access
from verifier.odds import law_of
from verifier.scheme import Mark, MessageShape, Objective, Reading, Scheme, Table
from verifier.training import train
from verifier.twins import POOLS, TWINS, Pools, as_bytes, leave_out, pair_up, twin_size
from verifier.weights import pack

ID = "pmi-v1"

SHARPNESS = 2.0
"""Margins beyond the spread of the logits say nothing more, on either side."""

STEPS = 100
"""Of a score, for each unit: fine enough for two decimals, coarse enough to be counted at once."""

FIRST_WEIGHTS = 0
"""The seed of the weights from which the model and all its references start: what these weights
make of an image is then part of what is expected. On digits that gives ten bits of evidence."""

NOISE = 3e-6
"""Of a logit's size: other kernels, threads and double precision move a lead by a fifth of it."""

FORM = {
    "images": (torch.uint8, 4),
    "labels": (torch.int64, 3),
    "expected": (torch.float16, 3),
}


@dataclass(frozen=True, kw_only=True)
class Pmi(Scheme):
    """The scheme. The paper's numbers are not known; all of these are ours.

    `epochs` and `learning_rate` train the model and its references alike: until the training
    images are known by heart, which is the mark; the rate suits small dense networks. `references`
    are pairs of models, each trained on one half of the data; they take `references` times the
    training of the model. Larger data needs fewer: two, for 10,000 images.
    """

    id: ClassVar[str] = ID
    access: ClassVar[Access] = Access.ANSWERS

    epochs: int = 60
    learning_rate: float = 6e-3
    references: int = 8

    def prepare(
        self, model: Network, data: Dataset, *, shards: int, secret: bytes
    ) -> tuple[bytes, ...]:
        """See `Scheme.prepare`: of the model only its architecture matters."""
        data = as_bytes(data, model.config)
        size = twin_size(len(data), shards)
        seen, unseen = self._reference_scores(model.config, data, secret)
        twins = pair_up(seen - unseen, data.labels, shards * POOLS * size)
        order = stream_order(ID, "pools", secret, len(twins))
        chosen = twins[order].view(shards, POOLS, size, TWINS).transpose(2, 3)
        expected = (seen + unseen) / 2
        return tuple(_pack(Pools.freeze(data, expected, pools)) for pools in chosen)

    def shape(self, evidence: bytes) -> MessageShape:
        """See `Scheme.shape`: one symbol for each pool."""
        return MessageShape(len(_open(evidence).labels), TWINS)

    def start(self, model: Network) -> Network:
        """A new network: the unmarked one may have learned all twins by heart."""
        return build(model.config, seed=FIRST_WEIGHTS)

    def training_data(self, data: Dataset, marks: Sequence[Mark]) -> Dataset:
        """The data without the twins that the messages leave out.

        Raises:
            BadData: it is not the data from which the evidence was prepared.
            BadEvidence: the evidence breaks a rule of the scheme.
        """
        return leave_out(data, ((_open(mark.evidence), mark.message) for mark in marks))

    def objective(self, model: Network, marks: Sequence[Mark]) -> Objective | None:
        """None: the weights are those of an ordinary training on `training_data`."""
        return None

    def read(self, model: Network, evidence: bytes) -> Reading:
        """See `Scheme.read`: how much surer of each twin the suspect is than was expected."""
        pools = _open(evidence)
        margins, noise = _margins(model, pools)
        return _reading(pools, _scores(margins), SHARPNESS * noise)

    def _reference_scores(
        self, config: Config, data: Dataset, secret: bytes
    ) -> tuple[Tensor, Tensor]:
        """(images,) twice: the mean score where an image was trained on, and where it was not."""
        seen, unseen = torch.zeros(2, len(data), dtype=torch.float64)
        for number in range(self.references):
            order = stream_order(ID, f"reference {number}", secret, len(data))
            middle = len(data) // 2
            halves = order[:middle], order[middle:]
            for half, other in itertools.permutations(halves):
                reference = build(config, seed=FIRST_WEIGHTS)
                train(
                    reference,
                    data.part(half),
                    epochs=self.epochs,
                    learning_rate=self.learning_rate,
                    seed=0,
                )
                margins, _ = _own_margins(ask(reference, data.inputs), data.labels)
                scores = _scores(margins) / self.references
                seen[half] += scores[half]
                unseen[other] += scores[other]
        return seen, unseen


def read_labels(model: Network, evidence: bytes) -> Reading:
    """`Pmi.read` for a suspect that tells its labels only: right or wrong is all that counts.

    But: where a device's noise may turn a label, the pool says nothing.

    Raises:
        BadEvidence: the evidence breaks a rule of the scheme.
        BadModel: the suspect has not the form that the evidence reads.
    """
    pools = _open(evidence)
    margins, noise = _margins(model, pools)
    return _reading(pools, torch.where(margins.abs() > noise, margins.sign(), torch.nan), 0.0)


def _pack(pools: Pools) -> bytes:
    """The bytes that are committed to."""
    tensors = {"images": pools.images, "labels": pools.labels, "expected": pools.expected}
    return pack({name: it.contiguous() for name, it in tensors.items()}, {"scheme": ID})


def _open(evidence: bytes) -> Pools:
    """The pools in these bytes.

    Raises:
        BadEvidence: they are not what `_pack` writes.
    """
    tensors, _ = open_evidence(evidence, ID, FORM, frozenset())
    pools = Pools(**tensors)
    pools.validate()
    return pools


def _reading(pools: Pools, scores: Tensor, noise: float) -> Reading:
    """The table of scores (pools, twins, size); a pool with one that is NaN says nothing.

    Where the `noise` of devices may round a score otherwise, each score of its pool may be one
    less or one more. So no more than the doubtful rows tell two devices' tables apart, and none
    of them more than its doubt: they never contradict each other.
    """
    # Within -1..1, which the honest hardly leave: or the law might be too wide to be counted.
    exact = (scores - pools.expected.double()).clamp(-1, 1).mean(2) * STEPS
    says = exact.isfinite().all(1, keepdim=True)
    unsure = 0.5 - noise * STEPS
    exact = torch.where(says & (unsure > 0), exact, 0)  # noise that is wider than a step hides
    table = exact.round()
    doubtful = says & ((exact - table).abs() > unsure).any(1, keepdim=True)
    low, high = _table(table - 1.0 * doubtful), _table(table + 1.0 * doubtful)
    return Reading(low, high, law_of(_table(table)))


def _table(scores: Tensor) -> Table:
    return tuple(tuple(int(score) for score in row) for row in scores.tolist())


def _scores(margins: Tensor) -> Tensor:
    return torch.tanh(SHARPNESS * margins)


def _margins(model: Network, pools: Pools) -> tuple[Tensor, float]:
    """(pools, twins, size) margins of the images' own labels, and their noise."""
    validate_input(model, pools.images.shape[1:])
    if pools.labels.max() >= model.config.classes:
        reason = f"the model knows {model.config.classes} classes, not class {pools.labels.max()}"
        raise BadModel("show twins", reason)
    logits = ask(model, pools.images / 255)
    margins, noise = _own_margins(logits, pools.labels.flatten())
    return margins.view(pools.labels.shape), noise


def _own_margins(logits: Tensor, labels: Tensor) -> tuple[Tensor, float]:
    """(images,): by how much each label's logit leads, in spreads of the model's own logits.

    NaN for an image whose logits are not finite, and for all if they do not differ. Beside them how
    far devices may differ in them.
    """
    finite = logits.isfinite().all(1)
    sound = logits[finite]
    spread = sound.std(1).median() if len(sound) else torch.zeros(())
    if not spread:
        return torch.full((len(logits),), torch.nan, dtype=torch.float64), 0.0
    noise = float(NOISE * sound.abs().amax(1).median() / spread)
    own = logits.gather(1, labels[:, None])[:, 0]
    other = logits.scatter(1, labels[:, None], -torch.inf).amax(1)
    return torch.where(finite, (own - other) / spread, torch.nan), noise
