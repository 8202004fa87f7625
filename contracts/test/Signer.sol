// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BLS} from "../src/libraries/BLS.sol";

/// @title Keys and signatures made by the precompiles, for tests whose digests are not known beforehand
/// @dev Held against py_ecc's keys and signatures in BLS.t.sol.
library Signer {
    error MultiplicationFailed();

    bytes private constant G1 = hex"0000000000000000000000000000000017f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb"
        hex"0000000000000000000000000000000008b3f481e3aaa0f1a09e30ed741d8ae4fcf5e095d5d00af600db18cb2c04b3edd03cc744a2888ae40caa232946c5e7e1";

    function key(uint256 secret) internal view returns (bytes memory) {
        return _call(address(0x0c), abi.encodePacked(G1, secret));
    }

    function sign(uint256 secret, bytes32 digest, bytes memory domainTag) internal view returns (bytes memory) {
        return _call(address(0x0e), abi.encodePacked(BLS.hashToG2(abi.encodePacked(digest), domainTag), secret));
    }

    /// @dev The sum of signatures.
    function aggregate(bytes[] memory signatures) internal view returns (bytes memory sum) {
        sum = new bytes(256);
        for (uint256 i; i < signatures.length; ++i) {
            sum = _call(address(0x0d), abi.encodePacked(sum, signatures[i]));
        }
    }

    function _call(address precompile, bytes memory input) private view returns (bytes memory) {
        (bool answered, bytes memory answer) = precompile.staticcall(input);
        if (!answered) revert MultiplicationFailed();
        return answer;
    }
}
