"""MTLSign: a second, secret task on the shared features (Li and Wang, arXiv 2103.10021).

The layer's features of 256 keyed patterns are sorted in two by a linear head: each side is a bit.
After the paper, with these changes:

- The head is a random +-1 direction of a stream, frozen with patterns, layer and alignment before
  the message is drawn. The paper's head is trained, and a trained head sorts any model's features
  as its owner likes: the mark is in the head (`verifier.forgery.mtlsign`).
- Features are centred over the patterns and brought to one length, and bits are trained in by a
  hinge on the projection (standard normal by chance), not by cross-entropy.
- Neurons are aligned to the unmarked model by natural inputs and noise, never by the patterns, and
  a term of the loss keeps them recognisable.

But: distillation and retraining remove the mark, as they do all white-box marks; and who has seen a
shard can unlearn it, so an owner holds several.
"""

from __future__ import annotations

import copy
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from verifier.activations import activations
from verifier.alignment import signatures
from verifier.architectures import Network
from verifier.datasets import Dataset
from verifier.errors import BadData, CapacityExceeded
from verifier.evidence import stream
from verifier.finding import Access
from verifier.scheme import Mark, MessageShape, Objective, Reading, Scheme
from verifier.secret_task import BITS, KINDS, NATURAL, PROBES, SecretTask, groups

ID = "mtlsign-v1"

BITS_PER_NEURON = 2.0
"""All shards together. Four, and eight on MNIST, still survive all that one survives by itself; but
who unlearns an exposed one then takes the others along."""

FAINT = 1e-3
"""A neuron whose spread over the patterns is this small a part of its size says nothing, and a
pattern hardly anything whose features are this near to the patterns' mean: noise of devices would
speak for them."""

EPSILON = 1e-3
"""In standard deviations of chance. Double precision moves a score by up to 1.3e-5."""

TUNING_STEPS = 5
TUNING_RATE = 1e-3
"""The thief that `R_DA` imagines: as many batches as in the release, at the rate of training."""


@dataclass(frozen=True, kw_only=True)
class MtlSign(Scheme):
    """The scheme.

    `margin`: how far on its side each pattern's features are to lie, in standard deviations of
    chance; the square root of the layer's width would be all the way. The paper has cross-entropy.
    `func_weight`: R_func, the squared distance of the weights from the unmarked model's. The
    release takes 0.1 for MNIST, 0.3 for Fashion-MNIST. Here 0.01 costs nothing and saves a few
    bits from a second mark, and at 0.1 fine-tuning takes a tenth of the bits, not a hundredth: off.
    `adapt_weight`: R_DA, the loss of the mark in a copy that was tuned for a few steps on the batch
    at hand. The release trains its head on such copies; here there is no head to train. At 1
    fine-tuning takes one bit less and heavy pruning many more, for twice the time: off by default.
    """

    id: ClassVar[str] = ID
    access: ClassVar[Access] = Access.WEIGHTS

    margin: float = 6.0
    func_weight: float = 0.0
    adapt_weight: float = 0.0
    epochs: int = 20
    learning_rate: float = 1e-3

    def prepare(
        self, model: Network, data: Dataset, *, shards: int, secret: bytes
    ) -> tuple[bytes, ...]:
        """See `Scheme.prepare`: patterns, direction and the unmarked model's signatures."""
        data.validate_shape(model.config.input_shape, "choose probes")
        if len(data) < NATURAL:
            raise BadData("choose probes", f"{len(data)} inputs where {NATURAL} are needed")
        with torch.no_grad():
            width = activations(model.eval(), model.carrier, data.inputs[:1]).shape[1]
        capacity = int(BITS_PER_NEURON * width / BITS)
        if shards > capacity:
            raise CapacityExceeded(shards, capacity, model.carrier, width)
        salts = (stream(ID, f"shard {index}", secret, 32) for index in range(shards))
        return tuple(SecretTask.freeze(ID, model, data, salt).pack() for salt in salts)

    def shape(self, evidence: bytes) -> MessageShape:
        """See `Scheme.shape`: the same for every shard."""
        SecretTask.unpack(ID, evidence)
        return MessageShape(BITS, 2)

    def objective(self, model: Network, marks: Sequence[Mark]) -> Objective:
        """See `Scheme.objective`: at each step one mark in turn."""
        return _Objective(self, model, marks)

    def read(self, model: Network, evidence: bytes) -> Reading:
        """See `Scheme.read`: the side of the direction on which a pattern's features lie."""
        task = SecretTask.unpack(ID, evidence)
        with torch.inference_mode():
            found = scores(task.features(model), task.direction().double())
        return Reading.of_signs(found.tolist(), epsilon=EPSILON)


