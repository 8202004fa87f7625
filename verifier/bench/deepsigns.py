"""DeepSigns on the handwritten digits: what it costs, what it survives, whom it accuses.

    python -m verifier.bench.deepsigns --seeds 3 --out docs/results/deepsigns-digits.json

Per seed a network is trained, marked with four shards and attacked; every shard is read each time.
Eight networks that never saw the messages, and the owner's unmarked one, are read alike: their hits
have to lie where chance puts them.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

import torch
from scipy.stats import binom

from verifier import Dataset, determinism, embed, load_dataset, prepare, threshold, verify
from verifier.architectures import CnnConfig, Network, build
from verifier.removal import fine_tune, permute_neurons, prune
from verifier.training import accuracy, train

SCHEME = "deepsigns-v1"
BITS = 256
LEVEL = 64
SHARDS = 4
THREADS = 1
CONFIG = CnnConfig(input_shape=(1, 8, 8), classes=10, channels=(32, 64), hidden=512)
INDEPENDENT_SEEDS = range(1000, 1008)


@dataclass(frozen=True, slots=True)
class Suspect:
    """One model as it was read, shard by shard."""

    accuracy: float
    hits: tuple[int, ...]
    decisions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """One owner's model, what thieves made of it, and the innocent."""

    seed: int
    seconds_to_train: float
    seconds_to_embed: float
    unmarked: Suspect
    suspects: dict[str, Suspect]
    independent: tuple[Suspect, ...]


def main() -> None:
    """Measure every seed and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()

    determinism.configure(threads=THREADS)
    started = time.monotonic()
    training, test = load_dataset("digits")
    innocents = [_train(seed, training) for seed in INDEPENDENT_SEEDS]
    runs = [measure(seed, innocents, training, test) for seed in range(arguments.seeds)]
    document = {
        "command": f"python -m verifier.bench.deepsigns --seeds {arguments.seeds}",
        "environment": {
            "machine": f"{platform.machine()}, {os.cpu_count()} cores, {THREADS} thread used",
            "python": platform.python_version(),
            "torch": torch.__version__,
        },
        "seconds": round(time.monotonic() - started),
        "model": CONFIG.model_dump(),
        "bits": BITS,
        "needed_for_match": threshold(BITS, 2, LEVEL),
        "chance_999": [int(bound) for bound in binom.interval(0.999, BITS, 0.5)],
        "median_of_seeds": summarise(runs),
        "runs": [asdict(run) for run in runs],
    }
    arguments.out.write_text(json.dumps(document, indent=1) + "\n")
    print(json.dumps(document["median_of_seeds"], indent=1))


def measure(seed: int, innocents: list[Network], training: Dataset, test: Dataset) -> Run:
    """One owner: train, freeze, mark, attack; then the innocents with the owner's keys."""
    started = time.monotonic()
    unmarked = _train(seed, training)
    trained = time.monotonic()
    keys = [bytes([seed, shard]) for shard in range(SHARDS)]
    evidence = prepare(SCHEME, unmarked, training, shards=SHARDS, secret=bytes([seed]) * 32)
    marked = embed(SCHEME, unmarked, training, evidence, keys)
    embedded = time.monotonic()

    def read(suspect: Network) -> Suspect:
        findings = [
            verify(SCHEME, suspect, piece, key, level=LEVEL)
            for piece, key in zip(evidence, keys, strict=True)
        ]
        return Suspect(
            round(accuracy(suspect, test), 4),
            tuple(finding.hits_lo for finding in findings),
            tuple(str(finding.decision) for finding in findings),
        )

    return Run(
        seed,
        round(trained - started, 1),
        round(embedded - trained, 1),
        read(unmarked),
        {name: read(attack(marked, training)) for name, attack in ATTACKS.items()},
        tuple(read(model) for model in innocents),
    )


def summarise(runs: list[Run]) -> dict[str, object]:
    """Medians over the seeds of the worst shard, and the extremes of the innocent."""
    innocent = [
        hits for run in runs for one in (run.unmarked, *run.independent) for hits in one.hits
    ]
    return {
        "accuracy_drop": median(
            round(run.unmarked.accuracy - run.suspects["fresh"].accuracy, 4) for run in runs
        ),
        "hits_of_worst_shard": {
            name: median(min(run.suspects[name].hits) for run in runs) for name in ATTACKS
        },
        "accuracy": {name: median(run.suspects[name].accuracy for run in runs) for name in ATTACKS},
        "innocent_hits": {
            "least": min(innocent),
            "mean": round(sum(innocent) / len(innocent), 1),
            "most": max(innocent),
        },
    }


def _permuted(model: Network) -> Network:
    return permute_neurons(model, torch.Generator().manual_seed(1))


def _tuned(model: Network, data: Dataset, learning_rate: float) -> Network:
    return fine_tune(model, data, learning_rate=learning_rate, epochs=20, seed=1)


ATTACKS: dict[str, Callable[[Network, Dataset], Network]] = {
    "fresh": lambda model, _: model,
    "fine-tuned, rate 1e-4": lambda model, data: _tuned(model, data, 1e-4),
    "fine-tuned, rate 1e-3": lambda model, data: _tuned(model, data, 1e-3),
    "pruned by 50 %": lambda model, _: prune(model, 0.5),
    "pruned by 70 %": lambda model, _: prune(model, 0.7),
    "permuted and rescaled": lambda model, _: _permuted(model),
    "pruned by 70 %, fine-tuned at 1e-3, permuted and rescaled": lambda model, data: _permuted(
        _tuned(prune(model, 0.7), data, 1e-3)
    ),
}


def _train(seed: int, data: Dataset) -> Network:
    model = build(CONFIG, seed=seed)
    train(model, data, epochs=20, learning_rate=1e-3, seed=seed)
    return model


if __name__ == "__main__":
    main()
