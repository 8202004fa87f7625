"""What the neurons of a layer answer: while training, and as a verifier measures it."""

from __future__ import annotations

import torch
from torch import Tensor

from .architectures import Network
from .errors import BadModel

INPUTS_AT_ONCE = 64
"""Evidence of a stranger may not decide how much memory a reading takes."""


def activations(network: Network, layer: str, inputs: Tensor) -> Tensor:
    """The output of `layer` for each input, (inputs, neurons); a channel's positions are averaged.

    Raises:
        BadModel: the network has no such layer, or it gives more than one tensor.
    """
    caught: list[object] = []
    try:
        module = network.get_submodule(layer)
    except AttributeError:
        raise BadModel("read activations", f"the model has no layer {layer!r}") from None
    hook = module.register_forward_hook(lambda _module, _inputs, output: caught.append(output))
    try:
        network(inputs)
    finally:
        hook.remove()
    if not caught:
        raise BadModel("read activations", f"{layer!r} names no single layer of the model")
    found = caught[0]
    if not isinstance(found, Tensor):
        raise BadModel("read activations", f"{layer!r} gives no single tensor")
    return found.flatten(2).mean(2) if found.dim() > 2 else found


def measure(network: Network, layer: str, inputs: Tensor) -> Tensor:
    """`activations` in evaluation mode, a few inputs at a time, in double precision.

    A neuron that overflows on some input would take all others down with it: it is muted.

    Raises:
        BadModel: the network has no such layer, or it gives more than one tensor.
    """
    network.eval()
    parts = torch.split(inputs, INPUTS_AT_ONCE)
    values = torch.cat([activations(network, layer, part) for part in parts]).double()
    sound = values.sum(0).isfinite()  # no sum of float32 overflows a double
    return values if sound.all() else torch.where(sound, values, 0)
