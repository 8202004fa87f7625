"""What a scheme is, and what reading a suspect gives. Schemes register in `schemes/__init__.py`.

A scheme freezes everything but the message into *evidence* (`prepare`), gives the loss that trains
messages into a model (`objective`), and reads the scores of any suspect (`read`). It never decides:
`odds.decide` does, for all schemes alike. Fields of a scheme are what an owner may choose while
embedding; what changes a reading is fixed by the `id` or written into the evidence.
"""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, TypeAlias

from torch import Tensor, nn

from .finding import MAX_ALPHABET, Access
from .odds import Law, hits_law, law_of

if TYPE_CHECKING:
    from .architectures import Network
    from .datasets import Dataset

Table: TypeAlias = tuple[tuple[int, ...], ...]
"""(symbols, alphabet) integer scores."""


@dataclass(frozen=True, slots=True)
class MessageShape:
    """How long a message the evidence carries: `count` symbols, each in 0..`alphabet`-1."""

    count: int
    alphabet: int

    def __post_init__(self) -> None:
        if self.count < 1 or not 2 <= self.alphabet <= MAX_ALPHABET:
            raise ValueError(f"shape message: {self.count} symbols of {self.alphabet} values")


@dataclass(frozen=True, slots=True)
class Mark:
    """One shard as the verifier sees it: the frozen evidence and the message drawn after it."""

    evidence: bytes
    message: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """A suspect's scores for every value of every symbol, and by how much devices may differ."""

    low: Table
    high: Table
    law: Law
    answers: tuple[int, ...] = ()
    margins: tuple[float, ...] = ()
    """In bands, so that 1 is sure. What `low` and `high` were made from where a reading is of
    answers: the noise of devices is measured by it, nothing is decided."""

    @classmethod
    def of_answers(
        cls, answers: Sequence[int], margins: Sequence[float], *, epsilon: float, alphabet: int
    ) -> Reading:
        """One answer per symbol. One whose margin is below `epsilon`, or NaN, might be any other.

        An answer of -1 is none, and misses whatever the message. Two honest devices never
        contradict each other if epsilon is at least twice their noise.
        """
        low, high = [], []
        for answer, margin in zip(answers, margins, strict=True):
            sure = margin >= epsilon
            low.append(tuple(int(sure and value == answer) for value in range(alphabet)))
            high.append(tuple(int(not sure or value == answer) for value in range(alphabet)))
        law, bands = hits_law(len(answers), alphabet), (margin / epsilon for margin in margins)
        return cls(tuple(low), tuple(high), law, tuple(answers), tuple(bands))

    @classmethod
    def of_signs(cls, scores: Sequence[float], *, epsilon: float) -> Reading:
        """One bit per symbol: the sign of a score whose size is the margin."""
        answers, margins = [int(score > 0) for score in scores], [abs(score) for score in scores]
        return cls.of_answers(answers, margins, epsilon=epsilon, alphabet=2)

    @classmethod
    def of_scores(cls, scores: Tensor) -> Reading:
        """(symbols, alphabet) integers; on another device each may be one more or one less.

        So a scheme rounds to steps wider than the noise of devices. A row of equal scores says
        nothing on any device, and adds no doubt either.
        """
        table = tuple(tuple(int(score) for score in row) for row in scores.tolist())
        low = tuple(_shifted(row, -1) for row in table)
        high = tuple(_shifted(row, 1) for row in table)
        return cls(low, high, law_of(table))

    def statistic(self, message: Sequence[int]) -> tuple[int, int]:
        """The least and the most that an honest device may find for this message (SPEC 3.2)."""
        low, high = (
            sum(row[symbol] for row, symbol in zip(table, message, strict=True))
            for table in (self.low, self.high)
        )
        return low, high


class Objective(nn.Module, ABC):
    """What a model lacks of carrying its marks, as a loss for anybody's own training loop.

        loss = cross_entropy(model(images), labels) + objective(model, images, labels)

    Deterministic: called in the same order with the same batches, it gives the same losses.
    """

    complete: ClassVar[bool] = False
    """Whether this is the whole loss: then the model is not to learn the plain labels as well."""

    @abstractmethod
    def forward(self, model: Network, images: Tensor, labels: Tensor) -> Tensor:
        """The loss for one batch: images (n, c, h, w) in 0..1, labels (n,)."""


class Scheme(ABC):
    """One paper, one file; `id` names everything that changes an answer."""

    id: ClassVar[str]
    access: ClassVar[Access]

    epochs: int = 20
    learning_rate: float = 1e-3

    @abstractmethod
    def prepare(
        self, model: Network, data: Dataset, *, shards: int, secret: bytes
    ) -> tuple[bytes, ...]:
        """Evidence for `shards` independent shards, frozen against the *unmarked* model.

        `secret` is 32 random bytes from which all choices are drawn.

        Raises:
            BadData: the data set cannot carry the scheme's key images.
            CapacityExceeded: the model cannot carry so many.
        """

    @abstractmethod
    def shape(self, evidence: bytes) -> MessageShape:
        """The message that the evidence asks for.

        Raises:
            BadEvidence: the evidence breaks a rule of the scheme.
        """

    @abstractmethod
    def objective(self, model: Network, marks: Sequence[Mark]) -> Objective | None:
        """The loss that trains all marks into a copy of the unmarked `model`.

        None where the training data alone carries them in.

        Raises:
            BadEvidence: the evidence breaks a rule of the scheme.
        """

    @abstractmethod
    def read(self, model: Network, evidence: bytes) -> Reading:
        """The suspect's scores, by rules that see the evidence and never the message.

        Raises:
            BadEvidence: the evidence breaks a rule of the scheme.
            BadModel: the suspect has not the form that the evidence reads.
        """

    def start(self, model: Network) -> Network:
        """The network whose training carries the marks in: unless overridden, a copy."""
        return copy.deepcopy(model)

    def training_data(self, data: Dataset, marks: Sequence[Mark]) -> Dataset:
        """What to train on: unless overridden, the owner's data as it is."""
        return data

    def licensed(self, images: Tensor, marks: Sequence[Mark]) -> Tensor:
        """The images as those feed them who may use the model: unless overridden, as they are."""
        return images


def _shifted(row: tuple[int, ...], by: int) -> tuple[int, ...]:
    return row if len(set(row)) == 1 else tuple(score + by for score in row)
