// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {DisputeManager} from "../src/DisputeManager.sol";
import {IDisputeManager} from "../src/interfaces/IDisputeManager.sol";
import {BLS} from "../src/libraries/BLS.sol";
import {Vote} from "../src/types/Vote.sol";
import {Court} from "./Court.sol";

/// @notice Which certificates become verdicts.
contract SettleTest is Court {
    IDisputeManager.Outcome private constant MATCH = IDisputeManager.Outcome.Match;
    IDisputeManager.Outcome private constant NO_MATCH = IDisputeManager.Outcome.NoMatch;

    /// @dev Places 0, 1 and 3: a quorum, and not all.
    uint256 private constant THREE = 11;

    function setUp() public {
        deployCourt();
        registerSeats();
        skipBlocks(1);
    }

    function test_settle__records_and_tells() public {
        bytes32 disputeId = keyedDispute();
        bytes memory certificate = certify(disputeId, MATCH, THREE);
        skipSeconds(VOTE_WINDOW);
        vm.expectEmit(address(disputes));
        emit IDisputeManager.Settled(disputeId, MATCH, THREE, STRANGER);

        vm.prank(STRANGER);
        disputes.settle(disputeId, MATCH, THREE, certificate);

        assertState(disputeId, IDisputeManager.State.Final);
        assertEq(uint8(disputes.dispute(disputeId).outcome), uint8(MATCH));
        assertEq(disputes.dispute(disputeId).bitmap, THREE);
    }

    function testFuzz_settle__any_outcome_by_any_quorum(uint256 outcome, uint256 absent) public {
        IDisputeManager.Outcome chosen = _outcome(outcome);
        uint256 bitmap = _quorum(absent);

        bytes32 disputeId = settledDispute(chosen, bitmap);

        assertEq(uint8(disputes.dispute(disputeId).outcome), uint8(chosen));
        assertEq(disputes.dispute(disputeId).bitmap, bitmap);
    }

    function test_settle__reject_after_the_deadline() public {
        bytes32 disputeId = keyedDispute();
        bytes memory certificate = certify(disputeId, MATCH, THREE);
        uint256 deadline = disputes.dispute(disputeId).deadline;
        skipSeconds(VOTE_WINDOW + 1);

        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.DeadlinePassed.selector, disputeId, deadline));
        disputes.settle(disputeId, MATCH, THREE, certificate);
    }

    function test_settle__reject_no_outcome() public {
        bytes32 disputeId = keyedDispute();
        bytes memory certificate = certify(disputeId, IDisputeManager.Outcome.None, THREE);

        vm.expectRevert(IDisputeManager.InvalidOutcome.selector);
        disputes.settle(disputeId, IDisputeManager.Outcome.None, THREE, certificate);
    }

    function test_settle__reject_outcome_that_does_not_exist() public {
        bytes32 disputeId = keyedDispute();
        bytes memory certificate = certify(disputeId, MATCH, THREE);

        (bool settled,) =
            address(disputes).call(abi.encodeWithSelector(disputes.settle.selector, disputeId, 7, THREE, certificate));

        assertTrue(!settled, "settled");
    }

    function testFuzz_settle__reject_places_that_do_not_exist(uint8 bit, uint256 bitmap) public {
        bytes32 disputeId = keyedDispute();
        bytes memory certificate = certify(disputeId, MATCH, THREE);
        bitmap |= THREE | (1 << bound(bit, SIZE, 255));

        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.UnknownMember.selector, bitmap, SIZE));
        disputes.settle(disputeId, MATCH, bitmap, certificate);
    }

    function test_settle__reject_less_than_a_quorum() public {
        bytes32 disputeId = keyedDispute();
        for (uint256 bitmap; bitmap < 16; ++bitmap) {
            uint256 count = (bitmap & 1) + ((bitmap >> 1) & 1) + ((bitmap >> 2) & 1) + (bitmap >> 3);
            if (count >= 3) continue;
            bytes memory certificate = certify(disputeId, MATCH, bitmap); // at infinity for nobody

            vm.expectRevert(abi.encodeWithSelector(IDisputeManager.QuorumNotReached.selector, count, 3));
            disputes.settle(disputeId, MATCH, bitmap, certificate);
        }
    }

    function test_settle__reject_bitmap_that_names_others() public {
        bytes32 disputeId = keyedDispute();
        bytes memory certificate = certify(disputeId, MATCH, THREE);

        _expectInvalidSignature(disputeId);
        disputes.settle(disputeId, MATCH, 7, certificate);
        _expectInvalidSignature(disputeId);
        disputes.settle(disputeId, MATCH, 15, certificate);
    }

    function test_settle__reject_another_outcome() public {
        bytes32 disputeId = keyedDispute();
        bytes memory certificate = certify(disputeId, MATCH, THREE);

        _expectInvalidSignature(disputeId);
        disputes.settle(disputeId, NO_MATCH, THREE, certificate);
    }

    function test_settle__reject_infinite_and_misshapen_signature() public {
        bytes32 disputeId = keyedDispute();

        _expectInvalidSignature(disputeId);
        disputes.settle(disputeId, MATCH, THREE, new bytes(256));
        _expectInvalidSignature(disputeId);
        disputes.settle(disputeId, MATCH, THREE, "");
    }

    function test_settle__revert_on_signature_outside_the_subgroup() public {
        bytes32 disputeId = keyedDispute();
        bytes memory signature =
            vm.parseJsonBytes(vm.readFile("../tests/vectors/bls.json"), ".hostile.signatureOutsideSubgroup");

        vm.expectRevert(abi.encodeWithSelector(BLS.PrecompileFailed.selector, address(0x0f)));
        disputes.settle(disputeId, MATCH, THREE, signature);
    }

    /// @dev The votes of one dispute, claim and suspect being the same, are not those of the next.
    function test_settle__reject_votes_of_another_dispute() public {
        bytes32 first = keyedDispute();
        bytes32 second = openDispute(disputes.dispute(first).claimId);
        skipBlocks(DRAW_DELAY + 1);
        disputes.draw(second);
        deliver(second);
        bytes memory certificate = sumOfVotes(disputes.committee(second), disputes.voteDigest(first, MATCH), THREE);

        _expectInvalidSignature(second);
        disputes.settle(second, MATCH, THREE, certificate);
    }

    function test_settle__reject_votes_of_another_contract() public {
        bytes32 disputeId = keyedDispute();
        DisputeManager another = new DisputeManager(claims, verifiers, terms());
        bytes32 digest = typedData(another, _vote(disputeId).hash());
        bytes memory certificate = sumOfVotes(disputes.committee(disputeId), digest, THREE);

        _expectInvalidSignature(disputeId);
        disputes.settle(disputeId, MATCH, THREE, certificate);
    }

    function test_settle__reject_votes_of_another_chain() public {
        bytes32 disputeId = keyedDispute();
        bytes memory certificate = certify(disputeId, MATCH, THREE);
        vm.chainId(5);

        _expectInvalidSignature(disputeId);
        disputes.settle(disputeId, MATCH, THREE, certificate);
    }

    function test_settle__reject_votes_on_another_envelope_round_or_committee() public {
        bytes32 disputeId = keyedDispute();
        Vote[3] memory votes = [_vote(disputeId), _vote(disputeId), _vote(disputeId)];
        votes[0].envelopeDigest = keccak256("another");
        votes[1].round = 1;
        votes[2].committeeHash = keccak256("another");
        for (uint256 i; i < votes.length; ++i) {
            bytes32 digest = typedData(disputes, votes[i].hash());
            bytes memory certificate = sumOfVotes(disputes.committee(disputeId), digest, THREE);

            _expectInvalidSignature(disputeId);
            disputes.settle(disputeId, MATCH, THREE, certificate);
        }
    }

    function test_settle__reject_before_the_envelope_and_second_time() public {
        bytes32 disputeId = drawnDispute();
        expectWrongState(disputeId, IDisputeManager.State.Drawn, IDisputeManager.State.Keyed);
        disputes.settle(disputeId, MATCH, THREE, "");

        deliver(disputeId);
        bytes memory certificate = certify(disputeId, MATCH, THREE);
        disputes.settle(disputeId, MATCH, THREE, certificate);
        expectWrongState(disputeId, IDisputeManager.State.Final, IDisputeManager.State.Keyed);
        disputes.settle(disputeId, MATCH, THREE, certificate);
    }

    /// @dev Whatever gas a submitter gives, the verdict is recorded or nothing is.
    function testFuzz_settle__all_or_nothing(uint256 gasLimit) public {
        bytes32 disputeId = keyedDispute();
        bytes memory certificate = certify(disputeId, MATCH, THREE);
        bytes memory input = abi.encodeCall(disputes.settle, (disputeId, MATCH, THREE, certificate));

        (bool settled,) = address(disputes).call{gas: bound(gasLimit, 20_000, 300_000)}(input);

        assertState(disputeId, settled ? IDisputeManager.State.Final : IDisputeManager.State.Keyed);
    }

    /* STEPS */

    function _vote(bytes32 disputeId) private view returns (Vote memory) {
        return Vote(disputeId, 0, uint8(MATCH), ENVELOPE, keccak256(committeeKeys(disputeId)));
    }

    function _outcome(uint256 number) private pure returns (IDisputeManager.Outcome) {
        return IDisputeManager.Outcome(bound(number, 1, 6));
    }

    /// @dev All but one place, or all.
    function _quorum(uint256 absent) private pure returns (uint256) {
        return 15 & ~(1 << bound(absent, 0, SIZE));
    }

    function _expectInvalidSignature(bytes32 disputeId) private {
        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.InvalidSignature.selector, disputeId));
    }
}
