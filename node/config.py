"""A node's settings: the environment, then `node.toml`, then defaults.

Everything a node owns lives in one directory, its home:

    node.toml        these settings
    court.json       which deployment it serves; `assay deploy` writes it, `node init` copies it
    keys/            account.json (v3), bls.json (EIP-2335), password
    journal.sqlite   what it signed; without it the node does not start
    cache/           blobs by digest
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from .errors import BadConfig

Url = Annotated[str, StringConstraints(pattern=r"^https?://[^\s]+$", max_length=256)]


class NodeConfig(BaseSettings):
    """The settings of `node.toml`; each may be overridden by ASSAY_NODE_<NAME>."""

    model_config = SettingsConfigDict(env_prefix="ASSAY_NODE_", extra="forbid", frozen=True)

    rpc_url: Url = "http://127.0.0.1:8545"
    listen_host: str = "127.0.0.1"
    listen_port: int = Field(9000, ge=0, le=65535)
    endpoint: Url = "http://127.0.0.1:9000"
    """Where peers reach this node; registered on chain."""
    poll_seconds: float = Field(0.5, gt=0)
    turn_seconds: float = Field(3.0, gt=0)
    """How long the next submitter waits for the one before (SPEC 5.4)."""
    max_cache_bytes: int = Field(8 * 2**30, gt=0)
    verify_seconds: int = Field(120, gt=0)
    """Wall-clock limit of one verification."""
    verify_memory_bytes: int = Field(8 * 2**30, gt=0)
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment, then the file."""
        return env_settings, TomlConfigSettingsSource(settings_cls)


def load_config(home: Path) -> NodeConfig:
    """The settings in force for the node at `home`.

    Raises:
        BadConfig: a file or variable holds something that is not a setting, or not a value of one.
    """
    path = home / "node.toml"
    if not path.is_file():
        raise BadConfig(path, "no such file; make one with `assay node init`")

    class AtHome(NodeConfig):
        model_config = SettingsConfigDict(toml_file=path)

    try:
        return AtHome()
    except (ValidationError, ValueError) as error:
        raise BadConfig(path, str(error)) from error


def write_config(home: Path, settings: dict[str, str | int]) -> None:
    """Write `node.toml` with the given settings; the others keep their defaults."""
    lines = [f"{name} = {json.dumps(value)}" for name, value in settings.items()]
    (home / "node.toml").write_text("\n".join(lines) + "\n")
