"""A court with one dispute, read and acted on as `CourtClient` is, that fails when a test says."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

from protocol.chain import Head
from protocol.court import DisputeRecord, RoundRecord, Verdict
from protocol.types import Dispute, DisputeId, ModelDigest, Outcome, Place, Sealed, SeatId, State

NOW = 1_700_000_000
CALLS = {
    *("seal", "settle", "expire", "draw", "reveal", "collect_fee"),
    *("punish_equivocation", "punish_withheld"),
}


@dataclass
class SimCourt:
    """Keyed in block 7. `finalized` and `latest` are apart by what a test has put into `latest`."""

    dispute_: Dispute
    state_: State = State.KEYED
    round_: int = 0
    deadline: int = NOW
    seed_block: int = 0
    block: int = 10
    time: int = NOW
    sealed_: Sealed | None = None
    outcome: Outcome | None = None
    opened: int = 0
    signers: int = 0
    paid: int = 0
    punished_: tuple[Place, ...] = ()
    bonds: dict[SeatId, int] = field(default_factory=dict)
    latest: dict[str, Any] = field(default_factory=dict)
    """What the newest block says otherwise than the finalized one, by name of the field here."""
    failures: list[Exception] = field(default_factory=list)
    """Raised one by one when the chain is asked for a block."""
    refusals: list[Exception] = field(default_factory=list)
    """Raised one by one when it is sent something."""
    sent: list[str] = field(default_factory=list)
    effects: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What a call changes, in both blocks."""

    async def head(self, tag: str) -> Head:
        if self.failures:
            raise self.failures.pop(0)
        seen = self._at(tag == "latest")
        return Head(seen.block, b"latest" if tag == "latest" else b"", seen.time)

    async def keyed_rounds(self, first: int, last: int) -> list[tuple[DisputeId, int]]:
        return [(self.dispute_.id, self.dispute_.round)] if first <= 7 <= last else []

    async def dispute_record(self, dispute_id: DisputeId, at: Head) -> DisputeRecord:
        seen, dispute = self._at(at.hash == b"latest"), self.dispute_
        return DisputeRecord(
            id=dispute.id,
            owner=dispute.owner,
            state=seen.state_,
            outcome=None,
            verdict_round=0,
            round=seen.round_,
            rungs=2,
            appeals=0,
            appellant=None,
            opened_block=1,
            seed_block=seen.seed_block,
            deadline=seen.deadline,
            claim_id=dispute.claim_id,
            model=ModelDigest(dispute.suspect.digest),
        )

    async def round_record(self, dispute_id: DisputeId, round_: int, at: Head) -> RoundRecord:
        seen, sealed = self._at(at.hash == b"latest"), self.sealed_
        return RoundRecord(
            seed=self.dispute_.seed,
            envelope_digest=self.dispute_.envelope.digest,
            root=sealed.root if sealed else None,
            size=len(self.dispute_.committee),
            outcome=self.outcome,
            shard=0,
            vote_deadline=sealed.vote_deadline if sealed else None,
            voters=sealed.voters if sealed else 0,
            opened=seen.opened,
            signers=seen.signers,
            paid=seen.paid,
            pot_wei=0,
        )

    async def dispute(self, dispute_id: DisputeId, at: Head, round_: int | None = None) -> Dispute:
        return replace(self.dispute_, round=self.round_ if round_ is None else round_)

    async def sealed(self, dispute_id: DisputeId, round_: int, at: Head) -> Sealed | None:
        return self.sealed_

    async def verdict(self, dispute_id: DisputeId, at: Head) -> Verdict:
        return Verdict(
            dispute_id, self.state_, Outcome.MATCH, 0, (), None, bytes(32), at.number, None
        )

    async def reveal_deadline(self, dispute_id: DisputeId, round_: int, at: Head) -> int:
        return NOW

    async def punished(self, dispute_id: DisputeId, round_: int, at: Head) -> tuple[Place, ...]:
        punished: tuple[Place, ...] = self._at(at.hash == b"latest").punished_
        return punished

    async def seat_of(self, operator: str, at: Head) -> object:
        return object()

    async def seat(self, seat_id: SeatId, at: Head) -> object:
        return SimpleNamespace(bond_wei=self._at(at.hash == b"latest").bonds.get(seat_id, 0))

    def __getattr__(self, call: str) -> Any:
        if call not in CALLS:
            raise AttributeError(call)

        async def send(*_: object) -> None:
            if self.refusals:
                raise self.refusals.pop(0)
            self.sent.append(call)
            for name, value in self.effects.get(call, {}).items():
                setattr(self, name, value)
                self.latest.pop(name, None)

        return send

    def _at(self, is_latest: bool) -> Any:
        values = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return SimpleNamespace(**values | (self.latest if is_latest else {}))
