"""From a keyed round to what this member votes: steps 2 to 4 of `dispute.py`.

What is wrong with the suspect or the owner's key is a vote too; only what is wrong with this
machine is none.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Final

from protocol.claims import Opening
from protocol.errors import BadEnvelope, BadOpening
from protocol.keys import derive_message_key
from protocol.types import Dispute, Outcome
from verifier.errors import BadEvidence, BadModel, UnknownScheme

from .duty import Services, report, say
from .errors import Refused, SandboxFailed, Unavailable
from .reasons import Reason, reason_of

RETRY_SECONDS = 5.0
"""Between two attempts at bytes that nobody gives."""
PATIENCE: Final = 1 / 3
"""The part of the seal window in which mirrors that are down are asked again (SPEC 5.2)."""


Reached = tuple[Outcome | None, Reason | None]
"""What to vote, and why that is all there is to say if it could not be measured."""


async def reach_outcome(dispute: Dispute, to: Services) -> Reached:
    """Steps 2 to 4; no outcome if this node could not tell, and so abstains."""
    try:
        package = await _fetch(dispute, to, partial(to.store.fetch_package, dispute.suspect))
    except (Unavailable, Refused) as error:
        return _not_measured(dispute, error, Outcome.UNAVAILABLE)
    try:
        envelope = await _fetch(dispute, to, partial(to.store.fetch, dispute.envelope))
    except (Unavailable, Refused) as error:
        return _not_measured(dispute, error, Outcome.BAD_KEY)  # the owner named its mirrors
    say(dispute, "fetched %d bytes", dispute.suspect.size + dispute.envelope.size)

    try:
        opening = to.signer.open(dispute, envelope.read_bytes())  # (3) open
    except (BadEnvelope, BadOpening) as error:
        return _not_measured(dispute, error, Outcome.BAD_KEY)
    say(dispute, "opened shard %d of %d", opening.index, opening.claim.shard_count)

    try:
        finding = await to.sandbox.verify(  # (4) verify
            opening.claim.scheme,
            package,
            opening.evidence,
            _message_key(dispute, opening),
            opening.claim.level,
            in_reference_mode=dispute.in_reference_mode,
        )
    except BadEvidence as error:
        return _not_measured(dispute, error, Outcome.BAD_KEY)
    except (BadModel, UnknownScheme) as error:
        return _not_measured(dispute, error, Outcome.UNSUPPORTED)
    except SandboxFailed as error:
        report(dispute, to, error)
        return None, None
    to.signer.keep(dispute, finding)
    say(dispute, "measured %d to %d where %d match", finding.low, finding.high, finding.needed)
    return Outcome[finding.decision.name], None


async def _fetch(dispute: Dispute, to: Services, get: Callable[[], Awaitable[Path]]) -> Path:
    """Bytes from mirrors. One that is down may come back, so it is asked again for a while."""
    while True:
        try:
            return await get()
        except Unavailable as error:
            if await to.chain.seconds_left(dispute) < dispute.seal_window * (1 - PATIENCE):
                raise
            say(dispute, "not to be had yet: %s", error)
            await asyncio.sleep(RETRY_SECONDS)


def _message_key(dispute: Dispute, opening: Opening) -> bytes:
    return derive_message_key(
        opening.seed, dispute.beacon, dispute.claim_id, opening.claim.scheme, opening.index
    )


def _not_measured(dispute: Dispute, error: Exception, outcome: Outcome) -> Reached:
    """What is wrong is the model's fault or the owner's, and that is a vote too."""
    reason = reason_of(error)
    say(dispute, "%s, so %s: %s", reason.value, outcome.name, error)
    return outcome, reason
