"""How a dispute begins a round, leaves it, and ends, as in `Rounds.sol`.

With the money that hangs on it: the pots of rounds without a certificate, and the bonds.
"""

from __future__ import annotations

from typing import Final

from protocol.committee import draw_seed, draw_shard, shuffle
from protocol.types import MAX_APPEALS, Address, Outcome, State

from .docket import BURNT, OWNER, Docket, Round

SHARDS: Final = 8
SLOT_SECONDS: Final = 12
_REPLACES: Final = frozenset({Outcome.MATCH, Outcome.NO_MATCH, Outcome.INCONCLUSIVE})
_AGAINST_OWNER: Final = frozenset({Outcome.NO_MATCH, Outcome.BAD_KEY})


class Rounds(Docket):
    """One dispute, and what follows from what is done in it."""

    # BEGIN

    def begin(self, pot: int, block: int, deadline: float) -> None:
        """A round in `OPEN`, with what it may pay out."""
        size = self.parameters.ladder[len(self.rounds)]
        self.rounds.append(Round(size, pot))
        self.seed_block = block + self.parameters.draw_delay_blocks
        self.enter(State.OPEN, deadline)

    def enter(self, state: State, deadline: float) -> None:
        """Another state of the round, to be left by a deadline."""
        self.state, self.deadline = state, deadline

    def seat_committee(self, block_hash: bytes) -> None:
        """The members of the round (SPEC 4.3), and its shard: after an escalation, the same."""
        drawn = self.present
        drawn.seed = draw_seed(block_hash, self.id, self.round)
        drawn.seats = shuffle(drawn.seed, len(self.register.keys), drawn.size)
        if self.round > 0 and self.rounds[-2].outcome is None:
            drawn.shard = self.rounds[-2].shard
        else:
            drawn.shard = draw_shard(drawn.seed, SHARDS, self.burnt_shards)
            self.burnt_shards |= 1 << drawn.shard
            self.promised -= 1

    # LEAVE

    @property
    def is_appealable(self) -> bool:
        """Whether the verdict that is proposed can be appealed."""
        return (
            self._has_next_rung
            and self.appeals < MAX_APPEALS
            and self.burnt_shards.bit_count() + self.promised < SHARDS
        )

    @property
    def _has_next_rung(self) -> bool:
        rungs = [size for size in self.parameters.ladder if size <= len(self.register.keys)]
        return len(self.rounds) < len(rungs)

    def escalate(self, now: float, block: int) -> None:
        """No quorum in time is nobody's verdict: the next rung, if there is one and time for it."""
        due = self.deadline + self.parameters.draw_window_s
        is_late = now + self.parameters.draw_delay_blocks * SLOT_SECONDS > due
        if self._has_next_rung and not is_late:
            self.begin(self.from_pot(self.present.pot), block, due)
            return
        self.return_pot()
        if self.appellant is None:
            self.end(State.VOID)
        else:
            self.give(self.appellant, self.parameters.appeal_bond_wei)
            self.end(State.FINAL)

    def fail(self, failing: Address) -> None:
        """Somebody has not done what the round needed. Nobody gets rid of a verdict so."""
        self.return_pot()
        if failing == self.appellant:
            self.give(BURNT, self.parameters.appeal_bond_wei)
            self.end(State.FINAL)
            return
        if self.appellant is not None:
            self.give(self.appellant, self.parameters.appeal_bond_wei)
        if self.outcome in _AGAINST_OWNER:
            self.end(State.FINAL)
            return
        self.outcome = None
        self.end(State.FORFEIT)

    def weigh(self, outcome: Outcome) -> None:
        """What the round's verdict is worth, and so the bond of the appeal that asked for it."""
        replaces = True
        if self.appellant is not None:
            is_bad_key = outcome is Outcome.BAD_KEY and self.appellant != OWNER
            replaces = outcome in _REPLACES or is_bad_key
            has_changed = replaces and outcome != self.outcome
            to = self.appellant if has_changed else BURNT
            self.give(to, self.parameters.appeal_bond_wei)
        if replaces:
            self.outcome, self.verdict_round = outcome, self.round

    # END

    def end(self, state: State) -> None:
        """Nothing follows; the owner's bond goes back, or is burnt."""
        self.state = state
        is_lost = state is State.FORFEIT or self.outcome in _AGAINST_OWNER
        self.give(BURNT if is_lost else OWNER, self.parameters.challenge_bond_wei)
