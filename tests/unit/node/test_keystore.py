"""Keys that come back with the right password, and with no other."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from eth_account import Account

from node import keystore
from node.errors import KeystoreError
from node.keystore import (
    ACCOUNT_FILE,
    BLS_FILE,
    NodeKeys,
    create_account,
    create_keys,
    load_account,
    load_keys,
)
from protocol import bls

PASSWORD = "correct horse battery"

# The PBKDF2 vector of EIP-2335; its password is as hard to type as passwords come.
EIP_2335_PASSWORD = "𝔱𝔢𝔰𝔱𝔭𝔞𝔰𝔰𝔴𝔬𝔯𝔡🔑"  # noqa: RUF001 - these letters are the test
EIP_2335_SECRET = 0x000000000019D6689C085AE165831E934FF763AE46A2A6C172B3F1B60A8CE26F
EIP_2335_KEYSTORE = """{
  "crypto": {
    "kdf": {
      "function": "pbkdf2",
      "params": {
        "dklen": 32, "c": 262144, "prf": "hmac-sha256",
        "salt": "d4e56740f876aef8c010b86a40d5f56745a118d0906a34e69aec8c0db1cb8fa3"
      },
      "message": ""
    },
    "checksum": {
      "function": "sha256",
      "params": {},
      "message": "8a9f5d9912ed7e75ea794bc5a89bca5f193721d30868ade6f73043c6ea6febf1"
    },
    "cipher": {
      "function": "aes-128-ctr",
      "params": {"iv": "264daa3f303d7259501c93d997d84fe6"},
      "message": "cee03fde2af33149775b7223e7845e4fb2c8ae1792e5f99fe9ecf474cc8c16ad"
    }
  },
  "description": "This is a test keystore that uses PBKDF2 to secure the secret.",
  "pubkey": "",
  "path": "m/12381/60/0/0",
  "uuid": "64625def-3331-4eea-ab6f-782f3ed16a83",
  "version": 4
}"""


@pytest.fixture
def _weak(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second for each scrypt is for attackers, not for tests."""
    monkeypatch.setattr(keystore, "SCRYPT_N", 2)


@pytest.mark.usefixtures("_weak")
def test_create_keys__load_back(tmp_path: Path) -> None:
    created = create_keys(tmp_path, PASSWORD)
    loaded = load_keys(tmp_path, PASSWORD)

    assert loaded.account.address == created.account.address
    assert loaded.bls_secret == created.bls_secret
    assert loaded.envelope_key == created.envelope_key
    bls.validate_key(loaded.bls_key)


@pytest.mark.usefixtures("_weak")
def test_create_keys__are_fresh_and_read_by_their_owner_only(tmp_path: Path) -> None:
    one, other = create_keys(tmp_path / "one", PASSWORD), create_keys(tmp_path / "two", PASSWORD)

    assert one.bls_secret != other.bls_secret
    assert one.account.key != other.account.key
    for name in (ACCOUNT_FILE, BLS_FILE):
        assert stat.S_IMODE((tmp_path / "one" / name).stat().st_mode) == 0o600


@pytest.mark.usefixtures("_weak")
def test_create_keys__refuse_to_overwrite(tmp_path: Path) -> None:
    keys = create_keys(tmp_path, PASSWORD)

    with pytest.raises(KeystoreError, match="will not be overwritten"):
        create_keys(tmp_path, PASSWORD)

    assert load_keys(tmp_path, PASSWORD).bls_secret == keys.bls_secret


@pytest.mark.usefixtures("_weak")
def test_load_keys__wrong_password(tmp_path: Path) -> None:
    create_keys(tmp_path, PASSWORD)

    with pytest.raises(KeystoreError, match="wrong password"):
        load_keys(tmp_path, PASSWORD + "!")


@pytest.mark.usefixtures("_weak")
@pytest.mark.parametrize("content", ["", "{}", "[]", '{"version": 3, "crypto": {}}'])
def test_load_account__damaged(tmp_path: Path, content: str) -> None:
    (tmp_path / ACCOUNT_FILE).write_text(content)

    with pytest.raises(KeystoreError):
        load_account(tmp_path / ACCOUNT_FILE, PASSWORD)


@pytest.mark.usefixtures("_weak")
def test_load_keys__one_kind_is_not_taken_for_the_other(tmp_path: Path) -> None:
    create_keys(tmp_path, PASSWORD)
    (tmp_path / BLS_FILE).write_bytes((tmp_path / ACCOUNT_FILE).read_bytes())

    with pytest.raises(KeystoreError, match="version 3, not 4"):
        load_keys(tmp_path, PASSWORD)


def test_load_keys__missing(tmp_path: Path) -> None:
    with pytest.raises(KeystoreError, match="backup"):
        load_keys(tmp_path, PASSWORD)


@pytest.mark.usefixtures("_weak")
def test_load_keys__reads_the_vector_of_eip_2335(tmp_path: Path) -> None:
    create_account(tmp_path / ACCOUNT_FILE, EIP_2335_PASSWORD)
    (tmp_path / BLS_FILE).write_text(EIP_2335_KEYSTORE)

    assert load_keys(tmp_path, EIP_2335_PASSWORD).bls_secret == EIP_2335_SECRET
    # NFKD of those letters is plain ASCII; control codes do not count.
    create_account(tmp_path / "plain" / ACCOUNT_FILE, "testpassword\x07🔑")
    (tmp_path / "plain" / BLS_FILE).write_text(EIP_2335_KEYSTORE)
    assert load_keys(tmp_path / "plain", "testpassword\x07🔑").bls_secret == EIP_2335_SECRET


@pytest.mark.usefixtures("_weak")
def test_account__opens_in_other_wallets(tmp_path: Path) -> None:
    account = create_account(tmp_path / ACCOUNT_FILE, PASSWORD)
    keyfile = json.loads((tmp_path / ACCOUNT_FILE).read_text())

    assert Account.decrypt(keyfile, PASSWORD) == account.key
    assert keyfile["address"].lower() == account.address[2:].lower()


def test_keys__do_not_show_their_secrets(keys: tuple[NodeKeys, ...]) -> None:
    shown = repr(keys[0]) + str(keys[0])

    assert str(keys[0].bls_secret) not in shown
    assert keys[0].account.key.hex() not in shown


def test_envelope_key__depends_on_the_secret_alone(keys: tuple[NodeKeys, ...]) -> None:
    again = NodeKeys(account=keys[1].account, bls_secret=keys[0].bls_secret)

    assert again.envelope_key == keys[0].envelope_key
    assert len({one.envelope_key for one in keys}) == len(keys)
