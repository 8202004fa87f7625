"""The directory in which a node or an owner keeps what is theirs, and the court it belongs to.

`court.json` names one deployment: chain id, the three contracts, the block they were deployed in.
`assay deploy` writes it and everybody copies it; it holds nothing secret.
"""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from eth_account.signers.local import LocalAccount
from eth_utils.address import is_checksum_address

from protocol.chain import CourtClient
from protocol.court import Court
from protocol.types import Address

from .errors import BadConfig


@dataclass(frozen=True, slots=True)
class Deployment:
    """A court and the block from which its events are read."""

    court: Court
    block: int

    def to_json(self) -> dict[str, Any]:
        """The content of `court.json`."""
        return {**asdict(self.court), "block": self.block}

    async def connect(self, rpc_url: str, account: LocalAccount | None = None) -> CourtClient:
        """The court, asked at `rpc_url`; to act on only with an account.

        Raises:
            ChainUnavailable: the chain does not answer.
            ChainMismatch: it is another chain, or there is no court on it.
        """
        return await CourtClient.connect(
            rpc_url,
            self.court.dispute_manager,
            account=account,
            chain_id=self.court.chain_id,
            first_block=self.block,
        )


def write_deployment(path: Path, deployment: Deployment) -> None:
    """Write `court.json` in one step, so that whoever waits for the file never reads half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    partial.write_text(json.dumps(deployment.to_json(), indent=2) + "\n")
    partial.replace(path)


def load_deployment(path: Path) -> Deployment:
    """Read a `court.json`.

    Raises:
        BadConfig: the file is missing or does not name a deployment.
    """
    try:
        fields = json.loads(path.read_text())
        addresses = [
            fields[name] for name in ("claim_registry", "verifier_registry", "dispute_manager")
        ]
        if not all(is_checksum_address(address) for address in addresses):
            raise BadConfig(path, "an address in it is not a checksummed one")
        court = Court(int(fields["chain_id"]), *(Address(address) for address in addresses))
        return Deployment(court, int(fields["block"]))
    except FileNotFoundError as error:
        raise BadConfig(
            path, "no such file; `assay deploy` or `assay devnet` writes one"
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise BadConfig(path, f"not a deployment: {error!r}") from error


def write_secret(path: Path, content: str) -> None:
    """Write a file that only its owner may read; refuses to overwrite."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(content)


def make_password(path: Path) -> str:
    """A fresh random password, kept in a file of its own."""
    password = secrets.token_urlsafe(24)
    write_secret(path, password + "\n")
    return password


def load_password(path: Path) -> str:
    """The password in a file, without its line end.

    Raises:
        BadConfig: the file cannot be read.
    """
    try:
        return path.read_text().rstrip("\r\n")
    except OSError as error:
        raise BadConfig(path, f"cannot read the password: {error.strerror}") from error
