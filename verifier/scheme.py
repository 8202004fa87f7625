"""What a scheme is, and what reading a suspect gives. Schemes register in `schemes/__init__.py`.

A scheme freezes everything but the message into *evidence* (`prepare`), trains messages into a
model (`embed`), and reads the answers of any suspect (`read`). It never decides: `odds.decide`
does, for all schemes alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol

if TYPE_CHECKING:
    from .architectures import Network
    from .datasets import Dataset

MAX_ALPHABET = 1 << 16
"""A message is read from 16-bit words (SPEC 3, step 3)."""


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
    """A suspect's answer at each symbol, and by how much it is its answer.

    `margins[i]` >= 0 is in the scheme's own unit; one below `epsilon` counts for neither side.
    """

    answers: tuple[int, ...]
    margins: tuple[float, ...]
    epsilon: float


class Scheme(Protocol):
    """One paper, one file; `id` names everything that changes an answer."""

    id: ClassVar[str]

    def prepare(
        self, model: Network, data: Dataset, *, shards: int, secret: bytes
    ) -> tuple[bytes, ...]:
        """Evidence for `shards` independent shards, frozen against the *unmarked* model.

        `secret` is 32 random bytes from which all choices are drawn.

        Raises:
            BadData: the data set cannot carry the scheme's key images.
            CapacityExceeded: the model cannot carry so many.
        """
        ...

    def shape(self, evidence: bytes) -> MessageShape:
        """The message that the evidence asks for.

        Raises:
            BadEvidence: the evidence breaks a rule of the scheme.
        """
        ...

    def embed(self, model: Network, data: Dataset, marks: Sequence[Mark]) -> Network:
        """A marked copy of the unmarked `model`, all marks trained in together.

        Raises:
            BadEvidence: the evidence breaks a rule of the scheme.
            EmbeddingFailed: a mark does not read back.
        """
        ...

    def read(self, model: Network, evidence: bytes) -> Reading:
        """The suspect's answers, by rules that see the evidence and never the message.

        Raises:
            BadEvidence: the evidence breaks a rule of the scheme.
            BadModel: the suspect has not the form that the evidence reads.
        """
        ...
