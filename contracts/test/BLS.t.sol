// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BLS} from "../src/libraries/BLS.sol";
import {POSSESSION_TAG} from "../src/types/Possession.sol";
import {VOTE_TAG} from "../src/types/Vote.sol";
import {Base} from "./Base.sol";
import {Signer} from "./Signer.sol";

/// @dev The library as a contract, so that its reverts can be expected.
contract BLSHarness {
    function verify(bytes memory key, bytes32 digest, bytes memory domainTag, bytes memory signature)
        external
        view
        returns (bool)
    {
        return BLS.verify(key, digest, domainTag, signature);
    }

    function sumKeys(bytes memory keys, uint256 bitmap) external view returns (bytes memory) {
        return BLS.sumKeys(keys, bitmap);
    }

    function hashToG2(bytes memory message, bytes memory domainTag) external view returns (bytes memory) {
        return BLS.hashToG2(message, domainTag);
    }
}

contract BLSTest is Base {
    BLSHarness private immutable bls = new BLSHarness();
    string private json;

    bytes32 private constant DIGEST = keccak256("digest");
    address private constant PAIRING = address(0x0f);
    address private constant G1_ADD = address(0x0b);

    function setUp() public {
        json = vm.readFile("../tests/vectors/bls.json");
    }

    /* AGAINST PY_ECC */

    function test_hashToG2__equals_py_ecc() public view {
        uint256 count;
        for (string memory row; vm.keyExistsJson(json, row = _row(".hashes", count)); ++count) {
            bytes memory domainTag = bytes(vm.parseJsonString(json, string.concat(row, ".domainTag")));
            bytes memory message = vm.parseJsonBytes(json, string.concat(row, ".message"));

            assertEq(bls.hashToG2(message, domainTag), _bytes(row, ".point"));
        }
        assertEq(count, 12);
    }

    /// @dev RFC 9380, J.10.1, message "abc": typed from the RFC.
    function test_hashToG2__equals_the_rfc() public view {
        bytes memory point = bls.hashToG2("abc", "QUUX-V01-CS02-with-BLS12381G2_XMD:SHA-256_SSWU_RO_");

        bytes memory x = new bytes(48);
        for (uint256 i; i < 48; ++i) {
            x[i] = point[16 + i];
        }
        assertEq(
            x, hex"02c2d18e033b960562aae3cab37a27ce00d80ccd5ba4b7fe0e7a210245129dbec7780ccc7954725f4168aff2787776e6"
        );
    }

    function test_verify__accept_py_ecc_signatures() public view {
        uint256 count;
        for (string memory row; vm.keyExistsJson(json, row = _row(".signatures", count)); ++count) {
            bytes memory domainTag = bytes(vm.parseJsonString(json, string.concat(row, ".domainTag")));
            bytes memory key = _key(vm.parseJsonUint(json, string.concat(row, ".signer")));

            assertTrue(bls.verify(key, _bytes32(row, ".digest"), domainTag, _bytes(row, ".signature")), row);
        }
        assertEq(count, 3);
    }

    function test_verify__accept_py_ecc_aggregates() public view {
        uint256 count;
        for (string memory row; vm.keyExistsJson(json, row = _row(".aggregates", count)); ++count) {
            bytes memory sum = bls.sumKeys(_keys(), vm.parseJsonUint(json, string.concat(row, ".bitmap")));

            assertEq(sum, _bytes(row, ".key"));
            assertTrue(bls.verify(sum, _bytes32(row, ".digest"), VOTE_TAG, _bytes(row, ".signature")), row);
        }
        assertEq(count, 4);
    }

    function test_signer__equals_py_ecc() public view {
        for (uint256 i; i < 3; ++i) {
            string memory row = _row(".signatures", i);
            uint256 signer = vm.parseJsonUint(json, string.concat(row, ".signer"));
            uint256 secret = vm.parseJsonUint(json, string.concat(_row(".signers", signer), ".secret"));
            bytes memory domainTag = bytes(vm.parseJsonString(json, string.concat(row, ".domainTag")));

            assertEq(Signer.key(secret), _key(signer));
            assertEq(Signer.sign(secret, _bytes32(row, ".digest"), domainTag), _bytes(row, ".signature"));
        }
    }

    /* REFUSALS */

    function test_verify__refuse_wrong_digest_key_and_purpose() public view {
        bytes memory signature = Signer.sign(5, DIGEST, VOTE_TAG);

        assertTrue(bls.verify(Signer.key(5), DIGEST, VOTE_TAG, signature), "the right one");
        assertTrue(!bls.verify(Signer.key(5), keccak256("another"), VOTE_TAG, signature), "another digest");
        assertTrue(!bls.verify(Signer.key(6), DIGEST, VOTE_TAG, signature), "another key");
        assertTrue(!bls.verify(Signer.key(5), DIGEST, POSSESSION_TAG, signature), "another purpose");
    }

    /// @dev Under which everything verifies, were it let through.
    function test_verify__refuse_infinity() public view {
        bytes memory signature = Signer.sign(5, DIGEST, VOTE_TAG);

        assertTrue(!bls.verify(new bytes(128), DIGEST, VOTE_TAG, new bytes(256)), "both");
        assertTrue(!bls.verify(new bytes(128), DIGEST, VOTE_TAG, signature), "key");
        assertTrue(!bls.verify(Signer.key(5), DIGEST, VOTE_TAG, new bytes(256)), "signature");
    }

    function test_verify__refuse_wrong_lengths() public view {
        bytes memory signature = Signer.sign(5, DIGEST, VOTE_TAG);

        assertTrue(!bls.verify(abi.encodePacked(Signer.key(5), uint8(0)), DIGEST, VOTE_TAG, signature), "long key");
        assertTrue(!bls.verify(hex"01", DIGEST, VOTE_TAG, signature), "short key");
        assertTrue(!bls.verify(Signer.key(5), DIGEST, VOTE_TAG, abi.encodePacked(signature, uint8(0))), "long");
        assertTrue(!bls.verify(Signer.key(5), DIGEST, VOTE_TAG, ""), "none");
    }

    function test_verify__revert_on_points_that_are_none() public {
        bytes memory signature = Signer.sign(5, DIGEST, VOTE_TAG);
        string[3] memory keys = ["keyOutsideSubgroup", "keyOffCurve", "keyPlusModulus"];
        for (uint256 i; i < keys.length; ++i) {
            bytes memory key = _bytes(".hostile.", keys[i]);

            vm.expectRevert(abi.encodeWithSelector(BLS.PrecompileFailed.selector, PAIRING));
            bls.verify(key, DIGEST, VOTE_TAG, signature);
        }

        bytes memory genuine = Signer.key(5);
        signature = _bytes(".hostile.", "signatureOutsideSubgroup");
        vm.expectRevert(abi.encodeWithSelector(BLS.PrecompileFailed.selector, PAIRING));
        bls.verify(genuine, DIGEST, VOTE_TAG, signature);
    }

    /// @dev c1 before c0, as the compressed form has it.
    function test_verify__revert_on_swapped_halves() public {
        bytes memory key = Signer.key(5);
        bytes memory signature = Signer.sign(5, DIGEST, VOTE_TAG);
        bytes memory swapped = new bytes(256);
        for (uint256 i; i < 256; ++i) {
            swapped[i] = signature[i ^ 64];
        }

        vm.expectRevert(abi.encodeWithSelector(BLS.PrecompileFailed.selector, PAIRING));
        bls.verify(key, DIGEST, VOTE_TAG, swapped);
    }

    function test_verify__revert_on_padding_that_is_not_zero() public {
        bytes memory key = Signer.key(5);
        bytes memory signature = Signer.sign(5, DIGEST, VOTE_TAG);
        key[0] = 0x01;

        vm.expectRevert(abi.encodeWithSelector(BLS.PrecompileFailed.selector, PAIRING));
        bls.verify(key, DIGEST, VOTE_TAG, signature);
    }

    /// @dev With any gas at all the answer is yes, or there is none.
    function testFuzz_verify__never_no_for_lack_of_gas(uint256 gasLimit) public view {
        bytes memory signature = Signer.sign(5, DIGEST, VOTE_TAG);
        bytes memory input = abi.encodeCall(BLSHarness.verify, (Signer.key(5), DIGEST, VOTE_TAG, signature));

        (bool returned, bytes memory answer) = address(bls).staticcall{gas: bound(gasLimit, 1_000, 250_000)}(input);

        assertTrue(!returned || abi.decode(answer, (bool)), "answered no");
    }

    function test_sumKeys__infinity_without_signers() public view {
        assertEq(bls.sumKeys(_keys(), 0), new bytes(128));
    }

    function test_sumKeys__infinity_when_keys_cancel() public view {
        uint256 order = 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001;
        bytes memory keys = abi.encodePacked(Signer.key(9), Signer.key(order - 9));

        bytes memory sum = bls.sumKeys(keys, 3);

        assertTrue(BLS.isInfinity(sum), "sum");
        assertTrue(!bls.verify(sum, DIGEST, VOTE_TAG, new bytes(256)), "verified");
    }

    function test_sumKeys__revert_off_the_curve() public {
        bytes memory keys = _bytes(".hostile.", "keyOffCurve");

        vm.expectRevert(abi.encodeWithSelector(BLS.PrecompileFailed.selector, G1_ADD));
        bls.sumKeys(keys, 1);
    }

    function testFuzz_sumKeys__equals_the_key_of_the_sum(uint8[8] memory secrets, uint8 bitmap) public view {
        bytes memory keys;
        uint256 total;
        for (uint256 i; i < 8; ++i) {
            keys = abi.encodePacked(keys, Signer.key(uint256(secrets[i]) + 1));
            if ((bitmap >> i) & 1 == 1) total += uint256(secrets[i]) + 1;
        }

        assertEq(bls.sumKeys(keys, bitmap), Signer.key(total));
    }

    function test_hashToG2__longest_domain_tag() public {
        bls.hashToG2("", new bytes(255));

        vm.expectRevert(abi.encodeWithSelector(BLS.DomainTagTooLong.selector, 256));
        bls.hashToG2("", new bytes(256));
    }

    /* VECTORS */

    function _row(string memory list, uint256 index) private pure returns (string memory) {
        return string.concat(list, "[", vm.toString(index), "]");
    }

    function _bytes(string memory row, string memory field) private view returns (bytes memory) {
        return vm.parseJsonBytes(json, string.concat(row, field));
    }

    function _bytes32(string memory row, string memory field) private view returns (bytes32) {
        return vm.parseJsonBytes32(json, string.concat(row, field));
    }

    function _key(uint256 signer) private view returns (bytes memory) {
        return _bytes(_row(".signers", signer), ".key");
    }

    function _keys() private view returns (bytes memory keys) {
        for (uint256 i; i < 7; ++i) {
            keys = abi.encodePacked(keys, _key(i));
        }
    }
}
