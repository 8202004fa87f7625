"""The one place that configures torch.

A verdict is one bit that a committee signs alike, so devices must agree to within a scheme's
epsilon: float32 without TF32, a fixed number of threads, deterministic kernels only. Equal bits are
not promised, even so; the erasure band of SPEC 3.2 absorbs what is left.
"""

from __future__ import annotations

import torch


def configure(*, threads: int) -> None:
    """Fix how this process computes. Process-wide: called once, by whoever owns the process."""
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(True)
    torch.set_float32_matmul_precision("highest")
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cudnn.benchmark = False
