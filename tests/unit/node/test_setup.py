"""A node is made once; and once more from nothing but its keys."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from node import keystore
from node.errors import JournalMissing, KeystoreError
from node.home import Deployment, write_deployment
from node.setup import initialise, open_journal
from tests.support.factories import COURT

SETTINGS: dict[str, str | int] = {"rpc_url": "http://127.0.0.1:8545", "listen_port": 9000}


@pytest.fixture(autouse=True)
def _weak(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keystore, "SCRYPT_N", 2)


@pytest.fixture
def court_file(tmp_path: Path) -> Path:
    write_deployment(tmp_path / "court.json", Deployment(COURT, 7))
    return tmp_path / "court.json"


def test_initialise__makes_a_node_once(court_file: Path, tmp_path: Path) -> None:
    keys, is_made = initialise(tmp_path / "home", court_file, SETTINGS)
    again, is_made_again = initialise(tmp_path / "home", court_file, SETTINGS)

    assert (is_made, is_made_again) == (True, False)
    assert keys.bls_key == again.bls_key
    with open_journal(tmp_path / "home", keys) as journal:
        assert journal.progress.cursor() == 6


def test_initialise__begins_a_new_history_with_keys_that_were_saved(
    court_file: Path, tmp_path: Path
) -> None:
    lost, home = tmp_path / "lost", tmp_path / "home"
    keys, _ = initialise(lost, court_file, SETTINGS)
    shutil.copytree(lost / "keys", home / "keys")

    restored, is_made = initialise(home, court_file, SETTINGS)

    assert is_made
    assert restored.bls_key == keys.bls_key
    with open_journal(home, restored) as journal:
        assert journal.votes() == ()
        assert journal.progress.cursor() == 6  # it reads all there was


def test_initialise__does_not_replace_what_is_half_there(court_file: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    keys, _ = initialise(home, court_file, SETTINGS)
    (home / "journal.sqlite").unlink()
    with pytest.raises(JournalMissing, match="begin a new one"):
        open_journal(home, initialise(home, court_file, SETTINGS)[0])

    (home / "node.toml").unlink()
    (home / "keys" / "bls.json").unlink()
    with pytest.raises(KeystoreError, match="backup"):
        initialise(home, court_file, SETTINGS)

    assert keystore.load_account(home / "keys" / "account.json", _password(home)).address == (
        keys.account.address
    )


def _password(home: Path) -> str:
    return (home / "keys" / "password").read_text().strip()
