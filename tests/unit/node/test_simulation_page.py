"""docs/simulation.md and its figures say what the records say, or a test fails."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from node.simulation.tables import TABLES
from tests.bench import simulation_page
from tests.bench.report import DOCS
from tests.bench.simulation_page import RESULTS, SECTIONS, render


def test_simulation_page__is_that_of_the_records() -> None:
    for name, text in render().items():
        assert (DOCS / name).read_text() == text, f"{name}: run make figures"


def test_simulation_page__has_a_section_for_each_table_and_shows_its_figures() -> None:
    shown = set(re.findall(r"\((figures/[^)]+\.svg)\)", (DOCS / "simulation.md").read_text()))
    kept = {f"figures/simulation/{path.name}" for path in (DOCS / "figures/simulation").iterdir()}

    assert list(SECTIONS) == list(TABLES)
    assert shown == kept


@pytest.mark.parametrize("name", SECTIONS)
def test_simulation_records__say_how_they_were_made_and_broke_no_promise(name: str) -> None:
    record = json.loads((RESULTS / f"{name}.json").read_text())

    assert record["violations"] == []
    assert record["command"].startswith("assay simulate")
    assert {"seed", "machine", "python", "date", "disputes", "seconds"} <= record.keys()


def test_simulation_page__takes_gas_from_what_was_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    costs = {"4": {"seal": 100, "settle": 200}, "13": {"seal": 109, "settle": 218}}
    measured = tmp_path / "gas.json"
    measured.write_text(json.dumps({"figures": {"gas_by_committee_size": costs}}))
    monkeypatch.setattr(simulation_page, "GAS", measured)

    gas, told = simulation_page._gas("seal", "settle")

    assert gas(61) == pytest.approx(300 + 3 * 57)
    assert told == "288 and 3 for each seat"
