"""Small networks for tests: hand-made ones at once, trained and marked ones once a session."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import torch

import verifier
from verifier import Dataset
from verifier.architectures import Network, build
from verifier.configs import CnnConfig, Config, MlpConfig, ResNetConfig
from verifier.message import expand_message
from verifier.scheme import Mark
from verifier.schemes import find_scheme
from verifier.training import train

MLP = MlpConfig(input_shape=(1, 8, 8), classes=10, hidden=(64, 128))
CNN = CnnConfig(input_shape=(1, 8, 8), classes=10, channels=(4, 8), hidden=16)
RESNET = ResNetConfig(input_shape=(1, 8, 8), classes=10, width=4, blocks=(1, 2))
CONFIGS = (MLP, CNN, RESNET)


LEAST_LEVEL = 40

NETWORKS: dict[str, Config] = {}
"""What a scheme is tried on where `MLP` would not carry a mark of it."""


@dataclass(frozen=True, slots=True)
class Marked:
    """A model marked with one shard, and all that went into it."""

    unmarked: Network
    evidence: bytes
    message_key: bytes
    model: Network
    scheme_id: str

    @property
    def mark(self) -> Mark:
        """The evidence with the message of the key."""
        shape = find_scheme(self.scheme_id).shape(self.evidence)
        return Mark(self.evidence, expand_message(self.message_key, shape))


@cache
def digits() -> tuple[Dataset, Dataset]:
    """The handwritten digits, for training and for testing."""
    return verifier.load_dataset("digits")


@cache
def trained(seed: int, config: Config = MLP) -> Network:
    """A network that knows the digits, in half a second. Copy it before changing it."""
    torch.set_num_threads(1)  # tests run side by side: threads would wait for one another
    model = build(config, seed=seed)
    train(model, digits()[0], epochs=20, learning_rate=1e-3, seed=seed)
    return model


def innocent(scheme_id: str, seed: int = 1) -> Network:
    """A network like those marked with the scheme, trained by somebody else."""
    return trained(seed, NETWORKS.get(scheme_id, MLP))


@cache
def marked(scheme_id: str) -> Marked:
    """A network that carries one mark of the scheme."""
    unmarked, (data, _) = innocent(scheme_id, 0), digits()
    (evidence,) = verifier.prepare(scheme_id, unmarked, data, shards=1, secret=b"secret" * 6)
    message_key = b"message key"
    # So few digits teach some schemes little more than the usual level asks for, on some machines.
    model = verifier.embed(scheme_id, unmarked, data, [evidence], [message_key], level=LEAST_LEVEL)
    return Marked(unmarked, evidence, message_key, model, scheme_id)
