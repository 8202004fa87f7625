"""What all suites share: an owner who trains, commits and embeds, and a suspect that is read."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from functools import lru_cache

from torch import Tensor

from verifier.architectures import Network, build
from verifier.assay import draw_marks, embed_marks
from verifier.configs import Config
from verifier.datasets import Dataset
from verifier.finding import DEFAULT_LEVEL, Finding
from verifier.scheme import Mark
from verifier.training import accuracy, train

from .cases import Case
from .data import Split
from .records import Record

RATE = 1e-3
LEAST_LEVEL = 40


@dataclass(frozen=True, slots=True)
class Owner:
    """One owner's unmarked model and frozen evidence, and what the beacon made of them."""

    unmarked: Network
    evidence: tuple[bytes, ...]
    marks: tuple[Mark, ...]
    seconds_to_train: float


def owner(case: Case, data: Split, seed: int) -> Owner:
    """Train, freeze evidence, draw the messages: all from `seed`.

    Raises:
        BadData: the data cannot carry the scheme.
        CapacityExceeded: the network cannot carry the case's shards.
    """
    started = time.monotonic()
    unmarked = trained(case, data, seed)
    seconds = time.monotonic() - started
    evidence = case.scheme.prepare(
        unmarked, data.owner.distinct(), shards=case.needs.shards, secret=secret(seed)
    )
    keys = [f"message {seed}/{shard}".encode() for shard in range(len(evidence))]
    return Owner(unmarked, evidence, draw_marks(case.scheme, evidence, keys), seconds)


def secret(seed: int) -> bytes:
    """What the owner of this seed freezes evidence by."""
    return hashlib.sha256(f"owner {seed}".encode()).digest()


def embed(case: Case, data: Split, who: Owner) -> Network:
    """The marked model, even where a table is to show that its mark falls short.

    Raises:
        EmbeddingFailed: there is no mark, or no model.
    """
    return embed_marks(case.scheme, who.unmarked, data.owner, who.marks, level=LEAST_LEVEL)


def trained(case: Case, data: Split, seed: int) -> Network:
    """An unmarked network; trained once in a process, whichever schemes ask for it."""
    return _trained(case.config(data), data, case.size.epochs, seed)


@lru_cache(maxsize=64)
def _trained(config: Config, data: Split, epochs: int, seed: int) -> Network:
    model = build(config, seed=seed)
    train(model, data.owner, epochs=epochs, learning_rate=RATE, seed=seed)
    return model


def read(case: Case, suspect: Network, marks: tuple[Mark, ...]) -> list[Finding]:
    """What the suspect shows of each shard, at the default level."""
    findings = []
    for mark in marks:
        reading = case.scheme.read(suspect, mark.evidence)
        low, high = reading.statistic(mark.message)
        findings.append(
            Finding(case.scheme.id, case.scheme.access, low, high, reading.law, DEFAULT_LEVEL)
        )
    return findings


def suspect_record(case: Case, suspect: Network, marks: tuple[Mark, ...], test: Dataset) -> Record:
    """A suspect's use to a thief, and what each shard says of it.

    Its use is the accuracy on plain inputs or on licensed ones, whichever is higher.
    """
    plain = accuracy(suspect, test)
    shown: Tensor = case.scheme.licensed(test.inputs, marks)
    licensed = plain if shown is test.inputs else accuracy(suspect, Dataset(shown, test.labels))
    findings = read(case, suspect, marks)
    return {
        "accuracy": round(plain, 4),
        "licensed_accuracy": round(licensed, 4),
        "utility": round(max(plain, licensed), 4),
        "shards": [
            {
                "found": finding.low,
                "needed": finding.needed,
                "best": finding.best,
                "log2_odds": round(finding.log2_odds, 1),
                "decision": str(finding.decision),
            }
            for finding in findings
        ],
    }
