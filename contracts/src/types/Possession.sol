// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

using {hash} for Possession global;

/// @notice What a verifier signs to show that it holds a key, and that nobody else may register it (SPEC 2).
struct Possession {
    address operator;
    bytes32 blsKeyHash;
}

bytes constant POSSESSION_TAG = "ASSAY_POSSESSION_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_";

bytes32 constant POSSESSION_TYPEHASH = keccak256("Possession(address operator,bytes32 blsKeyHash)");

/// @dev hashStruct of EIP-712.
function hash(Possession memory possession) pure returns (bytes32) {
    return keccak256(abi.encode(POSSESSION_TYPEHASH, possession.operator, possession.blsKeyHash));
}
