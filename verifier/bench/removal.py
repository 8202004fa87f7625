"""What a thief's attacks leave of a mark, and of the model that carried it.

"Holds" is a MATCH at 2^-64 while the model's use falls by no more than five points: beyond that the
thief has destroyed what he stole (the rule of Lukas et al., arXiv 2108.04974).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import mean, median

import torch

from verifier.architectures import Network
from verifier.assay import draw_marks
from verifier.datasets import Dataset
from verifier.errors import BadData, BadModel, CapacityExceeded
from verifier.odds import Decision
from verifier.removal.attacks import ATTACKS, Theft
from verifier.scheme import Scheme
from verifier.training import accuracy

from .cases import Case
from .records import Progress, Record, silent
from .runs import Owner, embed, owner, suspect_record

STRANGERS = 100
STRANGERS_IMAGES = 500

AFFORDABLE = 0.05
"""How much of its accuracy a stolen model may lose before it is not worth stealing."""


def measure_removal(
    case: Case, seed: int, *, data_dir: Path | None = None, progress: Progress = silent
) -> Record:
    """One owner's marked model under every attack that matters for the scheme.

    Raises:
        EmbeddingFailed: there is no model to steal.
        VerifierError: data, network or evidence do not fit the scheme.
    """
    attacks = attacks_on(case)
    progress(0, len(attacks) + 1, "train and embed")
    data = case.load(data_dir)
    who = owner(case, data, seed)
    started = time.monotonic()
    marked = embed(case, data, who)
    seconds_to_embed = time.monotonic() - started

    theft = Theft(
        marked,
        data.thief,
        case.scheme,
        who.evidence,
        seed + 1,
        lambda inputs: case.scheme.licensed(inputs, who.marks),
    )
    suspects: dict[str, Record] = {}
    for done, name in enumerate(attacks, start=1):
        progress(done, len(attacks) + 1, name)
        started = time.monotonic()
        try:
            suspect = theft.make(name)
        except (BadData, BadModel, CapacityExceeded) as error:
            suspects[name] = {"refused": str(error)}
            continue
        found = suspect_record(case, suspect, who.marks, data.test)
        seconds = round(time.monotonic() - started, 1)
        suspects[name] = {"exposed": ATTACKS[name].exposes, "seconds": seconds, **found}
    progress(len(attacks) + 1, len(attacks) + 1, "done")
    return {
        "network": who.unmarked.config.model_dump(),
        "images": len(data.owner),
        "parameters": _parameters(case.scheme),
        "seconds_to_train": round(who.seconds_to_train, 1),
        "seconds_to_embed": round(seconds_to_embed, 1),
        "unmarked": suspect_record(case, who.unmarked, who.marks, data.test),
        "strangers": _strangers(case, marked, who, data.test),
        "suspects": suspects,
    }


def _parameters(scheme: Scheme) -> Record:
    """What an owner may choose, but keys."""
    fields = asdict(scheme)  # type: ignore[call-overload]  # all are dataclasses
    chosen = {"epochs": scheme.epochs, "learning_rate": scheme.learning_rate} | fields
    return {name: value for name, value in chosen.items() if isinstance(value, int | float | str)}


def attacks_on(case: Case) -> list[str]:
    """The attacks that matter for the case's scheme, in the order of the registry."""
    return [
        name
        for name, attack in ATTACKS.items()
        if case.scheme.access in attack.access
        and attack.exposes < case.needs.shards
        and (not attack.special or name in case.needs.attacks)
        and name not in case.needs.spared
    ]


def _strangers(case: Case, marked: Network, who: Owner, test: Dataset) -> Record | None:
    """How well the marked model serves those whose licence comes of another message, if any do."""
    few = test.part(torch.arange(min(len(test), STRANGERS_IMAGES)))
    valid = case.scheme.licensed(few.inputs, who.marks)
    if valid is few.inputs:
        return None
    served = []
    for number in range(STRANGERS):
        keys = [f"stranger {number}".encode()] * len(who.evidence)
        shown = case.scheme.licensed(few.inputs, draw_marks(case.scheme, who.evidence, keys))
        if not shown.equal(valid):  # two messages may agree in what makes the licence
            served.append(accuracy(marked, Dataset(shown, few.labels)))
    return {"tried": len(served), "mean": round(mean(served), 4), "most": round(max(served), 4)}


def summarise(records: Sequence[Record]) -> dict[str, Record]:
    """For each attack, over the seeds: medians of the worst shard, and how often the mark holds."""
    names = [name for name, suspect in records[0]["suspects"].items() if "refused" not in suspect]
    return {
        name: _over_seeds([(each, each["suspects"][name]) for each in records]) for name in names
    }


def _over_seeds(pairs: Sequence[tuple[Record, Record]]) -> Record:
    worst = [
        max(suspect["shards"][suspect["exposed"] :], key=lambda shard: float(shard["log2_odds"]))
        for _, suspect in pairs
    ]
    drops = [record["unmarked"]["utility"] - suspect["utility"] for record, suspect in pairs]
    matches = [shard["decision"] == Decision.MATCH for shard in worst]
    return {
        "found": median(shard["found"] for shard in worst),
        "needed": median(shard["needed"] for shard in worst),
        "best": median(shard["best"] for shard in worst),
        "log2_odds": median(shard["log2_odds"] for shard in worst),
        "utility": median(suspect["utility"] for _, suspect in pairs),
        "drop": median(drops),
        "affordable": median(drops) <= AFFORDABLE,
        "matches": sum(matches),
        "of": len(pairs),
    }
