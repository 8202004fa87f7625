"""DSN, white-box: a model that works with a serial number only (Tang et al., arXiv 2011.08960).

A private teacher is distilled into a student that answers only images stamped with a valid serial;
on all others its answers are uniform. The paper names no test of ownership and concedes that
fine-tuning removes the lock. Here 32 slots hold 16 candidate serials each, and the message picks of
every slot the one that becomes valid. What is read is not the lock but what it leaves behind: how
far a candidate moves the mean features of one layer. Changes against the paper:

- The candidates, all of them, are frozen before the message is drawn.
- Invalid images get uniform targets. The paper's gradient ascent on an adversarial head (equation
  5) is unbounded and destroys both branches, and a bounded one bought nothing when measured.
- Most invalid images are stamped: with the candidates that were not picked, with valid serials that
  miss some bits, with random ones. With raw ones alone the student ignores the stamp.
- Serials lie on the frame, on secret pixels, half of them ones.
- Owner's serials are never sold. Customers have serials of their own, so no dispute publishes one.

But: a network trained from scratch on the student's answers carries no mark. And the lock is weak:
gradients find a pattern that opens it (`serial_attacks.invert_mask`), and training on opens it as
well. The mark does not depend on it.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from verifier.activations import activations
from verifier.architectures import Network
from verifier.datasets import Dataset
from verifier.errors import BadData, CapacityExceeded
from verifier.evidence import (
    open_evidence,
    require,
    stream,
    stream_order,
    to_bytes,
    validate_images,
    validate_input,
)
from verifier.finding import Access
from verifier.scheme import Mark, MessageShape, Objective, Reading, Scheme
from verifier.serials import draw_serials, frame, near_misses, stamp, strangers
from verifier.slots import CANDIDATES, SLOTS, distances, response, scores
from verifier.weights import pack

ID = "dsn-v1"

IMAGES = 8
"""That every candidate is stamped on: 4096 forward passes to read a shard. Four times as many told
the candidates apart no better."""

LEAST_BITS = 24
"""Of a serial; on fewer pixels the candidates are too much alike."""

NEURONS_PER_SHARD = 64
"""Of the carrier layer."""

ELSEWHERE = 64
"""Other sets of pixels, on which no serial is valid: half of the random ones lie there."""

STAMPS = 10_000
"""Images in an epoch, at least: what a lock takes is stamps, of however few images."""

FORM = {"images": (torch.uint8, 4)}


@dataclass(frozen=True, kw_only=True)
class Dsn(Scheme):
    """The scheme.

    `customers` are 32 random bytes for each who buys the model: `licence` makes a serial of them,
    which the model takes as it takes the owner's own.

    Of the invalid images `unpicked`, `missed` and `random` parts carry a candidate that the message
    did not pick, a valid serial with some bits flipped, and a random one; the rest are raw. The
    paper (results) feeds other patterns too and does not say how many.
    """

    id: ClassVar[str] = ID
    access: ClassVar[Access] = Access.WEIGHTS

    customers: tuple[bytes, ...] = ()
    unpicked: float = 0.25
    missed: float = 0.3
    random: float = 0.3
    epochs: int = 16
    learning_rate: float = 1e-3

    def __post_init__(self) -> None:
        if any(len(key) != 32 for key in self.customers):
            raise ValueError("choose customers: a key that is not 32 bytes")
        parts = (self.unpicked, self.missed, self.random)
        if min(parts) < 0 or sum(parts) > 1:
            raise ValueError(f"choose invalid images: {parts} are not parts of a whole")

    def prepare(
        self, model: Network, data: Dataset, *, shards: int, secret: bytes
    ) -> tuple[bytes, ...]:
        """See `Scheme.prepare`: images to stamp, and the salt of which the serials are drawn."""
        _check_data(model, data)
        with torch.no_grad():
            width = activations(model.eval(), model.carrier, data.inputs[:1]).shape[1]
        capacity = max(1, width // NEURONS_PER_SHARD)
        if shards > capacity:
            raise CapacityExceeded(shards, capacity, model.carrier, width)
        salts = (stream(ID, f"shard {index}", secret, 32) for index in range(shards))
        return tuple(_freeze(model, data, salt).pack() for salt in salts)

    def shape(self, evidence: bytes) -> MessageShape:
        """See `Scheme.shape`: the same for every shard."""
        _Evidence.unpack(evidence)
        return MessageShape(SLOTS, CANDIDATES)

    def objective(self, model: Network, marks: Sequence[Mark]) -> Objective:
        """See `Scheme.objective`: the whole loss, for a copy of the `model` that it distils."""
        return _Objective(self, model, marks)

    def training_data(self, data: Dataset, marks: Sequence[Mark]) -> Dataset:
        """See `Scheme.training_data`: the data, as often as gives an epoch its stamps."""
        times = -(-STAMPS // len(data))
        return data.part(torch.arange(len(data)).repeat(times))

    def licensed(self, images: Tensor, marks: Sequence[Mark]) -> Tensor:
        """See `Scheme.licensed`: the first customer's serial, or without any the first picked."""
        if self.customers:
            return stamp(images, licence(self.customers[0], *images.shape[2:]))
        return stamp(images, _pick(marks[0])[0][0])

    def read(self, model: Network, evidence: bytes) -> Reading:
        """See `Scheme.read`: how far each candidate moves the features, in steps of a logarithm."""
        frozen = _Evidence.unpack(evidence)
        validate_input(model, tuple(frozen.images.shape[1:]))
        serials = frozen.serials()
        with torch.inference_mode():
            features = response(model, frozen.layer, frozen.images / 255, serials)
            return Reading.of_scores(scores(distances(features, serials)))


