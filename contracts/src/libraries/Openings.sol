// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IDisputeManager} from "../interfaces/IDisputeManager.sol";
import {SEALED_VOTE_TYPEHASH} from "../types/SealedVote.sol";

/// @title Sealed votes as they are shown to the chain
/// @notice SPEC 5.3: for each place of a committee an outcome and its salt, or zero and the commitment as it was sealed.
library Openings {
    /// @notice The committee's commitments, and bitmaps of the places that show a vote, and that show one for `outcome`.
    /// @dev `openings` are as many as `outcomes`. Shown votes are hashed as SealedVote is, in one buffer of six words.
    function read(
        bytes32 disputeId,
        uint8 round,
        IDisputeManager.Outcome outcome,
        bytes calldata outcomes,
        bytes32[] calldata openings
    ) internal pure returns (bytes32[] memory commitments, uint256 opened, uint256 agreeing) {
        bytes32 typehash = SEALED_VOTE_TYPEHASH;
        uint256 highest;
        commitments = openings;
        assembly ("memory-safe") {
            let words := mload(0x40)
            mstore(words, typehash)
            mstore(add(words, 0x20), disputeId)
            mstore(add(words, 0x40), round)
            let at := add(commitments, 0x20)
            for { let place := 0 } lt(place, outcomes.length) { place := add(place, 1) } {
                let shown := byte(0, calldataload(add(outcomes.offset, place)))
                if shown {
                    if gt(shown, highest) { highest := shown }
                    opened := or(opened, shl(place, 1))
                    agreeing := or(agreeing, shl(place, eq(shown, outcome)))
                    mstore(add(words, 0x60), place)
                    mstore(add(words, 0x80), shown)
                    mstore(add(words, 0xa0), mload(at))
                    mstore(at, keccak256(words, 0xc0))
                }
                at := add(at, 0x20)
            }
        }
        if (highest > uint256(type(IDisputeManager.Outcome).max)) {
            revert IDisputeManager.InvalidOutcome(uint8(highest));
        }
    }
}
