// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IDisputeManager} from "../src/interfaces/IDisputeManager.sol";
import {BLS} from "../src/libraries/BLS.sol";
import {SealedVote} from "../src/types/SealedVote.sol";
import {VOTE_TAG, Vote} from "../src/types/Vote.sol";
import {Court} from "./Court.sol";

/// @notice Which sealed votes become verdicts, and which are shown later.
contract SettleTest is Court {
    bytes private three;

    function setUp() public {
        deployCourt();
        registerSeats();
        three = votesFor(MATCH, THREE, 4);
    }

    /* SETTLE */

    function test_settle__records_and_tells() public {
        bytes32 disputeId = sealedDispute();
        skipSeconds(VOTE_WINDOW);
        uint256 appealDeadline = vm.getBlockTimestamp() + APPEAL_WINDOW;
        vm.expectEmit(address(disputes));
        emit IDisputeManager.Settled(disputeId, 0, MATCH, uint64(THREE), SUBMITTER, appealDeadline);

        settleVotes(disputeId, MATCH, three);

        assertState(disputeId, IDisputeManager.State.Proposed);
        assertVerdict(disputeId, MATCH, 0);
        assertEq(disputes.dispute(disputeId).deadline, appealDeadline);
        assertEq(presentRound(disputeId).signers, THREE);
        assertEq(presentRound(disputeId).opened, THREE);
        assertEq(uint8(presentRound(disputeId).outcome), uint8(MATCH));
    }

    /// @dev The minority's votes are shown beside the quorum's, and cost it nothing.
    function testFuzz_settle__any_outcome_by_any_quorum(uint256 outcome, uint256 other, uint256 dissenter) public {
        IDisputeManager.Outcome chosen = IDisputeManager.Outcome(bound(outcome, 1, 6));
        dissenter = bound(dissenter, 0, 4); // 4 is nobody
        bytes32 disputeId = keyedDispute();
        bytes memory votes = votesFor(chosen, 15, 4);
        if (dissenter < 4) votes[dissenter] = bytes1(uint8(bound(other, 0, 6)));
        sealVotes(disputeId, votes);

        settleVotes(disputeId, chosen, votes);

        assertVerdict(disputeId, chosen, 0);
        assertEq(presentRound(disputeId).opened, bitmapOf(votes));
        uint256 signers = dissenter < 4 && uint8(votes[dissenter]) != uint8(chosen) ? 15 & ~(1 << dissenter) : 15;
        assertEq(presentRound(disputeId).signers, signers);
    }

    /// @dev A vote that its sender has not heard of stays a commitment.
    function test_settle__shows_what_it_knows() public {
        bytes32 disputeId = keyedDispute();
        bytes memory votes = votesFor(MATCH, 15, 4);
        sealVotes(disputeId, votes);

        settleVotes(disputeId, MATCH, votes, THREE);

        assertEq(presentRound(disputeId).voters, 15);
        assertEq(presentRound(disputeId).opened, THREE);
        assertEq(presentRound(disputeId).signers, THREE);
    }

    function test_settle__nothing_to_appeal_to_leaves_no_time_for_it() public {
        bytes32 disputeId = openDispute(boundClaim(1)); // no shard for another round
        key(disputeId);
        sealVotes(disputeId, three);
        settleVotes(disputeId, MATCH, three);

        assertEq(disputes.dispute(disputeId).deadline, vm.getBlockTimestamp());
        expire(disputeId);
        assertState(disputeId, IDisputeManager.State.Final);
    }

    function test_settle__reject_after_the_deadline() public {
        bytes32 disputeId = sealedDispute();
        skipSeconds(VOTE_WINDOW + 1);

        expectDeadlinePassed(disputeId);
        _settle(disputeId, MATCH, three, "");
    }

    function test_settle__reject_before_the_seal_and_second_time() public {
        bytes32 disputeId = keyedDispute();
        expectWrongState(disputeId, IDisputeManager.State.Keyed, IDisputeManager.State.Sealed);
        _settle(disputeId, MATCH, three, "");

        sealVotes(disputeId, three);
        settleVotes(disputeId, MATCH, three);
        expectWrongState(disputeId, IDisputeManager.State.Proposed, IDisputeManager.State.Sealed);
        _settle(disputeId, MATCH, three, "");
    }

    function test_settle__reject_outcomes_that_are_none() public {
        bytes32 disputeId = keyedDispute();
        bytes memory votes = votesFor(MATCH, 15, 4);
        votes[2] = 0x07;
        sealVotes(disputeId, votes);

        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.InvalidOutcome.selector, 0));
        _settle(disputeId, IDisputeManager.Outcome.None, votes, "");
        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.InvalidOutcome.selector, 7));
        _settle(disputeId, MATCH, votes, "");

        bytes memory input =
            abi.encodeWithSelector(disputes.settle.selector, disputeId, uint256(7), votes, new bytes32[](4), "");
        (bool settled, bytes memory answer) = address(disputes).call(input);
        assertTrue(!settled && answer.length == 0, "settled on outcome 7");
    }

    function test_settle__reject_wrong_lengths() public {
        bytes32 disputeId = sealedDispute();

        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.WrongLength.selector, 5, 4));
        disputes.settle(disputeId, MATCH, new bytes(5), new bytes32[](4), "");
        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.WrongLength.selector, 3, 4));
        disputes.settle(disputeId, MATCH, new bytes(4), new bytes32[](3), "");
    }

    function test_settle__reject_fewer_than_a_quorum_for_the_outcome() public {
        bytes32 disputeId = keyedDispute();
        bytes memory votes = votesFor(MATCH, THREE, 4);
        votes[0] = bytes1(uint8(NO_MATCH));
        sealVotes(disputeId, votes);

        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.QuorumNotReached.selector, 2, 3));
        _settle(disputeId, MATCH, votes, "");
        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.QuorumNotReached.selector, 0, 3));
        _settle(disputeId, UNAVAILABLE, votes, "");
    }

    /// @dev A vote that came after the seal, one that was changed after it, or one that was sealed by somebody else.
    function test_settle__reject_votes_that_were_not_sealed() public {
        bytes32 disputeId = sealedDispute();
        bytes memory signature = signVotes(disputeId, MATCH, votesFor(MATCH, 15, 4));

        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.NotSealed.selector, disputeId, 4));
        _settle(disputeId, MATCH, votesFor(MATCH, 15, 4), signature);

        bytes memory changed = votesFor(NO_MATCH, THREE, 4);
        _expectWrongOpening(disputeId, changed);
        _settle(disputeId, NO_MATCH, changed, signature);
    }

    function testFuzz_settle__reject_any_other_salt_or_commitment(uint256 place, bytes32 wrong) public {
        bytes32 disputeId = sealedDispute();
        bytes32[] memory openings = openingsOf(disputeId, 0, three, THREE);
        place = bound(place, 0, 3);
        vm.assume(openings[place] != wrong);
        openings[place] = wrong;

        (bool settled, bytes memory answer) =
            address(disputes).call(abi.encodeCall(disputes.settle, (disputeId, MATCH, three, openings, "")));

        assertTrue(!settled && bytes4(answer) == IDisputeManager.WrongOpening.selector, "not WrongOpening");
    }

    /// @dev The salt is worth nothing at another place, round or dispute.
    function test_settle__reject_a_copied_commitment() public {
        bytes32 disputeId = keyedDispute();
        bytes32 salt = saltOf(disputeId, 0, 0);
        bytes32[] memory leaves = openingsOf(disputeId, 0, three, 0);
        leaves[2] = SealedVote(disputeId, 0, 0, uint8(MATCH), salt).hash(); // place 2 copies place 0
        bytes32 root = rootOf(leaves);
        bytes memory signature = signSeal(disputeId, root, 15, 15);
        disputes.seal(disputeId, root, 15, 15, signature);

        bytes32[] memory openings = openingsOf(disputeId, 0, three, THREE);
        openings[2] = salt;
        leaves[2] = SealedVote(disputeId, 0, 2, uint8(MATCH), salt).hash();
        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.WrongOpening.selector, disputeId, rootOf(leaves)));
        disputes.settle(disputeId, MATCH, votesFor(MATCH, 15, 4), openings, "");
    }

    function test_settle__reject_signatures_that_are_not_of_all_who_voted_so() public {
        bytes32 disputeId = keyedDispute();
        bytes memory votes = votesFor(MATCH, 15, 4);
        sealVotes(disputeId, votes);

        bytes[4] memory signatures = [
            signVotes(disputeId, MATCH, three),
            signVotes(disputeId, NO_MATCH, votesFor(NO_MATCH, 15, 4)),
            new bytes(256),
            bytes("")
        ];
        for (uint256 i; i < signatures.length; ++i) {
            _expectInvalidSignature(disputeId);
            _settle(disputeId, MATCH, votes, signatures[i]);
        }
    }

    function test_settle__revert_on_signature_outside_the_subgroup() public {
        bytes32 disputeId = sealedDispute();
        bytes memory signature =
            vm.parseJsonBytes(vm.readFile("../tests/vectors/bls.json"), ".hostile.signatureOutsideSubgroup");

        vm.expectRevert(abi.encodeWithSelector(BLS.PrecompileFailed.selector, address(0x0f)));
        _settle(disputeId, MATCH, three, signature);
    }

    function test_settle__reject_votes_of_another_dispute_round_envelope_or_committee() public {
        bytes32 disputeId = sealedDispute();
        bytes32 committeeHash = keccak256(committeeKeys(disputeId, 0));
        Vote[4] memory votes = [
            Vote(MODEL, 0, uint8(MATCH), ENVELOPE, committeeHash),
            Vote(disputeId, 1, uint8(MATCH), ENVELOPE, committeeHash),
            Vote(disputeId, 0, uint8(MATCH), MODEL, committeeHash),
            Vote(disputeId, 0, uint8(MATCH), ENVELOPE, MODEL)
        ];
        uint32[] memory seatIds = disputes.committee(disputeId, 0);
        for (uint256 i; i < votes.length; ++i) {
            bytes memory signature = sumOf(seatIds, typedData(disputes, votes[i].hash()), VOTE_TAG, THREE);
            _expectInvalidSignature(disputeId);
            _settle(disputeId, MATCH, three, signature);
        }
    }

    function test_settle__reject_votes_of_another_chain() public {
        bytes32 disputeId = sealedDispute();
        bytes memory signature = signVotes(disputeId, MATCH, three);
        vm.chainId(5);

        _expectInvalidSignature(disputeId);
        _settle(disputeId, MATCH, three, signature);
    }

    /// @dev Whatever gas a submitter gives, the verdict is recorded or nothing is.
    function testFuzz_settle__all_or_nothing(uint256 gasLimit) public {
        bytes32 disputeId = sealedDispute();
        bytes32[] memory openings = openingsOf(disputeId, 0, three, THREE);
        bytes memory signature = signVotes(disputeId, MATCH, three);
        bytes memory input = abi.encodeCall(disputes.settle, (disputeId, MATCH, three, openings, signature));

        (bool settled,) = address(disputes).call{gas: bound(gasLimit, 20_000, 300_000)}(input);

        assertState(disputeId, settled ? IDisputeManager.State.Proposed : IDisputeManager.State.Sealed);
        assertEq(presentRound(disputeId).opened, settled ? THREE : 0);
    }

    /* REVEAL */

    function test_reveal__shows_more_votes_and_tells() public {
        bytes32 disputeId = _hiding();
        uint256 revealDeadline = presentRound(disputeId).voteDeadline + VOTE_WINDOW;
        vm.warp(revealDeadline);
        vm.expectEmit(address(disputes));
        emit IDisputeManager.Revealed(disputeId, 0, 15);

        _reveal(disputeId, 4);

        assertEq(presentRound(disputeId).opened, 15);
        assertEq(presentRound(disputeId).signers, THREE);
    }

    /// @dev Before any verdict, and after the round has escalated, too: the round's votes are still sealed.
    function test_reveal__needs_no_verdict() public {
        bytes32 disputeId = keyedDispute();
        sealVotes(disputeId, votesFor(MATCH, 15, 4));
        _reveal(disputeId, 1);
        assertEq(disputes.roundOf(disputeId, 0).opened, 1);

        expire(disputeId);
        assertEq(roundOf(disputeId), 1);
        _reveal(disputeId, 6);
        assertEq(disputes.roundOf(disputeId, 0).opened, 7);
    }

    function test_reveal__does_not_hide_what_was_shown() public {
        bytes32 disputeId = _hiding();

        _reveal(disputeId, 0);

        assertEq(presentRound(disputeId).opened, THREE);
    }

    function test_reveal__reject_after_its_deadline() public {
        bytes32 disputeId = _hiding();
        uint256 revealDeadline = presentRound(disputeId).voteDeadline + VOTE_WINDOW;
        vm.warp(revealDeadline + 1);

        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.DeadlinePassed.selector, disputeId, revealDeadline));
        _reveal(disputeId, 4);
    }

    function test_reveal__reject_rounds_without_a_seal() public {
        bytes32 disputeId = keyedDispute();
        expectWrongState(disputeId, IDisputeManager.State.Keyed, IDisputeManager.State.Sealed);
        _reveal(disputeId, 4);

        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.UnknownRound.selector, disputeId, 1));
        disputes.reveal(disputeId, 1, "", new bytes32[](0));
        expectUnknownDispute();
        disputes.reveal(MODEL, 0, "", new bytes32[](0));
    }

    function test_reveal__reject_what_was_not_sealed() public {
        bytes32 disputeId = sealedDispute();
        bytes32[] memory openings = openingsOf(disputeId, 0, three, THREE);
        bytes memory all = votesFor(MATCH, 15, 4);

        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.NotSealed.selector, disputeId, 4));
        disputes.reveal(disputeId, 0, all, openings);
        bytes memory changed = votesFor(NO_MATCH, THREE, 4);
        _expectWrongOpening(disputeId, changed);
        disputes.reveal(disputeId, 0, changed, openings);
        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.WrongLength.selector, 2, 4));
        disputes.reveal(disputeId, 0, new bytes(2), openings);
        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.WrongLength.selector, 2, 4));
        disputes.reveal(disputeId, 0, three, new bytes32[](2));
    }

    /* STEPS */

    /// @dev All have sealed, and the vote of place 2 is not shown.
    function _hiding() private returns (bytes32 disputeId) {
        disputeId = keyedDispute();
        sealVotes(disputeId, votesFor(MATCH, 15, 4));
        settleVotes(disputeId, MATCH, votesFor(MATCH, 15, 4), THREE);
    }

    function _reveal(bytes32 disputeId, uint256 shown) private {
        bytes memory votes = votesFor(MATCH, 15, 4);
        disputes.reveal(disputeId, 0, hiding(votes, shown), openingsOf(disputeId, 0, votes, shown));
    }

    function _settle(bytes32 disputeId, IDisputeManager.Outcome outcome, bytes memory votes, bytes memory signature)
        private
    {
        disputes.settle(disputeId, outcome, votes, openingsOf(disputeId, 0, votes, type(uint256).max), signature);
    }

    function _expectInvalidSignature(bytes32 disputeId) private {
        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.InvalidSignature.selector, disputeId));
    }

    function _expectWrongOpening(bytes32 disputeId, bytes memory votes) private {
        bytes32 root = rootOf(disputeId, 0, votes);
        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.WrongOpening.selector, disputeId, root));
    }
}
