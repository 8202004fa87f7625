"""The papers' own tables: each published variant trained anew, and measured as in its paper.

The published variants are in `verifier.paper`; no verdict comes of them. What our sound variant has
to add, and no list of attacks shows, stands beside it here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from verifier.bench.cases import Case
from verifier.bench.data import Split
from verifier.bench.records import Progress, Record, silent
from verifier.errors import BadData

from . import deepsigns, deepsigns_blackbox, deepstego, dsn, mtlsign, pmi

Reproduce = Callable[[Case, Split, int], Mapping[str, float]]
"""From the case, its data and a seed to named figures: shares in 0..1, unless a figure's name gives
another unit."""

REPRODUCTIONS: dict[str, Reproduce] = {
    "deepsigns-v1": deepsigns.reproduce,
    "deepsigns-blackbox-v1": deepsigns_blackbox.reproduce,
    "deepstego-v1": deepstego.reproduce,
    "dsn-v1": dsn.reproduce,
    "mtlsign-v1": mtlsign.reproduce,
    "pmi-v1": pmi.reproduce,
}
"""By the sound scheme that came of the paper."""

SEED = 0


def measure_paper(
    case: Case, *, data_dir: Path | None = None, progress: Progress = silent
) -> Record:
    """The figures of the paper that the case's scheme is from.

    Raises:
        BadData: the data is not there, or the scheme is of no paper's own.
    """
    if case.scheme.id not in REPRODUCTIONS:
        raise BadData("reproduce a paper", f"{case.scheme.id} is published nowhere else")
    progress(0, 1, "reproduce")
    data = case.load(data_dir)
    figures = REPRODUCTIONS[case.scheme.id](case, data, SEED)
    progress(1, 1, "done")
    return {
        "images": len(data.owner),
        "figures": {name: round(figure, 4) for name, figure in figures.items()},
    }
