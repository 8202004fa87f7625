"""What a node answers over HTTP, to peers who mean well and to others."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

import node.cli  # noqa: F401 - sets the recursion limit, as every command does
from node.api import build_api
from node.journal import Journal
from node.metrics import Metrics
from node.peers import open_peers
from protocol.types import MAX_VOTE_BYTES, Outcome
from tests.support.factories import COURT
from tests.support.simnet import STOLEN, SimCommittee

Client = TestClient[Any, Any]


@pytest.fixture
def committee(tmp_path: Path) -> SimCommittee:
    return SimCommittee(tmp_path)


@pytest.fixture
def journal(committee: SimCommittee) -> Journal:
    return committee.members[0].journal


@pytest.fixture
async def client(committee: SimCommittee, journal: Journal) -> AsyncIterator[Client]:
    """The API of member 0, which works on the committee's dispute."""
    async with open_peers(COURT) as peers:
        peers._open(committee.dispute)
        api = build_api(journal, Metrics(), peers, lambda: ["the chain does not answer"])
        async with TestClient(TestServer(api)) as client:
            yield client


async def test_readyz__says_why_not(client: Client) -> None:
    answer = await client.get("/readyz")

    assert answer.status == 503
    assert await answer.json() == {"ready": False, "reasons": ["the chain does not answer"]}


async def test_votes__are_taken_once_and_shown_to_who_asks(
    client: Client, committee: SimCommittee
) -> None:
    vote = committee.services(2).signer.vote(committee.dispute, Outcome.MATCH).to_json()

    first = await client.post("/v1/votes", json=vote)
    second = await client.post("/v1/votes", json=vote)
    held = await client.get(f"/v1/disputes/{committee.dispute.id.hex()}/votes")

    assert (first.status, second.status) == (200, 202)
    assert await held.json() == [vote]
    text = await (await client.get("/metrics")).text()
    assert 'assay_votes_received_total{judgement="accepted"} 1.0' in text


HOSTILE = {
    "not JSON": "votes",
    "another object": "{}",
    "a list as deep as the body allows": "[" * MAX_VOTE_BYTES,
    "a number beyond any type": json.dumps({"disputeId": "00" * 32, "round": 10**300}),
}


@pytest.mark.parametrize("case", HOSTILE)
async def test_votes__what_is_no_vote_is_rejected(case: str, client: Client) -> None:
    answer = await client.post("/v1/votes", data=HOSTILE[case])

    assert answer.status == 400
    assert "rejected" in await answer.json()


async def test_votes__larger_than_any_vote_is_refused_unread(client: Client) -> None:
    assert (await client.post("/v1/votes", data="x" * (MAX_VOTE_BYTES + 1))).status == 413


async def test_votes__signed_by_another_is_rejected(
    client: Client, committee: SimCommittee
) -> None:
    vote = committee.services(2).signer.vote(committee.dispute, Outcome.MATCH).to_json()

    answer = await client.post("/v1/votes", json=vote | {"place": 1})

    assert answer.status == 400


async def test_dispute__shows_the_step_the_vote_and_the_finding(
    client: Client, committee: SimCommittee, journal: Journal
) -> None:
    dispute = committee.dispute
    journal.advance(1, [(dispute.id, dispute.vote_deadline)])
    signer = committee.services(0).signer
    signer.keep(dispute, STOLEN)
    signer.vote(dispute, Outcome.MATCH)

    answer = await client.get(f"/v1/disputes/{dispute.id.hex()}")

    shown = await answer.json()
    assert shown["step"] == "voted"
    assert shown["votes"] == [{"round": 0, "outcome": "MATCH"}]
    assert shown["finding"]["low"] == STOLEN.low


async def test_dispute__that_is_not_ours_is_not_found(client: Client) -> None:
    assert (await client.get(f"/v1/disputes/{'00' * 32}")).status == 404
