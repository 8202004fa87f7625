"""What a thief does to a stolen model to be rid of its mark. Every attack returns a new network.

One family a file; `attacks.py` is the registry from which tables are made. Parameters follow the
suites of Lukas et al. (Watermark-Robustness-Toolbox, arXiv 2108.04974) unless a docstring says
otherwise. But: adversarial training, Neural Cleanse and laundering are left out; they cost hours
and remove no more than fine-tuning at a high rate does here.
"""

from __future__ import annotations

from .distillation import distil, train_from_scratch
from .fine_tuning import fine_prune, fine_tune, fine_tune_head, framed
from .inputs import DEFENCES, defend
from .overwrite import overwrite, spoil
from .symmetries import add_neurons, permute_neurons, split_neurons
from .weights import add_noise, halve_precision, prune, quantise

__all__ = [
    "DEFENCES",
    "add_neurons",
    "add_noise",
    "defend",
    "distil",
    "fine_prune",
    "fine_tune",
    "fine_tune_head",
    "framed",
    "halve_precision",
    "overwrite",
    "permute_neurons",
    "prune",
    "quantise",
    "split_neurons",
    "spoil",
    "train_from_scratch",
]
