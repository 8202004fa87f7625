"""A development network clears up after the last one, and after nobody else."""

from __future__ import annotations

from pathlib import Path

import pytest

from node.devnet import run_devnet
from node.errors import BadConfig, DevnetFailed


async def test_run_devnet__leaves_a_directory_alone_that_holds_something_else(
    tmp_path: Path,
) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")

    with pytest.raises(BadConfig):
        async with run_devnet(tmp_path):
            pass

    assert (tmp_path / "thesis.tex").exists()


async def test_run_devnet__names_the_log_of_a_process_that_ends_early(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And removes what the last network left, whose chain is gone."""
    monkeypatch.setattr("sys.executable", "/bin/false")
    (tmp_path / "logs").mkdir()
    (tmp_path / "node0").mkdir()

    with pytest.raises(DevnetFailed) as failure:
        async with run_devnet(tmp_path):
            pass

    assert failure.value.log == tmp_path / "logs" / "chain.log"
    assert not (tmp_path / "node0").exists()
