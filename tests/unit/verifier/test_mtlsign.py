from __future__ import annotations

import copy
from functools import cache

import pytest
import torch
from torch import Tensor

from tests.support.tiny_models import CNN, MLP, digits, trained
from verifier import BadData, BadEvidence, BadModel, CapacityExceeded, Dataset, Decision
from verifier.architectures import Network, build
from verifier.assay import embed_marks
from verifier.configs import BilstmConfig
from verifier.evidence import stream_signs
from verifier.finding import Finding
from verifier.forgery.mtlsign import forge_paper, forged_evidence
from verifier.message import expand_message
from verifier.odds import hits_law
from verifier.paper import mtlsign as paper
from verifier.removal.fine_tuning import fine_tune
from verifier.removal.overwrite import overwrite, spoil
from verifier.removal.symmetries import permute_neurons
from verifier.removal.weights import prune
from verifier.scheme import Mark, MessageShape
from verifier.schemes.mtlsign import EPSILON, ID, MtlSign, scores
from verifier.secret_task import BITS
from verifier.training import accuracy, train
from verifier.weights import pack, unpack

SCHEME = MtlSign()
BRIEF = MtlSign(epochs=8)
SHAPE = MessageShape(256, 2)
NEEDED = 200
"""Of 256: odds of 2^-64."""

WIDE = MLP.model_copy(update={"hidden": (64, 256)})
TEXT = BilstmConfig(input_shape=(6,), classes=2, vocabulary=40, embedding=8, width=32, hidden=128)


def draw(model: Network, data: Dataset, shards: int = 1) -> list[Mark]:
    evidence = SCHEME.prepare(model, data, shards=shards, secret=b"secret" * 6)
    return [Mark(it, expand_message(bytes([at]), SHAPE)) for at, it in enumerate(evidence)]


@cache
def mark() -> Mark:
    return draw(trained(0), digits()[0])[0]


@cache
def marked() -> Network:
    return embed_marks(SCHEME, trained(0), digits()[0], [mark()])


@cache
def two_marks() -> tuple[Network, list[Mark]]:
    model = build(WIDE, seed=0)
    train(model, digits()[0], epochs=20, learning_rate=1e-3, seed=0)
    marks = draw(model, digits()[0], shards=2)
    return embed_marks(SCHEME, model, digits()[0], marks), marks


@cache
def sentences() -> Dataset:
    """Two kinds: those with word 1 in them, and those without."""
    words = torch.randint(2, 40, (400, 6), generator=torch.Generator().manual_seed(0))
    words[::2, 3] = 1
    return Dataset(words, torch.arange(400) % 2)


def hits(model: Network, of: Mark | None = None) -> int:
    of = of or mark()
    return SCHEME.read(model, of.evidence).statistic(of.message)[0]


def decision(model: Network, evidence: bytes, key: bytes) -> Decision:
    low, high = SCHEME.read(model, evidence).statistic(expand_message(key, SHAPE))
    return Finding(ID, SCHEME.access, low, high, hits_law(BITS, 2), 64).decision


def unsure(model: Network) -> int:
    """How many patterns the model leaves without an answer."""
    reading = SCHEME.read(model, mark().evidence)
    return sum(row == (1, 1) for row in reading.high)


def test_shape__be_256_bits() -> None:
    assert SCHEME.shape(mark().evidence) == SHAPE


def test_embed__make_at_least_99_of_100_patterns_right() -> None:
    assert hits(marked()) >= 254


def test_embed__leave_the_task_as_good_as_it_was() -> None:
    test = digits()[1]

    assert accuracy(marked(), test) > accuracy(trained(0), test) - 0.01


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_read__find_chance_in_the_unmarked_and_in_strangers(seed: int) -> None:
    assert 96 < hits(trained(seed)) < 160


