"""docs/figures.md, from the reports in docs/results."""

from __future__ import annotations

import json
from typing import Any

from .report import DOCS
from .wording import table

Report = dict[str, Any]


def render() -> dict[str, str]:
    """The page: its file name under docs, and what is in it."""
    gas, node, thirteen, cases = (
        json.loads((DOCS / "results" / f"{name}.json").read_text())
        for name in ("gas", "node", "thirteen", "cases")
    )
    parts = ["# Figures", "Generated from `docs/results` by `make figures`."]
    parts.append("What the schemes cost and survive is in [schemes.md](schemes.md).")
    parts.append("What a court stands is in [simulation.md](simulation.md).")
    parts += _dispute(node) + _thirteen(thirteen) + _gas(gas) + _cases(cases)
    return {"figures.md": "\n\n".join(parts) + "\n"}


def _dispute(report: Report) -> list[str]:
    figures = report["figures"]
    rows = [
        ["`assay demo`, median", f"{figures['demo_s_median']} s", "< 120 s"],
        ["challenge to verdict, 4 nodes, median", f"{figures['dispute_s_median']} s", "< 30 s"],
        ["challenge to verdict, 4 nodes, longest", f"{figures['dispute_s_longest']} s", "< 30 s"],
        ["a node's start, to ready", f"{figures['node_start_s']} s", "< 3 s"],
        ["an idle node", f"{figures['node_idle_mib']} MiB", "< 250 MB"],
    ]
    title = f"## A dispute\n\n{_provenance(report)} {figures['runs']} runs."
    return [title, table(["what", "measured", "goal"], rows)]


def _thirteen(report: Report) -> list[str]:
    figures, ether = report["figures"], 10**18
    rounds = [
        [str(number), f"{dispute['state']}, {dispute['outcome']}", *map(str, each.values())]
        for dispute in figures["disputes"]
        for number, each in enumerate(dispute["rounds"])
    ]
    seats = [
        [seat["role"], f"{seat['bond_left_wei'] / ether:g} ether"] for seat in figures["seats"]
    ]
    account = figures["account"]
    money = [
        ["bonds that verifiers paid", account["bonds_paid_wei"]],
        ["bonds left, seat by seat", account["bonds_left_wei"]],
        ["held by the register", account["register_holds_wei"]],
        ["held by the disputes, after all have collected", account["disputes_hold_wei"]],
        [
            "burnt: the lost appeal's bond, half of the bond of who signed twice",
            account["burnt_wei"],
        ],
    ]
    title = (
        f"## A court of thirteen\n\n{_provenance(report)} {figures['seconds']} seconds. Nine "
        "honest nodes as processes, and four faulty seats; a committee of four decides, an appeal "
        "is heard by all thirteen."
    )
    headings = ["round", "dispute", "members", "sealed", "opened", "signers", "outcome"]
    return [
        title,
        table(headings, rounds),
        table(["faulty seat", "bond left"], seats),
        table(["money at the end", "wei"], [[what, f"{wei:,}"] for what, wei in money]),
    ]


def _gas(report: Report) -> list[str]:
    sizes = report["figures"]["gas_by_committee_size"]
    rows = [
        [f"`{step}`", *(f"{by_step[step]:,}" for by_step in sizes.values())]
        for step in next(iter(sizes.values()))
    ]
    verdict = [f"{by_step['seal'] + by_step['settle']:,}" for by_step in sizes.values()]
    rows.append(["a verdict: `seal` + `settle`", *verdict])
    title = (
        f"## Gas\n\n{_provenance(report)} Whole transactions, all members signing. A verdict "
        "should stay below 520,000 at 13 and 620,000 at 61, `punishEquivocation` below 350,000; "
        "`ecrecover` is what the signatures of one round would cost without BLS."
    )
    return [title, table(["step", *(f"n = {size}" for size in sizes)], rows)]


def _cases(report: Report) -> list[str]:
    figures = report["figures"]
    kinds = ", ".join(f"`{kind}`" for kind in figures["kinds"])
    return [
        f"## Two languages\n\n{_provenance(report)} {figures['cases_of_each_kind']:,} random cases "
        f"of each kind, {figures['seeds']} seeds, made by a third implementation: in Python and in "
        f"Solidity {figures['differences']} differ. {kinds}."
    ]


def _provenance(report: Report) -> str:
    machine = report["machine"]
    return (
        f"`{report['command']}`, {report['date']}, commit {report['commit']}, "
        f"{machine['processor']}, {machine['cores']} cores, Python {machine['python']}."
    )
