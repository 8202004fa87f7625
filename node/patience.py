"""Waiting for what finalized blocks will show, and doing what anybody may do."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from protocol.chain import CourtReader, Head
from protocol.errors import ChainUnavailable, ContractRefused

POLL_SECONDS = 0.3
OUTAGE_SECONDS: Final = 120
"""A chain that is silent for longer is not waited for any more."""
T = TypeVar("T")


async def first_seen(court: CourtReader, look: Callable[[Head], Awaitable[T | None]]) -> T:
    """Look at each finalized head until there is something to see; returns it.

    Raises:
        ChainUnavailable: the chain was silent for `OUTAGE_SECONDS`.
    """
    answered = time.monotonic()
    while True:
        try:
            seen = await look(await court.head("finalized"))
            answered = time.monotonic()
        except ChainUnavailable:
            if time.monotonic() - answered > OUTAGE_SECONDS:
                raise
            seen = None
        except ContractRefused as error:
            # What we have just sent is in a block, but not yet in a final one.
            if error.name not in ("UnknownClaim", "UnknownDispute", "UnknownRound"):
                raise
            seen = None
        if seen is not None:
            return seen
        await asyncio.sleep(POLL_SECONDS)


async def unless_done(action: Awaitable[object], *refusals: str) -> None:
    """Do what anybody may do, and do not mind that somebody else was faster."""
    try:
        await action
    except ContractRefused as error:
        if error.name not in refusals:
            raise
