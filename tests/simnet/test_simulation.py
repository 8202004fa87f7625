"""Whole disputes in virtual time: what members do that fail or cheat, and what comes of it."""

from __future__ import annotations

import json
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from click.testing import CliRunner

from node.cli import main
from node.cli.simulate import simulate
from node.profiles import load_profile
from node.simulation.ending import Ending, judge
from node.simulation.events import Weather
from node.simulation.faults import STRATEGIES, Absent, Lying, wrong
from node.simulation.laziness import laziness
from node.simulation.member import Member
from node.simulation.options import Options, Table, Tick
from node.simulation.quiet import hold
from node.simulation.register import Register
from node.simulation.tables import TABLES, committees, growth, network, safety
from node.simulation.trial import BLOCK_S, FINALITY_S, Conditions, Trial
from protocol.types import Digest, Outcome, Place, State

PARAMETERS = replace(load_profile("mainnet"), ladder=(4, 7))
REGISTER = Register.of(12)
BAD_WEATHER = Weather(drop=0.2, jitter_s=0.5)


def conditions(
    *faulty: type[Member], weather: Weather = BAD_WEATHER, appeal_share: float = 0
) -> Conditions:
    """These members, at random places of every committee."""

    def cast(rng: Random, seats: tuple[int, ...]) -> dict[int, type[Member]]:
        return dict(zip(rng.sample(range(len(seats)), len(faulty)), faulty, strict=True))

    return Conditions(PARAMETERS, weather, cast, appeal_share)


def endings(number: int, of: Conditions) -> list[Ending]:
    return [Trial(of, REGISTER, f"test {each}").run() for each in range(number)]


SLASHED = {"copying", "withholding", "equivocating"}
"""A copier cannot open what it sealed, and so withholds it."""


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_trial__one_of_four_achieves_nothing(strategy: str) -> None:
    found = endings(10, conditions(STRATEGIES[strategy]))

    assert [ending.outcome for ending in found] == [ending.truth for ending in found]
    assert {ending.violations for ending in found} == {()}
    assert {ending.rounds for ending in found} == {1}
    assert {ending.left_out for ending in found} == {0}
    is_slashed = {ending.slashed > 0 for ending in found}
    assert is_slashed == {strategy in SLASHED}


def test_trial__waits_for_who_is_silent_until_little_time_is_left() -> None:
    (absent,) = endings(1, conditions(Absent))
    (present,) = endings(1, conditions())

    assert absent.latency_s is not None
    assert present.latency_s is not None
    assert absent.latency_s > PARAMETERS.seal_window_s * 3 / 4
    assert present.latency_s < PARAMETERS.seal_window_s / 4


def test_trial__waits_for_finality_twice() -> None:
    (ending,) = endings(1, conditions(weather=Weather(jitter_s=0)))

    assert ending.latency_s is not None
    assert ending.latency_s > 2 * FINALITY_S
    assert ending.latency_s % BLOCK_S == 0
    assert ending.talk_s is not None
    assert 0 < ending.talk_s < ending.latency_s - 2 * FINALITY_S


def test_trial__hears_an_appeal_by_a_larger_committee() -> None:
    found = endings(5, conditions(appeal_share=1))

    assert {(ending.appeals, ending.rounds) for ending in found} == {(1, 2)}
    assert [ending.outcome for ending in found] == [ending.truth for ending in found]
    assert {ending.violations for ending in found} == {()}


