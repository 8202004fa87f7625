"""`assay owner`: an account, claims, their keys embedded and their models bound."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from node import owner as desk
from node.claims import claim_names, load_claim
from node.errors import BadConfig
from node.faucet import fill
from node.home import load_deployment, load_password, make_password
from node.keystore import create_account, load_account
from protocol.chain import CourtClient
from protocol.types import MAX_SHARDS, Address
from verifier.finding import DEFAULT_LEVEL

from .frame import awaited, console, court_option, json_option, options, rpc_option, show

home_option = click.option(
    "--home", type=click.Path(path_type=Path), envvar="ASSAY_HOME",
    default=Path.home() / ".assay" / "owner", show_default=True,
    help="Where the account and the claims are kept.",
)  # fmt: skip
at_court = options(home_option, court_option, rpc_option, json_option)
claim_option = click.option(
    "--claim",
    "claim_name",
    help="The claim, by the beginning of its id; needed if there are several.",
)
package_argument = click.argument(
    "package", type=click.Path(path_type=Path, exists=True, file_okay=False)
)


@click.group()
def owner() -> None:
    """Commit keys, embed them, bind the model, challenge a suspect."""


@owner.command()
@home_option
@rpc_option
@click.option("--faucet", is_flag=True, help="Ask a development chain for 100 ether.")
@json_option
@awaited
async def init(home: Path, rpc_url: str, faucet: bool, as_json: bool) -> None:
    """Make an account, unless there is one."""
    keystore = home / "account.json"
    if keystore.exists():
        account = load_account(keystore, load_password(home / "password"))
    else:
        account = create_account(keystore, make_password(home / "password"))
    if faucet:
        await fill(rpc_url, Address(account.address))
    show(as_json, {"address": account.address, "keystore": str(keystore)})


@owner.command()
@package_argument
@click.option(
    "--data",
    required=True,
    help="`digits`, a directory of idx files or of BANKING77, or an .npz file.",
)
@click.option("--scheme", default="deepsigns-v1", show_default=True)
@click.option(
    "--shards", type=click.IntRange(1, MAX_SHARDS), default=4, show_default=True,
    help="How many committees the claim is good for: one a dispute, and one an appeal.",
)  # fmt: skip
@click.option(
    "--level", default=DEFAULT_LEVEL, show_default=True, help="A MATCH needs odds below 2^-LEVEL."
)
@at_court
@awaited
async def commit(
    package: Path, data: str, scheme: str, shards: int, level: int,
    home: Path, court_file: Path, rpc_url: str, as_json: bool,
) -> None:  # fmt: skip
    """Freeze everything but the message, commit to it, and wait for the beacon."""
    async with await connect(home, court_file, rpc_url) as court:
        claim = await desk.commit(
            court, court.address, home, package, data,
            scheme=scheme, shards=shards, level=level, say=say,
        )  # fmt: skip
    show(as_json, {"claim": claim.id.hex(), "shards": shards, "kept_in": str(claim.directory)})


@owner.command()
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, help="Where the marked model goes."
)
@claim_option
@at_court
@awaited
async def embed(
    out: Path, claim_name: str | None, home: Path, court_file: Path, rpc_url: str, as_json: bool
) -> None:
    """Train the claim's messages into a copy of its model."""
    claim = load_claim(home, claim_name)
    async with await connect(home, court_file, rpc_url) as court:
        with console.status("trains") as status:

            def progress(epoch: int, loss: float) -> None:
                status.update(f"trains: epoch {epoch + 1} done, loss {loss:.3f}")

            await desk.embed(court, claim, out, say=say, progress=progress)
    show(as_json, {"claim": claim.id.hex(), "package": str(out)})


@owner.command()
@package_argument
@claim_option
@at_court
@awaited
async def bind(
    package: Path, claim_name: str | None, home: Path, court_file: Path, rpc_url: str, as_json: bool
) -> None:
    """Record the digest of the marked model in PACKAGE, once a claim."""
    claim = load_claim(home, claim_name)
    async with await connect(home, court_file, rpc_url) as court:
        digest = await desk.bind(court, claim, package)
    show(as_json, {"claim": claim.id.hex(), "model": digest.hex()})


@owner.command("register-model")
@package_argument
@at_court
@awaited
async def register_model(
    package: Path, home: Path, court_file: Path, rpc_url: str, as_json: bool
) -> None:
    """Time-stamp the model in PACKAGE: claims that come later cannot be disputed with it."""
    async with await connect(home, court_file, rpc_url) as court:
        digest = await desk.register_model(court, package)
    show(as_json, {"model": digest.hex()})


@owner.command()
@at_court
@awaited
async def status(home: Path, court_file: Path, rpc_url: str, as_json: bool) -> None:
    """Show the account and every claim: beacon, binding, shards."""
    claims = {}
    async with await connect(home, court_file, rpc_url) as court:
        head = await court.head("latest")
        balance = await court.balance(court.address, head)
        owed = await court.owed(court.address, head)
        for name in claim_names(home):
            claims[name] = await desk.claim_facts(court, load_claim(home, name), head)
    facts = {"address": court.address, "balance_wei": balance, "owed_wei": owed}
    if as_json:
        show(as_json, facts | {"claims": claims})
    else:
        lines = {f"claim {name[:8]}": _in_words(claim) for name, claim in claims.items()}
        show(as_json, facts | lines)


def _in_words(claim: dict[str, Any]) -> str:
    left = f"{claim['shards_left']} of {claim['shards']} shards left"
    if not claim["committed"]:
        return f"{claim['scheme']}, never sent, {left}"
    beacon = "beacon drawn" if claim["beacon"] else "no beacon yet"
    bound = f"bound to {claim['bound'][:8]}" if claim["bound"] else "not bound"
    return f"{claim['scheme']}, {beacon}, {bound}, {left}"


async def connect(home: Path, court_file: Path, rpc_url: str) -> CourtClient:
    """The court, with the owner's account to act on it."""
    deployment = load_deployment(court_file)
    keystore = home / "account.json"
    if not keystore.exists():
        raise BadConfig(keystore, "no such file; make an account with `assay owner init`")
    account = load_account(keystore, load_password(home / "password"))
    return await deployment.connect(rpc_url, account)


def say(step: str) -> None:
    """Progress, for people."""
    console.print(f"owner {step}")
