"""One rule of SPEC 5.4, one test; and that they come in their order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from protocol import bls, gossip
from protocol.errors import Ignore, InvalidMessage, Reject
from protocol.messages import Commitment, Message, Seal, Vote, seal_digest
from protocol.pool import VotePool
from protocol.types import Digest, DisputeId, Outcome, Place
from tests.unit.protocol.conftest import Committee

YES, NO = Outcome.MATCH, Outcome.NO_MATCH
KINDS = ("commitment", "seal", "vote")
Validate = Callable[[Message], None]


@pytest.fixture
def pool(four: Committee) -> VotePool:
    """All have sealed a vote for MATCH."""
    return VotePool(four.dispute, four.leaves(dict.fromkeys(range(4), YES)))


@pytest.fixture
def validate(four: Committee, pool: VotePool) -> Validate:
    seen: set[Message] = set()

    def validate(message: Message) -> None:
        match message:
            case Commitment():
                gossip.validate_commitment(message, four.dispute, seen=seen, court=four.court)
            case Seal():
                gossip.validate_seal(message, four.dispute, seen=seen, court=four.court)
            case Vote():
                gossip.validate_vote(message, four.dispute, pool=pool, seen=seen, court=four.court)
                pool.add(message)

    return validate


def message_of(kind: str, four: Committee, place: int = 0) -> Any:
    match kind:
        case "commitment":
            return four.commitment(place, YES)
        case "seal":
            return four.seal(place, four.leaves(dict.fromkeys(range(3), YES)))
        case _:
            return four.vote(place, YES)


@pytest.mark.parametrize("kind", KINDS)
def test_validate__accept(kind: str, validate: Validate, four: Committee) -> None:
    for place in range(4):
        validate(message_of(kind, four, place))


@pytest.mark.parametrize("outcome", Outcome)
def test_validate_vote__accept_every_outcome(
    outcome: Outcome, validate: Validate, four: Committee
) -> None:
    validate(four.vote(0, outcome))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("unknown", [{"round": 1}, {"dispute_id": DisputeId(bytes(32))}])
def test_validate__ignore_a_round_that_is_not_known(
    unknown: dict[str, Any], kind: str, validate: Validate, four: Committee
) -> None:
    """Before all else: what is wrong with it is for those to say who know its committee."""
    message = replace(message_of(kind, four), place=Place(9), signature=bytes(256))

    with pytest.raises(Ignore, match="not of round 0"):
        validate(replace(message, **unknown))


@pytest.mark.parametrize("place", [4, 255, -1])
@pytest.mark.parametrize("kind", KINDS)
def test_validate__reject_unknown_place(
    kind: str, place: int, validate: Validate, four: Committee
) -> None:
    with pytest.raises(Reject, match="in a committee of 4"):
        validate(replace(message_of(kind, four), place=Place(place)))


@pytest.mark.parametrize("outcome", [0, 7, 255])
def test_validate_vote__reject_unknown_outcome(
    outcome: int, validate: Validate, four: Committee
) -> None:
    with pytest.raises(Reject, match="does not exist"):
        validate(four.vote(0, outcome))


@pytest.mark.parametrize("voters", [0b10000, 1 << 63])
def test_validate_seal__reject_unknown_voter(
    voters: int, validate: Validate, four: Committee
) -> None:
    with pytest.raises(Reject, match="a voter beyond the committee of 4"):
        validate(replace(message_of("seal", four), voters=voters))


@pytest.mark.parametrize("kind", KINDS)
def test_validate__ignore_already_seen(kind: str, validate: Validate, four: Committee) -> None:
    validate(message_of(kind, four))

    with pytest.raises(Ignore, match="seen"):
        validate(message_of(kind, four))


@pytest.mark.parametrize("kind", KINDS)
def test_validate__reject_another_places_signature(
    kind: str, validate: Validate, four: Committee
) -> None:
    stolen = replace(message_of(kind, four), place=Place(1))

    with pytest.raises(Reject, match="not of place 1"):
        validate(stolen)


@pytest.mark.parametrize("kind", KINDS)
def test_validate__reject_what_is_no_signature(
    kind: str, validate: Validate, four: Committee
) -> None:
    with pytest.raises(Reject, match=r"not of place 0: .*infinity"):
        validate(replace(message_of(kind, four), signature=bytes(256)))


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("commitment", {"commitment": Digest(bytes([1]) * 32)}),
        ("seal", {"root": Digest(bytes([1]) * 32)}),
        ("seal", {"voters": 0b1011}),
        ("vote", {"outcome": NO}),
    ],
)
def test_validate__reject_a_signature_on_something_else(
    kind: str, change: dict[str, Any], validate: Validate, four: Committee
) -> None:
    with pytest.raises(Reject, match="not of place 0"):
        validate(replace(message_of(kind, four), **change))


@pytest.mark.parametrize("kind", KINDS)
def test_validate__reject_a_signature_for_another_dispute(
    kind: str, validate: Validate, four: Committee
) -> None:
    other = replace(four, dispute=replace(four.dispute, id=DisputeId(bytes(32))))
    moved = replace(message_of(kind, other), dispute_id=four.dispute.id)

    with pytest.raises(Reject, match="not of place 0"):
        validate(moved)


def test_validate_vote__reject_a_signature_made_for_another_envelope(
    validate: Validate, four: Committee
) -> None:
    envelope = replace(four.dispute.envelope, digest=Digest(bytes(32)))
    other = replace(four, dispute=replace(four.dispute, envelope=envelope))

    with pytest.raises(Reject, match="not of place 0"):
        validate(other.vote(0, YES))


def test_validate_seal__reject_a_signature_made_as_a_vote(
    validate: Validate, four: Committee
) -> None:
    seal = message_of("seal", four)
    digest = seal_digest(four.dispute, seal.root, seal.voters, four.court)
    signature = bls.sign(four.secrets[0], digest, bls.VOTE_TAG)

    with pytest.raises(Reject, match="not of place 0"):
        validate(replace(seal, signature=signature))


@pytest.mark.parametrize("kind", KINDS)
def test_validate__a_rejected_message_is_not_seen(
    kind: str, validate: Validate, four: Committee
) -> None:
    forged = replace(message_of(kind, four), signature=four.vote(1, 1).signature)

    for _ in range(2):
        with pytest.raises(Reject):
            validate(forged)


def test_validate_commitment__accept_a_second_one_that_contradicts(
    validate: Validate, four: Committee
) -> None:
    validate(four.commitment(0, YES))
    validate(four.commitment(0, NO))


def test_validate_vote__accept_a_second_one_that_contradicts(
    validate: Validate, four: Committee
) -> None:
    validate(four.vote(0, NO))
    validate(four.vote(0, YES))


@pytest.mark.parametrize("known", [YES, NO])
def test_validate_vote__ignore_one_that_opens_nothing_and_proves_nothing_new(
    known: Outcome, validate: Validate, four: Committee
) -> None:
    validate(four.vote(0, known))

    with pytest.raises(Ignore, match="sealed another vote"):
        validate(replace(four.vote(0, known), salt=bytes(32)))


def test_validate_vote__accept_one_that_opens_after_one_that_does_not(
    validate: Validate, four: Committee, pool: VotePool
) -> None:
    validate(replace(four.vote(0, YES), salt=bytes(32)))
    assert pool.tally() == {}

    validate(four.vote(0, YES))
    assert pool.tally() == {YES: (0,)}


ROUND, PLACE = "not of round 0", "place 9 in a committee of 4"


@pytest.mark.parametrize(
    ("kind", "worst", "faults"),
    [
        ("commitment", {}, {"round": ROUND, "place": PLACE, "signature": "not of place 0"}),
        (
            "seal",
            {"voters": 1 << 63},
            {"round": ROUND, "place": PLACE, "voters": "a voter", "signature": "not of place 0"},
        ),
        (
            "vote",
            {"outcome": 9, "salt": bytes(32)},
            {
                "round": ROUND,
                "place": PLACE,
                "outcome": "outcome 9 does not exist",
                "salt": "place 0 sealed another vote",
                "signature": "not of place 0",
            },
        ),
    ],
)
def test_validate__checks_in_the_order_of_the_spec(
    kind: str, worst: dict[str, Any], faults: dict[str, str], validate: Validate, four: Committee
) -> None:
    """A message with every fault is refused for the first; mended there, for the second; and so
    on, until it has none."""
    good = message_of(kind, four)
    if kind == "vote":
        validate(replace(good, salt=bytes([1]) * 32))
    message = replace(good, round=9, place=Place(9), signature=bytes(256), **worst)

    for mended, complaint in faults.items():
        with pytest.raises(InvalidMessage, match=complaint):
            validate(message)
        message = replace(message, **{mended: getattr(good, mended)})

    validate(message)
    with pytest.raises(Ignore, match="seen"):
        validate(message)
