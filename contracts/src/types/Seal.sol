// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

using {hash} for Seal global;

/// @notice What a member signs to fix which votes there are (SPEC 2, 5.3).
struct Seal {
    bytes32 disputeId;
    uint8 round;
    bytes32 root;
    uint64 voters;
    bytes32 committeeHash;
}

bytes constant SEAL_TAG = "ASSAY_SEAL_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_";

bytes32 constant SEAL_TYPEHASH =
    keccak256("Seal(bytes32 disputeId,uint8 round,bytes32 root,uint64 voters,bytes32 committeeHash)");

/// @dev hashStruct of EIP-712.
function hash(Seal memory seal) pure returns (bytes32) {
    return keccak256(abi.encode(SEAL_TYPEHASH, seal.disputeId, seal.round, seal.root, seal.voters, seal.committeeHash));
}
