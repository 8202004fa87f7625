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

import copy
import hashlib
import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from verifier.alignment import Signatures, align, signatures
from verifier.architectures import Network, activations
from verifier.datasets import Dataset
from verifier.errors import (
    AccuracyLost,
    BadData,
    BadEvidence,
    BadModel,
    CapacityExceeded,
    MarkUnreadable,
)
from verifier.odds import count_hits, threshold
from verifier.scheme import Mark, MessageShape, Reading
from verifier.training import accuracy, train
from verifier.weights import pack, unpack

BITS = 256
"""A shard's message: 200 hits have odds of 2^-64, so a mark may lose a fifth of its bits."""

MAX_CLASSES = 10
IMAGES_PER_CLASS = 16
NOISE_IMAGES = 256
"""Uniform noise tells neurons apart that images of the data set never drive apart."""

MAX_IMAGE_BYTES = 3 * 256 * 256
"""What a stranger's evidence may make a verifier compute on."""

BITS_PER_NEURON = 0.2
"""In each class mean, all shards together. A margin of 1.5 on so many directions takes 0.45 of the
mean's squared length; what is left does the model's work."""

MARGIN = 1.5
"""In standard deviations of chance. Pruning and fine-tuning take about one of them."""

EPSILON = 1e-3
"""In the same unit. Other kernels, threads and double precision move a score by up to 4e-6."""

EPOCHS = 20
LEARNING_RATE = 1e-3

SELF_TEST_LEVEL = 128
"""Twice the default level: a mark that only just reads back would not outlive a first attack."""

MAX_ACCURACY_LOSS = 0.02
"""On the training data; nobody would ship a model that lost more."""


