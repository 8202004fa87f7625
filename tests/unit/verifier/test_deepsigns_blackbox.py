from __future__ import annotations

import copy
from functools import cache
from types import ModuleType

import pytest
import torch

from tests.support.tiny_models import MLP, digits, trained
from verifier import BadData, BadEvidence, BadModel, Dataset, Decision
from verifier.activations import activations
from verifier.architectures import Network, build
from verifier.assay import draw_marks, embed_marks
from verifier.forgery import deepsigns, deepsigns_blackbox
from verifier.message import expand_message
from verifier.odds import decide
from verifier.paper.deepsigns import (
    claim_black_box,
    claim_white_box,
    embed_black_box,
    embed_white_box,
)
from verifier.removal import fine_tune, prune
from verifier.scheme import Mark, MessageShape, Scheme
from verifier.schemes.deepsigns import DeepSigns
from verifier.schemes.deepsigns_blackbox import DeepSignsBlackbox
from verifier.training import accuracy
from verifier.weights import pack, unpack

SCHEME = DeepSignsBlackbox()
SHAPE = MessageShape(200, 10)


@cache
def marked() -> tuple[Network, Mark]:
    data = digits()[0]
    evidence = SCHEME.prepare(trained(0), data, shards=1, secret=bytes(32))
    (mark,) = draw_marks(SCHEME, evidence, [b"message key"])
    return embed_marks(SCHEME, trained(0), data, [mark]), mark


def hits(model: Network, message: tuple[int, ...] | None = None) -> tuple[int, int]:
    _, mark = marked()
    return SCHEME.read(model, mark.evidence).statistic(message or mark.message)


def test_shape__be_one_class_for_each_of_200_keys() -> None:
    assert SCHEME.shape(marked()[1].evidence) == SHAPE


def test_read__find_the_mark_and_chance_elsewhere() -> None:
    model, _ = marked()

    assert hits(model)[0] >= 196
    assert hits(model, expand_message(b"another", SHAPE))[1] < 50
    assert max(hits(trained(seed))[1] for seed in (0, 1)) < 50


def test_embed__hold_the_accuracy() -> None:
    model, test = marked()[0], digits()[1]

    assert accuracy(model, test) > accuracy(trained(0), test) - 0.01


@pytest.mark.parametrize("learning_rate", [1e-4, 1e-3])
def test_read__find_the_mark_after_fine_tuning(learning_rate: float) -> None:
    tuned = fine_tune(marked()[0], digits()[0], learning_rate=learning_rate, epochs=10)

    assert hits(tuned)[0] >= 68


def test_read__find_the_mark_after_pruning() -> None:
    assert hits(prune(marked()[0], 0.5))[0] >= 68


def test_prepare__choose_the_candidates_farthest_from_the_data() -> None:
    """Seen by the unmarked model, the keys lie farther out than noise at large."""
    model, data = trained(0), digits()[0]
    keys = unpack(marked()[1].evidence)[0]["images"] / 255
    noise = torch.randint(0, 2, (400, 1, 8, 8), generator=torch.Generator().manual_seed(0)).float()

    def distances(images: torch.Tensor) -> torch.Tensor:
        ours, theirs = (
            activations(model, "hidden.1", inputs).relu() for inputs in (images, data.inputs)
        )
        return torch.cdist(ours, theirs).kthvalue(8, dim=1).values

    assert distances(keys).mean() > 1.1 * distances(noise).mean()


def test_prepare__give_each_shard_keys_of_its_own() -> None:
    shards = SCHEME.prepare(trained(0), digits()[0], shards=3, secret=bytes(32))

    images = torch.cat([unpack(it)[0]["images"] for it in shards])
    assert len({row.numpy().tobytes() for row in images}) == 600
    assert set(images.flatten().tolist()) == {0, 255}


def test_prepare__reject_data_of_another_shape() -> None:
    small = build(MLP.model_copy(update={"input_shape": (1, 4, 4)}), seed=0)

    with pytest.raises(BadData, match=r"takes \(1, 4, 4\), the data is \(1, 8, 8\)"):
        SCHEME.prepare(small, digits()[0], shards=1, secret=bytes(32))


def test_prepare__need_no_more_images_than_one() -> None:
    one = Dataset(digits()[0].inputs[:1], digits()[0].labels[:1])

    assert SCHEME.shape(*SCHEME.prepare(trained(0), one, shards=1, secret=bytes(32))) == SHAPE


def test_objective__show_every_key_of_every_mark_in_turn() -> None:
    data = digits()[0]
    evidence = SCHEME.prepare(trained(0), data, shards=2, secret=bytes(32))
    marks = draw_marks(SCHEME, evidence, [b"one", b"two"])
    scheme = DeepSignsBlackbox(keys_per_step=100)
    objective = scheme.objective(trained(0), marks)
    shown: list[torch.Tensor] = []
    model = copy.deepcopy(trained(0))
    model.register_forward_pre_hook(lambda _module, given: shown.append(given[0]))

    losses = [objective(model, data.inputs[:4], data.labels[:4]) for _ in range(3)]

    first, second, third = shown
    both = {row.numpy().tobytes() for row in torch.cat([first, second]).flatten(1)}
    assert len(first) == 200
    assert len(both) == 400
    assert first.equal(third)
    assert losses[0] == losses[2]


