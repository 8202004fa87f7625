"""A model as two files in a directory: `config.json` and `model.safetensors`.

Reading one is for suspects, so nothing is believed: the architecture is built without memory, its
names, shapes and types are compared with the file's header, and only then are bytes loaded. Other
files in the directory, such as the protocol's manifest, are not looked at.
"""

from __future__ import annotations

from pathlib import Path

import safetensors.torch
import torch

from .architectures import Network, build_empty
from .configs import parse_config
from .errors import BadModel
from .weights import Header, read_header, read_weights

CONFIG = "config.json"
WEIGHTS = "model.safetensors"

MAX_CONFIG_BYTES = 1 << 16

ACCEPTED = {
    torch.float32: {torch.float32, torch.float16, torch.bfloat16},
    torch.int64: {torch.int64},
}
"""For each type in a network, those in a file that become it without loss."""


def save_package(model: Network, directory: Path) -> None:
    """Write `model` into `directory`, which is made if need be."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / CONFIG).write_text(model.config.model_dump_json() + "\n")
    weights = {name: value.contiguous() for name, value in model.state_dict().items()}
    (directory / WEIGHTS).write_bytes(safetensors.torch.save(weights))


def load_package(directory: Path) -> Network:
    """The model in `directory`, in float32 and ready to be read.

    Raises:
        BadModel: a file is missing, breaks a rule, or does not fit the other.
    """
    # (1) The declared architecture, as shapes only.
    model = build_empty(parse_config(_read_config(directory / CONFIG)))

    # (2) Exactly these tensors, before a byte is allocated for them.
    _check_header(read_header(directory / WEIGHTS), model)

    # (3) The values.
    tensors = read_weights(directory / WEIGHTS)
    expected = model.state_dict()
    weights = {name: value.to(expected[name].dtype) for name, value in tensors.items()}
    model.load_state_dict(weights, assign=True)
    return model.eval()


def _read_config(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_CONFIG_BYTES + 1)
    except OSError as error:
        raise BadModel(f"read {path.name}", error.strerror or "not readable") from error
    if len(content) > MAX_CONFIG_BYTES:
        raise BadModel(f"read {path.name}", f"longer than {MAX_CONFIG_BYTES} bytes")
    return content


def _check_header(header: Header, model: Network) -> None:
    expected = model.state_dict()
    if odd := sorted(expected.keys() ^ header.entries.keys()):
        whose = "is missing" if odd[0] in expected else "is not part of the architecture"
        raise BadModel("compare weights with config.json", f"tensor {odd[0]} {whose}")
    for name, entry in header.entries.items():
        shape = tuple(expected[name].shape)
        if entry.shape != shape:
            reason = f"{name} has shape {entry.shape} where {shape} is declared"
            raise BadModel("compare weights with config.json", reason)
        if entry.dtype not in ACCEPTED[expected[name].dtype]:
            reason = f"{name} is {entry.dtype}: convert it to {expected[name].dtype}"
            raise BadModel("compare weights with config.json", reason)
