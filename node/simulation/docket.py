"""What a court holds of a dispute, and its money: what comes in goes out, to the wei."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from protocol.court import CourtParameters
from protocol.sealing import NOTHING
from protocol.types import Address, Digest, DisputeId, Outcome, Place, Sealed, State

from .hearing import Hearing
from .register import Register

OWNER: Final = Address("owner")
APPELLANT: Final = Address("appellant")
BURNT: Final = Address("burnt")
ANYONE: Final = Address("anyone")
GAS_PRICE_WEI: Final = 11 * 10**9
"""A base fee of 10 gwei, and the one more that SPEC 5.1 adds."""
SEAL_GAS: Final = (243_400, 56)
SETTLE_GAS: Final = (230_700, 1_230)
"""For the certificate, and for each seat of the committee: `docs/results/gas.json`."""


class Refused(Exception):
    """The contract reverts; named as its errors are."""


@dataclass(slots=True)
class Round:
    """One committee's work, as the contract holds it."""

    size: int
    pot: int
    seats: tuple[int, ...] = ()
    hearing: Hearing | None = None
    """Once it is keyed."""
    seed: Digest = NOTHING
    shard: int = 0
    sealed: Sealed | None = None
    opened: int = 0
    signers: tuple[Place, ...] = ()
    outcome: Outcome | None = None


@dataclass(slots=True)
class Docket:
    """One dispute in a court with these parameters and this register."""

    parameters: CourtParameters
    register: Register
    id: DisputeId
    state: State = State.NONE
    outcome: Outcome | None = None
    verdict_round: int = 0
    deadline: float = 0
    seed_block: int = 0
    appeals: int = 0
    appellant: Address | None = None
    rounds: list[Round] = field(default_factory=list)
    burnt_shards: int = 0
    promised: int = 0
    held: int = 0
    """What the court holds, in wei."""
    paid: Counter[Address] = field(default_factory=Counter)
    """What everybody has got so far, negative where they paid more; without the bonds of seats."""
    slashed: dict[int, int] = field(default_factory=dict)
    """By seat, what it lost of its bond."""

    @property
    def round(self) -> int:
        """The present one."""
        return len(self.rounds) - 1

    @property
    def present(self) -> Round:
        """What is known of it."""
        return self.rounds[-1]

    @property
    def hearing(self) -> Hearing:
        """Of the present round, which is keyed."""
        if self.present.hearing is None:
            raise Refused("WrongState")
        return self.present.hearing

    def bond_of(self, seat: int) -> int:
        """What a seat has left, in wei."""
        return self.parameters.verifier_bond_wei - self.slashed.get(seat, 0)

    def fee_of(self, round_: int) -> int:
        """What a round costs who asks for it, without its bond."""
        size = self.parameters.ladder[round_]
        return size * self.parameters.member_fee_wei + 2 * self.parameters.submitter_cap_wei

    def repay(self, gas: tuple[int, int], sender: Address) -> None:
        """Pay who submitted a certificate for its gas, from the pot, up to the cap."""
        cost = (gas[0] + gas[1] * self.present.size) * GAS_PRICE_WEI
        cap = min(self.parameters.submitter_cap_wei, self.present.pot)
        self.give(sender, self.from_pot(min(cost, cap)))

    def from_pot(self, amount: int) -> int:
        """Take an amount out of the present pot; returns it."""
        self.present.pot -= amount
        return amount

    def return_pot(self) -> None:
        """Give what no committee has earned back to who paid for it."""
        self.give(self.appellant or OWNER, self.from_pot(self.present.pot))

    def take(self, payer: Address, amount: int) -> None:
        """Money comes in."""
        self.paid[payer] -= amount
        self.held += amount

    def give(self, to: Address, amount: int) -> None:
        """Money goes out."""
        self.paid[to] += amount
        self.held -= amount

    def slash(self, seat: int, amount: int) -> None:
        """Take from a seat's bond as much as is left of an amount."""
        left = self.bond_of(seat)
        if left == 0:
            raise Refused("NothingLeft")
        self.slashed[seat] = self.slashed.get(seat, 0) + min(amount, left)
