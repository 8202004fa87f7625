"""What the court says, at a block that the caller names.

Nothing is cached, and nothing is judged: what to believe at which block is the caller's decision.
"""

from __future__ import annotations

import asyncio
from typing import Any, Self

from protocol.committee import committee_hash
from protocol.errors import ChainMismatch, ContractRefused, NotKeyed
from protocol.types import (
    Address,
    ClaimId,
    ClaimRecord,
    Court,
    CourtParameters,
    Dispute,
    DisputeId,
    DisputeRecord,
    Member,
    Place,
    Seat,
    SeatId,
    State,
    Verdict,
)

from . import records
from .rpc import Event, Head, Rpc, Tag


class CourtReader:
    """One court, as one node sees it. Made by `connect`; to be closed, or used in `async with`."""

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

    async def claims_of(self, owner: Address, at: Head) -> list[ClaimId]:
        """The claims of `owner`, oldest first."""
        events = await self._rpc.logs(
            self._claims, "Committed", {"owner": owner}, first=self.first_block, last=at.number
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

    async def state(self, dispute_id: DisputeId, at: Head) -> State:
        """Where a dispute stands; NONE if there is no such dispute."""
        try:
            return (await self.dispute_record(dispute_id, at)).state
        except ContractRefused as refusal:
            if refusal.name == "UnknownDispute":
                return State.NONE
            raise

    async def dispute_record(self, dispute_id: DisputeId, at: Head) -> DisputeRecord:
        """A dispute at any stage.

        Raises:
            ContractRefused: UnknownDispute.
        """
        dispute = await self._rpc.read(self._disputes, "dispute", dispute_id, at=at)
        return records.dispute_record(dispute_id, dispute)

    async def committee(self, dispute_id: DisputeId, at: Head) -> tuple[Member, ...]:
        """The members, in order of place.

        Raises:
            ContractRefused: UnknownDispute, or WrongState before the draw.
        """
        seat_ids = await self._rpc.read(self._disputes, "committee", dispute_id, at=at)
        seats = await asyncio.gather(*(self.seat(seat_id, at) for seat_id in seat_ids))
        return tuple(
            Member(
                Place(place), seat.id, seat.operator, seat.bls_key, seat.envelope_key, seat.endpoint
            )
            for place, seat in enumerate(seats)
        )

    async def dispute(self, dispute_id: DisputeId, at: Head) -> Dispute:
        """A dispute as its members need it.

        Raises:
            NotKeyed: it has no envelope yet.
            ContractRefused: UnknownDispute.
        """
        record = await self.dispute_record(dispute_id, at)
        if record.seed is None or record.envelope_digest is None or record.deadline is None:
            raise NotKeyed(dispute_id, record.state.name)
        claim, committee, opened, keyed = await asyncio.gather(
            self.claim(record.claim_id, at),
            self.committee(dispute_id, at),
            self._last_event("Opened", record, at),
            self._last_event("Keyed", record, at),
        )
        if claim.beacon is None:
            raise ChainMismatch("the beacon of a disputed claim", "drawn", "none")
        return Dispute(
            id=dispute_id,
            claim_id=record.claim_id,
            commitment=claim.commitment,
            beacon=claim.beacon,
            owner=record.owner,
            suspect=records.blob(record.model, opened.arguments["modelBytes"], opened),
            shard=record.shard,
            round=record.round,
            seed=record.seed,
            committee=committee,
            committee_hash=committee_hash([member.bls_key for member in committee]),
            envelope=records.blob(record.envelope_digest, keyed.arguments["envelopeBytes"], keyed),
            vote_deadline=record.deadline,
        )

    async def next_shard(self, claim_id: ClaimId, at: Head) -> int:
        """The shard that the next dispute of a claim burns: how many there were."""
        return len(await self._named("Opened", {"claimId": claim_id}, self.first_block, at.number))

    async def opened_disputes(self, from_block: int, to_block: int) -> list[DisputeId]:
        """The disputes that were opened in these blocks, both included."""
        return await self._named("Opened", {}, from_block, to_block)

    async def keyed_disputes(self, from_block: int, to_block: int) -> list[DisputeId]:
        """The disputes whose envelope was named in these blocks, both included."""
        return await self._named("Keyed", {}, from_block, to_block)

    async def verdict(self, dispute_id: DisputeId, at: Head) -> Verdict | None:
        """How a dispute ended; None while it has not.

        Raises:
            ContractRefused: UnknownDispute.
        """
        record = await self.dispute_record(dispute_id, at)
        if record.state not in {State.FINAL, State.VOID, State.FORFEIT}:
            return None
        ended_by = "Settled" if record.state is State.FINAL else "Expired"
        end = await self._last_event(ended_by, record, at)
        return Verdict(
            dispute_id=dispute_id,
            state=record.state,
            outcome=record.outcome,
            signers=record.signers,
            submitter=end.arguments.get("submitter"),
            transaction=end.transaction,
            block=end.block,
        )

    async def verdicts(self, at: Head) -> list[Verdict]:
        """How every dispute ended that has, oldest first."""
        ended = [
            *await self._named("Settled", {}, self.first_block, at.number),
            *await self._named("Expired", {}, self.first_block, at.number),
        ]
        verdicts = await asyncio.gather(*(self.verdict(each, at) for each in ended))
        return sorted((each for each in verdicts if each), key=lambda verdict: verdict.block)

    async def gas_used(self, transaction: bytes) -> int:
        """What a transaction that is in a block cost, in gas."""
        return await self._rpc.gas_used(transaction)

    async def _named(
        self, event: str, having: dict[str, Any], first: int, last: int
    ) -> list[DisputeId]:
        events = await self._rpc.logs(self._disputes, event, having, first=first, last=last)
        return [DisputeId(each.arguments["disputeId"]) for each in events]

    async def _last_event(self, name: str, record: DisputeRecord, at: Head) -> Event:
        last = record.opened_block if name == "Opened" else at.number
        having = {"disputeId": record.id}
        events = await self._rpc.logs(
            self._disputes, name, having, first=record.opened_block, last=last
        )
        if not events:
            raise ChainMismatch(f"the event {name} of 0x{record.id.hex()}", "in the log", "none")
        return events[-1]
