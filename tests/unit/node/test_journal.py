"""The one property that matters: whatever happens, no round ever has two different votes."""

from __future__ import annotations

import os
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from node.errors import AlreadyRunning, DoubleVote, JournalExists, JournalMissing, JournalRefused
from node.journal import Identity, Journal, RecordedVote
from node.keystore import NodeKeys
from node.signer import JournalSigner
from protocol import bls
from protocol.court import Court
from protocol.messages import vote_digest
from protocol.types import Address, Digest, Dispute, DisputeId, Outcome

REPOSITORY = Path(__file__).parents[3]
DISPUTE = DisputeId(b"\xd1" * 32)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite"


@pytest.fixture
def journal(path: Path, identity: Identity) -> Iterator[Journal]:
    with Journal.create(path, identity, cursor=10) as journal:
        yield journal


def a_vote(outcome: Outcome, round_: int = 0) -> RecordedVote:
    return RecordedVote(DISPUTE, round_, outcome, Digest(bytes([outcome]) * 32))


def test_record_vote__same_vote_again_is_harmless(journal: Journal) -> None:
    journal.record_vote(a_vote(Outcome.MATCH))
    journal.record_vote(a_vote(Outcome.MATCH))

    assert journal.votes() == (a_vote(Outcome.MATCH),)


def test_record_vote__another_outcome_is_refused_and_not_recorded(journal: Journal) -> None:
    journal.record_vote(a_vote(Outcome.MATCH))

    with pytest.raises(DoubleVote) as refusal:
        journal.record_vote(a_vote(Outcome.NO_MATCH))

    assert (refusal.value.recorded, refusal.value.asked) == (Outcome.MATCH, Outcome.NO_MATCH)
    assert journal.votes() == (a_vote(Outcome.MATCH),)


def test_record_vote__same_outcome_on_another_digest_is_refused(journal: Journal) -> None:
    journal.record_vote(a_vote(Outcome.MATCH))
    other_envelope = RecordedVote(DISPUTE, 0, Outcome.MATCH, Digest(b"\xff" * 32))

    with pytest.raises(DoubleVote):
        journal.record_vote(other_envelope)


def test_record_vote__rounds_are_apart(journal: Journal) -> None:
    journal.record_vote(a_vote(Outcome.MATCH, round_=0))
    journal.record_vote(a_vote(Outcome.NO_MATCH, round_=1))

    assert journal.recorded(DISPUTE, 0) is Outcome.MATCH
    assert journal.recorded(DISPUTE, 1) is Outcome.NO_MATCH
    assert journal.recorded(DISPUTE, 2) is None


def test_record_vote__ten_threads_race_and_one_outcome_wins(journal: Journal) -> None:
    for round_ in range(20):
        start = threading.Barrier(10)
        accepted: list[Outcome] = []

        def race(outcome: Outcome, round_: int = round_, start: threading.Barrier = start) -> None:
            start.wait()
            try:
                journal.record_vote(a_vote(outcome, round_))
            except DoubleVote:
                return
            accepted.append(outcome)  # noqa: B023 - the threads end within the iteration

        outcomes = [Outcome(1 + number % len(Outcome)) for number in range(10)]
        threads = [threading.Thread(target=race, args=(outcome,)) for outcome in outcomes]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert len(set(accepted)) == 1
        assert journal.recorded(DISPUTE, round_) is accepted[0]


def test_the_file_itself_refuses_a_second_vote(path: Path, journal: Journal) -> None:
    journal.record_vote(a_vote(Outcome.MATCH))
    journal.close()

    database = sqlite3.connect(path)
    with pytest.raises(sqlite3.IntegrityError, match="UNIQUE"):
        database.execute("INSERT INTO votes SELECT dispute_id, round, 2, digest FROM votes")
    database.close()


RACER = """
import sys
from pathlib import Path
from node.errors import AlreadyRunning
from node.journal import Identity, Journal, RecordedVote
from protocol.types import Outcome

path, outcome, manager, key_hash = sys.argv[1:]
identity = Identity(31337, manager, bytes.fromhex(key_hash))
try:
    journal = Journal.open(Path(path), identity)
except AlreadyRunning:
    print("refused", flush=True)
else:
    journal.record_vote(RecordedVote(b"d" * 32, 0, Outcome(int(outcome)), b"v" * 32))
    print("recorded", flush=True)
    sys.stdin.read()
"""


