"""What was seen survives with the cursor; a step is never taken back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from node.journal import Identity, Journal
from node.progress import Progress, SeenRound, Step
from protocol.types import DisputeId

DISPUTE = DisputeId(b"\xd1" * 32)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite"


@pytest.fixture
def journal(path: Path, identity: Identity) -> Iterator[Journal]:
    with Journal.create(path, identity, cursor=10) as journal:
        yield journal


@pytest.fixture
def progress(journal: Journal) -> Progress:
    return journal.progress


def test_advance__cursor_and_rounds_survive_together(
    path: Path, identity: Identity, journal: Journal
) -> None:
    urgent, patient = DisputeId(b"u" * 32), DisputeId(b"p" * 32)
    journal.progress.advance(12, [(patient, 0, 900), (urgent, 1, 100), (patient, 1, 1000)])
    journal.close()

    with Journal.open(path, identity) as again:
        assert again.progress.cursor() == 12
        assert again.progress.unfinished() == ((urgent, 1), (patient, 0), (patient, 1))


def test_advance__is_all_or_nothing(progress: Progress) -> None:
    def interrupted() -> Iterator[tuple[DisputeId, int, int]]:
        yield DISPUTE, 0, 100
        raise RuntimeError("the chain went away")

    with pytest.raises(RuntimeError):
        progress.advance(12, interrupted())

    assert progress.cursor() == 10
    assert progress.unfinished() == ()


def test_a_round_goes_from_seen_to_closed(progress: Progress) -> None:
    def seen() -> tuple[Step, bool]:
        (only,) = progress.rounds(DISPUTE)
        return only.step, only.is_closed

    assert progress.rounds(DISPUTE) == ()
    progress.advance(11, [(DISPUTE, 0, 100)])
    assert seen() == (Step.SEEN, False)
    progress.keep_finding(DISPUTE, 0, "{}")
    assert seen() == (Step.VERIFIED, False)
    progress.reach(DISPUTE, 0, Step.SEALED)
    progress.advance(12, [(DISPUTE, 0, 100)])  # the same event again, after a restart
    progress.reach(DISPUTE, 0, Step.COMMITTED)  # and what follows from it
    assert seen() == (Step.SEALED, False)
    progress.finish(DISPUTE, 0)
    assert seen() == (Step.SEALED, True)
    assert progress.unfinished() == ()


def test_rounds__are_apart(progress: Progress) -> None:
    progress.advance(11, [(DISPUTE, 1, 200), (DISPUTE, 0, 100)])
    progress.keep_finding(DISPUTE, 0, "{}")
    progress.finish(DISPUTE, 0)

    assert progress.rounds(DISPUTE) == (
        SeenRound(0, Step.VERIFIED, True, "{}"),
        SeenRound(1, Step.SEEN, False, None),
    )
    assert progress.unfinished() == ((DISPUTE, 1),)


def test_keep_finding__the_last_one_stays(progress: Progress) -> None:
    progress.advance(11, [(DISPUTE, 0, 100)])
    progress.keep_finding(DISPUTE, 0, '{"low": 1}')
    progress.keep_finding(DISPUTE, 0, '{"low": 2}')

    assert progress.rounds(DISPUTE)[0].finding == '{"low": 2}'
