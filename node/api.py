"""What a node answers over HTTP.

    GET  /livez                      the process is there
    GET  /readyz                     200 if it can do its duty, else 503 with the reasons
    GET  /metrics                    Prometheus
    POST /v1/votes                   a peer's vote
    GET  /v1/disputes/{id}           how far this node has come, and what it measured
    GET  /v1/disputes/{id}/votes     the votes it holds, for a member that comes late

Findings and votes are public; keys, seeds and evidence never pass through here.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from aiohttp import web
from prometheus_client import generate_latest

from protocol.errors import Ignore, Reject
from protocol.types import MAX_VOTE_BYTES, DisputeId

from .journal import Journal
from .metrics import Metrics
from .peers import Peers

Readiness = Callable[[], list[str]]
"""The reasons why the node cannot do its duty; empty if it can."""

JOURNAL = web.AppKey("journal", Journal)
METRICS = web.AppKey("metrics", Metrics)
PEERS = web.AppKey("peers", Peers)
READINESS: web.AppKey[Readiness] = web.AppKey("readiness")

routes = web.RouteTableDef()


def build_api(
    journal: Journal, metrics: Metrics, peers: Peers, readiness: Readiness
) -> web.Application:
    """The application; a body larger than a vote is refused before it is read."""
    app = web.Application(client_max_size=MAX_VOTE_BYTES)
    app[JOURNAL], app[METRICS], app[PEERS], app[READINESS] = journal, metrics, peers, readiness
    app.add_routes(routes)
    return app


@routes.get("/livez")
async def livez(_: web.Request) -> web.Response:
    """The process is there."""
    return web.Response(text="ok\n")


@routes.get("/readyz")
async def readyz(request: web.Request) -> web.Response:
    """Whether this node can do its duty, and if not, why."""
    reasons = request.app[READINESS]()
    return web.json_response(
        {"ready": not reasons, "reasons": reasons}, status=503 if reasons else 200
    )


@routes.get("/metrics")
async def metrics(request: web.Request) -> web.Response:
    """Counters for Prometheus."""
    return web.Response(body=generate_latest(request.app[METRICS].registry))


@routes.post("/v1/votes")
async def receive_vote(request: web.Request) -> web.Response:
    """Take a peer's vote: 200 kept, 202 of no use now, 400 wrong and the sender's fault."""
    received = request.app[METRICS].votes_received
    try:
        await request.app[PEERS].receive(json.loads(await request.text()))
    except (Reject, ValueError, RecursionError) as error:
        received.labels(judgement="rejected").inc()
        return web.json_response({"rejected": str(error)}, status=400)
    except Ignore as error:
        received.labels(judgement="ignored").inc()
        return web.json_response({"ignored": str(error)}, status=202)
    received.labels(judgement="accepted").inc()
    return web.json_response({})


@routes.get("/v1/disputes/{id:[0-9a-f]{64}}")
async def dispute(request: web.Request) -> web.Response:
    """How far this node has come with a dispute, its vote and its finding."""
    dispute_id = _dispute_id(request)
    journal = request.app[JOURNAL]
    step = journal.step(dispute_id)
    if step is None:
        raise web.HTTPNotFound(text="this node has no part in that dispute\n")
    finding = journal.finding(dispute_id)
    answer: dict[str, Any] = {
        "step": step.value,
        "votes": [
            {"round": vote.round, "outcome": vote.outcome.name}
            for vote in journal.votes()
            if vote.dispute_id == dispute_id
        ],
        "finding": None if finding is None else json.loads(finding),
    }
    return web.json_response(answer)


@routes.get("/v1/disputes/{id:[0-9a-f]{64}}/votes")
async def votes(request: web.Request) -> web.Response:
    """The votes this node holds for a dispute that is still open."""
    held = request.app[PEERS].votes(_dispute_id(request))
    return web.json_response([vote.to_json() for vote in held])


def _dispute_id(request: web.Request) -> DisputeId:
    return DisputeId(bytes.fromhex(request.match_info["id"]))