def test_open__processes_race_and_one_wins(path: Path, identity: Identity) -> None:
    Journal.create(path, identity, cursor=0).close()

    racers = [
        subprocess.Popen(
            [
                *(sys.executable, "-c", RACER, str(path), str(1 + number % 2)),
                *(identity.dispute_manager, identity.bls_key_hash.hex()),
            ],
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(4)
    ]
    heard = []
    for racer in racers:
        assert racer.stdout is not None
        heard.append(racer.stdout.readline().strip())
    for racer in racers:
        racer.communicate()

    assert sorted(heard) == ["recorded", "refused", "refused", "refused"]


KILLED_BETWEEN = """
import sys
from pathlib import Path
from eth_account import Account
from node.journal import Identity, Journal
from node.keystore import NodeKeys
from node.signer import JournalSigner
from protocol import bls
from protocol.court import Court
from protocol.types import *

def stop_here(*_):
    print("recorded", flush=True)
    sys.stdin.read()

bls.sign = stop_here
path, secret, court, dispute = Path(sys.argv[1]), int(sys.argv[2]), *map(eval, sys.argv[3:])
keys = NodeKeys(Account.create(), secret)
journal = Journal.open(path, Identity.of(court, keys.bls_key))
JournalSigner(keys, journal, court).commit(dispute, Outcome.MATCH)
"""


def test_commit__killed_between_recording_and_signing_never_signs_another(
    path: Path, identity: Identity, court: Court, keys: tuple[NodeKeys, ...], dispute: Dispute
) -> None:
    Journal.create(path, identity, cursor=0).close()
    victim = subprocess.Popen(
        [
            *(sys.executable, "-c", KILLED_BETWEEN, str(path), str(keys[0].bls_secret)),
            *(repr(court), repr(dispute)),
        ],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert victim.stdout is not None
    assert victim.stdout.readline() == "recorded\n"
    os.kill(victim.pid, signal.SIGKILL)
    victim.communicate()

    with Journal.open(path, identity) as journal:
        signer = JournalSigner(keys[0], journal, court)
        with pytest.raises(DoubleVote):
            signer.commit(dispute, Outcome.NO_MATCH)
        vote = signer.vote(dispute, Outcome.MATCH)

    digest = vote_digest(dispute, Outcome.MATCH, court)
    bls.verify(keys[0].bls_key, digest, bls.VOTE_TAG, vote.signature)


def test_create__is_readable_by_its_owner_only(path: Path, journal: Journal) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_create__refuses_to_overwrite(path: Path, identity: Identity, journal: Journal) -> None:
    journal.record_vote(a_vote(Outcome.MATCH))
    journal.close()

    with pytest.raises(JournalExists):
        Journal.create(path, identity, cursor=0)

    with Journal.open(path, identity) as again:
        assert again.votes() == (a_vote(Outcome.MATCH),)


def test_open__refuses_a_missing_file_and_makes_none(path: Path, identity: Identity) -> None:
    with pytest.raises(JournalMissing, match="restore it"):
        Journal.open(path, identity)

    assert not path.exists()


def test_open__refuses_while_another_holds_it(
    path: Path, identity: Identity, journal: Journal
) -> None:
    with pytest.raises(AlreadyRunning):
        Journal.open(path, identity)


@pytest.mark.parametrize(
    "other",
    [
        {"chain_id": 1},
        {"dispute_manager": Address("0x" + "44" * 20)},
        {"bls_key_hash": Digest(b"\x99" * 32)},
    ],
    ids=lambda other: next(iter(other)),
)
def test_open__refuses_another_identity_and_lets_go(
    path: Path, identity: Identity, journal: Journal, other: dict[str, object]
) -> None:
    journal.close()

    with pytest.raises(JournalRefused, match="another key or another deployment"):
        Journal.open(path, replace(identity, **other))  # type: ignore[arg-type]

    Journal.open(path, identity).close()


@pytest.mark.parametrize("content", [b"", b"not a database" * 100], ids=["empty", "garbage"])
def test_open__refuses_what_is_no_journal_and_lets_go(
    path: Path, identity: Identity, content: bytes
) -> None:
    path.write_bytes(content)

    for _ in range(2):
        with pytest.raises(JournalRefused):
            Journal.open(path, identity)


def test_open__refuses_the_journal_of_another_version(
    path: Path, identity: Identity, journal: Journal
) -> None:
    journal.close()
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA user_version = 1")
    database.close()

    with pytest.raises(JournalRefused, match="version 1, this node reads 2"):
        Journal.open(path, identity)
