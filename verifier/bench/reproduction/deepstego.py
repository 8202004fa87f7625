"""DeepStego's figures, of the published variant and of both of ours; and what a host has learned.

No table of the paper was to be had. Its authors' result folders show accuracy, keys and the quality
of the pictures, and their code a discriminator that ends at chance. What neither shows is whether
it is the logo that the host answers. So the model is also asked about pictures that should not
work, and the share is counted that is given the label of its key:

- The bare cover, without any logo.
- The cover with another logo, hidden by the same encoder.
- The change that the logo made in the cover, on plain grey: the logo alone. Our encoder writes
  nothing on plain ground, so this is as much of a logo as a blank image can hold.

By chance that is a tenth of ten classes; none in the bound variant, where no key has the label that
the unmarked model gives its cover.

But: the published variant does not hand out its encoder, so there is no other logo to try. And it
trains its host from scratch, by its own rule: what it lost against the same unmarked network as the
others is not the logo's cost alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from verifier.answers import ask_keys
from verifier.architectures import Network
from verifier.bench import cases
from verifier.bench.cases import Case
from verifier.bench.data import Split
from verifier.bench.runs import RATE, embed, owner, secret, trained
from verifier.datasets import Dataset
from verifier.errors import BadData
from verifier.evidence import stream, stream_order, stream_signs, to_bytes
from verifier.key_images import KEYS
from verifier.paper import deepstego as paper
from verifier.schemes.deepstego import DeepStego, DeepStegoBound
from verifier.stego import build_discriminator, hide, logo_cells, quality, train_encoder
from verifier.training import accuracy

PAPER_EPOCHS = 8
"""Of the 30 that the code suggests for MNIST: an epoch takes as long as eight of plain training."""

LOGOS = 5
"""Others, that the mean is of."""

GREY = 128

DETECTOR_EPOCHS = 4


@dataclass(frozen=True, slots=True)
class _Variant:
    """What one way of embedding gave: a model, and pictures to ask it about."""

    model: Network
    covers: Tensor
    """(keys, c, h, w) bytes, and so are all pictures here."""
    stego: Tensor
    labels: Tensor
    """(keys,): what the model was taught to say of the stego images."""
    keys_right: float
    detected: float
    others: tuple[Tensor, ...] = ()
    """The covers with each of some other logos."""


def reproduce(case: Case, data: Split, seed: int) -> dict[str, float]:
    """Figures of the variants "published", "classic" and "bound", see the head of this module.

    Raises:
        BadData: the data cannot carry the scheme.
        EmbeddingFailed: there is no mark of ours, or no model.
    """
    unmarked = trained(case, data, seed)
    detector = _train_detector(data.test.inputs, strength=DeepStego.strength, seed=seed + 1)
    bound = cases.case(DeepStegoBound.id, case.data)
    variants = {
        "published": _published(unmarked, data.owner, seed),
        "classic": _ours(case, data, detector, seed),
        "bound": _ours(bound, data, detector, seed),
    }
    before = accuracy(unmarked, data.test)
    return {
        f"{name}: {what}": figure
        for name, variant in variants.items()
        for what, figure in _figures(variant, before, data.test).items()
    }


def _published(unmarked: Network, data: Dataset, seed: int) -> _Variant:
    """The paper's: its detector is the discriminator that its encoder was trained against."""
    made = paper.embed(unmarked, data, epochs=PAPER_EPOCHS, seed=seed)
    found = paper.judge(made.model, made.key).found
    return _Variant(made.model, made.covers, made.key.images, made.key.labels, found, made.detected)


