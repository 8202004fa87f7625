"""What a table is told, and what it tells."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Final

from node.profiles import load_profile
from protocol.court import CourtParameters

Row = dict[str, Any]

PROFILE: Final = "mainnet"


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says; None leaves a table its own grid."""

    disputes: int
    """In each table; fewer where one takes long, as the rows say."""
    seed: int
    bad: float | None = None
    strategies: tuple[str, ...] = ()
    drop: float | None = None
    jitter_s: float = 0.5
    ladder: tuple[int, ...] | None = None

    def parameters(self, ladder: tuple[int, ...]) -> CourtParameters:
        """Of a court with these committees."""
        return replace(load_profile(PROFILE), ladder=ladder)


@dataclass(slots=True)
class Table:
    """What was found."""

    rows: list[Row] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)


Tick = Callable[[int], None]
"""Told how many more disputes are done."""
