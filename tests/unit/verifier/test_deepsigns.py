from __future__ import annotations

import copy
from collections.abc import Sequence

import pytest
import torch

from tests.support.tiny_models import CNN, MLP, digits, marked, trained
from verifier import (
    AccuracyLost,
    BadData,
    BadEvidence,
    BadModel,
    CapacityExceeded,
    Dataset,
    MarkUnreadable,
)
from verifier.architectures import Network, build
from verifier.assay import embed_marks
from verifier.message import expand_message
from verifier.removal import fine_tune, prune
from verifier.scheme import Mark, MessageShape
from verifier.schemes.deepsigns import DeepSigns
from verifier.weights import pack, unpack

SCHEME = DeepSigns()
SHAPE = MessageShape(256, 2)


def hits(model: Network) -> int:
    mark = marked(SCHEME.id)
    reading = SCHEME.read(model, mark.evidence)
    return reading.statistic(expand_message(mark.message_key, SHAPE))[0]


def test_shape__be_256_bits() -> None:
    assert SCHEME.shape(marked(SCHEME.id).evidence) == SHAPE


def test_prepare__name_the_capacity_it_refuses_to_exceed() -> None:
    with pytest.raises(
        CapacityExceeded, match=r"'hidden\.1' of width 128 carries at most 1 shards"
    ):
        SCHEME.prepare(trained(0), digits()[0], shards=2, secret=bytes(32))


def test_prepare__give_each_shard_carriers_and_projections_of_its_own() -> None:
    wide = build(MLP.model_copy(update={"hidden": (8, 512)}), seed=0)

    shards = [unpack(it) for it in SCHEME.prepare(wide, digits()[0], shards=4, secret=bytes(32))]

    assert len({strings["salt"] for _, strings in shards}) == 4
    assert len({tensors["images"].numpy().tobytes() for tensors, _ in shards}) == 4


def test_prepare__reject_data_with_too_few_images_a_class() -> None:
    with pytest.raises(BadData, match="fewer than two classes have 16 images"):
        SCHEME.prepare(trained(0), digits()[0].part(torch.arange(50)), shards=1, secret=bytes(32))


def test_prepare__reject_data_of_another_shape() -> None:
    other = build(MLP.model_copy(update={"input_shape": (1, 4, 4)}), seed=0)

    with pytest.raises(BadData, match=r"takes \(1, 4, 4\), the data is \(1, 8, 8\)"):
        SCHEME.prepare(other, digits()[0], shards=1, secret=bytes(32))


@pytest.mark.parametrize("learning_rate", [1e-4, 1e-3])
def test_read__find_the_mark_after_fine_tuning(learning_rate: float) -> None:
    tuned = fine_tune(marked(SCHEME.id).model, digits()[0], learning_rate=learning_rate, epochs=10)

    assert hits(tuned) >= 200


def test_read__find_the_mark_after_pruning() -> None:
    assert hits(prune(marked(SCHEME.id).model, 0.5)) >= 200


def test_read__change_less_than_half_of_epsilon_between_devices() -> None:
    """Double precision stands in for another device: it differs more than any two of them."""
    mark = marked(SCHEME.id)
    for suspect in (mark.model, trained(1)):
        exact = copy.deepcopy(suspect).double()
        exact.forward = lambda images, net=exact: type(net).forward(net, images.double())

        margins = [
            torch.tensor(SCHEME.read(model, mark.evidence).margins) for model in (suspect, exact)
        ]

        assert (margins[0] - margins[1]).abs().max() < 1 / 2


def test_read__mute_a_neuron_that_overflows_instead_of_all() -> None:
    model = copy.deepcopy(marked(SCHEME.id).model)
    model.get_parameter("hidden.1.weight").data[5] = 3e38

    assert hits(model) >= 200


def test_read__answer_for_a_model_that_says_nothing_with_no_margin() -> None:
    model = copy.deepcopy(marked(SCHEME.id).model)
    for value in model.parameters():
        value.data.zero_()

    assert set(SCHEME.read(model, marked(SCHEME.id).evidence).margins) == {0.0}


def test_read__reject_a_model_of_other_images() -> None:
    other = build(MLP.model_copy(update={"input_shape": (1, 4, 4)}), seed=0)

    with pytest.raises(BadModel, match=r"takes \(1, 4, 4\), not \(1, 8, 8\)"):
        SCHEME.read(other, marked(SCHEME.id).evidence)


def test_read__reject_a_model_without_the_layer() -> None:
    with pytest.raises(BadModel, match=r"no layer 'hidden\.1'"):
        SCHEME.read(build(CNN, seed=0), marked(SCHEME.id).evidence)


def test_embed__refuse_to_hand_out_a_mark_that_does_not_read_back() -> None:
    mark = marked(SCHEME.id)
    marks = [Mark(mark.evidence, expand_message(b"", SHAPE))]

    with pytest.raises(MarkUnreadable, match=r"shard 0 reads back \d+ where 208 are needed"):
        embed_marks(DeepSigns(epochs=0), mark.unmarked, digits()[0], marks)


class Careless(DeepSigns):
    def training_data(self, data: Dataset, marks: Sequence[Mark]) -> Dataset:
        return Dataset(data.inputs, data.labels.roll(1))


def test_embed__refuse_to_hand_out_a_model_that_forgot_its_task() -> None:
    mark = marked(SCHEME.id)
    marks = [Mark(mark.evidence, expand_message(b"", SHAPE))]

    with pytest.raises(AccuracyLost, match=r"accuracy falls from 9"):
        embed_marks(Careless(), mark.unmarked, digits()[0], marks)


def test_objective__train_a_mark_in_a_loop_of_ones_own() -> None:
    mark, data = marked(SCHEME.id), digits()[0]
    message = expand_message(mark.message_key, SHAPE)
    objective = SCHEME.objective(mark.unmarked, [Mark(mark.evidence, message)])
    model = SCHEME.start(mark.unmarked)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)

    for _ in range(150):
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(model(data.inputs), data.labels)
        (loss + objective(model, data.inputs, data.labels)).backward()
        optimizer.step()

    assert SCHEME.read(model, mark.evidence).statistic(message)[0] >= 200


FORGERIES = {
    "another scheme": ({}, {"scheme": "dsn-v1"}, "scheme 'dsn-v1'"),
    "a string too many": ({}, {"code": "x"}, "unknown or missing strings"),
    "a layer that is a path": ({}, {"layer": "../x"}, "no name of a layer"),
    "a short salt": ({}, {"salt": "00"}, "not 32 bytes"),
    "a tensor too many": ({"x": torch.zeros(1)}, {}, "tensors other than"),
    "images in floating point": ({"images": torch.zeros(160, 1, 8, 8)}, {}, "images is"),
    "images without labels": ({"labels": torch.zeros(9).byte()}, {}, "not one label"),
    "one class only": ({"labels": torch.zeros(160).byte()}, {}, "1 carrier classes"),
    "eleven classes": ({"labels": torch.arange(160).remainder(11).byte()}, {}, "11 carrier"),
    "a class of one image": (
        {"labels": torch.cat([torch.zeros(159), torch.ones(1)]).byte()},
        {},
        "fewer than two images",
    ),
    "a reference of other probes": ({"reference": torch.zeros(9, 9).half()}, {}, "not one row"),
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_shape__reject_evidence_with(forgery: str) -> None:
    tensors, strings = unpack(marked(SCHEME.id).evidence)
    changed, written, reason = FORGERIES[forgery]

    with pytest.raises(BadEvidence, match=reason):
        SCHEME.shape(pack(tensors | changed, strings | written))