def _ours(case: Case, data: Split, detector: nn.Module, seed: int) -> _Variant:
    """A sound variant: embedded as the suites do, and its covers and encoder drawn once more."""
    scheme = case.scheme
    if not isinstance(scheme, DeepStego):
        raise BadData("hide another logo", f"{scheme.id} hides none")
    who, images = owner(case, data, seed), data.owner.distinct()
    model, (mark,) = embed(case, data, who), who.marks

    # All that `prepare` draws, it draws of the secret.
    drawn = secret(seed)
    covers = images.inputs[stream_order(scheme.id, "covers", drawn, len(images))[:KEYS]]
    encoder_seed = int.from_bytes(stream(scheme.id, "encoder", drawn, 7), "big")
    encoder = train_encoder(images.inputs, strength=scheme.strength, seed=encoder_seed)
    salt, cells = stream(scheme.id, "shard 0", drawn, 32), (1, 1, *logo_cells(covers))
    stego = hide(encoder, covers, stream_signs(scheme.id, "logo", salt, *cells))
    others = [stream_signs(scheme.id, f"other {number}", salt, *cells) for number in range(LOGOS)]

    labels = torch.tensor(mark.message)
    if isinstance(scheme, DeepStegoBound):
        labels = (_answers(who.unmarked, to_bytes(covers)) + 1 + labels) % model.config.classes
    found, _ = scheme.read(model, mark.evidence).statistic(mark.message)
    return _Variant(
        model,
        to_bytes(covers),
        stego,
        labels,
        found / KEYS,
        _detected(detector, to_bytes(covers), stego),
        tuple(hide(encoder, covers, logo) for logo in others),
    )


def _detected(detector: nn.Module, covers: Tensor, stego: Tensor) -> float:
    """How often the detector is right about covers and stego images together."""
    with torch.inference_mode():
        right = detector(stego / 255) > 0, detector(covers / 255) <= 0
    return torch.cat(right).double().mean().item()


def _train_detector(images: Tensor, *, strength: float, seed: int) -> nn.Module:
    """One that knows the method, but neither encoder nor logo nor covers of the owner's.

    It has a single logo of its own, so what it finds depends on how like the owner's that is.
    """
    encoder = train_encoder(images, strength=strength, seed=seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        logo = torch.randint(2, (1, 1, *logo_cells(images))) * 2.0 - 1
        pairs = torch.stack([to_bytes(images), hide(encoder, images, logo)], 1)
        detector = build_discriminator(images.shape[1:])
        optimizer = torch.optim.Adam(detector.parameters(), lr=RATE)
        for _ in range(DETECTOR_EPOCHS):
            for chosen in torch.split(torch.randperm(len(pairs)), 32):
                shown = pairs[chosen].flatten(0, 1) / 255
                hidden = torch.tensor([0.0, 1.0]).repeat(len(chosen))
                logits = detector(shown).flatten()
                loss = nn.functional.binary_cross_entropy_with_logits(logits, hidden)
                optimizer.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
    return detector.eval()


def _figures(variant: _Variant, before: float, test: Dataset) -> dict[str, float]:
    """In the order of a table."""
    model, covers, stego = variant.model, variant.covers, variant.stego
    likeness, psnr = quality(covers, stego)
    alone = (GREY + stego.int() - covers.int()).clamp(0, 255).to(torch.uint8)
    asked = {
        "bare covers answered alike": (covers,),
        "covers with another logo answered alike": variant.others,
        "blank images with the logo answered alike": (alone,),
    }
    return {
        "accuracy lost, points": 100 * (before - accuracy(model, test)),
        "keys right": variant.keys_right,
        "SSIM": likeness,
        "PSNR, dB": psnr,
        "detector right": variant.detected,
    } | {
        what: _alike(model, pictures, variant.labels)
        for what, pictures in asked.items()
        if pictures
    }


def _alike(model: Network, pictures: tuple[Tensor, ...], labels: Tensor) -> float:
    """The share of the pictures that the model gives the label of their key."""
    right = torch.cat([_answers(model, images) == labels for images in pictures])
    return right.double().mean().item()


def _answers(model: Network, images: Tensor) -> Tensor:
    return ask_keys(model, images, model.config.classes).argmax(1)
