"""PMI: is the mark free, does the published claim hold, and how much power have so many pools?

The paper's figures are not known, its text was not to be had. So the power is set beside the closed
form of `verifier.paper.pmi.power`: both against the number of pools, for suspects of unlike gaps.
"""

from __future__ import annotations

import torch
from torch import Tensor

from verifier.architectures import Network, build
from verifier.bench.cases import Case
from verifier.bench.data import Split
from verifier.bench.runs import embed, owner
from verifier.datasets import Dataset
from verifier.evidence import open_evidence
from verifier.finding import DEFAULT_LEVEL
from verifier.odds import Decision, decide, law_of
from verifier.paper.pmi import claim_classic, power
from verifier.removal import fine_tune, prune
from verifier.schemes.pmi import FORM, ID
from verifier.training import train

TUNING_EPOCHS = 5
RATE = 1e-3
POOLS = (64, 96, 128, 160, 192, 224)
DRAWS = 24
"""Random choices among the pools of one shard, for each number of them."""

SETS = 10
SET_IMAGES = 50
CLASSIC_MODELS = 3


def reproduce(case: Case, data: Split, seed: int) -> dict[str, float]:
    """Differing weights, published claims that hold, and the power of a few pools."""
    who = owner(case, data, seed)
    marked = embed(case, data, who)
    (mark,) = who.marks
    plain = case.scheme.start(who.unmarked)
    chosen = case.scheme.training_data(data.owner, who.marks)
    train(plain, chosen, epochs=case.scheme.epochs, learning_rate=case.scheme.learning_rate, seed=0)
    figures = {
        "weights unlike those of ordinary training": float(_differing(plain, marked)),
        "published claims that hold": _published(case, data, seed),
    }
    tensors, _ = open_evidence(mark.evidence, ID, FORM, frozenset())
    size = tensors["labels"].shape[2]
    suspects = {
        "fresh": marked,
        "pruned by 50 %": prune(marked, 0.5),
        "fine-tuned on other data": fine_tune(
            marked, data.thief, learning_rate=RATE, epochs=TUNING_EPOCHS, seed=seed + 1
        ),
    }
    for name, suspect in suspects.items():
        scores = torch.tensor(case.scheme.read(suspect, mark.evidence).low)
        figures |= _power(name, scores, torch.tensor(mark.message), size, seed)
    return figures


def _differing(one: Network, other: Network) -> int:
    """How many weights are not the same to the bit."""
    pairs = zip(one.parameters(), other.parameters(), strict=True)
    return sum(int((mine != theirs).sum()) for mine, theirs in pairs)


def _power(name: str, scores: Tensor, message: Tensor, size: int, seed: int) -> dict[str, float]:
    """The gap of a suspect's scores (pools, 2), and its power for each of `POOLS`."""
    rows = torch.arange(len(scores))
    seen, unseen = scores[rows, message].double(), scores[rows, 1 - message].double()
    lead = seen - unseen  # of two twins, so its variance is that of two; a twin's is of `size`
    gap = float(lead.mean() / lead.std() * (2 / size) ** 0.5)
    figures = {f"{name}: gap": gap}
    generator = torch.Generator().manual_seed(seed)
    for pools in POOLS:
        told = 0
        for _ in range(DRAWS):
            drawn = torch.randperm(len(scores), generator=generator)[:pools]
            found = int(scores[drawn, message[drawn]].sum())
            law = law_of(scores[drawn].tolist())
            told += decide(found, found, law=law, level=DEFAULT_LEVEL) is Decision.MATCH
        figures[f"{name}: power of {pools} pools"] = told / DRAWS
        figures[f"{name}: closed form for {pools} pools"] = power(gap, pools=pools, size=size)
    return figures


def _published(case: Case, data: Split, seed: int) -> float:
    """How many owners' claims are right: each trained on all data but nine of ten small sets."""
    images = data.owner.distinct()
    right = 0
    for number in range(CLASSIC_MODELS):
        generator = torch.Generator().manual_seed(seed + number)
        order = torch.randperm(len(images), generator=generator)
        sets = [images.part(each) for each in torch.split(order[: SETS * SET_IMAGES], SET_IMAGES)]
        rest = images.part(order[SETS * SET_IMAGES :])
        both = Dataset(
            torch.cat([sets[0].inputs, rest.inputs]), torch.cat([sets[0].labels, rest.labels])
        )
        model = build(case.config(data), seed=number)
        train(
            model, both, epochs=case.scheme.epochs, learning_rate=case.scheme.learning_rate,
            seed=number,
        )  # fmt: skip
        right += claim_classic(model, sets, 0).accepted
    return right / CLASSIC_MODELS
