// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

using {hash} for Vote global;

/// @notice What a member signs (SPEC 2).
struct Vote {
    bytes32 disputeId;
    uint8 round;
    uint8 outcome;
    bytes32 envelopeDigest;
    bytes32 committeeHash;
}

bytes constant VOTE_TAG = "ASSAY_VOTE_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_";

bytes32 constant VOTE_TYPEHASH =
    keccak256("Vote(bytes32 disputeId,uint8 round,uint8 outcome,bytes32 envelopeDigest,bytes32 committeeHash)");

/// @dev hashStruct of EIP-712.
function hash(Vote memory vote) pure returns (bytes32) {
    return keccak256(
        abi.encode(VOTE_TYPEHASH, vote.disputeId, vote.round, vote.outcome, vote.envelopeDigest, vote.committeeHash)
    );
}
