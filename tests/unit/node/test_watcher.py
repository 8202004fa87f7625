"""What a member believes of the chain, tells it, and does when nobody answers."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from node.metrics import Metrics
from node.watcher import Watcher
from protocol.chain import CourtClient, Head
from protocol.errors import ChainUnavailable, ContractRefused, TransactionRefused
from protocol.messages import Certificate
from protocol.types import Dispute, DisputeId, Outcome, State
from tests.support.simnet import SimCommittee


class SimCourt:
    """A chain with one dispute, keyed in block 7, that fails as often as a test says."""

    def __init__(self, dispute: Dispute) -> None:
        self._dispute = dispute
        self.current = State.KEYED
        self.block = 10
        self.failures: list[Exception] = []
        self.settled = 0

    async def head(self, tag: str) -> Head:
        if self.failures:
            raise self.failures.pop(0)
        return Head(self.block, bytes(32), 1_700_000_000)

    async def keyed_disputes(self, first: int, last: int) -> list[DisputeId]:
        return [self._dispute.id] if first <= 7 <= last else []

    async def state(self, dispute_id: DisputeId, at: Head) -> State:
        return self.current

    async def dispute(self, dispute_id: DisputeId, at: Head) -> Dispute:
        return self._dispute

    async def seat_of(self, operator: str, at: Head) -> object:
        return object()

    async def settle(self, certificate: Certificate) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.settled += 1


@pytest.fixture
def committee(tmp_path: Path) -> SimCommittee:
    return SimCommittee(tmp_path)


@pytest.fixture
def court(committee: SimCommittee) -> SimCourt:
    return SimCourt(committee.dispute)


def watcher(committee: SimCommittee, court: SimCourt, *, place: int = 0) -> Watcher:
    """A member's watcher; place -1 is a verifier outside the committee."""
    operator = committee.dispute.committee[place].operator
    if place < 0:
        operator = type(operator)("0x" + "11" * 20)
    return Watcher(
        cast(CourtClient, court),
        committee.members[0].journal,
        Metrics(),
        operator=operator,
        poll_seconds=0.001,
        turn_seconds=0.001,
    )


async def first(watching: Watcher) -> Dispute:
    """The first dispute it finds."""
    async for dispute in watching.disputes():
        return dispute
    raise AssertionError("it stopped looking")


async def test_disputes__finds_its_own_and_remembers_it(
    committee: SimCommittee, court: SimCourt
) -> None:
    found = await first(watcher(committee, court))

    journal = committee.members[0].journal
    assert found == committee.dispute
    assert (journal.cursor(), journal.unfinished()) == (10, (committee.dispute.id,))


async def test_disputes__after_a_restart_begins_with_the_unfinished(
    committee: SimCommittee, court: SimCourt
) -> None:
    await first(watcher(committee, court))
    court.block = 20  # the cursor is past block 7: only the journal knows the dispute

    assert await first(watcher(committee, court)) == committee.dispute


async def test_disputes__what_ended_meanwhile_is_closed(
    committee: SimCommittee, court: SimCourt
) -> None:
    journal = committee.members[0].journal
    journal.advance(10, [(committee.dispute.id, 0)])
    court.current = State.FINAL
    watching = watcher(committee, court).disputes()

    with pytest.raises(TimeoutError):
        await _soon(anext(watching))

    assert journal.unfinished() == ()


async def test_disputes__of_others_are_passed_over(
    committee: SimCommittee, court: SimCourt
) -> None:
    with pytest.raises(TimeoutError):
        await _soon(first(watcher(committee, court, place=-1)))

    assert committee.members[0].journal.unfinished() == ()


async def test_disputes__waits_for_a_chain_that_does_not_answer(
    committee: SimCommittee, court: SimCourt
) -> None:
    court.failures = [ChainUnavailable("read block", "connection refused") for _ in range(3)]
    watching = watcher(committee, court)

    assert await first(watching) == committee.dispute
    assert watching.head is not None


SETTLING: dict[str, tuple[list[Exception], State, int]] = {
    "taken": ([], State.KEYED, 1),
    "somebody was faster": ([], State.FINAL, 0),
    "somebody was faster by a block": (
        [ContractRefused("settle", "WrongState", {}, "nothing is left to do")], State.KEYED, 0,
    ),
    "an empty wallet, filled later": (
        [TransactionRefused("settle", "insufficient funds")], State.KEYED, 1,
    ),
    "a chain that is down for a moment": (
        [ChainUnavailable("settle", "connection refused")], State.KEYED, 1,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", SETTLING)
async def test_submit__ends_when_the_chain_needs_it_no_more(
    case: str, committee: SimCommittee, court: SimCourt, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures, state, settled = SETTLING[case]
    court.current = state
    answered = court.head
    certificate = Certificate(committee.dispute.id, 0, Outcome.MATCH, 7, bytes(256))

    async def head(tag: str) -> Head:
        pending, court.failures = court.failures, []
        result = await answered(tag)
        court.failures = pending  # these are meant for `settle`
        return result

    monkeypatch.setattr(court, "head", head)
    court.failures = list(failures)

    await _soon(watcher(committee, court).submit(committee.dispute, certificate))

    assert court.settled == settled


async def test_deadline_passed__goes_by_the_chains_clock(
    committee: SimCommittee, court: SimCourt
) -> None:
    watching = watcher(committee, court)
    in_time = replace(committee.dispute, vote_deadline=1_700_000_000)
    too_late = replace(committee.dispute, vote_deadline=1_699_999_999)

    await _soon(watching.deadline_passed(too_late))
    with pytest.raises(TimeoutError):  # the deadline's own second still counts
        await _soon(watching.deadline_passed(in_time))


async def _soon(action: Any) -> Any:
    async with asyncio.timeout(0.3):
        return await action
