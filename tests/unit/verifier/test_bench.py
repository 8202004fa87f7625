from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner
from torch import Tensor

from tests.support.sixth_scheme import Uchida
from verifier import BadData
from verifier.architectures import Network, build
from verifier.bench import forgery, noise, null, removal, tables
from verifier.bench.cases import NEEDS, SIZES, Needs, case
from verifier.bench.data import split
from verifier.bench.noise import contradict
from verifier.bench.records import Record, record
from verifier.bench.speed import measure_speed
from verifier.bench.tables import Task, all_tasks, run_tasks
from verifier.datasets import Dataset
from verifier.odds import law_of
from verifier.paper import Claim
from verifier.removal.attacks import ATTACKS
from verifier.scheme import Mark, Reading
from verifier.schemes import SCHEMES

SCHEME = Uchida.id

cli = import_module("node.cli.bench")  # by name: `node.cli.bench` is the group of commands


@pytest.fixture(autouse=True)
def _a_quick_scheme(monkeypatch: pytest.MonkeyPatch) -> None:
    """The suites run on what is registered: here on a small scheme and a small network."""
    torch.set_num_threads(1)
    monkeypatch.setitem(SCHEMES, SCHEME, Uchida())
    small = replace(SIZES["digits"], channels=(4,), hidden=64, epochs=6)
    monkeypatch.setitem(SIZES, "digits", small)
    monkeypatch.setitem(NEEDS, SCHEME, Needs(shards=2))


def answers(given: Sequence[int], margin: float = 1.0, alphabet: int = 2) -> Reading:
    return Reading.of_answers(given, [margin] * len(given), epsilon=0.1, alphabet=alphabet)


def test_record__is_measured_once_and_says_how_to_do_it_again(tmp_path: Path) -> None:
    measured = []

    def measure() -> Record:
        measured.append(1)
        return {"found": 7}

    first, second = (
        record(tmp_path / "a" / "r.json", "do it", {"seed": 3}, measure) for _ in range(2)
    )

    assert measured == [1]
    assert first == second
    assert (first["seed"], first["command"], first["found"]) == (3, "do it", 7)
    assert {"machine", "threads", "torch", "python", "seconds"} <= first.keys()
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["r.json"]


def test_record__of_an_interrupted_measurement_is_none(tmp_path: Path) -> None:
    def interrupted() -> Record:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        record(tmp_path / "r.json", "do it", {}, interrupted)

    assert record(tmp_path / "r.json", "do it", {}, lambda: {"found": 1})["found"] == 1


def test_case__name_the_data_sets_it_knows() -> None:
    with pytest.raises(BadData, match="'imagenet': not one of digits, mnist"):
        case(SCHEME, "imagenet")


def test_split__need_a_folder_for_all_but_the_digits() -> None:
    with pytest.raises(BadData, match="only 'digits' comes along"):
        split("mnist", None, images=10, foreign=False)


@pytest.mark.parametrize("images", [300, 10_000])
def test_split__give_a_foreign_thief_what_the_owner_never_had(images: int) -> None:
    parts = split("digits", None, images=images, foreign=True)

    rows = [
        {row.numpy().tobytes() for row in part.inputs}
        for part in (parts.owner, parts.thief, parts.test)
    ]
    assert len(parts.owner) == min(images, 1348)
    assert len(parts.thief) > 200
    assert all(len(one & other) <= 1 for one, other in [rows[:2], rows[1:], rows[::2]])


def test_attacks_on__ask_those_that_matter_for_the_scheme() -> None:
    usual = case(SCHEME, "digits")
    special = "fine-tuned on random frames"
    asked = replace(usual, needs=Needs(attacks=(special,), spared=("distilled",)))

    names = removal.attacks_on(usual), removal.attacks_on(asked)

    assert "distilled" in names[0]
    assert "an exposed shard unlearnt" in names[0]
    assert special not in names[0]
    assert not any(name.startswith("inputs") for name in names[0])  # they are not in the weights
    assert special in names[1]
    assert not {"distilled", "an exposed shard unlearnt"} & set(names[1])


def test_needs__name_attacks_and_schemes_that_could_be() -> None:
    for needs in NEEDS.values():
        assert {*needs.attacks, *needs.spared} <= ATTACKS.keys()


