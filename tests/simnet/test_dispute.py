"""Whole rounds in one process, with members that are absent, cheat, crash or come back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client import generate_latest

from node.dispute import follow, resolve
from node.errors import DoubleVote, Refused, Unavailable
from protocol.court import Verdict
from protocol.errors import BadCertificate
from protocol.messages import Commitment, Seal, Vote
from protocol.types import Digest, Dispute, Outcome, State
from tests.support import cheats
from tests.support.simnet import INNOCENT, STOLEN, Role, SimCommittee, SimMember
from verifier import Access, Finding, hits_law
from verifier.errors import BadEvidence, BadModel, UnknownScheme

INCONCLUSIVE = Finding("deepsigns-v1", Access.WEIGHTS, 190, 210, hits_law(256, 2), level=64)

DIGEST = Digest(bytes(32))

CASES: dict[str, tuple[Finding | Exception, Outcome]] = {
    "a stolen model": (STOLEN, Outcome.MATCH),
    "an innocent model": (INNOCENT, Outcome.NO_MATCH),
    "answers inside the erasure band": (INCONCLUSIVE, Outcome.INCONCLUSIVE),
    "a suspect that is a pickle": (BadModel("read header", "a pickle"), Outcome.UNSUPPORTED),
    "evidence the scheme refuses": (BadEvidence("read evidence", "cut short"), Outcome.BAD_KEY),
    "a scheme of tomorrow": (UnknownScheme("deepsigns-v9", ("deepsigns-v1",)), Outcome.UNSUPPORTED),
}


@pytest.fixture(autouse=True)
def _in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("node.outcome.RETRY_SECONDS", 0.01)
    monkeypatch.setattr("node.dispute.CLOCK_SECONDS", 0.01)
    monkeypatch.setattr("node.dispute.GRACE_SECONDS", 0.2)


def outcomes(verdicts: list[Verdict | None]) -> set[Outcome | None]:
    """What the members saw, who all saw a verdict."""
    assert None not in verdicts
    return {verdict.outcome for verdict in verdicts if verdict}


def bits(*places: int) -> int:
    return sum(1 << place for place in places)


@pytest.mark.parametrize("case", CASES)
async def test_resolve__gives_each_suspect_its_outcome(case: str, tmp_path: Path) -> None:
    measured, expected = CASES[case]
    committee = SimCommittee(tmp_path)
    for member in committee.members:
        member.sandbox.answer = measured

    assert outcomes(await committee.run()) == {expected}


async def test_resolve__all_agree_and_every_vote_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody hurries: all commitments are sealed, and all who voted are paid."""
    monkeypatch.setattr("node.dispute.GRACE_SECONDS", 10)
    committee = SimCommittee(tmp_path)

    assert outcomes(await committee.run()) == {Outcome.MATCH}

    (certificate,) = committee.chain.certificates
    assert certificate.signers == (0, 1, 2, 3)
    assert committee.chain.opened == bits(0, 1, 2, 3)
    assert committee.chain.reveals == 0


@pytest.mark.parametrize(
    ("size", "absent", "lying"),
    [(4, [3], []), (4, [], [1]), (7, [6], [2]), (7, [5, 6], []), (7, [], [0, 1])],
)
async def test_resolve__f_faults_change_nothing(
    size: int, absent: list[int], lying: list[int], tmp_path: Path
) -> None:
    committee = SimCommittee(tmp_path, size=size)
    for place in absent:
        committee.is_absent(place)
    for place in lying:
        committee.lies(place, Outcome.NO_MATCH)

    verdicts = await committee.run()

    assert len(verdicts) == size - len(absent)
    assert outcomes(verdicts) == {Outcome.MATCH}
    assert not set(committee.chain.certificates[0].signers) & {*absent, *lying}
    # Being outvoted costs nothing: the chain has seen the vote of who lied, too.
    assert committee.chain.opened == bits(*(set(range(size)) - set(absent)))


async def test_resolve__waits_for_who_is_silent_until_time_is_short(tmp_path: Path) -> None:
    committee = SimCommittee(tmp_path)
    committee.is_absent(3)
    committee.chain.time_left_s = 15.1  # of 60

    running = asyncio.create_task(committee.run(winds_clock=False))
    async with asyncio.timeout(10):
        while committee.said(Commitment) != {0, 1, 2}:
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.2)
    assert committee.said(Seal) == set()
    committee.chain.time_left_s = 15

    assert outcomes(await running) == {Outcome.MATCH}


