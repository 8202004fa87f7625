"""Settings come from environment and file; what is no setting is refused by name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from node.config import load_config, write_config
from node.errors import BadConfig
from node.home import Deployment, load_deployment, load_password, make_password, write_deployment
from tests.support.factories import COURT


def test_load_config__takes_the_file_and_defaults_for_the_rest(tmp_path: Path) -> None:
    write_config(tmp_path, {"rpc_url": "http://chain:8545", "listen_port": 9007})

    config = load_config(tmp_path)

    assert (config.rpc_url, config.listen_port, config.log_level) == (
        "http://chain:8545",
        9007,
        "info",
    )


def test_load_config__environment_wins_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_config(tmp_path, {"listen_port": 9007})
    monkeypatch.setenv("ASSAY_NODE_LISTEN_PORT", "9008")

    assert load_config(tmp_path).listen_port == 9008


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ('rpc_ulr = "http://chain"\n', "rpc_ulr"),
        ("listen_port = 70000\n", "listen_port"),
        ('rpc_url = "chain:8545"\n', "rpc_url"),
        ("listen_port = \n", "node.toml"),
    ],
    ids=["a misspelt name", "a port beyond all ports", "no URL", "no TOML"],
)
def test_load_config__names_what_is_wrong(content: str, named: str, tmp_path: Path) -> None:
    (tmp_path / "node.toml").write_text(content)

    with pytest.raises(BadConfig, match=named):
        load_config(tmp_path)


def test_load_config__without_a_file_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match="assay node init"):
        load_config(tmp_path)


def test_deployment__is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "shared" / "court.json"
    write_deployment(path, Deployment(COURT, 12))

    assert load_deployment(path) == Deployment(COURT, 12)


@pytest.mark.parametrize("spoil", ["chain_id", "dispute_manager", "block"])
def test_deployment__that_lacks_a_field_is_refused(spoil: str, tmp_path: Path) -> None:
    fields = Deployment(COURT, 12).to_json()
    del fields[spoil]
    (tmp_path / "court.json").write_text(json.dumps(fields))

    with pytest.raises(BadConfig, match="not a deployment"):
        load_deployment(tmp_path / "court.json")


def test_deployment__with_a_mistyped_address_is_refused(tmp_path: Path) -> None:
    fields = Deployment(COURT, 12).to_json() | {"dispute_manager": "0x" + "Ab" * 20}
    (tmp_path / "court.json").write_text(json.dumps(fields))

    with pytest.raises(BadConfig, match="checksum"):
        load_deployment(tmp_path / "court.json")


def test_password__is_read_without_its_line_end_and_never_overwritten(tmp_path: Path) -> None:
    password = make_password(tmp_path / "password")

    assert load_password(tmp_path / "password") == password
    with pytest.raises(FileExistsError):
        make_password(tmp_path / "password")