class DeepSigns:
    """The scheme; it has no state, all of it is in the evidence."""

    id: ClassVar[str] = "deepsigns-v1"

    def prepare(
        self, model: Network, data: Dataset, *, shards: int, secret: bytes
    ) -> tuple[bytes, ...]:
        """See `Scheme.prepare`: key images, projection and the unmarked model's signatures."""
        classes = _carrier_classes(model, data)
        with torch.no_grad():
            width = activations(model.eval(), model.carrier, data.images[:1]).shape[1]
        capacity = int(BITS_PER_NEURON * width * len(classes) / BITS)
        if shards > capacity:
            raise CapacityExceeded(shards, capacity, model.carrier, width)
        salts = (_stream(f"shard {index}", secret, 32) for index in range(shards))
        return tuple(_freeze(model, data, classes, salt).pack() for salt in salts)

    def shape(self, evidence: bytes) -> MessageShape:
        """See `Scheme.shape`: the same for every shard."""
        _Evidence.unpack(evidence)
        return MessageShape(BITS, 2)

    def embed(self, model: Network, data: Dataset, marks: Sequence[Mark]) -> Network:
        """See `Scheme.embed`: cross-entropy, and at each step one mark in turn."""
        marked = copy.deepcopy(model)
        turns = itertools.cycle([_MarkLoss(mark) for mark in marks])
        train(
            marked,
            data,
            epochs=EPOCHS,
            learning_rate=LEARNING_RATE,
            seed=0,
            extra_loss=lambda: len(marks) * next(turns)(marked),
        )
        self._check_marks(marked, marks)
        before, after = accuracy(model, data), accuracy(marked, data)
        if before - after > MAX_ACCURACY_LOSS:
            raise AccuracyLost(before, after)
        return marked

    def read(self, model: Network, evidence: bytes) -> Reading:
        """See `Scheme.read`: the sign of each projection; its size is the margin."""
        frozen = _Evidence.unpack(evidence)
        if model.config.input_shape != frozen.input_shape:
            reason = f"the model takes {model.config.input_shape}, not {frozen.input_shape}"
            raise BadModel("show key images", reason)
        with torch.inference_mode():
            means = _aligned_means(_signatures(model, frozen), frozen)
            scores = _scores(means, frozen.projection().double()).tolist()
        return Reading(
            answers=tuple(int(score > 0) for score in scores),
            margins=tuple(abs(score) for score in scores),
            epsilon=EPSILON,
        )

    def _check_marks(self, marked: Network, marks: Sequence[Mark]) -> None:
        needed = threshold(BITS, 2, SELF_TEST_LEVEL)
        for shard, mark in enumerate(marks):
            hits, _ = count_hits(self.read(marked, mark.evidence), mark.message)
            if hits < needed:
                raise MarkUnreadable(shard, hits, needed)


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

    @property
    def input_shape(self) -> tuple[int, int, int]:
        channels, height, width = self.images.shape[1:]
        return channels, height, width

    def probes(self) -> Tensor:
        """Key images, then noise: float32 in 0..1."""
        shape = (NOISE_IMAGES, *self.input_shape)
        noise = np.frombuffer(_stream("noise", self.salt, int(np.prod(shape))), np.uint8)
        return torch.cat([self.images, torch.tensor(noise).view(shape)]) / 255

    def groups(self) -> Tensor:
        """The class of each probe; the noise is one more class, the last."""
        labels = self.labels.long()
        return torch.cat([labels, (labels.max() + 1).expand(NOISE_IMAGES)])

    def projection(self) -> Tensor:
        """(neurons, bits) of +-1."""
        shape = (self.reference.shape[1], BITS)
        stream = np.frombuffer(_stream("projection", self.salt, int(np.prod(shape)) // 8), np.uint8)
        return torch.tensor(np.unpackbits(stream)).view(shape).float() * 2 - 1

    def pack(self) -> bytes:
        """The bytes that are committed to."""
        tensors = {"images": self.images, "labels": self.labels, "reference": self.reference}
        strings = {"scheme": DeepSigns.id, "layer": self.layer, "salt": self.salt.hex()}
        return pack(tensors, strings)

    @classmethod
    def unpack(cls, evidence: bytes) -> _Evidence:
        """The evidence in these bytes.

        Raises:
            BadEvidence: they are not what `pack` writes.
        """
        tensors, strings = unpack(evidence)
        _require(tensors.keys() == _FORM.keys(), "tensors other than images, labels and reference")
        for name, form in _FORM.items():
            found = (tensors[name].dtype, tensors[name].dim())
            _require(found == form, f"{name} is {found[0]} of rank {found[1]}")
        _require(strings.keys() == {"scheme", "layer", "salt"}, "unknown or missing strings")
        _require(strings["scheme"] == DeepSigns.id, f"scheme {strings['scheme'][:64]!r}")
        _require(re.fullmatch(r"[A-Za-z0-9_.]{1,64}", strings["layer"]), "no name of a layer")
        _require(re.fullmatch(r"[0-9a-f]{64}", strings["salt"]), "a salt that is not 32 bytes")
        images, labels, reference = (tensors[name] for name in _FORM)
        _require(labels.shape == images.shape[:1], "not one label for each image")
        _require(len(reference) == len(images) + NOISE_IMAGES, "not one row for each probe")
        _require(len(images) <= MAX_CLASSES * IMAGES_PER_CLASS, f"{len(images)} key images")
        _require(images[0].numel() <= MAX_IMAGE_BYTES, "larger key images than any data set's")
        sizes = labels.bincount()
        _require(2 <= len(sizes) <= MAX_CLASSES, f"{len(sizes)} carrier classes")
        _require(sizes.min() >= 2, "a class of fewer than two images has no residuals")
        return cls(strings["layer"], bytes.fromhex(strings["salt"]), images, labels, reference)


_FORM = {"images": (torch.uint8, 4), "labels": (torch.uint8, 1), "reference": (torch.float16, 2)}


class _MarkLoss:
    """What a model lacks of carrying a mark, and has lost of being recognisable."""

    def __init__(self, mark: Mark) -> None:
        frozen = _Evidence.unpack(mark.evidence)
        self._layer = frozen.layer
        self._probes, self._groups = frozen.probes(), frozen.groups()
        self._reference, self._projection = frozen.reference.float(), frozen.projection()
        self._signs = torch.tensor(mark.message) * 2 - 1

    def __call__(self, model: Network) -> Tensor:
        found = signatures(activations(model, self._layer, self._probes), self._groups)
        lacking = (MARGIN - self._signs * _scores(found.means, self._projection)).relu().mean()
        drift = 1 - (found.residuals * self._reference).sum(0).mean()
        return lacking + drift


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
    """The suspect's signatures, a few images at a time and in double precision."""
    model.eval()
    parts = torch.split(frozen.probes(), 64)
    values = torch.cat([activations(model, frozen.layer, part) for part in parts]).double()
    # A neuron that overflows on some probe would take all others down with it: it is muted.
    return signatures(torch.where(values.isfinite().all(0), values, 0), frozen.groups())


def _aligned_means(found: Signatures, frozen: _Evidence) -> Tensor:
    """(groups, neurons of the reference): a neuron without partner in the suspect says nothing."""
    of_reference, of_suspect = align(found.residuals, frozen.reference.double())
    means = torch.zeros(len(found.means), frozen.reference.shape[1], dtype=torch.float64)
    means[:, of_reference] = found.means[:, of_suspect]
    return means


def _carrier_classes(model: Network, data: Dataset) -> list[int]:
    if data.input_shape != model.config.input_shape:
        reason = f"the model takes {model.config.input_shape}, the data is {data.input_shape}"
        raise BadData("choose key images", reason)
    sizes = data.labels.bincount()
    classes = [label for label, size in enumerate(sizes) if size >= IMAGES_PER_CLASS][:MAX_CLASSES]
    if len(classes) < 2:
        reason = f"fewer than two classes have {IMAGES_PER_CLASS} images"
        raise BadData("choose key images", reason)
    return classes


def _freeze(model: Network, data: Dataset, classes: Iterable[int], salt: bytes) -> _Evidence:
    """Everything but the message, chosen by `salt` alone."""
    chosen, labels = [], []
    for number, label in enumerate(classes):
        members = (data.labels == label).nonzero().flatten().tolist()
        members.sort(key=lambda member: _stream(f"image {member}", salt, 16))
        chosen += members[:IMAGES_PER_CLASS]
        labels += [number] * IMAGES_PER_CLASS
    images = (data.images[chosen] * 255).round().to(torch.uint8)
    blank = torch.empty(0, 0)
    unread = _Evidence(model.carrier, salt, images, torch.tensor(labels, dtype=torch.uint8), blank)
    with torch.no_grad():
        return replace(unread, reference=_signatures(model, unread).residuals.half())


def _stream(purpose: str, key: bytes, length: int) -> bytes:
    """`length` pseudo-random bytes, one stream for each purpose."""
    return hashlib.shake_256(f"assay/{DeepSigns.id}/{purpose}/".encode() + key).digest(length)


def _require(holds: object, otherwise: str) -> None:
    if not holds:
        raise BadEvidence("read evidence", otherwise)
