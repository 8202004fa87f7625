"""A dispute whose members all hear each other at once: no network, one pool for everybody.

What is left is who was drawn and how they vote. It goes through the protocol's pools and the model
of the contracts, rung by rung, as any other dispute, and takes milliseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from eth_utils.crypto import keccak

from protocol import bls
from protocol.court import CourtParameters
from protocol.keys import derive_salt
from protocol.messages import Commitment, Seal, Vote
from protocol.types import Digest, DisputeId, Outcome, Place

from .court import SimCourt
from .docket import ANYONE
from .hearing import voters_of
from .register import Register

Votes = Callable[[Sequence[int]], Sequence[Outcome]]
"""What each of these seats votes."""


def hold(parameters: CourtParameters, register: Register, name: str, votes: Votes) -> SimCourt:
    """The court at the end of a dispute that nobody appeals."""
    identity = keccak(text=name)
    court = SimCourt(parameters, register, DisputeId(identity))
    court.open(0, 0)
    block = 0
    while not court.state.is_end:
        block = court.seed_block + 1
        now = court.deadline
        court.draw(now, block, keccak(identity + block.to_bytes(8, "big")))
        court.deliver(now)
        _decide(court, now, votes(court.present.seats))
        court.expire(court.deadline + 1, block)
    return court


def _decide(court: SimCourt, now: float, outcomes: Sequence[Outcome]) -> None:
    """The present round, by what its members vote."""
    seats, hearing = court.present.seats, court.hearing
    secrets = [court.register.secrets[seat] for seat in seats]
    salts = [derive_salt(secret, court.id, court.round) for secret in secrets]
    places = [Place(place) for place in range(len(seats))]
    nothing_signed = b""

    seals = hearing.seal_pool()
    for place, outcome, salt in zip(places, outcomes, salts, strict=True):
        leaf = hearing.leaf(place, outcome, salt)
        seals.add_commitment(Commitment(court.id, court.round, place, leaf, nothing_signed))
    leaves: tuple[Digest, ...] = seals.leaves
    root, voters = hearing.root(leaves), voters_of(leaves)
    sign = hearing.arithmetic.sign
    for place, secret in zip(places, secrets, strict=True):
        signature = sign(secret, hearing.seal_digest(root, voters), bls.SEAL_TAG)
        seals.add_seal(Seal(court.id, court.round, place, root, voters, signature))
    sealed = seals.certificate()
    if sealed is None:
        raise AssertionError("all have signed one root")
    court.seal(now, sealed, ANYONE)

    pool = hearing.vote_pool(leaves)
    for place, secret, outcome, salt in zip(places, secrets, outcomes, salts, strict=True):
        signature = sign(secret, hearing.vote_digest(outcome), bls.VOTE_TAG)
        pool.add(Vote(court.id, court.round, place, outcome, salt, signature))
    certificate = pool.certificate()
    if certificate is not None:
        court.settle(now, certificate, ANYONE)