@pytest.mark.parametrize("scale", [1e-6, 1e6])
def test_read__not_see_the_scale_of_logits(scale: float) -> None:
    model, mark = marked()
    scaled = copy.deepcopy(model)
    with torch.no_grad():
        for value in scaled.head.parameters():
            value.mul_(scale)

    ours, theirs = (SCHEME.read(it, mark.evidence) for it in (model, scaled))
    assert (ours.low, ours.high) == (theirs.low, theirs.high)


def test_read__change_less_than_half_of_epsilon_between_devices(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Answers that differ in double precision, another device's stand-in, are not sure in either.

    With a band of half the width they would be, were the noise half as large as it may be.
    """
    monkeypatch.setattr("verifier.schemes.deepsigns_blackbox.EPSILON", 5e-5)
    model, mark = marked()
    for suspect in (model, trained(1)):
        exact = copy.deepcopy(suspect).double()
        exact.forward = lambda images, net=exact: type(net).forward(net, images.double())

        ours, theirs = (SCHEME.read(it, mark.evidence) for it in (suspect, exact))

        for low, high in ((ours.low, theirs.high), (theirs.low, ours.high)):
            assert (torch.tensor(low) <= torch.tensor(high)).all()


def test_read__reject_a_model_that_answers_no_number_at_all() -> None:
    silent = copy.deepcopy(marked()[0])
    silent.head.bias.data[3] = torch.nan

    with pytest.raises(BadModel, match="answers nothing with numbers"):
        hits(silent)


def test_read__not_be_sure_of_a_model_that_says_nothing() -> None:
    silent = copy.deepcopy(marked()[0])
    for value in silent.parameters():
        value.data.zero_()

    assert hits(silent) == (0, 200)


def test_read__reject_a_model_of_other_images_or_classes() -> None:
    evidence = marked()[1].evidence
    small = build(MLP.model_copy(update={"input_shape": (1, 4, 4)}), seed=0)
    narrow = build(MLP.model_copy(update={"classes": 5}), seed=0)

    with pytest.raises(BadModel, match=r"takes \(1, 4, 4\), not \(1, 8, 8\)"):
        SCHEME.read(small, evidence)
    with pytest.raises(BadModel, match="knows 5 classes, not 10"):
        SCHEME.read(narrow, evidence)


FORGERIES = {
    "another scheme": ({}, {"scheme": "deepsigns-v1"}, "scheme 'deepsigns-v1'"),
    "a string too many": ({}, {"code": "x"}, "unknown or missing strings"),
    "no count of classes": ({}, {"classes": "many"}, "'many' classes"),
    "one class": ({}, {"classes": "1"}, "'1' classes"),
    "too many classes": ({}, {"classes": "10001"}, "'10001' classes"),
    "classes in other digits": ({}, {"classes": "\u0661\u0660"}, "classes"),
    "labels": ({"labels": torch.zeros(200)}, {}, "tensors other than"),
    "images in floating point": ({"images": torch.rand(200, 1, 8, 8)}, {}, "images is"),
    "fewer keys": ({"images": torch.arange(640).view(10, 1, 8, 8).byte()}, {}, "10 key images"),
    "a key twice": (
        {"images": torch.arange(64).view(1, 1, 8, 8).repeat(200, 1, 1, 1).byte()},
        {},
        "occurs twice",
    ),
    "a constant key": ({"images": torch.zeros(200, 1, 8, 8).byte()}, {}, "one colour only"),
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_shape__reject_evidence_with(forgery: str) -> None:
    tensors, strings = unpack(marked()[1].evidence)
    changed, written, reason = FORGERIES[forgery]

    with pytest.raises(BadEvidence, match=reason):
        SCHEME.shape(pack(tensors | changed, strings | written))


@pytest.mark.parametrize(
    ("liar", "scheme"), [(deepsigns, DeepSigns()), (deepsigns_blackbox, SCHEME)]
)
def test_forgeries__convince_the_paper_and_stay_chance_here(
    liar: ModuleType, scheme: Scheme
) -> None:
    victim, data = trained(3), digits()[0].distinct()

    for evidence in liar.forged_evidence(victim, data, b"secret").values():
        reading = scheme.read(victim, evidence)
        for key in range(50):
            low, high = reading.statistic(expand_message(bytes([key]), scheme.shape(evidence)))
            assert decide(low, high, law=reading.law, level=20) is not Decision.MATCH
    assert all(liar.forge_paper(victim, data, seed).accepted for seed in range(5))


def test_paper__read_back_what_it_embeds_white_box() -> None:
    marked_model, key = embed_white_box(build(MLP, seed=0), digits()[0], seed=0)

    assert claim_white_box(marked_model, key).accepted
    assert not claim_white_box(trained(1), key).accepted
    assert accuracy(marked_model, digits()[1]) > 0.9


def test_paper__read_back_what_it_embeds_black_box() -> None:
    model, data = trained(0), digits()[0]
    marked_model, images, labels = embed_black_box(model, data, epochs=20, seed=0)

    claim = claim_black_box(marked_model, images, labels)

    assert claim.accepted
    assert claim.found == len(labels) == 20
    assert claim.needed == 9
    assert claim_black_box(model, images, labels).found == 0
