// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title The root of a tree in the shape of RFC 9162
/// @notice SPEC 2.1: leaf keccak256(0x00 || digest), node keccak256(0x01 || left || right).
library Merkle {
    /// @notice The root over one digest or more. The array is used up.
    /// @dev Level by level, where a node without a neighbour moves up as it is: the same shape as splitting at the
    /// largest power of two below the count.
    function root(bytes32[] memory digests) internal pure returns (bytes32 top) {
        assembly ("memory-safe") {
            let first := add(digests, 0x20)
            let count := mload(digests)
            let input := mload(0x40)

            let end := add(first, shl(5, count))
            mstore8(input, 0x00)
            for { let at := first } lt(at, end) { at := add(at, 0x20) } {
                mstore(add(input, 1), mload(at))
                mstore(at, keccak256(input, 33))
            }

            mstore8(input, 0x01)
            for {} gt(count, 1) { count := shr(1, add(count, 1)) } {
                let to := first
                end := add(first, shl(5, and(count, not(1))))
                for { let from := first } lt(from, end) { from := add(from, 0x40) } {
                    mcopy(add(input, 1), from, 64)
                    mstore(to, keccak256(input, 65))
                    to := add(to, 0x20)
                }
                if and(count, 1) { mstore(to, mload(end)) }
            }
            top := mload(first)
        }
    }
}
