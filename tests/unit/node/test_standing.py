"""Priority and ownership in words."""

from __future__ import annotations

from typing import Any, cast

import pytest

from node.errors import UnknownClaim
from node.standing import find_claim, ownership_facts, priority_facts
from protocol.chain import CourtReader
from protocol.court import Ownership, Priority, Standing
from protocol.types import Address, ClaimId, ModelDigest
from tests.support.factories import address, digest

FIRST = ClaimId(b"\xaa" * 32)
SECOND = ClaimId(b"\xab" * 32)
MODEL = ModelDigest(digest(15))


class Bound:
    """A claim that was bound in block 7."""

    bound_block = 7


class CourtOfTwoClaims:
    """It answers what it was told to."""

    def __init__(self, answer: Any = None, registration: tuple[Address, int] | None = None) -> None:
        self.answer = answer
        self.registered = registration

    async def head(self, _: str) -> None:
        pass

    async def claims_of(self, owner: None, at: object) -> list[ClaimId]:
        return [FIRST, SECOND]

    async def claim(self, claim_id: ClaimId, at: object) -> Bound:
        return Bound()

    async def priority(self, first: ClaimId, second: ClaimId, at: object) -> Priority:
        assert (first, second) == (FIRST, SECOND)
        return cast(Priority, self.answer)

    async def ownership(self, model: ModelDigest, at: object) -> Ownership:
        return cast(Ownership, self.answer)

    async def registration(self, model: ModelDigest, at: object) -> tuple[Address, int] | None:
        return self.registered


@pytest.mark.parametrize(
    ("priority", "claim", "words"),
    [
        (Priority.FIRST, FIRST.hex(), "claim aaaaaaaa comes first"),
        (Priority.SECOND, SECOND.hex(), "claim abababab comes first"),
        (Priority.CO_CLAIM, None, "neither comes first"),
    ],
)
async def test_priority_facts__name_the_claim_that_comes_first(
    priority: Priority, claim: str | None, words: str
) -> None:
    facts = await priority_facts(cast(CourtReader, CourtOfTwoClaims(priority)), FIRST, SECOND)

    assert (facts["claim"], facts["meaning"]) == (claim, words)
    assert facts["priority"] == priority.name


OWNERSHIPS = {
    Standing.UNKNOWN: (Ownership(Standing.UNKNOWN, None, None), "nothing is known"),
    Standing.REGISTERED: (
        Ownership(Standing.REGISTERED, None, address(5)), f"{address(5)} had it time-stamped in",
    ),
    Standing.BOUND: (Ownership(Standing.BOUND, FIRST, address(4)), "first to be bound to it"),
    Standing.FOUND: (
        Ownership(Standing.FOUND, FIRST, address(4)), f"claim aaaaaaaa of {address(4)} was found",
    ),
    Standing.CO_CLAIM: (Ownership(Standing.CO_CLAIM, None, None), "none comes before all others"),
}  # fmt: skip


@pytest.mark.parametrize("standing", Standing)
async def test_ownership_facts__say_what_is_known_of_a_model(standing: Standing) -> None:
    ownership, words = OWNERSHIPS[standing]
    registration = (address(5), 12) if standing is Standing.REGISTERED else None

    facts = await ownership_facts(
        cast(CourtReader, CourtOfTwoClaims(ownership, registration)), MODEL
    )

    assert words in facts["meaning"]
    assert "None" not in facts["meaning"]
    assert facts["standing"] == standing.name


async def test_find_claim__refuses_a_name_of_several_or_none() -> None:
    court = cast(CourtReader, CourtOfTwoClaims())

    assert await find_claim(court, "0xab") == SECOND
    for name in ("a", "f"):
        with pytest.raises(UnknownClaim):
            await find_claim(court, name)
