"""DeepSigns, black-box: the paper's 20 keys, after its attacks and in networks that never saw them.

The paper reports whether the mark is detected; here stands how many keys are right, beside how many
are needed. Keys are kept only if the unmarked network had them wrong, so that it has none right is
no finding: an unrelated network is the one to ask.
"""

from __future__ import annotations

from torch import Tensor

from verifier.architectures import Network
from verifier.bench.cases import Case
from verifier.bench.data import Split
from verifier.bench.runs import RATE, trained
from verifier.errors import BadData
from verifier.paper.deepsigns import claim_black_box, embed_black_box
from verifier.removal import fine_tune, prune
from verifier.training import accuracy

KEYS = 20

TUNING_EPOCHS = 10
TUNING_RATES = (RATE / 10, RATE)
"""A tenth of the owner's own rate, as is usual, and the rate itself."""

PRUNED = (0.35, 0.6)
"""Up to these the paper's two networks for CIFAR-10 kept their marks."""


def reproduce(case: Case, data: Split, seed: int) -> dict[str, float]:
    """Accuracies, and shares of the 20 keys that are right; a key never learned is not right.

    Raises:
        BadData: the inputs are no images.
    """
    if not data.owner.inputs.is_floating_point():
        raise BadData("reproduce DeepSigns", "these are sentences, its keys are images")
    unmarked, unrelated = (trained(case, data, seed + number) for number in range(2))
    marked, images, labels = embed_black_box(unmarked, data.owner, keys=KEYS, seed=seed)
    figures = {
        "accuracy: unmarked": accuracy(unmarked, data.test),
        "keys right: needed": claim_black_box(marked, images, labels).needed / KEYS,
    }
    suspects = (
        {"clean": marked}
        | {
            f"fine-tuned at {rate:g} for {TUNING_EPOCHS} epochs": fine_tune(
                marked, data.thief, learning_rate=rate, epochs=TUNING_EPOCHS, seed=seed + 1
            )
            for rate in TUNING_RATES
        }
        | {f"pruned by {100 * share:.0f} %": prune(marked, share) for share in PRUNED}
    )
    for name, suspect in (suspects | {"unrelated network": unrelated}).items():
        figures[f"accuracy: {name}"] = accuracy(suspect, data.test)
        figures[f"keys right: {name}"] = _right(suspect, images, labels)
    return figures


def _right(suspect: Network, images: Tensor, labels: Tensor) -> float:
    return claim_black_box(suspect, images, labels).found / KEYS
