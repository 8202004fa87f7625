"""The life of a round, as one member of its committee lives it. Read from top to bottom.

    (1) observe    the chain says a round is keyed and this node sits on its committee
    (2) fetch      the suspect and the envelope, by digest
    (3) open       the envelope, and check the owner's opening against the commitment
    (4) verify     the suspect, in a child process without keys or network; or abstain
    (5) commit     to one outcome; the journal remembers it first and refuses any other for ever
    (6) seal       which votes there are: sign the root over the commitments, aggregate, submit
    (7) vote       once the chain holds the seal, and not before: nobody can copy what is hidden
    (8) submit     a quorum of equal votes, in turn; or, when there is none in time, leave the state
    (9) end        a verdict stands, or a larger committee takes over
    (10) stay      until the chain has seen every sealed vote: who comes late asks us for the others
    (11) be paid   the share of the fee, and for who has withheld its vote

A member that abstains does all the rest: it exchanges what the others say, signs roots, aggregates,
submits and keeps time. One that starts again, even with nothing left but its keys, goes on where
the chain is: what it has committed to it reads from the commitment itself.

What is *not* here: how bytes travel, how keys are kept, how a chain is read. Those are the five
ports. A round that cannot be resolved is reported with its reason and never takes the node, or
another dispute, with it.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import Final

from protocol.court import Verdict
from protocol.messages import Certificate
from protocol.types import Digest, Dispute, Place, Sealed, State

from .duty import Services, label, report, say
from .errors import DoubleVote
from .outcome import reach_outcome
from .reasons import Reason

log = logging.getLogger(__name__)

CLOCK_SECONDS = 1.0
"""Between two looks at the chain's clock."""
GRACE_SECONDS = 3.0
"""For sealed votes that are still on their way when a quorum is there."""
HURRY: Final = 1 / 4
"""The last part of the seal window, in which a quorum's commitments are enough (SPEC 5.3)."""


async def follow(to: Services) -> None:
    """Resolve every round the chain opens, each in a task of its own."""
    async with asyncio.TaskGroup() as tasks:
        async for dispute in to.chain.disputes():  # (1) observe
            tasks.create_task(_resolve_or_report(dispute, to))


async def resolve(dispute: Dispute, to: Services) -> Verdict | None:
    """Take a round from its keys to its end; None if the dispute went on to another round."""
    async with asyncio.TaskGroup() as tasks:
        deciding = [
            tasks.create_task(duty)
            for duty in (
                _commit(dispute, to),  # (2) fetch to (5) commit
                _seal(dispute, to),  # (6) seal
                _hurry(dispute, to),
                _submit_seal(dispute, to),
                _keep_time(dispute, to),
                _police(dispute, to),
            )
        ]
        showing = [
            tasks.create_task(to.gossip.exchange(dispute)),
            tasks.create_task(_vote(dispute, to)),  # (7) vote, (8) submit
        ]
        verdict = await to.chain.ending(dispute)  # (9) end, by whoever came first
        _tell_end(dispute, verdict, to)
        for duty in deciding:
            duty.cancel()
        if verdict is None:
            tasks.create_task(to.chain.draw_next(dispute))
        tasks.create_task(to.chain.collect(dispute))  # (11) be paid
        withheld = await to.chain.withheld(dispute)  # (10) stay
        for duty in showing:
            duty.cancel()
    for place in withheld:
        await to.chain.punish_withheld(dispute, place)
    return verdict


async def _commit(dispute: Dispute, to: Services) -> None:
    """Commit to what is found; what was committed to before a restart is never thought over."""
    outcome, reason = to.signer.recorded(dispute), None
    if outcome is None:
        outcome, reason = await reach_outcome(dispute, to)
        if await to.chain.is_sealed(dispute):
            return  # with what we committed to before we were wiped, or without us
        held = await to.gossip.committed(dispute, to.signer.place(dispute))
        outcome = (held and to.signer.recall(dispute, held)) or outcome
    if outcome is None:
        return
    commitment = await asyncio.to_thread(to.signer.commit, dispute, outcome)
    say(dispute, "committed to %s as place %d", outcome.name, commitment.place)
    await to.gossip.say(dispute, commitment)
    if reason is not None and await to.chain.sealed(dispute):
        # Not sooner: it is as good as the vote.
        to.metrics.not_measured.labels(reason=reason.value).inc()


async def _seal(dispute: Dispute, to: Services) -> None:
    """Sign the root over the commitments that are held, and again when more have come."""
    leaves: tuple[Digest, ...] | None = None
    while True:
        leaves = await to.gossip.collected(dispute, leaves)
        seal = await asyncio.to_thread(to.signer.seal, dispute, leaves)
        say(dispute, "sealed %d of %d commitments", seal.voters.bit_count(), len(leaves))
        await to.gossip.say(dispute, seal)


