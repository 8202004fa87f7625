"""The seats that committees are drawn from, with the keys of the secrets 1, 2, ..."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from protocol.types import Address, Member, Place, SeatId

from .arithmetic import StandIn


@dataclass(frozen=True, slots=True)
class Register:
    """All seats, in the register's order."""

    secrets: tuple[int, ...]
    keys: tuple[bytes, ...]
    arithmetic: StandIn

    @classmethod
    def of(cls, count: int) -> Register:
        """As many seats."""
        arithmetic = StandIn()
        secrets = tuple(range(1, count + 1))
        return cls(secrets, tuple(map(arithmetic.public_key, secrets)), arithmetic)

    def members(self, seats: Sequence[int]) -> tuple[Member, ...]:
        """A committee of these seats, in order of place."""
        return tuple(
            Member(Place(place), SeatId(seat), operator_of(seat), self.keys[seat], b"", "")
            for place, seat in enumerate(seats)
        )


def operator_of(seat: int) -> Address:
    """Who is paid what the seat earns."""
    return Address(f"seat {seat}")
