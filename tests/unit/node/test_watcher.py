"""What a member believes of the chain, and what it does when nobody answers."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from node.metrics import Metrics
from node.progress import Progress
from node.watcher import Watcher
from protocol.chain import CourtClient
from protocol.errors import ChainUnavailable
from protocol.types import Digest, Dispute, Outcome, Place, Sealed, State
from tests.support.sim_court import NOW, SimCourt
from tests.support.simnet import SimCommittee

SEALED = Sealed(Digest(b"r" * 32), 0b0111, NOW)


@pytest.fixture
def committee(tmp_path: Path) -> SimCommittee:
    return SimCommittee(tmp_path, is_seen=False)


@pytest.fixture
def progress(committee: SimCommittee) -> Progress:
    return committee.members[0].journal.progress


@pytest.fixture
def court(committee: SimCommittee) -> SimCourt:
    return SimCourt(committee.dispute)


@pytest.fixture
def watching(committee: SimCommittee, court: SimCourt) -> Watcher:
    return watcher(committee, court)


def watcher(committee: SimCommittee, court: SimCourt, *, place: int = 0) -> Watcher:
    """A member's watcher; place -1 is a verifier outside the committee."""
    operator = committee.dispute.committee[place].operator
    if place < 0:
        operator = type(operator)("0x" + "11" * 20)
    return Watcher(
        cast(CourtClient, court),
        committee.members[0].journal.progress,
        Metrics(),
        operator=operator,
        poll_seconds=0.001,
    )


async def first(watching: Watcher) -> Dispute:
    """The first dispute it finds."""
    async for dispute in watching.disputes():
        return dispute
    raise AssertionError("it stopped looking")


async def test_disputes__finds_its_own_and_remembers_it(
    committee: SimCommittee, watching: Watcher, progress: Progress
) -> None:
    found = await first(watching)

    assert found == committee.dispute
    assert (progress.cursor(), progress.unfinished()) == (10, ((committee.dispute.id, 0),))


async def test_disputes__after_a_restart_begins_with_the_unfinished(
    committee: SimCommittee, court: SimCourt
) -> None:
    await first(watcher(committee, court))
    court.block = 20  # the cursor is past block 7: only the journal knows the dispute

    assert await first(watcher(committee, court)) == committee.dispute


@pytest.mark.parametrize(("state", "round_"), [(State.FINAL, 0), (State.OPEN, 1), (State.VOID, 3)])
async def test_disputes__what_was_begun_is_ended_whatever_has_become_of_it(
    committee: SimCommittee, court: SimCourt, watching: Watcher, state: State, round_: int
) -> None:
    """There may be a vote to show, or a committee to draw."""
    await first(watching)
    court.state_, court.round_, court.block = state, round_, 20

    assert await first(watcher(committee, court)) == committee.dispute


@pytest.mark.parametrize(("state", "round_"), [(State.FINAL, 0), (State.OPEN, 1)])
async def test_disputes__what_was_over_before_it_was_seen_is_passed_over(
    court: SimCourt, watching: Watcher, progress: Progress, state: State, round_: int
) -> None:
    court.state_, court.round_ = state, round_

    assert await _not_yet(first(watching))
    assert (progress.cursor(), progress.unfinished()) == (10, ())


UNFINISHED: dict[str, tuple[dict[str, Any], bool]] = {
    "its vote may still be shown": ({"opened": 0b0110}, True),
    "its vote was shown in time": ({"opened": 0b0111}, False),
    "it is too late to show its vote": ({"opened": 0b0110, "time": NOW + 1}, False),
    "another's vote may be shown": ({"opened": 0b0101}, False),
    "it has a share to collect": ({"opened": 0b0111, "signers": 0b0111, "paid": 0b0110}, True),
    "it has its share": ({"opened": 0b0111, "signers": 0b0111, "paid": 0b0001}, False),
}
"""Of rounds that are over: what the chain says, and whether this node has something left to do."""


@pytest.mark.parametrize(("state", "round_"), [(State.FINAL, 0), (State.OPEN, 1)])
@pytest.mark.parametrize("case", UNFINISHED)
async def test_disputes__a_node_that_was_wiped_finds_what_is_left_to_do(
    case: str,
    court: SimCourt,
    watching: Watcher,
    committee: SimCommittee,
    state: State,
    round_: int,
) -> None:
    facts, is_found = UNFINISHED[case]
    court.state_, court.round_, court.sealed_ = state, round_, SEALED
    for name, value in facts.items():
        setattr(court, name, value)

    if is_found:
        assert await _soon(first(watching)) == committee.dispute
    else:
        assert await _not_yet(first(watching))


async def test_disputes__of_others_are_passed_over(
    committee: SimCommittee, court: SimCourt, progress: Progress
) -> None:
    assert await _not_yet(first(watcher(committee, court, place=-1)))
    assert progress.unfinished() == ()


async def test_disputes__waits_for_a_chain_that_does_not_answer(
    committee: SimCommittee, court: SimCourt, watching: Watcher
) -> None:
    court.failures = [ChainUnavailable("read block", "connection refused") for _ in range(3)]

    assert await first(watching) == committee.dispute
    assert watching.head is not None


