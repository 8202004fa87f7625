"""docs/schemes.md and its figures say what the records say, or a test fails."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.bench import schemes_page
from tests.bench.papers import PAPERS
from tests.bench.report import DOCS
from tests.bench.schemes_page import render
from tests.bench.wording import Record
from verifier.removal.attacks import ATTACKS


def test_schemes_page__is_that_of_the_records() -> None:
    for name, text in render().items():
        assert (DOCS / name).read_text() == text, f"{name}: run make figures"


def test_schemes_page__shows_figures_that_exist_and_no_other_is_kept() -> None:
    shown = set(re.findall(r"\((figures/[^)]+\.svg)\)", (DOCS / "schemes.md").read_text()))

    assert shown == {f"figures/{path.name}" for path in (DOCS / "figures").glob("*.svg")}


def test_papers__are_set_beside_attacks_that_are_made() -> None:
    assert {told.attack for rows in PAPERS.values() for told in rows} <= ATTACKS.keys()


def run(seed: int, *, bits: float, utility: float, exposed: int = 0) -> Record:
    def suspect(log2_odds: float, accuracy: float, first: float) -> Record:
        shards = [
            {
                "found": round(-odds),
                "needed": 64,
                "best": 100,
                "log2_odds": odds,
                "decision": "MATCH" if odds <= -64 else "NO_MATCH",
            }
            for odds in (first, log2_odds)
        ]
        return {"utility": accuracy, "accuracy": accuracy, "exposed": exposed, "shards": shards}

    return {
        "suite": "removal", "scheme": "s-v1", "data": "digits", "seed": seed, "images": 9,
        "command": f"do {seed}", "machine": "m", "threads": 1, "torch": "t",
        "network": {"architecture": "mlp"}, "parameters": {"margin": 1.5},
        "seconds_to_train": 1, "seconds_to_embed": 2, "strangers": None,
        "unmarked": suspect(-1, 0.9, -1),
        "suspects": {
            "none": suspect(-99, 0.9, -99),
            "an attack": suspect(-bits, utility, -1 if exposed else -bits),
        },
    }  # fmt: skip


@pytest.mark.parametrize(
    ("runs", "row"),
    [
        (
            [run(0, bits=80, utility=0.86), run(1, bits=70, utility=0.87)],
            "| an attack | 75 / 64 | 2^-75 | 86.5% | 3.5 | **holds** |",
        ),
        (
            [run(0, bits=80, utility=0.9), run(1, bits=20, utility=0.9)],
            "| an attack | 50 / 64 | 2^-50 | 90.0% | 0.0 | holds 1 of 2 times |",
        ),
        (
            [run(0, bits=0.1, utility=0.9)],
            "| an attack | 0 / 64 | chance | 90.0% | 0.0 | gone |",
        ),
        (
            [run(0, bits=80, utility=0.8)],
            "| an attack | 80 / 64 | 2^-80 | 80.0% | 10.0 | model destroyed, 1 of 1 match |",
        ),
        (
            [run(0, bits=80, utility=0.9, exposed=1)],
            "| an attack | 80 / 64 | 2^-80 | 90.0% | 0.0 | **holds** |",
        ),
    ],
    ids=["holds", "sometimes", "gone", "destroyed", "an exposed shard does not count"],
)
def test_schemes_page__judges_an_attack_by_mark_and_accuracy(
    runs: list[Record], row: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = render_of(runs, tmp_path, monkeypatch)["schemes.md"]

    assert row in page.splitlines()


def test_schemes_page__is_the_same_bytes_for_the_same_records(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    once, again = (
        render_of([run(0, bits=80, utility=0.86)], tmp_path, monkeypatch) for _ in range(2)
    )

    assert once == again
    assert "figures/s-v1-digits-attacks.svg" in once


def render_of(
    runs: list[Record], directory: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    for each in runs:
        (directory / f"{each['seed']}.json").write_text(json.dumps(each))
    monkeypatch.setattr(schemes_page, "RESULTS", directory)
    return render()
