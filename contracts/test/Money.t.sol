// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IDisputeManager} from "../src/interfaces/IDisputeManager.sol";
import {Quorum} from "../src/libraries/Quorum.sol";
import {Court} from "./Court.sol";

/// @dev Calls back into whatever pays it, once.
contract Reentrant {
    address private target;
    bytes private input;

    function arm(address target_, bytes calldata input_) external {
        target = target_;
        input = input_;
    }

    receive() external payable {
        (bool again,) = target.call(input);
        require(!again);
    }
}

/// @notice SPEC 5.1: who gets bonds and pots.
contract MoneyTest is Court {
    uint256 private constant PRICE = 2 gwei; // of gas: a base fee of 1 gwei and 1 more

    function setUp() public {
        deployCourt();
        registerSeats();
        vm.deal(BURN, 0);
        vm.fee(1 gwei);
    }

    /* BONDS */

    function testFuzz_bond__burnt_by_no_match_and_bad_key_else_owed_to_the_owner(uint256 number) public {
        IDisputeManager.Outcome outcome = IDisputeManager.Outcome(bound(number, 1, 6));
        bytes32 disputeId = proposedDispute(outcome);
        bool burnt = outcome == NO_MATCH || outcome == BAD_KEY;
        vm.warp(disputes.dispute(disputeId).deadline + 1);
        vm.expectEmit(address(disputes));
        if (burnt) emit IDisputeManager.Burnt(disputeId, BOND);
        else emit IDisputeManager.Owed(disputeId, OWNER, BOND);

        disputes.expire(disputeId);

        assertEq(disputes.owed(OWNER), burnt ? 0 : BOND);
        assertEq(BURN.balance, burnt ? BOND : 0);
    }

    function test_bond__void_returns_bond_and_pot() public {
        bytes32 disputeId = keyedDispute();
        vm.warp(disputes.dispute(disputeId).deadline + DRAW_WINDOW);

        disputes.expire(disputeId);

        assertState(disputeId, IDisputeManager.State.Void);
        assertEq(disputes.owed(OWNER), BOND + disputes.roundFee(0));
        assertEq(presentRound(disputeId).pot, 0);
    }

    /// @dev Nor is anybody told of it.
    function test_bond__void_returns_no_pot_that_is_used_up() public {
        bytes32 disputeId = _disputeWithEmptyPot();
        vm.expectEmit(address(disputes), 0);
        emit IDisputeManager.Owed(disputeId, OWNER, 0);

        expire(disputeId);

        assertState(disputeId, IDisputeManager.State.Void);
        assertEq(disputes.owed(OWNER), BOND);
    }

    function test_bond__forfeit_burns_it_and_returns_the_pot() public {
        bytes32 disputeId = drawnDispute();

        expire(disputeId);

        assertEq(disputes.owed(OWNER), disputes.roundFee(0));
        assertEq(BURN.balance, BOND);
    }

    /* APPEAL BONDS */

    function test_appealBond__back_as_soon_as_the_appeal_has_changed_the_verdict() public {
        bytes32 disputeId = proposedDispute(MATCH);
        appeal(disputeId);

        conclude(disputeId, INCONCLUSIVE);

        assertEq(disputes.owed(APPELLANT), APPEAL_BOND);
        appeal(disputeId); // whatever comes of that
        conclude(disputeId, MATCH);
        assertEq(disputes.owed(APPELLANT), 2 * APPEAL_BOND);
        assertEq(BURN.balance, 0);
    }

    function test_appealBond__burnt_if_the_verdict_is_the_same() public {
        bytes32 disputeId = proposedDispute(MATCH);
        appeal(disputeId);

        conclude(disputeId, MATCH);

        assertEq(disputes.owed(APPELLANT), 0);
        assertEq(BURN.balance, APPEAL_BOND);
    }

    function test_appealBond__burnt_if_it_could_not_be_heard() public {
        bytes32 disputeId = proposedDispute(MATCH);
        appeal(disputeId);

        conclude(disputeId, UNAVAILABLE);

        assertEq(disputes.owed(APPELLANT), 0);
        assertEq(BURN.balance, APPEAL_BOND);
    }

    function test_appealBond__and_pot_back_if_no_committee_comes_to_a_verdict() public {
        bytes32 disputeId = proposedDispute(MATCH);
        appeal(disputeId);
        key(disputeId);
        vm.warp(disputes.dispute(disputeId).deadline + DRAW_WINDOW);

        disputes.expire(disputeId);

        assertEq(disputes.owed(APPELLANT), APPEAL_BOND + disputes.roundFee(1));
        assertEq(disputes.owed(OWNER), BOND);
    }

    function test_appealBond__and_pot_back_if_the_owner_fails() public {
        bytes32 disputeId = proposedDispute(MATCH);
        appeal(disputeId);
        draw(disputeId);

        expire(disputeId);

        assertEq(disputes.owed(APPELLANT), APPEAL_BOND + disputes.roundFee(1));
        assertEq(disputes.owed(OWNER), 0);
        assertEq(BURN.balance, BOND);
    }

    function test_appealBond__burnt_and_pot_back_if_the_appellant_fails() public {
        bytes32 disputeId = proposedDispute(MATCH);
        appeal(disputeId);

        expire(disputeId);

        assertEq(disputes.owed(APPELLANT), disputes.roundFee(1));
        assertEq(disputes.owed(OWNER), BOND);
        assertEq(BURN.balance, APPEAL_BOND);
    }

    function test_appealBond__burnt_if_the_owner_appeals_and_does_not_deliver() public {
        bytes32 disputeId = proposedDispute(NO_MATCH);
        appeal(disputeId, OWNER);
        draw(disputeId);

        expire(disputeId);

        assertEq(disputes.owed(OWNER), disputes.roundFee(1));
        assertEq(BURN.balance, APPEAL_BOND + BOND);
    }

    /* REPAYING SUBMITTERS */

    function test_repay__seal_at_the_base_fee_and_one_gwei() public {
        bytes32 disputeId = keyedDispute();
        uint256 pot = presentRound(disputeId).pot;

        sealVotes(disputeId, votesFor(MATCH, 15, 4));

        uint256 repaid = pot - presentRound(disputeId).pot;
        assertEq(SUBMITTER.balance, repaid);
        assertTrue(repaid > 150_000 * PRICE && repaid < 350_000 * PRICE, "not what it cost");
    }

    function test_repay__settle_and_what_does_not_divide() public {
        bytes32 disputeId = sealedDispute();
        uint256 pot = presentRound(disputeId).pot;
        uint256 before = SUBMITTER.balance;

        settleVotes(disputeId, MATCH, votesFor(MATCH, THREE, 4));

        uint256 repaid = pot - presentRound(disputeId).pot;
        assertEq(SUBMITTER.balance - before, repaid);
        assertTrue(repaid > 150_000 * PRICE && repaid < 350_000 * PRICE, "not what it cost");
        assertEq(presentRound(disputeId).pot % 3, 0);
    }

    function test_repay__up_to_the_cap() public {
        bytes32 disputeId = keyedDispute();
        vm.fee(1_000 gwei);
        sealVotes(disputeId, votesFor(MATCH, THREE, 4));
        assertEq(SUBMITTER.balance, SUBMITTER_CAP);
        settleVotes(disputeId, MATCH, votesFor(MATCH, THREE, 4));

        uint256 left = disputes.roundFee(0) - 2 * SUBMITTER_CAP;
        assertEq(SUBMITTER.balance, 2 * SUBMITTER_CAP + left % 3);
        assertEq(presentRound(disputeId).pot, left - left % 3);
    }

    /// @dev Every escalated round may take a cap of a pot that is not filled up.
    function test_repay__up_to_the_pot() public {
        bytes32 disputeId = _disputeWithEmptyPot();
        settleVotes(disputeId, MATCH, votesFor(MATCH, type(uint256).max, 13));

        assertEq(SUBMITTER.balance, disputes.roundFee(0));
        disputes.collectFee(disputeId, 2, 0); // nothing, and not a revert
    }

    /// @dev A verdict does not wait for who sends it.
    function test_repay__a_sender_that_refuses_the_money_is_owed_it() public {
        bytes32 disputeId = keyedDispute();
        vm.etch(SUBMITTER, hex"5f5ffd");
        uint256 pot = presentRound(disputeId).pot;

        sealVotes(disputeId, votesFor(MATCH, THREE, 4));
        assertState(disputeId, IDisputeManager.State.Sealed);
        settleVotes(disputeId, MATCH, votesFor(MATCH, THREE, 4));
        assertState(disputeId, IDisputeManager.State.Proposed);
        uint256 left = presentRound(disputeId).pot;
        assertEq(left % 3, 0);
        assertEq(disputes.owed(SUBMITTER), pot - left);

        disputes.collectFee(disputeId, 0, 0);
        assertEq(operatorOf(disputes.committee(disputeId, 0)[0]).balance, left / 3);
        vm.etch(SUBMITTER, "");
        disputes.withdraw(SUBMITTER);
        assertEq(SUBMITTER.balance, pot - left);
    }

    /// @dev Called back into the round it has just settled, it finds a pot without its own part.
    function test_repay__not_twice_by_calling_back() public {
        bytes32 disputeId = sealedDispute();
        vm.etch(SUBMITTER, address(new Reentrant()).code);
        Reentrant(payable(SUBMITTER)).arm(address(disputes), abi.encodeCall(disputes.withdraw, (SUBMITTER)));
        uint256 before = SUBMITTER.balance;
        uint256 pot = presentRound(disputeId).pot;

        settleVotes(disputeId, MATCH, votesFor(MATCH, THREE, 4));

        assertEq(SUBMITTER.balance - before, pot - presentRound(disputeId).pot);
    }

    /* SHARES */

    function test_collectFee__pays_each_signers_operator_once() public {
        bytes32 disputeId = keyedDispute();
        sealVotes(disputeId, votesFor(MATCH, THREE, 4));
        settleVotes(disputeId, MATCH, votesFor(MATCH, THREE, 4));
        uint32[] memory seatIds = disputes.committee(disputeId, 0);
        uint256 share = presentRound(disputeId).pot / 3;
        uint8[3] memory places = [0, 1, 3];
        for (uint256 i; i < places.length; ++i) {
            address operator = operatorOf(seatIds[places[i]]);
            vm.expectEmit(address(disputes));
            emit IDisputeManager.FeeCollected(disputeId, 0, places[i], operator, share);

            vm.prank(STRANGER);
            disputes.collectFee(disputeId, 0, places[i]);

            assertEq(operator.balance, share);
            vm.expectRevert(abi.encodeWithSelector(IDisputeManager.AlreadyCollected.selector, disputeId));
            disputes.collectFee(disputeId, 0, places[i]);
        }
        assertEq(presentRound(disputeId).paid, THREE);
    }

    /// @dev A committee has earned its fee whatever comes of its verdict.
    function test_collectFee__of_a_round_whose_verdict_was_replaced() public {
        bytes32 disputeId = proposedDispute(MATCH);
        appeal(disputeId);
        conclude(disputeId, NO_MATCH);
        expire(disputeId);
        uint256 share = disputes.roundOf(disputeId, 0).pot / 4;
        address operator = operatorOf(disputes.committee(disputeId, 0)[2]);
        uint256 before = operator.balance;

        disputes.collectFee(disputeId, 0, 2);

        assertEq(operator.balance - before, share);
    }

    function testFuzz_collectFee__reject_who_did_not_sign(uint8 place) public {
        vm.assume(place > 3 || place == 2);
        bytes32 disputeId = sealedDispute();
        settleVotes(disputeId, MATCH, votesFor(MATCH, THREE, 4));

        _expectNotASigner(disputeId, place);
        disputes.collectFee(disputeId, 0, place);
    }

    function test_collectFee__reject_without_a_certificate() public {
        bytes32 disputeId = sealedDispute();
        _expectNotASigner(disputeId, 0);
        disputes.collectFee(disputeId, 0, 0);

        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.UnknownRound.selector, disputeId, 1));
        disputes.collectFee(disputeId, 1, 0);
        expectUnknownDispute();
        disputes.collectFee(MODEL, 0, 0);
    }

    function test_collectFee__report_operator_that_refuses_money_and_pay_the_others() public {
        bytes32 disputeId = proposedDispute(MATCH);
        address refusing = operatorOf(disputes.committee(disputeId, 0)[0]);
        vm.etch(refusing, hex"5f5ffd");
        uint256 share = presentRound(disputeId).pot / 4;

        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.PaymentFailed.selector, refusing, share));
        disputes.collectFee(disputeId, 0, 0);

        disputes.collectFee(disputeId, 0, 1);
    }

    function test_collectFee__not_twice_by_calling_back() public {
        bytes32 disputeId = proposedDispute(MATCH);
        address operator = operatorOf(disputes.committee(disputeId, 0)[0]);
        vm.etch(operator, address(new Reentrant()).code);
        Reentrant(payable(operator)).arm(address(disputes), abi.encodeCall(disputes.collectFee, (disputeId, 0, 0)));

        disputes.collectFee(disputeId, 0, 0);

        assertEq(operator.balance, presentRound(disputeId).pot / 4);
    }

    /* WITHDRAWALS */

    function test_withdraw__pays_all_that_is_owed_and_tells() public {
        finalDispute(MATCH);
        uint256 before = OWNER.balance;
        vm.expectEmit(address(disputes));
        emit IDisputeManager.Withdrawn(OWNER, BOND);

        vm.prank(STRANGER);
        disputes.withdraw(OWNER);

        assertEq(OWNER.balance - before, BOND);
        assertEq(disputes.owed(OWNER), 0);
        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.NothingOwed.selector, OWNER));
        disputes.withdraw(OWNER);
    }

    function test_withdraw__report_account_that_refuses_money() public {
        finalDispute(MATCH);
        vm.etch(OWNER, hex"5f5ffd");

        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.PaymentFailed.selector, OWNER, BOND));
        disputes.withdraw(OWNER);
        assertEq(disputes.owed(OWNER), BOND);
    }

    function test_withdraw__not_twice_by_calling_back() public {
        finalDispute(MATCH);
        vm.etch(OWNER, address(new Reentrant()).code);
        Reentrant(payable(OWNER)).arm(address(disputes), abi.encodeCall(disputes.withdraw, (OWNER)));
        uint256 before = OWNER.balance;

        disputes.withdraw(OWNER);

        assertEq(OWNER.balance - before, BOND);
    }

    /// @dev Whatever the verdict and whoever signed: what came in has gone out, to the wei.
    function testFuzz_money__is_conserved(uint256 number, uint256 absent) public {
        IDisputeManager.Outcome outcome = IDisputeManager.Outcome(bound(number, 1, 6));
        uint256 signers = 15 & ~(1 << bound(absent, 0, 4));
        bytes32 disputeId = openDispute(boundClaim());
        conclude(disputeId, outcome, signers);
        expire(disputeId);

        if (disputes.owed(OWNER) != 0) disputes.withdraw(OWNER);
        for (uint8 place; place < 4; ++place) {
            if (Quorum.contains(signers, place)) disputes.collectFee(disputeId, 0, place);
        }

        assertEq(address(disputes).balance, 0);
    }

    function _expectNotASigner(bytes32 disputeId, uint8 place) private {
        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.NotASigner.selector, disputeId, place));
    }

    /// @dev `Sealed` on the last rung of three, after seals at a price of gas that the fee was not made for.
    function _disputeWithEmptyPot() private returns (bytes32 disputeId) {
        IDisputeManager.Parameters memory sent = terms();
        sent.memberFee = 1;
        deployCourt(sent);
        registerSeats();
        vm.fee(1_000 gwei);
        disputeId = openDispute(boundClaim());
        for (uint256 round; round < 2; ++round) {
            key(disputeId);
            sealVotes(disputeId, votesFor(MATCH, type(uint256).max, sizeOf(disputeId)));
            expire(disputeId);
        }
        assertEq(presentRound(disputeId).pot, 4);
        key(disputeId);
        sealVotes(disputeId, votesFor(MATCH, type(uint256).max, 13));
        assertEq(presentRound(disputeId).pot, 0);
    }
}
