"""How a court comes to be, and how one that is there is found.

Three contracts are sent, and the last of them creates two. The register of verifiers must know who
may slash before that contract exists: it will be the first that the DisputeManager creates, which
will be the next but one that this account creates.
"""

from __future__ import annotations

from typing import Final

import rlp
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from protocol.court import Court, CourtParameters
from protocol.errors import ChainMismatch, ContractRefused, NotDeployed
from protocol.types import Address

from . import records
from .rpc import Rpc
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


async def find_court(rpc: Rpc, dispute_manager: Address, chain_id: int | None) -> Court:
    """The court whose disputes are managed at `dispute_manager`, on chain `chain_id` or on any.

    Raises:
        ChainMismatch: the chain's id is another, or there is no court at the address.
        ChainUnavailable: the node does not answer.
    """
    actual_chain_id = await rpc.chain_id()
    if chain_id is not None and actual_chain_id != chain_id:
        raise ChainMismatch("chain", chain_id, actual_chain_id)
    contract = rpc.contract("DisputeManager", dispute_manager)
    head = await rpc.head("latest")
    try:
        claims = await rpc.read(contract, "claims", at=head)
        verifiers = await rpc.read(contract, "verifiers", at=head)
    except (ContractRefused, NotDeployed) as error:
        raise ChainMismatch(f"a court at {dispute_manager}", "to answer", "none") from error
    return Court(actual_chain_id, Address(claims), Address(verifiers), dispute_manager)
