// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {DisputeManager} from "../src/DisputeManager.sol";
import {VerifierRegistry} from "../src/VerifierRegistry.sol";
import {IClaimRegistry} from "../src/interfaces/IClaimRegistry.sol";
import {IDisputeManager} from "../src/interfaces/IDisputeManager.sol";
import {IVerifierRegistry} from "../src/interfaces/IVerifierRegistry.sol";
import {Draw} from "../src/libraries/Draw.sol";
import {Shards} from "../src/libraries/Shards.sol";
import {Seal} from "../src/types/Seal.sol";
import {Vote} from "../src/types/Vote.sol";
import {Court} from "./Court.sol";
import {Signer} from "./Signer.sol";

contract ConstructionTest is Court {
    function setUp() public {
        deployCourt();
    }

    function test_constructor__tells_what_it_fixed() public view {
        assertEq(abi.encode(disputes.parameters()), abi.encode(terms()));
        assertEq(address(disputes.claims()), address(claims));
        assertEq(address(disputes.verifiers()), address(verifiers));
        assertEq(disputes.penalties(), verifiers.slasher());
        assertTrue(disputes.penalties().code.length != 0, "penalties");
        assertTrue(disputes.priorities().code.length != 0, "priorities");
    }

    function test_roundFee__pays_every_seat_and_two_submitters() public {
        assertEq(disputes.roundFee(0), 4 * uint256(MEMBER_FEE) + 2 * SUBMITTER_CAP);
        assertEq(disputes.roundFee(2), 13 * uint256(MEMBER_FEE) + 2 * SUBMITTER_CAP);
        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.UnknownRound.selector, 0, 3));
        disputes.roundFee(3);
    }

    function test_constructor__takes_a_full_ladder() public {
        IDisputeManager.Parameters memory sent = terms();
        sent.ladder = [4, 13, 31, 61];
        deployCourt(sent);

        assertEq(abi.encode(disputes.parameters()), abi.encode(sent));
        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.UnknownRound.selector, 0, 4));
        disputes.roundFee(4);
    }

    function test_constructor__reject_each_ladder_that_is_none() public {
        uint8[4][7] memory ladders =
            [[0, 0, 0, 0], [0, 4, 0, 0], [5, 0, 0, 0], [4, 64, 0, 0], [4, 4, 0, 0], [7, 4, 0, 0], [4, 0, 7, 0]];
        for (uint256 i; i < ladders.length; ++i) {
            IDisputeManager.Parameters memory wrong = terms();
            wrong.ladder = ladders[i];
            _expectInvalid(wrong, "ladder");
        }
    }

    function test_constructor__reject_each_parameter() public {
        IDisputeManager.Parameters memory wrong = terms();
        wrong.drawDelay = 0;
        _expectInvalid(wrong, "drawDelay");
        wrong = terms();
        wrong.drawWindow = DRAW_DELAY * 12;
        _expectInvalid(wrong, "drawWindow");
        wrong = terms();
        wrong.keyWindow = 0;
        _expectInvalid(wrong, "keyWindow");
        wrong = terms();
        wrong.sealWindow = 0;
        _expectInvalid(wrong, "sealWindow");
        wrong = terms();
        wrong.voteWindow = 0;
        _expectInvalid(wrong, "voteWindow");
        wrong = terms();
        wrong.appealWindow = 0;
        _expectInvalid(wrong, "appealWindow");
        wrong = terms();
        wrong.bond = 0;
        _expectInvalid(wrong, "bond");
        wrong = terms();
        wrong.appealBond = 0;
        _expectInvalid(wrong, "appealBond");
        wrong = terms();
        wrong.memberFee = 0;
        _expectInvalid(wrong, "memberFee");
        wrong = terms();
        wrong.withheldPenalty = 0;
        _expectInvalid(wrong, "withheldPenalty");
    }

    function test_constructor__reject_addresses_without_code() public {
        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.InvalidParameters.selector, "claims"));
        new DisputeManager(IClaimRegistry(STRANGER), verifiers, terms());
        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.InvalidParameters.selector, "verifiers"));
        new DisputeManager(claims, IVerifierRegistry(STRANGER), terms());
    }

    /// @dev Nobody could be punished in a court that is not its register's slasher.
    function test_constructor__reject_register_with_another_slasher() public {
        _expectInvalid(terms(), "slasher");
    }

    function test_constructor__reject_exit_delay_within_a_dispute() public {
        uint256 longest = 3 * (DRAW_WINDOW + KEY_WINDOW + SEAL_WINDOW + VOTE_WINDOW + APPEAL_WINDOW) + VOTE_WINDOW;
        VerifierRegistry hasty = new VerifierRegistry(SEAT_BOND, uint32(longest), nextSlasher(1));
        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.ExitDelayTooShort.selector, longest, longest));
        new DisputeManager(claims, hasty, terms());

        new DisputeManager(claims, new VerifierRegistry(SEAT_BOND, uint32(longest + 1), nextSlasher(1)), terms());
    }

    function _expectInvalid(IDisputeManager.Parameters memory wrong, string memory which) private {
        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.InvalidParameters.selector, which));
        new DisputeManager(claims, verifiers, wrong);
    }
}

