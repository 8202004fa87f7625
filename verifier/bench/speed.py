"""What reading one shard costs, beside the bare forward passes that it needs.

Both are timed in turn, so that whatever else the machine does slows both; the median of the ratios
counts. Memory stays flat in the length of a message if a model is never shown more inputs at once
than a fixed number, so that is what is counted.
"""

from __future__ import annotations

import time
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

import torch
from torch import Tensor, nn

from verifier.architectures import Network, build
from verifier.scheme import Scheme

from .cases import Case
from .records import Progress, Record, silent

REPEATS = 15


def measure_speed(
    case: Case, *, data_dir: Path | None = None, progress: Progress = silent
) -> Record:
    """A new model, one shard: neither training nor a mark changes what a reading costs.

    Raises:
        VerifierError: data or network do not fit the scheme.
    """
    progress(0, 2, "prepare")
    data = case.load(data_dir)
    model, images = build(case.config(data), seed=0), data.owner.distinct()
    (evidence,) = _hasty(case.scheme).prepare(model, images, shards=1, secret=bytes(32))
    shown = _shown(case, model, evidence)
    progress(1, 2, "time")
    ratios, seconds = [], []
    for _ in range(REPEATS):
        started = time.perf_counter()
        with torch.inference_mode():
            for inputs in shown:
                model(inputs)
        between = time.perf_counter()
        case.scheme.read(model, evidence)
        read = time.perf_counter() - between
        ratios.append(read / (between - started))
        seconds.append(read)
    progress(2, 2, "done")
    shape = case.scheme.shape(evidence)
    return {
        "ratio": round(median(ratios), 3) if shown else None,
        "milliseconds": round(1000 * median(seconds), 1),
        "symbols": shape.count,
        "inputs": sum(len(inputs) for inputs in shown),
        "inputs_at_once": max((len(inputs) for inputs in shown), default=0),
        "evidence_bytes": len(evidence),
    }


def _hasty(scheme: Scheme) -> Scheme:
    """The scheme, spending one epoch on whatever it trains to prepare."""
    has_epochs = is_dataclass(scheme) and "epochs" in {field.name for field in fields(scheme)}
    return replace(scheme, epochs=1) if has_epochs else scheme  # type: ignore[type-var]


def _shown(case: Case, model: Network, evidence: bytes) -> list[Tensor]:
    """The batches that a reading shows to the model."""
    shown: list[Tensor] = []

    def note(_model: nn.Module, arguments: tuple[Any, ...]) -> None:
        shown.append(arguments[0].detach().clone())

    hook = model.register_forward_pre_hook(note)
    try:
        case.scheme.read(model, evidence)
    finally:
        hook.remove()
    return shown
