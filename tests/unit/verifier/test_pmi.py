from __future__ import annotations

import copy
from functools import cache

import pytest
import torch

from tests.support.tiny_models import MLP, digits, trained
from verifier import BadData, BadEvidence, BadModel, Dataset, Decision
from verifier.architectures import Network, build
from verifier.assay import draw_marks, embed_marks
from verifier.evidence import to_bytes
from verifier.forgery.pmi import forge_paper, forged_evidence
from verifier.message import expand_message
from verifier.odds import decide, law_of, threshold
from verifier.paper.pmi import power
from verifier.removal import prune
from verifier.scheme import Mark, MessageShape, Reading
from verifier.schemes.pmi import Pmi, read_labels
from verifier.training import train
from verifier.weights import pack, unpack

SCHEME = Pmi()
HASTY = Pmi(epochs=1, references=1)
"""Its pools are as good as random, and cost no time."""

LEVEL = 40
"""There is little to learn by heart in 1,348 digits: 2^-83, give or take 8, on any one machine."""


@cache
def marked() -> tuple[Network, Mark]:
    data = digits()[0]
    evidence = SCHEME.prepare(trained(0), data.distinct(), shards=1, secret=bytes(32))
    (mark,) = draw_marks(SCHEME, evidence, [b"message key"])
    return embed_marks(SCHEME, trained(0), data, [mark], level=LEVEL), mark


@cache
def hasty() -> bytes:
    return HASTY.prepare(trained(0), digits()[0], shards=1, secret=bytes(32))[0]


def judge(model: Network, message: tuple[int, ...] | None = None) -> Decision:
    _, mark = marked()
    return decision(SCHEME.read(model, mark.evidence), message or mark.message)


def decision(reading: Reading, message: tuple[int, ...], level: int = LEVEL) -> Decision:
    return decide(*reading.statistic(message), law=reading.law, level=level)


def test_shape__be_a_bit_for_each_of_256_pools() -> None:
    assert SCHEME.shape(hasty()) == MessageShape(256, 2)


def test_read__match_the_marked_model_and_no_other() -> None:
    model, mark = marked()
    other = expand_message(b"another", MessageShape(256, 2))

    assert judge(model) is Decision.MATCH
    assert judge(model, other) is Decision.NO_MATCH
    assert judge(model, tuple(1 - symbol for symbol in mark.message)) is Decision.NO_MATCH
    assert judge(trained(0)) is judge(trained(1)) is Decision.NO_MATCH


def test_read__find_half_of_the_evidence_after_pruning() -> None:
    model, mark = marked()
    reading = SCHEME.read(prune(model, 0.5), mark.evidence)

    assert decision(reading, mark.message, level=32) is Decision.MATCH


def test_read_labels__find_the_mark_by_right_and_wrong_alone() -> None:
    model, mark = marked()

    def found(suspect: Network) -> Decision:
        return decision(read_labels(suspect, mark.evidence), mark.message, level=10)

    assert found(model) is Decision.MATCH
    assert found(trained(1)) is Decision.NO_MATCH


def test_embed__be_an_ordinary_training_on_the_chosen_data() -> None:
    data = digits()[0]
    mark = Mark(hasty(), expand_message(b"key", MessageShape(256, 2)))
    images, labels = (unpack(hasty())[0][name] for name in ("images", "labels"))
    left_out = images.view(256, 2, -1)[torch.arange(256), 1 - torch.tensor(mark.message)]
    same = to_bytes(data.inputs).flatten(1)[:, None] == left_out
    kept = data.part((~same.all(2).any(1)).nonzero()[:, 0])
    ordinary = build(MLP, seed=0)
    train(ordinary, kept, epochs=1, learning_rate=HASTY.learning_rate, seed=0)

    model = HASTY.start(trained(0))
    chosen = HASTY.training_data(data, [mark])
    train(
        model,
        chosen,
        epochs=1,
        learning_rate=HASTY.learning_rate,
        seed=0,
        objective=HASTY.objective(model, [mark]),
    )

    assert len(chosen) == len(data) - 256
    weights = ordinary.state_dict()
    assert all(value.equal(weights[name]) for name, value in model.state_dict().items())
    assert labels.shape == (256, 2, 1)


def test_training_data__reject_data_without_the_twins() -> None:
    mark = Mark(hasty(), (0,) * 256)

    with pytest.raises(BadData, match="images that the data lacks"):
        HASTY.training_data(digits()[1], [mark])


