"""The figures of docs/schemes.md as SVG text: the same bytes for the same records.

Evidence is shown as bits, -log2 of the odds, so that schemes of all kinds share one axis.
"""

from __future__ import annotations

import io
from statistics import median
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

Record = dict[str, Any]

POWER = ("power of", "closed form for")
"""How figures of power are named: `suspect: power of 96 pools`."""

BLUE, GREY, RED = "#1f5fa8", "#8a8a8a", "#b3261e"
STYLE: dict[Any, Any] = {
    "svg.hashsalt": "assay",
    "svg.fonttype": "none",
    "font.size": 9,
    "axes.axisbelow": True,
}


def plot_pruning(runs: list[Record], level: int, affordable: float) -> str:
    """Evidence and accuracy against the share of weights pruned: each seed, and the median."""
    names = ["none", *(name for name in runs[0]["suspects"] if name.startswith("pruned by"))]
    shares = [0, *(int(name.removeprefix("pruned by ").rstrip("%")) for name in names[1:])]
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(7.2, 2.8), layout="constrained")
        evidence, accuracy = figure.subplots(1, 2)
        _curves(evidence, shares, [[_bits(run, name) for name in names] for run in runs])
        _curves(accuracy, shares, [[_utility(run, name) for name in names] for run in runs])
        _level(evidence, level, horizontal=True)
        worth = median(run["unmarked"]["utility"] for run in runs) - affordable
        accuracy.axhline(100 * worth, color=RED, linestyle="--", linewidth=1)
        accuracy.set_ylim(0, 102)
        evidence.set_ylabel("bits of evidence")
        accuracy.set_ylabel("accuracy, %")
        for axes in (evidence, accuracy):
            axes.set_xlabel("weights pruned, %")
            axes.grid(alpha=0.3)
        return _svg(figure)


def plot_attacks(runs: list[Record], level: int, affordable: float) -> str:
    """Evidence left by every attack, and beside it the accuracy; dots are seeds, bars medians."""
    names = [name for name, found in runs[0]["suspects"].items() if "refused" not in found]
    places = list(range(len(names), 0, -1))
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(7.2, 0.6 + 0.17 * len(names)), layout="constrained")
        evidence, accuracy = figure.subplots(1, 2, sharey=True, width_ratios=(2, 1))
        for axes, value in ((evidence, _bits), (accuracy, _utility)):
            axes.barh(
                places, [median(value(run, name) for run in runs) for name in names],
                color=BLUE, alpha=0.35, height=0.7,
            )  # fmt: skip
            for run in runs:
                axes.plot([value(run, name) for name in names], places, ".", color=BLUE, ms=3)
            axes.grid(axis="x", alpha=0.3)
        _level(evidence, level, horizontal=False)
        worth = median(run["unmarked"]["utility"] for run in runs) - affordable
        accuracy.axvline(100 * worth, color=RED, linestyle="--", linewidth=1)
        accuracy.set_xlim(0, 102)
        evidence.set_yticks(places, names, fontsize=7)
        evidence.set_ylim(0.3, len(names) + 0.7)
        evidence.set_xlabel("bits of evidence")
        accuracy.set_xlabel("accuracy, %")
        return _svg(figure)


def plot_power(figures: dict[str, float]) -> str:
    """Odds that a marked suspect is told, against the number of pools: measured, and by the law."""
    suspects = dict.fromkeys(name.partition(": ")[0] for name in figures if POWER[0] in name)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(7.2, 2.8), layout="constrained")
        axes = figure.subplots()
        for suspect, colour in zip(suspects, (BLUE, RED, GREY), strict=False):
            for infix, line in zip(POWER, ("-o", ":"), strict=True):
                prefix = f"{suspect}: {infix} "
                found = {
                    int(name.removeprefix(prefix).split()[0]): 100 * share
                    for name, share in figures.items()
                    if name.startswith(prefix)
                }
                told = infix == POWER[0]
                label = f"{suspect}, gap {figures[f'{suspect}: gap']:.2f}" if told else None
                axes.plot(list(found), list(found.values()), line, color=colour, ms=3, label=label)
        axes.set_xlabel("pools (dotted: closed form)")
        axes.set_ylabel("told, %")
        axes.set_ylim(-3, 103)
        axes.grid(alpha=0.3)
        axes.legend(fontsize=7)
        return _svg(figure)


def _curves(axes: Axes, shares: list[int], seeds: list[list[float]]) -> None:
    for values in seeds:
        axes.plot(shares, values, color=GREY, linewidth=0.7)
    medians = [median(values) for values in zip(*seeds, strict=True)]
    axes.plot(shares, medians, color=BLUE, linewidth=2, marker=".")


def _level(axes: Axes, level: int, *, horizontal: bool) -> None:
    draw = axes.axhline if horizontal else axes.axvline
    draw(level, color=RED, linestyle="--", linewidth=1)


def _bits(run: Record, name: str) -> float:
    """Of the worst shard that was not exposed."""
    suspect = run["suspects"][name]
    return float(-max(shard["log2_odds"] for shard in suspect["shards"][suspect["exposed"] :]))


def _utility(run: Record, name: str) -> float:
    return float(100 * run["suspects"][name]["utility"])


def _svg(figure: Figure) -> str:
    written = io.StringIO()
    figure.savefig(written, format="svg", metadata={"Date": None, "Creator": None})
    # Matplotlib leaves blanks at the ends of lines, which git would complain of.
    return "\n".join(line.rstrip() for line in written.getvalue().splitlines()) + "\n"
