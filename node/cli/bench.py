"""`assay bench`: what removes a scheme's marks, who forges them, whom they accuse."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from .frame import REFUSED, Command, console, errors_as_sentences, json_option, options

if TYPE_CHECKING:
    from verifier.bench.tables import Task

DATA = ("digits", "mnist", "mnist-60k", "fashion-mnist", "cifar10", "banking77")

scheme_option = click.option(
    "--scheme", "schemes", multiple=True, help="Only this scheme; give it again for more."
)
data_dir_option = click.option(
    "--data-dir", type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="The folder with the sub-folders mnist, fashion-mnist, cifar10 and banking77.",
)  # fmt: skip
seeds_option = click.option("--seeds", type=click.IntRange(min=1), default=3, show_default=True)
out_option = click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), default=Path("bench"),
    show_default=True, help="Where the records go; a finished one is not measured again.",
)  # fmt: skip
data_option = click.option("--data", type=click.Choice(DATA), default="digits", show_default=True)
jobs_option = click.option(
    "--jobs", type=click.IntRange(min=1), default=1, show_default=True,
    help="Processes side by side, one thread each.",
)  # fmt: skip


@click.group()
def bench() -> None:
    """Measure the schemes: what removes marks, who forges them, whom they accuse."""


@bench.command()
@options(scheme_option, data_option, data_dir_option, seeds_option, jobs_option, out_option)
@json_option
def removal(
    schemes: tuple[str, ...], data: str, data_dir: Path | None, seeds: int, jobs: int, out: Path,
    as_json: bool,
) -> None:  # fmt: skip
    """Attack marked models: how much of the mark is left, and how much of the model."""
    _check(schemes)
    from verifier.bench.removal import summarise
    from verifier.bench.tables import Task, measurable

    tasks = [
        Task("removal", scheme, data, seed, data_dir)
        for scheme in schemes or measurable("removal")
        for seed in range(seeds)
    ]
    records = _run(tasks, out, jobs)
    found = {
        scheme: summarise([record for record in records if record["scheme"] == scheme])
        for scheme in dict.fromkeys(record["scheme"] for record in records)
    }
    if as_json:
        click.echo(json.dumps(found))
        return
    for scheme, attacks in found.items():
        click.echo(f"{scheme} on {data}, medians of {seeds} seeds")
        for name, row in attacks.items():
            score = f"{row['found']:g} / {row['needed']:g}"
            mark = f"{row['matches']} of {row['of']} match"
            worth = "" if row["affordable"] else ", model destroyed"
            click.echo(f"  {name:<48} {score:>16}  {row['utility']:6.1%}  {mark}{worth}")


def _suite(name: str, text: str, shown: Sequence[str]) -> Command:
    @bench.command(name, help=text)
    @options(scheme_option, data_option, data_dir_option, jobs_option, out_option)
    @json_option
    def command(
        schemes: tuple[str, ...], data: str, data_dir: Path | None, jobs: int, out: Path,
        as_json: bool,
    ) -> None:  # fmt: skip
        _check(schemes)
        from verifier.bench.tables import Task, measurable

        asked = schemes or measurable(name)
        tasks = [Task(name, scheme, data, data_dir=data_dir) for scheme in asked]
        records = _run(tasks, out, jobs)
        facts = {record["scheme"]: {key: record[key] for key in shown} for record in records}
        if as_json:
            click.echo(json.dumps(facts))
            return
        for scheme, found in facts.items():
            tables = [value for value in found.values() if isinstance(value, dict)]
            told = [
                f"{key.replace('_', ' ')} {value}"
                for key, value in found.items()
                if value not in tables
            ]
            click.echo(f"{scheme}: {', '.join(told)}")
            for line, value in (item for table in tables for item in table.items()):
                click.echo(f"  {line:<48} {value}")

    return command


_suite(
    "forgery",
    "Forge evidence against an innocent model, then draw messages: 0 may be accepted.",
    ("tries", "accepted", "paper"),
)
_suite(
    "null",
    "Read innocent models with many keys: p-values must be uniform.",
    ("readings", "matches", "ks_p", "log2_odds_of_best"),
)
_suite(
    "noise",
    "Read on unlike devices: two may never contradict each other.",
    ("devices", "suspects"),
)
_suite(
    "speed",
    "Time a reading beside the bare forward passes that it needs.",
    ("ratio", "milliseconds", "inputs", "inputs_at_once"),
)
_suite(
    "paper",
    "Train the published variant anew, and measure it as its paper does.",
    ("images", "figures"),
)


@bench.command()
@click.option("--data", type=click.Choice(DATA), help="Only this set, for all schemes.")
@options(scheme_option, data_dir_option, seeds_option, jobs_option, out_option)
@json_option
def tables(
    data: str | None, schemes: tuple[str, ...], data_dir: Path | None, seeds: int, jobs: int,
    out: Path, as_json: bool,
) -> None:  # fmt: skip
    """Make every record that the tables of docs/schemes.md are written from.

    Without --data-dir a small edition, on the digits that come along.
    """
    _check(schemes)
    from verifier.bench.tables import all_tasks

    tasks = list(all_tasks(data_dir, schemes=schemes, data=data, seeds=seeds))
    records = _run(tasks, out, jobs)
    if as_json:
        click.echo(json.dumps({"records": len(records), "written_to": str(out)}))
    else:
        click.echo(f"{len(records)} records in {out}")


def _check(schemes: Sequence[str]) -> None:
    from verifier.schemes import find_scheme

    with errors_as_sentences():
        for scheme in schemes:
            find_scheme(scheme)


def _run(tasks: Sequence[Task], out: Path, jobs: int) -> list[dict[str, Any]]:
    """All records; if one cannot be made, the others, and then an exit code."""
    from verifier.bench.tables import run_tasks

    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    )  # fmt: skip
    with Progress(*columns, console=console, transient=True) as shown:
        bar = shown.add_task("begin")
        results = run_tasks(
            tasks, out, jobs=jobs,
            progress=lambda done, total, step: shown.update(
                bar, completed=done, total=total, description=step
            ),
        )  # fmt: skip
    failed = {name: said for name, said in results.items() if isinstance(said, str)}
    for name, sentence in failed.items():
        click.echo(f"assay: {name}: {sentence}", err=True)
    if failed:
        raise SystemExit(REFUSED)
    return [record for record in results.values() if not isinstance(record, str)]
