"""The life of a dispute, as one member of its committee lives it. Read from top to bottom.

    (1) observe    the chain says a dispute is keyed and this node sits on its committee
    (2) fetch      the suspect and the envelope, by digest
    (3) open       the envelope, and check the owner's opening against the commitment
    (4) verify     the suspect, in a child process without keys or network; or abstain
    (5) sign       one outcome; the journal remembers it first and refuses any other for ever
    (6) gossip     the vote to the other members
    (7) aggregate  a quorum of equal votes into one certificate
    (8) submit     in turn; or, when no quorum came in time, close the dispute
    (9) settle     the chain's verdict stands

What is *not* here: how bytes travel, how keys are kept, how a chain is read. Those are the five
ports. A dispute that cannot be resolved is reported with its reason and never takes the node, or
another dispute, with it.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from pathlib import Path

from protocol.errors import BadEnvelope, BadOpening
from protocol.keys import derive_message_key
from protocol.messages import Opening
from protocol.types import Dispute, Outcome, Verdict
from verifier.errors import BadEvidence, BadModel, UnknownScheme

from .errors import Refused, SandboxFailed, Unavailable
from .metrics import Metrics
from .ports import Chain, Gossip, Sandbox, Signer, Store
from .reasons import Reason, reason_of

log = logging.getLogger(__name__)

RETRY_SECONDS = 5.0
"""Between two attempts at bytes that nobody gives."""


@dataclass(frozen=True, slots=True)
class Services:
    """The ports a dispute is lived through."""

    chain: Chain
    store: Store
    sandbox: Sandbox
    signer: Signer
    gossip: Gossip
    metrics: Metrics
    reserve_s: float
    """So long before the deadline, what still cannot be had is voted UNAVAILABLE: the rest of the
    window is for verification, gossip and every member's turn."""


async def follow(to: Services) -> None:
    """Resolve every dispute the chain opens, each in a task of its own."""
    async with asyncio.TaskGroup() as tasks:
        async for dispute in to.chain.disputes():  # (1) observe
            tasks.create_task(_resolve_or_report(dispute, to))


async def resolve(dispute: Dispute, to: Services) -> Verdict:
    """Take `dispute` from its keys to the verdict recorded on chain."""
    # A vote recorded before a restart is the vote: it is signed again, never thought over.
    outcome = to.signer.recorded(dispute) or await _reach_outcome(dispute, to)

    async with asyncio.TaskGroup() as tasks:
        duties = [tasks.create_task(_close(dispute, to))]  # (7) aggregate, (8) submit
        if outcome is not None:
            vote = await asyncio.to_thread(to.signer.vote, dispute, outcome)  # (5) sign
            _say(dispute, "signed %s as place %d", outcome.name, vote.place)
            duties.append(tasks.create_task(to.gossip.publish(dispute, vote)))  # (6) gossip
        verdict = await to.chain.verdict(dispute)  # (9) settle, by whoever came first
        for duty in duties:
            duty.cancel()
    return verdict


async def _reach_outcome(dispute: Dispute, to: Services) -> Outcome | None:
    """Steps 2 to 4; None if this node could not tell, and so abstains."""
    try:
        package, envelope = await _fetch(dispute, to)  # (2) fetch
    except (Unavailable, Refused) as error:
        return _not_measured(dispute, to, error, Outcome.UNAVAILABLE)
    _say(dispute, "fetched %d bytes", dispute.suspect.size + dispute.envelope.size)

    try:
        opening = to.signer.open(dispute, envelope.read_bytes())  # (3) open
    except (BadEnvelope, BadOpening) as error:
        return _not_measured(dispute, to, error, Outcome.BAD_KEY)
    _say(dispute, "opened shard %d of %d", opening.index, opening.claim.shard_count)

    try:
        finding = await to.sandbox.verify(  # (4) verify
            opening.claim.scheme,
            package,
            opening.evidence,
            _message_key(dispute, opening),
            opening.claim.level,
        )
    except BadEvidence as error:
        return _not_measured(dispute, to, error, Outcome.BAD_KEY)
    except (BadModel, UnknownScheme) as error:
        return _not_measured(dispute, to, error, Outcome.UNSUPPORTED)
    except SandboxFailed as error:
        _report(dispute, to, error)
        return None
    to.signer.keep(dispute, finding)
    _say(dispute, "measured %d to %d where %d match", finding.low, finding.high, finding.needed)
    return Outcome[finding.decision.name]


