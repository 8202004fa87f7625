"""The members of a simulated round as a group: who is up, who sleeps, and what their talk costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .events import Network
from .hearing import Hearing

if TYPE_CHECKING:
    from .gossip import Peer

LONGEST_PAUSE_S: Final = 5.0
"""Between two rounds of questions, as in `node.peers`."""


class Circle:
    """The members of one round, and what their talk costs."""

    def __init__(self, hearing: Hearing, network: Network, *, asks: bool = True) -> None:
        self.hearing = hearing
        self.network = network
        self.clock = network.clock
        self.asks = asks
        """Whether members ask each other at all; without, they only post."""
        self.peers: list[Peer] = []
        self.asleep: dict[Peer, None] = {}
        self.messages = 0.0
        """Posts and questions."""
        self.bytes = 0.0
        """Of posts, and of answers that told something new."""
        self.idle_bytes = 0.0
        """Of answers that told nothing new."""
        self.all_committed_at = 0.0
        """When the last commitment was shown."""
        self.sealable_at: float | None = None
        """When a member first held a certificate on a root."""
        self.decided_at: float | None = None
        """When a member first held one on an outcome."""
        self.is_over = False

    def close(self) -> None:
        """The round is over: nobody talks any more."""
        self.is_over = True
        for peer in self.asleep:
            peer.count_sleep()
        self.asleep.clear()

    def stir(self) -> None:
        """Somebody has heard something new: wake who sleeps, at its next question."""
        for peer in self.asleep:
            peer.wake(LONGEST_PAUSE_S)
        self.asleep.clear()
