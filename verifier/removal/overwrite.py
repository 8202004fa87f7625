"""A thief who knows the scheme: a mark of his own over the owner's, or an exposed one unlearnt."""

from __future__ import annotations

import hashlib

from verifier.architectures import Network
from verifier.assay import draw_marks
from verifier.datasets import Dataset
from verifier.scheme import Mark, Scheme
from verifier.training import train


def overwrite(model: Network, data: Dataset, scheme: Scheme, *, seed: int) -> Network:
    """The model marked once more, with the same scheme, by somebody else's secret.

    Raises:
        BadData: the thief's data cannot carry the scheme.
        CapacityExceeded: the model cannot carry a mark.
    """
    secret = hashlib.sha256(f"thief {seed}".encode()).digest()
    evidence = scheme.prepare(model, data.distinct(), shards=1, secret=secret)
    marks = draw_marks(scheme, evidence, [secret])
    return _train_marks(model, data, scheme, marks, epochs=scheme.epochs, seed=seed)


def spoil(
    model: Network, data: Dataset, scheme: Scheme, evidence: bytes, *, epochs: int, seed: int
) -> Network:
    """The model after another message was trained over that of a shard which a dispute exposed.

    Raises:
        BadData: the evidence is of data that the thief has not got.
    """
    marks = draw_marks(scheme, [evidence], [f"spoilt {seed}".encode()])
    return _train_marks(model, data, scheme, marks, epochs=epochs, seed=seed)


def _train_marks(
    model: Network,
    data: Dataset,
    scheme: Scheme,
    marks: tuple[Mark, ...],
    *,
    epochs: int,
    seed: int,
) -> Network:
    """As `assay.embed_marks` does, without its checks: a thief publishes what he gets."""
    marked = scheme.start(model)
    train(
        marked,
        scheme.training_data(data, marks),
        epochs=epochs,
        learning_rate=scheme.learning_rate,
        seed=seed,
        objective=scheme.objective(model, marks),
    )
    return marked