CHEATS: dict[str, tuple[Role, bool]] = {
    "a copier": (cheats.copies(1), True),
    "two commitments": (cheats.commits_twice(), False),
    "a withholder": (cheats.withholds(), True),
    "an equivocator": (cheats.equivocates(), True),
}
"""Each with whether the chain seals its commitment."""


@pytest.mark.parametrize("case", CHEATS)
async def test_resolve__a_cheat_gains_nothing_and_stops_nobody(case: str, tmp_path: Path) -> None:
    role, is_sealed = CHEATS[case]
    committee = SimCommittee(tmp_path)
    committee.cheats(3, role)

    assert outcomes(await committee.run()) == {Outcome.MATCH}

    chain = committee.chain
    assert chain.seal is not None
    assert bool(chain.seal.voters & bits(3)) is is_sealed
    if case != "an equivocator":  # its first vote counts until the second is heard of
        assert chain.certificates[0].signers == (0, 1, 2)
        assert chain.opened == bits(0, 1, 2)


async def test_resolve__an_equivocator_is_punished(tmp_path: Path) -> None:
    committee = SimCommittee(tmp_path)
    committee.cheats(3, cheats.equivocates())
    committee.is_absent(2)  # so the round lasts until the clock is wound

    running = asyncio.create_task(committee.run())
    async with asyncio.timeout(10):
        await committee.chain.until(lambda: bool(committee.chain.punished))
    await committee.chain.set(is_past_deadline=True)
    await running

    assert committee.chain.punished == {3}


async def test_resolve__no_vote_is_shown_before_the_seal(tmp_path: Path) -> None:
    committee = SimCommittee(tmp_path)
    committee.chain.takes_seals = False

    running = asyncio.create_task(committee.run())
    async with asyncio.timeout(10):
        while committee.said(Seal) != {0, 1, 2, 3}:
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.2)
    assert committee.said(Vote) == set()
    for member in committee.members:
        (seen,) = member.journal.progress.rounds(committee.dispute.id)
        assert seen.step.name == "COMMITTED"  # what is not sealed is not shown to anybody
    await committee.chain.set(takes_seals=True)

    assert outcomes(await running) == {Outcome.MATCH}
    assert committee.said(Vote) == {0, 1, 2, 3}


async def test_resolve__a_vote_that_is_not_in_the_seal_is_kept_back(tmp_path: Path) -> None:
    """It could not be counted, and would be a signature given away for nothing."""
    committee = SimCommittee(tmp_path)
    slow = asyncio.Event()
    verify = committee.members[3].sandbox.verify

    async def verify_slowly(*args: object, **kwargs: object) -> Finding:
        await slow.wait()
        return await verify(*args, **kwargs)  # type: ignore[arg-type]

    committee.members[3].sandbox.verify = verify_slowly  # type: ignore[method-assign]
    committee.chain.time_left_s = 0
    running = asyncio.create_task(committee.run(winds_clock=False))
    async with asyncio.timeout(10):
        await committee.chain.until(lambda: committee.chain.seal is not None)
    slow.set()

    assert outcomes(await running) == {Outcome.MATCH}
    assert committee.said(Vote) == {0, 1, 2}


@pytest.mark.parametrize("has_next_rung", [True, False])
async def test_resolve__without_a_quorum_the_round_is_left_and_nobody_pays(
    has_next_rung: bool, tmp_path: Path
) -> None:
    """Two faults of four are more than f = 1: the votes are shown, the next committee is drawn."""
    committee = SimCommittee(tmp_path)
    committee.is_absent(3)
    committee.lies(2, Outcome.NO_MATCH)
    committee.chain.has_next_rung = has_next_rung

    running = asyncio.create_task(committee.run())
    async with asyncio.timeout(10):
        while committee.said(Vote) != {0, 1, 2}:
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.2)
    assert not running.done()
    await committee.chain.set(is_past_deadline=True)
    verdicts = await running

    chain = committee.chain
    assert chain.certificates == []
    assert chain.opened == bits(0, 1, 2)
    assert chain.is_next_drawn is has_next_rung
    assert {verdict and verdict.state for verdict in verdicts} == {
        None if has_next_rung else State.VOID
    }


async def test_resolve__without_a_seal_the_round_is_left(tmp_path: Path) -> None:
    committee = SimCommittee(tmp_path)
    committee.is_absent(2)
    committee.is_absent(3)
    committee.chain.is_past_deadline = True

    verdicts = await committee.run()

    assert [verdict and verdict.state for verdict in verdicts] == [State.VOID] * 2
    assert committee.said(Vote) == set()


