"""The parameters a court is deployed with: the profiles beside this file, or a file like them.

A profile is a TOML file with the names of `CourtParameters`: windows and delays in whole seconds or
blocks, as the names say, and money, without `_wei`, as a decimal with its unit: `"0.1 ether"`. What
the contracts would refuse is refused here, before anybody pays for it, by file and key.
"""

from __future__ import annotations

import tomllib
from dataclasses import fields
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from node.errors import BadConfig
from protocol.court import CourtParameters
from protocol.types import MAX_COMMITTEE

UNITS: Final = {"ether": 10**18, "gwei": 10**9, "wei": 1}
SLOT_SECONDS: Final = 12
"""What the contracts turn `draw_delay_blocks` into seconds by (SPEC 5)."""
MAX_RUNGS: Final = 4
MAX_SECONDS_OR_BLOCKS: Final = 2**32 - 1
MAX_WEI: Final = 2**96 - 1
_MONEY_SUFFIX: Final = "_wei"
_WINDOWS: Final = (
    "draw_window_s",
    "key_window_s",
    "seal_window_s",
    "vote_window_s",
    "appeal_window_s",
)
_HERE: Final = Path(__file__).parent

NAMES: Final = ("devnet", "testnet", "mainnet")


def load_profile(name: str) -> CourtParameters:
    """The profile of this name; of a file, if `name` is not one of `NAMES`.

    Raises:
        BadConfig: the file is not there, or a court with these parameters would not be sound; names
            file, key and why.
    """
    path = _HERE / f"{name}.toml" if name in NAMES else Path(name)
    try:
        document = tomllib.loads(path.read_text())
    except FileNotFoundError as error:
        known = ", ".join(NAMES)
        raise BadConfig(path, f"no such file, and no such profile: they are {known}") from error
    except (OSError, ValueError) as error:
        raise BadConfig(path, str(error)) from error
    read = {each.name: _read(path, document, each.name) for each in fields(CourtParameters)}
    if document:
        raise BadConfig(path, f"{', '.join(sorted(document))}: no such parameter")
    parameters = CourtParameters(**read)
    _check(path, parameters)
    return parameters


def _read(path: Path, document: dict[str, Any], name: str) -> Any:
    key = name.removesuffix(_MONEY_SUFFIX)
    if key not in document:
        raise BadConfig(path, f"{key}: missing")
    value = document.pop(key)
    if name == "ladder":
        return _ladder(path, value)
    if name.endswith(_MONEY_SUFFIX):
        return _money(path, key, value)
    if type(value) is not int or not 1 <= value <= MAX_SECONDS_OR_BLOCKS:
        raise BadConfig(path, f"{key}: {value!r} is not a whole number above 0")
    return value


def _ladder(path: Path, value: Any) -> tuple[int, ...]:
    if not isinstance(value, list) or not 1 <= len(value) <= MAX_RUNGS:
        raise BadConfig(path, f"ladder: {value!r} is not a list of 1 to {MAX_RUNGS} sizes")
    for size in value:
        if type(size) is not int or size % 3 != 1 or not 1 < size <= MAX_COMMITTEE:
            why = f"is not 3f + 1 for an f from 1 to {MAX_COMMITTEE // 3}"
            raise BadConfig(path, f"ladder: {size!r} {why}")
    if any(larger <= smaller for smaller, larger in pairwise(value)):
        raise BadConfig(path, f"ladder: {value!r}: each must be larger than the one before")
    return tuple(value)


def _money(path: Path, key: str, value: Any) -> int:
    """Wei, exactly."""
    amount, _, unit = value.partition(" ") if isinstance(value, str) else ("", "", "")
    if unit not in UNITS or not amount.replace(".", "", 1).isdecimal() or not amount.isascii():
        raise BadConfig(
            path, f'{key}: {value!r} is not an amount with its unit, like "0.1 ether" or "5 gwei"'
        )
    wei = Fraction(amount) * UNITS[unit]
    if wei.denominator != 1 or not 0 < wei <= MAX_WEI:
        raise BadConfig(path, f"{key}: {value!r} is not a whole number of wei, above 0")
    return int(wei)


def _check(path: Path, parameters: CourtParameters) -> None:
    """What one parameter asks of another."""
    needed = parameters.draw_delay_blocks * SLOT_SECONDS
    if parameters.draw_window_s <= needed:
        raise BadConfig(
            path,
            f"draw_window_s: {parameters.draw_window_s} is over before a draw can be made: "
            f"draw_delay_blocks of {SLOT_SECONDS} seconds take {needed}",
        )
    a_round = sum(getattr(parameters, name) for name in _WINDOWS)
    longest = len(parameters.ladder) * a_round + parameters.vote_window_s
    if parameters.exit_delay_s <= longest:
        raise BadConfig(
            path,
            f"exit_delay_s: {parameters.exit_delay_s} lets a member leave with its bond before the "
            f"longest dispute ends, which takes {longest}: the windows, for every rung, and once "
            "more vote_window_s, to reveal votes",
        )
    if parameters.withheld_penalty_wei > parameters.verifier_bond_wei:
        raise BadConfig(path, "withheld_penalty: more than the verifier_bond that it is taken from")
