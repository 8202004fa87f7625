// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LibBit} from "solady/utils/LibBit.sol";

/// @title BLS12-381 signatures with keys in G1
/// @notice SPEC 4.1, on the precompiles of EIP-2537. A key is 128 bytes, a signature 256.
/// - The precompiles refuse what is not canonical or not on the curve; the pairing also what is outside the subgroup.
///   G1ADD does not check the subgroup: only keys that have passed a pairing once may be summed.
/// - They take infinity, under which everything verifies: it is refused here.
/// - A precompile that fails answers nothing and burns the gas it was given. It fails for bad points and for lack of gas
///   alike, and a chain without EIP-2537 answers nothing with success: all three revert, none counts as "no".
library BLS {
    error PrecompileFailed(address precompile);
    error DomainTagTooLong(uint256 length);

    uint256 internal constant KEY_BYTES = 128;
    uint256 internal constant SIGNATURE_BYTES = 256;

    address private constant MODEXP = address(0x05);
    address private constant G1_ADD = address(0x0b);
    address private constant G2_ADD = address(0x0d);
    address private constant PAIRING = address(0x0f);
    address private constant MAP_FP2_TO_G2 = address(0x11);

    // Twice today's prices or more: a repricing must not strand a contract that cannot be changed.
    uint256 private constant MODEXP_GAS = 5_000;
    uint256 private constant G1_ADD_GAS = 1_000;
    uint256 private constant G2_ADD_GAS = 2_000;
    uint256 private constant MAP_FP2_TO_G2_GAS = 60_000;
    uint256 private constant PAIRING_GAS = 250_000;

    /// @dev The field's modulus as two words.
    uint256 private constant P_HIGH = 0x1a0111ea397fe69a4b1ba7b6434bacd7;
    uint256 private constant P_LOW = 0x64774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab;

    /// @dev Minus the generator of G1.
    bytes private constant MINUS_G1 = hex"0000000000000000000000000000000017f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb"
        hex"00000000000000000000000000000000114d1d6855d545a8aa7d76c8cf2e21f267816aef1db507c96655b9d5caac42364e6f38ba0ecb751bad54dcd6b939c2ca";

    /* SIGNATURES */

    /// @notice Whether a key signed a digest, by e(-G1, signature) * e(key, hash) = 1.
    /// @dev No for a wrong length, infinity or a wrong signature; reverts for anything that is not a point.
    function verify(bytes memory key, bytes32 digest, bytes memory domainTag, bytes memory signature)
        internal
        view
        returns (bool)
    {
        return _verify(key, hashToG2(abi.encodePacked(digest), domainTag), signature);
    }

    /// @notice Whether a key signed two digests, by e(-G1, signature + signature') * e(key, hash + hash') = 1.
    /// @dev The sum proves that the key's holder signed both, though its halves need not be the signatures: whoever has the
    /// sum, and the signature on one digest, has the other's by subtraction. So the sum for a key that signed one or none
    /// is a forgery of an aggregate over distinct messages, which is what BLS is proved to withstand (messages that are
    /// equal would not do: twice a signature is no more than it). G2ADD does not check the subgroup; the pairing checks
    /// the sum's, and nothing else is used. Answers and reverts as `verify` does.
    function verifyBoth(bytes memory key, bytes32[2] memory digests, bytes memory domainTag, bytes[2] memory signatures)
        internal
        view
        returns (bool)
    {
        if (digests[0] == digests[1]) return false;
        if (signatures[0].length != SIGNATURE_BYTES || signatures[1].length != SIGNATURE_BYTES) return false;
        bytes memory hashes = abi.encodePacked(
            hashToG2(abi.encodePacked(digests[0]), domainTag), hashToG2(abi.encodePacked(digests[1]), domainTag)
        );
        bytes memory hashed = _call(G2_ADD, G2_ADD_GAS, hashes, SIGNATURE_BYTES);
        bytes memory signature =
            _call(G2_ADD, G2_ADD_GAS, abi.encodePacked(signatures[0], signatures[1]), SIGNATURE_BYTES);
        return _verify(key, hashed, signature);
    }

    function _verify(bytes memory key, bytes memory hashed, bytes memory signature) private view returns (bool) {
        if (key.length != KEY_BYTES || isInfinity(key)) return false;
        if (signature.length != SIGNATURE_BYTES || isInfinity(signature)) return false;

        bytes memory answer = _call(PAIRING, PAIRING_GAS, abi.encodePacked(MINUS_G1, signature, key, hashed), 32);
        return uint256(bytes32(answer)) == 1;
    }

    /// @notice The sum of the keys whose bits are set: infinity if none is.
    /// @dev `keys` is a concatenation with a key for every set bit. In assembly: it costs more than anything else that
    /// grows with a committee.
    function sumKeys(bytes memory keys, uint256 bitmap) internal view returns (bytes memory sum) {
        sum = new bytes(2 * KEY_BYTES); // with room behind it for the next term
        address precompile = G1_ADD;
        bool answered = true;
        assembly ("memory-safe") {
            let total := add(sum, 0x20)
            let term := add(total, KEY_BYTES)
            let key := add(keys, 0x20)
            for { let rest := bitmap } rest { rest := shr(1, rest) } {
                if and(rest, 1) {
                    mcopy(term, key, KEY_BYTES)
                    let added := staticcall(G1_ADD_GAS, precompile, total, 0x100, total, KEY_BYTES)
                    answered := and(answered, and(added, eq(returndatasize(), KEY_BYTES)))
                }
                key := add(key, KEY_BYTES)
            }
            mstore(sum, KEY_BYTES)
        }
        if (!answered) revert PrecompileFailed(precompile);
    }

    /// @notice What a sum of keys is without a part of it.
    function subtract(bytes memory sum, bytes memory part) internal view returns (bytes memory) {
        if (isInfinity(part)) return sum;
        return _call(G1_ADD, G1_ADD_GAS, abi.encodePacked(sum, _negate(part)), KEY_BYTES);
    }

    /// @notice Whether a point is the zero of its group, which EIP-2537 writes as zeros.
    function isInfinity(bytes memory point) internal pure returns (bool) {
        return keccak256(point) == keccak256(new bytes(point.length));
    }

    /// @dev (x, p - y), for a point other than infinity.
    function _negate(bytes memory key) private pure returns (bytes memory negative) {
        negative = bytes.concat(key);
        assembly ("memory-safe") {
            let y := add(negative, 0x60)
            let low := mload(add(y, 0x20))
            mstore(y, sub(sub(P_HIGH, mload(y)), gt(low, P_LOW)))
            mstore(add(y, 0x20), sub(P_LOW, low))
        }
    }

    /* HASH TO CURVE */

    /// @notice RFC 9380: BLS12381G2_XMD:SHA-256_SSWU_RO_ under any domain tag of at most 255 bytes.
    function hashToG2(bytes memory message, bytes memory domainTag) internal view returns (bytes memory point) {
        bytes memory elements = _hashToField(message, domainTag);
        bytes memory points = new bytes(512);
        // The map clears the cofactor, and so need not be followed by a multiplication.
        _callAt(MAP_FP2_TO_G2, MAP_FP2_TO_G2_GAS, elements, 0, 128, points, 0, 256);
        _callAt(MAP_FP2_TO_G2, MAP_FP2_TO_G2_GAS, elements, 128, 128, points, 256, 256);
        return _call(G2_ADD, G2_ADD_GAS, points, 256);
    }

    /// @dev RFC 9380 5.2: two elements of Fp2, that is four of Fp, from 64 bytes each.
    function _hashToField(bytes memory message, bytes memory domainTag) private view returns (bytes memory elements) {
        bytes32[8] memory uniform = _expandMessage(message, domainTag);
        elements = new bytes(256);
        // x^1 mod p: lengths of base, exponent and modulus, then the three themselves, the base yet to come.
        bytes memory input =
            abi.encodePacked(uint256(64), uint256(1), uint256(64), new bytes(64), uint8(1), P_HIGH, P_LOW);
        for (uint256 i; i < 4; ++i) {
            assembly ("memory-safe") {
                mcopy(add(input, 0x80), add(uniform, mul(64, i)), 64)
            }
            _callAt(MODEXP, MODEXP_GAS, input, 0, input.length, elements, 64 * i, 64);
        }
    }

    /// @dev RFC 9380 5.3.1: expand_message_xmd to 256 bytes.
    function _expandMessage(bytes memory message, bytes memory domainTag)
        private
        pure
        returns (bytes32[8] memory uniform)
    {
        if (domainTag.length > 255) revert DomainTagTooLong(domainTag.length);
        bytes memory suffix = abi.encodePacked(domainTag, uint8(domainTag.length));

        bytes32 first = sha256(abi.encodePacked(new bytes(64), message, uint16(256), uint8(0), suffix));
        bytes32 previous;
        bytes memory input = abi.encodePacked(bytes32(0), uint8(0), suffix);
        for (uint256 i; i < 8; ++i) {
            assembly ("memory-safe") {
                mstore(add(input, 0x20), xor(first, previous))
                mstore8(add(input, 0x40), add(i, 1))
            }
            previous = sha256(input);
            uniform[i] = previous;
        }
    }

    /* PRECOMPILES */

    function _call(address precompile, uint256 gasLimit, bytes memory input, uint256 outputBytes)
        private
        view
        returns (bytes memory output)
    {
        output = new bytes(outputBytes);
        _callAt(precompile, gasLimit, input, 0, input.length, output, 0, outputBytes);
    }

    /// @dev Calls with a part of `input`, and writes the answer to a part of `output`, which may be the same memory.
    function _callAt(
        address precompile,
        uint256 gasLimit,
        bytes memory input,
        uint256 from,
        uint256 inputBytes,
        bytes memory output,
        uint256 to,
        uint256 outputBytes
    ) private view {
        bool answered;
        assembly ("memory-safe") {
            answered := staticcall(
                gasLimit,
                precompile,
                add(add(input, 0x20), from),
                inputBytes,
                add(add(output, 0x20), to),
                outputBytes
            )
            answered := and(answered, eq(returndatasize(), outputBytes))
        }
        if (!answered) revert PrecompileFailed(precompile);
    }
}
