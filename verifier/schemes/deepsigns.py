"""DeepSigns, white-box: bits in the class means of one layer (Rouhani et al., arXiv 1804.00750).

The layer's mean pre-activation over a class's key images, a vector over neurons, is projected on
random +-1 directions; the sign of each projection is a bit. After the paper, with these changes:

- Carriers, projection, layer and alignment are frozen before the message is drawn; the paper's
  owner picks them freely and can fit them to any model.
- The bits are trained into the class means as they are, by a hinge on the normalised projection
  (standard normal by chance). The paper's trained centres and cross-entropy leave margins that the
  first fine-tuning wears away.
- Neurons are aligned to the unmarked model, and a term of the loss keeps them recognisable.

But: distillation and retraining remove the mark, as they do all white-box marks.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import torch
from torch import Tensor

from verifier.activations import activations, measure
from verifier.alignment import Signatures, align, signatures
from verifier.architectures import Network
from verifier.datasets import Dataset
from verifier.errors import BadData, CapacityExceeded
from verifier.evidence import (
    open_evidence,
    require,
    stream,
    stream_bytes,
    stream_order,
    stream_signs,
    to_bytes,
    validate_images,
    validate_input,
)
from verifier.finding import Access
from verifier.scheme import Mark, MessageShape, Objective, Reading, Scheme
from verifier.weights import pack

ID = "deepsigns-v1"

BITS = 256
"""A shard's message: 200 hits have odds of 2^-64, so a mark may lose a fifth of its bits."""

MAX_CLASSES = 10
IMAGES_PER_CLASS = 16
NOISE_IMAGES = 256
"""Uniform noise tells neurons apart that images of the data set never drive apart."""

BITS_PER_NEURON = 0.2
"""In each class mean, all shards together. A margin of 1.5 on so many directions takes 0.45 of the
mean's squared length; what is left does the model's work."""

EPSILON = 1e-3
"""In standard deviations of chance. Other kernels, threads and double precision move a score by up
to 4e-6."""

FORM = {"images": (torch.uint8, 4), "labels": (torch.uint8, 1), "reference": (torch.float16, 2)}


@dataclass(frozen=True, kw_only=True)
class DeepSigns(Scheme):
    """The scheme; `margin` is in standard deviations of chance.

    Pruning and fine-tuning take about one of them. The paper (section 4.1) trains a sigmoid of
    free centres instead, and weighs it by 0.01.
    """

    id: ClassVar[str] = ID
    access: ClassVar[Access] = Access.WEIGHTS

    margin: float = 1.5
    epochs: int = 20
    learning_rate: float = 1e-3

    def prepare(
        self, model: Network, data: Dataset, *, shards: int, secret: bytes
    ) -> tuple[bytes, ...]:
        """See `Scheme.prepare`: key images, projection and the unmarked model's signatures."""
        classes = _carrier_classes(model, data)
        with torch.no_grad():
            width = activations(model.eval(), model.carrier, data.inputs[:1]).shape[1]
        capacity = int(BITS_PER_NEURON * width * len(classes) / BITS)
        if shards > capacity:
            raise CapacityExceeded(shards, capacity, model.carrier, width)
        salts = (stream(ID, f"shard {index}", secret, 32) for index in range(shards))
        return tuple(_freeze(model, data, classes, salt).pack() for salt in salts)

    def shape(self, evidence: bytes) -> MessageShape:
        """See `Scheme.shape`: the same for every shard."""
        _Evidence.unpack(evidence)
        return MessageShape(BITS, 2)

    def objective(self, model: Network, marks: Sequence[Mark]) -> Objective:
        """See `Scheme.objective`: at each step one mark in turn."""
        return _Objective([_MarkLoss(mark, self.margin) for mark in marks])

    def read(self, model: Network, evidence: bytes) -> Reading:
        """See `Scheme.read`: the sign of each projection; its size is the margin."""
        frozen = _Evidence.unpack(evidence)
        validate_input(model, frozen.images.shape[1:])
        with torch.inference_mode():
            found, reference = _signatures(model, frozen), frozen.reference.double()
            odd = model.is_odd(frozen.layer)
            means = align(found.means, found.residuals, reference, odd=odd)
            scores = _scores(means, frozen.projection().double())
        return Reading.of_signs(scores.tolist(), epsilon=EPSILON)