def test_trial__escalates_and_ends_without_a_verdict_where_two_of_four_are_silent() -> None:
    def cast(rng: Random, seats: tuple[int, ...]) -> dict[int, type[Member]]:
        return dict.fromkeys(range(len(seats) // 2), Absent)

    (ending,) = endings(1, Conditions(PARAMETERS, BAD_WEATHER, cast))

    assert (ending.outcome, ending.rounds, ending.faulty) == (None, 2, (2, 3))


def test_trial__a_quorum_of_liars_has_its_way() -> None:
    """Beyond f nothing is promised: it is counted, and is no violation."""
    (ending,) = endings(1, conditions(Lying, Lying, Lying))

    assert ending.outcome is wrong(ending.truth)
    assert ending.violations == ()


def test_trial__is_a_function_of_its_name() -> None:
    of = conditions(*[STRATEGIES["splitting"]], appeal_share=0.5)

    assert endings(4, of) == endings(4, of)
    assert len({ending.bytes for ending in endings(4, of)}) == 4


class Forging(Member):
    """Shows a commitment in the name of the place after its own."""

    def commit(self) -> None:
        """Theirs, and not signed by them."""
        place = Place((self.place + 1) % self.hearing.size)
        self.say(replace(self.commitment(Digest(bytes([7]) * 32)), place=place))


def test_trial__takes_no_message_that_its_member_has_not_signed() -> None:
    found = endings(3, conditions(Forging))

    assert [ending.outcome for ending in found] == [ending.truth for ending in found]
    assert {ending.left_out for ending in found} == {0}


class Careless(Member):
    """Thinks that it does its duty, and signs two outcomes."""

    def vote(self) -> None:
        """Both."""
        super().vote()
        if self.outcome is not None:
            self.say(self.signed_vote(wrong(self.outcome), self.salt))


def test_trial__notices_two_certificates(monkeypatch: pytest.MonkeyPatch) -> None:
    """The alarm rings: members that equivocate are taken for members that do their duty."""
    monkeypatch.setattr("node.simulation.trial.Member", Careless)

    (ending,) = endings(1, conditions())

    said = " ".join(ending.violations)
    assert "two outcomes can be certified" in said
    assert "a false outcome can be certified" in said
    assert "a member that did its duty was slashed" in said


def test_trial__notices_a_false_verdict_and_lost_money() -> None:
    trial = Trial(conditions(), REGISTER, "alarm")
    truth = trial.run().truth
    trial.court.outcome = wrong(truth)
    trial.court.held = 1

    said = " ".join(judge(trial.course).violations)

    assert "the verdict is false" in said
    assert "money" in said


@pytest.mark.parametrize("drop", [0.1, 0.3])
def test_network__all_decide_whatever_is_lost(drop: float) -> None:
    table = network(Options(8, 1, drop=drop, ladder=(4, 13)), lambda count: None)

    assert [row["decided"] for row in table.rows] == [row["disputes"] for row in table.rows]
    assert table.violations == []


def test_network__repeats_what_was_lost() -> None:
    dry, wet = (endings(5, conditions(weather=Weather(drop, jitter_s=0.1))) for drop in (0.0, 0.5))

    assert sum(ending.bytes for ending in wet) > 1.3 * sum(ending.bytes for ending in dry)
    assert [ending.outcome for ending in wet] == [ending.truth for ending in wet]


def test_growth__members_post_to_every_other() -> None:
    table = growth(Options(1, 1, ladder=(4, 31, 64)), lambda count: None)

    for row in table.rows:
        least = 3 * (row["size"] - 1)
        assert least <= row["messages"] < 2 * least
        assert row["decided"] == row["disputes"]


def test_committees__are_inside_the_bands_of_the_exact_odds() -> None:
    table = committees(Options(600, 1, bad=0.3, ladder=(4,)), lambda count: None)

    (row,) = table.rows
    assert row["stalled"]["is_inside"]
    assert row["forged"]["is_inside"]
    assert row["stalled"]["seen"] > 100
    assert row["forged"]["seen"] > 20


def test_hold__goes_up_the_ladder() -> None:
    def votes(seats: Any) -> list[Outcome]:
        lies = len(seats) // 2 if len(seats) == 4 else 0
        return [Outcome.NO_MATCH] * lies + [Outcome.MATCH] * (len(seats) - lies)

    court = hold(PARAMETERS, REGISTER, "stalls once", votes)

    assert (court.state, court.outcome, court.round) == (State.FINAL, Outcome.MATCH, 1)


def test_safety__has_a_row_for_each_strategy_and_one_for_all() -> None:
    table = safety(Options(10, 1, ladder=(4,)), lambda count: None)

    assert [row["strategy"] for row in table.rows] == [*STRATEGIES, "any"]
    assert [row["right"] for row in table.rows] == [1] * 10


def test_laziness__earns_what_the_closed_form_says() -> None:
    table = laziness(Options(900, 1, ladder=(4,)), lambda count: None)

    told = [row for row in table.rows if "guess" in row]
    assert all(row[who]["is_inside"] for row in told for who in ("guess", "work"))
    even = [row for row in table.rows if "break_even" in row]
    assert all(row["is_inside"] for row in even)
    assert len({row["penalty"] for row in even}) == 2


def test_simulate__tells_and_writes_what_it_found(tmp_path: Any) -> None:
    arguments = ["simulate", "--disputes", "9", "--table", "safety", "--ladder", "4"]

    result = CliRunner().invoke(main, [*arguments, "--json", "--out", str(tmp_path)])

    assert result.exit_code == 0
    told = json.loads(result.stdout)
    assert told == json.loads(json.dumps(told))
    written = json.loads((tmp_path / "safety.json").read_text())
    assert written == told["safety"]
    assert {"seed", "machine", "command", "disputes", "seconds"} <= written.keys()


def test_simulate__fails_where_a_promise_was_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(options: Options, tick: Tick) -> Table:
        return Table(violations=["the verdict is false"])

    monkeypatch.setitem(TABLES, "safety", broken)

    result = CliRunner().invoke(main, ["simulate", "--table", "safety"])

    assert result.exit_code == 1
    assert "1 promises broken" in result.stdout


@pytest.mark.parametrize("ladder", ["5", "13,4", "4,x", "1"])
def test_simulate__refuses_what_is_no_ladder(ladder: str) -> None:
    assert CliRunner().invoke(main, ["simulate", "--ladder", ladder]).exit_code == 2


def test_simulate__knows_the_strategies_and_tables() -> None:
    choices = {
        param.name: param.type.choices
        for param in simulate.params
        if hasattr(param.type, "choices")
    }

    assert choices == {"strategies": tuple(STRATEGIES), "tables": tuple(TABLES)}