@pytest.mark.parametrize(
    "failure",
    [
        Unavailable(DIGEST, ("http://127.0.0.1:1: connection refused",)),
        Refused(DIGEST, "longer than declared"),
    ],
    ids=["mirror down", "mirror lies"],
)
async def test_resolve__bytes_that_cannot_be_had_are_unavailable(
    failure: Exception, tmp_path: Path
) -> None:
    committee = SimCommittee(tmp_path)
    for member in committee.members:
        member.store.failures = {committee.dispute.suspect.digest: failure}

    assert outcomes(await committee.run()) == {Outcome.UNAVAILABLE}
    assert all(member.sandbox.asked == [] for member in committee.members)


@pytest.mark.parametrize("failure", [Unavailable(DIGEST, ()), Refused(DIGEST, "other bytes")])
async def test_resolve__an_envelope_that_cannot_be_had_is_a_bad_key(
    failure: Exception, tmp_path: Path
) -> None:
    """The owner named its mirrors: a model that is there is not let off for that."""
    committee = SimCommittee(tmp_path)
    for member in committee.members:
        member.store.failures = {committee.dispute.envelope.digest: failure}

    assert outcomes(await committee.run()) == {Outcome.BAD_KEY}


async def test_resolve__a_mirror_that_comes_back_is_asked_again(tmp_path: Path) -> None:
    committee = SimCommittee(tmp_path)
    committee.chain.time_left_s = 41  # of 60: not a third has passed
    down = Unavailable(DIGEST, ("http://127.0.0.1:1: connection refused",))
    for member in committee.members:
        member.store.failures = {committee.dispute.suspect.digest: down}

    running = asyncio.create_task(committee.run(winds_clock=False))
    await asyncio.sleep(0.1)
    for member in committee.members:
        member.store.failures = {}

    assert outcomes(await running) == {Outcome.MATCH}


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

    assert outcomes(await committee.run()) == {Outcome.BAD_KEY}


async def test_resolve__a_level_below_the_floor_is_a_bad_key(tmp_path: Path) -> None:
    committee = SimCommittee(tmp_path, level=39)

    assert outcomes(await committee.run()) == {Outcome.BAD_KEY}


@pytest.mark.parametrize("is_appeal", [True, False])
async def test_resolve__an_appeal_is_measured_in_reference_mode(
    is_appeal: bool, tmp_path: Path
) -> None:
    committee = SimCommittee(tmp_path, round=1, in_reference_mode=is_appeal)

    assert outcomes(await committee.run()) == {Outcome.MATCH}
    assert {member.sandbox.in_reference_mode for member in committee.members} == {is_appeal}


async def test_resolve__a_crashed_verifier_abstains_and_does_all_the_rest(tmp_path: Path) -> None:
    """ "Could not tell" is no vote: the other three decide, and the fourth signs their root."""
    committee = SimCommittee(tmp_path)
    committee.members[0].sandbox.answer = None

    verdicts = await committee.run()

    assert len(verdicts) == 4
    assert outcomes(verdicts) == {Outcome.MATCH}
    assert committee.members[0].journal.votes() == ()
    assert 0 in committee.said(Seal)
    assert 0 not in committee.said(Vote)


async def test_resolve__a_suspect_that_crashes_every_verifier_is_ended(tmp_path: Path) -> None:
    committee = SimCommittee(tmp_path)
    for member in committee.members:
        member.sandbox.answer = None
    committee.chain.is_past_deadline = True

    verdicts = await committee.run()

    assert [verdict and verdict.state for verdict in verdicts] == [State.VOID] * 4


async def test_resolve__after_a_restart_commits_to_what_is_on_record(tmp_path: Path) -> None:
    """The second look might measure otherwise; the first vote stands and nothing is measured."""
    committee = SimCommittee(tmp_path)
    committee.members[1].signer.commit(committee.dispute, Outcome.MATCH)
    committee.members[1].sandbox.answer = INNOCENT

    assert outcomes(await committee.run()) == {Outcome.MATCH}
    assert committee.members[1].sandbox.asked == []