@dataclass(frozen=True, slots=True)
class _Evidence:
    """One shard's carriers and extractor."""

    layer: str
    salt: bytes
    """32 bytes; the noise images and the projection are streams of it."""
    images: Tensor
    """(n, c, h, w) bytes: the key images."""
    labels: Tensor
    """(n,) bytes 0..s-1: which of the s carrier classes each shows."""
    reference: Tensor
    """(n + noise, neurons) float16: the residuals of the unmarked model's signatures."""

    def probes(self) -> Tensor:
        """Key images, then noise: float32 in 0..1."""
        noise = stream_bytes(ID, "noise", self.salt, NOISE_IMAGES, *self.images.shape[1:])
        return torch.cat([self.images, noise]) / 255

    def groups(self) -> Tensor:
        """The class of each probe; the noise is one more class, the last."""
        labels = self.labels.long()
        return torch.cat([labels, (labels.max() + 1).expand(NOISE_IMAGES)])

    def projection(self) -> Tensor:
        """(neurons, bits) of +-1."""
        return stream_signs(ID, "projection", self.salt, self.reference.shape[1], BITS)

    def pack(self) -> bytes:
        """The bytes that are committed to."""
        tensors = {"images": self.images, "labels": self.labels, "reference": self.reference}
        return pack(tensors, {"scheme": ID, "layer": self.layer, "salt": self.salt.hex()})

    @classmethod
    def unpack(cls, evidence: bytes) -> _Evidence:
        """The evidence in these bytes.

        Raises:
            BadEvidence: they are not what `pack` writes.
        """
        tensors, strings = open_evidence(evidence, ID, FORM, frozenset({"layer", "salt"}))
        images, labels, reference = (tensors[name] for name in FORM)
        require(labels.shape == images.shape[:1], "not one label for each image")
        require(len(reference) == len(images) + NOISE_IMAGES, "not one row for each probe")
        require(len(images) <= MAX_CLASSES * IMAGES_PER_CLASS, f"{len(images)} key images")
        validate_images(images)
        sizes = labels.bincount()
        require(2 <= len(sizes) <= MAX_CLASSES, f"{len(sizes)} carrier classes")
        require(sizes.min() >= 2, "a class of fewer than two images has no residuals")
        return cls(strings["layer"], bytes.fromhex(strings["salt"]), images, labels, reference)


class _Objective(Objective):
    """One mark at each step, in turn; so each counts for all of them."""

    def __init__(self, losses: Sequence[_MarkLoss]) -> None:
        super().__init__()
        self._count, self._turns = len(losses), itertools.cycle(losses)

    def forward(self, model: Network, images: Tensor, labels: Tensor) -> Tensor:
        return self._count * next(self._turns)(model)


class _MarkLoss:
    """What a model lacks of carrying a mark, and has lost of being recognisable."""

    def __init__(self, mark: Mark, margin: float) -> None:
        frozen = _Evidence.unpack(mark.evidence)
        self._layer, self._margin = frozen.layer, margin
        self._probes, self._groups = frozen.probes(), frozen.groups()
        self._reference, self._projection = frozen.reference.float(), frozen.projection()
        self._signs = torch.tensor(mark.message) * 2 - 1

    def __call__(self, model: Network) -> Tensor:
        found = signatures(activations(model, self._layer, self._probes), self._groups)
        lacking = (self._margin - self._signs * _scores(found.means, self._projection)).relu()
        drift = 1 - (found.residuals * self._reference).sum(0).mean()
        return lacking.mean() + drift


def _scores(means: Tensor, projection: Tensor) -> Tensor:
    """(bits,): bit i is the projection i of class i mod s; standard normal by chance.

    Takes the means of the classes and, last, of the noise, which carries nothing.
    """
    classes = means[:-1] - means[:-1].mean(0)
    lengths = classes.norm(dim=1, keepdim=True).clamp_min(torch.finfo(means.dtype).tiny)
    bits = torch.arange(BITS)
    terms: Tensor = (classes / lengths)[bits % len(classes)] * projection.T
    return terms.sum(1)


def _signatures(model: Network, frozen: _Evidence) -> Signatures:
    return signatures(measure(model, frozen.layer, frozen.probes()), frozen.groups())


def _carrier_classes(model: Network, data: Dataset) -> list[int]:
    data.validate_images(model.config.input_shape, "choose key images")
    sizes = data.labels.bincount()
    classes = [label for label, size in enumerate(sizes) if size >= IMAGES_PER_CLASS][:MAX_CLASSES]
    if len(classes) < 2:
        reason = f"fewer than two classes have {IMAGES_PER_CLASS} images"
        raise BadData("choose key images", reason)
    return classes


def _freeze(model: Network, data: Dataset, classes: Iterable[int], salt: bytes) -> _Evidence:
    """Everything but the message, chosen by `salt` alone."""
    order = stream_order(ID, "images", salt, len(data))
    chosen = [order[data.labels[order] == label][:IMAGES_PER_CLASS] for label in classes]
    labels = torch.arange(len(chosen)).repeat_interleave(IMAGES_PER_CLASS).to(torch.uint8)
    images = to_bytes(data.inputs[torch.cat(chosen)])
    unread = _Evidence(model.carrier, salt, images, labels, torch.empty(0, 0))
    with torch.no_grad():
        return replace(unread, reference=_signatures(model, unread).residuals.half())
