"""All suites for all schemes: a list of records to make, a few side by side, none made twice."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from verifier.determinism import configure
from verifier.errors import VerifierError
from verifier.schemes import SCHEMES

from .cases import case
from .forgery import measure_forgery
from .noise import measure_noise
from .null import measure_null
from .records import Progress, Record, record, silent
from .removal import measure_removal
from .reproduction import REPRODUCTIONS, measure_paper
from .speed import measure_speed

QUICK = "digits"
"""What the suites are run on that measure a scheme, not what a thief does to a model."""

EVERY_SCHEME_ON = "mnist"
MORE = (
    ("deepstego-v1", "mnist-60k"),
    ("pmi-v1", "cifar10"),
    ("mtlsign-v1", "fashion-mnist"),
    ("mtlsign-v1", "banking77"),
)
"""What else is measured where there is data: what more images give, colours, and sentences."""

Suite = Callable[..., Record]

SUITES: dict[str, Suite] = {
    "removal": measure_removal,
    "forgery": measure_forgery,
    "null": measure_null,
    "noise": measure_noise,
    "speed": measure_speed,
    "paper": measure_paper,
}


@dataclass(frozen=True, slots=True)
class Task:
    """One record to make."""

    suite: str
    scheme: str
    data: str
    seed: int = 0
    data_dir: Path | None = None

    def __str__(self) -> str:
        parts = [self.suite, self.scheme, self.data]
        return "-".join([*parts, str(self.seed)] if self.suite == "removal" else parts)

    @property
    def command(self) -> str:
        """How to make this record again."""
        asked = f"assay bench {self.suite} --scheme {self.scheme} --data {self.data}"
        asked += "" if self.data == QUICK else " --data-dir DIR"
        return f"{asked} --seeds {self.seed + 1}" if self.suite == "removal" else asked

    def run(self, out: Path, progress: Progress = silent) -> Record:
        """The record, from `out` or measured.

        Raises:
            VerifierError: it cannot be measured.
        """
        facts: Record = {"suite": self.suite, "scheme": self.scheme, "data": self.data}
        if self.suite == "removal":
            facts["seed"] = self.seed
        return record(out / f"{self}.json", self.command, facts, partial(self._measure, progress))

    def _measure(self, progress: Progress) -> Record:
        measured = case(self.scheme, self.data)
        seed = (self.seed,) if self.suite == "removal" else ()
        return SUITES[self.suite](measured, *seed, data_dir=self.data_dir, progress=progress)


def measurable(suite: str) -> Sequence[str]:
    """The schemes that the suite can measure: a variant of ours has no paper of its own."""
    return tuple(REPRODUCTIONS if suite == "paper" else SCHEMES)


def all_tasks(
    data_dir: Path | None, *, schemes: Sequence[str] = (), data: str | None = None, seeds: int
) -> Iterator[Task]:
    """Every suite. With a `data_dir` that is the page's plan; else, or on the set named, in small.

    Forgeries, the innocent and devices are always measured on the digits: a network's size changes
    nothing there.
    """
    schemes = schemes or tuple(SCHEMES)
    name = data or (QUICK if data_dir is None else EVERY_SCHEME_ON)
    removals = [(scheme, name) for scheme in schemes]
    if data is None and data_dir is not None:
        removals += [each for each in MORE if each[0] in schemes]
    # Seeds outermost: after the first, there is one row of every table.
    for seed in range(seeds):
        for scheme, its_data in removals:
            yield Task("removal", scheme, its_data, seed, data_dir)
    for scheme in schemes:
        if scheme in measurable("paper"):
            yield Task("paper", scheme, name, data_dir=data_dir)
        yield Task("speed", scheme, name, data_dir=data_dir)
        for suite in ("forgery", "null", "noise"):
            yield Task(suite, scheme, QUICK)


def run_tasks(
    tasks: Sequence[Task], out: Path, *, jobs: int = 1, progress: Progress = silent
) -> dict[str, Record | str]:
    """The record of each task, or the sentence that says why there is none.

    `jobs` processes work side by side, one thread each.
    """
    if jobs == 1:
        configure(threads=1)
        return {str(task): _attempt(task, out, progress) for task in tasks}
    results: dict[str, Record | str] = {}
    # Spawned, not forked: a fork inherits torch's thread pools in a state that may hang.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context, initializer=configure_one_thread) as workers:
        waiting = {workers.submit(_attempt, task, out): task for task in tasks}
        for done, finished in enumerate(as_completed(waiting), start=1):
            task = waiting[finished]
            results[str(task)] = finished.result()
            progress(done, len(tasks), str(task))
    return results


def configure_one_thread() -> None:
    """As a worker of `run_tasks` begins."""
    configure(threads=1)


def _attempt(task: Task, out: Path, progress: Progress = silent) -> Record | str:
    try:
        return task.run(out, progress)
    except VerifierError as error:
        return str(error)