async def test_seconds_left__goes_by_the_chains_clock(
    committee: SimCommittee, watching: Watcher
) -> None:
    dispute = replace(committee.dispute, seal_deadline=NOW + 30)

    assert await watching.seconds_left(dispute) == 30


async def test_sealed__waits_for_the_chains_seal(
    committee: SimCommittee, court: SimCourt, watching: Watcher
) -> None:
    waiting = asyncio.create_task(watching.sealed(committee.dispute))
    assert await _not_yet(asyncio.shield(waiting))
    court.sealed_ = SEALED

    assert await _soon(waiting) == SEALED


@pytest.mark.parametrize(("state", "round_"), [(State.VOID, 0), (State.OPEN, 1)])
async def test_sealed__is_none_where_the_round_ended_without_one(
    committee: SimCommittee, court: SimCourt, watching: Watcher, state: State, round_: int
) -> None:
    court.state_, court.round_ = state, round_

    assert await _soon(watching.sealed(committee.dispute)) is None


@pytest.mark.parametrize("state", [State.KEYED, State.SEALED, State.PROPOSED])
async def test_expired__is_after_the_deadlines_own_second(
    committee: SimCommittee, court: SimCourt, watching: Watcher, state: State
) -> None:
    court.state_, court.deadline = state, NOW
    waiting = asyncio.create_task(watching.expired(committee.dispute))
    assert await _not_yet(asyncio.shield(waiting))
    court.time = NOW + 1

    assert await _soon(waiting) is state


@pytest.mark.parametrize(("state", "round_"), [(State.FINAL, 0), (State.OPEN, 1)])
async def test_expired__never_comes_for_a_round_that_is_over(
    committee: SimCommittee, court: SimCourt, watching: Watcher, state: State, round_: int
) -> None:
    court.state_, court.round_, court.time = state, round_, NOW + 1

    assert await _not_yet(watching.expired(committee.dispute))


async def test_ending__is_the_verdict(
    committee: SimCommittee, court: SimCourt, watching: Watcher
) -> None:
    court.state_ = State.PROPOSED
    waiting = asyncio.create_task(watching.ending(committee.dispute))
    assert await _not_yet(asyncio.shield(waiting))
    court.state_ = State.FINAL

    verdict = await _soon(waiting)

    assert verdict is not None
    assert verdict.state is State.FINAL


async def test_ending__is_none_where_the_dispute_went_on(
    committee: SimCommittee, court: SimCourt, watching: Watcher
) -> None:
    court.state_, court.round_ = State.OPEN, 1

    assert await _soon(watching.ending(committee.dispute)) is None


@pytest.mark.parametrize(
    ("place", "opened", "expected"), [(0, 0b001, True), (1, 0b001, False), (3, 0b001, True)]
)
async def test_is_opened__unless_it_was_sealed_and_not_shown(
    committee: SimCommittee,
    court: SimCourt,
    watching: Watcher,
    place: int,
    opened: int,
    expected: bool,
) -> None:
    court.sealed_, court.opened = SEALED, opened

    assert await watching.is_opened(committee.dispute, Place(place)) is expected


async def test_is_sealed__says_whether_there_is_a_seal(
    committee: SimCommittee, court: SimCourt, watching: Watcher
) -> None:
    assert not await watching.is_sealed(committee.dispute)
    court.sealed_ = SEALED
    assert await watching.is_sealed(committee.dispute)


@pytest.mark.parametrize("change", [{"outcome": Outcome.MATCH}, {"time": NOW + 1}])
async def test_counted__is_when_it_is_settled_or_too_late(
    change: dict[str, Any], committee: SimCommittee, court: SimCourt, watching: Watcher
) -> None:
    court.sealed_ = SEALED
    waiting = asyncio.create_task(watching.counted(committee.dispute))
    assert await _not_yet(asyncio.shield(waiting))
    for name, value in change.items():
        setattr(court, name, value)

    assert await _soon(waiting) is None


@pytest.mark.parametrize(
    ("change", "expected"), [({"opened": 0b0111}, ()), ({"time": NOW + 1}, (1, 2))]
)
async def test_withheld__waits_until_all_is_shown_or_it_is_too_late(
    change: dict[str, Any],
    expected: tuple[int, ...],
    committee: SimCommittee,
    court: SimCourt,
    watching: Watcher,
) -> None:
    court.state_, court.sealed_, court.opened = State.FINAL, SEALED, 0b0001
    waiting = asyncio.create_task(watching.withheld(committee.dispute))
    assert await _not_yet(asyncio.shield(waiting))
    for name, value in change.items():
        setattr(court, name, value)

    assert await _soon(waiting) == expected


async def test_withheld__is_nobodys_without_a_seal(
    committee: SimCommittee, court: SimCourt, watching: Watcher
) -> None:
    court.state_ = State.VOID

    assert await _soon(watching.withheld(committee.dispute)) == ()


async def _soon(action: Any) -> Any:
    async with asyncio.timeout(5):
        return await action


async def _not_yet(action: Any) -> bool:
    """Whether something still waits, after a moment; it is waited for no longer."""
    try:
        async with asyncio.timeout(0.1):
            await action
    except TimeoutError:
        return True
    return False
