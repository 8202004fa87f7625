"""A simulated member's ears and mouth: what it takes of what it is told, and what it repeats."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from node.profiles import load_profile
from node.simulation.circle import Circle
from node.simulation.court import SimCourt
from node.simulation.events import Clock, Network, Weather
from node.simulation.gossip import Peer
from node.simulation.hearing import Hearing
from node.simulation.register import Register
from protocol import bls
from protocol.messages import Commitment, Message, Vote
from protocol.types import Digest, DisputeId, Outcome, Place, Sealed

SALT = bytes(32)


class Deaf(Peer):
    """Remembers when what was posted, and takes nothing."""

    def __init__(self, place: int, circle: Circle) -> None:
        super().__init__(place, circle)
        self.heard: list[tuple[float, Message]] = []

    def posted(self, sender: Peer, message: Message) -> None:
        """Comes, and is not taken."""
        self.heard.append((self.clock.now, message))


class Table:
    """A keyed round of four, in which one talks, and nobody takes what it says."""

    def __init__(self) -> None:
        register = Register.of(4)
        parameters = replace(load_profile("mainnet"), ladder=(4,))
        court = SimCourt(parameters, register, DisputeId(bytes([7]) * 32))
        court.open(0, 0)
        court.draw(0, court.seed_block + 1, bytes(32))
        court.deliver(0)
        self.hearing: Hearing = court.hearing
        self.secrets = [register.secrets[seat] for seat in court.present.seats]
        self.clock = Clock()
        self.circle = Circle(self.hearing, Network(self.clock, Weather(), Random(0)), asks=False)  # noqa: S311
        self.peer = Peer(0, self.circle)
        others = [Deaf(place, self.circle) for place in (1, 2, 3)]
        self.circle.peers += [self.peer, *others]
        self.other = others[0]
        self.leaves = tuple(self.hearing.leaf(place, Outcome.MATCH, SALT) for place in range(4))
        self.sealed = Sealed(self.hearing.root(self.leaves), 0b1111, 0)

    def sign(self, place: int, digest: Digest, tag: bytes) -> bytes:
        return self.hearing.arithmetic.sign(self.secrets[place], digest, tag)

    def commitment(self, place: int) -> Commitment:
        dispute, leaf = self.hearing.dispute, self.leaves[place]
        digest = self.hearing.commitment_digest(place, leaf)
        signature = self.sign(place, digest, bls.SEAL_TAG)
        return Commitment(dispute.id, dispute.round, Place(place), leaf, signature)

    def vote(self, place: int) -> Vote:
        dispute = self.hearing.dispute
        signature = self.sign(place, self.hearing.vote_digest(Outcome.MATCH), bls.VOTE_TAG)
        return Vote(dispute.id, dispute.round, Place(place), Outcome.MATCH, SALT, signature)


@pytest.fixture
def table() -> Table:
    return Table()


def test_receive__wants_a_vote_again_until_it_knows_the_leaves(table: Table) -> None:
    table.peer.open(table.sealed)
    assert not table.peer.receive(table.vote(1))

    table.peer.find_leaves(table.leaves)

    assert table.peer.receive(table.vote(1))
    assert table.peer.books == ([], [table.vote(1)])


def test_find_leaves__believes_none_but_those_of_the_root(table: Table) -> None:
    table.peer.open(table.sealed)

    table.peer.find_leaves(tuple(reversed(table.leaves)))

    assert table.peer.votes is None


def test_find_leaves__knows_them_from_what_was_committed(table: Table) -> None:
    table.peer.open(table.sealed)
    for place in range(4):
        table.peer.receive(table.commitment(place))

    assert table.peer.votes is not None
    assert table.peer.votes.leaves == table.leaves


def test_begin_votes__posts_no_commitment_any_more(table: Table) -> None:
    table.clock.at(0, table.peer.say, table.commitment(0))
    table.clock.at(20, table.peer.open, table.sealed)
    table.clock.at(20, table.peer.find_leaves, table.leaves)
    table.clock.at(20, table.peer.say, table.vote(0))
    table.clock.at(40, table.circle.close)
    table.clock.run()

    before = {type(message) for time, message in table.other.heard if time <= 20}
    after = {type(message) for time, message in table.other.heard if time > 20.2}
    assert (before, after) == ({Commitment}, {Vote})