async def test_resolve__a_restart_between_seal_and_vote_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With one of four absent, the member that restarts is needed: it learns the leaves again."""
    committee = SimCommittee(tmp_path)
    committee.is_absent(3)
    member = committee.members[1]
    vote = type(member.signer).vote

    def fail_once(signer: object, dispute: Dispute, outcome: Outcome) -> Vote:
        if signer._bls_key == member.keys.bls_key:  # type: ignore[attr-defined]
            monkeypatch.undo()
            raise RuntimeError("the power fails")
        return vote(signer, dispute, outcome)  # type: ignore[arg-type]

    monkeypatch.setattr(type(member.signer), "vote", fail_once)

    async def restart(_: object, committee: SimCommittee) -> None:
        with pytest.raises(ExceptionGroup, match="unhandled"):
            await resolve(committee.dispute, committee.services(1))
        committee.restart(1)
        await resolve(committee.dispute, committee.services(1))

    committee.cheats(1, restart)
    assert outcomes(await committee.run()) == {Outcome.MATCH}

    assert committee.chain.certificates[0].signers == (0, 1, 2)
    assert len(member.sandbox.asked) == 1


def comes_back(when: str, *, is_wiped: bool) -> Role:
    """Commits to MATCH and signs the root, dies, and comes back when the chain has come further.

    On its new machine the suspect would look innocent.
    """

    async def role(member: SimMember, committee: SimCommittee) -> None:
        dispute, chain, gossip = committee.dispute, committee.chain, member.gossip
        trading = asyncio.create_task(gossip.exchange(dispute))
        await gossip.say(dispute, member.signer.commit(dispute, Outcome.MATCH))
        if when != "committed":
            await gossip.hurry(dispute)
            leaves = await gossip.collected(dispute, None)
            await gossip.say(dispute, member.signer.seal(dispute, leaves))
            await chain.until(lambda: chain.seal is not None)
            while not committee.said(Vote):  # so nobody passes commitments on any more
                await asyncio.sleep(0.01)
        else:
            while not all(member.place in committee.heard_by(place) for place in (1, 2)):
                await asyncio.sleep(0.01)
        trading.cancel()
        if when == "settled":
            await chain.until(lambda: bool(chain.certificates))
        if when == "ended":
            await chain.until(lambda: chain.is_round_over)
        committee.restart(member.place, is_wiped=is_wiped)
        member.sandbox.answer = INNOCENT
        await resolve(dispute, committee.services(member.place))

    return role


@pytest.mark.parametrize("is_wiped", [False, True], ids=["with its journal", "with its keys only"])
@pytest.mark.parametrize("when", ["committed", "sealed"])
async def test_resolve__who_comes_back_before_the_verdict_votes_as_it_has_committed(
    when: str, is_wiped: bool, tmp_path: Path
) -> None:
    """With one of four absent, its vote is needed."""
    committee = SimCommittee(tmp_path)
    committee.is_absent(0)
    committee.chain.time_left_s = 0
    committee.chain.takes_seals = when != "committed"
    committee.cheats(3, comes_back(when, is_wiped=is_wiped))

    async with asyncio.timeout(10):
        running = asyncio.create_task(committee.run(winds_clock=False))
        if when == "committed":
            while 3 not in committee.said(Seal):  # only its second life signs one
                await asyncio.sleep(0.01)
            assert committee.said(Vote) == set()
            await committee.chain.set(takes_seals=True)
        assert outcomes(await running) == {Outcome.MATCH}

    assert committee.chain.certificates[0].signers == (1, 2, 3)
    assert [vote.outcome for vote in committee.members[3].journal.votes()] == [Outcome.MATCH]


@pytest.mark.parametrize("is_wiped", [False, True], ids=["with its journal", "with its keys only"])
@pytest.mark.parametrize("when", ["settled", "ended"])
async def test_resolve__who_comes_back_after_the_verdict_still_shows_its_vote(
    when: str, is_wiped: bool, tmp_path: Path
) -> None:
    """The others stay until it has, because it needs to hear from them what they committed to."""
    committee = SimCommittee(tmp_path)
    committee.cheats(3, comes_back(when, is_wiped=is_wiped))

    async with asyncio.timeout(10):
        assert outcomes(await committee.run(winds_clock=False)) == {Outcome.MATCH}

    assert committee.chain.certificates[0].signers == (0, 1, 2)
    assert committee.chain.opened == bits(0, 1, 2, 3)
    assert committee.chain.fined == set()
    assert [vote.outcome for vote in committee.members[3].journal.votes()] == [Outcome.MATCH]


async def test_resolve__who_comes_back_too_late_shows_nothing(tmp_path: Path) -> None:
    committee = SimCommittee(tmp_path)
    committee.cheats(3, cheats.withholds())
    assert outcomes(await committee.run()) == {Outcome.MATCH}
    committee.restart(3, is_wiped=True)

    async with asyncio.timeout(10):
        await resolve(committee.dispute, committee.services(3))

    assert committee.chain.opened == bits(0, 1, 2)


async def test_resolve__a_journal_that_holds_another_vote_than_the_seal_signs_neither(
    tmp_path: Path,
) -> None:
    """Whoever committed to MATCH with this key may have voted for it, too."""
    committee = SimCommittee(tmp_path)
    committee.cheats(3, cheats.withholds())  # that is, it has sealed MATCH
    assert outcomes(await committee.run()) == {Outcome.MATCH}
    committee.members[3].signer.commit(committee.dispute, Outcome.NO_MATCH)
    await committee.chain.set(is_reveal_over=False)
    services = committee.services(3)

    resolving = asyncio.create_task(resolve(committee.dispute, services))
    counted = services.metrics.registry.get_sample_value
    async with asyncio.timeout(10):
        while not counted("assay_duty_failed_total", {"reason": "journal_refused"}):
            await asyncio.sleep(0.01)
    await committee.chain.set(is_reveal_over=True)
    await resolving

    assert 3 not in committee.said(Vote)
    assert committee.chain.opened == bits(0, 1, 2)


async def test_resolve__all_are_paid_and_who_withholds_pays(tmp_path: Path) -> None:
    committee = SimCommittee(tmp_path)
    committee.cheats(3, cheats.withholds())

    await committee.run()

    assert committee.chain.collected == 3
    assert committee.chain.fined == {3}


async def test_resolve__what_could_not_be_measured_is_counted_once_it_is_sealed(
    tmp_path: Path,
) -> None:
    """Anybody may read the counters: sooner, they would tell how to vote."""
    committee = SimCommittee(tmp_path)
    committee.chain.takes_seals = False
    for member in committee.members:
        member.sandbox.answer = BadModel("read header", "a pickle")
    services = committee.services(0)

    async def resolve_watched(_: SimMember, committee: SimCommittee) -> None:
        await resolve(committee.dispute, services)

    def shown() -> bytes:
        return generate_latest(services.metrics.registry)

    committee.cheats(0, resolve_watched)
    before = shown()
    running = asyncio.create_task(committee.run())
    async with asyncio.timeout(10):
        while committee.said(Seal) != {0, 1, 2, 3}:
            await asyncio.sleep(0.01)
    assert shown() == before
    await committee.chain.set(takes_seals=True)
    assert outcomes(await running) == {Outcome.UNSUPPORTED}

    counted = services.metrics.registry.get_sample_value
    assert counted("assay_not_measured_total", {"reason": "model_refused"}) == 1


async def test_resolve__after_the_end_only_shows_what_the_chain_has_not_seen(
    tmp_path: Path,
) -> None:
    """Found unfinished at a start, long after: nothing is fetched, measured or signed."""
    committee = SimCommittee(tmp_path)
    committee.is_absent(3)
    await committee.run()

    verdict = await resolve(committee.dispute, committee.services(3))

    assert verdict == committee.chain.verdict
    assert committee.members[3].sandbox.asked == []
    assert committee.members[3].journal.votes() == ()


async def test_resolve__a_second_outcome_is_never_signed(tmp_path: Path) -> None:
    committee = SimCommittee(tmp_path)
    signer = committee.members[0].signer
    signer.commit(committee.dispute, Outcome.MATCH)

    for sign in (signer.commit, signer.vote):
        with pytest.raises(DoubleVote):
            sign(committee.dispute, Outcome.NO_MATCH)


async def test_follow__reports_what_fails_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another key's dispute, which only a defect could bring here, takes nothing with it."""
    committee = SimCommittee(tmp_path)
    committee.is_absent(0)
    services = committee.services(0)
    strange = replace(committee.dispute, round=1, committee=committee.dispute.committee[1:])

    async def disputes(_: object) -> AsyncIterator[Dispute]:
        yield strange
        yield committee.dispute

    monkeypatch.setattr(type(committee.chain), "disputes", disputes)
    _, verdicts = await asyncio.gather(follow(services), committee.run())

    assert outcomes(verdicts) == {Outcome.MATCH}
    counted = services.metrics.registry.get_sample_value
    assert counted("assay_duty_failed_total", {"reason": "not_a_member"}) == 1
    assert counted("assay_duty_done_total", {"state": "final"}) == 1
    assert counted("assay_disputes_open") == 0
    assert committee.members[0].journal.progress.unfinished() == ()


async def test_sim_chain__refuses_a_certificate_without_quorum(tmp_path: Path) -> None:
    """The simulator is as strict as the contract, or the tests above prove nothing."""
    committee = SimCommittee(tmp_path)
    await committee.run()
    chain = committee.chain
    (certificate,) = chain.certificates
    assert chain.seal is not None

    await chain.set(state=State.SEALED)
    short = replace(certificate, outcomes=(1, 0, 0, 0))
    with pytest.raises(BadCertificate):
        await chain.submit(committee.dispute, short)
    await chain.set(state=State.KEYED)
    with pytest.raises(BadCertificate):
        await chain.submit_seal(committee.dispute, replace(chain.seal, signers=1))
