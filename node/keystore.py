"""A node's secrets on disk: an account that pays and a BLS key that votes.

    account.json   Ethereum v3, as wallets write it
    bls.json       EIP-2335, as validators write it

The X25519 key that opens envelopes is derived from the BLS secret, so there is one secret to back
up and the registered pair cannot come apart. Both files use scrypt at the strength their standards
name, which takes a second each; they are opened side by side.

The password of `bls.json` is normalised as EIP-2335 asks (NFKD, no control codes), that of
`account.json` is taken as it is: so other tools open both with the same words.
"""

from __future__ import annotations

import json
import secrets
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_keyfile.keyfile import create_keyfile_json, decode_keyfile_json
from py_ecc.bls.ciphersuites import G2ProofOfPossession

from protocol import bls

from .errors import KeystoreError
from .home import write_secret

ACCOUNT_FILE: Final = "account.json"
BLS_FILE: Final = "bls.json"

SCRYPT_N: Final = 262_144
"""What Geth and EIP-2335 use."""

ENVELOPE_KEY_INFO: Final = b"assay/v1/envelope-key"


@dataclass(frozen=True, slots=True)
class NodeKeys:
    """Everything a verifier node signs and opens with."""

    account: LocalAccount = field(repr=False)
    bls_secret: int = field(repr=False)

    @property
    def bls_key(self) -> bytes:
        """The public key that is registered: G1, 128 bytes."""
        return bls.public_key(self.bls_secret)

    @property
    def envelope_private_key(self) -> X25519PrivateKey:
        """What opens the envelopes."""
        secret = self.bls_secret.to_bytes(32)
        derived = HKDF(SHA256(), length=32, salt=None, info=ENVELOPE_KEY_INFO).derive(secret)
        return X25519PrivateKey.from_private_bytes(derived)

    @property
    def envelope_key(self) -> bytes:
        """The public key that is registered: X25519, 32 bytes."""
        return self.envelope_private_key.public_key().public_bytes_raw()


def create_keys(directory: Path, password: str) -> NodeKeys:
    """Fresh keys, written to `directory`.

    Raises:
        KeystoreError: there are keys already.
    """
    account = create_account(directory / ACCOUNT_FILE, password)
    secret = int(G2ProofOfPossession.KeyGen(secrets.token_bytes(32)))
    keystore = create_keyfile_json(
        secret.to_bytes(32),
        _normalise(password).encode(),
        version=4,
        kdf="scrypt",
        iterations=SCRYPT_N,
    )
    _write(directory / BLS_FILE, keystore)
    return NodeKeys(account, secret)


def load_keys(directory: Path, password: str) -> NodeKeys:
    """The keys in `directory`.

    Raises:
        KeystoreError: a file is missing or damaged, or the password is another.
    """
    with ThreadPoolExecutor(max_workers=2) as threads:
        account = threads.submit(load_account, directory / ACCOUNT_FILE, password)
        bls_file = directory / BLS_FILE
        secret = threads.submit(_decrypt, bls_file, _normalise(password), version=4)
        return NodeKeys(account.result(), int.from_bytes(secret.result()))


def create_account(path: Path, password: str) -> LocalAccount:
    """A fresh account, written to `path`.

    Raises:
        KeystoreError: there is a file already.
    """
    account: LocalAccount = Account.create()
    keystore = create_keyfile_json(
        bytes(account.key), password.encode(), version=3, kdf="scrypt", iterations=SCRYPT_N
    )
    _write(path, keystore)
    return account


def load_account(path: Path, password: str) -> LocalAccount:
    """The account at `path`.

    Raises:
        KeystoreError: the file is missing or damaged, or the password is another.
    """
    account: LocalAccount = Account.from_key(_decrypt(path, password, version=3))
    return account


def _write(path: Path, keystore: dict[str, object]) -> None:
    try:
        write_secret(path, json.dumps(keystore, indent=2) + "\n")
    except FileExistsError as error:
        raise KeystoreError(path, "one is already there and will not be overwritten") from error


def _decrypt(path: Path, password: str, *, version: int) -> bytes:
    try:
        keystore = json.loads(path.read_text())
        if keystore["version"] != version:
            raise KeystoreError(path, f"version {keystore['version']}, not {version}")
        secret = decode_keyfile_json(keystore, password.encode())
    except OSError as error:
        raise KeystoreError(path, f"{error.strerror}; restore it from your backup") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        why = f"wrong password, or the file is damaged ({error})"
        raise KeystoreError(path, why) from error
    if not any(secret):
        raise KeystoreError(path, "it holds no key")
    return bytes(secret)


def _normalise(password: str) -> str:
    kept = (one for one in unicodedata.normalize("NFKD", password) if not _is_control(one))
    return "".join(kept)


def _is_control(character: str) -> bool:
    """C0, C1 and Delete, as EIP-2335 lists them."""
    return ord(character) < 0x20 or 0x7F <= ord(character) < 0xA0
