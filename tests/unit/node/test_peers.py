"""Four members on loopback, some of them late, silent, lying or gone."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import BaseTestServer, TestServer

from node import peers as peers_module
from node.keystore import NodeKeys
from node.peers import Peers, open_peers
from protocol import bls
from protocol.certificate import validate_certificate
from protocol.errors import Ignore, InvalidMessage, Reject
from protocol.messages import Vote, vote_digest
from protocol.types import Court, Dispute, DisputeId, Outcome, Place

Move = Callable[[Dispute, list[str]], Dispute]


@dataclass
class Member:
    """A node reduced to its gossip."""

    peers: Peers
    server: BaseTestServer
    publishing: list[asyncio.Task[None]] = field(default_factory=list)

    def publish(self, dispute: Dispute, vote: Vote) -> None:
        self.publishing.append(asyncio.create_task(self.peers.publish(dispute, vote)))


@pytest.fixture(autouse=True)
def _in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers_module, "FIRST_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(peers_module, "LONGEST_PAUSE_SECONDS", 0.02)


@pytest.fixture
async def members(court: Court) -> AsyncIterator[list[Member]]:
    async with AsyncExitStack() as stack:
        members = []
        for _ in range(4):
            peers = await stack.enter_async_context(open_peers(court))
            server = await stack.enter_async_context(TestServer(_app(peers), host="127.0.0.1"))
            members.append(Member(peers, server))
        yield members
        for member in members:
            for task in member.publishing:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task


@pytest.fixture
def ours(members: list[Member], dispute: Dispute, at_endpoints: Move) -> Dispute:
    """The dispute, with the committee where it listens."""
    return at_endpoints(dispute, [str(member.server.make_url("/")) for member in members])


def _app(peers: Peers) -> web.Application:
    """The two routes of the node's API that gossip needs."""

    async def receive(request: web.Request) -> web.Response:
        try:
            await peers.receive(await request.json())
        except InvalidMessage as error:
            return web.json_response(str(error), status=202 if isinstance(error, Ignore) else 400)
        return web.json_response({})

    async def votes(request: web.Request) -> web.Response:
        held = peers.votes(DisputeId(bytes.fromhex(request.match_info["id"])))
        return web.json_response([vote.to_json() for vote in held])

    app = web.Application()
    app.router.add_post("/v1/votes", receive)
    app.router.add_get("/v1/disputes/{id}/votes", votes)
    return app


Cast = Callable[..., Vote]


@pytest.fixture
def cast(keys: tuple[NodeKeys, ...], court: Court, dispute: Dispute) -> Cast:
    """A member's vote."""

    def cast(place: int, outcome: Outcome = Outcome.MATCH) -> Vote:
        digest = vote_digest(dispute, outcome, court)
        signature = bls.sign(keys[place].bls_secret, digest, bls.VOTE_TAG)
        return Vote(dispute.id, dispute.round, Place(place), outcome, signature)

    return cast


async def test_certificate__all_agree(
    members: list[Member], ours: Dispute, cast: Cast, court: Court
) -> None:
    for place, member in enumerate(members):
        member.publish(ours, cast(place))

    async with asyncio.timeout(10):
        certificates = await asyncio.gather(*(member.peers.certificate(ours) for member in members))

    for certificate in certificates:
        assert certificate.outcome is Outcome.MATCH
        validate_certificate(certificate, ours, court)


async def test_certificate__one_is_gone_and_one_comes_late(
    members: list[Member], ours: Dispute, cast: Cast
) -> None:
    await members[3].server.close()
    members[0].publish(ours, cast(0))
    members[1].publish(ours, cast(1))
    await asyncio.sleep(0.05)
    assert members[2].peers.votes(ours.id) == ()  # it does not know the dispute yet

    members[2].publish(ours, cast(2))
    async with asyncio.timeout(10):
        certificates = await asyncio.gather(
            *(member.peers.certificate(ours) for member in members[:3])
        )

    assert {certificate.signers for certificate in certificates} == {(0, 1, 2)}


async def test_certificate__a_late_member_learns_the_votes_of_one_that_is_gone(
    members: list[Member], ours: Dispute, cast: Cast
) -> None:
    members[0].publish(ours, cast(0))
    members[1].publish(ours, cast(1))
    async with asyncio.timeout(10):
        while len(members[1].peers.votes(ours.id)) < 2:
            await asyncio.sleep(0.01)
    members[0].publishing.pop().cancel()
    await members[0].server.close()

    members[2].publish(ours, cast(2))
    async with asyncio.timeout(10):
        certificate = await members[2].peers.certificate(ours)

    assert certificate.signers == (0, 1, 2)


async def test_certificate__waits_while_there_is_no_quorum(
    members: list[Member], ours: Dispute, cast: Cast
) -> None:
    waiting = asyncio.create_task(members[0].peers.certificate(ours))
    members[0].publish(ours, cast(0))
    members[1].publish(ours, cast(1))
    members[2].publish(ours, cast(2, Outcome.NO_MATCH))
    await asyncio.sleep(0.2)
    assert not waiting.done()

    members[3].publish(ours, cast(3))
    async with asyncio.timeout(10):
        assert (await waiting).signers == (0, 1, 3)


