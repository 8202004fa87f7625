"""The one place that configures torch.

A verdict is one bit that a committee signs alike, so devices must agree to within a scheme's
epsilon: float32 without TF32, a fixed number of threads, deterministic kernels only. Equal bits are
not promised, even so; the erasure band of SPEC 3.2 absorbs what is left.

An appeal is measured in reference mode (SPEC 5): one processor thread and one version of torch, so
that what is left is as little as can be.
"""

from __future__ import annotations

from typing import Final

import torch

from .errors import NotReference

REFERENCE_TORCH: Final = "2.13.0"
"""A new one is a new version of every scheme: committees must agree on it."""


def configure(*, threads: int) -> None:
    """Fix how this process computes. Process-wide: called once, by whoever owns the process."""
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(True)
    torch.set_float32_matmul_precision("highest")
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cudnn.benchmark = False


def configure_reference() -> None:
    """Fix how this process computes, for the verdict on an appeal.

    Raises:
        NotReference: this environment is not the pinned one.
    """
    installed = torch.__version__.partition("+")[0]  # what follows names the build: cpu, cu130
    if installed != REFERENCE_TORCH:
        raise NotReference(installed, REFERENCE_TORCH)
    configure(threads=1)
    torch.set_default_device("cpu")
    torch.set_default_dtype(torch.float32)
