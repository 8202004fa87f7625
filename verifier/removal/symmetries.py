"""Other weights, the same function: free for a thief, and the end of a mark without alignment.

Neurons reordered and rescaled, or where the activation is odd turned round (Yan et al., arXiv
2205.00199); neurons added that change nothing, and neurons split in two (Yan et al., arXiv
2303.09732). Adding needs room in the configuration: a chain of layers has it, a residual stream,
whose width all blocks share, has not.
"""

from __future__ import annotations

import copy
from typing import Literal

import torch
from torch import Tensor, nn

from verifier.architectures import Network, Symmetry, build
from verifier.configs import CnnConfig, Config, MlpConfig
from verifier.errors import BadModel

Kind = Literal["still", "mute", "clique"]


def permute_neurons(model: Network, generator: torch.Generator) -> Network:
    """The same function, every layer's neurons in another order and at another positive scale.

    Where the activation is odd, half of them have their sign turned instead.
    """
    permuted = copy.deepcopy(model)
    with torch.no_grad():
        for symmetry in permuted.symmetries:
            _permute(permuted, symmetry, generator)
    return permuted


def add_neurons(model: Network, share: float, generator: torch.Generator, *, kind: Kind) -> Network:
    """The same function, each layer wider by `share`, by neurons that change nothing.

    "still" neurons answer 0 whatever they read, "mute" ones are read by nobody, those of a "clique"
    come in pairs that answer alike and cancel out. What they read and give is as large as the
    others'. They come last: permute to hide them.

    Raises:
        BadModel: the architecture has no room for single neurons.
    """
    grown = model
    for index in range(len(model.symmetries)):
        grown, old = _grow(grown, index, share)
        makes, bias, gives = _ends(grown, index)
        new = len(makes) - old
        with torch.no_grad():
            if kind != "still":
                drawn = torch.randn(makes[old:].shape, generator=generator)
                makes[old:] = drawn * makes[:old].std()
                bias[old:] = torch.randn(new, generator=generator) * bias[:old].std()
            if kind != "mute":
                drawn = torch.randn(gives[:, old:].shape, generator=generator)
                gives[:, old:] = drawn * gives[:, :old].std()
            if kind == "clique":
                half, end = old + new // 2, old + new // 2 * 2
                makes[half:end], bias[half:end] = makes[old:half], bias[old:half]
                gives[:, half:end] = -gives[:, old:half]
                gives[:, end:] = 0  # an odd one out is mute
    return grown


def split_neurons(model: Network, share: float, generator: torch.Generator) -> Network:
    """The same function, a `share` of each layer's neurons in two parts that answer alike.

    What is read of a neuron is shared out between its parts, at random.

    Raises:
        BadModel: the architecture has no room for single neurons.
    """
    grown = model
    for index in range(len(model.symmetries)):
        grown, old = _grow(grown, index, share)
        makes, bias, gives = _ends(grown, index)
        chosen = torch.randperm(old, generator=generator)[: len(makes) - old]
        part = torch.rand(len(chosen), 1, generator=generator)
        with torch.no_grad():
            makes[old:], bias[old:] = makes[chosen], bias[chosen]
            gives[:, old:] = gives[:, chosen] * part
            gives[:, chosen] -= gives[:, old:]
    return grown


def _permute(model: Network, symmetry: Symmetry, generator: torch.Generator) -> None:
    producers, norms, consumers = (
        [model.get_submodule(name) for name in names]
        for names in (symmetry.producers, symmetry.norms, symmetry.consumers)
    )
    width = len(_weight(producers[0]))
    order = torch.randperm(width, generator=generator)
    scale = torch.randn(width, generator=generator)
    scale = torch.where(scale < 0, -1.0, 1.0) if symmetry.odd else scale.exp()
    # ReLU commutes with positive factors; a norm would undo a factor that came before it.
    for scaled in norms or producers:
        _weight(scaled).mul_(_column(scale, scaled))
        _bias(scaled).mul_(scale)
    for made in (*producers, *norms):
        for values in made.state_dict().values():
            if values.dim():  # a norm's count of batches has none
                values.copy_(values[order])
    for reader in consumers:
        neurons = _by_neuron(reader, width)
        neurons.copy_((neurons / scale[:, None])[:, order])


def _grow(model: Network, index: int, share: float) -> tuple[Network, int]:
    """A copy with a wider layer `index`, its new neurons all zero; and how many were there."""
    symmetry, old = model.symmetries[index], len(_ends(model, index)[0])
    grown = build(_wider(model.config, index, round(old * share)), seed=0)
    with torch.no_grad():
        for name, values in model.named_parameters():
            layer, into = name.rpartition(".")[0], grown.get_parameter(name)
            if layer in symmetry.producers:
                into.zero_()[:old] = values
            elif name == f"{symmetry.consumers[0]}.weight":
                neurons = _by_neuron(grown.get_submodule(layer), len(_ends(grown, index)[0]))
                neurons.zero_()[:, :old] = _by_neuron(model.get_submodule(layer), old)
            else:
                into.copy_(values)
    return grown.eval(), old


def _wider(config: Config, index: int, by: int) -> Config:
    match config:
        case MlpConfig(hidden=widths):
            return config.model_copy(update={"hidden": _raised(widths, index, by)})
        case CnnConfig(channels=widths) if index < len(widths):
            return config.model_copy(update={"channels": _raised(widths, index, by)})
        case CnnConfig(hidden=width):
            return config.model_copy(update={"hidden": width + by})
    raise BadModel("widen a layer", f"{config.architecture!r} has no room for single neurons")


def _raised(widths: tuple[int, ...], index: int, by: int) -> tuple[int, ...]:
    return (*widths[:index], widths[index] + by, *widths[index + 1 :])


def _ends(model: Network, index: int) -> tuple[Tensor, Tensor, Tensor]:
    """What makes and what reads the neurons of layer `index`: weight, bias, weight by neuron."""
    symmetry = model.symmetries[index]
    producer = model.get_submodule(symmetry.producers[0])
    consumer = model.get_submodule(symmetry.consumers[0])
    width = len(_weight(producer))
    if symmetry.norms or len(symmetry.producers) > 1 or len(symmetry.consumers) > 1:
        raise BadModel("widen a layer", "its width is that of others, too")
    return _weight(producer), _bias(producer), _by_neuron(consumer, width)


def _by_neuron(reader: nn.Module, width: int) -> Tensor:
    """(outputs, width, positions): after a flattening, one neuron is read at several positions."""
    weight = _weight(reader)
    return weight.view(len(weight), width, -1)


def _weight(module: nn.Module) -> Tensor:
    return module.get_parameter("weight")


def _bias(module: nn.Module) -> Tensor:
    return module.get_parameter("bias")


def _column(scale: Tensor, module: nn.Module) -> Tensor:
    """`scale` in the shape that multiplies the rows of the module's weight."""
    return scale.view(-1, *[1] * (_weight(module).dim() - 1))
