"""Liars with the victim at hand: evidence is theirs to forge, the message drawn later is not.

Each forged shard is tried with fresh message keys, as a beacon would draw them. Grinding: 10^5
seeds tried against the beacon of yesterday, the best one kept, then the beacon of tomorrow. Beside
it the same liar where evidence is chosen freely, as published.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

import numpy as np

from verifier.finding import DEFAULT_LEVEL, Finding
from verifier.message import expand_message
from verifier.odds import Decision, log2_odds
from verifier.paper import Claim
from verifier.scheme import MessageShape, Reading, Scheme
from verifier.weights import unpack

from .cases import Case
from .records import Progress, Record, silent
from .runs import trained

TRIES = 1000
SEEDS = 100_000


def measure_forgery(
    case: Case,
    *,
    tries: int = TRIES,
    seeds: int = SEEDS,
    data_dir: Path | None = None,
    progress: Progress = silent,
) -> Record:
    """One innocent victim, all forgeries of the scheme.

    Raises:
        VerifierError: data or network do not fit the scheme.
    """
    progress(0, 3, "the victim")
    data = case.load(data_dir)
    victim = trained(case, data, 0)

    progress(1, 3, "forge")
    suite = import_module(f"verifier.forgery.{_file_of(case.scheme)}")
    forged = _of_scheme(case.scheme, suite.forged_evidence(victim, data.owner, b"liar" * 8))
    readings = {name: case.scheme.read(victim, piece) for name, piece in forged.items()}
    each = -(-tries // len(forged))
    sound = {name: _try(case, reading, name, each) for name, reading in readings.items()}

    progress(2, 3, "grind")
    ground = {name: _grind(case, reading, seeds) for name, reading in readings.items()}
    claim: Claim = suite.forge_paper(victim, data.owner, 0)
    progress(3, 3, "done")
    return {
        "tries": each * len(forged),
        "accepted": sum(record["accepted"] for record in sound.values()),
        "forgeries": sound,
        "ground_seeds": seeds,
        "grinding": ground,
        "paper": {"found": claim.found, "needed": claim.needed, "accepted": bool(claim.accepted)},
    }


def _file_of(scheme: Scheme) -> str:
    return type(scheme).__module__.rpartition(".")[2]


def _of_scheme(scheme: Scheme, forged: Mapping[str, bytes]) -> dict[str, bytes]:
    """Those made for this scheme, where one file forges several."""
    return {
        name: piece for name, piece in forged.items() if unpack(piece)[1]["scheme"] == scheme.id
    }


def _try(case: Case, reading: Reading, name: str, tries: int) -> Record:
    findings = [_judge(case, reading, f"fresh {name} {number}".encode()) for number in range(tries)]
    return {
        "tries": tries,
        "accepted": sum(finding.decision is Decision.MATCH for finding in findings),
        "log2_odds_of_best": round(min(finding.log2_odds for finding in findings), 1),
    }


def _grind(case: Case, reading: Reading, seeds: int) -> Record:
    """The liar keeps the best of many seeds; the message then comes from that seed and a beacon."""
    scores = np.array(reading.low)
    symbols = np.arange(len(scores))
    shape = _shape(reading)

    def statistic(seed: int) -> int:
        message = expand_message(_key(seed, "yesterday"), shape)
        return int(scores[symbols, np.array(message)].sum())

    best = max(range(seeds), key=statistic)
    after = _judge(case, reading, _key(best, "tomorrow"))
    return {
        "log2_odds_before_beacon": round(log2_odds(statistic(best), reading.law), 1),
        "log2_odds_after_beacon": round(after.log2_odds, 1),
        "accepted": after.decision is Decision.MATCH,
    }


def _judge(case: Case, reading: Reading, key: bytes) -> Finding:
    low, high = reading.statistic(expand_message(key, _shape(reading)))
    return Finding(case.scheme.id, case.scheme.access, low, high, reading.law, DEFAULT_LEVEL)


def _key(seed: int, beacon: str) -> bytes:
    return hashlib.sha256(f"{beacon} {seed}".encode()).digest()


def _shape(reading: Reading) -> MessageShape:
    return MessageShape(len(reading.low), len(reading.low[0]))
