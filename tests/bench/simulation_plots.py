"""The figures of docs/simulation.md as SVG text: the same bytes for the same records."""

from __future__ import annotations

from collections.abc import Callable

import matplotlib as mpl
from matplotlib.figure import Figure

from .plots import BLUE, GREY, RED, STYLE, Record, _svg

COLOURS = (BLUE, RED, GREY, "#2e7d32", "#000000")


def plot_committees(rows: list[Record]) -> str:
    """Odds of a stall and of a forgery against the share of liars: exact lines, bands as seen."""
    ladders = list(dict.fromkeys(tuple(row["ladder"]) for row in rows))
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(7.2, 3), layout="constrained")
        for axes, what in zip(figure.subplots(1, 2), ("stalled", "forged"), strict=True):
            for ladder, colour in zip(ladders, COLOURS, strict=False):
                found = [row for row in rows if tuple(row["ladder"]) == ladder]
                shares = [100 * row["bad"] for row in found]
                exact = [max(row[what]["exact"], 1e-9) for row in found]
                axes.plot(shares, exact, "-", color=colour, label=", ".join(map(str, ladder)))
                seen = [max(row[what]["seen"] / row["disputes"], 1e-9) for row in found]
                below = [
                    share - max(row[what]["low"], 1e-9)
                    for share, row in zip(seen, found, strict=True)
                ]
                above = [row[what]["high"] - s for s, row in zip(seen, found, strict=True)]
                axes.errorbar(
                    shares, seen, yerr=[below, above], fmt=".", color=colour, ms=3, linewidth=0.7
                )
            axes.set_yscale("log")
            axes.set_ylim(1e-6, 1)
            axes.set_xlabel("liars in the register, %")
            axes.set_ylabel(f"committees {what}")
            axes.grid(alpha=0.3)
        axes.legend(fontsize=7, title="committee", title_fontsize=7)
        return _svg(figure)


def plot_growth(rows: list[Record], gas: Callable[[float], float]) -> str:
    """Bytes, talk and gas against the size of the committee."""
    sizes = [row["size"] for row in rows]
    values: dict[str, list[float]] = {
        "kB a member": [row["bytes"] / 1000 for row in rows],
        "talk, s": [row["talk_s"]["median"] for row in rows],
        "gas, millions": [gas(size) / 1e6 for size in sizes],
    }
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(7.2, 2.4), layout="constrained")
        for axes, (name, line) in zip(figure.subplots(1, 3), values.items(), strict=True):
            axes.plot(sizes, line, "-o", color=BLUE, ms=3)
            axes.axvline(61, color=RED, linestyle="--", linewidth=1)
            axes.set_xscale("log")
            axes.set_ylim(bottom=0)
            axes.set_xlabel("members")
            axes.set_ylabel(name)
            axes.grid(alpha=0.3)
        return _svg(figure)


def plot_laziness(earnings: list[Record], even: list[Record]) -> str:
    """What one member that guesses earns, and from where on work pays."""
    alone = [row for row in earnings if row["lazy"] == 1]
    share = alone[0]["share"]
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(7.2, 2.8), layout="constrained")
        axes = figure.subplots()
        often = [100 * row["surprising"] for row in alone]
        axes.errorbar(
            often, [row["guess"]["mean"] / share for row in alone],
            yerr=[row["guess"]["error"] / share for row in alone],
            fmt="o", color=BLUE, ms=3, label="a guess, simulated",
        )  # fmt: skip
        ends = [0.0, max(often)]
        axes.plot(ends, [1 - end / 100 for end in ends], color=BLUE, label="a guess, exact")
        for row in even:
            if not row["penalty"]:
                axes.axhline(1 - row["cost"], color=GREY, linestyle=":", linewidth=1)
                axes.plot([100 * row["break_even"]], [1 - row["cost"]], "x", color=RED)
        axes.set_xlabel("disputes with a surprise, % (dotted: what work leaves; x: break-even)")
        axes.set_ylabel("earned, of a full fee")
        axes.grid(alpha=0.3)
        axes.legend(fontsize=7)
        return _svg(figure)
