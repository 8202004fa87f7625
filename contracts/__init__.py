"""The compiled contracts: interface and creation code by name.

The files under `abi/` are committed, so that neither a compiler nor Node is needed to deploy or to
talk to a contract; `contracts/bin/abi` writes them from the sources under `src/`. Addresses are not
known here.
"""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

__all__ = ["UnknownContract", "abi", "bytecode"]


class UnknownContract(LookupError):
    """No contract of this name is part of Assay."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name

    def __str__(self) -> str:
        return f"load contract: {self.name!r} is not one of {', '.join(_names())}"


def abi(name: str) -> list[dict[str, Any]]:
    """Return the contract's interface, as web3 takes it.

    Raises:
        UnknownContract: No contract has this name.
    """
    interface: list[dict[str, Any]] = _read(name)["abi"]
    return interface


def bytecode(name: str) -> bytes:
    """Return the contract's creation code, to which the constructor's arguments are appended.

    Raises:
        UnknownContract: No contract has this name.
    """
    return bytes.fromhex(_read(name)["bytecode"].removeprefix("0x"))


def _read(name: str) -> dict[str, Any]:
    if name not in _names():
        raise UnknownContract(name)
    artifact: dict[str, Any] = json.loads((files(__name__) / "abi" / f"{name}.json").read_text())
    return artifact


def _names() -> list[str]:
    return sorted(
        path.name.removesuffix(".json")
        for path in (files(__name__) / "abi").iterdir()
        if path.name.endswith(".json")
    )
