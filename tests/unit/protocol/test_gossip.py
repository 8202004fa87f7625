"""One rule of SPEC 5.3, one test; and that they come in their order."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from protocol import gossip
from protocol.errors import Ignore, InvalidMessage, Reject
from protocol.messages import Vote
from protocol.types import DisputeId, Outcome, Place


@pytest.fixture
def validate(four: Any) -> Any:
    seen: set[Vote] = set()

    def validate_vote(vote: Vote) -> None:
        disputes = {four.dispute.id: four.dispute}
        gossip.validate_vote(vote, disputes=disputes, seen=seen, court=four.court)

    return validate_vote


@pytest.mark.parametrize("outcome", Outcome)
def test_validate_vote__accept(outcome: Outcome, validate: Any, four: Any) -> None:
    validate(four.vote(0, outcome))


def test_validate_vote__ignore_unknown_dispute(validate: Any, four: Any) -> None:
    with pytest.raises(Ignore, match="no open vote"):
        validate(replace(four.vote(0, Outcome.MATCH), dispute_id=DisputeId(bytes(32))))


def test_validate_vote__reject_another_round(validate: Any, four: Any) -> None:
    with pytest.raises(Reject, match="round 1"):
        validate(replace(four.vote(0, Outcome.MATCH), round=1))


@pytest.mark.parametrize("place", [4, 255, -1])
def test_validate_vote__reject_unknown_place(place: int, validate: Any, four: Any) -> None:
    with pytest.raises(Reject, match="place"):
        validate(replace(four.vote(0, Outcome.MATCH), place=Place(place)))


@pytest.mark.parametrize("outcome", [0, 7, 255])
def test_validate_vote__reject_unknown_outcome(outcome: int, validate: Any, four: Any) -> None:
    with pytest.raises(Reject, match="outcome"):
        validate(four.vote(0, outcome))


def test_validate_vote__ignore_already_seen(validate: Any, four: Any) -> None:
    validate(four.vote(0, Outcome.MATCH))

    with pytest.raises(Ignore, match="seen"):
        validate(four.vote(0, Outcome.MATCH))


@pytest.mark.parametrize(
    ("what", "change"),
    [
        ("another place's", {"place": Place(1)}),
        ("on another outcome", {"outcome": Outcome.NO_MATCH}),
        ("no point at all", {"signature": bytes(256)}),
    ],
)
def test_validate_vote__reject_wrong_signature(
    what: str, change: dict[str, Any], validate: Any, four: Any
) -> None:
    with pytest.raises(Reject, match="not the vote of place"):
        validate(replace(four.vote(0, Outcome.MATCH), **change))


def test_validate_vote__reject_a_signature_made_for_another_envelope(
    validate: Any, four: Any
) -> None:
    other = replace(four.dispute, envelope=replace(four.dispute.envelope, digest=bytes(32)))

    with pytest.raises(Reject, match="not the vote of place"):
        validate(replace(four, dispute=other).vote(0, Outcome.MATCH))


def test_validate_vote__a_rejected_vote_is_not_seen(validate: Any, four: Any) -> None:
    forged = replace(four.vote(0, Outcome.MATCH), signature=four.vote(1, 1).signature)

    for _ in range(2):
        with pytest.raises(Reject):
            validate(forged)


def test_validate_vote__accepts_a_second_vote_that_contradicts(validate: Any, four: Any) -> None:
    validate(four.vote(0, Outcome.MATCH))
    validate(four.vote(0, Outcome.NO_MATCH))


def test_validate_vote__checks_in_the_order_of_the_spec(validate: Any, four: Any) -> None:
    """A vote with every fault is refused for the first; mended there, for the second; and so on."""
    good = four.vote(0, Outcome.MATCH)
    validate(good)
    vote = Vote(DisputeId(bytes(32)), 9, Place(9), 9, bytes(256))
    verdicts = []

    for mended in ("dispute_id", "round", "place", "outcome", "signature"):
        with pytest.raises(InvalidMessage) as refused:
            validate(vote)
        verdicts.append((refused.type.__name__, str(refused.value).split(" ")[0]))
        vote = replace(vote, **{mended: getattr(good, mended)})

    assert verdicts == [
        ("Ignore", "no"),
        ("Reject", "round"),
        ("Reject", "place"),
        ("Reject", "outcome"),
        ("Reject", "not"),
    ]
    with pytest.raises(Ignore, match="seen"):
        validate(vote)
