"""Making a node: home, keys, history, seat. Each step is taken once; again changes nothing."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Final

import aiohttp

from protocol import bls
from protocol.messages import possession_digest
from protocol.types import Address

from .config import NodeConfig, write_config
from .home import load_deployment, load_password, make_password, write_deployment
from .journal import Identity, Journal
from .keystore import NodeKeys, create_keys, load_keys

log = logging.getLogger(__name__)

JOURNAL_FILE: Final = "journal.sqlite"


def initialise(
    home: Path, court_file: Path, settings: dict[str, str | int]
) -> tuple[NodeKeys, bool]:
    """The keys of the node at `home`, and whether it was made just now.

    Keys that are there already, of a machine that was wiped, begin a new history. They cannot vote
    twice by that: only what opens their leaf under the chain's root is ever voted (SPEC 5.3).

    Raises:
        BadConfig: `court_file` does not name a deployment.
        BadConfig, KeystoreError, JournalExists: an earlier attempt left half a node; nothing is
            overwritten.
    """
    if (home / "node.toml").exists():
        return open_keys(home), False
    deployment = load_deployment(court_file)
    if (home / "keys").exists():
        keys = open_keys(home)
    else:
        keys = create_keys(home / "keys", make_password(home / "keys" / "password"))
    identity = Identity.of(deployment.court, keys.bls_key)
    Journal.create(home / JOURNAL_FILE, identity, cursor=deployment.block - 1).close()
    write_deployment(home / "court.json", deployment)
    write_config(home, settings)  # last: a home with settings is whole
    return keys, True


def open_keys(home: Path) -> NodeKeys:
    """The node's keys.

    Raises:
        BadConfig, KeystoreError: they are not there, or do not open.
    """
    return load_keys(home / "keys", load_password(home / "keys" / "password"))


def open_journal(home: Path, keys: NodeKeys) -> Journal:
    """The node's history, without which it must not sign.

    Raises:
        JournalMissing, JournalRefused, AlreadyRunning: it must not be opened.
    """
    court = load_deployment(home / "court.json").court
    return Journal.open(home / JOURNAL_FILE, Identity.of(court, keys.bls_key))


async def register_seat(home: Path, config: NodeConfig, keys: NodeKeys) -> Address:
    """Take a seat unless the node has one; returns the operator."""
    deployment = load_deployment(home / "court.json")
    operator = Address(keys.account.address)
    async with await deployment.connect(config.rpc_url, keys.account) as court:
        if await court.seat_of(operator, await court.head("latest")) is None:
            digest = possession_digest(operator, keys.bls_key, court.court)
            possession = bls.sign(keys.bls_secret, digest, bls.POSSESSION_TAG)
            await court.register(keys.bls_key, possession, keys.envelope_key, config.endpoint)
            log.info("took a seat as %s", operator)
    return operator


async def readiness_of(config: NodeConfig) -> dict[str, object]:
    """What the running node says of itself on `/readyz`."""
    host = "127.0.0.1" if config.listen_host in ("", "0.0.0.0") else config.listen_host  # noqa: S104
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as http,
            http.get(f"http://{host}:{config.listen_port}/readyz") as response,
        ):
            facts: dict[str, object] = await response.json()
            return facts
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        return {"ready": False, "reasons": [f"not running, or not reachable: {error}"]}