class _Objective(Objective):
    """One mark at each step, in turn; so each counts for all of them. Then the regularisers."""

    def __init__(self, scheme: MtlSign, model: Network, marks: Sequence[Mark]) -> None:
        super().__init__()
        self._scheme = scheme
        self._losses = nn.ModuleList(_MarkLoss(mark, scheme.margin) for mark in marks)
        self._turns = itertools.cycle(self._losses)
        self._unmarked = copy.deepcopy(model).requires_grad_(False)

    def forward(self, model: Network, inputs: Tensor, labels: Tensor) -> Tensor:
        mark = next(self._turns)
        loss: Tensor = mark(model)
        if self._scheme.adapt_weight:
            loss = loss + self._scheme.adapt_weight * _tuned_loss(model, mark, inputs, labels)
        loss = len(self._losses) * loss
        if self._scheme.func_weight:
            loss = loss + self._scheme.func_weight * _distance(model, self._unmarked)
        return loss


class _MarkLoss(nn.Module):
    """What a model lacks of carrying a mark, and has lost of being recognisable."""

    def __init__(self, mark: Mark, margin: float) -> None:
        super().__init__()
        task = SecretTask.unpack(ID, mark.evidence)
        self._layer, self._margin = task.layer, margin
        self._inputs, self._groups = task.inputs(), groups()
        self._reference, self._direction = task.reference.float(), task.direction()
        self._signs = torch.tensor(mark.message) * 2 - 1

    def forward(self, model: Network) -> Tensor:
        found = signatures(activations(model, self._layer, self._inputs), self._groups)
        own = self._signs * scores(found.means[KINDS:], self._direction)
        drift = 1 - (found.residuals[:PROBES] * self._reference).sum(0).mean()
        loss: Tensor = (self._margin - own).relu().mean() + drift
        return loss


def _tuned_loss(model: Network, mark: nn.Module, inputs: Tensor, labels: Tensor) -> Tensor:
    """R_DA: the loss of a copy that a thief has tuned for a few steps.

    Its slopes are handed to the model as they are, because the steps themselves have none.
    """
    tuned = copy.deepcopy(model)
    optimizer = torch.optim.Adam(tuned.parameters(), lr=TUNING_RATE)
    for _ in range(TUNING_STEPS):
        optimizer.zero_grad()
        nn.functional.cross_entropy(tuned(inputs), labels).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    loss: Tensor = mark(tuned)
    slopes = torch.autograd.grad(loss, list(tuned.parameters()), materialize_grads=True)
    terms = [
        (slope * (value - value.detach())).sum()
        for slope, value in zip(slopes, model.parameters(), strict=True)
    ]
    return loss.detach() + torch.stack(terms).sum()


def _distance(model: Network, unmarked: Network) -> Tensor:
    """R_func: the squared distance of all weights but the task's own head's."""
    terms = [
        (now - before).square().sum()
        for (name, now), before in zip(model.named_parameters(), unmarked.parameters(), strict=True)
        if not name.startswith("head.")
    ]
    return torch.stack(terms).sum()


def scores(features: Tensor, direction: Tensor) -> Tensor:
    """(bits,): where along the direction each pattern's features lie; standard normal by chance.

    Each neuron counts in units of its own spread over the patterns: one that a thief makes to jump
    at codes, and at nothing else, would otherwise speak for all.
    """
    centred = features - features.mean(0)
    spread = centred.square().mean(0).sqrt()
    moves = spread > FAINT * features.abs().amax(0)
    even = centred * torch.where(moves, 1 / torch.where(moves, spread, 1), 0)
    lengths: Tensor = even.norm(dim=1)
    return (even @ direction) / lengths.clamp_min(FAINT * math.sqrt(len(direction)))
