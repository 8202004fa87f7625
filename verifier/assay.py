"""The three acts, alike for all schemes: freeze evidence, embed messages, test a suspect."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from pathlib import Path

from .architectures import Network
from .datasets import Dataset
from .errors import AccuracyLost, MarkUnreadable
from .finding import DEFAULT_LEVEL, Finding, validate_level
from .message import expand_message
from .odds import threshold
from .package import load_package
from .scheme import Mark, Scheme
from .schemes import find_scheme
from .training import accuracy, train

MAX_ACCURACY_LOSS = 0.03
"""On the training data; nobody would ship a model that lost more."""

SPARE = 1.25
"""A mark that only just reaches its level when it is fresh would not outlive a first attack."""


def prepare(
    scheme_id: str, model: Network, data: Dataset, *, shards: int, secret: bytes | None = None
) -> tuple[bytes, ...]:
    """Evidence for `shards` shards, to be committed to before any message is drawn.

    `model` is the unmarked model; it is needed again to embed. `secret` is 32 random bytes, drawn
    here unless a result is to be reproduced.

    Raises:
        BadData: the data set cannot carry the scheme's key images.
        CapacityExceeded: the model cannot carry so many shards.
        UnknownScheme: there is no such scheme.
    """
    scheme, secret = find_scheme(scheme_id), secret or secrets.token_bytes(32)
    return scheme.prepare(model, data.distinct(), shards=shards, secret=secret)


def embed(
    scheme_id: str,
    model: Network,
    data: Dataset,
    evidence: Sequence[bytes],
    message_keys: Sequence[bytes],
    *,
    level: int = DEFAULT_LEVEL,
    progress: Callable[[int, float], None] | None = None,
) -> Network:
    """A marked copy of the unmarked `model`, with the message of each key at its evidence.

    The convenience: `Scheme.objective` is the same for a training loop of one's own. `level` is the
    claim's: the marks must clear it by `SPARE`. `progress` hears each epoch and its last loss.

    Raises:
        BadEvidence: a piece of evidence breaks a rule of the scheme.
        EmbeddingFailed: the result should not be published.
        UnknownScheme: there is no such scheme.
    """
    scheme = find_scheme(scheme_id)
    marks = draw_marks(scheme, evidence, message_keys)
    return embed_marks(scheme, model, data, marks, level=level, progress=progress)


def draw_marks(
    scheme: Scheme, evidence: Sequence[bytes], message_keys: Sequence[bytes]
) -> tuple[Mark, ...]:
    """Each piece of evidence with the message of its key.

    Raises:
        BadEvidence: a piece of evidence breaks a rule of the scheme.
    """
    return tuple(
        Mark(piece, expand_message(key, scheme.shape(piece)))
        for piece, key in zip(evidence, message_keys, strict=True)
    )


def embed_marks(
    scheme: Scheme,
    model: Network,
    data: Dataset,
    marks: Sequence[Mark],
    *,
    level: int = DEFAULT_LEVEL,
    progress: Callable[[int, float], None] | None = None,
) -> Network:
    """`embed`, for a scheme with parameters of one's own.

    Raises:
        BadEvidence: a piece of evidence breaks a rule of the scheme.
        EmbeddingFailed: the result should not be published.
    """
    # TRAIN
    marked = scheme.start(model)
    train(
        marked,
        scheme.training_data(data, marks),
        epochs=scheme.epochs,
        learning_rate=scheme.learning_rate,
        seed=0,
        objective=scheme.objective(model, marks),
        progress=progress,
    )

    # READ BACK
    for shard, mark in enumerate(marks):
        reading = scheme.read(marked, mark.evidence)
        found, _ = reading.statistic(mark.message)
        needed = threshold(reading.law, round(SPARE * level))
        if found < needed:
            raise MarkUnreadable(shard, found, needed)

    # COMPARE
    before = accuracy(model, data)
    licensed = Dataset(scheme.licensed(data.inputs, marks), data.labels)
    after = accuracy(marked, licensed)
    if before - after > MAX_ACCURACY_LOSS:
        raise AccuracyLost(before, after)
    return marked


def verify(
    scheme_id: str, suspect: Network | Path, evidence: bytes, message_key: bytes, *, level: int
) -> Finding:
    """What the `suspect`, a model or the directory of its package, shows of one shard.

    Raises:
        BadEvidence: the evidence breaks a rule of the scheme, or cannot reach the level.
        BadModel: the suspect cannot be read.
        UnknownScheme: there is no such scheme.
    """
    # SELECT
    scheme = find_scheme(scheme_id)
    shape = scheme.shape(evidence)
    validate_level(shape.count, shape.alphabet, level)

    # READ: the message is not drawn yet, and no reading can depend on it.
    model = load_package(suspect) if isinstance(suspect, Path) else suspect
    reading = scheme.read(model, evidence)

    # COUNT
    low, high = reading.statistic(expand_message(message_key, shape))

    # DECIDE
    return Finding(scheme_id, scheme.access, low, high, reading.law, level)