async def _fetch(dispute: Dispute, to: Services) -> tuple[Path, Path]:
    """The suspect and the envelope. A mirror that is down may come back, so it is asked again."""
    while True:
        try:
            package = await to.store.fetch_package(dispute.suspect)
            return package, await to.store.fetch(dispute.envelope)
        except Unavailable as error:
            if await to.chain.seconds_left(dispute) < to.reserve_s:
                raise
            _say(dispute, "not to be had yet: %s", error)
            await asyncio.sleep(RETRY_SECONDS)


def _message_key(dispute: Dispute, opening: Opening) -> bytes:
    return derive_message_key(
        opening.seed, dispute.beacon, dispute.claim_id, opening.claim.scheme, opening.index
    )


def _not_measured(dispute: Dispute, to: Services, error: Exception, outcome: Outcome) -> Outcome:
    """What is wrong is the model's fault or the owner's, and that is a vote too."""
    reason = reason_of(error)
    to.metrics.not_measured.labels(reason=reason.value).inc()
    _say(dispute, "%s, so %s: %s", reason.value, outcome.name, error)
    return outcome


async def _close(dispute: Dispute, to: Services) -> None:
    """Bring a certificate to the chain in turn, or end a dispute that found none in time."""
    certifying = asyncio.ensure_future(to.gossip.certificate(dispute))
    expiring = asyncio.ensure_future(to.chain.deadline_passed(dispute))
    try:
        await asyncio.wait({certifying, expiring}, return_when=asyncio.FIRST_COMPLETED)
        if certifying.done():
            certificate = certifying.result()
            signers = certificate.bitmap.bit_count()
            _say(dispute, "quorum: %s by %d", certificate.outcome.name, signers)
            await to.chain.submit(dispute, certificate)
        await expiring  # the verdict ends this wait, if there is one
        to.metrics.duty_failed.labels(reason=Reason.QUORUM_NOT_REACHED.value).inc()
        _say(dispute, "no verdict before the deadline")
        await to.chain.expire(dispute)
    finally:
        certifying.cancel()
        expiring.cancel()


async def _resolve_or_report(dispute: Dispute, to: Services) -> None:
    to.metrics.disputes_open.inc()
    _say(dispute, "keyed, one of %d members", len(dispute.committee))
    try:
        verdict = await resolve(dispute, to)
    except* Exception as group:  # whatever it is, the next dispute must still find this node alive
        for error in _leaves(group):
            _report(dispute, to, error)
    else:
        to.signer.close(dispute)
        to.metrics.duty_done.labels(state=verdict.state.name.lower()).inc()
        _say(dispute, "%s %s", verdict.state.name, verdict.outcome.name if verdict.outcome else "")
    finally:
        to.gossip.close(dispute)
        to.metrics.disputes_open.dec()


def _report(dispute: Dispute, to: Services, error: Exception) -> None:
    """A duty undone: counted, and said with what to do about it."""
    reason = reason_of(error)
    to.metrics.duty_failed.labels(reason=reason.value).inc()
    log.error(
        "dispute %s: %s: %s (%s)",
        dispute.id.hex()[:8],
        reason.value,
        error,
        reason.text,
        exc_info=error if reason is Reason.UNEXPECTED else None,
    )


def _leaves(group: BaseExceptionGroup[Exception]) -> list[Exception]:
    found: list[Exception] = []
    for error in group.exceptions:
        found += _leaves(error) if isinstance(error, BaseExceptionGroup) else [error]
    return found


def _say(dispute: Dispute, text: str, *facts: object) -> None:
    log.info("dispute %s: " + text, dispute.id.hex()[:8], *facts)  # noqa: G003 one prefix for all