contract DisputeManagerTest is Court {
    function setUp() public {
        deployCourt();
        registerSeats();
    }

    /* OPEN */

    function test_open__records_and_tells() public {
        bytes32 claimId = boundClaim();
        uint256 seedBlock = vm.getBlockNumber() + DRAW_DELAY;
        bytes32 expectedId = keccak256(abi.encode(block.chainid, address(disputes), claimId, SUSPECT, uint256(0)));
        vm.expectEmit(address(disputes));
        emit IDisputeManager.Opened(expectedId, claimId, SUSPECT, 1_000, mirrors(), seedBlock);

        bytes32 disputeId = openDispute(claimId);

        assertEq(disputeId, expectedId);
        IDisputeManager.Dispute memory expected;
        expected.owner = OWNER;
        expected.state = IDisputeManager.State.Open;
        expected.rungs = 3;
        expected.deadline = uint48(vm.getBlockTimestamp() + DRAW_WINDOW);
        expected.openedBlock = uint48(vm.getBlockNumber());
        expected.seedBlock = uint48(seedBlock);
        expected.claimId = claimId;
        expected.modelDigest = SUSPECT;
        assertEq(abi.encode(disputes.dispute(disputeId)), abi.encode(expected));
        IDisputeManager.Round memory begun;
        begun.size = 4;
        begun.pot = uint96(disputes.roundFee(0));
        assertEq(abi.encode(disputes.roundOf(disputeId, 0)), abi.encode(begun));
        assertEq(address(disputes).balance, BOND + disputes.roundFee(0));
    }

    function test_open__promises_a_shard_each_time() public {
        bytes32 claimId = boundClaim(2);

        bytes32 first = openDispute(claimId);
        bytes32 second = openDispute(claimId);

        assertTrue(first != second, "same dispute");
        (uint256 burnt, uint256 promised) = disputes.shardsOf(claimId);
        assertEq(burnt, 0);
        assertEq(promised, 2);
        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.NoShardLeft.selector, claimId, 2));
        vm.prank(OWNER);
        disputes.open{value: BOND + 0.42 ether}(claimId, SUSPECT, 1_000, mirrors());
    }

    function test_open__reject_stranger() public {
        bytes32 claimId = boundClaim();

        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.NotClaimOwner.selector, claimId, STRANGER));
        vm.prank(STRANGER);
        disputes.open(claimId, SUSPECT, 1_000, mirrors());
    }

    function test_open__reject_unknown_claim() public {
        vm.expectRevert(abi.encodeWithSelector(IClaimRegistry.UnknownClaim.selector, MODEL));
        disputes.open(MODEL, SUSPECT, 1_000, mirrors());
    }

    function test_open__reject_claim_without_a_model() public {
        vm.prank(OWNER);
        bytes32 claimId = claims.commit(keccak256("commitment"), SHARDS);

        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.ClaimNotBound.selector, claimId));
        vm.prank(OWNER);
        disputes.open(claimId, SUSPECT, 1_000, mirrors());
    }

    function test_open__reject_empty_digest() public {
        bytes32 claimId = boundClaim();

        vm.expectRevert(IDisputeManager.EmptyDigest.selector);
        vm.prank(OWNER);
        disputes.open(claimId, 0, 1_000, mirrors());
    }

    /// @dev In the beacon's own block its hash is not known yet, so a model of that block may be disputed.
    function test_open__reject_model_registered_before_the_beacon_block() public {
        vm.prank(OWNER);
        bytes32 claimId = claims.commit(keccak256("commitment"), SHARDS);
        uint256 beaconBlock = claims.claim(claimId).beaconBlock;
        vm.roll(beaconBlock - 1);
        claims.registerModel(SUSPECT);
        skipBlocks(1);
        claims.registerModel(keccak256("younger"));
        skipBlocks(1);
        claims.drawBeacon(claimId);
        vm.prank(OWNER);
        claims.bind(claimId, MODEL);

        openDispute(claimId, keccak256("younger"));
        vm.expectRevert(
            abi.encodeWithSelector(IDisputeManager.ModelOlderThanClaim.selector, SUSPECT, beaconBlock - 1, beaconBlock)
        );
        vm.prank(OWNER);
        disputes.open(claimId, SUSPECT, 1_000, mirrors());
    }

    function testFuzz_open__reject_wrong_payment(uint256 sent) public {
        uint256 required = BOND + disputes.roundFee(0);
        sent = bound(sent, 0, 10 ether);
        vm.assume(sent != required);
        bytes32 claimId = boundClaim();

        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.WrongPayment.selector, sent, required));
        vm.prank(OWNER);
        disputes.open{value: sent}(claimId, SUSPECT, 1_000, mirrors());
    }

    /// @dev Seats that join in the opening block do not count: their owners may have seen the opening coming.
    function test_open__reject_too_few_verifiers_in_the_block_before() public {
        bytes32 claimId = boundClaim();
        for (uint32 i; i < SEATS - 3; ++i) {
            vm.prank(operatorOf(i));
            verifiers.requestExit(i);
        }
        skipBlocks(1);
        registerSeat(SEATS);
        uint256 price = BOND + disputes.roundFee(0);

        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.NotEnoughVerifiers.selector, 3, 4));
        vm.prank(OWNER);
        disputes.open{value: price}(claimId, SUSPECT, 1_000, mirrors());

        skipBlocks(1);
        openDispute(claimId);
    }

    function testFuzz_open__counts_the_rungs_that_the_register_could_fill(uint256 leaving) public {
        leaving = bound(leaving, 0, SEATS - 4);
        bytes32 claimId = boundClaim();
        for (uint32 i; i < leaving; ++i) {
            vm.prank(operatorOf(i));
            verifiers.requestExit(i);
        }
        skipBlocks(1);

        uint256 active = SEATS - leaving;
        uint256 expected = active == 13 ? 3 : active >= 7 ? 2 : 1;
        assertEq(disputes.dispute(openDispute(claimId)).rungs, expected);
    }

    /* DRAW */

    function test_draw__seats_the_committee_and_tells() public {
        bytes32 disputeId = openDispute(boundClaim());
        vm.roll(disputes.dispute(disputeId).seedBlock + 1);
        skipSeconds(DRAW_WINDOW);
        bytes32 blockHash = keccak256("hash of the seed block");
        vm.setBlockhash(disputes.dispute(disputeId).seedBlock, blockHash);
        bytes32 seed = keccak256(abi.encode(blockHash, disputeId, uint8(0)));
        uint32[] memory seatIds = Draw.positions(seed, SEATS, 4); // nobody left: position and seat are one
        bytes memory keys;
        for (uint256 place; place < 4; ++place) {
            keys = abi.encodePacked(keys, Signer.key(secretOf(seatIds[place])));
        }
        uint8 shard = uint8(uint256(keccak256(abi.encode(seed, "shard"))) % SHARDS); // none is burnt yet
        uint256 keyDeadline = vm.getBlockTimestamp() + KEY_WINDOW;
        vm.expectEmit(address(disputes));
        emit IDisputeManager.Drawn(disputeId, 0, seed, shard, seatIds, keccak256(keys), keyDeadline);

        disputes.draw(disputeId);

        assertState(disputeId, IDisputeManager.State.Drawn);
        assertEq(disputes.dispute(disputeId).deadline, keyDeadline);
        assertEq(presentRound(disputeId).seed, seed);
        assertEq(presentRound(disputeId).shard, shard);
        assertEq(abi.encode(disputes.committee(disputeId, 0)), abi.encode(seatIds));
        for (uint8 place; place < 4; ++place) {
            assertEq(disputes.memberKey(disputeId, 0, place), Signer.key(secretOf(seatIds[place])));
        }
    }

    function test_draw__burns_the_promised_shard() public {
        bytes32 claimId = boundClaim();
        bytes32 disputeId = openDispute(claimId);

        draw(disputeId);

        (uint256 burnt, uint256 promised) = disputes.shardsOf(claimId);
        assertEq(burnt, 1 << presentRound(disputeId).shard);
        assertEq(promised, 0);
    }

    /// @dev Disputes at the same time get different shards, whatever the order of their draws; until there are none.
    function testFuzz_draw__never_the_same_shard_twice(bytes32 entropy) public {
        bytes32 claimId = boundClaim(SHARDS);
        bytes32[] memory ids = new bytes32[](SHARDS);
        for (uint256 i; i < SHARDS; ++i) {
            ids[i] = openDispute(claimId);
        }
        uint256 seen;
        for (uint256 count = SHARDS; count > 0; --count) {
            uint256 i = count - 1; // last opened, first drawn
            (uint256 burnt,) = disputes.shardsOf(claimId);
            uint256 seedBlock = disputes.dispute(ids[i]).seedBlock;
            vm.roll(seedBlock + 1);
            vm.setBlockhash(seedBlock, keccak256(abi.encode(entropy, i)));
            disputes.draw(ids[i]);

            uint8 shard = presentRound(ids[i]).shard;
            assertEq(shard, Shards.choose(burnt, SHARDS, presentRound(ids[i]).seed));
            assertEq((seen >> shard) & 1, 0);
            seen |= 1 << shard;
        }
        assertEq(seen, (1 << SHARDS) - 1);
    }

    function test_draw__reject_until_the_seed_block_has_passed() public {
        bytes32 disputeId = openDispute(boundClaim());
        skipBlocks(DRAW_DELAY);

        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.DrawTooEarly.selector, disputeId, vm.getBlockNumber()));
        disputes.draw(disputeId);
    }

    function test_draw__reject_after_the_deadline() public {
        bytes32 disputeId = openDispute(boundClaim());
        skipBlocks(DRAW_DELAY + 1);
        skipSeconds(DRAW_WINDOW + 1);

        expectDeadlinePassed(disputeId);
        disputes.draw(disputeId);
    }

    function test_draw__reject_second_time_and_unknown() public {
        bytes32 disputeId = drawnDispute();

        expectWrongState(disputeId, IDisputeManager.State.Drawn, IDisputeManager.State.Open);
        disputes.draw(disputeId);
        expectUnknownDispute();
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
        draw(disputeId);
        assertState(disputeId, IDisputeManager.State.Drawn);
    }

    /// @dev Who leaves or joins once the dispute is open changes nothing, whatever the list looks like by then.
    function testFuzz_draw__from_the_seats_before_the_opening(uint16 leaving) public {
        bytes32 disputeId = openDispute(boundClaim());
        for (uint32 i; i < SEATS; ++i) {
            if ((leaving >> i) & 1 == 0) continue;
            vm.prank(operatorOf(i));
            verifiers.requestExit(i);
        }
        registerSeat(SEATS);

        draw(disputeId);

        bytes32 seed = presentRound(disputeId).seed;
        assertEq(abi.encode(disputes.committee(disputeId, 0)), abi.encode(Draw.positions(seed, SEATS, 4)));
    }

    /* DELIVER */

    function test_deliver__records_and_tells() public {
        bytes32 disputeId = drawnDispute();
        skipSeconds(KEY_WINDOW);
        uint256 sealDeadline = vm.getBlockTimestamp() + SEAL_WINDOW;
        vm.expectEmit(address(disputes));
        emit IDisputeManager.Keyed(disputeId, 0, ENVELOPE, 2_000, mirrors(), sealDeadline);

        deliver(disputeId);

        assertState(disputeId, IDisputeManager.State.Keyed);
        assertEq(presentRound(disputeId).envelopeDigest, ENVELOPE);
        assertEq(disputes.dispute(disputeId).deadline, sealDeadline);
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
        skipSeconds(KEY_WINDOW + 1);

        expectDeadlinePassed(disputeId);
        disputes.deliver(disputeId, ENVELOPE, 2_000, mirrors());
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

        key(disputeId);
        expectWrongState(disputeId, IDisputeManager.State.Keyed, IDisputeManager.State.Drawn);
        deliver(disputeId);
    }

    /* EXPIRE */

    function test_expire__without_a_draw_forfeits_and_keeps_the_shard() public {
        bytes32 claimId = boundClaim();
        bytes32 disputeId = openDispute(claimId);
        vm.warp(disputes.dispute(disputeId).deadline + 1);
        vm.expectEmit(address(disputes));
        emit IDisputeManager.Ended(disputeId, IDisputeManager.State.Forfeit, IDisputeManager.Outcome.None, 0);

        disputes.expire(disputeId);

        assertState(disputeId, IDisputeManager.State.Forfeit);
        (uint256 burnt, uint256 promised) = disputes.shardsOf(claimId);
        assertEq(burnt, 0);
        assertEq(promised, 0);
    }

    function test_expire__without_an_envelope_forfeits_and_burns_the_shard() public {
        bytes32 disputeId = drawnDispute();

        expire(disputeId);

        assertState(disputeId, IDisputeManager.State.Forfeit);
        (uint256 burnt, uint256 promised) = disputes.shardsOf(disputes.dispute(disputeId).claimId);
        assertEq(burnt, 1 << disputes.roundOf(disputeId, 0).shard);
        assertEq(promised, 0);
    }

    function test_expire__a_verdict_that_nobody_appealed_is_final() public {
        bytes32 disputeId = proposedDispute(NO_MATCH);
        vm.warp(disputes.dispute(disputeId).deadline + 1);
        vm.expectEmit(address(disputes));
        emit IDisputeManager.Ended(disputeId, IDisputeManager.State.Final, NO_MATCH, 0);

        vm.prank(STRANGER);
        disputes.expire(disputeId);

        assertState(disputeId, IDisputeManager.State.Final);
        assertVerdict(disputeId, NO_MATCH, 0);
    }

    function test_expire__reject_until_the_deadline_has_passed() public {
        bytes32 disputeId = openDispute(boundClaim());
        _expectNotYet(disputeId, DRAW_WINDOW);
        draw(disputeId);
        _expectNotYet(disputeId, KEY_WINDOW);
        deliver(disputeId);
        _expectNotYet(disputeId, SEAL_WINDOW);
        sealVotes(disputeId, votesFor(MATCH, THREE, 4));
        _expectNotYet(disputeId, VOTE_WINDOW);
        settleVotes(disputeId, MATCH, votesFor(MATCH, THREE, 4));
        _expectNotYet(disputeId, APPEAL_WINDOW);
    }

    function test_expire__reject_ended_and_unknown() public {
        bytes32 disputeId = finalDispute(MATCH);
        vm.expectRevert(
            abi.encodeWithSelector(IDisputeManager.DisputeEnded.selector, disputeId, IDisputeManager.State.Final)
        );
        disputes.expire(disputeId);

        bytes32 forfeit = openDispute(disputes.dispute(disputeId).claimId);
        expire(forfeit);
        vm.expectRevert(
            abi.encodeWithSelector(IDisputeManager.DisputeEnded.selector, forfeit, IDisputeManager.State.Forfeit)
        );
        disputes.expire(forfeit);

        expectUnknownDispute();
        disputes.expire(MODEL);
    }

    /// @dev The window's last second is still its holder's.
    function _expectNotYet(bytes32 disputeId, uint256 window) private {
        uint256 deadline = disputes.dispute(disputeId).deadline;
        assertEq(deadline, vm.getBlockTimestamp() + window);
        vm.warp(deadline);
        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.DeadlineNotPassed.selector, disputeId, deadline));
        disputes.expire(disputeId);
    }

    /* VIEWS */

    function test_views__reject_what_is_not_known_yet() public {
        bytes32 disputeId = openDispute(boundClaim());
        expectWrongState(disputeId, IDisputeManager.State.Open, IDisputeManager.State.Drawn);
        disputes.committee(disputeId, 0);
        expectWrongState(disputeId, IDisputeManager.State.Open, IDisputeManager.State.Drawn);
        disputes.memberKey(disputeId, 0, 0);
        expectWrongState(disputeId, IDisputeManager.State.Open, IDisputeManager.State.Drawn);
        disputes.sealDigest(disputeId, 0, 0, 0);
        expectWrongState(disputeId, IDisputeManager.State.Open, IDisputeManager.State.Drawn);
        disputes.voteDigest(disputeId, 0, MATCH);

        draw(disputeId);
        expectWrongState(disputeId, IDisputeManager.State.Drawn, IDisputeManager.State.Keyed);
        disputes.voteDigest(disputeId, 0, MATCH);
    }

    function test_views__reject_unknown_disputes_rounds_and_places() public {
        expectUnknownDispute();
        disputes.dispute(MODEL);
        expectUnknownDispute();
        disputes.roundOf(MODEL, 0);

        bytes32 disputeId = drawnDispute();
        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.UnknownRound.selector, disputeId, 1));
        disputes.roundOf(disputeId, 1);
        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.UnknownRound.selector, disputeId, 1));
        disputes.committee(disputeId, 1);
        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.UnknownMember.selector, 1 << 4, 4));
        disputes.memberKey(disputeId, 0, 4);
    }

    function test_voteDigest__is_the_typed_data_digest_before_and_after_the_verdict() public {
        bytes32 disputeId = keyedDispute();
        Vote memory vote = Vote(disputeId, 0, uint8(MATCH), ENVELOPE, keccak256(committeeKeys(disputeId, 0)));
        bytes32 expected = typedData(disputes, vote.hash());
        assertEq(disputes.voteDigest(disputeId, 0, MATCH), expected);

        sealVotes(disputeId, votesFor(MATCH, THREE, 4));
        settleVotes(disputeId, MATCH, votesFor(MATCH, THREE, 4));
        assertEq(disputes.voteDigest(disputeId, 0, MATCH), expected);
    }

    function test_sealDigest__is_the_typed_data_digest() public {
        bytes32 disputeId = drawnDispute();
        Seal memory seal = Seal(disputeId, 0, keccak256("root"), uint64(THREE), keccak256(committeeKeys(disputeId, 0)));

        assertEq(disputes.sealDigest(disputeId, 0, keccak256("root"), uint64(THREE)), typedData(disputes, seal.hash()));
    }

    /// @dev The last final verdict of one claim on one model, of those that found something or did not.
    function test_verdictOf__is_the_last_final_match_or_no_match() public {
        bytes32 claimId = boundClaim();
        bytes32 disputeId = openDispute(claimId);
        conclude(disputeId, MATCH);
        assertEq(uint8(disputes.verdictOf(claimId, SUSPECT)), 0);
        expire(disputeId);
        assertEq(uint8(disputes.verdictOf(claimId, SUSPECT)), uint8(MATCH));

        _concludeAgain(claimId, SUSPECT, INCONCLUSIVE);
        assertEq(uint8(disputes.verdictOf(claimId, SUSPECT)), uint8(MATCH));
        _concludeAgain(claimId, SUSPECT, NO_MATCH);
        assertEq(uint8(disputes.verdictOf(claimId, SUSPECT)), uint8(NO_MATCH));
        assertEq(uint8(disputes.verdictOf(claimId, MODEL)), 0);
    }

    function test_matched__lists_every_claim_once_in_order() public {
        bytes32 first = boundClaim(4);
        bytes32 second = boundClaim(5);
        _concludeAgain(second, SUSPECT, NO_MATCH);
        assertEq(disputes.matched(SUSPECT).length, 0);
        _concludeAgain(second, SUSPECT, MATCH);
        _concludeAgain(first, SUSPECT, MATCH);
        _concludeAgain(second, SUSPECT, NO_MATCH);
        _concludeAgain(second, SUSPECT, MATCH);
        _concludeAgain(first, MODEL, MATCH);

        bytes32[] memory expected = new bytes32[](2);
        (expected[0], expected[1]) = (second, first);
        assertEq(abi.encode(disputes.matched(SUSPECT)), abi.encode(expected));
    }

    function _concludeAgain(bytes32 claimId, bytes32 modelDigest, IDisputeManager.Outcome outcome) private {
        bytes32 disputeId = openDispute(claimId, modelDigest);
        conclude(disputeId, outcome);
        expire(disputeId);
    }
}
