from __future__ import annotations

import copy
from functools import cache

import pytest
import torch
from torch import Tensor, nn

from tests.support.tiny_models import CNN, MLP, digits, trained
from verifier import BadData, BadEvidence, BadModel, Dataset
from verifier.architectures import Network, build
from verifier.assay import draw_marks, embed_marks
from verifier.configs import MlpConfig
from verifier.evidence import stream_order, to_bytes
from verifier.forgery.deepstego import forge_paper, forged_evidence
from verifier.key_images import EPSILON, KEYS
from verifier.message import expand_message
from verifier.odds import threshold
from verifier.paper import deepstego as paper
from verifier.removal import fine_tune, prune
from verifier.scheme import Mark, MessageShape, Scheme
from verifier.schemes.deepstego import DECOYS, DeepStego, DeepStegoBound
from verifier.stego import Encoder, draw_logo, hide, logo_cells, quality, ssim, train_encoder
from verifier.training import accuracy
from verifier.weights import pack, unpack

CLASSIC, BOUND = DeepStego(), DeepStegoBound()
SECRET = b"secret" * 6
NEEDED = 72
"""Hits of 200 whose odds are 2^-64 at most, of nine values; of ten it is 68."""

both = pytest.mark.parametrize("scheme", [CLASSIC, BOUND], ids=["classic", "bound"])


