// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IDisputeManager} from "../src/interfaces/IDisputeManager.sol";
import {Court} from "./Court.sol";

/// @notice SPEC 5: rounds that somebody paid for, and rounds that follow a committee without a quorum.
contract AppealTest is Court {
    IDisputeManager.State private constant FINAL = IDisputeManager.State.Final;

    function setUp() public {
        deployCourt();
        registerSeats();
    }

    /* APPEAL */

    function test_appeal__begins_a_larger_round_and_tells() public {
        bytes32 disputeId = proposedDispute(MATCH);
        skipSeconds(APPEAL_WINDOW);
        uint256 seedBlock = vm.getBlockNumber() + DRAW_DELAY;
        uint256 fee = disputes.roundFee(1);
        vm.expectEmit(address(disputes));
        emit IDisputeManager.Appealed(disputeId, 1, APPELLANT, seedBlock);

        vm.prank(APPELLANT);
        disputes.appeal{value: APPEAL_BOND + fee}(disputeId);

        IDisputeManager.Dispute memory appealed = disputes.dispute(disputeId);
        assertState(disputeId, IDisputeManager.State.Open);
        assertVerdict(disputeId, MATCH, 0); // until another one replaces it
        assertEq(appealed.round, 1);
        assertEq(appealed.appeals, 1);
        assertEq(appealed.appellant, APPELLANT);
        assertEq(appealed.seedBlock, seedBlock);
        assertEq(appealed.deadline, vm.getBlockTimestamp() + DRAW_WINDOW);
        assertEq(presentRound(disputeId).size, 7);
        assertEq(presentRound(disputeId).pot, fee);
        (, uint256 promised) = disputes.shardsOf(appealed.claimId);
        assertEq(promised, 1);
    }

    function test_appeal__draws_anew_and_burns_another_shard() public {
        bytes32 disputeId = proposedDispute(MATCH);
        appeal(disputeId);
        uint256 seedBlock = disputes.dispute(disputeId).seedBlock;
        vm.roll(seedBlock + 1);
        vm.setBlockhash(seedBlock, keccak256("second"));

        disputes.draw(disputeId);

        assertEq(presentRound(disputeId).seed, keccak256(abi.encode(keccak256("second"), disputeId, uint8(1))));
        assertEq(disputes.committee(disputeId, 1).length, 7);
        (uint256 burnt, uint256 promised) = disputes.shardsOf(disputes.dispute(disputeId).claimId);
        assertEq(burnt, (1 << disputes.roundOf(disputeId, 0).shard) | (1 << presentRound(disputeId).shard));
        assertTrue(disputes.roundOf(disputeId, 0).shard != presentRound(disputeId).shard, "same shard");
        assertEq(promised, 0);
    }

    function test_appeal__twice_and_no_more() public {
        bytes32 disputeId = proposedDispute(MATCH);
        appeal(disputeId);
        conclude(disputeId, NO_MATCH);
        assertVerdict(disputeId, NO_MATCH, 1);
        vm.deal(STRANGER, 100 ether);
        appeal(disputeId, STRANGER);
        conclude(disputeId, MATCH);
        assertVerdict(disputeId, MATCH, 2);
        assertEq(disputes.dispute(disputeId).deadline, vm.getBlockTimestamp());

        _expectNotAppealable(disputeId, 2, 3, 2);
        disputes.appeal(disputeId);
        expire(disputeId);
        assertState(disputeId, FINAL);
        assertEq(uint8(disputes.verdictOf(disputes.dispute(disputeId).claimId, SUSPECT)), uint8(MATCH));
    }

    /// @dev Two were heard, and there is a rung left.
    function test_appeal__reject_third_time_on_a_longer_ladder() public {
        IDisputeManager.Parameters memory sent = terms();
        sent.ladder = [1, 4, 7, 13];
        deployCourt(sent);
        registerSeats();
        bytes32 disputeId = proposedDispute(MATCH);
        appeal(disputeId);
        conclude(disputeId, MATCH);
        appeal(disputeId);
        conclude(disputeId, MATCH);

        assertEq(disputes.dispute(disputeId).deadline, vm.getBlockTimestamp());
        _expectNotAppealable(disputeId, 2, 4, 2);
        disputes.appeal(disputeId);
    }

    function test_appeal__reject_rung_that_the_register_could_not_fill() public {
        bytes32 claimId = boundClaim();
        for (uint32 i; i < 7; ++i) {
            vm.prank(operatorOf(i));
            verifiers.requestExit(i);
        }
        skipBlocks(1);
        bytes32 disputeId = openDispute(claimId);
        draw(disputeId);
        deliver(disputeId);
        sealVotes(disputeId, votesFor(MATCH, 15, 4));
        settleVotes(disputeId, MATCH, votesFor(MATCH, 15, 4));

        assertEq(disputes.dispute(disputeId).deadline, vm.getBlockTimestamp());
        skipSeconds(1);
        _expectNotAppealable(disputeId, 0, 1, 0);
        disputes.appeal(disputeId);
    }

    /// @dev It was there when the verdict was proposed, and another dispute took it.
    function test_appeal__reject_without_a_shard() public {
        bytes32 claimId = boundClaim(2);
        bytes32 disputeId = openDispute(claimId);
        conclude(disputeId, MATCH);
        assertEq(disputes.dispute(disputeId).deadline, vm.getBlockTimestamp() + APPEAL_WINDOW);
        openDispute(claimId);
        uint256 price = APPEAL_BOND + disputes.roundFee(1);

        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.NoShardLeft.selector, claimId, 2));
        vm.prank(APPELLANT);
        disputes.appeal{value: price}(disputeId);
    }

    /// @dev There is no time for it then, but that is not what the appellant is told.
    function test_appeal__reject_without_a_shard_though_it_is_late() public {
        bytes32 claimId = boundClaim(1);
        bytes32 disputeId = openDispute(claimId);
        conclude(disputeId, MATCH);
        assertEq(disputes.dispute(disputeId).deadline, vm.getBlockTimestamp());
        skipSeconds(1);

        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.NoShardLeft.selector, claimId, 1));
        disputes.appeal(disputeId);
    }

    function test_appeal__reject_after_the_deadline() public {
        bytes32 disputeId = proposedDispute(MATCH);
        skipSeconds(APPEAL_WINDOW + 1);

        expectDeadlinePassed(disputeId);
        disputes.appeal(disputeId);
    }

    function test_appeal__reject_without_a_verdict_and_after_the_end() public {
        bytes32 disputeId = sealedDispute();
        expectWrongState(disputeId, IDisputeManager.State.Sealed, IDisputeManager.State.Proposed);
        disputes.appeal(disputeId);

        settleVotes(disputeId, MATCH, votesFor(MATCH, THREE, 4));
        expire(disputeId);
        expectWrongState(disputeId, FINAL, IDisputeManager.State.Proposed);
        disputes.appeal(disputeId);
    }

    function testFuzz_appeal__reject_wrong_payment(uint256 sent) public {
        bytes32 disputeId = proposedDispute(MATCH);
        uint256 required = APPEAL_BOND + disputes.roundFee(1);
        sent = bound(sent, 0, 10 ether);
        vm.assume(sent != required);

        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.WrongPayment.selector, sent, required));
        vm.prank(APPELLANT);
        disputes.appeal{value: sent}(disputeId);
    }

    /* WHAT A ROUND'S VERDICT IS WORTH */

    /// @dev Every verdict after every other, by each kind of appellant: SPEC 5's table.
    function testFuzz_weigh__only_verdicts_that_could_be_heard_replace(uint256 before, uint256 after_, bool byOwner)
        public
    {
        IDisputeManager.Outcome first = IDisputeManager.Outcome(bound(before, 1, 6));
        IDisputeManager.Outcome second = IDisputeManager.Outcome(bound(after_, 1, 6));
        bool replaces = uint8(second) <= uint8(INCONCLUSIVE) || (second == BAD_KEY && !byOwner);
        bytes32 disputeId = proposedDispute(first);
        appeal(disputeId, byOwner ? OWNER : APPELLANT);

        conclude(disputeId, second);

        assertVerdict(disputeId, replaces ? second : first, replaces ? 1 : 0);
        assertEq(uint8(disputes.roundOf(disputeId, 1).outcome), uint8(second));
        expire(disputeId);
        assertState(disputeId, FINAL);
        assertVerdict(disputeId, replaces ? second : first, replaces ? 1 : 0);
    }

    /* WHO FAILS */

    function test_fail__an_appellant_who_does_not_draw_leaves_the_verdict() public {
        bytes32 disputeId = proposedDispute(MATCH);
        appeal(disputeId);
        (, uint256 promised) = disputes.shardsOf(disputes.dispute(disputeId).claimId);
        assertEq(promised, 1);

        expire(disputeId);

        assertState(disputeId, FINAL);
        assertVerdict(disputeId, MATCH, 0);
        (, promised) = disputes.shardsOf(disputes.dispute(disputeId).claimId);
        assertEq(promised, 0);
    }

    function test_fail__an_owner_who_does_not_deliver_to_an_appeal_forfeits() public {
        bytes32 disputeId = proposedDispute(MATCH);
        appeal(disputeId);
        draw(disputeId);

        expire(disputeId);

        assertState(disputeId, IDisputeManager.State.Forfeit);
        assertVerdict(disputeId, IDisputeManager.Outcome.None, 0);
        assertEq(uint8(disputes.verdictOf(disputes.dispute(disputeId).claimId, SUSPECT)), 0);
    }

    /// @dev The appellant may be an accomplice.
    function testFuzz_fail__an_owner_who_does_not_deliver_to_an_appeal_keeps_what_is_against_it(bool isBadKey) public {
        IDisputeManager.Outcome outcome = isBadKey ? BAD_KEY : NO_MATCH;
        bytes32 disputeId = proposedDispute(outcome);
        appeal(disputeId);
        draw(disputeId);

        expire(disputeId);

        assertState(disputeId, FINAL);
        assertVerdict(disputeId, outcome, 0);
        assertEq(disputes.owed(OWNER), 0);
        assertEq(disputes.owed(APPELLANT), APPEAL_BOND + disputes.roundFee(1));
    }

    /// @dev Nobody gets rid of a verdict by appealing and then withholding what the appeal needs.
    function test_fail__an_owner_who_appeals_and_does_not_deliver_keeps_the_verdict() public {
        bytes32 disputeId = proposedDispute(NO_MATCH);
        appeal(disputeId, OWNER);
        draw(disputeId);

        expire(disputeId);

        assertState(disputeId, FINAL);
        assertVerdict(disputeId, NO_MATCH, 0);
    }

    /* ESCALATION */

    function test_escalate__without_a_seal_begins_the_next_round_and_tells() public {
        bytes32 disputeId = keyedDispute();
        uint256 missed = disputes.dispute(disputeId).deadline;
        uint256 pot = presentRound(disputeId).pot;
        uint8 shard = presentRound(disputeId).shard;
        vm.warp(missed + 1);
        uint256 seedBlock = vm.getBlockNumber() + DRAW_DELAY;
        vm.expectEmit(address(disputes));
        emit IDisputeManager.Escalated(disputeId, 1, seedBlock);

        disputes.expire(disputeId);

        IDisputeManager.Dispute memory escalated = disputes.dispute(disputeId);
        assertState(disputeId, IDisputeManager.State.Open);
        assertEq(escalated.round, 1);
        assertEq(escalated.appeals, 0);
        assertEq(escalated.appellant, address(0));
        assertEq(escalated.seedBlock, seedBlock);
        assertEq(escalated.deadline, missed + DRAW_WINDOW);
        assertEq(presentRound(disputeId).pot, pot);
        assertEq(disputes.roundOf(disputeId, 0).pot, 0);

        draw(disputeId);
        assertEq(presentRound(disputeId).shard, shard);
        (uint256 burnt, uint256 promised) = disputes.shardsOf(escalated.claimId);
        assertEq(burnt, 1 << shard);
        assertEq(promised, 0);
    }

    function test_escalate__without_a_certificate_and_its_verdict_stands() public {
        bytes32 disputeId = sealedDispute();
        expire(disputeId);
        assertState(disputeId, IDisputeManager.State.Open);

        conclude(disputeId, UNAVAILABLE); // as a first round's would
        expire(disputeId);

        assertState(disputeId, FINAL);
        assertVerdict(disputeId, UNAVAILABLE, 1);
    }

    function test_escalate__to_the_end_of_the_ladder_is_void() public {
        bytes32 disputeId = keyedDispute();
        expire(disputeId);
        key(disputeId);
        expire(disputeId);
        key(disputeId);
        vm.warp(disputes.dispute(disputeId).deadline + 1);
        vm.expectEmit(address(disputes));
        emit IDisputeManager.Ended(disputeId, IDisputeManager.State.Void, IDisputeManager.Outcome.None, 0);

        disputes.expire(disputeId);

        assertState(disputeId, IDisputeManager.State.Void);
    }

    /// @dev The verdict before stands, and the escalated round keeps the appeal's shard.
    function test_escalate__of_an_appeal_without_any_quorum_leaves_the_verdict() public {
        bytes32 disputeId = proposedDispute(MATCH);
        appeal(disputeId);
        key(disputeId);
        uint8 shard = presentRound(disputeId).shard;
        expire(disputeId);
        assertEq(disputes.dispute(disputeId).appellant, APPELLANT);
        key(disputeId);
        assertEq(presentRound(disputeId).shard, shard);

        expire(disputeId);

        assertState(disputeId, FINAL);
        assertVerdict(disputeId, MATCH, 0);
    }

    /// @dev A round that an appeal's escalated to is the appeal's.
    function test_escalate__of_an_appeal_is_weighed_as_one() public {
        bytes32 disputeId = proposedDispute(MATCH);
        appeal(disputeId);
        key(disputeId);
        expire(disputeId);
        conclude(disputeId, UNSUPPORTED);
        assertVerdict(disputeId, MATCH, 0);
    }

    function test_escalate__an_escalated_round_that_nobody_draws_is_its_askers_failure() public {
        bytes32 disputeId = keyedDispute();
        expire(disputeId);
        (, uint256 promised) = disputes.shardsOf(disputes.dispute(disputeId).claimId);
        assertEq(promised, 0);

        expire(disputeId);

        assertState(disputeId, IDisputeManager.State.Forfeit);
        (, promised) = disputes.shardsOf(disputes.dispute(disputeId).claimId);
        assertEq(promised, 0);
    }

    function test_escalate__an_appellants_escalated_round_that_nobody_draws_leaves_the_verdict() public {
        bytes32 disputeId = proposedDispute(MATCH);
        appeal(disputeId);
        key(disputeId);
        expire(disputeId);

        expire(disputeId);

        assertState(disputeId, FINAL);
        assertVerdict(disputeId, MATCH, 0);
    }

    /// @dev To the last second in which a draw could still be made.
    function test_escalate__too_late_for_a_draw_is_void() public {
        bytes32 disputeId = keyedDispute();
        bytes32 late = openDispute(disputes.dispute(disputeId).claimId);
        key(late);
        uint256 missed = disputes.dispute(disputeId).deadline;
        assertEq(disputes.dispute(late).deadline, missed);
        vm.warp(missed + DRAW_WINDOW - DRAW_DELAY * 12);
        disputes.expire(disputeId);
        assertState(disputeId, IDisputeManager.State.Open);
        draw(disputeId);

        skipSeconds(1);
        disputes.expire(late);
        assertState(late, IDisputeManager.State.Void);
    }

    /// @dev However late everybody is, members' bonds outlive the dispute.
    function test_escalate__never_outlives_the_bonds() public {
        bytes32 disputeId = openDispute(boundClaim());
        uint256 opened = vm.getBlockTimestamp();
        for (uint256 round; round < 3; ++round) {
            vm.roll(disputes.dispute(disputeId).seedBlock + 1);
            vm.warp(disputes.dispute(disputeId).deadline);
            disputes.draw(disputeId);
            vm.warp(disputes.dispute(disputeId).deadline);
            deliver(disputeId);
            vm.warp(disputes.dispute(disputeId).deadline);
            sealVotes(disputeId, votesFor(MATCH, type(uint256).max, sizeOf(disputeId)));
            if (round < 2) vm.warp(disputes.dispute(disputeId).deadline + DRAW_WINDOW - DRAW_DELAY * 12);
            if (round < 2) disputes.expire(disputeId);
        }
        vm.warp(disputes.dispute(disputeId).deadline);
        settleVotes(disputeId, MATCH, votesFor(MATCH, type(uint256).max, 13));

        assertTrue(disputes.dispute(disputeId).deadline < opened + EXIT_DELAY, "outlived");
    }

    /* STEPS */

    function _expectNotAppealable(bytes32 disputeId, uint8 round, uint8 rungs, uint8 appeals) private {
        vm.expectRevert(
            abi.encodeWithSelector(IDisputeManager.NotAppealable.selector, disputeId, round, rungs, appeals)
        );
    }
}
