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

/// @notice SPEC 5.1: who gets bond and fee.
contract MoneyTest is Court {
    IDisputeManager.Outcome private constant MATCH = IDisputeManager.Outcome.Match;

    uint256 private constant ALL = 15;
    uint256 private constant THREE = 11;
    uint256 private constant PAID = uint256(BOND) + FEE;

    function setUp() public {
        deployCourt();
        registerSeats();
        skipBlocks(1);
        vm.deal(BURN, 0);
    }

    function test_collectBond__match_returns_bond_and_remainder() public {
        bytes32 disputeId = settledDispute(MATCH, THREE);
        uint256 before = OWNER.balance;
        vm.expectEmit(address(disputes));
        emit IDisputeManager.BondCollected(disputeId, OWNER, BOND + FEE % 3);

        vm.prank(STRANGER);
        disputes.collectBond(disputeId);

        assertEq(OWNER.balance - before, BOND + FEE % 3);
        assertEq(BURN.balance, 0);
    }

    function test_collectBond__no_match_and_bad_key_burn_the_bond() public {
        IDisputeManager.Outcome[2] memory burning = [IDisputeManager.Outcome.NoMatch, IDisputeManager.Outcome.BadKey];
        bytes32 claimId = boundClaim();
        for (uint256 i; i < burning.length; ++i) {
            bytes32 disputeId = _settleAgain(claimId, burning[i], ALL);
            uint256 before = OWNER.balance;
            vm.deal(BURN, 0);
            vm.expectEmit(address(disputes));
            emit IDisputeManager.BondCollected(disputeId, OWNER, FEE % 4);
            vm.expectEmit(address(disputes));
            emit IDisputeManager.BondCollected(disputeId, BURN, BOND);

            disputes.collectBond(disputeId);

            assertEq(OWNER.balance - before, FEE % 4);
            assertEq(BURN.balance, BOND);
        }
    }

    function test_collectBond__the_other_outcomes_return_it() public {
        IDisputeManager.Outcome[3] memory returning = [
            IDisputeManager.Outcome.Inconclusive,
            IDisputeManager.Outcome.Unavailable,
            IDisputeManager.Outcome.Unsupported
        ];
        bytes32 claimId = boundClaim();
        for (uint256 i; i < returning.length; ++i) {
            bytes32 disputeId = _settleAgain(claimId, returning[i], ALL);
            uint256 before = OWNER.balance;

            disputes.collectBond(disputeId);

            assertEq(OWNER.balance - before, BOND + FEE % 4);
        }
    }

    function test_collectBond__void_returns_everything() public {
        bytes32 disputeId = keyedDispute();
        uint256 before = OWNER.balance;
        skipSeconds(VOTE_WINDOW + 1);
        disputes.expire(disputeId);

        disputes.collectBond(disputeId);

        assertEq(OWNER.balance - before, PAID);
    }

    function test_collectBond__forfeit_returns_the_fee_alone() public {
        bytes32 disputeId = drawnDispute();
        uint256 before = OWNER.balance;
        skipSeconds(KEY_WINDOW + 1);
        disputes.expire(disputeId);

        disputes.collectBond(disputeId);

        assertEq(OWNER.balance - before, FEE);
        assertEq(BURN.balance, BOND);
    }

    function test_collectBond__reject_second_time() public {
        bytes32 disputeId = settledDispute(MATCH, THREE);
        disputes.collectBond(disputeId);

        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.AlreadyCollected.selector, disputeId));
        disputes.collectBond(disputeId);
    }

    function test_collectBond__reject_before_the_end() public {
        bytes32 disputeId = openDispute(boundClaim());
        _expectNotFinal(disputeId, IDisputeManager.State.Open);
        disputes.collectBond(disputeId);

        skipBlocks(DRAW_DELAY + 1);
        disputes.draw(disputeId);
        _expectNotFinal(disputeId, IDisputeManager.State.Drawn);
        disputes.collectBond(disputeId);

        deliver(disputeId);
        _expectNotFinal(disputeId, IDisputeManager.State.Keyed);
        disputes.collectBond(disputeId);

        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.UnknownDispute.selector, MODEL));
        disputes.collectBond(MODEL);
    }

    function test_collectBond__report_owner_that_refuses_money() public {
        bytes32 disputeId = settledDispute(MATCH, THREE);
        vm.etch(OWNER, hex"5f5ffd");

        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.PaymentFailed.selector, OWNER, BOND + FEE % 3));
        disputes.collectBond(disputeId);
    }

    function test_collectBond__not_twice_by_calling_back() public {
        bytes32 disputeId = settledDispute(MATCH, THREE);
        vm.etch(OWNER, address(new Reentrant()).code);
        Reentrant(payable(OWNER)).arm(address(disputes), abi.encodeCall(disputes.collectBond, (disputeId)));
        uint256 before = OWNER.balance;

        disputes.collectBond(disputeId);

        assertEq(OWNER.balance - before, BOND + FEE % 3);
    }

    function test_collectFee__pays_each_signers_operator_once() public {
        bytes32 disputeId = settledDispute(MATCH, THREE);
        uint32[] memory seatIds = disputes.committee(disputeId);
        uint8[3] memory places = [0, 1, 3];
        for (uint256 i; i < places.length; ++i) {
            address operator = operatorOf(seatIds[places[i]]);
            vm.expectEmit(address(disputes));
            emit IDisputeManager.FeeCollected(disputeId, places[i], operator, FEE / 3);

            vm.prank(STRANGER);
            disputes.collectFee(disputeId, places[i]);

            assertEq(operator.balance, FEE / 3);
            vm.expectRevert(abi.encodeWithSelector(IDisputeManager.AlreadyCollected.selector, disputeId));
            disputes.collectFee(disputeId, places[i]);
        }
    }

    function testFuzz_collectFee__reject_who_did_not_sign(uint8 place) public {
        vm.assume(place > 3 || place == 2);
        bytes32 disputeId = settledDispute(MATCH, THREE);

        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.NotASigner.selector, disputeId, place));
        disputes.collectFee(disputeId, place);
    }

    function test_collectFee__reject_without_a_verdict() public {
        bytes32 disputeId = keyedDispute();
        _expectNotFinal(disputeId, IDisputeManager.State.Keyed);
        disputes.collectFee(disputeId, 0);

        skipSeconds(VOTE_WINDOW + 1);
        disputes.expire(disputeId);
        _expectNotFinal(disputeId, IDisputeManager.State.Void);
        disputes.collectFee(disputeId, 0);
    }

    function test_collectFee__report_operator_that_refuses_money_and_pay_the_others() public {
        bytes32 disputeId = settledDispute(MATCH, THREE);
        address refusing = operatorOf(disputes.committee(disputeId)[0]);
        vm.etch(refusing, hex"5f5ffd");

        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.PaymentFailed.selector, refusing, FEE / 3));
        disputes.collectFee(disputeId, 0);

        disputes.collectFee(disputeId, 1);
        disputes.collectBond(disputeId);
    }

    /// @dev Whatever the end and whoever signed: what came in goes out, to the wei, and another dispute's is untouched.
    function testFuzz_money__is_conserved(uint256 end, uint256 absent) public {
        end = bound(end, 0, 7); // an outcome, or 0 for forfeit, 7 for void
        uint256 bitmap = ALL & ~(1 << bound(absent, 0, SIZE));
        bytes32 disputeId = end == 0 ? drawnDispute() : keyedDispute();
        openDispute(disputes.dispute(disputeId).claimId);
        uint256 before = OWNER.balance;
        if (end == 0 || end == 7) {
            skipSeconds(VOTE_WINDOW + 1);
            disputes.expire(disputeId);
        } else {
            _settle(disputeId, IDisputeManager.Outcome(end), bitmap);
        }

        disputes.collectBond(disputeId);
        uint256 fees;
        for (uint8 place; place < SIZE && end != 0 && end != 7; ++place) {
            if (!Quorum.contains(bitmap, place)) continue;
            disputes.collectFee(disputeId, place);
            fees += operatorOf(disputes.committee(disputeId)[place]).balance;
        }

        assertEq((OWNER.balance - before) + BURN.balance + fees, PAID);
        assertEq(address(disputes).balance, PAID);
    }

    function _settle(bytes32 disputeId, IDisputeManager.Outcome outcome, uint256 bitmap) private {
        bytes memory certificate = certify(disputeId, outcome, bitmap);
        disputes.settle(disputeId, outcome, bitmap, certificate);
    }

    function _settleAgain(bytes32 claimId, IDisputeManager.Outcome outcome, uint256 bitmap)
        private
        returns (bytes32 disputeId)
    {
        disputeId = openDispute(claimId);
        skipBlocks(DRAW_DELAY + 1);
        disputes.draw(disputeId);
        deliver(disputeId);
        _settle(disputeId, outcome, bitmap);
    }

    function _expectNotFinal(bytes32 disputeId, IDisputeManager.State actual) private {
        vm.expectRevert(
            abi.encodeWithSelector(IDisputeManager.WrongState.selector, disputeId, actual, IDisputeManager.State.Final)
        );
    }
}