async def test_receive__ignores_disputes_it_does_not_work_on(
    members: list[Member], ours: Dispute, cast: Cast
) -> None:
    with pytest.raises(Ignore):
        await members[0].peers.receive(cast(1).to_json())
    assert members[0].peers.votes(ours.id) == ()

    members[0].publish(ours, cast(0))
    await asyncio.sleep(0)
    await members[0].peers.receive(cast(1).to_json())
    assert [vote.place for vote in members[0].peers.votes(ours.id)] == [0, 1]

    members[0].peers.close(ours)
    with pytest.raises(Ignore):
        await members[0].peers.receive(cast(2).to_json())
    assert members[0].peers.votes(ours.id) == ()


async def test_receive__ignores_what_it_has_and_rejects_what_is_wrong(
    members: list[Member], ours: Dispute, cast: Cast
) -> None:
    members[0].publish(ours, cast(0))
    await asyncio.sleep(0)
    await members[0].peers.receive(cast(1).to_json())

    with pytest.raises(Ignore):
        await members[0].peers.receive(cast(1).to_json())
    wrong: list[object] = [
        {},
        [],
        replace(cast(1), place=Place(2)).to_json(),
        replace(cast(2), round=1).to_json(),
        replace(cast(2), outcome=7).to_json(),
    ]
    for message in wrong:
        with pytest.raises(Reject):
            await members[0].peers.receive(message)
    assert [vote.place for vote in members[0].peers.votes(ours.id)] == [0, 1]


async def test_receive__an_equivocator_counts_for_nothing(
    members: list[Member], ours: Dispute, cast: Cast
) -> None:
    waiting = asyncio.create_task(members[0].peers.certificate(ours))
    members[0].publish(ours, cast(0))
    await asyncio.sleep(0)
    for vote in (cast(1), cast(2, Outcome.NO_MATCH), cast(2)):
        await members[0].peers.receive(vote.to_json())
    await asyncio.sleep(0.05)
    assert not waiting.done()

    await members[0].peers.receive(cast(3).to_json())
    async with asyncio.timeout(10):
        assert (await waiting).signers == (0, 1, 3)


async def nonsense(_: web.Request) -> web.Response:
    return web.Response(text="{not json")


async def strange(_: web.Request) -> web.Response:
    return web.json_response({"votes": 3})


async def forged(_: web.Request) -> web.Response:
    return web.json_response([3, {"disputeId": "00"}])


async def elsewhere(_: web.Request) -> web.Response:
    raise web.HTTPFound("http://127.0.0.1:1/")


async def failing(_: web.Request) -> web.Response:
    raise web.HTTPInternalServerError


@pytest.mark.parametrize("answer", [nonsense, strange, forged, elsewhere, failing])
async def test_publish__survives_a_hostile_peer(
    members: list[Member], ours: Dispute, cast: Cast, answer: Any
) -> None:
    hostile = web.Application()
    hostile.router.add_route("*", "/{tail:.*}", answer)
    async with TestServer(hostile, host="127.0.0.1") as server:
        committee = list(ours.committee)
        committee[3] = replace(committee[3], endpoint=str(server.make_url("/")))
        dispute = replace(ours, committee=tuple(committee))
        for place in range(3):
            members[place].publish(dispute, cast(place))

        async with asyncio.timeout(10):
            certificate = await members[0].peers.certificate(dispute)

        assert certificate.signers == (0, 1, 2)
        assert not any(task.done() for member in members for task in member.publishing)


async def test_publish__reads_no_more_than_a_committee_can_say(
    members: list[Member], ours: Dispute, cast: Cast, at_endpoints: Move
) -> None:
    sent: list[int] = []

    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        sent.append(0)
        while sent[-1] < 2**28:
            await response.write(b" " * 2**20)
            sent[-1] += 2**20
        return response

    hostile = web.Application()
    hostile.router.add_post("/v1/votes", nonsense)
    hostile.router.add_get("/{tail:.*}", endless)
    async with TestServer(hostile, host="127.0.0.1") as server:
        dispute = at_endpoints(ours, [str(server.make_url("/"))] * 4)
        members[0].publish(dispute, cast(0))
        async with asyncio.timeout(10):
            while len(sent) < 6:
                await asyncio.sleep(0.01)

        assert max(sent) < 2**25  # what the sockets in between hold, and no more
        members[0].publishing.pop().cancel()


@pytest.mark.parametrize("endpoint", ["", "file:///etc/passwd", "http://[", "http://u:p@host"])
async def test_publish__survives_an_endpoint_that_is_none(
    members: list[Member], ours: Dispute, cast: Cast, endpoint: str
) -> None:
    committee = list(ours.committee)
    committee[3] = replace(committee[3], endpoint=endpoint)
    dispute = replace(ours, committee=tuple(committee))
    for place in range(3):
        members[place].publish(dispute, cast(place))

    async with asyncio.timeout(10):
        assert (await members[0].peers.certificate(dispute)).signers == (0, 1, 2)


async def test_votes__travel_as_json_of_bounded_size(cast: Cast) -> None:
    assert len(json.dumps(cast(1).to_json())) < peers_module.MAX_VOTES_BYTES // 255
