"""What the court says of disputes, their rounds and their verdicts, and what follows from these.

As in `registers`, nothing is cached and every read names its block.
"""

from __future__ import annotations

import asyncio

from web3.contract.async_contract import AsyncContract

from protocol.committee import committee_hash
from protocol.court import DisputeRecord, Ownership, Priority, RoundRecord, Verdict
from protocol.errors import ChainMismatch, ContractRefused, NotKeyed
from protocol.messages import places_of
from protocol.types import (
    Address,
    ClaimId,
    Dispute,
    DisputeId,
    Member,
    ModelDigest,
    Place,
    Sealed,
    State,
)

from . import records
from .registers import RegisterReader
from .rpc import Event, Head


class CourtReader(RegisterReader):
    """One court, as one node sees it. Made by `connect`; to be closed, or used in `async with`."""

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

    async def round_record(self, dispute_id: DisputeId, round_: int, at: Head) -> RoundRecord:
        """A round at any stage.

        Raises:
            ContractRefused: UnknownDispute, UnknownRound.
        """
        stored = await self._rpc.read(self._disputes, "roundOf", dispute_id, round_, at=at)
        return records.round_record(stored)

    async def committee(self, dispute_id: DisputeId, round_: int, at: Head) -> tuple[Member, ...]:
        """The members of a round, in order of place.

        Raises:
            ContractRefused: UnknownDispute, UnknownRound, or WrongState before the draw.
        """
        seat_ids = await self._rpc.read(self._disputes, "committee", dispute_id, round_, at=at)
        seats = await asyncio.gather(*(self.seat(seat_id, at) for seat_id in seat_ids))
        return tuple(
            Member(
                Place(place), seat.id, seat.operator, seat.bls_key, seat.envelope_key, seat.endpoint
            )
            for place, seat in enumerate(seats)
        )

    async def dispute(self, dispute_id: DisputeId, at: Head, round_: int | None = None) -> Dispute:
        """A round of a dispute, the present one by default, as its members need it.

        Raises:
            NotKeyed: it has no envelope yet.
            ContractRefused: UnknownDispute, UnknownRound.
        """
        record = await self.dispute_record(dispute_id, at)
        number = record.round if round_ is None else round_
        present = await self.round_record(dispute_id, number, at)
        if present.seed is None or present.envelope_digest is None:
            raise NotKeyed(dispute_id, record.state.name)
        claim, committee, parameters, opened, keyed, appeals = await asyncio.gather(
            self.claim(record.claim_id, at),
            self.committee(dispute_id, number, at),
            self.parameters(at),
            self._events("Opened", record, at),
            self._events("Keyed", record, at),
            self._events("Appealed", record, at),
        )
        if claim.beacon is None:
            raise ChainMismatch("the beacon of a disputed claim", "drawn", "none")
        opening = _one("Opened", opened, record)
        delivery = _one("Keyed", _of_round(number, keyed), record)
        envelope = delivery.arguments
        return Dispute(
            id=dispute_id,
            claim_id=record.claim_id,
            commitment=claim.commitment,
            shard_count=claim.shard_count,
            beacon=claim.beacon,
            owner=record.owner,
            suspect=records.blob(record.model, opening.arguments["modelBytes"], opening),
            round=number,
            in_reference_mode=any(appeal.arguments["round"] <= number for appeal in appeals),
            shard=present.shard,
            seed=present.seed,
            committee=committee,
            committee_hash=committee_hash([member.bls_key for member in committee]),
            envelope=records.blob(present.envelope_digest, envelope["envelopeBytes"], delivery),
            seal_deadline=envelope["sealDeadline"],
            seal_window=parameters.seal_window_s,
        )

    async def sealed(self, dispute_id: DisputeId, round_: int, at: Head) -> Sealed | None:
        """The seal that the chain accepted in a round; None while there is none.

        Raises:
            ContractRefused: UnknownDispute, UnknownRound.
        """
        stored = await self.round_record(dispute_id, round_, at)
        if stored.root is None or stored.vote_deadline is None:
            return None
        return Sealed(stored.root, stored.voters, stored.vote_deadline)

    async def shards_left(self, claim_id: ClaimId, at: Head) -> int:
        """How many of a claim's shards are neither burnt nor promised to a committee.

        Raises:
            ContractRefused: UnknownClaim.
        """
        claim = await self.claim(claim_id, at)
        burnt, promised = await self._rpc.read(self._disputes, "shardsOf", claim_id, at=at)
        return claim.shard_count - int(burnt).bit_count() - int(promised)

    async def opened_disputes(self, from_block: int, to_block: int) -> list[DisputeId]:
        """The disputes that were opened in these blocks, both included."""
        return [each for each, _ in await self._named("Opened", from_block, to_block)]

    async def keyed_rounds(self, from_block: int, to_block: int) -> list[tuple[DisputeId, int]]:
        """The rounds whose envelope was named in these blocks, both included."""
        events = await self._named("Keyed", from_block, to_block)
        return [(dispute_id, event.arguments["round"]) for dispute_id, event in events]

    async def verdict(self, dispute_id: DisputeId, at: Head) -> Verdict | None:
        """What the chain says of a dispute: proposed, final, or an end without a verdict.

        None while it is at an earlier state, also if a verdict is under appeal.

        Raises:
            ContractRefused: UnknownDispute.
        """
        record = await self.dispute_record(dispute_id, at)
        if record.state < State.PROPOSED:
            return None
        if record.outcome is None:
            event = _one("Ended", await self._events("Ended", record, at), record)
        else:
            settled = await self._events("Settled", record, at)
            event = _one("Settled", _of_round(record.verdict_round, settled), record)
        return Verdict(
            dispute_id=dispute_id,
            state=record.state,
            outcome=record.outcome,
            round=record.round if record.outcome is None else record.verdict_round,
            signers=places_of(event.arguments.get("signers", 0)),
            submitter=event.arguments.get("submitter"),
            transaction=event.transaction,
            block=event.block,
            appeal_deadline=record.deadline if record.state is State.PROPOSED else None,
        )

    async def verdicts(self, at: Head) -> list[Verdict]:
        """The verdict on every dispute that has one or has ended, oldest first."""
        opened = await self.opened_disputes(self.first_block, at.number)
        verdicts = await asyncio.gather(*(self.verdict(each, at) for each in opened))
        return sorted((each for each in verdicts if each), key=lambda verdict: verdict.block)

    async def reveal_deadline(self, dispute_id: DisputeId, round_: int, at: Head) -> int:
        """The last second in which a round's sealed votes may be revealed; 0 before its seal.

        Raises:
            ContractRefused: UnknownDispute, UnknownRound.
        """
        penalties = await self._other("Penalties", at)
        deadline = await self._rpc.read(penalties, "revealDeadline", dispute_id, round_, at=at)
        return int(deadline)

    async def punished(self, dispute_id: DisputeId, round_: int, at: Head) -> tuple[Place, ...]:
        """Who has paid for a vote that it sealed in a round and withheld.

        Raises:
            ContractRefused: UnknownDispute.
        """
        record = await self.dispute_record(dispute_id, at)
        penalties = await self._other("Penalties", at)
        events = await self._rpc.logs(
            penalties, "Withheld", {"disputeId": dispute_id},
            first=record.opened_block, last=at.number,
        )  # fmt: skip
        return tuple(Place(each.arguments["place"]) for each in _of_round(round_, events))

    async def owed(self, address: Address, at: Head) -> int:
        """What the court owes to `address`, in wei."""
        return int(await self._rpc.read(self._disputes, "owed", address, at=at))

    async def round_fee(self, round_: int, at: Head) -> int:
        """What a round costs who asks for it, without a bond, in wei.

        Raises:
            ContractRefused: UnknownRound: the ladder has no such rung.
        """
        return int(await self._rpc.read(self._disputes, "roundFee", round_, at=at))

    async def priority(self, first: ClaimId, second: ClaimId, at: Head) -> Priority:
        """Which of two claims comes first (SPEC 5.6).

        Raises:
            ContractRefused: UnknownClaim, ClaimNotBound.
        """
        priorities = await self._other("Priorities", at)
        return Priority(await self._rpc.read(priorities, "priority", first, second, at=at))

    async def ownership(self, model: ModelDigest, at: Head) -> Ownership:
        """Who stands behind a model (SPEC 5.6)."""
        priorities = await self._other("Priorities", at)
        return records.ownership(await self._rpc.read(priorities, "ownerOf", model, at=at))

    async def _other(self, name: str, at: Head) -> AsyncContract:
        """A contract that the DisputeManager has made."""
        address = await self._rpc.read(self._disputes, name.lower(), at=at)
        return self._rpc.contract(name, address)

    async def _named(self, event: str, first: int, last: int) -> list[tuple[DisputeId, Event]]:
        events = await self._rpc.logs(self._disputes, event, {}, first=first, last=last)
        return [(DisputeId(each.arguments["disputeId"]), each) for each in events]

    async def _events(self, name: str, record: DisputeRecord, at: Head) -> list[Event]:
        last = record.opened_block if name == "Opened" else at.number
        having = {"disputeId": record.id}
        return await self._rpc.logs(
            self._disputes, name, having, first=record.opened_block, last=last
        )


def _of_round(round_: int, events: list[Event]) -> list[Event]:
    return [event for event in events if event.arguments["round"] == round_]


def _one(name: str, events: list[Event], record: DisputeRecord) -> Event:
    if len(events) != 1:
        raise ChainMismatch(f"the event {name} of 0x{record.id.hex()}", "once", len(events))
    return events[0]
