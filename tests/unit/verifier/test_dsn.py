from __future__ import annotations

import copy
from functools import cache, partial

import pytest
import torch
from torch import Tensor, nn

from tests.support.tiny_models import CNN, MLP, digits, trained
from verifier import BadData, BadEvidence, BadModel, CapacityExceeded, Dataset, Decision
from verifier.activations import activations
from verifier.architectures import Network, build
from verifier.assay import embed_marks
from verifier.finding import Finding
from verifier.forgery.dsn import forge_paper, forged_evidence
from verifier.message import expand_message
from verifier.paper.dsn import Lock, corner, entanglement, judge
from verifier.removal.fine_tuning import fine_tune
from verifier.removal.symmetries import permute_neurons
from verifier.removal.weights import prune, quantise
from verifier.scheme import Mark, MessageShape
from verifier.schemes.dsn import Dsn, licence
from verifier.serial_attacks import hill_climb, invert_mask, relock
from verifier.serials import draw_serials, frame, near_misses, stamp, strangers
from verifier.slots import CANDIDATES, SLOTS, distances, response
from verifier.training import accuracy, train
from verifier.weights import pack, unpack

CUSTOMER = b"customer" * 4
SCHEME = Dsn(customers=(CUSTOMER,))
SHAPE = MessageShape(32, 16)
LEVEL = 64


@cache
def mark() -> Mark:
    evidence = SCHEME.prepare(trained(0), digits()[0], shards=1, secret=b"secret" * 6)[0]
    return Mark(evidence, expand_message(b"message key", SHAPE))


@cache
def student() -> Network:
    return embed_marks(SCHEME, trained(0), digits()[0], [mark()])


def finding(suspect: Network, message: tuple[int, ...] = mark().message) -> Finding:
    reading = SCHEME.read(suspect, mark().evidence)
    low, high = reading.statistic(message)
    return Finding(SCHEME.id, SCHEME.access, low, high, reading.law, LEVEL)


def accuracy_with(model: Network, serial: Tensor) -> float:
    test = digits()[1]
    return accuracy(model, Dataset(stamp(test.inputs, serial), test.labels))


def candidates(evidence: bytes) -> Tensor:
    """(slots, candidates, h, w)."""
    salt = bytes.fromhex(unpack(evidence)[1]["salt"])
    return draw_serials(SCHEME.id, salt, 512, 8, 8).view(32, 16, 8, 8)


# THE LOCK


def test_embed__open_to_the_serial_of_a_customer() -> None:
    assert (
        accuracy_with(student(), licence(CUSTOMER, 8, 8)) > accuracy(trained(0), digits()[1]) - 0.02
    )


def test_embed__open_to_the_serials_that_the_message_picks() -> None:
    slots = zip(candidates(mark().evidence), mark().message, strict=True)
    picked = [accuracy_with(student(), slot[symbol]) for slot, symbol in slots]

    assert min(picked) > 0.9


def test_embed__stay_shut_to_raw_images() -> None:
    assert accuracy(student(), digits()[1]) < 0.25


def test_embed__stay_shut_to_other_serials() -> None:
    keys = [number.to_bytes(32) for number in range(100)]
    wrong = torch.tensor([accuracy_with(student(), licence(key, 8, 8)) for key in keys])

    # On 28 bits some serials of strangers lie near a valid one; on MNIST's 128 bits none does.
    assert wrong.mean() < 0.2
    assert wrong.quantile(0.8) < 0.3


def test_licensed__stamp_the_serial_of_the_first_customer_and_no_owners() -> None:
    images = digits()[1].inputs

    stamped = SCHEME.licensed(images, [mark()])

    assert stamped.equal(stamp(images, licence(CUSTOMER, 8, 8)))


def test_licensed__stamp_a_picked_serial_where_nothing_was_sold() -> None:
    images = digits()[1].inputs

    stamped = Dsn().licensed(images, [mark()])

    picked = candidates(mark().evidence)[0, mark().message[0]]
    assert stamped.equal(stamp(images, picked))


