// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IDisputeManager} from "../src/interfaces/IDisputeManager.sol";
import {SEAL_TAG, Seal} from "../src/types/Seal.sol";
import {VOTE_TAG} from "../src/types/Vote.sol";
import {Court} from "./Court.sol";

/// @notice Which roots are sealed.
contract SealTest is Court {
    bytes32 private constant ROOT = keccak256("root");
    uint64 private constant VOTERS = uint64(THREE);
    uint64 private constant ALL = 15;

    function setUp() public {
        deployCourt();
        registerSeats();
    }

    function test_seal__records_and_tells() public {
        bytes32 disputeId = keyedDispute();
        bytes memory signature = signSeal(disputeId, ROOT, VOTERS, THREE);
        skipSeconds(SEAL_WINDOW);
        uint256 voteDeadline = vm.getBlockTimestamp() + VOTE_WINDOW;
        vm.expectEmit(address(disputes));
        emit IDisputeManager.Sealed(disputeId, 0, ROOT, VOTERS, STRANGER, voteDeadline);

        vm.prank(STRANGER);
        disputes.seal(disputeId, ROOT, VOTERS, uint64(THREE), signature);

        assertState(disputeId, IDisputeManager.State.Sealed);
        assertEq(disputes.dispute(disputeId).deadline, voteDeadline);
        assertEq(presentRound(disputeId).root, ROOT);
        assertEq(presentRound(disputeId).voters, VOTERS);
        assertEq(presentRound(disputeId).voteDeadline, voteDeadline);
        assertEq(presentRound(disputeId).signers, 0);
    }

    /// @dev Who signs the seal need not be who has a vote in it.
    function testFuzz_seal__by_any_quorum(uint64 voters, uint256 absent) public {
        voters = uint64(bound(voters, 0, ALL));
        uint64 signers = ALL & ~uint64(1 << bound(absent, 0, 4));
        bytes32 disputeId = keyedDispute();
        bytes memory signature = signSeal(disputeId, ROOT, voters, signers);

        disputes.seal(disputeId, ROOT, voters, signers, signature);

        assertEq(presentRound(disputeId).voters, voters);
    }

    function test_seal__reject_after_the_deadline() public {
        bytes32 disputeId = keyedDispute();
        skipSeconds(SEAL_WINDOW + 1);

        expectDeadlinePassed(disputeId);
        disputes.seal(disputeId, ROOT, VOTERS, ALL, "");
    }

    function test_seal__reject_before_the_envelope_and_second_time() public {
        bytes32 disputeId = drawnDispute();
        expectWrongState(disputeId, IDisputeManager.State.Drawn, IDisputeManager.State.Keyed);
        disputes.seal(disputeId, ROOT, VOTERS, ALL, "");

        deliver(disputeId);
        bytes memory signature = signSeal(disputeId, ROOT, VOTERS, ALL);
        disputes.seal(disputeId, ROOT, VOTERS, ALL, signature);
        expectWrongState(disputeId, IDisputeManager.State.Sealed, IDisputeManager.State.Keyed);
        disputes.seal(disputeId, ROOT, VOTERS, ALL, signature);
    }

    function test_seal__reject_places_beyond_the_committee() public {
        bytes32 disputeId = keyedDispute();
        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.UnknownMember.selector, 16, 4));
        disputes.seal(disputeId, ROOT, 16, ALL, "");
        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.UnknownMember.selector, 31, 4));
        disputes.seal(disputeId, ROOT, VOTERS, 31, "");
    }

    function test_seal__reject_fewer_than_a_quorum() public {
        bytes32 disputeId = keyedDispute();
        uint64[3] memory few = [uint64(0), 8, 9];
        uint256[3] memory counts = [uint256(0), 1, 2];
        for (uint256 i; i < few.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IDisputeManager.QuorumNotReached.selector, counts[i], 3));
            disputes.seal(disputeId, ROOT, VOTERS, few[i], "");
        }
    }

    function test_seal__reject_another_root_voters_or_signers() public {
        bytes32 disputeId = keyedDispute();
        bytes memory signature = signSeal(disputeId, ROOT, VOTERS, THREE);

        _expectInvalidSignature(disputeId);
        disputes.seal(disputeId, keccak256("another"), VOTERS, uint64(THREE), signature);
        _expectInvalidSignature(disputeId);
        disputes.seal(disputeId, ROOT, ALL, uint64(THREE), signature);
        _expectInvalidSignature(disputeId);
        disputes.seal(disputeId, ROOT, VOTERS, 7, signature);
        _expectInvalidSignature(disputeId);
        disputes.seal(disputeId, ROOT, VOTERS, ALL, signature);
    }

    function test_seal__reject_another_dispute_round_or_committee() public {
        bytes32 disputeId = keyedDispute();
        bytes32 committeeHash = keccak256(committeeKeys(disputeId, 0));
        Seal[3] memory seals = [
            Seal(MODEL, 0, ROOT, VOTERS, committeeHash),
            Seal(disputeId, 1, ROOT, VOTERS, committeeHash),
            Seal(disputeId, 0, ROOT, VOTERS, MODEL)
        ];
        uint32[] memory seatIds = disputes.committee(disputeId, 0);
        for (uint256 i; i < seals.length; ++i) {
            bytes memory signature = sumOf(seatIds, typedData(disputes, seals[i].hash()), SEAL_TAG, ALL);
            _expectInvalidSignature(disputeId);
            disputes.seal(disputeId, ROOT, VOTERS, ALL, signature);
        }
    }

    /// @dev The tags keep a vote from being taken for a seal, whatever the digests.
    function test_seal__reject_the_tag_of_votes() public {
        bytes32 disputeId = keyedDispute();
        bytes32 digest = disputes.sealDigest(disputeId, 0, ROOT, VOTERS);
        bytes memory signature = sumOf(disputes.committee(disputeId, 0), digest, VOTE_TAG, ALL);

        _expectInvalidSignature(disputeId);
        disputes.seal(disputeId, ROOT, VOTERS, ALL, signature);
    }

    function test_seal__reject_infinite_and_misshapen_signature() public {
        bytes32 disputeId = keyedDispute();

        _expectInvalidSignature(disputeId);
        disputes.seal(disputeId, ROOT, VOTERS, ALL, new bytes(256));
        _expectInvalidSignature(disputeId);
        disputes.seal(disputeId, ROOT, VOTERS, ALL, "");
    }

    function _expectInvalidSignature(bytes32 disputeId) private {
        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.InvalidSignature.selector, disputeId));
    }
}