async def _hurry(dispute: Dispute, to: Services) -> None:
    """Wait no longer for who is silent, once little of the seal window is left."""
    while await to.chain.seconds_left(dispute) > dispute.seal_window * HURRY:
        await asyncio.sleep(CLOCK_SECONDS)
    await to.gossip.hurry(dispute)


async def _submit_seal(dispute: Dispute, to: Services) -> None:
    certificate = await to.gossip.seal_certificate(dispute)
    await to.chain.submit_seal(dispute, certificate)


async def _vote(dispute: Dispute, to: Services) -> None:
    """Open what the chain has sealed, and bring it what it has not seen."""
    sealed = await to.chain.sealed(dispute)
    if sealed is None:
        return
    await to.gossip.open(dispute, sealed)
    to.signer.disclose(dispute)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_settle(dispute, sealed, to))
        is_sealed = sealed.voters >> to.signer.place(dispute) & 1
        if is_sealed and await _open(dispute, to):
            await _show(dispute, to)


async def _open(dispute: Dispute, to: Services) -> bool:
    """Vote for what our leaf under the chain's root opens to; whether there is such a vote.

    That is one outcome (SPEC 5.3), so no other vote could count, and no other is ever signed: not
    by a machine that was wiped, nor by two that run with one key.
    """
    leaf = await to.gossip.leaf(dispute, to.signer.place(dispute))
    outcome = to.signer.recall(dispute, leaf)
    if outcome is None:
        log.error("dispute %s: what is sealed as our vote is not ours", label(dispute))
        return False
    try:
        vote = await asyncio.to_thread(to.signer.vote, dispute, outcome)
    except DoubleVote as error:
        report(dispute, to, error)
        return False
    say(dispute, "voted %s", outcome.name)
    await to.gossip.say(dispute, vote)
    return True


async def _settle(dispute: Dispute, sealed: Sealed, to: Services) -> None:
    """Bring the verdict of a quorum to the chain."""
    certificate = await _certificate(dispute, sealed, to)
    say(dispute, "quorum: %s by %d", certificate.outcome.name, len(certificate.signers))
    await to.chain.submit(dispute, certificate)


async def _certificate(dispute: Dispute, sealed: Sealed, to: Services) -> Certificate:
    """A quorum's, or a little later everybody's: only who is in it is paid."""
    certificate = await to.gossip.certificate(dispute)
    with suppress(TimeoutError):
        async with asyncio.timeout(GRACE_SECONDS):
            while sum(map(bool, certificate.outcomes)) < sealed.voters.bit_count():
                await asyncio.sleep(GRACE_SECONDS / 10)
                certificate = await to.gossip.certificate(dispute)
    return certificate


async def _show(dispute: Dispute, to: Services) -> None:
    """A vote that was sealed, and that the chain never sees, counts as withheld (SPEC 5.5)."""
    await to.chain.counted(dispute)
    if not await to.chain.is_opened(dispute, to.signer.place(dispute)):
        await to.chain.reveal(dispute, *await to.gossip.openings(dispute))
        say(dispute, "showed the chain the votes it had not seen")


async def _keep_time(dispute: Dispute, to: Services) -> None:
    """Leave the state that is over: without a quorum to another committee, else to the verdict."""
    state = await to.chain.expired(dispute)
    if state is not State.PROPOSED:
        to.metrics.duty_failed.labels(reason=Reason.QUORUM_NOT_REACHED.value).inc()
        say(dispute, "%s for longer than it may be: no quorum in time", state.name)
    await to.chain.expire(dispute)


async def _police(dispute: Dispute, to: Services) -> None:
    """Two votes of one member are evidence, and cost it its bond."""
    punished: frozenset[Place] = frozenset()
    while True:
        votes = await to.gossip.equivocation(dispute, punished)
        say(dispute, "place %d signed two outcomes", votes[0].place)
        await to.chain.punish(dispute, votes)
        punished |= {votes[0].place}


def _tell_end(dispute: Dispute, verdict: Verdict | None, to: Services) -> None:
    ended = "ROUND_OVER" if verdict is None else verdict.state.name
    to.metrics.duty_done.labels(state=ended.lower()).inc()
    outcome = verdict.outcome.name if verdict and verdict.outcome else "no outcome yet"
    say(dispute, "%s, %s", ended, outcome)


async def _resolve_or_report(dispute: Dispute, to: Services) -> None:
    to.metrics.disputes_open.inc()
    say(dispute, "keyed, one of %d members", len(dispute.committee))
    try:
        await resolve(dispute, to)
    except* Exception as group:  # whatever it is, the next dispute must still find this node alive
        for error in _leaves(group):
            report(dispute, to, error)
    else:
        to.signer.close(dispute)
    finally:
        to.gossip.close(dispute)
        to.metrics.disputes_open.dec()


def _leaves(group: BaseExceptionGroup[Exception]) -> list[Exception]:
    found: list[Exception] = []
    for error in group.exceptions:
        found += _leaves(error) if isinstance(error, BaseExceptionGroup) else [error]
    return found
