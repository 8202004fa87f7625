"""DSN as published (Tang et al., arXiv 2011.08960): one serial, one student, no rule of ownership.

The losses are those printed. What the paper leaves open is marked as a choice of ours; with the
gradient ascent of equation 5 as printed, the lock depends on luck, and on MNIST it fails.
"""

from __future__ import annotations

import copy
from typing import ClassVar

import torch
from torch import Tensor, nn

from verifier.architectures import Network
from verifier.datasets import Dataset
from verifier.scheme import Objective
from verifier.serials import stamp, strangers
from verifier.training import accuracy

from . import Claim

SIDE = 0.1
"""A solid square in the lower right corner, a tenth of the image wide (experiments)."""

NEEDED = 0.5
"""Our choice: the paper shows accuracies with and without the serial and draws no line."""


def corner(height: int, width: int) -> Tensor:
    """(height, width): the paper's serial; two pixels wide at least, as in figure 2."""
    serial = torch.full((height, width), -1.0)
    serial[-max(2, round(SIDE * height)) :, -max(2, round(SIDE * width)) :] = 1
    return serial


def judge(model: Network, data: Dataset, serial: Tensor) -> Claim:
    """Whether the serial opens the model: its accuracy on `data` with it, less that without."""
    opened = accuracy(model, Dataset(stamp(data.inputs, serial), data.labels))
    found = opened - accuracy(model, data)
    return Claim(found, NEEDED, found >= NEEDED)


class Lock(Objective):
    """The whole loss of a student: equations 3, 5 and 8.

    Half the images are stamped and distilled. The others are raw, or (our choice: half of them)
    carry another serial on the same pixels; they go to an adversarial head behind a gradient
    reversal. `reversal` is its lambda and `temperature` that of the entanglement, neither of which
    the paper gives; `entanglement` is alpha of equation 8. Its loss is maximised, as the text says
    and the equation does not.
    """

    complete: ClassVar[bool] = True

    def __init__(
        self,
        teacher: Network,
        serial: Tensor,
        *,
        reversal: float = 0.1,
        entanglement: float = 0.1,
        temperature: float = 100.0,
    ) -> None:
        super().__init__()
        self._teacher = [copy.deepcopy(teacher).eval()]
        self._serial, self._reversal = serial, reversal
        self._entanglement, self._temperature = entanglement, temperature
        generator = torch.Generator().manual_seed(0)
        bound = teacher.head.in_features**-0.5
        drawn = torch.rand(teacher.head.weight.shape, generator=generator) * 2 - 1
        self._adversary = nn.Parameter(drawn * bound)
        self._optimizer = torch.optim.Adam([self._adversary], lr=1e-3)
        self._generator = generator

    def forward(self, model: Network, images: Tensor, labels: Tensor) -> Tensor:
        """See `Objective.forward`."""
        half = len(images) // 2
        stamped, plain = images[:half], images[half:].clone()
        wrong = strangers(self._serial.expand(len(plain) // 2, -1, -1), self._generator)
        plain[: len(wrong)] = stamp(plain[: len(wrong)], wrong)
        with torch.no_grad():
            wanted = self._teacher[0](stamped).softmax(1)

        caught: list[Tensor] = []
        hook = model.head.register_forward_pre_hook(lambda _head, given: caught.append(given[0]))
        answers = model(torch.cat([stamp(stamped, self._serial), plain]))
        hook.remove()
        features = caught[0]

        # Equation 3: the student says of stamped images what the teacher says of raw ones.
        distilled = nn.functional.kl_div(
            answers[:half].log_softmax(1), wanted, reduction="batchmean"
        )
        # Equation 5: the adversary descends on what it is shown, the features ascend.
        self._descend(features[half:].detach(), labels[half:])
        fooled = self._task(features[half:], self._adversary.detach(), labels[half:])
        # Equation 8: the same neurons serve both kinds of images.
        groups = torch.arange(len(features)) < half
        tangled = entanglement(features, groups, self._temperature)
        return distilled - self._reversal * fooled - self._entanglement * tangled

    def _descend(self, features: Tensor, labels: Tensor) -> None:
        loss = self._task(features, self._adversary, labels)
        (self._adversary.grad,) = torch.autograd.grad(loss, self._adversary)
        self._optimizer.step()

    @staticmethod
    def _task(features: Tensor, adversary: Tensor, labels: Tensor) -> Tensor:
        return nn.functional.cross_entropy(features @ adversary.T, labels)


def entanglement(features: Tensor, groups: Tensor, temperature: float) -> Tensor:
    """The soft nearest neighbour loss (of equation 8): high where the groups lie among each other.

    Takes features (n, neurons) and a group for each.
    """
    distances = torch.cdist(features, features).square() / temperature
    others = ~torch.eye(len(features), dtype=torch.bool)
    same = others & (groups[:, None] == groups[None])
    near = (-distances).masked_fill(~same, -torch.inf).logsumexp(1)
    all_near = (-distances).masked_fill(~others, -torch.inf).logsumexp(1)
    return (all_near - near).mean()
