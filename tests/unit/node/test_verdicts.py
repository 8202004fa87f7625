"""Verdicts in words: what was shown, by whom, until when it can be appealed, and no more."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, cast

import pytest
from aiohttp import web

from node.errors import UnknownDispute
from node.verdicts import find_dispute, in_words, meaning, standing_in_words, verdict_facts
from protocol.chain import CourtReader, Head
from protocol.court import DisputeRecord, RoundRecord, Verdict
from protocol.types import ClaimId, DisputeId, Member, ModelDigest, Outcome, Place, State
from tests.support.factories import address, digest, seat
from verifier import Access, Finding, hits_law

CLAIM = "ab" * 32
DISPUTE = DisputeId(digest(11))


def found(access: Access) -> Finding:
    return Finding("s-v1", access, 200, 200, hits_law(256, 2), level=64)


def test_meaning__say_what_a_match_shows_and_no_more() -> None:
    sentence = meaning(found(Access.WEIGHTS), "MATCH", CLAIM)

    assert "odds of chance below 2^-64, the mark of claim abababab" in sentence
    assert "stolen" not in sentence


def test_meaning__warn_that_marks_in_answers_may_have_been_planted() -> None:
    planted = "trained on the owner's marked material"

    assert planted in meaning(found(Access.ANSWERS), "MATCH", CLAIM)
    assert planted not in meaning(found(Access.WEIGHTS), "MATCH", CLAIM)
    assert planted not in meaning(found(Access.ANSWERS), "NO_MATCH", CLAIM)


class CourtOfTwoRounds:
    """Four found nothing; of thirteen, who were appealed to, nine found the mark."""

    first_block = 0

    def __init__(self, endpoint: str = "http://127.0.0.1:9") -> None:
        self.now = 1000
        self.endpoint = endpoint
        self.record = DisputeRecord(
            id=DISPUTE, owner=address(4), state=State.PROPOSED, outcome=Outcome.MATCH,
            verdict_round=1, round=1, rungs=2, appeals=1, appellant=address(5), opened_block=48,
            seed_block=50, deadline=1030, claim_id=ClaimId(bytes.fromhex(CLAIM)),
            model=ModelDigest(digest(15)),
        )  # fmt: skip
        first = RoundRecord(
            digest(1),
            digest(2),
            digest(3),
            4,
            Outcome.NO_MATCH,
            2,
            900,
            0b1111,
            0b1111,
            0b1111,
            0,
            9,
        )
        self.rounds = [
            first,
            replace(
                first, size=13, outcome=Outcome.MATCH, shard=0,
                voters=0b0_1111_1111_1111, opened=0b0_0111_1111_1111, signers=0b0_0001_1111_1111,
            ),
        ]  # fmt: skip

    async def head(self, _: str) -> Head:
        return Head(60, b"", self.now)

    async def dispute_record(self, _: DisputeId, at: Head) -> DisputeRecord:
        return self.record

    async def opened_disputes(self, first: int, last: int) -> list[DisputeId]:
        return [DisputeId(bytes.fromhex(each * 32)) for each in ("a1", "a2", "b1")]

    async def round_record(self, _: DisputeId, round_: int, at: Head) -> RoundRecord:
        return self.rounds[round_]

    async def committee(self, _: DisputeId, round_: int, at: Head) -> tuple[Member, ...]:
        members = (seat(place, b"") for place in range(self.rounds[round_].size))
        return tuple(replace(member, endpoint=self.endpoint) for member in members)

    async def verdict(self, _: DisputeId, at: Head) -> Verdict | None:
        signers = tuple(Place(place) for place in range(9))
        return Verdict(
            DISPUTE, State.PROPOSED, Outcome.MATCH, 1, signers, address(7), b"", 55, 1030
        )

    async def gas_used(self, _: bytes) -> int:
        return 300_000


async def facts_of(court: CourtOfTwoRounds) -> dict[str, Any]:
    return await verdict_facts(cast(CourtReader, court), DISPUTE)


async def test_verdict_facts__name_who_had_which_part() -> None:
    facts = await facts_of(CourtOfTwoRounds())

    assert facts["state"] == "PROPOSED"
    assert facts["appeal_until"] == "1970-01-01T00:17:10+00:00"
    assert [each["cause"] for each in facts["rounds"]] == ["opened", "appealed"]
    assert (facts["verdict_of_round"], facts["shard"], facts["committee"]) == (1, 0, 13)
    assert facts["signers"] == [address(100 + place) for place in range(9)]
    assert facts["minority"] == [address(109), address(110)]
    assert facts["withheld"] == [address(111)]
    assert facts["absent"] == [address(112)]


async def test_in_words__tell_rounds_and_appeal_as_sentences() -> None:
    told = in_words(await facts_of(CourtOfTwoRounds()))

    assert told["rounds"] == (
        "round 0 (opened): NO_MATCH by 4 of 4; "
        "round 1 (appealed): MATCH by 9 of 13, 2 another outcome, 1 not opened"
    )
    assert told["appeal"] == "until 1970-01-01T00:17:10+00:00"
    assert told["minority"] == f"{address(109)}, {address(110)}"


async def test_verdict_facts__offer_no_appeal_whose_time_has_passed() -> None:
    court = CourtOfTwoRounds()
    court.now = 1031

    facts = await facts_of(court)

    assert facts["appeal_until"] is None
    assert standing_in_words(facts) == "MATCH, no appeal any more, soon final"


STANDINGS: dict[str, tuple[dict[str, Any], str]] = {
    "final": ({"state": "FINAL", "outcome": "MATCH", "round": 1}, "MATCH"),
    "void": ({"state": "VOID", "outcome": None, "round": 1}, "VOID"),
    "at work": ({"state": "KEYED", "outcome": None, "round": 0}, "KEYED, round 0"),
    "appealed": (
        {"state": "SEALED", "outcome": "NO_MATCH", "round": 1},
        "SEALED, round 1, NO_MATCH stands until then",
    ),
    "proposed": (
        {"state": "PROPOSED", "outcome": "MATCH", "round": 0, "appeal_until": "noon"},
        "MATCH, appeal until noon",
    ),
}


@pytest.mark.parametrize("case", STANDINGS)
def test_standing_in_words__tells_a_verdict_from_one_that_may_change(case: str) -> None:
    standing, words = STANDINGS[case]

    assert standing_in_words(standing) == words


@pytest.mark.parametrize(("asked", "of_round"), [(1, True), (0, False)])
async def test_verdict_facts__take_the_measurement_of_the_round_that_decided(
    asked: int, of_round: bool, unused_tcp_port: int
) -> None:
    async def dispute(_: web.Request) -> web.Response:
        return web.json_response({"round": asked, "finding": found(Access.WEIGHTS).to_json()})

    async with _serving(dispute, unused_tcp_port) as endpoint:
        facts = await facts_of(CourtOfTwoRounds(endpoint))

    assert ("score" in facts) is of_round


@pytest.mark.parametrize("answer", ["{", "[]", '{"round": 1}', '{"round": 1, "finding": null}'])
async def test_verdict_facts__do_without_a_node_that_answers_nonsense(
    answer: str, unused_tcp_port: int
) -> None:
    async def dispute(_: web.Request) -> web.Response:
        return web.Response(text=answer, content_type="application/json")

    async with _serving(dispute, unused_tcp_port) as endpoint:
        facts = await facts_of(CourtOfTwoRounds(endpoint))

    assert "score" not in facts
    assert facts["outcome"] == "MATCH"


async def test_find_dispute__takes_the_beginning_of_an_id_or_the_newest() -> None:
    court = cast(CourtReader, CourtOfTwoRounds())

    assert (await find_dispute(court, "a2")).hex() == "a2" * 32
    assert (await find_dispute(court, "0xb")).hex() == "b1" * 32
    assert (await find_dispute(court, None)).hex() == "b1" * 32


@pytest.mark.parametrize(("name", "matches"), [("a", 2), ("c", 0)])
async def test_find_dispute__refuses_a_name_of_several_or_none(name: str, matches: int) -> None:
    with pytest.raises(UnknownDispute) as refusal:
        await find_dispute(cast(CourtReader, CourtOfTwoRounds()), name)

    assert refusal.value.matches == matches


@asynccontextmanager
async def _serving(handler: Any, port: int) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_get("/v1/disputes/{id}", handler)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield f"http://127.0.0.1:{port}"
    finally:
        await runner.cleanup()
