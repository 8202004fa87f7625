"""What a suspect answers, read so that what costs a thief nothing changes nothing.

A number added to all logits, or a factor on all of them, leaves every answer as it is, and a large
number would drown the differences in rounding. So logits are computed by a last layer without its
mean over the classes, and leads are measured by the size of the logits.
"""

from __future__ import annotations

import torch
from torch import Tensor

from .activations import INPUTS_AT_ONCE
from .architectures import Network
from .errors import BadModel


def last_features(model: Network, inputs: Tensor) -> Tensor:
    """(inputs, neurons) in double precision: what the last layer is given."""
    caught: list[Tensor] = []
    hook = model.head.register_forward_pre_hook(lambda _module, given: caught.append(given[0]))
    model.eval()
    try:
        with torch.inference_mode():
            for part in torch.split(inputs, INPUTS_AT_ONCE):
                model(part)
    finally:
        hook.remove()
    return torch.cat(caught).double()


def ask(model: Network, inputs: Tensor) -> Tensor:
    """(inputs, classes) logits in double precision, without their mean.

    Raises:
        BadModel: the model answers none of the inputs with numbers.
    """
    weight, bias = model.head.weight.detach().double(), model.head.bias.detach().double()
    centred = {"head.weight": weight - weight.mean(0), "head.bias": bias - bias.mean()}
    head = {name: values.to(model.head.weight.dtype) for name, values in centred.items()}
    model.eval()
    with torch.inference_mode():
        parts = torch.split(inputs, INPUTS_AT_ONCE)
        answers = [torch.func.functional_call(model, head, (part,)) for part in parts]
        logits: Tensor = torch.cat(answers).double()
        logits = logits - logits.mean(1, keepdim=True)
    if not logits.isfinite().all(1).any():
        raise BadModel("ask for answers", "the model answers nothing with numbers")
    return logits


def ask_keys(model: Network, images: Tensor, classes: int) -> Tensor:
    """`ask` for key images (keys, c, h, w) of bytes, whose labels are out of `classes`.

    Raises:
        BadModel: the model takes other images, knows other classes or answers nothing.
    """
    if model.config.input_shape != tuple(images.shape[1:]):
        reason = f"the model takes {model.config.input_shape}, not {tuple(images.shape[1:])}"
        raise BadModel("show key images", reason)
    if model.config.classes != classes:
        reason = f"the model knows {model.config.classes} classes, not {classes}"
        raise BadModel("show key images", reason)
    return ask(model, images / 255)


def lead(logits: Tensor) -> tuple[Tensor, Tensor]:
    """The answer to each input, and by which part of its largest logit it leads the next.

    What is no number is the answer -1, on any device.
    """
    answered = logits.isfinite().all(1)
    best = logits.where(answered[:, None], 0).topk(2)
    size = logits.abs().amax(1).clamp_min(torch.finfo(logits.dtype).tiny)
    leads = (best.values[:, 0] - best.values[:, 1]) / size
    answers = torch.where(answered, best.indices[:, 0], -1)
    return answers, torch.where(answered, leads, torch.inf)
