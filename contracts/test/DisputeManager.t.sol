// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {DisputeManager} from "../src/DisputeManager.sol";
import {VerifierRegistry} from "../src/VerifierRegistry.sol";
import {IClaimRegistry} from "../src/interfaces/IClaimRegistry.sol";
import {IDisputeManager} from "../src/interfaces/IDisputeManager.sol";
import {IVerifierRegistry} from "../src/interfaces/IVerifierRegistry.sol";
import {Draw} from "../src/libraries/Draw.sol";
import {Vote} from "../src/types/Vote.sol";
import {Court} from "./Court.sol";
import {Signer} from "./Signer.sol";

contract DisputeManagerTest is Court {
    IDisputeManager.Outcome private constant MATCH = IDisputeManager.Outcome.Match;

    /// @dev Places 0, 1 and 3: a quorum, and not all.
    uint256 private constant THREE = 11;

    function setUp() public {
        deployCourt();
        registerSeats();
        skipBlocks(1);
        vm.etch(0x0000F90827F1C53a10cb7A02335B175320002935, "");
    }

    /* CONSTRUCTION */

    function test_constructor__tells_what_it_fixed() public view {
        IDisputeManager.Parameters memory fixed_ = disputes.parameters();

        assertEq(abi.encode(fixed_), abi.encode(terms()));
        assertEq(disputes.quorum(), 3);
        assertEq(address(disputes.claims()), address(claims));
        assertEq(address(disputes.verifiers()), address(verifiers));
    }

    function test_constructor__reject_each_parameter() public {
        IDisputeManager.Parameters memory wrong = terms();
        wrong.committeeSize = 5;
        _expectInvalid(wrong, "committeeSize");
        wrong.committeeSize = 64;
        _expectInvalid(wrong, "committeeSize");
        wrong = terms();
        wrong.drawDelay = 0;
        _expectInvalid(wrong, "drawDelay");
        wrong = terms();
        wrong.keyWindow = 0;
        _expectInvalid(wrong, "keyWindow");
        wrong = terms();
        wrong.voteWindow = 0;
        _expectInvalid(wrong, "voteWindow");
        wrong = terms();
        wrong.bond = 0;
        _expectInvalid(wrong, "bond");
        wrong = terms();
        wrong.fee = SIZE - 1;
        _expectInvalid(wrong, "fee");
    }

    function test_constructor__reject_addresses_without_code() public {
        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.InvalidParameters.selector, "claims"));
        new DisputeManager(IClaimRegistry(STRANGER), verifiers, terms());
        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.InvalidParameters.selector, "verifiers"));
        new DisputeManager(claims, IVerifierRegistry(STRANGER), terms());
    }

    function test_constructor__reject_exit_delay_within_a_dispute() public {
        uint256 longest = DRAW_DELAY * 12 + KEY_WINDOW + VOTE_WINDOW;
        VerifierRegistry hasty = new VerifierRegistry(SEAT_BOND, uint32(longest));

        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.ExitDelayTooShort.selector, longest, longest));
        new DisputeManager(claims, hasty, terms());

        new DisputeManager(claims, new VerifierRegistry(SEAT_BOND, uint32(longest + 1)), terms());
    }

    function _expectInvalid(IDisputeManager.Parameters memory wrong, string memory which) private {
        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.InvalidParameters.selector, which));
        new DisputeManager(claims, verifiers, wrong);
    }

    /* OPEN */

    function test_open__records_and_tells() public {
        bytes32 claimId = boundClaim();
        uint256 openedBlock = vm.getBlockNumber();
        bytes32 expectedId = keccak256(abi.encode(block.chainid, address(disputes), claimId, SUSPECT, uint32(0)));
        vm.expectEmit(address(disputes));
        emit IDisputeManager.Opened(expectedId, claimId, SUSPECT, 1_000, mirrors(), 0, openedBlock + DRAW_DELAY);

        bytes32 disputeId = openDispute(claimId);

        IDisputeManager.Dispute memory dispute = disputes.dispute(disputeId);
        assertEq(disputeId, expectedId);
        assertEq(dispute.owner, OWNER);
        assertState(disputeId, IDisputeManager.State.Open);
        assertEq(uint8(dispute.outcome), 0);
        assertEq(dispute.round, 0);
        assertEq(dispute.shard, 0);
        assertEq(dispute.openedBlock, openedBlock);
        assertEq(dispute.seedBlock, openedBlock + DRAW_DELAY);
        assertEq(dispute.deadline, 0);
        assertEq(dispute.claimId, claimId);
        assertEq(dispute.modelDigest, SUSPECT);
        assertEq(address(disputes).balance, BOND + FEE);
    }

    function test_open__burns_a_shard_each_time() public {
        bytes32 claimId = boundClaim();

        bytes32 first = openDispute(claimId);
        bytes32 second = openDispute(claimId);

        assertTrue(first != second, "same dispute");
        assertEq(disputes.dispute(first).shard, 0);
        assertEq(disputes.dispute(second).shard, 1);
    }

    function test_open__reject_stranger() public {
        bytes32 claimId = boundClaim();
        vm.deal(STRANGER, BOND + FEE);

        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.NotClaimOwner.selector, claimId, STRANGER));
        vm.prank(STRANGER);
        disputes.open{value: BOND + FEE}(claimId, SUSPECT, 1_000, mirrors());
    }

    function test_open__reject_unknown_claim() public {
        vm.expectRevert(abi.encodeWithSelector(IClaimRegistry.UnknownClaim.selector, MODEL));
        disputes.open(MODEL, SUSPECT, 1_000, mirrors());
    }

    function test_open__reject_claim_without_a_model() public {
        vm.prank(OWNER);
        bytes32 claimId = claims.commit(keccak256("commitment"));

        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.ClaimNotBound.selector, claimId));
        openDispute(claimId);
    }

    function test_open__reject_empty_digest() public {
        bytes32 claimId = boundClaim();

        vm.expectRevert(IDisputeManager.EmptyDigest.selector);
        vm.prank(OWNER);
        disputes.open{value: BOND + FEE}(claimId, 0, 1_000, mirrors());
    }

    function testFuzz_open__reject_wrong_payment(uint256 sent) public {
        sent = bound(sent, 0, 10 ether);
        vm.assume(sent != BOND + FEE);
        bytes32 claimId = boundClaim();

        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.WrongPayment.selector, sent, BOND + FEE));
        vm.prank(OWNER);
        disputes.open{value: sent}(claimId, SUSPECT, 1_000, mirrors());
    }

    /// @dev Seats that join in the opening block do not count: their owners may have seen the opening coming.
    function test_open__reject_too_few_verifiers_in_the_block_before() public {
        bytes32 claimId = boundClaim();
        for (uint32 i; i < 3; ++i) {
            vm.prank(operatorOf(i));
            verifiers.requestExit(i);
        }
        skipBlocks(1);
        registerSeat(SEATS);

        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.NotEnoughVerifiers.selector, 3, SIZE));
        openDispute(claimId);

        skipBlocks(1);
        openDispute(claimId);
    }

    /* DRAW */

    function test_draw__seats_the_committee_and_tells() public {
        bytes32 disputeId = openDispute(boundClaim());
        skipBlocks(DRAW_DELAY + 1);
        bytes32 blockHash = keccak256("hash of the seed block");
        vm.setBlockhash(disputes.dispute(disputeId).seedBlock, blockHash);
        bytes32 seed = keccak256(abi.encode(blockHash, disputeId));
        uint32[] memory seatIds = Draw.positions(seed, SEATS, SIZE); // nobody left: position and seat are one
        bytes memory keys;
        for (uint256 place; place < SIZE; ++place) {
            keys = abi.encodePacked(keys, Signer.key(secretOf(seatIds[place])));
        }
        uint256 keyDeadline = vm.getBlockTimestamp() + KEY_WINDOW;
        vm.expectEmit(address(disputes));
        emit IDisputeManager.Drawn(disputeId, seed, seatIds, keccak256(keys), keyDeadline);

        disputes.draw(disputeId);

        assertState(disputeId, IDisputeManager.State.Drawn);
        assertEq(disputes.dispute(disputeId).seed, seed);
        assertEq(disputes.dispute(disputeId).deadline, keyDeadline);
        assertEq(abi.encode(disputes.committee(disputeId)), abi.encode(seatIds));
    }

    function test_draw__reject_until_the_seed_block_has_passed() public {
        bytes32 disputeId = openDispute(boundClaim());
        skipBlocks(DRAW_DELAY);

        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.DrawTooEarly.selector, disputeId, vm.getBlockNumber()));
        disputes.draw(disputeId);
    }

    function test_draw__reject_second_time_and_unknown() public {
        bytes32 disputeId = drawnDispute();

        expectWrongState(disputeId, IDisputeManager.State.Drawn, IDisputeManager.State.Open);
        disputes.draw(disputeId);

        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.UnknownDispute.selector, MODEL));
        disputes.draw(MODEL);
    }

    function test_draw__a_missed_seed_moves_by_rule() public {
        bytes32 disputeId = openDispute(boundClaim());
        uint256 seedBlock = disputes.dispute(disputeId).seedBlock;
        vm.roll(seedBlock + 257);
        vm.expectEmit(address(disputes));
        emit IDisputeManager.SeedMoved(disputeId, seedBlock + 512);

        disputes.draw(disputeId);

        assertState(disputeId, IDisputeManager.State.Open);
        assertEq(disputes.dispute(disputeId).seedBlock, seedBlock + 512);
        vm.roll(seedBlock + 513);
        disputes.draw(disputeId);
        assertState(disputeId, IDisputeManager.State.Drawn);
    }

    /// @dev Who leaves or joins once the dispute is open changes nothing, whatever the list looks like by then.
    function testFuzz_draw__from_the_seats_before_the_opening(uint8 leaving) public {
        bytes32 disputeId = openDispute(boundClaim());
        for (uint32 i; i < SEATS; ++i) {
            if ((leaving >> i) & 1 == 0) continue;
            vm.prank(operatorOf(i));
            verifiers.requestExit(i);
        }
        registerSeat(SEATS);
        skipBlocks(DRAW_DELAY + 1);

        disputes.draw(disputeId);

        bytes32 seed = disputes.dispute(disputeId).seed;
        assertEq(abi.encode(disputes.committee(disputeId)), abi.encode(Draw.positions(seed, SEATS, SIZE)));
    }

    /* DELIVER */

    function test_deliver__records_and_tells() public {
        bytes32 disputeId = drawnDispute();
        skipSeconds(KEY_WINDOW);
        uint256 voteDeadline = vm.getBlockTimestamp() + VOTE_WINDOW;
        vm.expectEmit(address(disputes));
        emit IDisputeManager.Keyed(disputeId, ENVELOPE, 2_000, mirrors(), voteDeadline);

        deliver(disputeId);

        assertState(disputeId, IDisputeManager.State.Keyed);
        assertEq(disputes.dispute(disputeId).envelopeDigest, ENVELOPE);
        assertEq(disputes.dispute(disputeId).deadline, voteDeadline);
    }

    function test_deliver__reject_stranger() public {
        bytes32 disputeId = drawnDispute();
        bytes32 claimId = disputes.dispute(disputeId).claimId;

        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.NotClaimOwner.selector, claimId, STRANGER));
        vm.prank(STRANGER);
        disputes.deliver(disputeId, ENVELOPE, 2_000, mirrors());
    }

    function test_deliver__reject_after_the_deadline() public {
        bytes32 disputeId = drawnDispute();
        uint256 deadline = disputes.dispute(disputeId).deadline;
        skipSeconds(KEY_WINDOW + 1);

        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.DeadlinePassed.selector, disputeId, deadline));
        deliver(disputeId);
    }

    function test_deliver__reject_empty_digest() public {
        bytes32 disputeId = drawnDispute();

        vm.expectRevert(IDisputeManager.EmptyDigest.selector);
        vm.prank(OWNER);
        disputes.deliver(disputeId, 0, 2_000, mirrors());
    }

    function test_deliver__reject_before_the_draw_and_second_time() public {
        bytes32 disputeId = openDispute(boundClaim());
        expectWrongState(disputeId, IDisputeManager.State.Open, IDisputeManager.State.Drawn);
        deliver(disputeId);

        skipBlocks(DRAW_DELAY + 1);
        disputes.draw(disputeId);
        deliver(disputeId);
        expectWrongState(disputeId, IDisputeManager.State.Keyed, IDisputeManager.State.Drawn);
        deliver(disputeId);
    }

    /* EXPIRE */

    function test_expire__without_an_envelope_forfeits() public {
        bytes32 disputeId = drawnDispute();
        skipSeconds(KEY_WINDOW + 1);
        vm.expectEmit(address(disputes));
        emit IDisputeManager.Expired(disputeId, IDisputeManager.State.Forfeit);

        disputes.expire(disputeId);

        assertState(disputeId, IDisputeManager.State.Forfeit);
    }

    function test_expire__without_a_verdict_voids() public {
        bytes32 disputeId = keyedDispute();
        skipSeconds(VOTE_WINDOW + 1);
        vm.expectEmit(address(disputes));
        emit IDisputeManager.Expired(disputeId, IDisputeManager.State.Void);

        disputes.expire(disputeId);

        assertState(disputeId, IDisputeManager.State.Void);
    }

    function test_expire__reject_until_the_deadline_has_passed() public {
        bytes32 disputeId = drawnDispute();
        skipSeconds(KEY_WINDOW);
        _expectDeadlineNotPassed(disputeId);
        disputes.expire(disputeId);

        deliver(disputeId);
        skipSeconds(VOTE_WINDOW);
        _expectDeadlineNotPassed(disputeId);
        disputes.expire(disputeId);
    }

    function test_expire__reject_states_without_a_deadline() public {
        bytes32 disputeId = openDispute(boundClaim());
        skipSeconds(365 days);
        _expectNoDeadline(disputeId, IDisputeManager.State.Open);
        disputes.expire(disputeId);

        skipBlocks(DRAW_DELAY + 1);
        disputes.draw(disputeId);
        skipSeconds(KEY_WINDOW + 1);
        disputes.expire(disputeId);
        _expectNoDeadline(disputeId, IDisputeManager.State.Forfeit);
        disputes.expire(disputeId);

        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.UnknownDispute.selector, MODEL));
        disputes.expire(MODEL);
    }

    function test_expire__ends_the_dispute_for_everybody() public {
        bytes32 disputeId = keyedDispute();
        bytes memory certificate = certify(disputeId, MATCH, THREE);
        skipSeconds(VOTE_WINDOW + 1);
        disputes.expire(disputeId);

        expectWrongState(disputeId, IDisputeManager.State.Void, IDisputeManager.State.Keyed);
        disputes.settle(disputeId, MATCH, THREE, certificate);
    }

    /* VIEWS */

    function test_views__reject_what_is_not_known_yet() public {
        bytes32 disputeId = openDispute(boundClaim());
        expectWrongState(disputeId, IDisputeManager.State.Open, IDisputeManager.State.Drawn);
        disputes.committee(disputeId);

        skipBlocks(DRAW_DELAY + 1);
        disputes.draw(disputeId);
        expectWrongState(disputeId, IDisputeManager.State.Drawn, IDisputeManager.State.Keyed);
        disputes.voteDigest(disputeId, MATCH);

        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.UnknownDispute.selector, MODEL));
        disputes.dispute(MODEL);
    }

    function test_voteDigest__is_the_typed_data_digest_before_and_after_the_verdict() public {
        bytes32 disputeId = keyedDispute();
        bytes32 expected = typedData(disputes, _vote(disputeId).hash());
        assertEq(disputes.voteDigest(disputeId, MATCH), expected);

        disputes.settle(disputeId, MATCH, THREE, certify(disputeId, MATCH, THREE));
        assertEq(disputes.voteDigest(disputeId, MATCH), expected);
    }

    /* STEPS */

    function _vote(bytes32 disputeId) private view returns (Vote memory) {
        return Vote(disputeId, 0, uint8(MATCH), ENVELOPE, keccak256(committeeKeys(disputeId)));
    }

    function _expectNoDeadline(bytes32 disputeId, IDisputeManager.State actual) private {
        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.NoDeadline.selector, disputeId, actual));
    }

    function _expectDeadlineNotPassed(bytes32 disputeId) private {
        uint256 deadline = disputes.dispute(disputeId).deadline;
        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.DeadlineNotPassed.selector, disputeId, deadline));
    }
}
