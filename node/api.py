"""What a node answers over HTTP.

    GET  /livez                      the process is there
    GET  /readyz                     200 if it can do its duty, else 503 with the reasons
    GET  /metrics                    Prometheus
    POST /v1/messages                a member's commitment, seal or vote
    GET  /v1/disputes/{id}           how far this node has come in its latest round, and what it
                                     measured
    GET  /v1/disputes/{id}/{round}/messages
                                     what it holds of a round, for a member that comes late; 304 if
                                     that is what the member says it knows

Findings and votes, and counters that tell of them, are public once the chain has the round's seal,
and no sooner: who could read them here would not have to measure. Keys, seeds and evidence never
pass through here.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from aiohttp import web
from prometheus_client import generate_latest

from protocol.errors import Ignore, Reject
from protocol.types import MAX_MESSAGE_BYTES, DisputeId

from .assembly import tag_of
from .journal import Journal
from .metrics import Metrics
from .peers import Peers
from .progress import Step

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
    """The application; a body larger than a message is refused before it is read."""
    app = web.Application(client_max_size=MAX_MESSAGE_BYTES)
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


@routes.post("/v1/messages")
async def receive(request: web.Request) -> web.Response:
    """Take a member's message: 200 kept, 202 of no use now, 400 wrong and the sender's fault."""
    received = request.app[METRICS].messages_received
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
    """How far this node has come with a dispute, its votes and its finding."""
    dispute_id = _dispute_id(request)
    journal = request.app[JOURNAL]
    rounds = journal.progress.rounds(dispute_id)
    if not rounds:
        raise web.HTTPNotFound(text="this node has no part in that dispute\n")
    latest = rounds[-1]
    shown = {seen.round for seen in rounds if seen.step >= Step.SEALED}
    # Not even that something was measured: a vote on what could not be is half known by that.
    step = Step.SEEN if latest.step is Step.VERIFIED else latest.step
    is_finding_shown = latest.finding is not None and latest.round in shown
    answer: dict[str, Any] = {
        "round": latest.round,
        "step": "closed" if latest.is_closed else step.name.lower(),
        "votes": [
            {"round": vote.round, "outcome": vote.outcome.name}
            for vote in journal.votes()
            if vote.dispute_id == dispute_id and vote.round in shown
        ],
        "finding": json.loads(latest.finding or "") if is_finding_shown else None,
    }
    return web.json_response(answer)


@routes.get("/v1/disputes/{id:[0-9a-f]{64}}/{round:[0-9]{1,3}}/messages")
async def messages(request: web.Request) -> web.Response:
    """What this node holds of a round that it still works on."""
    answer = request.app[PEERS].answer(_dispute_id(request), int(request.match_info["round"]))
    tag = tag_of(answer)
    is_known = any(known.value == tag for known in request.if_none_match or ())
    response = web.Response(status=304) if is_known else web.json_response(answer)
    response.etag = tag
    return response


def _dispute_id(request: web.Request) -> DisputeId:
    return DisputeId(bytes.fromhex(request.match_info["id"]))
