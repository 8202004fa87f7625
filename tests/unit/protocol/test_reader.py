"""What is made of the court's answers: rounds, verdicts, addresses; the answers are given here."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from protocol.chain import CourtReader, Head
from protocol.chain.deployment import created_address
from protocol.chain.records import court_parameters, manager_parameters
from protocol.chain.rpc import Event
from protocol.committee import committee_hash
from protocol.court import CourtParameters, Ownership, Standing
from protocol.errors import ChainMismatch, NotKeyed
from protocol.types import Address, ClaimId, DisputeId, ModelDigest, Outcome, Sealed, State
from tests.support.factories import COURT, address, digest

HEAD = Head(100, bytes(32), 1000)
DISPUTE, CLAIM, MODEL = DisputeId(digest(1)), ClaimId(digest(2)), ModelDigest(digest(3))
NOBODY = "0x" + "00" * 20
MIRRORS = ["http://mirror"]
PARAMETERS = CourtParameters(
    (4, 13), 2, 60, 61, 62, 63, 64, 10, 11, 12, 13, 14,
    beacon_delay_blocks=3, verifier_bond_wei=15, exit_delay_s=700,
)  # fmt: skip
MANAGER = namedtuple(
    "MANAGER",
    "ladder drawDelay drawWindow keyWindow sealWindow voteWindow appealWindow bond appealBond "
    "memberFee submitterCap withheldPenalty",
)


class Answers:
    """Answers in place of `Rpc`: a value for each view, or a function of its arguments; and the
    log, as (name, arguments)."""

    def __init__(self, views: dict[str, Any], log: list[tuple[str, dict[str, Any]]]) -> None:
        self.views = views
        self.log = log

    def contract(self, name: str, at: str) -> str:
        return name

    async def read(self, contract: str, function: str, *arguments: Any, at: Head) -> Any:
        assert at is HEAD
        answer = self.views[function]
        return answer(*arguments) if callable(answer) else answer

    async def logs(
        self, contract: str, event: str, having: dict[str, Any], *, first: int, last: int
    ) -> list[Event]:
        return [
            Event(arguments, first + at, bytes([at]) * 32)
            for at, (name, arguments) in enumerate(self.log)
            if name == event
        ]


def dispute(**changes: Any) -> SimpleNamespace:
    facts = {
        "owner": address(1), "state": State.KEYED, "outcome": 0, "verdictRound": 0, "round": 0,
        "rungs": 2, "appeals": 0, "deadline": 1060, "appellant": NOBODY, "openedBlock": 50,
        "seedBlock": 52, "claimId": CLAIM, "modelDigest": MODEL,
    }  # fmt: skip
    return SimpleNamespace(**facts | changes)


def stored_round(**changes: Any) -> SimpleNamespace:
    facts = {
        "seed": digest(20), "envelopeDigest": digest(21), "root": bytes(32), "committee": NOBODY,
        "voteDeadline": 0, "pot": 5, "voters": 0, "opened": 0, "signers": 0, "paid": 0, "size": 4,
        "shard": 2, "outcome": 0,
    }  # fmt: skip
    return SimpleNamespace(**facts | changes)


CLAIM_STORED = SimpleNamespace(
    owner=address(1), commitment=digest(4), committedBlock=5, beaconBlock=8, beacon=digest(6),
    boundBlock=9, modelDigest=digest(7), shardCount=8,
)  # fmt: skip


def seat(number: int) -> SimpleNamespace:
    return SimpleNamespace(
        operator=address(200 + number), blsKey=bytes([number]) * 128, envelopeKey=digest(number),
        endpoint="http://node", withdrawableAt=0, withdrawn=False, bond=15,
    )  # fmt: skip


OPENED = ("Opened", {"modelBytes": 1000, "mirrors": MIRRORS})


def keyed(round_: int) -> tuple[str, dict[str, Any]]:
    arguments = {"envelopeBytes": 70 + round_, "mirrors": MIRRORS, "sealDeadline": 1060 + round_}
    return "Keyed", arguments | {"round": round_}


def settled(round_: int, signers: int) -> tuple[str, dict[str, Any]]:
    arguments = {"round": round_, "signers": signers, "submitter": address(9)}
    return "Settled", arguments


ENDED = ("Ended", {"state": 6, "outcome": 1, "verdictRound": 0})


@pytest.fixture
def reader_of() -> Callable[..., CourtReader]:
    def read(*log: tuple[str, dict[str, Any]], **views: Any) -> CourtReader:
        standard: dict[str, Any] = {
            "dispute": dispute(),
            "roundOf": stored_round(),
            "claim": CLAIM_STORED,
            "committee": [7, 5, 6, 4],
            "seat": seat,
            "parameters": MANAGER(*manager_parameters(PARAMETERS)),
            "beaconDelay": 3,
            "bond": 15,
            "exitDelay": 700,
            "penalties": address(30),
            "priorities": address(31),
        }
        rpc: Any = Answers(standard | views, list(log))
        return CourtReader(rpc, COURT, 0)

    return read


Reader = Callable[..., CourtReader]


async def test_dispute__is_what_a_member_works_from(reader_of: Reader) -> None:
    found = await reader_of(OPENED, keyed(0)).dispute(DISPUTE, HEAD)

    assert (found.suspect.size, found.envelope.size) == (1000, 70)
    assert (found.shard_count, found.shard, found.round) == (8, 2, 0)
    assert (found.seal_deadline, found.seal_window) == (1060, PARAMETERS.seal_window_s)
    assert [member.seat_id for member in found.committee] == [7, 5, 6, 4]
    assert found.committee_hash == committee_hash([bytes([n]) * 128 for n in (7, 5, 6, 4)])
    assert not found.in_reference_mode


@pytest.mark.parametrize(
    ("what", "round_", "appealed", "in_reference_mode"),
    [
        ("escalated to", 1, [], False),
        ("appealed for", 1, [1], True),
        ("escalated to from an appeal", 2, [1], True),
        ("before an appeal", 0, [1], False),
    ],
)
async def test_dispute__is_measured_in_reference_mode_from_an_appeal_on(
    what: str, round_: int, appealed: list[int], in_reference_mode: bool, reader_of: Reader
) -> None:
    log = [keyed(number) for number in range(3)]
    log += [("Appealed", {"round": number}) for number in appealed]

    found = await reader_of(OPENED, *log, dispute=dispute(round=2)).dispute(DISPUTE, HEAD, round_)

    assert (found.round, found.envelope.size) == (round_, 70 + round_)
    assert found.in_reference_mode is in_reference_mode


@pytest.mark.parametrize("missing", ["seed", "envelopeDigest"])
async def test_dispute__is_not_keyed_before_its_envelope(missing: str, reader_of: Reader) -> None:
    reader = reader_of(
        OPENED,
        roundOf=stored_round(**{missing: bytes(32)}),
        dispute=dispute(state=State.DRAWN),
    )

    with pytest.raises(NotKeyed, match="its state is DRAWN"):
        await reader.dispute(DISPUTE, HEAD)


@pytest.mark.parametrize(("log", "name"), [([OPENED], "Keyed"), ([keyed(0)], "Opened")])
async def test_dispute__misses_what_the_log_should_have(
    log: list[Any], name: str, reader_of: Reader
) -> None:
    with pytest.raises(ChainMismatch, match=f"the event {name} of 0x0.*: once, found 0"):
        await reader_of(*log).dispute(DISPUTE, HEAD)


async def test_sealed__is_none_before_the_seal(reader_of: Reader) -> None:
    after = stored_round(root=digest(8), voteDeadline=1100, voters=0b1011)

    assert await reader_of().sealed(DISPUTE, 0, HEAD) is None
    assert await reader_of(roundOf=after).sealed(DISPUTE, 0, HEAD) == Sealed(
        digest(8), 0b1011, 1100
    )


@pytest.mark.parametrize("state", [State.OPEN, State.DRAWN, State.KEYED, State.SEALED])
async def test_verdict__is_none_while_a_committee_works(state: State, reader_of: Reader) -> None:
    """Also if there is one under appeal: it may be replaced."""
    reader = reader_of(settled(0, 0b111), dispute=dispute(state=state, outcome=1, round=1))

    assert await reader.verdict(DISPUTE, HEAD) is None


@pytest.mark.parametrize(
    ("state", "appeal_deadline"), [(State.PROPOSED, 1060), (State.FINAL, None)]
)
async def test_verdict__is_that_of_its_own_round(
    state: State, appeal_deadline: int | None, reader_of: Reader
) -> None:
    """Of the present one an appeal was settled without replacing it."""
    stored = dispute(state=state, outcome=Outcome.MATCH, verdictRound=1, round=2)
    log = [settled(0, 0b1), settled(1, 0b1011), settled(2, 0b111), ENDED]

    verdict = await reader_of(*log, dispute=stored).verdict(DISPUTE, HEAD)

    assert verdict is not None
    assert (verdict.outcome, verdict.round) == (Outcome.MATCH, 1)
    assert (verdict.signers, verdict.submitter) == ((0, 1, 3), address(9))
    assert (verdict.transaction, verdict.block) == (bytes([1]) * 32, 51)
    assert (verdict.state, verdict.appeal_deadline) == (state, appeal_deadline)


@pytest.mark.parametrize("state", [State.VOID, State.FORFEIT])
async def test_verdict__of_an_end_without_one_is_in_the_end(
    state: State, reader_of: Reader
) -> None:
    log = [settled(0, 0b111), ENDED]

    verdict = await reader_of(*log, dispute=dispute(state=state, round=1)).verdict(DISPUTE, HEAD)

    assert verdict is not None
    assert (verdict.outcome, verdict.round, verdict.signers) == (None, 1, ())
    assert (verdict.submitter, verdict.block) == (None, 51)


async def test_shards_left__are_neither_burnt_nor_promised(reader_of: Reader) -> None:
    assert await reader_of(shardsOf=(0b1011, 2)).shards_left(CLAIM, HEAD) == 8 - 3 - 2


@pytest.mark.parametrize(
    ("answer", "ownership"),
    [
        ((0, bytes(32), NOBODY), Ownership(Standing.UNKNOWN, None, None)),
        ((1, bytes(32), address(5)), Ownership(Standing.REGISTERED, None, address(5))),
        ((3, digest(6), address(5)), Ownership(Standing.FOUND, ClaimId(digest(6)), address(5))),
        ((4, bytes(32), NOBODY), Ownership(Standing.CO_CLAIM, None, None)),
    ],
)
async def test_ownership__has_none_for_zeros(
    answer: Any, ownership: Ownership, reader_of: Reader
) -> None:
    assert await reader_of(ownerOf=answer).ownership(MODEL, HEAD) == ownership


@pytest.mark.parametrize(("block", "found"), [(0, None), (7, (address(5), 7))])
async def test_registration__is_none_for_a_model_that_nobody_registered(
    block: int, found: Any, reader_of: Reader
) -> None:
    stored = SimpleNamespace(registrant=address(5), registeredBlock=block)

    assert await reader_of(registration=stored).registration(MODEL, HEAD) == found


async def test_parameters__come_back_as_they_were_deployed(reader_of: Reader) -> None:
    assert await reader_of().parameters(HEAD) == PARAMETERS


def test_manager_parameters__fill_the_ladder_with_zeros() -> None:
    assert manager_parameters(PARAMETERS)[0] == (4, 13, 0, 0)
    sent = MANAGER(*manager_parameters(PARAMETERS))
    read = court_parameters(sent, beacon_delay=3, verifier_bond=15, exit_delay=700)
    assert read == PARAMETERS


@pytest.mark.parametrize(
    ("nonce", "created"),
    [
        (0, "0xcd234A471b72ba2F1Ccf0A70FCABA648a5eeCD8d"),
        (1, "0x343c43A37D37dfF08AE8C4A11544c718AbB4fCF8"),
        (2, "0xf778B86FA74E846c4f0a1fBd1335FE81c00a0C91"),
        (3, "0xffFd933A0bC612844eaF0C6Fe3E5b8E9B6C1d19c"),
    ],
)
def test_created_address__is_the_yellow_papers(nonce: int, created: str) -> None:
    """The four that are quoted most often."""
    creator = Address("0x6ac7ea33f8831ea9dcc53393aaa88b25a785dbf0")

    assert created_address(creator, nonce) == created


async def test_claims_of__asks_for_one_owner_or_for_all(reader_of: Reader) -> None:
    reader = reader_of(("Committed", {"claimId": CLAIM}))
    asked = []

    async def logs(contract: str, event: str, having: Any, **_: Any) -> list[Event]:
        asked.append(having)
        return [Event({"claimId": CLAIM}, 1, bytes(32))]

    reader._rpc.logs = logs  # type: ignore[method-assign,assignment]
    assert await reader.claims_of(address(1), HEAD) == [CLAIM]
    assert await reader.claims_of(None, HEAD) == [CLAIM]
    assert asked == [{"owner": address(1)}, {}]
