"""A chain with one round of one dispute on it, as strict about certificates as the contracts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from protocol import bls
from protocol.certificate import validate_certificate, validate_seal_certificate
from protocol.commitments import votes_root
from protocol.court import Court, Verdict
from protocol.messages import (
    Certificate,
    SealCertificate,
    Vote,
    places_of,
    sealed_commitment,
    vote_digest,
)
from protocol.types import Digest, Dispute, Outcome, Place, Sealed, State


class SimChain:
    """One round of a dispute, from its keys to its end."""

    def __init__(self, court: Court) -> None:
        self._court = court
        self._changed = asyncio.Condition()
        self.state = State.KEYED
        self.time_left_s = 60.0
        """Of the seal window, which is 60."""
        self.is_past_deadline = False
        self.has_next_rung = False
        self.takes_seals = True
        self.seal: SealCertificate | None = None
        self.certificates: list[Certificate] = []
        self.opened = 0
        self.reveals = 0
        self.is_reveal_over = False
        """Whether it is too late to show a vote."""
        self.punished: set[Place] = set()
        self.fined: set[Place] = set()
        """For withheld votes."""
        self.collected = 0
        """How often a member asked for its share."""
        self.verdict: Verdict | None = None
        self.is_round_over = False
        self.is_next_drawn = False

    async def set(self, **changes: Any) -> None:
        """Change something that members wait for."""
        async with self._changed:
            for name, value in changes.items():
                setattr(self, name, value)
            self._changed.notify_all()

    async def until(self, holds: Callable[[], bool]) -> None:
        """Return when something holds."""
        async with self._changed:
            await self._changed.wait_for(holds)

    async def disputes(self) -> AsyncIterator[Dispute]:
        return
        yield  # a member is handed its dispute

    async def seconds_left(self, dispute: Dispute) -> float:
        return self.time_left_s

    async def submit_seal(self, dispute: Dispute, certificate: SealCertificate) -> None:
        await self.until(lambda: self.takes_seals)
        if self.state is State.KEYED:
            validate_seal_certificate(certificate, dispute, self._court)
            await self.set(seal=certificate, state=State.SEALED)

    async def is_sealed(self, dispute: Dispute) -> bool:
        return self.seal is not None

    async def sealed(self, dispute: Dispute) -> Sealed | None:
        await self.until(lambda: self.seal is not None or self.is_round_over)
        return self._sealed() if self.seal else None

    async def submit(self, dispute: Dispute, certificate: Certificate) -> None:
        if self.state is State.SEALED:
            validate_certificate(certificate, dispute, self._sealed(), self._court)
            self.certificates.append(certificate)
            shown = sum(1 << place for place, voted in enumerate(certificate.outcomes) if voted)
            await self.set(opened=self.opened | shown, state=State.PROPOSED)

    async def expired(self, dispute: Dispute) -> State:
        await self.until(lambda: self.is_past_deadline or self.state is State.PROPOSED)
        return self.state

    async def expire(self, dispute: Dispute) -> None:
        if self.is_round_over:
            return
        if self.state is State.PROPOSED:
            certificate = self.certificates[0]
            await self._end(dispute, State.FINAL, certificate.outcome, certificate.signers)
        elif self.has_next_rung:
            await self.set(is_round_over=True, state=State.OPEN)
        else:
            await self._end(dispute, State.VOID, None, ())

    async def ending(self, dispute: Dispute) -> Verdict | None:
        await self.until(lambda: self.is_round_over)
        return self.verdict

    async def draw_next(self, dispute: Dispute) -> None:
        assert self.state is State.OPEN
        await self.set(is_next_drawn=True)

    async def counted(self, dispute: Dispute) -> None:
        await self.until(
            lambda: bool(self.certificates) or self.is_past_deadline or self.is_round_over
        )

    async def is_opened(self, dispute: Dispute, place: Place) -> bool:
        return not self.hidden >> place & 1

    async def withheld(self, dispute: Dispute) -> tuple[Place, ...]:
        assert self.is_round_over
        await self.until(lambda: not self.hidden or self.is_reveal_over)
        return places_of(self.hidden)

    async def punish_withheld(self, dispute: Dispute, place: Place) -> None:
        assert self.is_reveal_over
        assert self.hidden >> place & 1
        await self.set(fined=self.fined | {place})

    async def collect(self, dispute: Dispute) -> None:
        assert self.is_round_over
        self.collected += 1

    async def reveal(
        self, dispute: Dispute, outcomes: Sequence[int], openings: Sequence[bytes]
    ) -> None:
        assert not self.is_reveal_over
        self.reveals += 1
        sealed = self._sealed()
        leaves = [
            sealed_commitment(dispute.id, dispute.round, place, voted, opening)
            if voted
            else Digest(opening)
            for place, (voted, opening) in enumerate(zip(outcomes, openings, strict=True))
        ]
        assert votes_root(leaves) == sealed.root
        shown = sum(1 << place for place, voted in enumerate(outcomes) if voted)
        await self.set(opened=self.opened | shown)

    async def punish(self, dispute: Dispute, votes: tuple[Vote, Vote]) -> None:
        first, second = votes
        assert first.place == second.place
        assert first.outcome != second.outcome
        key = dispute.committee[first.place].bls_key
        for vote in votes:
            signed = vote_digest(dispute, vote.outcome, self._court)
            bls.verify(key, signed, bls.VOTE_TAG, vote.signature)
        await self.set(punished=self.punished | {first.place})

    @property
    def hidden(self) -> int:
        """Whose sealed vote has not been shown."""
        voters = self.seal.voters if self.seal else 0
        return voters & ~self.opened

    def _sealed(self) -> Sealed:
        assert self.seal is not None
        return Sealed(self.seal.root, self.seal.voters, vote_deadline=2_000_000_060)

    async def _end(
        self, dispute: Dispute, state: State, outcome: Outcome | None, signers: tuple[Place, ...]
    ) -> None:
        verdict = Verdict(
            dispute.id, state, outcome, dispute.round, signers, None, bytes(32), 1, None
        )
        await self.set(verdict=verdict, state=state, is_round_over=True)