ATTACKS = {
    "fine-tuned": lambda: fine_tune(marked(), digits()[0], learning_rate=1e-3, epochs=10),
    "fine-tuned gently": lambda: fine_tune(marked(), digits()[0], learning_rate=1e-4, epochs=10),
    "pruned": lambda: prune(marked(), 0.5),
    "permuted and rescaled": lambda: permute_neurons(marked(), torch.Generator().manual_seed(0)),
    "marked over": lambda: overwrite(marked(), digits()[0], BRIEF, seed=0),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_read__find_the_mark_in_a_model_that_was(attack: str) -> None:
    assert hits(ATTACKS[attack]()) >= NEEDED


def test_spoil__remove_the_exposed_shard_and_leave_the_other() -> None:
    model, (exposed, other) = two_marks()

    spoilt = spoil(model, digits()[0], BRIEF, exposed.evidence, epochs=8, seed=0)

    assert hits(model, exposed) >= 254
    assert hits(model, other) >= 254
    assert hits(spoilt, exposed) < NEEDED <= hits(spoilt, other)


def test_objective__pull_the_weights_back_by_the_weight_of_r_func() -> None:
    moved = copy.deepcopy(trained(0))
    moved.get_parameter("hidden.0.weight").data[0, 0] += 2
    moved.get_parameter("head.bias").data[0] += 7

    plain, tied = (
        MtlSign(func_weight=weight).objective(trained(0), [mark()])(moved, *batch())
        for weight in (0.0, 0.5)
    )

    assert (tied - plain).item() == pytest.approx(0.5 * 2**2, abs=1e-4)


def test_objective__hand_the_slope_of_a_tuned_copy_to_the_model() -> None:
    """R_DA: not the model's own loss once more, and the model itself is not tuned."""
    model = copy.deepcopy(trained(0))
    weight = model.get_parameter("hidden.0.weight")
    before, slopes = weight.detach().clone(), []

    for adapt in (0.0, 1.0):
        loss = MtlSign(adapt_weight=adapt).objective(model, [mark()])(model, *batch())
        slopes.append(torch.autograd.grad(loss, weight)[0])

    own, added = slopes[0], slopes[1] - slopes[0]
    assert weight.equal(before)
    assert 0.5 < torch.cosine_similarity(own.flatten(), added.flatten(), dim=0) < 0.9999


def test_objective__take_its_marks_in_turn() -> None:
    model, marks = two_marks()
    pair = MtlSign().objective(model, [marks[0], mark_with(marks[1], flipped=True)])

    first, second, third = (pair(model, *batch()).item() for _ in range(3))

    assert first == third
    assert second > 2 * SCHEME.margin > first


def test_scores__be_counted_by_hand() -> None:
    """Two neurons, directions + and -. Centred and evened: (-1, -1), (-1, 1), (1, -1), (1, 1)."""
    features = torch.tensor([[1.0, 50.0], [1.0, 70.0], [3.0, 50.0], [3.0, 70.0]])

    found = scores(features, torch.tensor([1.0, -1.0]))

    assert found.allclose(torch.tensor([0.0, -(2**0.5), 2**0.5, 0.0]), atol=1e-6)


def test_scores__weigh_a_neuron_that_jumps_at_codes_like_any_other() -> None:
    """A thief may spend one neuron on it."""
    features = torch.randn(256, 128, generator=torch.Generator().manual_seed(0))
    jumps = torch.ones(128).index_fill(0, torch.tensor([7]), 1e6)
    direction = torch.ones(128)

    assert scores(features * jumps, direction).allclose(scores(features, direction), atol=1e-4)


def test_read__mute_a_neuron_that_overflows_instead_of_all() -> None:
    model = copy.deepcopy(marked())
    model.get_parameter("hidden.1.weight").data[5] = 3e38

    assert hits(model) >= NEEDED


@pytest.mark.parametrize("value", [0.0, torch.nan, torch.inf, 3e38])
def test_read__have_no_answer_from_a_model_that_says_nothing(value: float) -> None:
    model = copy.deepcopy(marked())
    for weights in model.parameters():
        weights.data.fill_(value)

    assert unsure(model) == BITS


def test_read__have_no_answer_where_only_noise_of_devices_speaks() -> None:
    """Patterns that a large bias drowns: what is left of them differs from device to device."""
    model = copy.deepcopy(marked())
    model.get_parameter("hidden.1.bias").data += 1e4

    assert unsure(model) == BITS


def test_read__change_less_than_half_of_epsilon_between_devices(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Double precision stands in for another device: it differs more than any two of them."""
    found: list[Tensor] = []

    def listen(features: Tensor, direction: Tensor) -> Tensor:
        found.append(scores(features, direction))
        return found[-1]

    monkeypatch.setattr("verifier.schemes.mtlsign.scores", listen)
    for suspect in (marked(), trained(1)):
        exact = copy.deepcopy(suspect).double()
        exact.forward = lambda images, net=exact: type(net).forward(net, images.double())
        for model in (suspect, exact):
            SCHEME.read(model, mark().evidence)
        assert (found[-1] - found[-2]).abs().max() < EPSILON / 2


def test_read__reject_a_model_of_other_images() -> None:
    other = build(MLP.model_copy(update={"input_shape": (1, 4, 4)}), seed=0)

    with pytest.raises(BadModel, match=r"takes \(1, 4, 4\), not \(1, 8, 8\)"):
        SCHEME.read(other, mark().evidence)


def test_read__reject_a_model_without_the_layer() -> None:
    with pytest.raises(BadModel, match=r"no layer 'hidden\.1'"):
        SCHEME.read(build(CNN, seed=0), mark().evidence)


def test_prepare__name_the_capacity_it_refuses_to_exceed() -> None:
    with pytest.raises(CapacityExceeded, match="width 128 carries at most 1 shards, not 2"):
        draw(trained(0), digits()[0], shards=2)


def test_prepare__give_each_shard_patterns_and_probes_of_its_own() -> None:
    _, marks = two_marks()

    tensors = [unpack(mark.evidence)[0] for mark in marks]

    for name in ("patterns", "probes"):
        assert not tensors[0][name].equal(tensors[1][name])


def test_prepare__reject_data_of_another_shape() -> None:
    other = build(MLP.model_copy(update={"input_shape": (1, 4, 4)}), seed=0)

    with pytest.raises(BadData, match=r"takes \(1, 4, 4\), the data is \(1, 8, 8\)"):
        draw(other, digits()[0])


def test_prepare__reject_data_with_too_few_inputs() -> None:
    with pytest.raises(BadData, match="50 inputs where 128 are needed"):
        draw(trained(0), digits()[0].part(torch.arange(50)))


def test_prepare__reject_images_too_small_for_so_many_patterns() -> None:
    tiny = build(MLP.model_copy(update={"input_shape": (1, 2, 3)}), seed=0)
    data = Dataset(digits()[0].inputs[:, :, 3:5, 3:6].contiguous(), digits()[0].labels)

    with pytest.raises(BadData, match=r"2 x 3 pixels hold \d\d of 256"):
        draw(tiny, data)


def test_sentences__carry_a_mark_as_images_do() -> None:
    data, model = sentences(), build(TEXT, seed=0)
    train(model, data, epochs=10, learning_rate=3e-3, seed=0)
    (of,) = draw(model, data)

    scheme = MtlSign(epochs=20, learning_rate=1e-2)
    found = embed_marks(scheme, model, data, [of])

    assert hits(found, of) >= 254
    assert 96 < hits(model, of) < 160
    assert hits(permute_neurons(found, torch.Generator().manual_seed(0)), of) >= 254


def test_sentences__reject_a_suspect_that_knows_fewer_words() -> None:
    (of,) = draw(build(TEXT, seed=0), sentences())
    narrower = build(TEXT.model_copy(update={"vocabulary": 39}), seed=0)

    with pytest.raises(BadModel, match="knows 39 words, not word 39"):
        SCHEME.read(narrower, of.evidence)


def test_sentences__reject_a_negative_word() -> None:
    tensors, strings = unpack(draw(build(TEXT, seed=0), sentences())[0].evidence)
    tensors["patterns"][3, 2] = -1

    with pytest.raises(BadEvidence, match="negative word"):
        SCHEME.shape(pack(tensors, strings))


FORMS = {
    "another scheme": ({}, {"scheme": "dsn-v1"}, "scheme 'dsn-v1'"),
    "a string too many": ({}, {"code": "x"}, "unknown or missing strings"),
    "a layer that is a path": ({}, {"layer": "../x"}, "no name of a layer"),
    "a short salt": ({}, {"salt": "00"}, "not 32 bytes"),
    "a tensor too many": ({"x": torch.zeros(1)}, {}, "tensors other than"),
    "patterns in floating point": ({"patterns": torch.zeros(256, 1, 8, 8)}, {}, "patterns is"),
    "words for probes": ({"probes": torch.zeros(256, 8).long()}, {}, "probes is"),
    "too few patterns": ({"patterns": torch.zeros(9, 1, 8, 8).byte()}, {}, "9 patterns"),
    "too few probes": ({"probes": torch.zeros(9, 1, 8, 8).byte()}, {}, "9 probes"),
    "probes of other sides": (
        {"probes": torch.zeros(256, 1, 8, 9).byte()},
        {},
        "of different shapes",
    ),
    "blank probes": ({"probes": torch.zeros(256, 1, 8, 8).byte()}, {}, "one colour"),
    "a reference of other probes": ({"reference": torch.zeros(9, 9).half()}, {}, "not one row"),
}


@pytest.mark.parametrize("form", FORMS)
def test_shape__reject_evidence_with(form: str) -> None:
    tensors, strings = unpack(mark().evidence)
    changed, written, reason = FORMS[form]

    with pytest.raises(BadEvidence, match=reason):
        SCHEME.shape(pack(tensors | changed, strings | written))


def test_shape__reject_a_pattern_that_occurs_twice() -> None:
    tensors, strings = unpack(mark().evidence)
    tensors["patterns"][7] = tensors["patterns"][8]

    with pytest.raises(BadEvidence, match="twice"):
        SCHEME.shape(pack(tensors, strings))


def test_forgery__win_every_bet_made_before_the_beacon_and_none_after() -> None:
    victim = trained(1)

    forged = forged_evidence(victim, digits()[0], b"liar" * 8)

    bet = (stream_signs("forgery", "bet", b"liar" * 8, BITS) > 0).int().tolist()
    assert SCHEME.read(victim, forged["fitted patterns"]).statistic(bet)[0] >= NEEDED
    for name, evidence in forged.items():
        for key in range(8):
            assert decision(victim, evidence, bytes([key])) is not Decision.MATCH, name


def test_forge_paper__be_believed_of_a_stranger() -> None:
    assert forge_paper(trained(1), digits()[0], 0).accepted


def test_paper__find_the_mark_where_it_was_put_and_nowhere_else() -> None:
    proof = paper.draw_proof(trained(0), b"owner's key")

    model = paper.embed(trained(0), digits()[0], proof, epochs=30)

    assert paper.judge(model, proof).accepted
    assert not paper.judge(trained(1), proof).accepted
    assert accuracy(model, digits()[1]) > accuracy(trained(0), digits()[1]) - 0.02


def batch() -> tuple[Tensor, Tensor]:
    return digits()[0].inputs[:64], digits()[0].labels[:64]


def mark_with(of: Mark, *, flipped: bool) -> Mark:
    return Mark(of.evidence, tuple(symbol ^ flipped for symbol in of.message))
