// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Randomness from the hash of a block fixed in advance
/// @notice The chain answers for the last 256 blocks by BLOCKHASH and, where EIP-2935 is live, for the last 8191 by its
/// history contract. A block that has left both is missed, and another takes its place by rule.
library BlockSeed {
    /// @dev The shortest window in which any chain answers. Steps of this length leave one candidate at a time: the
    /// next is not known before the chain has forgotten the last. The candidates are those of the original block, so
    /// whoever moves it chooses nothing.
    uint256 internal constant WINDOW = 256;

    address private constant HISTORY = 0x0000F90827F1C53a10cb7A02335B175320002935;

    /// @notice The hash of a past block, or zero if the chain no longer answers for it.
    /// @dev The history contract reads one slot. A caller that starves it of gas is left with a 64th of that, too
    /// little to record anything, so a hash cannot be missed on purpose.
    function hashOf(uint256 blockNumber) internal view returns (bytes32) {
        bytes32 recent = blockhash(blockNumber);
        if (recent != 0) return recent;

        (bool answered, bytes memory answer) = HISTORY.staticcall(abi.encode(blockNumber));
        return answered && answer.length == 32 ? bytes32(answer) : bytes32(0);
    }

    /// @notice The first block still ahead among those that follow a missed one by whole windows.
    function next(uint256 missed) internal view returns (uint256) {
        return missed + WINDOW * ((block.number - missed) / WINDOW + 1);
    }
}
