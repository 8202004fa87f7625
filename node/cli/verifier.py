"""`assay node`: run a verifier."""

from __future__ import annotations

from pathlib import Path
from typing import TextIO

import click

from node.app import run_node
from node.config import load_config
from node.faucet import fill
from node.keystore import NodeKeys
from node.logs import configure_logs
from node.protection import export_votes, import_votes
from node.setup import initialise, open_journal, open_keys, readiness_of, register_seat
from protocol.types import Address

from .frame import (
    awaited,
    court_option,
    errors_as_sentences,
    json_option,
    listen_address,
    options,
    rpc_option,
    show,
)

home_option = click.option(
    "--home", type=click.Path(path_type=Path), envvar="ASSAY_NODE_HOME",
    default=Path.home() / ".assay" / "node", show_default=True,
    help="Where the node's keys, journal and settings are.",
)  # fmt: skip
listen_option = click.option(
    "--listen", default="127.0.0.1:9000", show_default=True, help="HOST:PORT."
)
endpoint_option = click.option(
    "--endpoint", default="http://127.0.0.1:9000", show_default=True,
    help="Where peers reach this node; registered on chain.",
)  # fmt: skip
faucet_option = click.option(
    "--faucet", is_flag=True, help="Ask a development chain for 100 ether."
)
making_options = options(
    home_option, court_option, rpc_option, listen_option, endpoint_option, faucet_option
)


@click.group()
def node() -> None:
    """Run a verifier."""


@node.command()
@making_options
@json_option
@awaited
async def init(
    home: Path,
    court_file: Path,
    rpc_url: str,
    listen: str,
    endpoint: str,
    faucet: bool,
    as_json: bool,
) -> None:
    """Make keys, journal and settings, unless they are there."""
    keys, made = await _init(home, court_file, rpc_url, listen, endpoint, faucet)
    show(as_json, {"operator": keys.account.address, "home": str(home), "made": made})


@node.command()
@home_option
@json_option
@awaited
async def register(home: Path, as_json: bool) -> None:
    """Take a seat: pay the bond, prove the key. Does nothing if the node has one."""
    config = load_config(home)
    operator = await register_seat(home, config, open_keys(home))
    show(as_json, {"operator": operator, "endpoint": config.endpoint})


@node.command()
@home_option
@awaited
async def run(home: Path) -> None:
    """Do a member's duty until stopped."""
    config = load_config(home)
    configure_logs(config.log_level)
    await run_node(home, config, open_keys(home))


@node.command()
@making_options
@awaited
async def up(
    home: Path, court_file: Path, rpc_url: str, listen: str, endpoint: str, faucet: bool
) -> None:
    """Init, register and run, each only as far as it is still to be done."""
    keys, _ = await _init(home, court_file, rpc_url, listen, endpoint, faucet)
    config = load_config(home)
    configure_logs(config.log_level)
    await register_seat(home, config, keys)
    await run_node(home, config, keys)


@node.command()
@home_option
@json_option
@awaited
async def status(home: Path, as_json: bool) -> None:
    """Show whether the running node is ready, and if not, why; exit 1 if it is not."""
    facts = await readiness_of(load_config(home))
    show(as_json, facts)
    raise SystemExit(0 if facts["ready"] else 1)


@node.group()
def protection() -> None:
    """Move what a key has signed to another machine; both commands need the node stopped."""


@protection.command("export")
@home_option
def export_protection(home: Path) -> None:
    """Print every vote on record."""
    with errors_as_sentences(), open_journal(home, open_keys(home)) as journal:
        click.echo(export_votes(journal), nl=False)


@protection.command("import")
@click.argument("file", type=click.File())
@home_option
@json_option
def import_protection(file: TextIO, home: Path, as_json: bool) -> None:
    """Add the votes that an export holds: all of them or none."""
    with errors_as_sentences(), open_journal(home, open_keys(home)) as journal:
        show(as_json, {"new_votes": import_votes(journal, file.read())})


async def _init(
    home: Path, court_file: Path, rpc_url: str, listen: str, endpoint: str, faucet: bool
) -> tuple[NodeKeys, bool]:
    host, port = listen_address(listen)
    settings: dict[str, str | int] = {
        "rpc_url": rpc_url, "listen_host": host, "listen_port": port, "endpoint": endpoint,
    }  # fmt: skip
    keys, made = initialise(home, court_file, settings)
    if faucet and made:
        await fill(rpc_url, Address(keys.account.address))
    return keys, made
