"""Mark a neural network, and test a suspect for the mark; no chains, no peers.

    evidence = verifier.prepare("deepsigns-v1", model, data, shards=4)
    marked = verifier.embed("deepsigns-v1", model, data, evidence, message_keys)
    finding = verifier.verify("deepsigns-v1", suspect, evidence[0], message_keys[0], level=64)

What needs tensors is imported on first use: the node's daemon imports this package for its findings
and errors, and idles without torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .errors import (
    AccuracyLost,
    BadData,
    BadEvidence,
    BadModel,
    CapacityExceeded,
    EmbeddingFailed,
    LevelUnreachable,
    Malformed,
    MarkUnreadable,
    UnknownScheme,
    VerifierError,
)
from .finding import Access, Finding
from .odds import Decision, decide, hits_law, threshold

if TYPE_CHECKING:
    from .assay import embed, prepare, verify
    from .datasets import Dataset, load_dataset
    from .package import load_package, save_package

__all__ = [
    "Access",
    "AccuracyLost",
    "BadData",
    "BadEvidence",
    "BadModel",
    "CapacityExceeded",
    "Dataset",
    "Decision",
    "EmbeddingFailed",
    "Finding",
    "LevelUnreachable",
    "Malformed",
    "MarkUnreadable",
    "UnknownScheme",
    "VerifierError",
    "decide",
    "embed",
    "hits_law",
    "load_dataset",
    "load_package",
    "prepare",
    "save_package",
    "threshold",
    "verify",
]

_NEEDS_TORCH = {
    "Dataset": ".datasets",
    "embed": ".assay",
    "load_dataset": ".datasets",
    "load_package": ".package",
    "prepare": ".assay",
    "save_package": ".package",
    "verify": ".assay",
}


def __getattr__(name: str) -> Any:
    if name not in _NEEDS_TORCH:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_NEEDS_TORCH[name], __name__), name)
