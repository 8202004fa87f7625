"""A liar against MTLSign: he has the victim's model at hand and wants it to be found his.

In the paper's mode he trains a head on the victim's features, and his claim stands. In sound mode
all that is his to pick is frozen before the message is drawn; he bets on one message, and bends
patterns, reference and layer until the victim answers with it.
"""

from __future__ import annotations

import hashlib

import torch
from torch import Tensor

from verifier.activations import activations
from verifier.alignment import signatures
from verifier.architectures import Network
from verifier.datasets import Dataset
from verifier.evidence import stream, stream_signs, to_bytes
from verifier.paper import Claim
from verifier.paper.mtlsign import LEARNING_RATE, draw_proof, judge, train_head
from verifier.schemes.mtlsign import ID, MtlSign, scores
from verifier.secret_task import BITS, PROBES
from verifier.weights import pack, unpack

SALTS = 4
"""Of which the liar keeps the one whose direction suits the victim best."""

STEPS = 60
STEP = 0.02
"""Of the search for patterns, in the pixels' units."""

PASSES = 100


def forged_evidence(victim: Network, data: Dataset, secret: bytes) -> dict[str, bytes]:
    """Evidence that makes the most of the victim, by what the liar chose in it."""
    scheme = MtlSign()
    bet = stream_signs("forgery", "bet", secret, BITS)
    ground = [
        scheme.prepare(victim, data, shards=1, secret=stream("forgery", f"{number}", secret, 32))[0]
        for number in range(SALTS)
    ]
    with torch.no_grad():
        best = max(ground, key=lambda evidence: float(bet @ _scores(victim, evidence)))
    forged = {
        "ground salt": best,
        "neurons in the liar's order": _reordered(victim, best, bet),
        "the logits": _at_the_logits(victim, best),
    }
    if data.inputs.is_floating_point():
        forged["fitted patterns"] = _fitted(victim, best, bet)
        forged["patterns all but equal"] = _all_but_equal(best)
    return forged


def forge_paper(victim: Network, data: Dataset, seed: int) -> Claim:
    """The published claim against any model: a head that learnt the liar's sides of it."""
    del data  # a liar needs none
    proof = draw_proof(victim, hashlib.sha256(f"liar {seed}".encode()).digest())
    optimizer = torch.optim.Adam(proof.head.parameters(), LEARNING_RATE)
    train_head(victim, proof, optimizer, PASSES, torch.Generator().manual_seed(seed))
    return judge(victim, proof)


def _scores(victim: Network, evidence: bytes, patterns: Tensor | None = None) -> Tensor:
    """What the victim would be read as; he is his own reference, so his neurons are in order."""
    tensors, strings = unpack(evidence)
    if patterns is None:
        patterns = _inputs(tensors["patterns"])
    features = activations(victim.eval(), strings["layer"], patterns)
    return scores(
        features, stream_signs(ID, "direction", bytes.fromhex(strings["salt"]), features.shape[1])
    )


def _reordered(victim: Network, evidence: bytes, bet: Tensor) -> bytes:
    """A reference that gives the directions +1 to the neurons that speak for the bet."""
    tensors, strings = unpack(evidence)
    with torch.no_grad():
        features = activations(victim.eval(), strings["layer"], _inputs(tensors["patterns"]))
    direction = stream_signs(ID, "direction", bytes.fromhex(strings["salt"]), features.shape[1])
    centred = features - features.mean(0)
    speaks = bet @ (centred / centred.norm(dim=0).clamp_min(1e-12))
    reference = tensors["reference"].clone()
    reference[:, direction.argsort()] = tensors["reference"][:, speaks.argsort()]
    return pack(tensors | {"reference": reference}, strings)


def _at_the_logits(victim: Network, evidence: bytes) -> bytes:
    """The layer that a model's task holds still, of all its layers."""
    tensors, strings = unpack(evidence)
    kinds = torch.arange(2).repeat_interleave(PROBES // 2)
    with torch.no_grad():
        logits = activations(victim.eval(), "head", _inputs(tensors["probes"]))
    reference = signatures(logits, kinds).residuals.half()
    return pack(tensors | {"reference": reference}, strings | {"layer": "head"})


def _fitted(victim: Network, evidence: bytes, bet: Tensor) -> bytes:
    """Patterns moved, pixel by pixel, to where the victim answers with the bet."""
    tensors, strings = unpack(evidence)
    patterns = _inputs(tensors["patterns"])
    for _ in range(STEPS):
        patterns.requires_grad_()
        (slope,) = torch.autograd.grad((bet * _scores(victim, evidence, patterns)).sum(), patterns)
        patterns = (patterns.detach() + STEP * slope.sign()).clamp(0, 1)
    return pack(tensors | {"patterns": to_bytes(patterns)}, strings)


def _all_but_equal(evidence: bytes) -> bytes:
    """Two patterns, each in many copies that one pixel tells apart: all answers hang together."""
    tensors, strings = unpack(evidence)
    copies = tensors["patterns"][:2].repeat(BITS // 2, 1, 1, 1)
    copies[:, 0, 0, 0] = torch.arange(BITS).to(torch.uint8)
    return pack(tensors | {"patterns": copies}, strings)


def _inputs(frozen: Tensor) -> Tensor:
    return frozen / 255 if frozen.dtype == torch.uint8 else frozen