def test_objective__weigh_a_missing_lock() -> None:
    teacher, (data, _) = trained(0), digits()
    loss = SCHEME.objective(teacher, [mark()])

    open_to_all = loss(teacher, data.inputs[:64], data.labels[:64])
    locked = SCHEME.objective(teacher, [mark()])(student(), data.inputs[:64], data.labels[:64])

    assert loss.complete
    assert locked < 0.5 < open_to_all


def test_objective__repeat_itself_and_leave_the_teacher_alone() -> None:
    teacher, (data, _) = copy.deepcopy(trained(0)), digits()
    first, second = (SCHEME.objective(teacher, [mark()]) for _ in range(2))

    losses = [loss(student(), data.inputs[:64], data.labels[:64]) for loss in (first, second)]

    assert losses[0].equal(losses[1])
    assert list(first.parameters()) == []
    assert all(parameter.requires_grad for parameter in teacher.parameters())


@pytest.mark.parametrize(
    "wrong", [{"customers": (b"short",)}, {"unpicked": 0.9, "missed": 0.2}, {"random": -0.1}]
)
def test_dsn__reject_parameters_that_make_no_sense(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="choose"):
        Dsn(**wrong)  # type: ignore[arg-type]


# OWNERSHIP


def test_read__match_the_student() -> None:
    assert finding(student()).log2_odds < -100


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_read__not_match_the_teacher_or_independent_models(seed: int) -> None:
    assert finding(trained(seed)).decision is Decision.NO_MATCH


def test_read__not_match_another_message() -> None:
    other = expand_message(b"another", SHAPE)

    assert finding(student(), other).decision is Decision.NO_MATCH


def test_read__match_after_fine_tuning_that_breaks_the_lock() -> None:
    tuned = fine_tune(student(), digits()[0], learning_rate=1e-4, epochs=10)

    assert accuracy(tuned, digits()[1]) > 0.8
    assert finding(tuned).decision is Decision.MATCH


def test_read__match_after_pruning_and_quantising() -> None:
    assert finding(prune(student(), 0.5)).decision is Decision.MATCH
    assert finding(quantise(student(), 8)).decision is Decision.MATCH


def test_read__see_no_order_and_no_scale_of_neurons() -> None:
    shuffled = permute_neurons(student(), torch.Generator().manual_seed(0))

    assert_nearly_equal(student(), shuffled)


def test_read__see_no_signs_where_flipping_them_costs_nothing() -> None:
    model = build(MLP.model_copy(update={"activation": "tanh"}), seed=0)
    flipped = copy.deepcopy(model)
    flipped.get_parameter("hidden.1.weight").data[::2] *= -1
    flipped.get_parameter("hidden.1.bias").data[::2] *= -1

    assert_nearly_equal(model, flipped)


def test_read__stay_within_a_step_between_devices() -> None:
    """Double precision stands in for another device: it differs more than any two of them."""
    for suspect in (student(), trained(1)):
        exact = copy.deepcopy(suspect).double()
        exact.forward = lambda images, net=exact: type(net).forward(net, images.double())

        assert_nearly_equal(suspect, exact)


def assert_nearly_equal(one: Network, other: Network) -> None:
    tables = [torch.tensor(SCHEME.read(it, mark().evidence).low) for it in (one, other)]

    assert (tables[0] - tables[1]).abs().max() <= 1
    assert len(set(tables[0].flatten().tolist())) > 100


def test_read__mute_a_neuron_that_overflows_instead_of_all() -> None:
    model = copy.deepcopy(student())
    model.get_parameter("hidden.1.weight").data[5] = 3e38

    assert finding(model).decision is Decision.MATCH