def test_measure_removal__read_every_attacked_copy_and_go_on_where_it_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = ("none", "pruned by 50%", "neurons permuted and rescaled", "an exposed shard unlearnt")
    monkeypatch.setattr(removal, "ATTACKS", {name: ATTACKS[name] for name in few})
    tasks = [Task("removal", SCHEME, "digits", seed) for seed in range(2)]

    results = run_tasks(tasks, tmp_path)
    again = run_tasks(tasks, tmp_path)

    assert again == results
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        f"removal-{SCHEME}-digits-{seed}.json" for seed in range(2)
    ]
    records = [each for each in results.values() if not isinstance(each, str)]
    summary = removal.summarise(records)
    assert summary["none"]["matches"] == 2
    assert summary["none"]["found"] >= summary["none"]["needed"]
    assert summary["none"]["utility"] > 0.85
    spoilt = records[0]["suspects"]["an exposed shard unlearnt"]
    assert spoilt["exposed"] == 1
    assert spoilt["shards"][0]["log2_odds"] > -64
    assert records[0]["unmarked"]["shards"][0]["decision"] == "NO_MATCH"
    assert records[0]["parameters"]["epochs"] == Uchida().epochs


class Locked(Uchida):
    """Licensed inputs are turned round, or not, as the first bit of the message has it."""

    def licensed(self, images: Tensor, marks: Sequence[Mark]) -> Tensor:
        return images.flip(3) if marks[0].message[0] else images.clone()


def test_measure_removal__try_licences_of_strangers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of the messages give the licence that is valid: those are no strangers'."""
    monkeypatch.setitem(SCHEMES, SCHEME, Locked())
    monkeypatch.setattr(removal, "ATTACKS", {"none": ATTACKS["none"]})

    # The owner of seed 0 drew a message that begins with 0: plain inputs are licensed.
    found = removal.measure_removal(case(SCHEME, "digits"), 0)

    assert 30 < found["strangers"]["tried"] < 70
    assert found["strangers"]["most"] < 0.6 < found["suspects"]["none"]["utility"]


def test_run_tasks__say_why_a_record_cannot_be_made_and_make_the_others(tmp_path: Path) -> None:
    tasks = [Task("speed", SCHEME, "mnist"), Task("speed", SCHEME, "digits")]

    results = run_tasks(tasks, tmp_path)

    assert results[f"speed-{SCHEME}-mnist"] == (
        "find data set 'mnist': only 'digits' comes along; give its folder"
    )
    assert isinstance(results[f"speed-{SCHEME}-digits"], dict)


def test_run_tasks__work_side_by_side(tmp_path: Path) -> None:
    """In processes of their own, which do not know this test's scheme."""
    told: list[tuple[int, int, str]] = []

    results = run_tasks(
        [Task("speed", SCHEME, "digits"), Task("speed", SCHEME, "mnist")],
        tmp_path,
        jobs=2,
        progress=lambda *step: told.append(step),
    )

    assert all("find scheme" in str(result) for result in results.values())
    assert [step[:2] for step in told] == [(1, 2), (2, 2)]


def test_all_tasks__are_every_suite_for_every_scheme() -> None:
    tasks = list(all_tasks(Path("data"), seeds=2))
    small = list(all_tasks(None, seeds=2))
    asked = list(all_tasks(Path("data"), schemes=("pmi-v1",), data="cifar10", seeds=2))

    assert len({str(task) for task in tasks}) == len(tasks)
    assert {task.suite for task in tasks} == tables.SUITES.keys()
    for scheme in SCHEMES:
        on = [task.data for task in tasks if (task.scheme, task.suite) == (scheme, "removal")]
        assert on.count("mnist") == 2
    assert any(task.data == "banking77" for task in tasks)
    assert {task.data for task in small} == {"digits"}
    assert {task.data for task in asked if task.suite == "removal"} == {"cifar10"}


def test_measure_null__find_uniform_p_values_and_no_match() -> None:
    found = null.measure_null(case(SCHEME, "digits"), models=2, keys=200)

    assert found["readings"] == 600
    assert found["matches"] == 0
    assert found["ks_p"] > 0.01


