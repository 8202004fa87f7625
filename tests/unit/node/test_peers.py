"""Four members on loopback, some of them late, silent, hostile or gone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import BaseTestServer, TestServer

from node import peers as peers_module
from node.api import build_api
from node.assembly import tag_of
from node.journal import Identity, Journal
from node.keystore import NodeKeys
from node.metrics import Metrics
from node.peers import Peers, open_peers
from protocol.commitments import votes_root
from protocol.court import Court
from protocol.messages import Commitment, Message, SealCertificate, message_to_json
from protocol.types import Digest, Dispute, Place, Sealed
from tests.support.voices import Voice

Move = Callable[[Dispute, list[str]], Dispute]
Voices = tuple[Voice, ...]


@dataclass
class Member:
    """A node reduced to its gossip."""

    peers: Peers
    server: BaseTestServer
    exchanging: list[asyncio.Task[None]] = field(default_factory=list)

    async def take_part(self, dispute: Dispute, *messages: Message) -> None:
        for message in messages:
            await self.peers.say(dispute, message)
        self.exchanging.append(asyncio.create_task(self.peers.exchange(dispute)))

    def held(self, dispute: Dispute) -> int:
        return len(self.peers.answer(dispute.id, dispute.round)["messages"])


@pytest.fixture(autouse=True)
def _in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers_module, "FIRST_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(peers_module, "LONGEST_PAUSE_SECONDS", 0.02)


@pytest.fixture
async def members(
    court: Court, keys: tuple[NodeKeys, ...], tmp_path: Path
) -> AsyncIterator[list[Member]]:
    async with AsyncExitStack() as stack:
        members = []
        for place, one in enumerate(keys):
            peers = await stack.enter_async_context(open_peers(court, one.bls_key))
            path, identity = tmp_path / str(place), Identity.of(court, one.bls_key)
            journal = stack.enter_context(Journal.create(path, identity, cursor=0))
            api = build_api(journal, Metrics(), peers, list)
            server = await stack.enter_async_context(TestServer(api, host="127.0.0.1"))
            members.append(Member(peers, server))
        yield members
        for member in members:
            for task in member.exchanging:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task


@pytest.fixture
def ours(members: list[Member], dispute: Dispute, at_endpoints: Move) -> Dispute:
    """The dispute, with the committee where it listens."""
    return at_endpoints(dispute, [str(member.server.make_url("/")) for member in members])


@pytest.fixture
def leaves(voices: Voices) -> tuple[Digest, ...]:
    return tuple(voice.leaf() for voice in voices)


def committed(voice: Voice) -> Commitment:
    return voice.commitment(voice.leaf())


async def certificates(members: list[Member], dispute: Dispute) -> list[SealCertificate]:
    async with asyncio.timeout(10):
        waiting = (member.peers.seal_certificate(dispute) for member in members)
        return list(await asyncio.gather(*waiting))


async def test_exchange__takes_a_round_from_commitments_to_votes(
    members: list[Member], ours: Dispute, voices: Voices, leaves: tuple[Digest, ...]
) -> None:
    for member, voice in zip(members, voices, strict=True):
        await member.take_part(ours, committed(voice))

    async with asyncio.timeout(10):
        for member, voice in zip(members, voices, strict=True):
            assert await member.peers.collected(ours, None) == leaves
            await member.peers.say(ours, voice.seal(leaves))
        await certificates(members, ours)
        for member, voice in zip(members, voices, strict=True):
            await member.peers.open(ours, Sealed(votes_root(leaves), 0b1111, 0))
            await member.peers.say(ours, voice.vote())
        for member in members:
            assert len((await member.peers.certificate(ours)).signers) >= 3


async def test_exchange__one_is_gone_and_one_comes_late(
    members: list[Member], ours: Dispute, voices: Voices, leaves: tuple[Digest, ...]
) -> None:
    await members[3].server.close()
    await members[0].take_part(ours, voices[0].seal(leaves))
    await members[1].take_part(ours, voices[1].seal(leaves))
    await asyncio.sleep(0.05)
    assert members[2].held(ours) == 0  # it does not know the dispute yet

    await members[2].take_part(ours, voices[2].seal(leaves))

    assert {each.signers for each in await certificates(members[:3], ours)} == {0b0111}


async def test_exchange__a_late_member_learns_what_one_said_that_is_gone(
    members: list[Member], ours: Dispute, voices: Voices, leaves: tuple[Digest, ...]
) -> None:
    await members[0].take_part(ours, voices[0].seal(leaves))
    await members[1].take_part(ours, voices[1].seal(leaves))
    async with asyncio.timeout(10):
        while members[1].held(ours) < 2:
            await asyncio.sleep(0.01)
    members[0].exchanging.pop().cancel()
    await members[0].server.close()

    await members[2].take_part(ours, voices[2].seal(leaves))

    assert [each.signers for each in await certificates([members[2]], ours)] == [0b0111]


async def test_exchange__a_member_that_nobody_reaches_is_heard(
    members: list[Member], ours: Dispute, voices: Voices
) -> None:
    """It posts what it says, so it need not be asked."""
    committee = [*ours.committee[:3], replace(ours.committee[3], endpoint="http://127.0.0.1:1")]
    dispute = replace(ours, committee=tuple(committee))
    for member in members[:3]:
        await member.take_part(dispute)

    await members[3].take_part(dispute, committed(voices[3]))

    async with asyncio.timeout(10):
        while {member.held(dispute) for member in members} != {1}:
            await asyncio.sleep(0.01)


async def test_exchange__what_is_said_later_is_sent_at_once(
    members: list[Member], ours: Dispute, voices: Voices, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peers_module, "FIRST_PAUSE_SECONDS", 60)
    monkeypatch.setattr(peers_module, "LONGEST_PAUSE_SECONDS", 60)
    for member in members[:2]:
        await member.take_part(ours)
    await asyncio.sleep(0.2)

    await members[0].peers.say(ours, committed(voices[0]))

    async with asyncio.timeout(10):
        while members[1].held(ours) == 0:
            await asyncio.sleep(0.01)


async def test_exchange__posts_a_message_until_it_is_taken_and_nothing_to_itself(
    members: list[Member], ours: Dispute, voices: Voices, at_endpoints: Move
) -> None:
    posted: list[int] = []

    def peer(place: int) -> web.Application:
        async def receive(_: web.Request) -> web.Response:
            posted.append(place)
            return web.json_response({}, status=202 if posted.count(place) < 3 else 200)

        app = web.Application()
        app.router.add_post("/v1/messages", receive)
        return app

    async with AsyncExitStack() as stack:
        servers = [
            await stack.enter_async_context(TestServer(peer(place), host="127.0.0.1"))
            for place in range(4)
        ]
        dispute = at_endpoints(ours, [str(server.make_url("/")) for server in servers])
        await members[0].take_part(dispute, committed(voices[0]))
        async with asyncio.timeout(10):
            while len(posted) < 9:
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.2)
        members[0].exchanging.pop().cancel()

    assert sorted(posted) == [1, 1, 1, 2, 2, 2, 3, 3, 3]


@pytest.mark.parametrize("knows", ["the same", "what it was told"])
async def test_exchange__is_told_nothing_twice(
    knows: str, members: list[Member], ours: Dispute, voices: Voices, at_endpoints: Move
) -> None:
    """Neither what it holds itself, nor what it was told and has no use for."""
    said = committed(voices[1] if knows == "the same" else replace(voices[1], place=Place(2)))
    answer = {"messages": [message_to_json(said)], "leaves": None}
    told: list[bool] = []

    async def tell(request: web.Request) -> web.Response:
        known = {tag.value for tag in request.if_none_match or ()}
        told.append(tag_of(answer) not in known)
        return web.json_response(answer) if told[-1] else web.Response(status=304)

    app = web.Application()
    app.router.add_get("/{tail:.*}", tell)
    app.router.add_post("/{tail:.*}", nonsense)
    async with TestServer(app, host="127.0.0.1") as server:
        committee = (
            *ours.committee[:3],
            replace(ours.committee[3], endpoint=str(server.make_url("/"))),
        )
        dispute = replace(ours, committee=committee)
        members[0].peers.ours(dispute)
        if knows == "the same":
            await members[0].peers.receive(message_to_json(said))
        await members[0].take_part(dispute)
        async with asyncio.timeout(10):
            while len(told) < 5:
                await asyncio.sleep(0.01)
        members[0].exchanging.pop().cancel()

    assert told[:1] == [knows != "the same"]
    assert not any(told[1:])


async def test_exchange__pauses_longer_while_nothing_happens_and_asks_at_once_when_it_does(
    members: list[Member],
    ours: Dispute,
    voices: Voices,
    at_endpoints: Move,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(peers_module, "FIRST_PAUSE_SECONDS", 0.1)
    monkeypatch.setattr(peers_module, "LONGEST_PAUSE_SECONDS", 60)
    asked: list[float] = []

    async def tell(_: web.Request) -> web.Response:
        asked.append(asyncio.get_running_loop().time())
        return web.Response(status=304)

    app = web.Application()
    app.router.add_get("/{tail:.*}", tell)
    app.router.add_post("/{tail:.*}", nonsense)
    async with TestServer(app, host="127.0.0.1") as server:
        committee = (
            *ours.committee[:3],
            replace(ours.committee[3], endpoint=str(server.make_url("/"))),
        )
        await members[0].take_part(replace(ours, committee=committee, seal_window=12 * 60))
        await asyncio.sleep(2)
        quiet = len(asked)
        await members[0].peers.open(ours, Sealed(Digest(bytes(32)), 0b1111, 0))
        await asyncio.sleep(0.3)
        members[0].exchanging.pop().cancel()

    assert quiet <= 6  # 0.1, 0.2, 0.4, 0.8 ... seconds, or half of that
    assert len(asked) > quiet


async def nonsense(_: web.Request) -> web.Response:
    return web.Response(text="{not json")


async def strange(_: web.Request) -> web.Response:
    return web.json_response({"messages": 3})


async def forged(_: web.Request) -> web.Response:
    return web.json_response({"messages": [3, {"dispute_id": "00"}], "leaves": ["00"]})


async def elsewhere(_: web.Request) -> web.Response:
    raise web.HTTPFound("http://127.0.0.1:1/")


async def failing(_: web.Request) -> web.Response:
    raise web.HTTPInternalServerError


@pytest.mark.parametrize("answer", [nonsense, strange, forged, elsewhere, failing])
async def test_exchange__survives_a_hostile_peer(
    members: list[Member], ours: Dispute, voices: Voices, leaves: tuple[Digest, ...], answer: Any
) -> None:
    hostile = web.Application()
    hostile.router.add_route("*", "/{tail:.*}", answer)
    async with TestServer(hostile, host="127.0.0.1") as server:
        committee = list(ours.committee)
        committee[3] = replace(committee[3], endpoint=str(server.make_url("/")))
        dispute = replace(ours, committee=tuple(committee))
        for member, voice in zip(members[:3], voices[:3], strict=True):
            await member.take_part(dispute, voice.seal(leaves))

        (certificate,) = await certificates(members[:1], dispute)

        assert certificate.signers == 0b0111
        assert not any(task.done() for member in members for task in member.exchanging)


async def test_exchange__reads_no_more_than_a_committee_can_say(
    members: list[Member],
    ours: Dispute,
    voices: Voices,
    at_endpoints: Move,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(peers_module, "MAX_ANSWER_BYTES", 2**20)
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
    hostile.router.add_post("/v1/messages", nonsense)
    hostile.router.add_get("/{tail:.*}", endless)
    async with TestServer(hostile, host="127.0.0.1") as server:
        dispute = at_endpoints(ours, [str(server.make_url("/"))] * 4)
        await members[0].take_part(dispute, committed(voices[0]))
        async with asyncio.timeout(10):
            while len(sent) < 6:
                await asyncio.sleep(0.01)

        assert max(sent) < 2**25  # what the sockets in between hold, and no more
        members[0].exchanging.pop().cancel()


@pytest.mark.parametrize("endpoint", ["", "file:///etc/passwd", "http://[", "http://u:p@host"])
async def test_exchange__survives_an_endpoint_that_is_none(
    members: list[Member],
    ours: Dispute,
    voices: Voices,
    leaves: tuple[Digest, ...],
    endpoint: str,
) -> None:
    committee = list(ours.committee)
    committee[3] = replace(committee[3], endpoint=endpoint)
    dispute = replace(ours, committee=tuple(committee))
    for member, voice in zip(members[:3], voices[:3], strict=True):
        await member.take_part(dispute, voice.seal(leaves))

    assert [each.signers for each in await certificates(members[:1], dispute)] == [0b0111]
