"""A scheme in forty lines: bits in the weights of the last layer (Uchida, arXiv 1701.04082)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from verifier.architectures import Network
from verifier.datasets import Dataset
from verifier.errors import BadModel
from verifier.evidence import open_evidence, stream, stream_signs
from verifier.finding import Access
from verifier.scheme import Mark, MessageShape, Objective, Reading, Scheme
from verifier.weights import pack


@dataclass(frozen=True, kw_only=True)
class Uchida(Scheme):
    id: ClassVar[str] = "uchida-v1"
    access: ClassVar[Access] = Access.WEIGHTS

    def prepare(
        self, model: Network, data: Dataset, *, shards: int, secret: bytes
    ) -> tuple[bytes, ...]:
        salts = [stream(self.id, f"shard {index}", secret, 32).hex() for index in range(shards)]
        size = torch.tensor([model.head.weight.numel()])
        return tuple(pack({"size": size}, {"scheme": self.id, "salt": salt}) for salt in salts)

    def shape(self, evidence: bytes) -> MessageShape:
        self._projection(evidence)
        return MessageShape(128, 2)

    def objective(self, model: Network, marks: Sequence[Mark]) -> Objective:
        return _Hinge([(self._projection(mark.evidence), mark.message) for mark in marks])

    def read(self, model: Network, evidence: bytes) -> Reading:
        projection = self._projection(evidence)
        if model.head.weight.numel() != len(projection):
            raise BadModel("project the last layer", "it has another size")
        return Reading.of_signs(project(model, projection).tolist(), epsilon=1e-3)

    def _projection(self, evidence: bytes) -> Tensor:
        form = {"size": (torch.int64, 1)}
        tensors, strings = open_evidence(evidence, self.id, form, frozenset({"salt"}))
        salt, size = bytes.fromhex(strings["salt"]), int(tensors["size"][0])
        return stream_signs(self.id, "projection", salt, size, 128)


def project(model: Network, projection: Tensor) -> Tensor:
    weights = model.head.weight.flatten()
    scores: Tensor = (weights / weights.norm()) @ projection
    return scores


class _Hinge(Objective):
    def __init__(self, marks: Sequence[tuple[Tensor, tuple[int, ...]]]) -> None:
        super().__init__()
        self._marks = [(projection, torch.tensor(bits) * 2 - 1) for projection, bits in marks]

    def forward(self, model: Network, images: Tensor, labels: Tensor) -> Tensor:
        lacking = [(1 - signs * project(model, it)).relu().mean() for it, signs in self._marks]
        return torch.stack(lacking).sum()
