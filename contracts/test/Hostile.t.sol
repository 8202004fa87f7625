// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SEAL_TAG, Seal} from "../src/types/Seal.sol";
import {VOTE_TAG, Vote} from "../src/types/Vote.sol";
import {Court} from "./Court.sol";
import {Signer} from "./Signer.sol";

/// @title Signatures that must never count
/// @dev One list, thrown at `seal` and at `settle`; each of them takes the good signature in the end, so nothing but the
/// signature was at fault.
contract HostileTest is Court {
    uint256 private constant ORDER = 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001;
    bytes32 private constant ROOT = keccak256("root");
    uint64 private constant VOTERS = 7;

    bytes private three;

    function setUp() public {
        deployCourt();
        registerSeats();
        three = votesFor(MATCH, THREE, 4);
    }

    function test_hostile__seals_are_all_rejected() public {
        bytes32 disputeId = keyedDispute();
        bytes32 other = disputes.sealDigest(openedAndKeyed(), 0, ROOT, VOTERS);
        bytes32 keys = keccak256(committeeKeys(disputeId, 0));
        bytes32[] memory digests = new bytes32[](6);
        digests[0] = disputes.sealDigest(disputeId, 0, ROOT, VOTERS);
        digests[1] = other;
        digests[2] = typedData(disputes, Seal(disputeId, 1, ROOT, VOTERS, keys).hash());
        digests[3] = typedData(verifiers, Seal(disputeId, 0, ROOT, VOTERS, keys).hash());
        vm.chainId(5);
        digests[4] = disputes.sealDigest(disputeId, 0, ROOT, VOTERS);
        vm.chainId(31337);
        digests[5] = disputes.voteDigest(disputeId, 0, MATCH);

        bytes[] memory signatures = _hostile(disputeId, digests, SEAL_TAG, VOTE_TAG);
        uint256 accepted;
        for (uint256 i; i < signatures.length; ++i) {
            if (_seals(disputeId, THREE, signatures[i])) ++accepted;
        }
        bytes memory good = sumOf(disputes.committee(disputeId, 0), digests[0], SEAL_TAG, THREE);
        uint64[4] memory bitmaps = [uint64(0), 1, 15, 16 | uint64(THREE)];
        for (uint256 i; i < bitmaps.length; ++i) {
            if (_seals(disputeId, bitmaps[i], good)) ++accepted;
        }

        assertEq(accepted, 0);
        assertTrue(_seals(disputeId, THREE, good), "the good one");
    }

    function test_hostile__verdicts_are_all_rejected() public {
        bytes32 another = openedAndKeyed();
        bytes32 disputeId = sealedDispute();
        bytes32 keys = keccak256(committeeKeys(disputeId, 0));
        bytes32[] memory digests = new bytes32[](6);
        digests[0] = disputes.voteDigest(disputeId, 0, MATCH);
        digests[1] = disputes.voteDigest(another, 0, MATCH);
        digests[2] = typedData(disputes, Vote(disputeId, 1, uint8(MATCH), ENVELOPE, keys).hash());
        digests[3] = typedData(verifiers, Vote(disputeId, 0, uint8(MATCH), ENVELOPE, keys).hash());
        vm.chainId(5);
        digests[4] = disputes.voteDigest(disputeId, 0, MATCH);
        vm.chainId(31337);
        digests[5] = disputes.voteDigest(disputeId, 0, NO_MATCH);

        bytes[] memory signatures = _hostile(disputeId, digests, VOTE_TAG, SEAL_TAG);
        uint256 accepted;
        for (uint256 i; i < signatures.length; ++i) {
            if (_settles(disputeId, three, signatures[i])) ++accepted;
        }
        bytes memory good = sumOf(disputes.committee(disputeId, 0), digests[0], VOTE_TAG, THREE);
        // Nobody's votes, one's, one more than were sealed, and a fifth of four.
        bytes[4] memory votes =
            [new bytes(4), votesFor(MATCH, 1, 4), votesFor(MATCH, 15, 4), votesFor(MATCH, THREE | 16, 5)];
        for (uint256 i; i < votes.length; ++i) {
            if (_settles(disputeId, votes[i], good)) ++accepted;
        }

        assertEq(accepted, 0);
        assertTrue(_settles(disputeId, three, good), "the good one");
    }

    /// @dev Of a digest, its replays and another purpose's: no points, points that are none, and sums of others than the signers.
    function _hostile(bytes32 disputeId, bytes32[] memory digests, bytes memory tag, bytes memory otherTag)
        private
        view
        returns (bytes[] memory list)
    {
        uint32[] memory seatIds = disputes.committee(disputeId, 0);
        bytes memory good = sumOf(seatIds, digests[0], tag, THREE);
        bytes memory first = Signer.sign(secretOf(seatIds[0]), digests[0], tag);
        list = new bytes[](16 + digests.length);
        list[0] = new bytes(256); // infinity
        list[1] = "";
        list[2] = _cut(good, 255);
        list[3] = abi.encodePacked(good, bytes1(0));
        list[4] = vm.parseJsonBytes(vm.readFile("../tests/vectors/bls.json"), ".hostile.signatureOutsideSubgroup");
        list[5] = _plusModulus(good, 0);
        list[6] = _plusModulus(good, 3);
        list[7] = bytes.concat(_cut(good, 255), ~good[255]); // off the curve
        list[8] = bytes.concat(bytes1(0x01), _from(good, 1)); // dirty padding
        list[9] = _twice(good, first); // a duplicate
        list[10] = _twice(good, good);
        list[11] = sumOf(seatIds, digests[0], tag, 3); // one less
        list[12] = sumOf(seatIds, digests[0], tag, 15); // one more
        list[13] = sumOf(seatIds, digests[0], tag, 7); // another
        list[14] = sumOf(seatIds, digests[0], otherTag, THREE);
        list[15] = Signer.sign(ORDER - 1, digests[0], tag); // nobody's
        for (uint256 i = 1; i < digests.length; ++i) {
            list[15 + i] = sumOf(seatIds, digests[i], tag, THREE);
        }
        list[15 + digests.length] = sumOf(seatIds, digests[digests.length - 1], otherTag, THREE);
    }

    function openedAndKeyed() private returns (bytes32 disputeId) {
        disputeId = openDispute(boundClaim(4));
        key(disputeId);
    }

    function _seals(bytes32 disputeId, uint256 signers, bytes memory signature) private returns (bool accepted) {
        bytes memory input = abi.encodeCall(disputes.seal, (disputeId, ROOT, VOTERS, uint64(signers), signature));
        (accepted,) = address(disputes).call(input);
    }

    function _settles(bytes32 disputeId, bytes memory votes, bytes memory signature) private returns (bool accepted) {
        bytes32[] memory openings = openingsOf(disputeId, 0, votes, type(uint256).max);
        bytes memory input = abi.encodeCall(disputes.settle, (disputeId, MATCH, votes, openings, signature));
        (accepted,) = address(disputes).call(input);
    }

    /// @dev The same point, and another spelling of it: EIP-2537 takes coordinates below the modulus only.
    function _plusModulus(bytes memory point, uint256 coordinate) private pure returns (bytes memory changed) {
        uint256 high = 0x1a0111ea397fe69a4b1ba7b6434bacd7;
        uint256 low = 0x64774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab;
        changed = abi.encodePacked(point);
        assembly ("memory-safe") {
            let at := add(add(changed, 0x20), mul(coordinate, 0x40))
            let sum := add(mload(add(at, 0x20)), low)
            mstore(at, add(add(mload(at), high), lt(sum, low)))
            mstore(add(at, 0x20), sum)
        }
    }

    function _twice(bytes memory first, bytes memory second) private view returns (bytes memory) {
        bytes[] memory both = new bytes[](2);
        (both[0], both[1]) = (first, second);
        return Signer.aggregate(both);
    }

    function _cut(bytes memory data, uint256 length) private pure returns (bytes memory cut) {
        cut = abi.encodePacked(data);
        assembly ("memory-safe") {
            mstore(cut, length)
        }
    }

    function _from(bytes memory data, uint256 start) private pure returns (bytes memory rest) {
        for (uint256 i = start; i < data.length; ++i) {
            rest = bytes.concat(rest, data[i]);
        }
    }
}
