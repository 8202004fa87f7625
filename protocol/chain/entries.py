"""What one can enter in the two registers: claims and models in one, verifiers in the other.

A transaction is taken back by nobody, so each method returns only when it is in a block; whether
that block is final is for the caller to watch. All of them raise as `Sender.call` does.
"""

from __future__ import annotations

from typing import Final

from web3.contract.async_contract import AsyncContract

from protocol.court import Court
from protocol.types import Address, ClaimId, Digest, ModelDigest, SeatId

from .registers import RegisterReader
from .rpc import Rpc
from .sending import Receipt, Sender

# Gas limits: two to three times what each call was measured to take; only what is used is paid.
COMMIT_GAS: Final = 200_000
DRAW_BEACON_GAS: Final = 150_000
BIND_GAS: Final = 150_000
REGISTER_GAS: Final = 1_000_000
EXIT_GAS: Final = 300_000


class RegisterClient(RegisterReader):
    """The registers of one court, and the account that acts."""

    def __init__(self, rpc: Rpc, court: Court, first_block: int, sender: Sender | None) -> None:
        super().__init__(rpc, court, first_block)
        self._sender = sender

    @property
    def address(self) -> Address:
        """The account that acts."""
        return Address(self._payer.account.address)

    async def commit(self, commitment: Digest, shard_count: int) -> Receipt:
        """Commit; the claim's name is `claims.claim_id` of the account and the commitment."""
        return await self._call(self._claims, "commit", commitment, shard_count, gas=COMMIT_GAS)

    async def draw_beacon(self, claim_id: ClaimId) -> Receipt:
        """Record the beacon, or move a missed one: read the claim again to see which."""
        return await self._call(self._claims, "drawBeacon", claim_id, gas=DRAW_BEACON_GAS)

    async def bind(self, claim_id: ClaimId, model: ModelDigest) -> Receipt:
        """Bind the claim to the marked model."""
        return await self._call(self._claims, "bind", claim_id, model, gas=BIND_GAS)

    async def register_model(self, model: ModelDigest) -> Receipt:
        """Have a model time-stamped, against claims that come after it."""
        return await self._call(self._claims, "registerModel", model, gas=BIND_GAS)

    async def register(
        self, bls_key: bytes, possession: bytes, envelope_key: bytes, endpoint: str
    ) -> Receipt:
        """Take a seat, paying the bond; `possession` signs `messages.possession_digest`."""
        bond = await self._rpc.read(self._verifiers, "bond", at=await self.head("latest"))
        return await self._call(
            self._verifiers,
            "register",
            bls_key,
            possession,
            envelope_key,
            endpoint,
            gas=REGISTER_GAS,
            value=bond,
        )

    async def request_exit(self, seat_id: SeatId) -> Receipt:
        """Leave the draw at once."""
        return await self._call(self._verifiers, "requestExit", seat_id, gas=EXIT_GAS)

    async def withdraw_bond(self, seat_id: SeatId) -> Receipt:
        """Take the bond back after the exit delay."""
        return await self._call(self._verifiers, "withdrawBond", seat_id, gas=EXIT_GAS)

    async def _call(
        self, contract: AsyncContract, function: str, *arguments: object, gas: int, value: int = 0
    ) -> Receipt:
        return await self._payer.call(contract, function, *arguments, gas=gas, value=value)

    @property
    def _payer(self) -> Sender:
        if self._sender is None:
            raise ValueError("connected without an account to act with")
        return self._sender
