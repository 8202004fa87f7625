"""The parameters a court is deployed with."""

from __future__ import annotations

from typing import Final

from protocol.types import CourtParameters

ETHER: Final = 10**18

# Blocks come every second and a committee is four processes of one machine, so a minute is long.
DEVNET: Final = CourtParameters(
    committee_size=4,
    draw_delay_blocks=2,
    key_window_s=120,
    vote_window_s=90,
    challenge_bond_wei=ETHER,
    challenge_fee_wei=ETHER // 10,
    beacon_delay_blocks=2,
    verifier_bond_wei=10 * ETHER,
    exit_delay_s=600,
)
