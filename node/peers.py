"""The Gossip port: votes to and from the other members, over HTTP (SPEC 5.3).

A member offers its vote to every other and asks for the votes they hold, again and again with
back-off, until it is told to stop: so a member that comes late, or comes back, hears everything
from anybody who was there. What arrives is judged by `protocol.gossip` and counted by
`protocol.pool`; the HTTP routes are in `api.py`.

Memory is bounded by the disputes this node works on: votes on others are ignored, and a peer that
repeats is heard later. So is the processor: one signature is checked at a time, off the loop.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

import aiohttp
from yarl import URL

from protocol.errors import Ignore, InvalidMessage
from protocol.gossip import validate_vote
from protocol.messages import Certificate, Vote
from protocol.pool import VotePool
from protocol.types import MAX_COMMITTEE, MAX_VOTE_BYTES, Court, Dispute, DisputeId, Member

from .store import reason_not_to_ask

log = logging.getLogger(__name__)

FIRST_PAUSE_SECONDS: Final = 0.25
LONGEST_PAUSE_SECONDS: Final = 5.0
"""A member that restarts has all votes again within this time."""
EXCHANGE_SECONDS: Final = 5
"""For a vote of a kilobyte; a peer slower than that is as good as gone."""
MAX_VOTES_BYTES: Final = MAX_COMMITTEE * MAX_VOTE_BYTES


@asynccontextmanager
async def open_peers(court: Court) -> AsyncIterator[Peers]:
    """Gossip for the length of the block."""
    async with aiohttp.ClientSession(
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=EXCHANGE_SECONDS),
        trust_env=False,
    ) as session:
        yield Peers(court, session)


@dataclass(frozen=True, slots=True)
class _Ballot:
    """One open dispute and the votes on it."""

    dispute: Dispute
    pool: VotePool
    seen: set[Vote] = field(default_factory=set)
    changed: asyncio.Event = field(default_factory=asyncio.Event)


class Peers:
    """The other members of all committees this node sits on."""

    def __init__(self, court: Court, session: aiohttp.ClientSession) -> None:
        self._court = court
        self._session = session
        self._ballots: dict[DisputeId, _Ballot] = {}
        self._turn = asyncio.Lock()
        """Held by whoever reads or changes a pool, or checks a signature."""

    async def publish(self, dispute: Dispute, vote: Vote) -> None:
        """Exchange votes with every other member, again and again, until cancelled."""
        ballot = self._open(dispute)
        async with self._turn:
            _count(ballot, vote)
        async with asyncio.TaskGroup() as tasks:
            for member in dispute.committee:
                if member.place != vote.place:
                    tasks.create_task(self._keep_exchanging(member, vote))

    async def certificate(self, dispute: Dispute) -> Certificate:
        """Wait until a quorum agrees."""
        ballot = self._open(dispute)
        while True:
            async with self._turn:
                ballot.changed.clear()
                certificate = await asyncio.to_thread(ballot.pool.certificate)
            if certificate is not None:
                return certificate
            await ballot.changed.wait()

    def close(self, dispute: Dispute) -> None:
        """Forget the dispute's votes; the verdict stands."""
        self._ballots.pop(dispute.id, None)

    async def receive(self, message: object) -> None:
        """Take a peer's vote, as parsed from JSON.

        Raises:
            Reject: it breaks a rule; the sender is to blame.
            Ignore: it is of no use now.
        """
        vote = Vote.from_json(message)
        async with self._turn:
            ballot = self._ballots.get(vote.dispute_id)
            if ballot is None:
                raise Ignore(f"no open vote on dispute 0x{vote.dispute_id.hex()}")
            await asyncio.to_thread(
                validate_vote,
                vote,
                disputes={vote.dispute_id: ballot.dispute},
                seen=ballot.seen,
                court=self._court,
            )
            _count(ballot, vote)

    def votes(self, dispute_id: DisputeId) -> tuple[Vote, ...]:
        """The votes held on an open dispute, by place."""
        ballot = self._ballots.get(dispute_id)
        if ballot is None:
            return ()
        return tuple(sorted(ballot.seen, key=lambda vote: (vote.place, vote.outcome)))

    def _open(self, dispute: Dispute) -> _Ballot:
        if dispute.id not in self._ballots:
            self._ballots[dispute.id] = _Ballot(dispute, VotePool(dispute))
        return self._ballots[dispute.id]

    async def _keep_exchanging(self, member: Member, vote: Vote) -> None:
        url = _endpoint(member)
        if url is None:
            return
        pause = FIRST_PAUSE_SECONDS
        while True:
            try:
                await self._exchange(url, vote)
            except (aiohttp.ClientError, TimeoutError, ValueError, RecursionError) as error:
                log.debug("place %d at %s: %s", member.place, url, str(error) or repr(error))
            # Jitter, or a committee that starts together would knock together for ever.
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - not a secret
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)

    async def _exchange(self, url: URL, vote: Vote) -> None:
        """Give a member our vote, and take all it has."""
        async with self._session.post(
            url / "v1/votes", json=vote.to_json(), allow_redirects=False
        ) as response:
            if response.status == 400:
                log.debug("%s rejects our vote: %r", url, await _read(response, 400))
        votes_url = url / "v1/disputes" / vote.dispute_id.hex() / "votes"
        async with self._session.get(votes_url, allow_redirects=False) as response:
            if response.status != 200:
                return
            messages = json.loads(await _read(response, MAX_VOTES_BYTES))
        for message in messages if isinstance(messages, list) else ():
            try:
                await self.receive(message)
            except InvalidMessage as error:
                # It may be another's: a peer that passes on what is wrong is not its author.
                log.debug("a vote from %s: %s", url, error)


def _count(ballot: _Ballot, vote: Vote) -> None:
    ballot.seen.add(vote)
    ballot.pool.add(vote)
    ballot.changed.set()


def _endpoint(member: Member) -> URL | None:
    """Where a member is reached, if its endpoint is a URL that may be asked."""
    try:
        url = URL(member.endpoint)
        why = reason_not_to_ask(url)
    except ValueError as error:
        why = str(error)
    else:
        if why is None:
            return url
    log.warning("place %d cannot be reached at %r: %s", member.place, member.endpoint, why)
    return None


async def _read(response: aiohttp.ClientResponse, max_bytes: int) -> bytes:
    """The body, cut where a peer exceeds what it may send."""
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk[: max_bytes - len(body)]
        if len(body) == max_bytes:
            break
    return bytes(body)
