"""DeepSigns, black-box: labels of key images in rarely explored regions (arXiv 1804.00750).

Key images are noise that lies where no training image does, as the unmarked model sees it; the
message is the label of each, and the model is fine-tuned to answer so. After the paper, with these
changes:

- All key images are used, and only their labels are trained. The paper keeps, of twenty times as
  many, those that were wrong before and are right after: a choice that nobody can check, and that
  makes innocent models answer by more than chance.
- A key's region is judged by the unmarked model alone, so the choice is made before the message.
- Labels are told from chance by an exact count. The published code compares class numbers with
  one-hot rows, and lets one mismatch too many pass.

But: fine-tuning at the rate at which the model was made wears the mark away, and so does a
distillation that never shows the student such noise. Who can filter noise out can refuse to answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from verifier.answers import ask_keys, last_features, lead
from verifier.architectures import Network
from verifier.datasets import Dataset
from verifier.evidence import stream, stream_bytes, stream_order
from verifier.finding import Access
from verifier.key_images import EPSILON, KEYS, Turns, open_keys, pack_keys
from verifier.scheme import Mark, MessageShape, Objective, Reading, Scheme

ID = "deepsigns-blackbox-v1"

CANDIDATES = 5 * KEYS
"""A fifth of them is kept. The paper draws twenty times as many, to have enough left that happen to
be learned; here every key is."""

EXPLORED_IMAGES = 4096
COMPONENTS = 16
NEIGHBOURS = 8
"""A region is as rarely explored as the eighth nearest image of the data is far away, in the
sixteen principal components of the last hidden layer."""


@dataclass(frozen=True, kw_only=True)
class DeepSignsBlackbox(Scheme):
    """The scheme; `keys_per_step` of each mark's are shown beside every batch of the data.

    The published code fine-tunes for two epochs on the data and the keys together, which shows each
    key twice. On digits, 174 of 200 keys shown a few hundred times outlive ten epochs of further
    training at the full rate, 78 of those shown a quarter as often.
    """

    id: ClassVar[str] = ID
    access: ClassVar[Access] = Access.ANSWERS

    keys_per_step: int = 64
    epochs: int = 40
    learning_rate: float = 1e-3

    def prepare(
        self, model: Network, data: Dataset, *, shards: int, secret: bytes
    ) -> tuple[bytes, ...]:
        """See `Scheme.prepare`: key images where the unmarked model has seen none of the data."""
        data.validate_images(model.config.input_shape, "choose key images")
        salts = (stream(ID, f"shard {index}", secret, 32) for index in range(shards))
        return tuple(
            pack_keys(ID, {"images": _freeze(model, data, salt)}, model.config.classes)
            for salt in salts
        )

    def shape(self, evidence: bytes) -> MessageShape:
        """See `Scheme.shape`: one label for each key image."""
        return MessageShape(KEYS, open_keys(ID, evidence)[1])

    def objective(self, model: Network, marks: Sequence[Mark]) -> Objective:
        """See `Scheme.objective`: cross-entropy on a few keys, all of them in turn."""
        return _Objective(marks, self.keys_per_step)

    def read(self, model: Network, evidence: bytes) -> Reading:
        """See `Scheme.read`: the label of each key image; its lead over the next is the margin."""
        tensors, classes = open_keys(ID, evidence)
        answers, leads = lead(ask_keys(model, tensors["images"], classes))
        return Reading.of_answers(
            answers.tolist(), leads.tolist(), epsilon=EPSILON, alphabet=classes
        )


class _Objective(Objective):
    """Some keys of every mark at each step, from where the last step ended."""

    def __init__(self, marks: Sequence[Mark], keys_per_step: int) -> None:
        super().__init__()
        images = [open_keys(ID, mark.evidence)[0]["images"] for mark in marks]
        # Taken in turn, one of each mark: so every step shows as many of each.
        self._images = torch.stack(images, 1).flatten(0, 1) / 255
        self._labels = torch.tensor([mark.message for mark in marks]).T.flatten()
        self._turns = Turns(len(self._images), keys_per_step * len(marks))

    def forward(self, model: Network, inputs: Tensor, labels: Tensor) -> Tensor:
        chosen = next(self._turns)
        return nn.functional.cross_entropy(model(self._images[chosen]), self._labels[chosen])


def _freeze(model: Network, data: Dataset, salt: bytes) -> Tensor:
    """(keys, c, h, w) bytes: the candidates that lie farthest from the data."""
    # Black or white: grey noise is so alike that a network needs twice as long to tell it apart.
    candidates = (stream_bytes(ID, "candidates", salt, CANDIDATES, *data.input_shape) >> 7) * 255
    order = stream_order(ID, "explored", salt, len(data))[:EXPLORED_IMAGES]
    explored = last_features(model, data.inputs[order])
    centre = explored.mean(0)
    _, axes = torch.linalg.eigh((explored - centre).T @ (explored - centre))  # in rising order
    space = axes[:, -COMPONENTS:]
    nearest = min(NEIGHBOURS, len(explored))
    distances = [
        torch.cdist(last_features(model, part / 255) @ space, explored @ space)
        .kthvalue(nearest, dim=1)
        .values
        for part in torch.split(candidates, 512)
    ]
    # In the order in which they were drawn, which says nothing of the distance.
    kept = torch.cat(distances).argsort(descending=True, stable=True)[:KEYS].sort().values
    return candidates[kept]
