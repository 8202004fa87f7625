"""A new court: three contracts that are sent, and two that the last of them creates.

The register of verifiers must know who may slash before that contract exists: it will be the first
that the DisputeManager creates, which will be the next but one that this account creates.
"""

from __future__ import annotations

from typing import Final

import rlp
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from protocol.types import Address, CourtParameters

from . import records
from .sending import Sender

DEPLOY_GAS: Final = 12_000_000


async def deploy_court(sender: Sender, parameters: CourtParameters) -> tuple[Address, int]:
    """Deploy a court with `parameters`; returns its DisputeManager, and its first block.

    The account sends nothing else meanwhile, or the DisputeManager refuses its register.

    Raises:
        ContractRefused: InvalidParameters, or ExitDelayTooShort.
        ChainError: as `Sender.call`.
    """
    claims, first = await sender.deploy(
        "ClaimRegistry", parameters.beacon_delay_blocks, gas=DEPLOY_GAS
    )
    manager = created_address(Address(sender.account.address), await sender.nonce() + 1)
    verifiers, _ = await sender.deploy(
        "VerifierRegistry",
        parameters.verifier_bond_wei,
        parameters.exit_delay_s,
        created_address(manager, 1),
        gas=DEPLOY_GAS,
    )
    disputes, _ = await sender.deploy(
        "DisputeManager", claims, verifiers, records.manager_parameters(parameters), gas=DEPLOY_GAS
    )
    return disputes, first.block


def created_address(creator: Address, nonce: int) -> Address:
    """Where the contract is that `creator` creates as its `nonce`-th act.

    Source: yellow paper, section 7; an account counts from 0, a contract from 1 (EIP-161).
    """
    encoded: bytes = rlp.encode([bytes.fromhex(creator.removeprefix("0x")), nonce])
    return Address(to_checksum_address(keccak(encoded)[-20:]))
