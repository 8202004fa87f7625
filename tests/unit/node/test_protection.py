"""A key moves with its votes, whole, and only where it belongs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from node.errors import DoubleVote, ProtectionRefused
from node.journal import Identity, Journal, RecordedVote
from node.protection import export_votes, import_votes
from protocol.types import Digest, DisputeId, Outcome


@pytest.fixture
def here(tmp_path: Path, identity: Identity) -> Iterator[Journal]:
    with Journal.create(tmp_path / "here", identity, cursor=0) as journal:
        yield journal


@pytest.fixture
def there(tmp_path: Path, identity: Identity) -> Iterator[Journal]:
    with Journal.create(tmp_path / "there", identity, cursor=0) as journal:
        yield journal


def a_vote(number: int, outcome: Outcome = Outcome.MATCH) -> RecordedVote:
    return RecordedVote(DisputeId(bytes([number]) * 32), 0, outcome, Digest(bytes([outcome]) * 32))


def test_import__brings_every_vote_and_may_be_repeated(here: Journal, there: Journal) -> None:
    here.record_vote(a_vote(1))
    here.record_vote(a_vote(2, Outcome.BAD_KEY))
    there.record_vote(a_vote(2, Outcome.BAD_KEY))
    document = export_votes(here)

    assert import_votes(there, document) == 1
    assert import_votes(there, document) == 0
    assert set(there.votes()) == {a_vote(1), a_vote(2, Outcome.BAD_KEY)}
    with pytest.raises(DoubleVote):
        there.record_vote(a_vote(1, Outcome.NO_MATCH))


def test_import__a_contradiction_adds_nothing(here: Journal, there: Journal) -> None:
    here.record_vote(a_vote(1))
    here.record_vote(a_vote(2, Outcome.MATCH))
    there.record_vote(a_vote(2, Outcome.NO_MATCH))

    with pytest.raises(DoubleVote):
        import_votes(there, export_votes(here))

    assert there.votes() == (a_vote(2, Outcome.NO_MATCH),)


def test_import__refuses_the_history_of_another_key(
    tmp_path: Path, identity: Identity, here: Journal
) -> None:
    other = replace(identity, bls_key_hash=Digest(b"\x99" * 32))

    with (
        Journal.create(tmp_path / "other", other, cursor=0) as journal,
        pytest.raises(ProtectionRefused, match="another key"),
    ):
        import_votes(journal, export_votes(here))


@pytest.mark.parametrize("document", ["", "[]", "{}", '{"format": "assay-protection-v2"}'])
def test_import__refuses_what_is_no_export(here: Journal, document: str) -> None:
    with pytest.raises(ProtectionRefused):
        import_votes(here, document)


def test_export__holds_no_number_that_json_could_round(here: Journal) -> None:
    here.record_vote(a_vote(1))

    def refuse(number: str) -> object:
        raise AssertionError(number)

    json.loads(export_votes(here), parse_int=refuse, parse_float=refuse)
