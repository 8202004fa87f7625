// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @dev The part of forge's cheat codes that these tests use.
interface Vm {
    struct Gas {
        uint64 gasLimit;
        uint64 gasTotalUsed;
        uint64 gasMemoryUsed;
        int64 gasRefunded;
        uint64 gasRemaining;
    }

    function prank(address caller) external;
    function deal(address account, uint256 balance) external;
    function etch(address account, bytes calldata code) external;
    function roll(uint256 blockNumber) external;
    function warp(uint256 timestamp) external;
    function chainId(uint256 id) external;
    function setBlockhash(uint256 blockNumber, bytes32 blockHash) external;
    function fee(uint256 baseFee) external;
    function lastCallGas() external view returns (Gas memory);
    function computeCreateAddress(address deployer, uint256 nonce) external pure returns (address);
    function getNonce(address account) external view returns (uint64);
    function getBlockNumber() external view returns (uint256);
    function getBlockTimestamp() external view returns (uint256);
    function assume(bool condition) external pure;
    function expectRevert(bytes4 selector) external;
    function expectRevert(bytes calldata revertData) external;
    function expectEmit(address emitter) external;
    function expectEmit(address emitter, uint64 count) external;
    function envOr(string calldata name, string calldata fallback_) external view returns (string memory);
    function readFile(string calldata path) external view returns (string memory);
    function keyExistsJson(string calldata json, string calldata key) external view returns (bool);
    function parseJsonBytes(string calldata json, string calldata key) external pure returns (bytes memory);
    function parseJsonBytes32(string calldata json, string calldata key) external pure returns (bytes32);
    function parseJsonString(string calldata json, string calldata key) external pure returns (string memory);
    function parseJsonUint(string calldata json, string calldata key) external pure returns (uint256);
    function parseJsonUintArray(string calldata json, string calldata key) external pure returns (uint256[] memory);
    function parseJsonBytes32Array(string calldata json, string calldata key) external pure returns (bytes32[] memory);
    function parseJsonAddress(string calldata json, string calldata key) external pure returns (address);
    function toString(uint256 value) external pure returns (string memory);
}

/// @dev What the tests share: cheat codes and comparisons that say what they saw.
abstract contract Base {
    Vm internal constant vm = Vm(0x7109709ECfa91a80626fF3989D68f67F5b1DD12D);

    error NotEqual(bytes seen, bytes expected);
    error NotTrue(string what);

    function assertEq(bytes memory seen, bytes memory expected) internal pure {
        if (keccak256(seen) != keccak256(expected)) revert NotEqual(seen, expected);
    }

    function assertEq(string memory seen, string memory expected) internal pure {
        assertEq(bytes(seen), bytes(expected));
    }

    function assertEq(bytes32 seen, bytes32 expected) internal pure {
        assertEq(abi.encode(seen), abi.encode(expected));
    }

    function assertEq(uint256 seen, uint256 expected) internal pure {
        assertEq(abi.encode(seen), abi.encode(expected));
    }

    function assertEq(address seen, address expected) internal pure {
        assertEq(abi.encode(seen), abi.encode(expected));
    }

    function assertTrue(bool held, string memory what) internal pure {
        if (!held) revert NotTrue(what);
    }

    /// @dev Shown by `forge test -vv`.
    function print(string memory what, uint256 value) internal view {
        (bool told,) = 0x000000000000000000636F6e736F6c652e6c6f67
        .staticcall(abi.encodeWithSignature("log(string,uint256)", what, value));
        assertTrue(told, "no console");
    }

    /// @dev The compiler takes the block's number and time for constants of a call: ask the cheat codes.
    function skipBlocks(uint256 count) internal {
        vm.roll(vm.getBlockNumber() + count);
    }

    function skipSeconds(uint256 count) internal {
        vm.warp(vm.getBlockTimestamp() + count);
    }

    function bound(uint256 value, uint256 lowest, uint256 highest) internal pure returns (uint256) {
        return lowest + value % (highest - lowest + 1);
    }
}
