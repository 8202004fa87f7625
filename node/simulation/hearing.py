"""A round as its simulated members share it: what each of them would compute alike, computed once.

A leaf, a root, a digest and the validity of a signature are functions of what is hashed or signed;
remembering them changes how long a run takes and nothing else. Committees beyond 61, which no
contract takes, have no encoding in SPEC 2; their hashes bind the same fields in a wider form.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cached_property
from hashlib import sha256
from typing import Final

from protocol import bls
from protocol.commitments import votes_root
from protocol.committee import submit_order
from protocol.court import Court
from protocol.messages import (
    Commitment,
    Message,
    Seal,
    Vote,
    commitment_digest,
    message_to_json,
    seal_digest,
    sealed_commitment,
    vote_digest,
)
from protocol.pool import VotePool
from protocol.sealing import NOTHING, SealPool
from protocol.types import MAX_COMMITTEE, Address, Digest, Dispute

from .arithmetic import StandIn

COURT: Final = Court(1, *(Address(f"0x{number:040x}") for number in (1, 2, 3)))


class Hearing:
    """One keyed round."""

    def __init__(self, dispute: Dispute, arithmetic: StandIn) -> None:
        self.dispute = dispute
        self.arithmetic = arithmetic
        self._is_wide = len(dispute.committee) > MAX_COMMITTEE
        self._leaves: dict[tuple[int, int, bytes], Digest] = {}
        self._roots: dict[tuple[Digest, ...], Digest] = {}
        self._digests: dict[tuple[object, ...], Digest] = {}
        self._is_signed: dict[Message, bool] = {}
        self._bytes: dict[type[Message], int] = {}

    @property
    def size(self) -> int:
        """Members."""
        return len(self.dispute.committee)

    @cached_property
    def turns(self) -> dict[int, int]:
        """For each place how many turns it waits (SPEC 5.4)."""
        order = submit_order(self.dispute.seed, self.dispute.round, self.size)
        return {place: turn for turn, place in enumerate(order)}

    def seal_pool(self) -> SealPool:
        """An empty pool of commitments and seals."""
        return SealPool(self.dispute, self.arithmetic.aggregate)

    def vote_pool(self, leaves: Sequence[Digest]) -> VotePool:
        """An empty pool of votes that open `leaves`."""
        return _SharedVotePool(self, leaves)

    def leaf(self, place: int, outcome: int, salt: bytes) -> Digest:
        """The commitment to a vote."""
        key = (place, outcome, salt)
        if key not in self._leaves:
            dispute = self.dispute
            commit = _wide if self._is_wide else sealed_commitment
            self._leaves[key] = commit(dispute.id, dispute.round, *key)
        return self._leaves[key]

    def root(self, leaves: tuple[Digest, ...]) -> Digest:
        """Of the tree over `leaves`."""
        if leaves not in self._roots:
            self._roots[leaves] = votes_root(leaves)
        return self._roots[leaves]

    def commitment_digest(self, place: int, leaf: Digest) -> Digest:
        """What a member signs to show its commitment."""
        key = (Commitment, place, leaf)
        if key not in self._digests:
            self._digests[key] = (
                _wide(*key[1:])
                if self._is_wide
                else commitment_digest(self.dispute, place, leaf, COURT)
            )
        return self._digests[key]

    def seal_digest(self, root: Digest, voters: int) -> Digest:
        """What a member signs to fix which votes there are."""
        key = (Seal, root, voters)
        if key not in self._digests:
            self._digests[key] = (
                _wide(root, voters)
                if self._is_wide
                else seal_digest(self.dispute, root, voters, COURT)
            )
        return self._digests[key]

    def vote_digest(self, outcome: int) -> Digest:
        """What a member signs to vote."""
        key = (Vote, outcome)
        if key not in self._digests:
            self._digests[key] = vote_digest(self.dispute, outcome, COURT)
        return self._digests[key]

    def is_signed(self, message: Message) -> bool:
        """Whether the message is from the place that it names."""
        if message not in self._is_signed:
            match message:
                case Commitment():
                    digest, tag = (
                        self.commitment_digest(message.place, message.commitment),
                        bls.SEAL_TAG,
                    )
                case Seal():
                    digest, tag = self.seal_digest(message.root, message.voters), bls.SEAL_TAG
                case _:
                    digest, tag = self.vote_digest(message.outcome), bls.VOTE_TAG
            key = self.dispute.committee[message.place].bls_key
            self._is_signed[message] = self.arithmetic.is_signed(
                [key], digest, tag, message.signature
            )
        return self._is_signed[message]

    def bytes_of(self, message: Message) -> int:
        """What the message weighs on the wire, without the headers of HTTP."""
        kind = type(message)
        if kind not in self._bytes:
            self._bytes[kind] = len(json.dumps(message_to_json(message)))
        return self._bytes[kind]


class _SharedVotePool(VotePool):
    """The protocol's pool, which asks the hearing for the leaf that a vote opens."""

    def __init__(self, hearing: Hearing, leaves: Sequence[Digest]) -> None:
        super().__init__(hearing.dispute, leaves, hearing.arithmetic.aggregate)
        self._hearing = hearing

    def opens(self, vote: Vote) -> bool:
        """Whether the vote is the one that its place has sealed."""
        return self.leaves[vote.place] == self._hearing.leaf(vote.place, vote.outcome, vote.salt)


def voters_of(leaves: Sequence[Digest]) -> int:
    """A bitmap of the places with a commitment."""
    return sum(1 << place for place, leaf in enumerate(leaves) if leaf != NOTHING)


def _wide(*fields: object) -> Digest:
    return Digest(sha256(repr(fields).encode()).digest())
