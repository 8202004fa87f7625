"""MTLSign: what its mark costs and withstands, with R_DA and without, and where the mark is.

One key is embedded twice, and each copy attacked. Then comes what the paper does not ask: is it the
network that carries the mark, or the head? The owner's head is grafted on the unmarked network and
on a stranger's; and another head is trained on the stranger's features alone, as anybody can who
has that network at hand.
"""

from __future__ import annotations

import hashlib

import torch

from verifier.architectures import Network
from verifier.bench.cases import Case
from verifier.bench.data import Split
from verifier.bench.runs import trained
from verifier.paper.mtlsign import GAMMA, LEARNING_RATE, draw_proof, embed, judge, train_head
from verifier.removal import fine_tune, prune
from verifier.training import accuracy

EMBED_EPOCHS = 100
"""Of the release's 400. All sides are right by then; what more would withstand is not measured."""

TUNING_EPOCHS = 10
"""Of the release's 20, at its rate."""

PRUNED = (0.5, 0.7, 0.9)

LIAR_PASSES = 400
"""As many as the release takes to embed; over features measured once they are soon done."""


def reproduce(case: Case, data: Split, seed: int) -> dict[str, float]:
    """Accuracies, and shares of the 200 patterns of which a head knows the side: half by chance.

    Raises:
        BadData: the inputs are too small for so many patterns.
    """
    unmarked, stranger = (trained(case, data, seed + number) for number in range(2))
    figures = {"accuracy before": accuracy(unmarked, data.test), "patterns needed": GAMMA}
    for adapt, name in ((True, "with R_DA"), (False, "without R_DA")):
        # Drawn twice, for embedding trains the head; both copies start with the same one.
        proof = draw_proof(unmarked, hashlib.sha256(f"owner {seed}".encode()).digest())
        marked = embed(unmarked, data.owner, proof, epochs=EMBED_EPOCHS, adapt=adapt, seed=seed)
        figures[f"{name}: accuracy after"] = accuracy(marked, data.test)
        figures[f"{name}: clean: patterns right"] = judge(marked, proof).found
        for attack, suspect in _attacked(marked, data, seed).items():
            figures[f"{name}: {attack}: accuracy"] = accuracy(suspect, data.test)
            figures[f"{name}: {attack}: patterns right"] = judge(suspect, proof).found
        figures[f"{name}: unmarked: patterns right"] = judge(unmarked, proof).found
        figures[f"{name}: stranger: patterns right"] = judge(stranger, proof).found
    return figures | {
        "patterns right of a head that is trained on a stranger": _forged(stranger, seed)
    }


def _attacked(marked: Network, data: Split, seed: int) -> dict[str, Network]:
    tuned = fine_tune(
        marked, data.thief, learning_rate=LEARNING_RATE, epochs=TUNING_EPOCHS, seed=seed + 1
    )
    return {
        f"fine-tuned for {TUNING_EPOCHS} epochs": tuned,
        **{f"pruned by {100 * share:.0f} %": prune(marked, share) for share in PRUNED},
    }


def _forged(stranger: Network, seed: int) -> float:
    """What the liar's head knows of the liar's patterns, in a network that nobody touched."""
    proof = draw_proof(stranger, hashlib.sha256(f"liar {seed}".encode()).digest())
    optimizer = torch.optim.Adam(proof.head.parameters(), LEARNING_RATE)
    generator = torch.Generator().manual_seed(seed)
    train_head(stranger, proof, optimizer, LIAR_PASSES, generator)
    return judge(stranger, proof).found
