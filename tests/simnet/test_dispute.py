"""Whole disputes in one process, with members that are absent, lie, crash or come back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from node.errors import Refused, Unavailable
from protocol.errors import BadCertificate
from protocol.types import Digest, Outcome, State
from tests.support.simnet import INNOCENT, STOLEN, SimCommittee
from verifier import Access, Finding, hits_law
from verifier.errors import BadEvidence, BadModel, UnknownScheme

INCONCLUSIVE = Finding("deepsigns-v1", Access.WEIGHTS, 190, 210, hits_law(256, 2), level=64)

CASES: dict[str, tuple[Finding | Exception, Outcome]] = {
    "a stolen model": (STOLEN, Outcome.MATCH),
    "an innocent model": (INNOCENT, Outcome.NO_MATCH),
    "answers inside the erasure band": (INCONCLUSIVE, Outcome.INCONCLUSIVE),
    "a suspect that is a pickle": (BadModel("read header", "a pickle"), Outcome.UNSUPPORTED),
    "evidence the scheme refuses": (BadEvidence("read evidence", "cut short"), Outcome.BAD_KEY),
    "a scheme of tomorrow": (UnknownScheme("deepsigns-v9", ("deepsigns-v1",)), Outcome.UNSUPPORTED),
}


@pytest.mark.parametrize("case", CASES)
async def test_resolve__gives_each_suspect_its_outcome(case: str, tmp_path: Path) -> None:
    measured, expected = CASES[case]
    committee = SimCommittee(tmp_path)
    for member in committee.members:
        member.sandbox.answer = measured

    verdicts = await committee.run()

    assert {verdict.outcome for verdict in verdicts} == {expected}


async def test_resolve__one_absent_and_one_lying_of_four_void(tmp_path: Path) -> None:
    """Two faults of four are more than f = 1: no quorum, no verdict, and nobody hangs."""
    committee = SimCommittee(tmp_path)
    committee.is_absent(3)
    committee.lies(2, Outcome.NO_MATCH)

    running = asyncio.create_task(committee.run())
    await asyncio.sleep(0.2)
    assert not running.done()
    committee.chain.clock_is_past_deadline.set()
    verdicts = await running

    assert {verdict.state for verdict in verdicts} == {State.VOID}
    assert committee.chain.certificates == []


@pytest.mark.parametrize(
    ("absent", "lying"), [([3], []), ([], [1])], ids=["one absent", "one lying"]
)
async def test_resolve__one_fault_of_four_changes_nothing(
    absent: list[int], lying: list[int], tmp_path: Path
) -> None:
    committee = SimCommittee(tmp_path)
    for place in absent:
        committee.is_absent(place)
    for place in lying:
        committee.lies(place, Outcome.NO_MATCH)

    verdicts = await committee.run()

    assert {verdict.outcome for verdict in verdicts} == {Outcome.MATCH}
    assert not set(committee.chain.certificates[0].signers) & {*absent, *lying}


async def test_resolve__one_absent_and_one_lying_of_seven_changes_nothing(tmp_path: Path) -> None:
    """With n = 7, f = 2: the issue's two faults at once."""
    committee = SimCommittee(tmp_path, size=7)
    committee.is_absent(6)
    committee.lies(2, Outcome.NO_MATCH)

    verdicts = await committee.run()

    assert {verdict.outcome for verdict in verdicts} == {Outcome.MATCH}
    assert len(verdicts) == 6


@pytest.mark.parametrize(
    "failure",
    [
        Unavailable(Digest(bytes(32)), ("http://127.0.0.1:1: connection refused",)),
        Refused(Digest(bytes(32)), "longer than declared"),
    ],
    ids=["mirror down", "mirror lies"],
)
async def test_resolve__bytes_that_cannot_be_had_are_unavailable(
    failure: Exception, tmp_path: Path
) -> None:
    committee = SimCommittee(tmp_path)
    for member in committee.members:
        member.store.failure = failure

    verdicts = await committee.run()

    assert {verdict.outcome for verdict in verdicts} == {Outcome.UNAVAILABLE}
    assert all(member.sandbox.asked == [] for member in committee.members)


async def test_resolve__a_mirror_that_comes_back_is_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("node.dispute.RETRY_SECONDS", 0.01)
    committee = SimCommittee(tmp_path)
    committee.chain.time_left_s = 61.0
    down = Unavailable(Digest(bytes(32)), ("http://127.0.0.1:1: connection refused",))
    for member in committee.members:
        member.store.failure = down

    running = asyncio.create_task(committee.run())
    await asyncio.sleep(0.1)
    for member in committee.members:
        member.store.failure = None
    verdicts = await running

    assert {verdict.outcome for verdict in verdicts} == {Outcome.MATCH}


def _cut(envelope: bytes) -> bytes:
    return envelope[:-1]


def _flip(envelope: bytes) -> bytes:
    return envelope[:-1] + bytes([envelope[-1] ^ 1])


def _replace(envelope: bytes) -> bytes:
    return b"not an envelope"


@pytest.mark.parametrize("spoil", [_cut, _flip, _replace])
async def test_resolve__an_envelope_that_does_not_open_is_a_bad_key(
    spoil: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    committee = SimCommittee(tmp_path)
    path = tmp_path / "envelope"
    path.write_bytes(spoil(path.read_bytes()))

    verdicts = await committee.run()

    assert {verdict.outcome for verdict in verdicts} == {Outcome.BAD_KEY}


async def test_resolve__a_level_below_the_floor_is_a_bad_key(tmp_path: Path) -> None:
    verdicts = await SimCommittee(tmp_path, level=39).run()

    assert {verdict.outcome for verdict in verdicts} == {Outcome.BAD_KEY}


async def test_resolve__a_crashed_verifier_abstains(tmp_path: Path) -> None:
    """ "Could not tell" is no vote: the other three decide, and the fourth sees the verdict."""
    committee = SimCommittee(tmp_path)
    committee.members[0].sandbox.answer = None

    verdicts = await committee.run()

    assert [verdict.outcome for verdict in verdicts] == [Outcome.MATCH] * 4
    assert committee.members[0].journal.votes() == ()


async def test_resolve__a_dispute_that_crashes_every_verifier_is_ended(tmp_path: Path) -> None:
    committee = SimCommittee(tmp_path)
    for member in committee.members:
        member.sandbox.answer = None
    committee.chain.clock_is_past_deadline.set()

    verdicts = await committee.run()

    assert {verdict.state for verdict in verdicts} == {State.VOID}


async def test_resolve__after_a_restart_signs_what_is_on_record(tmp_path: Path) -> None:
    """The second look might measure otherwise; the first vote stands and nothing is measured."""
    committee = SimCommittee(tmp_path)
    committee.services(1).signer.vote(committee.dispute, Outcome.MATCH)
    committee.members[1].sandbox.answer = INNOCENT

    verdicts = await committee.run()

    assert {verdict.outcome for verdict in verdicts} == {Outcome.MATCH}
    assert committee.members[1].sandbox.asked == []


async def test_sim_chain__refuses_a_certificate_without_quorum(tmp_path: Path) -> None:
    """The simulator is as strict as the contract, or the tests above prove nothing."""
    committee = SimCommittee(tmp_path)
    await committee.run()
    (certificate, *_) = committee.chain.certificates
    short = type(certificate)(
        certificate.dispute_id, certificate.round, certificate.outcome, 1, certificate.signature
    )

    with pytest.raises(BadCertificate):
        await committee.chain.submit(committee.dispute, short)
