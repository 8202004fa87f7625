"""The owner's duty, round after round, against a court that only says where the dispute stands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from node import challenge
from node.claims import OwnClaim, freeze
from node.errors import BadClaim
from protocol.chain import CourtClient, Head
from protocol.claims import Opening
from protocol.committee import committee_hash
from protocol.court import DisputeRecord, RoundRecord, Verdict
from protocol.envelope import envelope_context, open_envelope
from protocol.errors import ContractRefused
from protocol.types import (
    BlobRef,
    ClaimId,
    Digest,
    DisputeId,
    Member,
    ModelDigest,
    Outcome,
    Place,
    State,
)
from tests.support.factories import COURT, address, digest, seat

DISPUTE = DisputeId(digest(11))
MIRROR = "http://127.0.0.1:8600"
KEY = X25519PrivateKey.from_private_bytes(b"\x05" * 32)
MEMBERS = tuple(
    seat(place, bytes([place]) * 128, envelope_key=KEY.public_key().public_bytes_raw())
    for place in range(4)
)
Step = Callable[["ScriptedCourt"], None]


class ScriptedCourt:
    """A court that moves by one step of its script whenever its finalized head is read."""

    court = COURT

    def __init__(self, claim: ClaimId, *script: Step, shards: int = 3) -> None:
        self.shards = shards
        self.script = list(script)
        self.now = 1000
        self.number = 50
        self.said: list[str] = []
        self.envelopes: dict[int, BlobRef] = {}
        self.refuses: str | None = None
        self.final = DisputeRecord(
            id=DISPUTE, owner=address(4), state=State.OPEN, outcome=None, verdict_round=0, round=0,
            rungs=2, appeals=0, appellant=None, opened_block=48, seed_block=50, deadline=1100,
            claim_id=claim, model=ModelDigest(digest(15)),
        )  # fmt: skip
        self.latest: DisputeRecord | None = None

    def becomes(self, **changes: Any) -> None:
        self.final = replace(self.final, **changes)

    async def head(self, tag: str) -> Head:
        if tag == "finalized" and self.script:
            self.script.pop(0)(self)
        return Head(self.number, tag.encode(), self.now)

    async def dispute_record(self, _: DisputeId, at: Head) -> DisputeRecord:
        is_final = at.hash == b"finalized"
        return self.final if is_final or self.latest is None else self.latest

    async def round_record(self, _: DisputeId, round_: int, at: Head) -> RoundRecord:
        shard = round_ + 1
        return RoundRecord(digest(1), None, None, 4, None, shard, None, 0, 0, 0, 0, 0)

    async def committee(self, _: DisputeId, round_: int, at: Head) -> tuple[Member, ...]:
        return MEMBERS

    async def shards_left(self, _: ClaimId, at: Head) -> int:
        return self.shards

    async def verdict(self, _: DisputeId, at: Head) -> Verdict:
        return Verdict(
            DISPUTE, self.final.state, self.final.outcome, self.final.round, (), None, b"", 1, None
        )

    async def open(self, *_: object) -> tuple[DisputeId, None]:
        self.said.append("open")
        return DISPUTE, None

    async def draw(self, _: DisputeId) -> None:
        self._act("draw")

    async def expire(self, _: DisputeId) -> None:
        self._act("expire")

    async def appeal(self, _: DisputeId) -> None:
        self._act("appeal")

    async def deliver(self, _: DisputeId, envelope: BlobRef) -> None:
        self._act(f"deliver in round {self.final.round}")
        self.envelopes[self.final.round] = envelope

    def _act(self, what: str) -> None:
        if self.refuses:
            name, self.refuses = self.refuses, None
            raise ContractRefused(what, name, {}, "nothing")
        self.said.append(what)


@pytest.fixture
def claim(tmp_path: Path) -> OwnClaim:
    made, _ = freeze(
        tmp_path, COURT, owner=address(4), scheme="deepsigns-v1", level=64,
        evidence=(b"first", b"second", b"third"), model=tmp_path / "model", data="digits",
    )  # fmt: skip
    return made


@pytest.fixture(autouse=True)
def uploaded(monkeypatch: pytest.MonkeyPatch) -> dict[Digest, bytes]:
    """What was put on the mirror."""
    blobs: dict[Digest, bytes] = {}

    async def upload(_: object, mirror: str, content: bytes) -> BlobRef:
        blob = BlobRef(digest(900 + len(blobs)), len(content), (mirror,))
        blobs[blob.digest] = content
        return blob

    monkeypatch.setattr("node.challenge.upload", upload)
    monkeypatch.setattr("node.patience.POLL_SECONDS", 0)
    return blobs


def drawable(court: ScriptedCourt) -> None:
    court.number = court.final.seed_block + 1


def drawn(court: ScriptedCourt) -> None:
    court.becomes(state=State.DRAWN)


def keyed(court: ScriptedCourt) -> None:
    court.becomes(state=State.KEYED)


def proposed(court: ScriptedCourt) -> None:
    court.becomes(state=State.PROPOSED, outcome=Outcome.NO_MATCH)


def next_round(court: ScriptedCourt) -> None:
    court.becomes(state=State.OPEN, round=court.final.round + 1, seed_block=court.number + 2)


def final(court: ScriptedCourt) -> None:
    court.becomes(state=State.FINAL, outcome=Outcome.MATCH)


def forfeit(court: ScriptedCourt) -> None:
    court.becomes(state=State.FORFEIT)


def nothing(_: ScriptedCourt) -> None:
    pass


async def follow(claim: OwnClaim, court: ScriptedCourt) -> Verdict:
    court_client = cast(CourtClient, court)
    return await challenge.follow(court_client, claim, DISPUTE, MIRROR, say=lambda _: None)


async def test_follow__draws_and_delivers_in_every_round(claim: OwnClaim) -> None:
    """Round 0, an escalation or appeal, and the end."""
    court = ScriptedCourt(
        claim.id, nothing, drawable, drawn, keyed, proposed, next_round, drawable, drawn, keyed,
        proposed, final,
    )  # fmt: skip

    verdict = await follow(claim, court)

    assert verdict.outcome is Outcome.MATCH
    assert court.said == ["draw", "deliver in round 0", "draw", "deliver in round 1"]


async def test_follow__seals_the_shard_of_each_round_for_its_committee_and_no_other(
    claim: OwnClaim, uploaded: dict[Digest, bytes]
) -> None:
    court = ScriptedCourt(claim.id, drawn, keyed, next_round, drawn, keyed, final)

    await follow(claim, court)

    keys = committee_hash([member.bls_key for member in MEMBERS])
    for round_, blob in court.envelopes.items():
        context = envelope_context(COURT, DISPUTE, round_, keys)
        opened = open_envelope(uploaded[blob.digest], Place(0), KEY, context)
        assert Opening.decode(opened) == claim.opening(round_ + 1)
    assert set(court.envelopes) == {0, 1}


async def test_follow__does_not_act_on_what_later_blocks_have_done_with(claim: OwnClaim) -> None:
    def delivered_but_not_final(court: ScriptedCourt) -> None:
        drawn(court)
        court.latest = replace(court.final, state=State.KEYED)

    court = ScriptedCourt(claim.id, delivered_but_not_final, nothing, final)

    await follow(claim, court)

    assert court.said == []


async def test_follow__delivers_again_what_a_reorg_took_back(claim: OwnClaim) -> None:
    def delivered_but_not_final(court: ScriptedCourt) -> None:
        court.latest = replace(court.final, state=State.KEYED)

    def reorganised(court: ScriptedCourt) -> None:
        court.latest = None

    court = ScriptedCourt(claim.id, drawn, delivered_but_not_final, reorganised, final)

    await follow(claim, court)

    assert court.said == ["deliver in round 0", "deliver in round 0"]


async def test_follow__does_not_mind_that_somebody_else_drew(claim: OwnClaim) -> None:
    court = ScriptedCourt(claim.id, drawable, drawn, final)
    court.refuses = "WrongState"

    await follow(claim, court)

    assert court.said == ["deliver in round 0"]


async def test_follow__leaves_what_nobody_has_left_in_time(claim: OwnClaim) -> None:
    """Members first: they have their turns."""

    def late(court: ScriptedCourt) -> None:
        court.now = court.final.deadline + challenge.GRACE_SECONDS

    def too_late(court: ScriptedCourt) -> None:
        court.now += 1

    court = ScriptedCourt(claim.id, keyed, late, too_late, final)

    await follow(claim, court)

    assert court.said == ["expire"]


async def test_follow__ends_when_the_owner_came_too_late(claim: OwnClaim) -> None:
    court = ScriptedCourt(claim.id, drawn, forfeit)
    court.refuses = "DeadlinePassed"

    assert (await follow(claim, court)).state is State.FORFEIT


async def test_follow__refuses_a_dispute_about_another_claim(claim: OwnClaim) -> None:
    court = ScriptedCourt(ClaimId(digest(99)), nothing)

    with pytest.raises(BadClaim, match="is about claim"):
        await follow(claim, court)


async def test_challenge__returns_when_the_first_committee_has_its_shard(claim: OwnClaim) -> None:
    court = ScriptedCourt(claim.id, nothing, nothing, drawable, drawn, keyed, nothing)
    suspect = BlobRef(digest(15), 1, (MIRROR,))

    await challenge.challenge(cast(CourtClient, court), claim, suspect, MIRROR, say=lambda _: None)

    assert court.said == ["open", "draw", "deliver in round 0"]
    assert len(court.script) == 1


async def test_challenge__pays_nothing_for_a_claim_without_shards(claim: OwnClaim) -> None:
    court = ScriptedCourt(claim.id, shards=0)
    suspect = BlobRef(digest(15), 1, (MIRROR,))

    with pytest.raises(BadClaim, match="burnt or promised"):
        await challenge.challenge(
            cast(CourtClient, court), claim, suspect, MIRROR, say=lambda _: None
        )

    assert court.said == []


async def test_appeal__sees_to_its_draw(claim: OwnClaim) -> None:
    court = ScriptedCourt(claim.id, nothing, drawable, drawn)
    next_round(court)

    record = await challenge.appeal(cast(CourtClient, court), DISPUTE, say=lambda _: None)

    assert (record.round, record.state) == (1, State.DRAWN)
    assert court.said == ["appeal", "draw"]