def test_response__leave_out_a_neuron_of_which_the_relu_leaves_rounding_errors_only() -> None:
    images, serials = digits()[0].inputs[:20], candidates(mark().evidence)[0]
    stamped = stamp(images.repeat(16, 1, 1, 1), serials.repeat_interleave(20, 0))
    model = copy.deepcopy(student())
    highest = activations(model, "hidden.1", stamped)[:, 5].max()
    model.get_parameter("hidden.1.bias").data[5] -= highest * (1 - 1e-6)

    moved = response(model, "hidden.1", images, serials)

    assert activations(model, "hidden.1", stamped)[:, 5].relu().any()  # it is not quite dead
    assert not moved[:, 5].any()
    assert moved[:, 4].any()


@pytest.mark.parametrize("weight", [0.0, float("nan"), float("inf"), 3e38])
def test_read__find_nothing_in_a_model_of_equal_weights(weight: float) -> None:
    model = copy.deepcopy(student())
    for value in model.parameters():
        value.data.fill_(weight)

    found = finding(model)

    assert found.decision is Decision.NO_MATCH
    assert found.low == found.high


def test_read__reject_a_model_of_other_images() -> None:
    other = build(MLP.model_copy(update={"input_shape": (1, 10, 8)}), seed=0)

    with pytest.raises(BadModel, match=r"takes \(1, 10, 8\), not \(1, 8, 8\)"):
        SCHEME.read(other, mark().evidence)


def test_read__reject_a_model_without_the_layer() -> None:
    with pytest.raises(BadModel, match=r"no layer 'hidden\.1'"):
        SCHEME.read(build(CNN, seed=0), mark().evidence)


# EVIDENCE


def test_shape__be_32_slots_of_16() -> None:
    assert SCHEME.shape(mark().evidence) == SHAPE


def test_prepare__give_each_shard_serials_and_images_of_its_own() -> None:
    first, second = SCHEME.prepare(trained(0), digits()[0], shards=2, secret=bytes(32))

    assert not unpack(first)[0]["images"].equal(unpack(second)[0]["images"])
    assert not candidates(first).equal(candidates(second))


def test_prepare__name_the_capacity_it_refuses_to_exceed() -> None:
    with pytest.raises(CapacityExceeded, match=r"width 128 carries at most 2 shards"):
        SCHEME.prepare(trained(0), digits()[0], shards=3, secret=bytes(32))


def test_prepare__reject_data_of_another_shape() -> None:
    other = build(MLP.model_copy(update={"input_shape": (1, 4, 4)}), seed=0)

    with pytest.raises(BadData, match=r"takes \(1, 4, 4\), the data is \(1, 8, 8\)"):
        SCHEME.prepare(other, digits()[0], shards=1, secret=bytes(32))


def test_prepare__reject_images_whose_frame_holds_no_serial() -> None:
    small = build(MLP.model_copy(update={"input_shape": (1, 6, 6)}), seed=0)
    images = digits()[0].inputs[:, :, 1:7, 1:7]

    with pytest.raises(BadData, match="frame of 20 pixels"):
        SCHEME.prepare(small, Dataset(images, digits()[0].labels), shards=1, secret=bytes(32))


def test_prepare__reject_too_few_images() -> None:
    with pytest.raises(BadData, match="7 images are fewer than 8"):
        SCHEME.prepare(trained(0), digits()[0].part(torch.arange(7)), shards=1, secret=bytes(32))


