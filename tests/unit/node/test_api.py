"""What a node answers over HTTP, to peers who mean well and to others."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

import node.cli  # noqa: F401 - sets the recursion limit, as every command does
from node.api import build_api
from node.assembly import tag_of
from node.journal import Journal
from node.metrics import Metrics
from node.peers import open_peers
from protocol.messages import message_to_json
from protocol.types import MAX_MESSAGE_BYTES, Outcome
from tests.support.factories import COURT
from tests.support.simnet import STOLEN, SimCommittee

Client = TestClient[Any, Any]
MATCH = Outcome.MATCH


@pytest.fixture
def committee(tmp_path: Path) -> SimCommittee:
    return SimCommittee(tmp_path)


@pytest.fixture
def journal(committee: SimCommittee) -> Journal:
    return committee.members[0].journal


@pytest.fixture
async def client(committee: SimCommittee, journal: Journal) -> AsyncIterator[Client]:
    """The API of member 0, which works on the committee's dispute."""
    async with open_peers(COURT, committee.members[0].keys.bls_key) as peers:
        await peers.hurry(committee.dispute)
        api = build_api(journal, Metrics(), peers, lambda: ["the chain does not answer"])
        async with TestClient(TestServer(api)) as client:
            yield client


async def test_readyz__says_why_not(client: Client) -> None:
    answer = await client.get("/readyz")

    assert answer.status == 503
    assert await answer.json() == {"ready": False, "reasons": ["the chain does not answer"]}


async def test_messages__are_taken_once_and_shown_to_who_asks(
    client: Client, committee: SimCommittee
) -> None:
    dispute = committee.dispute
    said = message_to_json(committee.members[2].signer.commit(dispute, Outcome.MATCH))

    first = await client.post("/v1/messages", json=said)
    second = await client.post("/v1/messages", json=said)
    held = await client.get(f"/v1/disputes/{dispute.id.hex()}/0/messages")

    assert (first.status, second.status) == (200, 202)
    assert await held.json() == {"messages": [said], "leaves": None}
    text = await (await client.get("/metrics")).text()
    assert 'assay_messages_received_total{judgement="accepted"} 1.0' in text


async def test_messages__are_not_told_again_to_who_knows_them(
    client: Client, committee: SimCommittee
) -> None:
    path = f"/v1/disputes/{committee.dispute.id.hex()}/0/messages"
    commit = committee.members[2].signer.commit
    await client.post("/v1/messages", json=message_to_json(commit(committee.dispute, MATCH)))
    told = await client.get(path)
    known = tag_of(await told.json())
    assert told.headers["ETag"] == f'"{known}"'

    again = await client.get(path, headers={"If-None-Match": f'"another", "{known}"'})
    assert (again.status, await again.read()) == (304, b"")

    commit = committee.members[1].signer.commit
    await client.post("/v1/messages", json=message_to_json(commit(committee.dispute, MATCH)))
    news = await client.get(path, headers={"If-None-Match": f'"{known}"'})
    assert (news.status, len((await news.json())["messages"])) == (200, 2)


async def test_messages__of_a_round_that_is_not_ours_are_none(
    client: Client, committee: SimCommittee
) -> None:
    held = await client.get(f"/v1/disputes/{committee.dispute.id.hex()}/1/messages")

    assert await held.json() == {"messages": [], "leaves": None}


HOSTILE = {
    "not JSON": "messages",
    "another object": "{}",
    "a list as deep as the body allows": "[" * MAX_MESSAGE_BYTES,
    "a number beyond any type": json.dumps(
        {"kind": "vote", "dispute_id": "00" * 32, "round": 10**300}
    ),
}


@pytest.mark.parametrize("case", HOSTILE)
async def test_messages__what_is_none_is_rejected(case: str, client: Client) -> None:
    answer = await client.post("/v1/messages", data=HOSTILE[case])

    assert answer.status == 400
    assert "rejected" in await answer.json()


async def test_messages__larger_than_any_is_refused_unread(client: Client) -> None:
    assert (await client.post("/v1/messages", data="x" * (MAX_MESSAGE_BYTES + 1))).status == 413


async def test_messages__signed_by_another_are_rejected(
    client: Client, committee: SimCommittee
) -> None:
    said = message_to_json(committee.members[2].signer.commit(committee.dispute, Outcome.MATCH))

    answer = await client.post("/v1/messages", json=said | {"place": 1})

    assert answer.status == 400


async def test_dispute__hides_what_could_be_copied_until_it_is_sealed(
    client: Client, committee: SimCommittee, journal: Journal
) -> None:
    dispute, signer = committee.dispute, committee.members[0].signer

    async def shown() -> Any:
        return await (await client.get(f"/v1/disputes/{dispute.id.hex()}")).json()

    unseen = await shown()
    signer.keep(dispute, STOLEN)
    assert await shown() == unseen  # a member that could not measure has nothing to keep
    signer.commit(dispute, Outcome.MATCH)
    assert await shown() == {"round": 0, "step": "committed", "votes": [], "finding": None}

    signer.disclose(dispute)
    told = await shown()
    assert (told["round"], told["step"]) == (0, "sealed")
    assert told["votes"] == [{"round": 0, "outcome": "MATCH"}]
    assert told["finding"]["low"] == STOLEN.low

    signer.close(dispute)
    assert (await shown())["step"] == "closed"


async def test_dispute__is_about_the_latest_round(
    client: Client, committee: SimCommittee, journal: Journal
) -> None:
    dispute, signer = committee.dispute, committee.members[0].signer
    signer.commit(dispute, Outcome.MATCH)
    signer.disclose(dispute)
    signer.close(dispute)
    appealed = replace(dispute, round=1)
    journal.progress.advance(2, [(dispute.id, 1, 0)])
    signer.keep(appealed, STOLEN)
    signer.commit(appealed, Outcome.MATCH)

    answer = await client.get(f"/v1/disputes/{dispute.id.hex()}")

    assert await answer.json() == {
        "round": 1,
        "step": "committed",
        "votes": [{"round": 0, "outcome": "MATCH"}],
        "finding": None,
    }


async def test_dispute__that_is_not_ours_is_not_found(client: Client) -> None:
    assert (await client.get(f"/v1/disputes/{'00' * 32}")).status == 404
