"""By how much devices differ, against the band that a scheme allows for them.

One CPU stands in for many devices: other batches take other kernels, other thread counts add up in
another order, and double precision differs from float32 more than any two devices that compute in
it. Each layer is made to compute so, which reaches what lies inside as well as the answers. The
figures say nothing of GPUs.
"""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable, Sequence
from functools import partial
from math import floor
from pathlib import Path

import torch
from torch import Tensor, nn

from verifier.architectures import Network
from verifier.message import expand_message
from verifier.odds import Decision, Law, decide, log2_odds
from verifier.removal import prune
from verifier.scheme import MessageShape, Reading

from .cases import Case
from .records import Progress, Record, silent
from .runs import embed, owner, trained

Forward = Callable[..., Tensor]

KEYS = 200
"""Messages, beside the true one, for which no two devices may contradict each other."""


def measure_noise(
    case: Case, *, data_dir: Path | None = None, progress: Progress = silent
) -> Record:
    """A marked model, what pruning leaves of it, and an innocent one, each read on all devices.

    Raises:
        EmbeddingFailed: there is no marked model.
        VerifierError: data or network do not fit the scheme.
    """
    progress(0, 2, "train and embed")
    data = case.load(data_dir)
    who = owner(case, data, 0)
    marked = embed(case, data, who)
    suspects = {
        "marked": marked,
        "pruned by 80 %": prune(marked, 0.8),
        "innocent": trained(case, data, 1000),
    }
    progress(1, 2, "read")
    found = {}
    for name, suspect in suspects.items():
        readings = [_read_on(device, case, suspect, who.evidence[0]) for device in DEVICES]
        messages = [who.marks[0].message, *_messages(readings[0], KEYS)]
        found[name] = {
            "largest_change": max(
                _change(one, other) for one, other in itertools.combinations(readings, 2)
            ),
            "contradictions": sum(
                contradict(one, other, message)
                for one, other in itertools.permutations(readings, 2)
                for message in messages
            ),
        }
    progress(2, 2, "done")
    return {
        "devices": list(DEVICES),
        "unit": "of the band that the scheme allows for a symbol, or steps of a score",
        "suspects": found,
    }


def contradict(one: Reading, other: Reading, message: Sequence[int]) -> bool:
    """Whether there is a level at which one reading is a MATCH and the other a NO_MATCH."""
    low, high = one.statistic(message)[0], other.statistic(message)[1]
    # Decisions change only where a statistic meets its threshold.
    edges = {_bits(low, one.law), _bits(high, other.law)}
    levels = {level + shift for level in edges for shift in (-1, 0, 1, 2)}
    return any(
        decide(*one.statistic(message), law=one.law, level=level) is Decision.MATCH
        and decide(*other.statistic(message), law=other.law, level=level) is Decision.NO_MATCH
        for level in levels
        if level >= 1
    )


def _bits(statistic: int, law: Law) -> int:
    most = sum(times * row[0] for times, row in law)
    return floor(-log2_odds(min(statistic, most), law))


def _in_batches(forward: Forward, size: int, inputs: Tensor) -> Tensor:
    return torch.cat([forward(part) for part in torch.split(inputs, size)])


def _in_double(layer: nn.Module, inputs: Tensor) -> Tensor:
    answers: Tensor = copy.deepcopy(layer).double()(inputs.double())
    return answers.float()


def _with(model: Network, wrap: Callable[[nn.Module], Forward]) -> Network:
    """A copy in which each layer with weights computes as `wrap` has it."""
    changed = copy.deepcopy(model)
    for layer in list(changed.modules()):
        if isinstance(layer, nn.Linear | nn.Conv2d):
            layer.forward = wrap(copy.deepcopy(layer))  # type: ignore[method-assign]
    return changed


def _batches(size: int, model: Network) -> Network:
    return _with(model, lambda layer: partial(_in_batches, layer.forward, size))


def _double(model: Network) -> Network:
    return _with(model, lambda layer: partial(_in_double, layer))


def _same(model: Network) -> Network:
    return model


DEVICES: dict[str, tuple[Callable[[Network], Network], int]] = {
    "float32, 1 thread": (_same, 1),
    "float32, 2 threads": (_same, 2),
    "batches of 1": (partial(_batches, 1), 1),
    "batches of 8": (partial(_batches, 8), 1),
    "batches of 64": (partial(_batches, 64), 1),
    "float64": (_double, 1),
}
"""How the network computes, and on how many threads."""


def _read_on(device: str, case: Case, model: Network, evidence: bytes) -> Reading:
    change, threads = DEVICES[device]
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        return case.scheme.read(change(model), evidence)
    finally:
        torch.set_num_threads(before)


def _change(one: Reading, other: Reading) -> float:
    """The largest difference of a symbol, as a part of its band; 1 is as much as is allowed."""
    if not one.answers:
        pairs = zip(one.low, other.low, strict=True)
        return max(abs(a - b) for mine, theirs in pairs for a, b in zip(mine, theirs, strict=True))
    # A flipped answer is a change by both margins; the band may be half of what lies between.
    return 2 * max(
        abs(mine - theirs) if answer == answer_there else mine + theirs
        for answer, mine, answer_there, theirs in zip(
            one.answers, one.margins, other.answers, other.margins, strict=True
        )
    )


def _messages(reading: Reading, keys: int) -> list[tuple[int, ...]]:
    shape = MessageShape(len(reading.low), len(reading.low[0]))
    return [expand_message(f"noise {key}".encode(), shape) for key in range(keys)]
