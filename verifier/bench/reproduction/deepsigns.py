"""DeepSigns, white-box: the paper's table for MNIST, and what it leaves out.

The network is the paper's own, 784-512-512-10, and so are the 4 bits. One innocent network in 16
answers with any 4 bits, and then no attack says anything; so 64 are measured as well. The paper's
thief trains on, prunes and overwrites; ours also reorders and rescales neurons, which costs nothing
(Lukas et al., arXiv 2108.04974). Beside the paper's attacks stands the accuracy that each leaves: a
mark counts for nothing in a network of no use.

But: the paper marks a network while it trains it first. Here a trained one is marked, so that the
accuracy before is known; and not for long, which may be why less withstands than the paper says.
"""

from __future__ import annotations

import torch

from verifier.architectures import Network, build
from verifier.bench.cases import Case
from verifier.bench.data import Split
from verifier.bench.runs import RATE
from verifier.configs import MlpConfig
from verifier.errors import BadData
from verifier.paper.deepsigns import WhiteBoxKey, decode, embed_white_box
from verifier.removal import fine_tune, permute_neurons, prune
from verifier.training import accuracy, train

HIDDEN = (512, 512)
MESSAGES = (4, 64)

MARK_EPOCHS = 10
"""Of 10,000 images: about the steps of the code, one epoch of 60,000 in batches half as large."""

TUNING_EPOCHS = 50
"""The least of the paper's."""

PRUNED = (0.5, 0.8, 0.9, 0.95)

ORDERS = 20
"""One order of the neurons gets anything from 0 to 4 bits right: a mean over some says more."""


def reproduce(case: Case, data: Split, seed: int) -> dict[str, float]:
    """Accuracies, and for each length of message the shares of bits that are wrong.

    Raises:
        BadData: the inputs are no images.
    """
    unmarked = build(_config(data), seed=seed)
    train(unmarked, data.owner, epochs=case.size.epochs, learning_rate=RATE, seed=seed)
    figures = {"accuracy before": accuracy(unmarked, data.test)}
    for bits in MESSAGES:
        found = _figures(unmarked, data, bits, seed)
        figures |= {f"{bits} bits: {name}": figure for name, figure in found.items()}
    return figures


def _config(data: Split) -> MlpConfig:
    match data.owner.input_shape:
        case (channels, height, width):
            return MlpConfig(
                input_shape=(channels, height, width), classes=data.owner.classes, hidden=HIDDEN
            )
    raise BadData("reproduce DeepSigns", "these are sentences, its network takes images")


def _figures(unmarked: Network, data: Split, bits: int, seed: int) -> dict[str, float]:
    marked, key = embed_white_box(unmarked, data.owner, bits=bits, epochs=MARK_EPOCHS, seed=seed)
    figures = {
        "accuracy after": accuracy(marked, data.test),
        "unmarked: wrong bits": _wrong(unmarked, key),
        "clean: wrong bits": _wrong(marked, key),
    }
    for attack, suspect in _attacked(marked, data, bits, seed + 1).items():
        figures[f"{attack}: accuracy"] = accuracy(suspect, data.test)
        figures[f"{attack}: wrong bits"] = _wrong(suspect, key)
    generator = torch.Generator().manual_seed(seed)
    permuted = [_wrong(permute_neurons(marked, generator), key) for _ in range(ORDERS)]
    return figures | {"neurons permuted and rescaled: wrong bits": sum(permuted) / ORDERS}


def _wrong(suspect: Network, key: WhiteBoxKey) -> float:
    return (decode(suspect, key) != key.bits).double().mean().item()


def _attacked(marked: Network, data: Split, bits: int, seed: int) -> dict[str, Network]:
    """The paper's attacks; who overwrites guesses the owner's class, 0, or takes another."""
    tuned = fine_tune(marked, data.thief, learning_rate=RATE, epochs=TUNING_EPOCHS, seed=seed)
    same, another = (
        embed_white_box(
            marked, data.thief, bits=bits, carrier=carrier, epochs=MARK_EPOCHS, seed=seed
        )[0]
        for carrier in (0, 1)
    )
    return {
        f"fine-tuned for {TUNING_EPOCHS} epochs": tuned,
        **{f"pruned by {100 * share:.0f} %": prune(marked, share) for share in PRUNED},
        "overwritten, same class": same,
        "overwritten, another class": another,
    }
