"""The three acts, alike for all schemes: freeze evidence, embed messages, test a suspect."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from pathlib import Path

from .architectures import Network
from .datasets import Dataset
from .finding import Finding
from .message import expand_message
from .odds import count_hits
from .package import load_package
from .scheme import Mark
from .schemes import find_scheme


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
    scheme = find_scheme(scheme_id)
    return scheme.prepare(model, data, shards=shards, secret=secret or secrets.token_bytes(32))


def embed(
    scheme_id: str,
    model: Network,
    data: Dataset,
    evidence: Sequence[bytes],
    message_keys: Sequence[bytes],
) -> Network:
    """A marked copy of the unmarked `model`, with the message of each key at its evidence.

    Raises:
        BadEvidence: a piece of evidence breaks a rule of the scheme.
        EmbeddingFailed: the result should not be published.
        UnknownScheme: there is no such scheme.
    """
    scheme = find_scheme(scheme_id)
    marks = [
        Mark(piece, expand_message(key, scheme.shape(piece)))
        for piece, key in zip(evidence, message_keys, strict=True)
    ]
    return scheme.embed(model, data, marks)


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

    # READ: the message is not drawn yet, and no reading can depend on it.
    model = load_package(suspect) if isinstance(suspect, Path) else suspect
    reading = scheme.read(model, evidence)

    # COUNT
    message = expand_message(message_key, shape)
    hits_lo, hits_hi = count_hits(reading, message)

    # DECIDE
    return Finding(scheme_id, hits_lo, hits_hi, shape.count, shape.alphabet, level)
