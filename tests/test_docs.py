"""The documents say what the code does, or a test fails."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from node.cli import main
from node.reasons import Reason
from protocol.claims import CLAIM_TYPE, SHARD_TYPE
from protocol.messages import (
    COMMITMENT_TYPE,
    POSSESSION_TYPE,
    SEAL_TYPE,
    SEALED_VOTE_TYPE,
    VOTE_TYPE,
)
from protocol.types import Outcome, State
from tests.bench.figures import render

ROOT = Path(__file__).parent.parent
SPEC = (ROOT / "protocol" / "SPEC.md").read_text()


def test_readme__names_commands_that_exist() -> None:
    readme = (ROOT / "README.md").read_text()

    for line in re.findall(r"^assay (.+)$", readme, re.MULTILINE):
        command: click.Command = main
        words = line.split()
        while isinstance(command, click.Group) and words:
            found = command.get_command(click.Context(command), words.pop(0))
            assert found is not None, line
            command = found
        options = {option for param in command.params for option in param.opts}
        assert {word for word in words if word.startswith("--")} <= options, line


def test_every_command__has_a_help_text_and_json_or_runs_for_ever() -> None:
    for_ever_or_text = {"chain", "devnet", "mirror", "run", "up", "export"}

    for path, command in _commands(main):
        assert command.help, path
        options = {option for param in command.params for option in param.opts}
        assert "--json" in options or path.split()[-1] in for_ever_or_text, path


@pytest.mark.parametrize(
    "struct",
    [
        SHARD_TYPE,
        CLAIM_TYPE,
        POSSESSION_TYPE,
        SEALED_VOTE_TYPE,
        COMMITMENT_TYPE,
        SEAL_TYPE,
        VOTE_TYPE,
    ],
)
def test_spec__has_the_structs_of_the_code(struct: str) -> None:
    assert f"`{struct}`" in SPEC


@pytest.mark.parametrize("outcome", Outcome)
def test_spec__numbers_the_outcomes_as_the_code_does(outcome: Outcome) -> None:
    assert f"`{outcome.name}` {outcome.value}" in SPEC


@pytest.mark.parametrize("state", [state for state in State if state])
def test_spec__numbers_the_states_as_the_code_does(state: State) -> None:
    assert f"`{state.name.title()}` {state.value}" in SPEC


@pytest.mark.parametrize("reason", Reason)
def test_runbook__explains_every_reason(reason: Reason) -> None:
    runbook = (ROOT / "node" / "README.md").read_text()

    assert f"`{reason.value}` | {reason.text}" in runbook


def test_figures__are_those_of_the_result_files() -> None:
    for name, text in render().items():
        assert (ROOT / "docs" / name).read_text() == text, f"{name}: run make figures"


def _commands(group: click.Group, path: str = "assay") -> list[tuple[str, click.Command]]:
    found: list[tuple[str, click.Command]] = []
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            found += _commands(command, f"{path} {name}")
        else:
            found.append((f"{path} {name}", command))
    return found
