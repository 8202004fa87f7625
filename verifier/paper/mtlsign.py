"""MTLSign as published (Li and Wang, arXiv 2103.10021): keyed patterns, and a head that is trained.

The owner keeps a key, from which patterns and their sides are drawn, and the head that tells the
sides apart. After the paper and the authors' release (MNIST); where they leave a choice:

- The head reads the carrier's features; the release joins those of several layers.
- The primary task is trained along with the second, on a batch at each step. The release trains the
  second alone and leaves it to R_func to hold the first.

The weakness: nothing ties the head to the model. It learns any sides of any model's features, so
the owner's unmarked model, and every stranger's, carries the mark of whoever trains a head on it.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from verifier.activations import activations
from verifier.architectures import Network
from verifier.datasets import Dataset
from verifier.evidence import stream_signs
from verifier.patterns import keyed_inputs

from . import Claim

ID = "mtlsign-paper"

PATTERNS = 200
HEAD_WIDTHS = (256, 32)
LEARNING_RATE = 3e-4
PATTERN_BATCH = 16
TASK_BATCH = 128
"""All of the release's MNIST."""

GAMMA = 163 / 200
"""The paper leaves gamma in 1/2..1; by chance 163 of 200 sides are right with odds of 2^-64."""

ADAPTATION_BATCHES = 5
ADAPTATION_PASSES = 5
ADAPTATION_INTERVAL = 5
"""R_DA: in the second half of the epochs, in every fifth of them, five batches of tuning on a
shadow, then five passes over the patterns to train the head on the shadow's features."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What the owner publishes the hash of, and shows when it comes to it."""

    layer: str
    patterns: Tensor
    """(n, ...) as the network takes them."""
    sides: Tensor
    """(n,) of 0 and 1."""
    head: nn.Sequential
    """Features to two logits."""


def draw_proof(model: Network, key: bytes) -> Proof:
    """Patterns and sides of the key, and a head that knows nothing yet."""
    drawn = keyed_inputs(ID, key, PATTERNS, model.config)
    patterns = drawn / 255 if drawn.dtype == torch.uint8 else drawn
    sides = (stream_signs(ID, "sides", key, PATTERNS) > 0).long()
    with torch.no_grad(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(int.from_bytes(key[:4], "big"))
        widths = (activations(model.eval(), model.carrier, patterns[:1]).shape[1], *HEAD_WIDTHS)
        layers: list[nn.Module] = []
        for before, after in zip(widths, HEAD_WIDTHS, strict=False):
            layers += [nn.Linear(before, after), nn.ReLU()]
        head = nn.Sequential(*layers, nn.Linear(HEAD_WIDTHS[-1], 2))
    return Proof(model.carrier, patterns, sides, head)


def embed(
    model: Network,
    data: Dataset,
    proof: Proof,
    *,
    epochs: int = 400,
    func_weight: float = 0.1,
    adapt: bool = True,
    seed: int = 0,
) -> Network:
    """A copy of `model` trained for the second task, and the `proof`'s head along with it.

    `epochs` are passes over the patterns. `func_weight` is that of R_func, the squared distance of
    the backbone's weights (0.1 for MNIST, 0.3 for Fashion-MNIST); `adapt` switches R_DA on.
    """
    generator = torch.Generator().manual_seed(seed)
    marked = copy.deepcopy(model)
    backbone = [value for name, value in marked.named_parameters() if not name.startswith("head.")]
    before = [value.detach().clone() for value in backbone]
    optimizer = torch.optim.Adam([*marked.parameters(), *proof.head.parameters()], LEARNING_RATE)
    # The release adapts the head with the optimiser above, whose momentum then moves the backbone.
    adapter = torch.optim.Adam(proof.head.parameters(), LEARNING_RATE)
    for epoch in range(epochs):
        for chosen in _batches(generator):
            distance = sum(
                (now - then).square().sum() for now, then in zip(backbone, before, strict=True)
            )
            loss = _task_loss(marked, data, generator) + _side_loss(marked, proof, chosen)
            _step(optimizer, loss + func_weight * distance)
        if adapt and epoch >= epochs // 2 and epoch % ADAPTATION_INTERVAL == 0:
            shadow = _tuned(marked, data, generator)
            train_head(shadow, proof, adapter, ADAPTATION_PASSES, generator)
    return marked


def train_head(
    model: Network,
    proof: Proof,
    optimizer: torch.optim.Optimizer,
    passes: int,
    generator: torch.Generator,
) -> None:
    """Teach the head the sides from the features of a model that stays as it is."""
    with torch.no_grad():
        features = _features(model, proof, torch.arange(PATTERNS))
    for _ in range(passes):
        for chosen in _batches(generator):
            guesses = proof.head(features[chosen])
            _step(optimizer, nn.functional.cross_entropy(guesses, proof.sides[chosen]))


def judge(suspect: Network, proof: Proof) -> Claim:
    """The paper's decision: the head, grafted on the suspect, tells `GAMMA` of the sides."""
    with torch.no_grad():
        features = _features(suspect.eval(), proof, torch.arange(PATTERNS))
        found = (proof.head(features).argmax(1) == proof.sides).double().mean().item()
    return Claim(found, GAMMA, found >= GAMMA)


def _features(model: Network, proof: Proof, chosen: Tensor) -> Tensor:
    return activations(model, proof.layer, proof.patterns[chosen]).relu()


def _side_loss(model: Network, proof: Proof, chosen: Tensor) -> Tensor:
    guesses = proof.head(_features(model, proof, chosen))
    return nn.functional.cross_entropy(guesses, proof.sides[chosen])


def _task_loss(model: Network, data: Dataset, generator: torch.Generator) -> Tensor:
    chosen = torch.randint(len(data), (TASK_BATCH,), generator=generator)
    return nn.functional.cross_entropy(model(data.inputs[chosen]), data.labels[chosen])


def _tuned(model: Network, data: Dataset, generator: torch.Generator) -> Network:
    shadow = copy.deepcopy(model)
    optimizer = torch.optim.Adam(shadow.parameters(), LEARNING_RATE)
    for _ in range(ADAPTATION_BATCHES):
        _step(optimizer, _task_loss(shadow, data, generator))
    return shadow


def _batches(generator: torch.Generator) -> Sequence[Tensor]:
    """The patterns' numbers, in random order and a few at a time."""
    return torch.split(torch.randperm(PATTERNS, generator=generator), PATTERN_BATCH)


def _step(optimizer: torch.optim.Optimizer, loss: Tensor) -> None:
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    optimizer.step()
