"""What all duties of a round share: the ports they are lived through, and how they are told of."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from protocol.types import Dispute

from .metrics import Metrics
from .ports import Chain, Gossip, Sandbox, Signer, Store
from .reasons import Reason, reason_of

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Services:
    """The ports a round is lived through."""

    chain: Chain
    store: Store
    sandbox: Sandbox
    signer: Signer
    gossip: Gossip
    metrics: Metrics


def say(dispute: Dispute, text: str, *facts: object) -> None:
    """One line of the log that tells a dispute."""
    log.info("dispute %s: " + text, label(dispute), *facts)  # noqa: G003 one prefix for all


def label(dispute: Dispute) -> str:
    """The round, as the log names it."""
    return f"{dispute.id.hex()[:8]}/{dispute.round}"


def report(dispute: Dispute, to: Services, error: Exception) -> None:
    """A duty undone: counted, and said with what to do about it."""
    reason = reason_of(error)
    to.metrics.duty_failed.labels(reason=reason.value).inc()
    log.error(
        "dispute %s: %s: %s (%s)",
        label(dispute),
        reason.value,
        error,
        reason.text,
        exc_info=error if reason is Reason.UNEXPECTED else None,
    )