@pytest.fixture
def few_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it does not matter how well a logo is hidden."""
    monkeypatch.setattr("verifier.stego.STEPS", 5)


@cache
def evidence(scheme: DeepStego) -> bytes:
    return scheme.prepare(trained(0), digits()[0], shards=1, secret=SECRET)[0]


@cache
def mark(scheme: DeepStego) -> Mark:
    return draw_marks(scheme, [evidence(scheme)], [b"message key"])[0]


@cache
def forged() -> dict[str, bytes]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("verifier.stego.STEPS", 20)  # the liar hides nothing anyway
        return forged_evidence(trained(1), digits()[0], bytes(32))


@cache
def marked(scheme: DeepStego) -> Network:
    return embed_marks(scheme, trained(0), digits()[0], [mark(scheme)])


def statistic(scheme: Scheme, model: Network, of: Mark) -> tuple[int, int]:
    return scheme.read(model, of.evidence).statistic(of.message)


class Lookup(Network):
    """A suspect that answers each picture it has been shown as it has been told to."""

    def __init__(self, shown: Tensor, labels: Tensor, lead: float = 1.0) -> None:
        super().__init__()
        self.config, self.head = MLP, nn.Linear(1, 10)  # which nothing goes through
        self.shown = shown.flatten(1).float() / 255
        self.logits = 10 * torch.eye(10)[labels]
        self.logits[:, 0] = torch.where(labels == 0, 10, 10 * (1 - lead))

    def forward(self, inputs: Tensor) -> Tensor:
        return self.logits[torch.cdist(inputs.flatten(1), self.shown).argmin(1)]


def told(stego: int | Tensor, cover: int | Tensor, decoys: int | Tensor) -> Lookup:
    """A suspect that answers stego images, bare covers and covers with decoy logos so."""
    tensors, _ = unpack(evidence(BOUND))
    each = [torch.as_tensor(label).expand(KEYS) for label in (stego, cover, *[decoys] * DECOYS)]
    pictures = torch.cat([tensors["images"][:, None], tensors["others"]], 1)
    return Lookup(pictures.flatten(0, 1), torch.stack(each, 1).flatten())


def test_shape__be_200_labels_and_for_the_bound_variant_distances_between_them() -> None:
    assert CLASSIC.shape(evidence(CLASSIC)) == MessageShape(200, 10)
    assert BOUND.shape(evidence(BOUND)) == MessageShape(200, 9)


# preparing


def test_prepare__not_depend_on_any_label() -> None:
    data = digits()[0]
    shuffled = Dataset(data.inputs, data.labels.flip(0))

    assert CLASSIC.prepare(trained(0), shuffled, shards=1, secret=SECRET)[0] == evidence(CLASSIC)


def test_prepare__give_each_shard_covers_and_logos_of_its_own(few_steps: None) -> None:
    noise = torch.rand(2000, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    data = Dataset(noise, torch.zeros(2000, dtype=torch.int64))

    shards = [unpack(it)[0] for it in BOUND.prepare(trained(0), data, shards=2, secret=SECRET)]

    covers = torch.cat([it["others"][:, 0] for it in shards])
    directions = [(it["images"].int() - it["others"][:, 0].int()).sum(0).sign() for it in shards]
    assert len({cover.numpy().tobytes() for cover in covers}) == 2 * KEYS
    assert not directions[0].equal(directions[1])


def test_prepare__change_covers_by_the_length_it_is_given() -> None:
    tensors, _ = unpack(evidence(BOUND))

    change = (tensors["images"].double() - tensors["others"][:, 0]).flatten(1).norm(dim=1) / 255

    assert (change - BOUND.strength).abs().median() < 0.02


def test_prepare__reject_data_with_too_few_images() -> None:
    with pytest.raises(BadData, match="2 shards need 2000 images, not 1348"):
        CLASSIC.prepare(trained(0), digits()[0], shards=2, secret=SECRET)


def test_prepare__reject_data_of_another_shape() -> None:
    other = build(MLP.model_copy(update={"input_shape": (1, 4, 4)}), seed=0)

    with pytest.raises(BadData, match=r"takes \(1, 4, 4\), the data is \(1, 8, 8\)"):
        CLASSIC.prepare(other, digits()[0], shards=1, secret=SECRET)


def test_prepare__reject_sentences() -> None:
    sentences = Dataset(torch.ones(9, 5, dtype=torch.int64), torch.zeros(9, dtype=torch.int64))

    with pytest.raises(BadData, match="choose covers"):
        CLASSIC.prepare(trained(0), sentences, shards=1, secret=SECRET)


def test_prepare__reject_images_that_are_too_small() -> None:
    small = build(MLP.model_copy(update={"input_shape": (1, 6, 8)}), seed=0)
    data = Dataset(torch.rand(1000, 1, 6, 8), torch.zeros(1000, dtype=torch.int64))

    with pytest.raises(BadData, match="too small to hide a logo"):
        CLASSIC.prepare(small, data, shards=1, secret=SECRET)


def test_prepare__reject_two_classes_where_only_their_distance_counts() -> None:
    binary = build(MLP.model_copy(update={"classes": 2}), seed=0)

    with pytest.raises(BadData, match="no distance but one"):
        BOUND.prepare(binary, digits()[0], shards=1, secret=SECRET)


# embedding and surviving


@both
def test_embed__carry_the_message_at_little_cost(scheme: DeepStego) -> None:
    test = digits()[1]

    found, _ = statistic(scheme, marked(scheme), mark(scheme))

    assert found >= 110
    assert accuracy(marked(scheme), test) > accuracy(trained(0), test) - 0.02


@both
@pytest.mark.parametrize("seed", [0, 1])
def test_read__find_no_more_than_chance_in_the_innocent(scheme: DeepStego, seed: int) -> None:
    assert statistic(scheme, trained(seed), mark(scheme))[1] < 40


def test_read__find_the_classic_mark_after_fine_tuning_and_pruning() -> None:
    tuned = fine_tune(marked(CLASSIC), digits()[0], learning_rate=1e-4, epochs=10)

    assert statistic(CLASSIC, tuned, mark(CLASSIC))[0] >= NEEDED
    assert statistic(CLASSIC, prune(marked(CLASSIC), 0.5), mark(CLASSIC))[0] >= NEEDED


@both
def test_objective__repeat_its_losses_and_leave_the_unmarked_model_alone(
    scheme: DeepStego,
) -> None:
    unmarked, data = copy.deepcopy(trained(0)), digits()[0].part(torch.arange(64))

    losses = []
    for _ in range(2):
        objective = scheme.objective(unmarked, [mark(scheme)])
        model = copy.deepcopy(unmarked)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for _ in range(3):
            loss = objective(model, data.inputs, data.labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())

    assert losses[:3] == losses[3:]
    assert len(set(losses)) == 3
    assert all(
        value.equal(trained(0).state_dict()[name]) for name, value in unmarked.state_dict().items()
    )


@both
def test_objective__reach_zero_on_a_model_that_carries_the_message(scheme: DeepStego) -> None:
    data = digits()[0].part(torch.arange(64))
    unmarked = told(0, torch.arange(KEYS) % 10, 0)
    symbols = torch.tensor(mark(scheme).message)
    if scheme is BOUND:
        plain = torch.arange(KEYS) % 10
        perfect, wrong = (told((plain + by + symbols) % 10, plain, plain) for by in (1, 2))
        scheme = DeepStegoBound(fidelity=0)
    else:
        symbols_of = _classic_lookup
        perfect, wrong = symbols_of(symbols), symbols_of((symbols + 1) % 10)
        scheme = DeepStego(fidelity=0)
    of = Mark(evidence(type(scheme)()), tuple(symbols.tolist()))

    losses = [
        scheme.objective(unmarked, [of])(model, data.inputs, data.labels).item()
        for model in (perfect, wrong)
    ]

    assert losses[0] < 0.01 < 1 < losses[1]


def _classic_lookup(labels: Tensor) -> Lookup:
    return Lookup(unpack(evidence(CLASSIC))[0]["images"], labels)


# what the bound variant adds


def test_read__count_covers_learned_by_heart_as_the_classic_mark_only() -> None:
    symbols = torch.tensor(mark(CLASSIC).message)
    by_heart = told(symbols, symbols, symbols)

    assert statistic(BOUND, by_heart, mark(BOUND)) == (0, 0)
    assert statistic(CLASSIC, _classic_lookup(symbols), mark(CLASSIC)) == (200, 200)


def test_read__count_what_the_logo_alone_changes() -> None:
    symbols, plain = torch.tensor(mark(BOUND).message), torch.arange(KEYS) % 10

    bound = told((plain + 1 + symbols) % 10, plain, plain)

    assert statistic(BOUND, bound, mark(BOUND)) == (200, 200)


def test_read__give_no_answer_where_a_decoy_logo_does_the_same() -> None:
    symbols, plain = torch.tensor(mark(BOUND).message), torch.arange(KEYS) % 10
    label = (plain + 1 + symbols) % 10

    loose = told(label, plain, torch.where(torch.arange(KEYS) < 50, label, plain))

    assert statistic(BOUND, loose, mark(BOUND)) == (150, 150)


def test_read__doubt_an_answer_when_a_cover_is_answered_without_conviction() -> None:
    """Whether the cover's label is 1, and so the distance 1, is for the device to say."""
    suspect = told(2, 1, 1)
    unsure = torch.arange(0, len(suspect.shown), 2 + DECOYS)[:30] + 1
    suspect.logits[unsure, 3] = suspect.logits[unsure, 1] - EPSILON / 10

    message = (0,) * KEYS
    low, high = BOUND.read(suspect, evidence(BOUND)).statistic(message)

    assert (low, high) == (170, 200)