def test_prepare__deal_every_image_once_and_twins_of_one_class() -> None:
    data = digits()[0]
    twice = Dataset(data.inputs.repeat(2, 1, 1, 1), data.labels.repeat(2))

    shards = [
        unpack(it)[0] for it in HASTY.prepare(trained(0), twice, shards=1, secret=bytes([7]) * 32)
    ]

    images = torch.cat([tensors["images"] for tensors in shards])
    assert len({row.numpy().tobytes() for row in images}) == 512
    assert all(tensors["labels"][:, 0].equal(tensors["labels"][:, 1]) for tensors in shards)


def test_prepare__choose_twins_that_are_learned_by_heart() -> None:
    """The marked model is wrong on more of the left-out twins than on images at large."""
    model, mark = marked()
    tensors, _ = unpack(mark.evidence)
    right = (model(tensors["images"] / 255).argmax(1) == tensors["labels"].flatten()).view(256, 2)

    chosen = torch.tensor(mark.message)

    assert right[torch.arange(256), chosen].double().mean() > 0.99
    assert right[torch.arange(256), 1 - chosen].double().mean() < 0.93


def test_prepare__reject_data_that_is_too_small() -> None:
    few = digits()[0].part(torch.arange(1000))

    with pytest.raises(BadData, match="1000 images, where 1 shards take 1281"):
        HASTY.prepare(trained(0), few, shards=1, secret=bytes(32))


def test_prepare__reject_data_of_another_form() -> None:
    data = digits()[0]
    small = build(MLP.model_copy(update={"input_shape": (1, 4, 4)}), seed=0)
    narrow = build(MLP.model_copy(update={"classes": 5}), seed=0)

    with pytest.raises(BadData, match=r"takes \(1, 4, 4\), the data is \(1, 8, 8\)"):
        HASTY.prepare(small, data, shards=1, secret=bytes(32))
    with pytest.raises(BadData, match="knows 5 classes, the data has 10"):
        HASTY.prepare(narrow, data, shards=1, secret=bytes(32))


@pytest.mark.parametrize("scale", [1e-6, 1e6])
def test_read__not_see_the_scale_of_logits(scale: float) -> None:
    model, mark = marked()
    scaled = copy.deepcopy(model)
    with torch.no_grad():
        for value in scaled.head.parameters():
            value.mul_(scale)

    low, scaled_low = (
        torch.tensor(SCHEME.read(suspect, mark.evidence).low) for suspect in (model, scaled)
    )

    assert (low - scaled_low).abs().max() <= 1


@pytest.mark.parametrize("offset", [1e3, 1e6])
def test_read__not_see_what_is_added_to_all_logits(offset: float) -> None:
    shifted = copy.deepcopy(marked()[0])
    shifted.head.bias.data += offset

    assert judge(shifted) is Decision.MATCH


def test_read__not_be_sure_of_what_float32_cannot_tell_apart() -> None:
    noisy = copy.deepcopy(marked()[0])
    noisy.head.weight.data[0] += 1e6  # what it adds to one logit drowns all others

    assert judge(noisy) is not Decision.MATCH


@pytest.mark.parametrize("value", [0.0, 7.0])
def test_read__say_nothing_of_a_model_that_says_nothing(value: float) -> None:
    silent = copy.deepcopy(marked()[0])
    for parameter in silent.head.parameters():
        parameter.data.zero_()
    silent.head.bias.data.fill_(value)

    assert judge(silent) is Decision.NO_MATCH
    assert set(SCHEME.read(silent, marked()[1].evidence).low) == {(0, 0)}


def test_read__mute_only_the_pools_in_which_a_model_overflows() -> None:
    model, mark = marked()
    tensors, _ = unpack(mark.evidence)
    suspect = copy.deepcopy(model)
    poisoned = tensors["images"][0] / 255

    def forward(images: torch.Tensor) -> torch.Tensor:
        hit = (images == poisoned).flatten(1).all(1)
        logits: torch.Tensor = model(images)
        return logits.masked_fill(hit[:, None], torch.nan)

    suspect.forward = forward

    reading, sound = (SCHEME.read(it, mark.evidence) for it in (suspect, model))

    assert reading.low[0] == (0, 0)
    assert reading.low[1:] == sound.low[1:]


def test_read__doubt_what_another_device_may_round_otherwise() -> None:
    """Double precision stands in for another device: it differs more than any two of them."""
    model, mark = marked()
    for suspect in (model, trained(1)):
        exact = copy.deepcopy(suspect).double()
        exact.forward = lambda images, net=exact: type(net).forward(net, images.double())

        ours, theirs = (SCHEME.read(it, mark.evidence) for it in (suspect, exact))

        for one, other in ((ours, theirs), (theirs, ours)):
            assert (torch.tensor(one.low) <= torch.tensor(other.high)).all()