def test_measure_null__see_messages_that_are_not_uniform(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(null, "expand_message", lambda key, shape: (key[0] > 100,) * shape.count)

    found = null.measure_null(case(SCHEME, "digits"), models=1, keys=100)

    assert found["ks_p"] < 1e-6


@pytest.mark.parametrize("doubtful", [0, 3])
def test_randomised__be_uniform_by_hand(doubtful: int) -> None:
    """Four answers, some of them doubtful: over all 16 messages, the mean of p is a half."""
    margins = [0.0] * doubtful + [1.0] * (4 - doubtful)
    low = Reading.of_answers([1] * 4, margins, epsilon=0.1, alphabet=2).low
    statistics = [
        sum(row[bit] for row, bit in zip(low, message, strict=True))
        for message in itertools.product((0, 1), repeat=4)
    ]

    mean = sum(null._randomised(found, law_of(low), 0.5) for found in statistics) / 16

    assert mean == pytest.approx(0.5)


def test_contradict__see_a_match_against_a_no_match_at_some_level() -> None:
    sure, other = answers([1] * 100), answers([1] * 90 + [0] * 10)
    doubtful = Reading.of_answers([1] * 100, [1.0] * 90 + [0.0] * 10, epsilon=0.1, alphabet=2)

    assert contradict(sure, other, [1] * 100)
    assert not contradict(other, sure, [1] * 100)
    assert not contradict(sure, doubtful, [1] * 100)
    assert not contradict(sure, sure, [1] * 100)


def test_measure_noise__find_no_contradiction_and_little_change(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(noise, "KEYS", 5)

    found = noise.measure_noise(case(SCHEME, "digits"))["suspects"]

    assert all(suspect["contradictions"] == 0 for suspect in found.values())
    assert all(suspect["largest_change"] < 1 for suspect in found.values())


@pytest.mark.parametrize("device", list(noise.DEVICES))
def test_devices__compute_the_same_function_otherwise(device: str) -> None:
    model = build(case(SCHEME, "digits").config(case(SCHEME, "digits").load(None)), seed=0)
    inputs = torch.rand(7, 1, 8, 8, generator=torch.Generator().manual_seed(0))

    answered = noise.DEVICES[device][0](model)(inputs)

    assert answered.allclose(model(inputs), atol=1e-5)


def test_measure_speed__know_a_reading_that_asks_the_model_nothing() -> None:
    found = measure_speed(case(SCHEME, "digits"))

    assert found["ratio"] is None  # it reads weights alone
    assert found["inputs"] == found["inputs_at_once"] == 0


def test_measure_speed__count_what_a_reading_shows_the_model() -> None:
    found = measure_speed(case("deepsigns-v1", "digits"))

    assert found["ratio"] > 0.9  # it does nothing that a bare forward pass does not do
    assert (found["inputs"], found["inputs_at_once"]) == (10 * 16 + 256, 64)


class Liar:
    """A forgery suite: honest evidence, and the claim that a published rule accepts."""

    @staticmethod
    def forged_evidence(victim: Network, data: Dataset, secret: bytes) -> dict[str, bytes]:
        honest = Uchida().prepare(victim, data, shards=2, secret=secret)
        return {f"forgery {number}": piece for number, piece in enumerate(honest)}

    @staticmethod
    def forge_paper(victim: Network, data: Dataset, seed: int) -> Claim:
        return Claim(1.0, 0.9, accepted=True)


def test_measure_forgery__try_fresh_messages_and_grind_seeds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(forgery, "import_module", lambda name: Liar)

    found = forgery.measure_forgery(case(SCHEME, "digits"), tries=50, seeds=500)

    assert (found["tries"], found["accepted"]) == (50, 0)
    assert found["paper"] == {"found": 1.0, "needed": 0.9, "accepted": True}
    for ground in found["grinding"].values():
        # The best of 500 has odds of about one in 500; with the next beacon it is like any other.
        assert -14 < ground["log2_odds_before_beacon"] < -6
        assert ground["log2_odds_after_beacon"] > ground["log2_odds_before_beacon"]


def test_measure_forgery__would_see_a_forgery_that_works(monkeypatch: pytest.MonkeyPatch) -> None:
    """A broken scheme in which any message is found: the suite must cry out."""
    monkeypatch.setattr(forgery, "import_module", lambda name: Liar)
    monkeypatch.setattr(forgery, "expand_message", lambda key, shape: (1,) * shape.count)
    monkeypatch.setattr(Uchida, "read", lambda self, model, evidence: answers([1] * 256))

    found = forgery.measure_forgery(case(SCHEME, "digits"), tries=10, seeds=3)

    assert found["accepted"] == 10


def test_cli__offer_the_data_sets_of_the_cases() -> None:
    assert set(cli.DATA) == SIZES.keys()


def test_cli__print_the_records_it_made(tmp_path: Path) -> None:
    asked = ["speed", "--scheme", SCHEME, "--out", str(tmp_path)]

    told, as_json = (CliRunner().invoke(cli.bench, [*asked, *more]) for more in ([], ["--json"]))

    assert told.stdout.startswith(f"{SCHEME}: ratio None, milliseconds ")
    assert json.loads(as_json.stdout)[SCHEME]["inputs"] == 0
    assert (tmp_path / f"speed-{SCHEME}-digits.json").exists()


def test_cli__refuse_an_unknown_scheme_and_data_that_is_not_there(tmp_path: Path) -> None:
    out = ["--out", str(tmp_path)]

    unknown = CliRunner().invoke(cli.bench, ["null", "--scheme", "astrology-v1", *out])
    absent = CliRunner().invoke(cli.bench, ["null", "--scheme", SCHEME, "--data", "mnist", *out])

    assert (unknown.exit_code, absent.exit_code) == (1, 1)
    assert "astrology-v1' is not one of" in unknown.output
    assert "only 'digits' comes along" in absent.output