def licence(customer: bytes, height: int, width: int) -> Tensor:
    """(height, width): the serial of a customer's key, for `serials.stamp`."""
    return draw_serials(ID, customer, 1, height, width)[0]


@dataclass(frozen=True, slots=True)
class _Evidence:
    """One shard's carriers and extractor."""

    layer: str
    salt: bytes
    """32 bytes, of which the candidate serials are drawn."""
    images: Tensor
    """(n, c, h, w) bytes: what the candidates are stamped on."""

    def serials(self) -> Tensor:
        """(slots * candidates, h, w)."""
        return draw_serials(ID, self.salt, SLOTS * CANDIDATES, *self.images.shape[2:])

    def pack(self) -> bytes:
        """The bytes that are committed to."""
        strings = {"scheme": ID, "layer": self.layer, "salt": self.salt.hex()}
        return pack({"images": self.images}, strings)

    @classmethod
    def unpack(cls, evidence: bytes) -> _Evidence:
        """The evidence in these bytes.

        Raises:
            BadEvidence: they are not what `pack` writes.
        """
        tensors, strings = open_evidence(evidence, ID, FORM, frozenset({"layer", "salt"}))
        images = tensors["images"]
        require(len(images) == IMAGES, f"{len(images)} images to stamp")
        bits = len(frame(*images.shape[2:]))
        require(bits >= LEAST_BITS, f"images with a frame of {bits} pixels")
        validate_images(images)
        return cls(strings["layer"], bytes.fromhex(strings["salt"]), images)


class _Objective(Objective):
    """Teach the teacher's answers on images with a valid serial, and none on all others."""

    complete = True

    def __init__(self, scheme: Dsn, teacher: Network, marks: Sequence[Mark]) -> None:
        super().__init__()
        # In a list, so that nobody who trains `parameters()` trains the teacher.
        self._teacher = [copy.deepcopy(teacher).eval().requires_grad_(False)]
        picked, unpicked = zip(*(_pick(mark) for mark in marks), strict=True)
        size = picked[0].shape[1:]
        sold = [licence(customer, *size)[None] for customer in scheme.customers]
        self._valid, self._unpicked = torch.cat([*picked, *sold]), torch.cat(unpicked)
        keys = (stream(ID, f"elsewhere {number}", b"", 32) for number in range(ELSEWHERE))
        self._elsewhere = torch.stack([licence(key, *size) for key in keys])
        self._parts = (scheme.unpicked, scheme.missed, scheme.random)
        self._generator = torch.Generator().manual_seed(0)

    def forward(self, model: Network, images: Tensor, labels: Tensor) -> Tensor:
        valid = stamp(images, self._some(self._valid, len(images)))
        with torch.no_grad():
            wanted = self._teacher[0](images).softmax(1)
        answers = model(torch.cat([valid, self._invalid(images)])).log_softmax(1)
        taught, locked = torch.split(answers, len(images))
        distilled = nn.functional.kl_div(taught, wanted, reduction="batchmean")
        uniform = torch.full_like(locked, 1 / locked.shape[1])
        return distilled + nn.functional.kl_div(locked, uniform, reduction="batchmean")

    def _invalid(self, images: Tensor) -> Tensor:
        """The images raw or with a serial that is not valid."""
        unpicked, missed, drawn = (round(part * len(images)) for part in self._parts)
        pixels = [self._some(self._valid, drawn // 2), self._some(self._elsewhere, -(-drawn // 2))]
        serials = torch.cat(
            [
                self._some(self._unpicked, unpicked),
                near_misses(self._some(self._valid, missed), self._generator),
                strangers(torch.cat(pixels), self._generator),
            ]
        )[: len(images)]
        return torch.cat([stamp(images[: len(serials)], serials), images[len(serials) :]])

    def _some(self, serials: Tensor, count: int) -> Tensor:
        return serials[torch.randint(len(serials), (count,), generator=self._generator)]


def _pick(mark: Mark) -> tuple[Tensor, Tensor]:
    """The candidates that the message picks, one a slot, and all others."""
    serials = _Evidence.unpack(mark.evidence).serials()
    picked = torch.zeros(SLOTS, CANDIDATES, dtype=torch.bool)
    picked[torch.arange(SLOTS), torch.tensor(mark.message)] = True
    return serials[picked.flatten()], serials[~picked.flatten()]


def _check_data(model: Network, data: Dataset) -> None:
    data.validate_images(model.config.input_shape, "choose images to stamp")
    if len(data) < IMAGES:
        raise BadData("choose images to stamp", f"{len(data)} images are fewer than {IMAGES}")
    bits = len(frame(*data.input_shape[1:]))
    if bits < LEAST_BITS:
        reason = f"a frame of {bits} pixels holds no serial of {LEAST_BITS} bits"
        raise BadData("choose images to stamp", reason)


def _freeze(model: Network, data: Dataset, salt: bytes) -> _Evidence:
    """Everything but the message, chosen by `salt` alone."""
    chosen = stream_order(ID, "images", salt, len(data))[:IMAGES]
    return _Evidence(model.carrier, salt, to_bytes(data.inputs[chosen]))