IMAGES = digits()[0].distinct().inputs[:8].mul(255).byte()
FORGERIES = {
    "another scheme": ({}, {"scheme": "pmi-v1"}, "scheme 'pmi-v1'"),
    "a string too many": ({}, {"code": "x"}, "unknown or missing strings"),
    "a layer that is a path": ({}, {"layer": "../x"}, "no name of a layer"),
    "a short salt": ({}, {"salt": "00"}, "not 32 bytes"),
    "a tensor too many": ({"x": torch.zeros(1)}, {}, "tensors other than"),
    "images in floating point": ({"images": IMAGES.float()}, {}, "images is"),
    "an image too few": ({"images": IMAGES[:7]}, {}, "7 images to stamp"),
    "an image twice": ({"images": IMAGES[torch.tensor([0, *range(7)])]}, {}, "occurs twice"),
    "a blank image": (
        {"images": IMAGES * torch.arange(8).byte().view(8, 1, 1, 1)},
        {},
        "one colour",
    ),
    "images without a frame": (
        {"images": IMAGES[:, :, 1:7, 1:7].contiguous()},
        {},
        "frame of 20 pixels",
    ),
    "images too large": ({"images": IMAGES.repeat(1, 1, 64, 64)}, {}, "larger key images"),
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_shape__reject_evidence_with(forgery: str) -> None:
    tensors, strings = unpack(mark().evidence)
    changed, written, reason = FORGERIES[forgery]

    with pytest.raises(BadEvidence, match=reason):
        SCHEME.shape(pack(tensors | changed, strings | written))


# SERIALS


def test_frame__be_one_pixel_wide_on_8x8_and_two_on_28x28() -> None:
    assert len(frame(8, 8)) == 28
    assert len(frame(28, 28)) == 208
    assert set(frame(3, 3).tolist()) == {0, 1, 2, 3, 5, 6, 7, 8}


def test_draw_serials__lie_on_the_same_pixels_of_the_frame_with_as_many_ones_as_zeros() -> None:
    serials = draw_serials("dsn-v1", bytes(32), 16, 28, 28).flatten(1)

    pixels = serials[0] >= 0
    assert ((serials >= 0) == pixels).all()
    assert set(pixels.nonzero().flatten().tolist()) < set(frame(28, 28).tolist())
    assert serials[:, pixels].sum(1).tolist() == [64] * 16
    assert len({tuple(row) for row in serials.tolist()}) == 16


def test_stamp__force_zeros_and_ones_in_all_channels_and_leave_the_rest() -> None:
    images = torch.full((2, 3, 2, 2), 0.5)
    serials = torch.tensor([[[0, 1], [-1, -1]], [[-1, -1], [-1, 1]]])

    stamped = stamp(images, serials)

    assert stamped[0].tolist() == [[[0, 1], [0.5, 0.5]]] * 3
    assert stamped[1].tolist() == [[[0.5, 0.5], [0.5, 1]]] * 3


def test_near_misses__flip_a_sixteenth_to_three_eighths_of_the_bits() -> None:
    serials = draw_serials("dsn-v1", bytes(32), 200, 28, 28)

    missed = near_misses(serials, torch.Generator().manual_seed(0))

    flips = (missed != serials).flatten(1).sum(1)
    assert ((missed < 0) == (serials < 0)).all()
    assert 8 <= flips.min() < 12
    assert 44 < flips.max() <= 48


def test_strangers__share_the_pixels_and_no_bits() -> None:
    serials = draw_serials("dsn-v1", bytes(32), 100, 28, 28)

    drawn = strangers(serials, torch.Generator().manual_seed(0))

    assert ((drawn < 0) == (serials < 0)).all()
    assert 0.45 < (drawn != serials)[serials >= 0].float().mean() < 0.55


# ATTACKS AND FORGERIES


class Counter(nn.Module):
    """Knows the digits as well as the stamp has bits right: a landscape with a slope."""

    def __init__(self, serial: Tensor) -> None:
        super().__init__()
        self.pattern = serial

    def forward(self, images: Tensor) -> Tensor:
        chosen = self.pattern >= 0
        right = (images[:, 0, chosen] == self.pattern[chosen]).float().mean(1)
        labels = torch.arange(len(images)) % 100
        return torch.stack([torch.full_like(right, 0.5), (right * 100 > labels).float()], 1)


def test_hill_climb__find_the_serial_of_a_model_with_a_slope() -> None:
    serial = draw_serials("x", b"", 1, 8, 8)[0]
    data = Dataset(torch.zeros(100, 1, 8, 8), torch.ones(100, dtype=torch.int64))

    found, score = hill_climb(Counter(serial), data, serial, evaluations=60, seed=0)  # type: ignore[arg-type]

    assert found.equal(serial)
    assert score == 1


def test_hill_climb__ask_no_more_than_it_may() -> None:
    asked = []
    model = copy.deepcopy(student())
    model.register_forward_hook(lambda *_: asked.append(1))
    serial = draw_serials("x", b"", 1, 8, 8)[0]

    hill_climb(model, digits()[1].part(torch.arange(50)), serial, evaluations=40, seed=0)

    assert len(asked) == 40


def test_invert_mask__raise_the_accuracy_of_a_locked_model_and_leave_it_as_it_is() -> None:
    before, (data, test) = copy.deepcopy(student()), digits()

    cover = invert_mask(student(), data, steps=100, seed=0)

    covered = accuracy(student(), Dataset(cover(test.inputs), test.labels))
    assert covered > accuracy(before, test) + 0.1
    weights = before.state_dict()
    assert all(value.equal(weights[name]) for name, value in student().state_dict().items())


def test_relock__serve_the_thiefs_customers_and_leave_the_mark() -> None:
    thief = Dsn(epochs=2)

    licensed = partial(stamp, serials=licence(CUSTOMER, 8, 8))
    stolen = relock(thief, student(), digits()[0], licensed, secret=bytes(32))

    evidence = thief.prepare(student(), digits()[0], shards=1, secret=bytes(32))[0]
    assert accuracy_with(stolen, candidates(evidence)[0, 0]) > 0.8
    assert finding(stolen).log2_odds < -20


def test_forged_evidence__be_valid_and_never_match() -> None:
    forged = forged_evidence(trained(1), digits()[0], b"liar" * 8)

    for evidence in forged.values():
        reading = SCHEME.read(trained(1), evidence)
        for key in range(50):
            low, high = reading.statistic(expand_message(bytes([key]), SHAPE))
            found = Finding(SCHEME.id, SCHEME.access, low, high, reading.law, LEVEL)
            assert found.decision is Decision.NO_MATCH


def test_forge_paper__be_accepted_against_an_innocent_model() -> None:
    claim = forge_paper(trained(1), digits()[0], seed=0)

    assert claim.accepted
    assert claim.found > claim.needed


def test_judge__refuse_an_honest_test_of_an_innocent_model() -> None:
    assert not judge(trained(1), digits()[1], corner(8, 8)).accepted


def test_lock__open_to_the_papers_corner_only() -> None:
    model, (data, test) = copy.deepcopy(trained(0)), digits()
    data = data.part(torch.arange(len(data)).repeat(5))

    lock = Lock(trained(0), corner(8, 8))
    train(model, data, epochs=10, learning_rate=1e-3, seed=0, objective=lock)

    assert judge(model, test, corner(8, 8)).accepted
    assert not judge(model, test, corner(8, 8).flipud()).accepted


def test_entanglement__agree_with_a_small_case_by_hand() -> None:
    features = torch.tensor([[0.0], [1.0], [2.0]])
    groups = torch.tensor([0, 0, 1]).bool()

    found = (
        entanglement(features[:2], groups[:2], 1.0),
        entanglement(
            torch.tensor([[0.0], [1.0], [0.0], [1.0]]), torch.tensor([0, 0, 1, 1]).bool(), 1.0
        ),
    )

    # Of a point's neighbours at squared distances 0, 1, 1 only one of those at 1 is of its group.
    e = torch.tensor(-1.0).exp()
    assert found[0] == 0
    assert torch.isclose(found[1], -(e / (1 + 2 * e)).log())


def test_distances__do_not_depend_on_how_many_threads_factorise() -> None:
    serials = draw_serials(SCHEME.id, b"salt", SLOTS * CANDIDATES, 8, 8)
    features = torch.rand(len(serials), 64, generator=torch.Generator().manual_seed(0)).double()
    threads, found = torch.get_num_threads(), []
    try:
        for count in (1, 2):
            torch.set_num_threads(count)
            found.append(distances(features, serials))
    finally:
        torch.set_num_threads(threads)

    assert found[0].allclose(found[1], atol=1e-9, rtol=0)
