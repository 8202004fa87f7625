// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";

import {VerifierRegistry} from "../src/VerifierRegistry.sol";
import {POSSESSION_TAG, Possession} from "../src/types/Possession.sol";
import {Base} from "./Base.sol";
import {Signer} from "./Signer.sol";

/// @title A register, and the operators that take seats in it
/// @dev Seat `i` belongs to `operatorOf(i)` and signs with `secretOf(i)`.
abstract contract Seats is Base {
    uint32 internal constant EXIT_DELAY = 7 days;
    uint256 internal constant SEAT_BOND = 32 ether;

    address internal constant STRANGER = address(0x57A);
    address internal constant BURN = 0x000000000000000000000000000000000000dEaD;
    bytes32 internal constant ENVELOPE_KEY = keccak256("X25519");

    VerifierRegistry internal verifiers;

    function operatorOf(uint256 index) internal pure returns (address) {
        return address(uint160(0x0900 + index));
    }

    function secretOf(uint256 index) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode("secret", index))) >> 2;
    }

    function possessionOf(address operator, uint256 secret, VerifierRegistry registry)
        internal
        view
        returns (bytes memory)
    {
        bytes32 keyHash = keccak256(Signer.key(secret));
        return Signer.sign(secret, typedData(registry, Possession(operator, keyHash).hash()), POSSESSION_TAG);
    }

    function registerSeat(uint256 index) internal returns (uint32 seatId) {
        address operator = operatorOf(index);
        bytes memory key = Signer.key(secretOf(index));
        bytes memory possession = possessionOf(operator, secretOf(index), verifiers);
        vm.deal(operator, SEAT_BOND);
        vm.prank(operator);
        return verifiers.register{value: SEAT_BOND}(key, possession, ENVELOPE_KEY, "http://127.0.0.1:9000");
    }

    /// @dev The digest of EIP-712 from the domain that the contract itself tells.
    function typedData(EIP712 target, bytes32 structHash) internal view returns (bytes32) {
        (, string memory name, string memory version, uint256 chainId, address verifyingContract,,) =
            target.eip712Domain();
        bytes32 separator = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256(bytes(name)),
                keccak256(bytes(version)),
                chainId,
                verifyingContract
            )
        );
        return MessageHashUtils.toTypedDataHash(separator, structHash);
    }
}
