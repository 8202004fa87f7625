// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LibBit} from "solady/utils/LibBit.sol";

/// @title A claim's shards as the bits of a word, set where one is burnt
library Shards {
    /// @notice SPEC 4.3: the shard that a seed chooses of those which are not burnt, of which there is one or more.
    function choose(uint256 burnt, uint256 count, bytes32 seed) internal pure returns (uint8) {
        uint256 unburnt = count - LibBit.popCount(burnt);
        return unburntAt(burnt, uint256(keccak256(abi.encode(seed, "shard"))) % unburnt);
    }

    /// @notice The position of the zero bit that has `rank` zero bits below it.
    /// @dev Halves the word until one bit is left.
    function unburntAt(uint256 burnt, uint256 rank) internal pure returns (uint8) {
        uint256 free = ~burnt;
        uint256 position;
        for (uint256 half = 128; half != 0; half >>= 1) {
            uint256 below = LibBit.popCount((free >> position) & ((1 << half) - 1));
            if (rank < below) continue;
            rank -= below;
            position += half;
        }
        return uint8(position);
    }
}
