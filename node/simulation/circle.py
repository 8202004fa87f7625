"""The members of a simulated round as a group: who is up, who sleeps, and what their talk costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from node.peers import LONGEST_PAUSE_SECONDS, PAUSES_IN_A_WINDOW

from .events import Network
from .hearing import Hearing

if TYPE_CHECKING:
    from .gossip import Peer


class Circle:
    """The members of one round, and what their talk costs."""

    def __init__(self, hearing: Hearing, network: Network, *, asks: bool = True) -> None:
        self.hearing = hearing
        self.network = network
        self.clock = network.clock
        self.asks = asks
        """Whether members ask each other at all; without, they only post."""
        window = hearing.dispute.seal_window
        self.longest_pause_s = min(LONGEST_PAUSE_SECONDS, window / PAUSES_IN_A_WINDOW)
        self.peers: list[Peer] = []
        self.asleep: dict[Peer, None] = {}
        self.messages = 0.0
        """Posts and questions."""
        self.bytes = 0.0
        """Of posts and answers; one that has nothing new to tell is empty."""
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
            peer.wake(self.longest_pause_s)
        self.asleep.clear()
