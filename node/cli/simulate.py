"""`assay simulate`: thousands of disputes in one process, and whether one breaks a promise."""

from __future__ import annotations

import json
import os
import platform
import shlex
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from protocol.committee import quorum

from .frame import REFUSED, console, json_option

if TYPE_CHECKING:
    from node.simulation.options import Options, Table

STRATEGIES = (
    "absent", "lazy", "copying", "withholding", "censoring", "equivocating", "splitting",
    "regretting", "lying",
)  # fmt: skip


class Ladder(click.ParamType[tuple[int, ...]]):
    """Committee sizes with commas between them."""

    name = "SIZES"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, ...]:
        """The sizes, if each is 3f + 1 and larger than the one before."""
        try:
            sizes = tuple(int(size) for size in str(value).split(","))
            for size in sizes:
                quorum(size)
        except ValueError as error:
            self.fail(f"{value!r}: {error}", param, ctx)
        if list(sizes) != sorted(set(sizes)) or sizes[0] < 4:
            self.fail(f"{value!r}: the smallest has 4 members, and each is larger than the last")
        return sizes


@click.command()
@click.option(
    "--disputes", type=click.IntRange(min=1), default=2000, show_default=True,
    help="In each table; fewer where one takes seconds.",
)  # fmt: skip
@click.option("--seed", type=int, default=1, show_default=True, help="Same seed, same figures.")
@click.option(
    "--bad", type=click.FloatRange(0, 1), metavar="SHARE",
    help="This share of the register is faulty, instead of a grid; in the table of strategies, "
    "instead of f of each committee.",
)  # fmt: skip
@click.option(
    "--strategy", "strategies", type=click.Choice(STRATEGIES), multiple=True,
    help="Only this way to be faulty; give it again for more.",
)  # fmt: skip
@click.option(
    "--drop", type=click.FloatRange(0, 0.9), metavar="P",
    help="The share of requests, and of answers, that are lost; instead of a grid.",
)  # fmt: skip
@click.option(
    "--jitter", "jitter_ms", type=click.FloatRange(min=0), metavar="MS", default=500,
    show_default=True, help="How much longer a message may take than the 50 ms it takes at least.",
)  # fmt: skip
@click.option("--ladder", type=Ladder(), help="Committee sizes, such as 4,13; instead of a grid.")
@click.option(
    "--table", "tables", multiple=True,
    type=click.Choice(("committees", "safety", "network", "growth", "laziness")),
    help="Only this table; give it again for more.",
)  # fmt: skip
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False),
    help="Where the records go, one JSON file for each table.",
)  # fmt: skip
@json_option
def simulate(
    disputes: int, seed: int, bad: float | None, strategies: tuple[str, ...], drop: float | None,
    jitter_ms: float, ladder: tuple[int, ...] | None, tables: tuple[str, ...], out: Path | None,
    as_json: bool,
) -> None:  # fmt: skip
    """Play disputes by the protocol's own rules, with members that fail, cheat and lie.

    Exits with 1 if a promise was broken that must hold while at most f of each committee's 3f + 1
    members are faulty.
    """
    from node.simulation.options import Options
    from node.simulation.tables import TABLES

    options = Options(disputes, seed, bad, strategies, drop, jitter_ms / 1000, ladder)
    records = {name: _record(name, options, out) for name in tables or TABLES}
    violations = [found for record in records.values() for found in record["violations"]]
    if as_json:
        click.echo(json.dumps(records))
    else:
        for record in records.values():
            _print(record)
        click.echo(f"{len(violations)} promises broken")
    if violations:
        raise SystemExit(REFUSED)


def _record(name: str, options: Options, out: Path | None) -> dict[str, Any]:
    """One table, with all that is needed to doubt or repeat it."""
    from node.simulation.tables import TABLES

    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    done = 0
    began = time.perf_counter()
    with Progress(*columns, console=console, transient=True) as shown:
        bar = shown.add_task(name)

        def tick(count: int) -> None:
            nonlocal done
            done += count
            shown.update(bar, description=f"{name}: {done} disputes")

        table: Table = TABLES[name](options, tick)
    seconds = time.perf_counter() - began
    record = {
        "table": name,
        "seed": options.seed,
        "command": f"assay {shlex.join(sys.argv[1:])}",
        "date": datetime.now(UTC).date().isoformat(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "python": platform.python_version(),
        "disputes": done,
        "seconds": round(seconds, 1),
        "violations": table.violations,
        "rows": table.rows,
    }
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        (out / f"{name}.json").write_text(json.dumps(record, indent=1) + "\n")
    return record


def _print(record: dict[str, Any]) -> None:
    rate = record["disputes"] / record["seconds"] if record["seconds"] else 0
    click.echo(f"{record['table']}: {record['disputes']} disputes, {rate:.0f} a second")
    for row in record["rows"]:
        click.echo("  " + ", ".join(f"{name} {_short(value)}" for name, value in row.items()))


def _short(value: Any) -> str:
    match value:
        case dict():
            return " ".join(f"{name}={_short(each)}" for name, each in value.items())
        case float():
            return f"{value:.4g}"
        case list() | tuple():
            return ",".join(map(str, value))
        case _:
            return str(value)