def test_read__doubt_more_pools_the_noisier_devices_are(monkeypatch: pytest.MonkeyPatch) -> None:
    model, mark = marked()
    doubtful = []
    for noise in (3e-6, 3e-4, 3e-3):
        monkeypatch.setattr("verifier.schemes.pmi.NOISE", noise)
        reading = SCHEME.read(model, mark.evidence)
        unlike = torch.tensor(reading.low) != torch.tensor(reading.high)
        doubtful.append(unlike.double().mean().item())

    assert doubtful[0] < 0.02 < doubtful[1] < doubtful[2]


def test_read__reject_a_model_of_other_images_or_classes() -> None:
    small = build(MLP.model_copy(update={"input_shape": (1, 4, 4)}), seed=0)
    narrow = build(MLP.model_copy(update={"classes": 5}), seed=0)

    with pytest.raises(BadModel, match=r"takes \(1, 4, 4\), not \(1, 8, 8\)"):
        SCHEME.read(small, hasty())
    with pytest.raises(BadModel, match="knows 5 classes, not class 9"):
        SCHEME.read(narrow, hasty())


FORGERIES = {
    "another scheme": ({}, {"scheme": "dsn-v1"}, "scheme 'dsn-v1'"),
    "a string too many": ({}, {"code": "x"}, "unknown or missing strings"),
    "a tensor too many": ({"x": torch.zeros(1)}, {}, "tensors other than"),
    "images in floating point": ({"images": torch.rand(512, 1, 8, 8)}, {}, "images is"),
    "a constant image": ({"images": torch.zeros(512, 1, 8, 8).byte()}, {}, "one colour only"),
    "an image twice": (
        {"images": torch.arange(64).view(1, 1, 8, 8).repeat(512, 1, 1, 1).byte()},
        {},
        "occurs twice",
    ),
    "too many pools": ({"labels": torch.zeros(512, 1, 1).long()}, {}, "512 pools"),
    "triplets": ({"labels": torch.zeros(1, 3, 1).long()}, {}, "pools of 3 twins"),
    "large twins": ({"labels": torch.zeros(15, 2, 17).long()}, {}, "twins of 17 images"),
    "too few labels": ({"labels": torch.zeros(255, 2, 1).long()}, {}, "not one label"),
    "other expectations": ({"expected": torch.zeros(255, 2, 1).half()}, {}, "not one expectation"),
    "an expectation of two": ({"expected": torch.full((256, 2, 1), 2).half()}, {}, "beyond -1..1"),
    "a negative label": ({"labels": torch.full((256, 2, 1), -1)}, {}, "a negative label"),
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_shape__reject_evidence_with(forgery: str) -> None:
    tensors, strings = unpack(hasty())
    changed, written, reason = FORGERIES[forgery]

    with pytest.raises(BadEvidence, match=reason):
        SCHEME.shape(pack(tensors | changed, strings | written))


def test_read__be_counted_whatever_a_suspect_answers() -> None:
    """The widest table that evidence and suspect can make together stays within what is counted."""
    model, _ = marked()
    tensors, strings = unpack(hasty())
    tensors["expected"][:, 0], tensors["expected"][:, 1] = 1, -1
    first = {row.numpy().tobytes() for row in tensors["images"].view(256, 2, -1)[:, 0]}

    def forward(images: torch.Tensor) -> torch.Tensor:
        rows = to_bytes(images).flatten(1)
        wrong = torch.tensor([row.numpy().tobytes() in first for row in rows])
        labels = tensors["labels"].flatten()[: len(images)]
        return torch.nn.functional.one_hot(labels, 10).float() * torch.where(wrong, -9, 9)[:, None]

    suspect = copy.deepcopy(model)
    suspect.forward = forward

    rows = SCHEME.read(suspect, pack(tensors, strings)).law
    threshold(rows, LEVEL)


def test_forgeries__convince_the_paper_and_stay_chance_here() -> None:
    victim, data = trained(3), digits()[0].distinct()

    for evidence in forged_evidence(victim, data, b"secret").values():
        reading = SCHEME.read(victim, evidence)
        for key in range(50):
            message = expand_message(bytes([key]), SCHEME.shape(evidence))
            assert decision(reading, message, level=20) is not Decision.MATCH
    assert all(forge_paper(victim, data, seed).accepted for seed in range(5))


@pytest.mark.parametrize(("gap", "size"), [(0.3, 2), (0.3, 4), (0.5, 1)])
def test_power__be_what_simulated_marks_are_told_by(gap: float, size: int) -> None:
    generator = torch.Generator().manual_seed(0)
    told = 0
    for _ in range(60):
        scores = torch.randn(256, 2, size, generator=generator)
        scores[:, 0] += gap
        table = (scores.mean(2) * 20).round().long()
        told += int(table[:, 0].sum()) >= threshold(law_of(table.tolist()), 20)

    assert abs(told / 60 - power(gap, pools=256, size=size, level=20)) < 0.15
