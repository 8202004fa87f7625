"""A second, secret task for a layer, frozen before anybody knows how it is to be solved.

The task of MTLSign (Li and Wang, arXiv 2103.10021) is to sort the layer's features of 256 keyed
patterns in two. The message that says which side each belongs on is drawn later; a salt alone
chooses all that is frozen here:

- the patterns, and the direction that parts their features (`schemes/mtlsign.py`);
- the probes, natural inputs and noise, by whose answers the layer's neurons are put in order;
- what the unmarked model answers to the probes; what it makes of the patterns is not kept.

But: a verifier does not see that a salt chose them. A liar picks patterns, probes and reference as
he likes, before the message is drawn; the odds hold all the same (`forgery/mtlsign.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from .activations import measure
from .alignment import Signatures, align, signatures
from .architectures import Network
from .configs import TextConfig
from .datasets import Dataset
from .errors import BadModel
from .evidence import (
    open_evidence,
    require,
    stream_bytes,
    stream_order,
    stream_signs,
    to_bytes,
    validate_images,
    validate_input,
)
from .patterns import keyed_inputs
from .weights import pack, unpack

BITS = 256
"""A shard's message, a pattern each: 200 hits have odds of 2^-64."""

NATURAL = 128
NOISE = 128
PROBES = NATURAL + NOISE
KINDS = 2
"""Inputs by whose answers neurons are recognised: of the data set, and uniform noise, which tells
apart neurons that the data set never drives apart."""

IMAGES = {"patterns": (torch.uint8, 4), "probes": (torch.uint8, 4), "reference": (torch.float16, 2)}
SENTENCES = IMAGES | {"patterns": (torch.int64, 2), "probes": (torch.int64, 2)}


@dataclass(frozen=True, slots=True)
class SecretTask:
    """One shard's carriers and extractor."""

    scheme: str
    """The id whose streams are drawn from."""
    layer: str
    salt: bytes
    """32 bytes; the direction is a stream of it."""
    patterns: Tensor
    """(bits, c, h, w) bytes or (bits, length) int64 words: what the task is about."""
    probes: Tensor
    """(natural + noise, ...) likewise: by their answers to these the neurons are recognised."""
    reference: Tensor
    """(natural + noise, neurons) float16: the residuals of the unmarked model's signatures."""

    @classmethod
    def freeze(cls, scheme: str, model: Network, data: Dataset, salt: bytes) -> SecretTask:
        """A task for the carrier of `model`, chosen by `salt` alone."""
        natural = data.inputs[stream_order(scheme, "probes", salt, len(data))[:NATURAL]]
        patterns = keyed_inputs(scheme, salt, BITS, model.config)
        if natural.is_floating_point():
            noise = stream_bytes(scheme, "noise", salt, NOISE, *data.input_shape)
            natural = to_bytes(natural)
        else:
            noise = keyed_inputs(scheme, b"noise" + salt, NOISE, model.config)
        probes = torch.cat([natural, noise])
        unread = cls(scheme, model.carrier, salt, patterns, probes, torch.empty(0, 0))
        with torch.no_grad():
            residuals = unread._signatures(model).residuals[:PROBES]
        return replace(unread, reference=residuals.half())

    def inputs(self) -> Tensor:
        """Probes, then patterns, as a network takes them."""
        both = torch.cat([self.probes, self.patterns])
        return both / 255 if both.dtype == torch.uint8 else both

    def direction(self) -> Tensor:
        """(neurons,) of +-1."""
        return stream_signs(self.scheme, "direction", self.salt, self.reference.shape[1])

    def features(self, suspect: Network) -> Tensor:
        """(bits, neurons of the reference): what it makes of the patterns, its neurons in order.

        Raises:
            BadModel: the suspect has no such layer, or takes other inputs.
        """
        self._validate_suspect(suspect)
        found, odd = self._signatures(suspect), suspect.is_odd(self.layer)
        own = found.residuals[:PROBES]
        return align(found.means[KINDS:], own, self.reference.double(), odd=odd)

    def pack(self) -> bytes:
        """The bytes that are committed to."""
        tensors = {"patterns": self.patterns, "probes": self.probes, "reference": self.reference}
        return pack(tensors, {"scheme": self.scheme, "layer": self.layer, "salt": self.salt.hex()})

    @classmethod
    def unpack(cls, scheme: str, evidence: bytes) -> SecretTask:
        """The task in these bytes.

        Raises:
            BadEvidence: they are not what `pack` writes.
        """
        patterns = unpack(evidence)[0].get("patterns")
        words = patterns is not None and patterns.dtype == torch.int64
        form = SENTENCES if words else IMAGES
        tensors, strings = open_evidence(evidence, scheme, form, frozenset({"layer", "salt"}))
        patterns, probes, reference = (tensors[name] for name in form)
        require(len(patterns) == BITS, f"{len(patterns)} patterns")
        require(len(probes) == PROBES, f"{len(probes)} probes")
        require(patterns.shape[1:] == probes.shape[1:], "patterns and probes of different shapes")
        require(len(reference) == len(probes), "not one row for each probe")
        validate_images(torch.cat([patterns, probes]))
        require(min(int(patterns.min()), int(probes.min())) >= 0, "a negative word")
        salt = bytes.fromhex(strings["salt"])
        return cls(scheme, strings["layer"], salt, patterns, probes, reference)

    def _signatures(self, model: Network) -> Signatures:
        return signatures(measure(model, self.layer, self.inputs()), groups())

    def _validate_suspect(self, suspect: Network) -> None:
        validate_input(suspect, tuple(self.patterns.shape[1:]))
        if isinstance(suspect.config, TextConfig):
            last, words = int(self.inputs().max()), suspect.config.vocabulary
            if last >= words:
                raise BadModel("show patterns", f"the model knows {words} words, not word {last}")


def groups() -> Tensor:
    """Natural probes, noise, and each pattern a group of its own, so that no residual sees it."""
    kinds = torch.arange(KINDS).repeat_interleave(torch.tensor([NATURAL, NOISE]))
    return torch.cat([kinds, torch.arange(KINDS, KINDS + BITS)])
