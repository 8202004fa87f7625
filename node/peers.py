"""The Gossip port's wire: what members say to each other, over HTTP (SPEC 5.4).

A member posts its own messages to every other until they are taken, and asks each for what it
holds, again and again with back-off, until it is told to stop: so a member that comes late, or
comes back, hears everything from anybody who was there. It says what it knows already, so most
answers are empty. The HTTP routes are in `api.py`, what comes of the messages in `assembly.py`.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import aiohttp
from yarl import URL

from protocol.court import Court
from protocol.messages import Message, message_to_json
from protocol.types import MAX_COMMITTEE, MAX_MESSAGE_BYTES, Dispute, Member

from .assembly import Assembly, tag_of
from .download import reason_not_to_ask
from .hall import KEPT

log = logging.getLogger(__name__)

FIRST_PAUSE_SECONDS: Final = 0.25
LONGEST_PAUSE_SECONDS: Final = 60.0
PAUSES_IN_A_WINDOW: Final = 12
"""So that a member that nobody can reach, and that can only ask, asks three times in a hurry."""
EXCHANGE_SECONDS: Final = 5
"""For messages of a kilobyte; a peer slower than that is as good as gone."""
MAX_ANSWER_BYTES: Final = MAX_COMMITTEE * (sum(KEPT.values()) + 1) * MAX_MESSAGE_BYTES


@asynccontextmanager
async def open_peers(court: Court, bls_key: bytes) -> AsyncIterator[Peers]:
    """Gossip for the length of the block, of the member with this key."""
    async with aiohttp.ClientSession(
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=EXCHANGE_SECONDS),
        trust_env=False,
    ) as session:
        yield Peers(court, bls_key, session)


class Peers(Assembly):
    """The other members of all committees this node sits on."""

    def __init__(self, court: Court, bls_key: bytes, session: aiohttp.ClientSession) -> None:
        super().__init__(court)
        self._bls_key = bls_key
        self._session = session

    async def exchange(self, dispute: Dispute) -> None:
        """Trade what is held with every other member, again and again, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for member in dispute.committee:
                if member.bls_key == self._bls_key:
                    continue
                url = _endpoint(member)
                if url is None:
                    self.asked(dispute, member.place)
                else:
                    tasks.create_task(self._keep_exchanging(dispute, member, url))

    async def _keep_exchanging(self, dispute: Dispute, member: Member, url: URL) -> None:
        pause = FIRST_PAUSE_SECONDS
        longest = min(LONGEST_PAUSE_SECONDS, dispute.seal_window / PAUSES_IN_A_WINDOW)
        taken: set[Message] = set()
        told: str | None = None
        while True:
            hastened = self.hastened(dispute)
            try:
                await self._post(dispute, url, taken)
                told = await self._ask(dispute, url, told)
            except (aiohttp.ClientError, TimeoutError, ValueError, RecursionError) as error:
                log.debug("place %d at %s: %s", member.place, url, str(error) or repr(error))
            self.asked(dispute, member.place)
            # Jitter, or a committee that starts together would knock together for ever.
            wait = pause * random.uniform(0.5, 1.0)  # noqa: S311 - not a secret
            pause = min(2 * pause, longest)
            try:
                async with asyncio.timeout(wait):
                    await hastened.wait()
                pause = FIRST_PAUSE_SECONDS  # what we have just said is answered soon
            except TimeoutError:
                pass

    async def _post(self, dispute: Dispute, url: URL, taken: set[Message]) -> None:
        """Give a member what we have said and it has not taken yet."""
        for message in self.ours(dispute):
            if message in taken:
                continue
            async with self._session.post(
                url / "v1/messages", json=message_to_json(message), allow_redirects=False
            ) as response:
                if response.status == 200:
                    taken.add(message)
                elif response.status == 400:
                    log.debug("%s rejects our message: %r", url, await _read(response, 400))

    async def _ask(self, dispute: Dispute, url: URL, told: str | None) -> str | None:
        """Take all a member holds, unless we hold the same or it has `told` us; returns what it
        has told us now."""
        path = url / "v1/disputes" / dispute.id.hex() / str(dispute.round) / "messages"
        held = tag_of(self.answer(dispute.id, dispute.round))
        tags = ", ".join(f'"{tag}"' for tag in (held, told) if tag)
        async with self._session.get(
            path, headers={"If-None-Match": tags}, allow_redirects=False
        ) as response:
            if response.status != 200:
                return told
            answer = json.loads(await _read(response, MAX_ANSWER_BYTES))
        for error in await self.hear(dispute, answer):
            # It may be another's: a peer that passes on what is wrong is not its author.
            log.debug("a message from %s: %s", url, error)
        return tag_of(answer)


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
