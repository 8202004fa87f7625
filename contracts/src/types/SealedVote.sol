// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

using {hash} for SealedVote global;

/// @notice What a member's commitment is the hash of (SPEC 2, 5.3). It names the place, so a copy opens nothing.
struct SealedVote {
    bytes32 disputeId;
    uint8 round;
    uint8 place;
    uint8 outcome;
    bytes32 salt;
}

bytes32 constant SEALED_VOTE_TYPEHASH =
    keccak256("SealedVote(bytes32 disputeId,uint8 round,uint8 place,uint8 outcome,bytes32 salt)");

/// @dev hashStruct of EIP-712.
function hash(SealedVote memory vote) pure returns (bytes32) {
    return keccak256(abi.encode(SEALED_VOTE_TYPEHASH, vote.disputeId, vote.round, vote.place, vote.outcome, vote.salt));
}
