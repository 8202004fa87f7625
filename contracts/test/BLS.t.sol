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

    function verifyBoth(bytes memory key, bytes32[2] memory digests, bytes memory domainTag, bytes[2] memory signatures)
        external
        view
        returns (bool)
    {
        return BLS.verifyBoth(key, digests, domainTag, signatures);
    }

    function sumKeys(bytes memory keys, uint256 bitmap) external view returns (bytes memory) {
        return BLS.sumKeys(keys, bitmap);
    }

    function subtract(bytes memory sum, bytes memory part) external view returns (bytes memory) {
        return BLS.subtract(sum, part);
    }

    function hashToG2(bytes memory message, bytes memory domainTag) external view returns (bytes memory) {
        return BLS.hashToG2(message, domainTag);
    }
}

contract BLSTest is Base {
    BLSHarness private immutable bls = new BLSHarness();
    string private json;

    bytes32 private constant DIGEST = keccak256("digest");
    uint256 private constant ORDER = 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001;
    address private constant PAIRING = address(0x0f);
    address private constant G1_ADD = address(0x0b);
    address private constant G2_ADD = address(0x0d);
    bytes32 private constant ANOTHER = keccak256("another");

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

    /* TWO SIGNATURES OF ONE KEY */

    function testFuzz_verifyBoth__accept_two_signatures(uint256 secret, bytes32 one, bytes32 other) public view {
        vm.assume(one != other);
        secret = bound(secret, 1, ORDER - 1);

        assertTrue(
            bls.verifyBoth(
                Signer.key(secret),
                [one, other],
                VOTE_TAG,
                [Signer.sign(secret, one, VOTE_TAG), Signer.sign(secret, other, VOTE_TAG)]
            ),
            "refused"
        );
    }

    /// @dev Only the sum counts, which nobody else can make, however it is halved.
    function test_verifyBoth__accept_the_sum_in_any_halves() public view {
        bytes[2] memory signatures = _both();
        bytes memory moved = Signer.sign(7, keccak256("anything"), VOTE_TAG);
        bytes memory back = Signer.sign(ORDER - 7, keccak256("anything"), VOTE_TAG);

        assertTrue(_verifyBoth(signatures), "as signed");
        assertTrue(_verifyBoth([signatures[1], signatures[0]]), "swapped");
        assertTrue(_verifyBoth([_sum(signatures[0], moved), _sum(signatures[1], back)]), "moved");
        assertTrue(_verifyBoth([_sum(signatures[0], signatures[1]), new bytes(256)]), "all in one");
    }

    function test_verifyBoth__refuse_what_one_signature_gives() public view {
        bytes memory signature = _both()[0];
        bytes memory foreign = Signer.sign(6, ANOTHER, VOTE_TAG);

        assertTrue(!_verifyBoth([signature, signature]), "twice");
        assertTrue(!_verifyBoth([signature, new bytes(256)]), "and infinity");
        assertTrue(!_verifyBoth([new bytes(256), signature]), "after infinity");
        assertTrue(!_verifyBoth([signature, foreign]), "and another key's");
        assertTrue(!_verifyBoth([signature, Signer.sign(5, ANOTHER, POSSESSION_TAG)]), "and another purpose's");
        assertTrue(!_verifyBoth([signature, Signer.sign(5, keccak256("third"), VOTE_TAG)]), "and a third");
    }

    /// @dev Twice a signature would pass for two.
    function test_verifyBoth__refuse_one_digest_twice() public view {
        bytes memory signature = _both()[0];

        assertTrue(!bls.verifyBoth(Signer.key(5), [DIGEST, DIGEST], VOTE_TAG, [signature, signature]), "accepted");
    }

    function test_verifyBoth__refuse_another_key_and_purpose() public view {
        bytes[2] memory signatures = _both();

        assertTrue(!bls.verifyBoth(Signer.key(6), [DIGEST, ANOTHER], VOTE_TAG, signatures), "key");
        assertTrue(!bls.verifyBoth(Signer.key(5), [DIGEST, ANOTHER], POSSESSION_TAG, signatures), "purpose");
    }

    function test_verifyBoth__refuse_infinity() public view {
        bytes[2] memory signatures = _both();
        bytes memory minus = Signer.sign(ORDER - 5, DIGEST, VOTE_TAG);

        assertTrue(!bls.verifyBoth(new bytes(128), [DIGEST, ANOTHER], VOTE_TAG, signatures), "key");
        assertTrue(!bls.verifyBoth(new bytes(128), [DIGEST, ANOTHER], VOTE_TAG, [signatures[0], minus]), "both");
        assertTrue(!_verifyBoth([signatures[0], minus]), "sum");
        assertTrue(!_verifyBoth([new bytes(256), new bytes(256)]), "halves");
    }

    function test_verifyBoth__refuse_wrong_lengths() public view {
        bytes[2] memory signatures = _both();
        (bytes memory all, bytes memory none) = (abi.encodePacked(signatures[0], signatures[1]), "");

        assertTrue(!bls.verifyBoth(hex"01", [DIGEST, ANOTHER], VOTE_TAG, signatures), "key");
        assertTrue(!_verifyBoth([all, none]), "first");
        assertTrue(!_verifyBoth([signatures[0], abi.encodePacked(signatures[1], uint8(0))]), "second");
    }

    function test_verifyBoth__revert_on_points_that_are_none() public {
        bytes memory signature = _both()[0];
        bytes memory offCurve = abi.encodePacked(_bytes(".hostile.", "keyOffCurve"), new bytes(128));
        bytes memory outside = _bytes(".hostile.", "signatureOutsideSubgroup");

        bytes memory key = Signer.key(5);
        vm.expectRevert(abi.encodeWithSelector(BLS.PrecompileFailed.selector, G2_ADD));
        bls.verifyBoth(key, [DIGEST, ANOTHER], VOTE_TAG, [signature, offCurve]);

        vm.expectRevert(abi.encodeWithSelector(BLS.PrecompileFailed.selector, PAIRING));
        bls.verifyBoth(key, [DIGEST, ANOTHER], VOTE_TAG, [signature, outside]);

        key = _bytes(".hostile.", "keyOutsideSubgroup");
        bytes[2] memory signatures = _both();
        vm.expectRevert(abi.encodeWithSelector(BLS.PrecompileFailed.selector, PAIRING));
        bls.verifyBoth(key, [DIGEST, ANOTHER], VOTE_TAG, signatures);
    }

    /// @dev With any gas at all the answer is yes, or there is none.
    function testFuzz_verifyBoth__never_no_for_lack_of_gas(uint256 gasLimit) public view {
        bytes memory input =
            abi.encodeCall(BLSHarness.verifyBoth, (Signer.key(5), [DIGEST, ANOTHER], VOTE_TAG, _both()));

        (bool returned, bytes memory answer) = address(bls).staticcall{gas: bound(gasLimit, 1_000, 350_000)}(input);

        assertTrue(!returned || abi.decode(answer, (bool)), "answered no");
    }

    /* SUMS OF KEYS */

    function test_sumKeys__infinity_without_signers() public view {
        assertEq(bls.sumKeys(_keys(), 0), new bytes(128));
    }

    function test_sumKeys__infinity_when_keys_cancel() public view {
        bytes memory keys = abi.encodePacked(Signer.key(9), Signer.key(ORDER - 9));

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

    function testFuzz_subtract__equals_the_key_of_the_difference(uint256 one, uint256 other) public view {
        one = bound(one, 1, ORDER - 1);
        other = bound(other, 1, ORDER - 1);
        vm.assume(one != other);

        assertEq(bls.subtract(Signer.key(one), Signer.key(other)), Signer.key(addmod(one, ORDER - other, ORDER)));
    }

    function test_subtract__with_infinity_on_either_side() public view {
        (bytes memory key, bytes memory infinity) = (Signer.key(5), new bytes(128));

        assertEq(bls.subtract(key, infinity), key);
        assertEq(bls.subtract(infinity, key), Signer.key(ORDER - 5));
        assertEq(bls.subtract(infinity, infinity), infinity);
        assertEq(bls.subtract(key, key), infinity);
    }

    function test_hashToG2__longest_domain_tag() public {
        bls.hashToG2("", new bytes(255));

        vm.expectRevert(abi.encodeWithSelector(BLS.DomainTagTooLong.selector, 256));
        bls.hashToG2("", new bytes(256));
    }

    /* STEPS */

    /// @dev What the key of 5 signed.
    function _both() private view returns (bytes[2] memory) {
        return [Signer.sign(5, DIGEST, VOTE_TAG), Signer.sign(5, ANOTHER, VOTE_TAG)];
    }

    function _verifyBoth(bytes[2] memory signatures) private view returns (bool) {
        return bls.verifyBoth(Signer.key(5), [DIGEST, ANOTHER], VOTE_TAG, signatures);
    }

    function _sum(bytes memory one, bytes memory other) private view returns (bytes memory) {
        bytes[] memory both = new bytes[](2);
        (both[0], both[1]) = (one, other);
        return Signer.aggregate(both);
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
