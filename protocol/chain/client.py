"""A court to read from and, with an account, to act on: what one can do in a dispute (SPEC 5).

What must have been entered before, in the registers, is in `entries`. As there, each method returns
when its transaction is in a block, and raises as `Sender.call` does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Self

from eth_account.signers.local import LocalAccount

from protocol.court import CourtParameters
from protocol.messages import Certificate, SealCertificate, Vote
from protocol.types import Address, BlobRef, ClaimId, DisputeId, Place

from .deployment import deploy_court, find_court
from .entries import RegisterClient
from .reader import CourtReader
from .rpc import Rpc
from .sending import Receipt, Sender

# Gas limits: two to three times what each call was measured to take; only what is used is paid.
OPEN_GAS: Final = 500_000
DRAW_GAS: Final = 500_000
DRAW_GAS_PER_MEMBER: Final = 100_000
DELIVER_GAS: Final = 300_000
SEAL_GAS: Final = 800_000
SETTLE_GAS: Final = 900_000
EXPIRE_GAS: Final = 400_000
REVEAL_GAS: Final = 300_000
PUNISH_GAS: Final = 900_000
COLLECT_GAS: Final = 200_000


class CourtClient(RegisterClient, CourtReader):
    """A court, and the account that acts on it."""

    @classmethod
    async def connect(
        cls,
        rpc_url: str,
        dispute_manager: Address,
        *,
        account: LocalAccount | None = None,
        chain_id: int | None = None,
        first_block: int = 0,
    ) -> Self:
        """The court whose disputes are managed at `dispute_manager`, asked at `rpc_url`.

        Without an `account` it can only be read. Events are looked for from `first_block` on.

        Raises:
            ChainMismatch: the chain's id is not `chain_id`, or there is no court at the address.
            ChainUnavailable: the node does not answer.
        """
        rpc = Rpc(rpc_url)
        try:
            court = await find_court(rpc, dispute_manager, chain_id)
        except BaseException:
            await rpc.close()
            raise
        return cls(rpc, court, first_block, Sender(rpc, account) if account else None)

    @classmethod
    async def deploy(cls, rpc_url: str, account: LocalAccount, parameters: CourtParameters) -> Self:
        """A new court, and the client to it.

        Raises:
            ContractRefused: InvalidParameters, or ExitDelayTooShort.
        """
        rpc = Rpc(rpc_url)
        sender = Sender(rpc, account)
        try:
            disputes, first_block = await deploy_court(sender, parameters)
            court = await find_court(rpc, disputes, None)
        except BaseException:
            await rpc.close()
            raise
        return cls(rpc, court, first_block, sender)

    async def open(self, claim_id: ClaimId, suspect: BlobRef) -> tuple[DisputeId, Receipt]:
        """Challenge a suspect, paying the bond and the first round's fee.

        `suspect` is the manifest's digest, the size of the whole package, and its mirrors. The
        dispute's name is only known once the transaction is in a block.
        """
        head = await self.head("latest")
        parameters = await self.parameters(head)
        receipt = await self._call(
            self._disputes,
            "open",
            claim_id,
            suspect.digest,
            suspect.size,
            suspect.mirrors,
            gas=OPEN_GAS,
            value=parameters.challenge_bond_wei + await self.round_fee(0, head),
        )
        opened = await self._rpc.logs(
            self._disputes, "Opened", {"claimId": claim_id}, first=receipt.block, last=receipt.block
        )
        ours = next(event for event in opened if event.transaction == receipt.transaction)
        return DisputeId(ours.arguments["disputeId"]), receipt

    async def draw(self, dispute_id: DisputeId) -> Receipt:
        """Draw the committee, or move a missed seed: read the dispute again to see which."""
        head = await self.head("latest")
        record = await self.dispute_record(dispute_id, head)
        present = await self.round_record(dispute_id, record.round, head)
        gas = DRAW_GAS + DRAW_GAS_PER_MEMBER * present.size
        return await self._call(self._disputes, "draw", dispute_id, gas=gas)

    async def deliver(self, dispute_id: DisputeId, envelope: BlobRef) -> Receipt:
        """Name the envelope that holds the opening for the committee."""
        return await self._call(
            self._disputes,
            "deliver",
            dispute_id,
            envelope.digest,
            envelope.size,
            envelope.mirrors,
            gas=DELIVER_GAS,
        )

    async def seal(self, certificate: SealCertificate) -> Receipt:
        """Fix the round's votes by the root that a quorum signed."""
        return await self._call(
            self._disputes,
            "seal",
            certificate.dispute_id,
            certificate.root,
            certificate.voters,
            certificate.signers,
            certificate.signature,
            gas=SEAL_GAS,
        )

    async def settle(self, certificate: Certificate) -> Receipt:
        """Propose the verdict that a quorum sealed, opened and signed."""
        return await self._call(
            self._disputes,
            "settle",
            certificate.dispute_id,
            certificate.outcome,
            bytes(certificate.outcomes),
            certificate.openings,
            certificate.signature,
            gas=SETTLE_GAS,
        )

    async def appeal(self, dispute_id: DisputeId) -> Receipt:
        """Ask a larger committee, paying the appeal's bond and the fee of its round."""
        head = await self.head("latest")
        parameters = await self.parameters(head)
        record = await self.dispute_record(dispute_id, head)
        # Where the ladder ends there is no fee; the contract says so in better words.
        following = min(record.round + 1, len(parameters.ladder) - 1)
        value = parameters.appeal_bond_wei + await self.round_fee(following, head)
        return await self._call(self._disputes, "appeal", dispute_id, gas=OPEN_GAS, value=value)

    async def expire(self, dispute_id: DisputeId) -> Receipt:
        """Leave a state whose deadline has passed."""
        return await self._call(self._disputes, "expire", dispute_id, gas=EXPIRE_GAS)

    async def reveal(
        self,
        dispute_id: DisputeId,
        round_: int,
        outcomes: Sequence[int],
        openings: Sequence[bytes],
    ) -> Receipt:
        """Show sealed votes to the chain; takes what `VotePool.openings` gives."""
        return await self._call(
            self._disputes, "reveal", dispute_id, round_, bytes(outcomes), openings, gas=REVEAL_GAS
        )

    async def punish_equivocation(self, first: Vote, second: Vote) -> Receipt:
        """Take the bond of a member that signed both votes; half of it is paid to us."""
        penalties = await self._other("Penalties", await self.head("latest"))
        return await self._call(
            penalties,
            "punishEquivocation",
            first.dispute_id,
            first.round,
            first.place,
            (first.outcome, second.outcome),
            (first.signature, second.signature),
            gas=PUNISH_GAS,
        )

    async def punish_withheld(self, dispute_id: DisputeId, round_: int, place: Place) -> Receipt:
        """Take the penalty from a member whose sealed vote was not opened in time."""
        penalties = await self._other("Penalties", await self.head("latest"))
        return await self._call(
            penalties, "punishWithheld", dispute_id, round_, place, gas=PUNISH_GAS
        )

    async def collect_fee(self, dispute_id: DisputeId, round_: int, place: Place) -> Receipt:
        """Pay a signer's share of a round's fee to its operator."""
        return await self._call(
            self._disputes, "collectFee", dispute_id, round_, place, gas=COLLECT_GAS
        )

    async def withdraw(self, to: Address) -> Receipt:
        """Pay what the court owes to `to`."""
        return await self._call(self._disputes, "withdraw", to, gas=COLLECT_GAS)
