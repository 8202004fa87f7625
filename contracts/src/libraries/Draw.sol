// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title A committee drawn without replacement
/// @notice SPEC 4.3: the first `size` places of a Fisher-Yates shuffle of 0..population-1.
library Draw {
    /// @notice `size` different numbers below `population`, in order of place; `size` is at most `population`.
    /// @dev The shuffled array is never built, so that a crowded register cannot price the draw out of a block: a place
    /// that no swap has touched holds its own number, and the swaps are few enough to search.
    function positions(bytes32 seed, uint256 population, uint256 size) internal pure returns (uint32[] memory drawn) {
        drawn = new uint32[](size);
        uint256[] memory targets = new uint256[](size);
        uint256[] memory displaced = new uint256[](size);
        for (uint256 i; i < size; ++i) {
            uint256 target = i + uint256(keccak256(abi.encode(seed, i))) % (population - i);
            drawn[i] = uint32(_numberAt(target, targets, displaced, i));
            displaced[i] = _numberAt(i, targets, displaced, i);
            targets[i] = target;
        }
    }

    /// @dev The number at a place after `swaps` swaps: the one that the last swap with that target left there.
    function _numberAt(uint256 place, uint256[] memory targets, uint256[] memory displaced, uint256 swaps)
        private
        pure
        returns (uint256)
    {
        for (uint256 i = swaps; i > 0; --i) {
            if (targets[i - 1] == place) return displaced[i - 1];
        }
        return place;
    }
}