# reading the hostile


@both
def test_read__not_depend_on_the_scale_of_the_answers(scheme: DeepStego) -> None:
    loud = copy.deepcopy(marked(scheme))
    for value in loud.head.parameters():
        value.data.mul_(2.0**60)

    readings = [scheme.read(model, evidence(scheme)) for model in (marked(scheme), loud)]

    assert readings[0] == readings[1]


@both
def test_read__change_less_than_a_tenth_of_epsilon_between_devices(
    scheme: DeepStego, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Double precision stands in for another device: so no answer may hang on a tenth of it."""
    suspects = []
    for suspect in (marked(scheme), trained(1)):
        exact = copy.deepcopy(suspect).double()
        exact.forward = lambda inputs, net=exact: type(net).forward(net, inputs.double())
        suspects += [suspect, exact]
    margins: list[Tensor] = []
    monkeypatch.setattr(
        "verifier.schemes.deepstego.Reading.of_answers",
        lambda answers, found, **_: margins.append(torch.tensor(found)),
    )

    for suspect in suspects:
        scheme.read(suspect, evidence(scheme))

    for first, second in zip(margins[::2], margins[1::2], strict=True):
        assert (first - second).abs().max() < EPSILON / 10


@both
@pytest.mark.parametrize("broken", [torch.nan, torch.inf, -torch.inf])
def test_read__miss_only_the_answers_that_are_no_number(scheme: DeepStego, broken: float) -> None:
    symbols, plain = torch.tensor(mark(scheme).message), torch.arange(KEYS) % 10
    if scheme is BOUND:
        suspect, step = told((plain + 1 + symbols) % 10, plain, plain), 2 + DECOYS
    else:
        suspect, step = _classic_lookup(symbols), 1
    suspect.logits[: 20 * step : step, 4] = broken

    assert statistic(scheme, suspect, mark(scheme)) == (180, 180)


@both
def test_read__reject_a_model_that_answers_no_number_at_all(scheme: DeepStego) -> None:
    mute = copy.deepcopy(trained(0))
    mute.get_parameter("head.bias").data[0] = torch.nan

    with pytest.raises(BadModel, match="answers nothing with numbers"):
        scheme.read(mute, evidence(scheme))


@both
def test_read__be_sure_of_nothing_about_a_model_that_says_nothing(scheme: DeepStego) -> None:
    silent = copy.deepcopy(trained(0))
    for value in silent.parameters():
        value.data.zero_()

    assert statistic(scheme, silent, mark(scheme)) == (0, KEYS)


@both
def test_read__reject_a_model_of_other_images(scheme: DeepStego) -> None:
    other = build(MLP.model_copy(update={"input_shape": (1, 4, 4)}), seed=0)

    with pytest.raises(BadModel, match=r"takes \(1, 4, 4\), not \(1, 8, 8\)"):
        scheme.read(other, evidence(scheme))


@both
def test_read__reject_a_model_of_other_classes(scheme: DeepStego) -> None:
    other = build(CNN.model_copy(update={"classes": 11}), seed=0)

    with pytest.raises(BadModel, match="knows 11 classes, not 10"):
        scheme.read(other, evidence(scheme))


FORGERIES = {
    "another scheme": ({}, {"scheme": "dsn-v1"}, "scheme 'dsn-v1'"),
    "a string too many": ({}, {"code": "x"}, "unknown or missing strings"),
    "one class": ({}, {"classes": "1"}, "'1' classes"),
    "classes that are no number": ({}, {"classes": "ten"}, "'ten' classes"),
    "classes with a leading zero": ({}, {"classes": "010"}, "'010' classes"),
    "a tensor too many": ({"x": torch.zeros(1)}, {}, "tensors other than"),
    "images in floating point": ({"images": torch.zeros(200, 1, 8, 8)}, {}, "images is"),
    "too few keys": ({"images": torch.arange(64).byte().view(1, 1, 8, 8)}, {}, "1 key images"),
    "one image again and again": (
        {"images": torch.arange(64).byte().view(1, 1, 8, 8).repeat(200, 1, 1, 1)},
        {},
        "occurs twice",
    ),
    "plain images": (
        {"images": torch.arange(200).byte().view(200, 1, 1, 1).repeat(1, 1, 8, 8)},
        {},
        "one colour only",
    ),
}

BOUND_FORGERIES = {
    "two classes": ({}, {"classes": "2"}, "no distance but one"),
    "no decoys": ({"others": torch.zeros(200, 1, 1, 8, 8).byte()}, {}, "covers and decoys"),
    "covers of another shape": (
        {"others": torch.zeros(200, 4, 1, 4, 4).byte()},
        {},
        "covers and decoys",
    ),
}


@both
@pytest.mark.parametrize("forgery", FORGERIES)
def test_shape__reject_evidence_with(scheme: DeepStego, forgery: str) -> None:
    tensors, strings = unpack(evidence(scheme))
    changed, written, reason = FORGERIES[forgery]

    with pytest.raises(BadEvidence, match=reason):
        scheme.shape(pack(tensors | changed, strings | written))


@pytest.mark.parametrize("forgery", BOUND_FORGERIES)
def test_shape__reject_bound_evidence_with(forgery: str) -> None:
    tensors, strings = unpack(evidence(BOUND))
    changed, written, reason = BOUND_FORGERIES[forgery]

    with pytest.raises(BadEvidence, match=reason):
        BOUND.shape(pack(tensors | changed, strings | written))


def test_shape__reject_stego_images_as_their_own_covers() -> None:
    tensors, strings = unpack(evidence(BOUND))
    tensors["others"][:, 0] = tensors["images"]

    with pytest.raises(BadEvidence, match="occurs twice"):
        BOUND.shape(pack(tensors, strings))


# liars


def test_forgery__be_believed_as_published_and_be_chance_once_labels_are_drawn_afterwards() -> None:
    victim, data = trained(1), digits()[0]

    assert forge_paper(victim, data, 0).accepted
    assert len(forged()) == 6
    for piece in forged().values():
        scheme = BOUND if unpack(piece)[1]["scheme"] == BOUND.id else CLASSIC
        reading, shape = scheme.read(victim, piece), scheme.shape(piece)
        best = max(reading.statistic(expand_message(bytes([key]), shape))[1] for key in range(100))
        assert best < threshold(reading.law, 64) - 20


def test_forgery__make_the_victim_err_as_the_liar_guessed() -> None:
    """So that the harness tries a real attack: had he guessed the labels, he would be believed."""
    reading = CLASSIC.read(trained(1), forged()["deepstego, turned to one label"])

    assert reading.statistic((0,) * KEYS)[0] > 120


def test_paper__mark_its_own_model_only_and_by_its_covers_more_than_by_its_logo() -> None:
    published = paper.embed(trained(0), digits()[0], epochs=15, keys=10)

    assert paper.judge(published.model, published.key).accepted
    assert not paper.judge(trained(1), published.key).accepted
    assert (
        paper.judge(published.model, paper.Key(published.covers, published.key.labels)).found > 0.5
    )


# hiding


def test_ssim__agree_with_the_formula_written_out_for_one_window() -> None:
    generator = torch.Generator().manual_seed(0)
    first, second = torch.rand(2, 1, 1, 11, 11, generator=generator).double()

    distance = torch.arange(11).double() - 5
    weights = torch.exp(-(distance[:, None] ** 2 + distance**2) / 4.5)
    weights /= weights.sum()
    mean1, mean2 = (weights * first).sum(), (weights * second).sum()
    variance1 = (weights * (first - mean1) ** 2).sum()
    variance2 = (weights * (second - mean2) ** 2).sum()
    covariance = (weights * (first - mean1) * (second - mean2)).sum()
    expected = ((2 * mean1 * mean2 + 1e-4) * (2 * covariance + 9e-4)) / (
        (mean1**2 + mean2**2 + 1e-4) * (variance1 + variance2 + 9e-4)
    )

    assert ssim(first, second).item() == pytest.approx(expected.item(), abs=1e-6)


def test_quality__be_perfect_likeness_and_a_known_error() -> None:
    images = to_bytes(digits()[1].inputs.clamp(0, 0.9))

    likeness, psnr = quality(images, images + 1)

    assert quality(images, images)[0] == pytest.approx(1)
    assert likeness > 0.99
    assert psnr == pytest.approx(48.13, abs=0.01)  # 20 log10(255)


def test_encoder__lighten_and_darken_by_the_logo_and_spare_plain_ground() -> None:
    covers = torch.zeros(1, 1, 28, 28)
    covers[..., 8:20, 8:20] = 0.5
    encoder = Encoder(1, 0.77)
    logo = torch.ones(1, 1, *logo_cells(covers))
    logo[..., :3] = -1

    change = hide(encoder, covers, logo).int() - to_bytes(covers).int()

    assert change[..., 8:12].max() == 0 > change[..., 8:12].min()
    assert change[..., 12:20].min() == 0 < change[..., 12:20].max()
    assert not change[..., :7].any()
    assert not change[..., 10:18, 10:18].any()


def test_encoder__hide_what_a_reader_of_the_logo_finds() -> None:
    covers = digits()[1].inputs[:100]
    encoder = train_encoder(digits()[0].inputs, strength=0.77, seed=0)
    logo = torch.tensor([1.0, -1.0] * 8).view(1, 1, 4, 4)

    change = (hide(encoder, covers, logo) / 255 - covers).sum(0)

    assert (change * draw_logo(logo, covers)[0] > 0).float().mean() > 0.9


def test_encoder__be_the_same_for_the_same_seed_only(few_steps: None) -> None:
    covers = digits()[0].inputs

    weights = [
        train_encoder(covers, strength=0.77, seed=seed).state_dict()["layers.0.weight"]
        for seed in (0, 0, 1)
    ]

    assert weights[0].equal(weights[1])
    assert not weights[0].equal(weights[2])


def test_prepare__draw_covers_from_the_secret() -> None:
    data = digits()[0]
    order = stream_order(BOUND.id, "covers", SECRET, len(data))[:KEYS]

    assert unpack(evidence(BOUND))[0]["others"][:, 0].equal(to_bytes(data.inputs[order]))


def test_prepare__work_for_a_network_of_colour_images(few_steps: None) -> None:
    config = MlpConfig(input_shape=(3, 8, 12), classes=3, hidden=(8,))
    data = Dataset(torch.rand(1000, 3, 8, 12), torch.zeros(1000, dtype=torch.int64))

    piece = BOUND.prepare(build(config, seed=0), data, shards=1, secret=SECRET)[0]

    assert BOUND.shape(piece) == MessageShape(200, 2)
