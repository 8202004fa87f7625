// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LibBit} from "solady/utils/LibBit.sol";

/// @title How many of a committee must agree
/// @notice SPEC 4.4: n = 3f + 1, quorum 2f + 1. Two quorums share at least f + 1 members, one of them honest.
library Quorum {
    /// @dev The largest committee: the last rung of the ladder 4, 13, 31, 61.
    uint256 internal constant MAX_SIZE = 61;

    function isSize(uint256 size) internal pure returns (bool) {
        return size % 3 == 1 && size <= MAX_SIZE;
    }

    function threshold(uint256 size) internal pure returns (uint256) {
        return 2 * (size / 3) + 1;
    }

    /// @notice Whether a bitmap names places of a committee of `size` only.
    function isWithin(uint256 bitmap, uint256 size) internal pure returns (bool) {
        return bitmap >> size == 0;
    }

    function contains(uint256 bitmap, uint256 place) internal pure returns (bool) {
        return (bitmap >> place) & 1 == 1;
    }

    function count(uint256 bitmap) internal pure returns (uint256) {
        return LibBit.popCount(bitmap);
    }
}
