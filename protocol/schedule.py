"""Whose turn it is to submit a certificate (SPEC 5.4).

Any member may submit at any time and the contract takes the first; turns only save the others their
gas. So nothing here needs to be enforced, and a member that sleeps through its turn costs one turn.
"""

from __future__ import annotations

from .committee import submit_order
from .types import Dispute, Place


def turn_delay(dispute: Dispute, place: Place, turn_seconds: float) -> float:
    """Seconds that `place`, holding a certificate, waits before it looks again and submits."""
    order = submit_order(dispute.seed, dispute.round, len(dispute.committee))
    return order.index(place) * turn_seconds
