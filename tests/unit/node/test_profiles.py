"""Profiles of courts: what is shipped is sound, and what is not is refused by file, key and why."""

from __future__ import annotations

from pathlib import Path

import pytest

from node.errors import BadConfig
from node.profiles import NAMES, load_profile

DEVNET = (Path(__file__).parents[3] / "node" / "profiles" / "devnet.toml").read_text()


def changed(directory: Path, old: str, new: str) -> Path:
    """The devnet's profile with one thing changed."""
    assert DEVNET.count(old) == 1
    path = directory / "court.toml"
    path.write_text(DEVNET.replace(old, new))
    return path


def test_load_profile__reads_money_exactly_and_windows_in_seconds() -> None:
    devnet = load_profile("devnet")

    assert devnet.ladder == (4, 13)
    assert devnet.member_fee_wei == 25 * 10**15
    assert devnet.verifier_bond_wei == 10 * 10**18
    assert (devnet.seal_window_s, devnet.appeal_window_s) == (60, 30)


@pytest.mark.parametrize("name", NAMES)
def test_profiles__of_the_house_make_who_challenges_pay_more_than_the_committee_costs(
    name: str,
) -> None:
    profile = load_profile(name)
    fee = profile.ladder[0] * profile.member_fee_wei + 2 * profile.submitter_cap_wei

    assert profile.challenge_bond_wei > 2 * fee
    assert profile.verifier_bond_wei >= 10 * profile.withheld_penalty_wei


def test_load_profile__takes_a_file(tmp_path: Path) -> None:
    path = changed(tmp_path, '"0.1 ether"', '"250 gwei"')

    assert load_profile(str(path)).withheld_penalty_wei == 250 * 10**9


def test_load_profile__names_the_profiles_where_there_is_none() -> None:
    with pytest.raises(BadConfig, match="devnet, testnet, mainnet"):
        load_profile("hoodi")


REFUSED = {
    "a committee that is not 3f + 1": ("[4, 13]", "[4, 12]", "ladder: 12 is not 3f"),
    "a committee of one": ("[4, 13]", "[1, 4]", "ladder: 1 is not 3f"),
    "a committee larger than a bitmap": ("[4, 13]", "[4, 64]", "ladder: 64 is not 3f"),
    "a size that is no number": ("[4, 13]", "[true]", "ladder: True is not 3f"),
    "a ladder that does not rise": ("[4, 13]", "[13, 13]", "ladder: .* larger than the one before"),
    "no ladder": ("[4, 13]", "[]", "ladder: .* 1 to 4 sizes"),
    "five rungs": ("[4, 13]", "[4, 7, 10, 13, 16]", "ladder: .* 1 to 4 sizes"),
    "a window of no length": ("key_window_s = 120", "key_window_s = 0", "key_window_s: 0 is not"),
    "a window in words": ("key_window_s = 120", 'key_window_s = "2 min"', "key_window_s: '2 min'"),
    "a window that Solidity cannot hold": (
        "key_window_s = 120", "key_window_s = 4294967296", "key_window_s: 4294967296 is not",
    ),
    "a draw due before its block": (
        "draw_window_s = 120", "draw_window_s = 24", "draw_window_s: 24 .* take 24",
    ),
    "bonds that leave before a dispute ends": (
        "exit_delay_s = 3600", "exit_delay_s = 840", "exit_delay_s: 840 .* takes 840",
    ),
    "a penalty above the bond": ('"0.1 ether"', '"10.1 ether"', "withheld_penalty: more than"),
    "money without a unit": ('"10 ether"', '"10"', "verifier_bond: '10' is not an amount"),
    "money as a number": ('"10 ether"', "10", "verifier_bond: 10 is not an amount"),
    "money in another unit": ('"10 ether"', '"10 euro"', "verifier_bond: '10 euro' is not"),
    "money in words": ('"10 ether"', '"ten ether"', "verifier_bond: 'ten ether' is not"),
    "less than nothing": ('"10 ether"', '"-10 ether"', "verifier_bond: '-10 ether' is not"),
    "nothing": ('"10 ether"', '"0 ether"', "verifier_bond: .* above 0"),
    "a part of a wei": ('"10 ether"', f'"10.{18 * "0"}1 ether"', "verifier_bond: .* whole number"),
    "more than Solidity can hold": ('"10 ether"', '"1e30 ether"', "verifier_bond"),
    "a parameter too few": ("exit_delay_s = 3600", "", "exit_delay_s: missing"),
    "a parameter too many": (
        "exit_delay_s = 3600", "exit_delay_s = 3600\nfees = 1", "fees: no such parameter",
    ),
    "no TOML": ("[4, 13]", "[4, 13", "Unclosed array"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_load_profile__refuses_what_the_court_would(case: str, tmp_path: Path) -> None:
    old, new, why = REFUSED[case]
    path = changed(tmp_path, old, new)

    with pytest.raises(BadConfig, match=why) as refusal:
        load_profile(str(path))

    assert refusal.value.path == path
