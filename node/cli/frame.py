"""What all commands share: options, one way to print, and errors as sentences with an exit code.

0   done
1   refused: the answer is no, and the sentence says why
2   the command line was wrong
3   could not tell: a chain, a mirror or a clock did not answer; try again
"""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from functools import reduce, wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import click
from rich.console import Console

from node.errors import NodeError, Unavailable
from protocol.errors import ChainUnavailable, ProtocolError, TransactionLost
from verifier.errors import VerifierError

P = ParamSpec("P")
T = TypeVar("T")
Command = Callable[..., Any]
Decorator = Callable[[Command], Command]

REFUSED = 1
COULD_NOT_TELL = 3

console = Console(stderr=True, highlight=False)
"""For people; standard output is for results."""

DEFAULT_RPC_URL = "http://127.0.0.1:8545"

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead.")
rpc_option = click.option(
    "--rpc-url", default=DEFAULT_RPC_URL, envvar="ASSAY_RPC_URL", show_default=True,
    help="JSON-RPC of an EVM chain with EIP-2537.",
)  # fmt: skip
court_option = click.option(
    "--court", "court_file", type=click.Path(path_type=Path), envvar="ASSAY_COURT",
    default=Path("court.json"), show_default=True,
    help="The deployment, as `assay deploy` wrote it.",
)  # fmt: skip


def options(*each: Decorator) -> Decorator:
    """Several options as one decorator, in the order in which `--help` shows them."""

    def decorate(command: Command) -> Command:
        return reduce(lambda decorated, option: option(decorated), reversed(each), command)

    return decorate


def awaited(command: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, T]:
    """Run an async command to its end, turning expected errors into sentences and exit codes."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        async def until_terminated() -> T:
            # SIGTERM unwinds as Ctrl-C does, so whatever was started is ended.
            task = asyncio.current_task()
            if task is not None:
                asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
            return await command(*args, **kwargs)

        with errors_as_sentences():
            try:
                return asyncio.run(until_terminated())
            except asyncio.CancelledError:
                raise SystemExit(128 + signal.SIGTERM) from None

    return run


@contextmanager
def errors_as_sentences() -> Iterator[None]:
    """Turn the errors this project expects into a sentence and an exit code."""
    try:
        yield
    except (NodeError, ProtocolError, VerifierError) as error:
        open_question = isinstance(error, ChainUnavailable | TransactionLost | Unavailable)
        code = COULD_NOT_TELL if open_question else REFUSED
        click.echo(f"assay: {error}", err=True)
        raise SystemExit(code) from error


def show(as_json: bool, facts: dict[str, Any]) -> None:
    """Print a result: as JSON, or a line for each fact."""
    if as_json:
        click.echo(json.dumps(facts))
        return
    width = max(map(len, facts), default=0)
    for name, value in facts.items():
        click.echo(f"{name.replace('_', ' '):<{width}}  {value}")


def listen_address(value: str) -> tuple[str, int]:
    """The host and port in HOST:PORT."""
    host, _, port = value.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65535:
        raise click.BadParameter(f"{value!r} is not HOST:PORT", param_hint="--listen")
    return host, int(port)
