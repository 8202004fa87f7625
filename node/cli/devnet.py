"""`assay demo` and `assay devnet`, and the parts they are made of: `chain`, `deploy`, `mirror`."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

import click
from aiohttp import web
from eth_account import Account

from node.demo import STORIES, run_demo
from node.devchain import serve
from node.devnet import run_devnet
from node.faucet import fill
from node.home import Deployment, load_password, write_deployment
from node.keystore import load_account
from node.mirror import build_mirror
from node.profiles import load_profile
from protocol.chain import CourtClient
from protocol.types import Address

from .frame import awaited, console, json_option, rpc_option, show

host_option = click.option("--host", default="127.0.0.1", show_default=True)
Directory = click.Path(path_type=Path, file_okay=False)
ExistingFile = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.command()
@click.option("--keep", is_flag=True, help="Leave everything running and say how to look at it.")
@click.option("--dir", "directory", type=Directory, help="Work here, not in a temporary directory.")
@click.option(
    "--scheme", type=click.Choice([*STORIES, "all"]), default="deepsigns-v1", show_default=True,
    help="Mark with this one, or tell the story with each.",
)  # fmt: skip
@json_option
@awaited
async def demo(keep: bool, directory: Path | None, scheme: str, as_json: bool) -> None:
    """Tell a stolen model from an innocent one: the whole story, on this machine."""
    schemes = list(STORIES) if scheme == "all" else [scheme]
    with tempfile.TemporaryDirectory(prefix="assay-demo-") as temporary:
        right = await run_demo(directory or Path(temporary), schemes, keep=keep, as_json=as_json)
    raise SystemExit(0 if right else 1)


@click.command()
@click.option("--dir", "directory", type=Directory, default=Path("devnet"), show_default=True)
@click.option("--nodes", type=click.IntRange(min=4), default=4, show_default=True)
@click.option("--port", default=8545, show_default=True,
              help="The chain's port; the nodes follow from 9000.")  # fmt: skip
@awaited
async def devnet(directory: Path, nodes: int, port: int) -> None:
    """Run a chain, the contracts, a mirror and verifier nodes until Ctrl-C."""
    async with run_devnet(directory, nodes=nodes, chain_port=port, say=console.print) as net:
        console.print(f"chain   {net.rpc_url}\nmirror  {net.mirror}")
        for endpoint in net.endpoints:
            console.print(f"node    {endpoint}/readyz")
        console.print(f"court   {net.court_file}\nlogs    {directory / 'logs'}\nCtrl-C ends it")
        await net.processes.until_one_ends()


@click.command()
@host_option
@click.option("--port", default=8545, show_default=True)
@click.option("--block-seconds", default=1.0, show_default=True)
@awaited
async def chain(host: str, port: int, block_seconds: float) -> None:
    """Run the embedded chain: for development only, it forgets everything when it ends."""
    async with serve(host, port, block_seconds=block_seconds, funded={}) as url:
        console.print(f"chain answers at {url}")
        await asyncio.Event().wait()


@click.command()
@rpc_option
@click.option(
    "--profile", default="devnet", show_default=True,
    help="devnet, testnet, mainnet (for the layers above it too), or a TOML file like theirs.",
)  # fmt: skip
@click.option(
    "--out", type=click.Path(path_type=Path), default=Path("court.json"), show_default=True
)
@click.option("--keystore", type=ExistingFile, help="The account that pays.")
@click.option("--password-file", type=ExistingFile)
@click.option(
    "--faucet", is_flag=True, help="Pay from a fresh account that a development chain fills."
)
@json_option
@awaited
async def deploy(
    rpc_url: str, profile: str, out: Path, keystore: Path | None, password_file: Path | None,
    faucet: bool, as_json: bool,
) -> None:  # fmt: skip
    """Deploy the contracts and write the deployment file."""
    parameters = load_profile(profile)
    if faucet:
        account = Account.create()
        await fill(rpc_url, Address(account.address))
    elif keystore and password_file:
        account = load_account(keystore, load_password(password_file))
    else:
        raise click.UsageError(
            "give --keystore and --password-file, or --faucet on a development chain"
        )
    async with await CourtClient.deploy(rpc_url, account, parameters) as court:
        deployment = Deployment(court.court, court.first_block)
    write_deployment(out, deployment)
    show(as_json, {**deployment.to_json(), "written_to": str(out)})


@click.command()
@host_option
@click.option("--port", default=8600, show_default=True)
@click.option("--dir", "directory", type=Directory, default=Path("blobs"), show_default=True)
@click.option("--writable", is_flag=True, help="Take uploads.")
@awaited
async def mirror(host: str, port: int, directory: Path, writable: bool) -> None:
    """Serve files by their sha256."""
    runner = web.AppRunner(build_mirror(directory, writable=writable), access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        console.print(f"mirror answers at http://{host}:{port}")
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()
