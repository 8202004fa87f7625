"""Virtual time, and a network that loses and delays.

Nothing waits: what is to happen lies in a heap, and the clock jumps to the next of it. Two things
due at one moment happen in the order in which they were planned.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any


class Clock:
    """What is to happen, and when; seconds since the beginning."""

    def __init__(self) -> None:
        self.now = 0.0
        self._planned: list[tuple[float, int, Callable[..., None], tuple[Any, ...]]] = []
        self._count = 0

    def at(self, time: float, action: Callable[..., None], *arguments: Any) -> None:
        """Plan `action` for a moment; for this one, if it is past."""
        self._count += 1
        heapq.heappush(self._planned, (max(time, self.now), self._count, action, arguments))

    def after(self, delay: float, action: Callable[..., None], *arguments: Any) -> None:
        """Plan `action` for `delay` seconds from now."""
        self.at(self.now + delay, action, *arguments)

    def run(self) -> None:
        """Let everything happen that is planned, until nothing is."""
        while self._planned:
            self.now, _, action, arguments = heapq.heappop(self._planned)
            action(*arguments)


@dataclass(frozen=True, slots=True)
class Weather:
    """How bad the network between members is."""

    drop: float = 0.0
    """The share of requests that never arrive; of answers, too."""
    latency_s: float = 0.05
    """What every message takes at least."""
    jitter_s: float = 0.1
    """It takes up to this much longer, uniformly."""


class Network:
    """Carries a message, or loses it."""

    def __init__(self, clock: Clock, weather: Weather, rng: Random) -> None:
        self.clock = clock
        self.rng = rng
        self._weather = weather

    def send(self, action: Callable[..., None], *arguments: Any) -> None:
        """Let `action` happen at the other end after the way there, unless the message is lost."""
        if not self.is_lost():
            delay = self._weather.latency_s + self.rng.random() * self._weather.jitter_s
            self.clock.after(delay, action, *arguments)

    def is_lost(self) -> bool:
        """Whether the next message is lost."""
        return self.rng.random() < self._weather.drop
