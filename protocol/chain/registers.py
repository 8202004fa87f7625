"""What the two registers say, of claims and models and of verifiers, at a block the caller names.

Nothing is cached, and nothing is judged: what to believe at which block is the caller's decision.
"""

from __future__ import annotations

import asyncio
from typing import Self

from protocol.court import ClaimRecord, Court, CourtParameters, Seat
from protocol.types import Address, ClaimId, ModelDigest, SeatId

from . import records
from .rpc import Head, Rpc, Tag


class RegisterReader:
    """The registers of one court, and the chain they are on."""

    def __init__(self, rpc: Rpc, court: Court, first_block: int) -> None:
        self.court = court
        self.first_block = first_block
        """Where the court was deployed: nothing is looked for below."""
        self._rpc = rpc
        self._claims = rpc.contract("ClaimRegistry", court.claim_registry)
        self._verifiers = rpc.contract("VerifierRegistry", court.verifier_registry)
        self._disputes = rpc.contract("DisputeManager", court.dispute_manager)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._rpc.close()

    async def head(self, tag: Tag | int = "finalized") -> Head:
        """A block by tag or number."""
        return await self._rpc.head(tag)

    async def balance(self, address: Address, at: Head) -> int:
        """What `address` has, in wei."""
        return await self._rpc.balance(address, at)

    async def parameters(self, at: Head) -> CourtParameters:
        """What the court was deployed with."""
        disputes, beacon_delay, verifier_bond, exit_delay = await asyncio.gather(
            self._rpc.read(self._disputes, "parameters", at=at),
            self._rpc.read(self._claims, "beaconDelay", at=at),
            self._rpc.read(self._verifiers, "bond", at=at),
            self._rpc.read(self._verifiers, "exitDelay", at=at),
        )
        return records.court_parameters(
            disputes,
            beacon_delay=beacon_delay,
            verifier_bond=verifier_bond,
            exit_delay=exit_delay,
        )

    async def claim(self, claim_id: ClaimId, at: Head) -> ClaimRecord:
        """A claim.

        Raises:
            ContractRefused: UnknownClaim.
        """
        claim = await self._rpc.read(self._claims, "claim", claim_id, at=at)
        return records.claim_record(claim_id, claim)

    async def claims_of(self, owner: Address | None, at: Head) -> list[ClaimId]:
        """The claims of `owner`, or of everybody, oldest first."""
        having = {} if owner is None else {"owner": owner}
        events = await self._rpc.logs(
            self._claims, "Committed", having, first=self.first_block, last=at.number
        )
        return [ClaimId(event.arguments["claimId"]) for event in events]

    async def seat(self, seat_id: SeatId, at: Head) -> Seat:
        """A seat, active or not.

        Raises:
            ContractRefused: UnknownSeat.
        """
        seat = await self._rpc.read(self._verifiers, "seat", seat_id, at=at)
        return records.seat(seat_id, seat)

    async def seat_of(self, operator: Address, at: Head) -> Seat | None:
        """The seat that `operator` holds, active or not."""
        seat_id_plus_one = await self._rpc.read(self._verifiers, "seatOf", operator, at=at)
        if seat_id_plus_one == 0:
            return None
        return await self.seat(SeatId(seat_id_plus_one - 1), at)

    async def active_seats(self, at: Head) -> list[Seat]:
        """The seats that a dispute opened in block `at` would draw from: those active before it."""
        before = at.number - 1
        count = await self._rpc.read(self._verifiers, "activeCountAt", before, at=at)
        seat_ids = await asyncio.gather(
            *(
                self._rpc.read(self._verifiers, "activeSeatAt", position, before, at=at)
                for position in range(count)
            )
        )
        return await asyncio.gather(*(self.seat(seat_id, at) for seat_id in seat_ids))

    async def registration(self, model: ModelDigest, at: Head) -> tuple[Address, int] | None:
        """Who had a model time-stamped, and in which block; None if nobody did."""
        stored = await self._rpc.read(self._claims, "registration", model, at=at)
        if not stored.registeredBlock:
            return None
        return Address(stored.registrant), stored.registeredBlock

    async def gas_used(self, transaction: bytes) -> int:
        """What a transaction that is in a block cost, in gas."""
        return await self._rpc.gas_used(transaction)
