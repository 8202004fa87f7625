"""What every scheme owes its users; a new one inherits all of it by being registered."""

from __future__ import annotations

import copy
from contextlib import suppress
from pathlib import Path

import pytest
import torch

import verifier
from tests.support.tiny_models import (
    LEAST_LEVEL,
    MLP,
    Marked,
    digits,
    innocent,
    marked,
    trained,
)
from verifier import BadEvidence, BadModel, Dataset, Decision, LevelUnreachable, UnknownScheme
from verifier.architectures import Network, build
from verifier.message import expand_message
from verifier.removal import permute_neurons
from verifier.schemes import SCHEMES
from verifier.training import accuracy

LEVEL = 64

every_scheme = pytest.mark.parametrize("scheme_id", SCHEMES)


SAYS_NOTHING = {"zero": 0.0, "infinite": float("inf"), "not a number": float("nan"), "huge": 1e30}


def decide(scheme_id: str, suspect: Network, mark: Marked) -> Decision:
    return verifier.verify(
        scheme_id, suspect, mark.evidence, mark.message_key, level=LEVEL
    ).decision


@every_scheme
def test_verify__match_on_a_marked_model(scheme_id: str) -> None:
    assert decide(scheme_id, marked(scheme_id).model, marked(scheme_id)) is Decision.MATCH


@every_scheme
def test_embed__hold_the_accuracy(scheme_id: str) -> None:
    mark, (_, test) = marked(scheme_id), digits()
    licensed = SCHEMES[scheme_id].licensed(test.inputs, [mark.mark])

    before = accuracy(mark.unmarked, test)
    assert accuracy(mark.model, Dataset(licensed, test.labels)) > before - 0.03


@every_scheme
def test_embed__leave_the_unmarked_model_as_it_was(scheme_id: str) -> None:
    assert decide(scheme_id, marked(scheme_id).unmarked, marked(scheme_id)) is Decision.NO_MATCH


@every_scheme
@pytest.mark.parametrize("seed", [1, 2])
def test_verify__no_match_on_an_independent_model(scheme_id: str, seed: int) -> None:
    assert decide(scheme_id, innocent(scheme_id, seed), marked(scheme_id)) is Decision.NO_MATCH


@every_scheme
def test_verify__no_match_with_another_message_key(scheme_id: str) -> None:
    mark = marked(scheme_id)

    finding = verifier.verify(scheme_id, mark.model, mark.evidence, b"another", level=LEVEL)

    assert finding.decision is Decision.NO_MATCH


@every_scheme
def test_verify__match_on_a_copy_with_its_neurons_permuted_and_rescaled(scheme_id: str) -> None:
    mark = marked(scheme_id)
    copy = permute_neurons(mark.model, torch.Generator().manual_seed(0))

    assert decide(scheme_id, copy, mark) is Decision.MATCH


@every_scheme
def test_verify__read_a_package_as_it_reads_the_model(scheme_id: str, tmp_path: Path) -> None:
    mark = marked(scheme_id)
    verifier.save_package(mark.model, tmp_path)

    found = [
        verifier.verify(scheme_id, suspect, mark.evidence, mark.message_key, level=LEVEL)
        for suspect in (mark.model, tmp_path)
    ]

    assert found[0] == found[1]


@every_scheme
def test_embed__repeat_itself_to_the_bit(scheme_id: str) -> None:
    mark, (data, _) = marked(scheme_id), digits()

    again = verifier.embed(
        scheme_id, mark.unmarked, data, [mark.evidence], [mark.message_key], level=LEAST_LEVEL
    )

    weights = mark.model.state_dict()
    assert all(value.equal(weights[name]) for name, value in again.state_dict().items())


@every_scheme
def test_prepare__repeat_itself_for_one_secret_only(scheme_id: str) -> None:
    mark, (data, _) = marked(scheme_id), digits()

    same, fresh = (
        verifier.prepare(scheme_id, mark.unmarked, data, shards=1, secret=secret)
        for secret in (b"secret" * 6, None)
    )

    assert same == (mark.evidence,)
    assert fresh != same


@every_scheme
@pytest.mark.parametrize("kept", [0, 7, 100, -1])
def test_shape__reject_truncated_evidence(scheme_id: str, kept: int) -> None:
    with pytest.raises(BadEvidence):
        SCHEMES[scheme_id].shape(marked(scheme_id).evidence[:kept])


@every_scheme
def test_verify__reject_a_level_that_the_message_cannot_reach(scheme_id: str) -> None:
    mark = marked(scheme_id)

    with pytest.raises(LevelUnreachable):
        verifier.verify(scheme_id, mark.model, mark.evidence, mark.message_key, level=10_000)


@every_scheme
@pytest.mark.parametrize("value", SAYS_NOTHING)
def test_verify__never_match_a_model_whose_weights_are_all(value: str, scheme_id: str) -> None:
    mark = marked(scheme_id)
    model = copy.deepcopy(mark.model)
    for weight in model.parameters():
        weight.data.fill_(SAYS_NOTHING[value])

    with suppress(BadModel):  # nothing to be read is as good as nothing read
        assert decide(scheme_id, model, mark) is not Decision.MATCH


@every_scheme
def test_read__reject_a_model_of_other_inputs(scheme_id: str) -> None:
    config = MLP.model_copy(update={"input_shape": (1, 4, 4)})

    with pytest.raises(BadModel):
        SCHEMES[scheme_id].read(build(config, seed=0), marked(scheme_id).evidence)


@every_scheme
def test_read__follow_its_law_over_messages_for_an_innocent_model(scheme_id: str) -> None:
    """With alignment on, 256 message keys on one innocent model: mean and spread of chance."""
    scheme, mark = SCHEMES[scheme_id], marked(scheme_id)
    shape, reading = scheme.shape(mark.evidence), scheme.read(innocent(scheme_id), mark.evidence)

    found = torch.tensor(
        [sum(reading.statistic(expand_message(bytes([key, 0]), shape))) / 2 for key in range(256)]
    ).double()

    rows = [torch.tensor(row).double() for times, row in reading.law for _ in range(times)]
    mean = sum(row.mean() for row in rows)
    spread = sum(row.var(correction=0) for row in rows) ** 0.5
    # Where a row says nothing, or an answer is none, there is less to find than the law allows.
    assert found.mean() < mean + 4 * spread / 256**0.5
    assert found.std() < 1.2 * spread


def test_verify__reject_an_unknown_scheme() -> None:
    with pytest.raises(UnknownScheme, match="'astrology-v1' is not one of deepsigns-v1, "):
        verifier.verify("astrology-v1", trained(0), b"", b"", level=LEVEL)
