// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Penalties} from "../src/Penalties.sol";
import {VerifierRegistry} from "../src/VerifierRegistry.sol";
import {IDisputeManager} from "../src/interfaces/IDisputeManager.sol";
import {IPenalties} from "../src/interfaces/IPenalties.sol";
import {IVerifierRegistry} from "../src/interfaces/IVerifierRegistry.sol";
import {BLS} from "../src/libraries/BLS.sol";
import {POSSESSION_TAG} from "../src/types/Possession.sol";
import {VOTE_TAG} from "../src/types/Vote.sol";
import {Court} from "./Court.sol";
import {Seats} from "./Seats.sol";
import {Signer} from "./Signer.sol";

/// @dev What Penalties asks of a court. Rounds are those that were put, with the register's seats in a given order.
contract CourtDouble {
    IVerifierRegistry private verifiers;
    mapping(bytes32 disputeId => mapping(uint8 round => IDisputeManager.Round)) private rounds;
    mapping(bytes32 disputeId => mapping(uint8 round => uint32[])) private seats;

    function put(bytes32 disputeId, uint8 round, uint32[] memory seatIds, IVerifierRegistry register) external {
        rounds[disputeId][round].size = uint8(seatIds.length);
        seats[disputeId][round] = seatIds;
        verifiers = register;
    }

    function seal(bytes32 disputeId, uint8 round, uint64 voters, uint64 opened, uint48 voteDeadline) external {
        IDisputeManager.Round storage drawn = rounds[disputeId][round];
        (drawn.voters, drawn.opened, drawn.voteDeadline) = (voters, opened, voteDeadline);
    }

    function roundOf(bytes32 disputeId, uint8 round) public view returns (IDisputeManager.Round memory drawn) {
        drawn = rounds[disputeId][round];
        if (drawn.size == 0) revert IDisputeManager.UnknownRound(disputeId, round);
    }

    function committee(bytes32 disputeId, uint8 round) public view returns (uint32[] memory) {
        roundOf(disputeId, round);
        return seats[disputeId][round];
    }

    function memberKey(bytes32 disputeId, uint8 round, uint8 place) external view returns (bytes memory) {
        return verifiers.blsKeyOf(committee(disputeId, round)[place]);
    }

    function voteDigest(bytes32 disputeId, uint8 round, IDisputeManager.Outcome outcome)
        external
        view
        returns (bytes32)
    {
        roundOf(disputeId, round);
        return keccak256(abi.encode("vote", disputeId, round, outcome));
    }
}

/// @dev Proves the same a second time while it is paid for the first.
contract Reenterer {
    IPenalties private immutable penalties;
    bytes private input;
    bytes public answer;

    constructor(IPenalties penalties_) {
        penalties = penalties_;
    }

    function run(bytes calldata input_) external {
        input = input_;
        (bool done,) = address(penalties).call(input);
        require(done);
    }

    receive() external payable {
        if (answer.length == 0) (, answer) = address(penalties).call(input);
    }
}

contract PenaltiesTest is Seats {
    uint96 private constant PENALTY = 1 ether;
    uint32 private constant VOTE_WINDOW = 2 hours;
    uint48 private constant VOTE_DEADLINE = 1_700_010_000;
    uint48 private constant REVEAL_DEADLINE = VOTE_DEADLINE + VOTE_WINDOW;
    bytes32 private constant DISPUTE = keccak256("dispute");
    uint8 private constant ROUND = 1;
    address private constant FINDER = STRANGER;

    IDisputeManager.Outcome private constant MATCH = IDisputeManager.Outcome.Match;
    IDisputeManager.Outcome private constant NO_MATCH = IDisputeManager.Outcome.NoMatch;

    CourtDouble private court;
    Penalties private penalties;
    /// @dev By place.
    uint32[] private seatIds = [3, 1, 0, 2];

    function setUp() public {
        vm.roll(1_000);
        vm.warp(VOTE_DEADLINE);
        court = new CourtDouble();
        address next = vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 1);
        verifiers = new VerifierRegistry(SEAT_BOND, EXIT_DELAY, next);
        penalties = new Penalties(IDisputeManager(address(court)), verifiers, PENALTY, VOTE_WINDOW);
        assertEq(verifiers.slasher(), address(penalties));
        for (uint256 i; i < 4; ++i) {
            registerSeat(i);
        }
        court.put(DISPUTE, ROUND, seatIds, verifiers);
        skipBlocks(1);
    }

    /* EQUIVOCATION */

    function test_punishEquivocation__takes_the_whole_bond_and_tells() public {
        bytes[2] memory votes = _votes(2, MATCH, NO_MATCH);
        vm.expectEmit(address(verifiers));
        emit IVerifierRegistry.Slashed(0, SEAT_BOND, 0, FINDER);
        vm.expectEmit(address(penalties));
        emit IPenalties.Equivocated(DISPUTE, ROUND, 2, 0, SEAT_BOND);

        vm.prank(FINDER);
        penalties.punishEquivocation(DISPUTE, ROUND, 2, [MATCH, NO_MATCH], votes);

        assertEq(FINDER.balance, SEAT_BOND / 2);
        assertEq(BURN.balance, SEAT_BOND / 2);
        assertEq(verifiers.seat(0).bond, 0);
    }

    function test_punishEquivocation__takes_what_is_left() public {
        _seal(ROUND, 15, 0);
        vm.warp(REVEAL_DEADLINE + 1);
        _punishWithheld(2);
        bytes[2] memory votes = _votes(2, MATCH, NO_MATCH);
        vm.expectEmit(address(penalties));
        emit IPenalties.Equivocated(DISPUTE, ROUND, 2, 0, SEAT_BOND - PENALTY);

        vm.prank(FINDER);
        penalties.punishEquivocation(DISPUTE, ROUND, 2, [MATCH, NO_MATCH], votes);
    }

    function test_punishEquivocation__of_a_seat_that_is_leaving() public {
        vm.prank(operatorOf(0));
        verifiers.requestExit(0);

        _punishEquivocation(2);

        assertEq(verifiers.seat(0).bond, 0);
    }

    function testFuzz_punishEquivocation__by_any_member_on_any_two_outcomes(uint8 place, uint8 one, uint8 step) public {
        place = uint8(bound(place, 0, 3));
        one = uint8(bound(one, 1, 6));
        uint8 other = uint8((one + bound(step, 0, 4)) % 6 + 1);
        IDisputeManager.Outcome[2] memory outcomes = [IDisputeManager.Outcome(one), IDisputeManager.Outcome(other)];
        bytes[2] memory votes = _votes(place, outcomes[0], outcomes[1]);

        vm.prank(FINDER);
        penalties.punishEquivocation(DISPUTE, ROUND, place, outcomes, votes);

        for (uint32 each; each < 4; ++each) {
            assertEq(verifiers.seat(each).bond, each == seatIds[place] ? 0 : SEAT_BOND);
        }
    }

    function test_punishEquivocation__reject_one_outcome_twice() public {
        bytes[2] memory votes = _votes(2, MATCH, MATCH);

        _expect(abi.encodeWithSelector(IPenalties.SameOutcome.selector, MATCH));
        penalties.punishEquivocation(DISPUTE, ROUND, 2, [MATCH, MATCH], votes);
    }

    function test_punishEquivocation__reject_no_outcome() public {
        IDisputeManager.Outcome none = IDisputeManager.Outcome.None;
        bytes[2] memory votes = _votes(2, none, MATCH);

        _expect(abi.encodeWithSelector(IPenalties.InvalidOutcome.selector, none));
        penalties.punishEquivocation(DISPUTE, ROUND, 2, [none, MATCH], votes);
        _expect(abi.encodeWithSelector(IPenalties.InvalidOutcome.selector, none));
        penalties.punishEquivocation(DISPUTE, ROUND, 2, [MATCH, none], [votes[1], votes[0]]);
    }

    /// @dev By the decoder, before any of ours is run: there is no name for it.
    function test_punishEquivocation__reject_an_outcome_that_is_none_of_the_six() public {
        bytes memory input = abi.encodeCall(
            penalties.punishEquivocation, (DISPUTE, ROUND, 2, [MATCH, NO_MATCH], _votes(2, MATCH, NO_MATCH))
        );
        assertEq(uint8(input[4 + 4 * 32 - 1 + 32]), uint8(NO_MATCH));
        input[4 + 4 * 32 - 1 + 32] = 0x07;

        (bool done, bytes memory answer) = address(penalties).call(input);

        assertTrue(!done, "done");
        assertEq(answer, "");
    }

    function test_punishEquivocation__reject_a_place_past_the_committee() public {
        bytes[2] memory votes = _votes(2, MATCH, NO_MATCH);

        _expect(abi.encodeWithSelector(IPenalties.UnknownMember.selector, DISPUTE, 4));
        penalties.punishEquivocation(DISPUTE, ROUND, 4, [MATCH, NO_MATCH], votes);
    }

    function test_punishEquivocation__reject_a_round_that_is_not() public {
        bytes[2] memory votes = _votes(2, MATCH, NO_MATCH);

        _expect(abi.encodeWithSelector(IDisputeManager.UnknownRound.selector, DISPUTE, ROUND + 1));
        penalties.punishEquivocation(DISPUTE, ROUND + 1, 2, [MATCH, NO_MATCH], votes);
    }

    function test_punishEquivocation__reject_votes_of_another_member() public {
        _expectInvalidSignature(_votes(1, MATCH, NO_MATCH));
    }

    function test_punishEquivocation__reject_votes_of_two_members() public {
        _expectInvalidSignature([_votes(1, MATCH, NO_MATCH)[0], _votes(2, MATCH, NO_MATCH)[1]]);
    }

    /// @dev As an honest member's is: it has signed one of the two, and that is known to all.
    function test_punishEquivocation__reject_one_vote_alone() public {
        bytes memory vote = _votes(2, MATCH, NO_MATCH)[0];

        _expectInvalidSignature([vote, vote]);
        _expectInvalidSignature([vote, new bytes(256)]);
        _expectInvalidSignature([new bytes(256), vote]);
        _expectInvalidSignature([new bytes(256), new bytes(256)]);
    }

    function test_punishEquivocation__reject_a_vote_of_another_round() public {
        court.put(DISPUTE, ROUND + 1, seatIds, verifiers);
        bytes memory late = Signer.sign(secretOf(0), court.voteDigest(DISPUTE, ROUND + 1, NO_MATCH), VOTE_TAG);

        _expectInvalidSignature([_votes(2, MATCH, NO_MATCH)[0], late]);
    }

    function test_punishEquivocation__reject_signatures_for_another_purpose() public {
        bytes[2] memory signatures = _votes(2, MATCH, NO_MATCH);
        signatures[1] = Signer.sign(secretOf(0), court.voteDigest(DISPUTE, ROUND, NO_MATCH), POSSESSION_TAG);

        _expectInvalidSignature(signatures);
    }

    function test_punishEquivocation__reject_points_that_are_none() public {
        bytes memory off = vm.parseJsonBytes(vm.readFile("../tests/vectors/bls.json"), ".hostile.keyOffCurve");
        bytes[2] memory signatures = _votes(2, MATCH, NO_MATCH);
        signatures[1] = abi.encodePacked(off, off);

        _expect(abi.encodeWithSelector(BLS.PrecompileFailed.selector, address(0x0d)));
        penalties.punishEquivocation(DISPUTE, ROUND, 2, [MATCH, NO_MATCH], signatures);
    }

    function test_punishEquivocation__reject_a_seat_with_nothing_left() public {
        _punishEquivocation(2);
        bytes[2] memory votes = _votes(2, MATCH, NO_MATCH);

        _expect(abi.encodeWithSelector(IPenalties.NothingLeft.selector, 0));
        penalties.punishEquivocation(DISPUTE, ROUND, 2, [MATCH, NO_MATCH], votes);
    }

    function test_punishEquivocation__reject_a_seat_that_has_left() public {
        vm.prank(operatorOf(0));
        verifiers.requestExit(0);
        skipSeconds(EXIT_DELAY);
        verifiers.withdrawBond(0);
        bytes[2] memory votes = _votes(2, MATCH, NO_MATCH);

        _expect(abi.encodeWithSelector(IPenalties.NothingLeft.selector, 0));
        penalties.punishEquivocation(DISPUTE, ROUND, 2, [MATCH, NO_MATCH], votes);
    }

    /* WITHHELD VOTES */

    function test_punishWithheld__takes_the_penalty_and_tells() public {
        _sealAndWait(15, 11);
        vm.expectEmit(address(verifiers));
        emit IVerifierRegistry.Slashed(0, PENALTY, SEAT_BOND - PENALTY, FINDER);
        vm.expectEmit(address(penalties));
        emit IPenalties.Withheld(DISPUTE, ROUND, 2, 0, PENALTY);

        _punishWithheld(2);

        assertEq(FINDER.balance, PENALTY / 2);
        assertEq(BURN.balance, PENALTY / 2);
        assertEq(verifiers.seat(0).bond, SEAT_BOND - PENALTY);
    }

    function test_punishWithheld__takes_what_is_left() public {
        _leaveOfFirstSeat(PENALTY - 1);
        _sealAndWait(15, 11);
        vm.expectEmit(address(penalties));
        emit IPenalties.Withheld(DISPUTE, ROUND, 2, 0, PENALTY - 1);

        _punishWithheld(2);

        assertEq(verifiers.seat(0).bond, 0);
    }

    function test_punishWithheld__once_for_each_vote() public {
        court.put(DISPUTE, ROUND + 1, seatIds, verifiers);
        _seal(ROUND + 1, 15, 0);
        _sealAndWait(15, 0);

        _punishWithheld(2);
        _punishWithheld(3);
        vm.prank(FINDER);
        penalties.punishWithheld(DISPUTE, ROUND + 1, 2);
        bytes32 another = keccak256("another");
        court.put(another, ROUND, seatIds, verifiers);
        court.seal(another, ROUND, 4, 0, VOTE_DEADLINE);
        vm.prank(FINDER);
        penalties.punishWithheld(another, ROUND, 2);

        assertEq(verifiers.seat(0).bond, SEAT_BOND - 3 * PENALTY);
        assertEq(verifiers.seat(2).bond, SEAT_BOND - PENALTY);
        _expect(abi.encodeWithSelector(IPenalties.AlreadyPunished.selector, DISPUTE, ROUND, 2));
        penalties.punishWithheld(DISPUTE, ROUND, 2);
    }

    /// @dev The payment is the only call that leaves the court.
    function test_punishWithheld__once_from_within_the_payment_too() public {
        _sealAndWait(15, 0);
        Reenterer reenterer = new Reenterer(penalties);

        reenterer.run(abi.encodeCall(penalties.punishWithheld, (DISPUTE, ROUND, 2)));

        assertEq(reenterer.answer(), abi.encodeWithSelector(IPenalties.AlreadyPunished.selector, DISPUTE, ROUND, 2));
        assertEq(verifiers.seat(0).bond, SEAT_BOND - PENALTY);
    }

    function test_punishWithheld__reject_who_sealed_no_vote() public {
        _sealAndWait(11, 0);

        _expectNotWithheld(2);
    }

    function test_punishWithheld__reject_who_opened_it() public {
        _sealAndWait(15, 4);

        _expectNotWithheld(2);
    }

    function test_punishWithheld__reject_places_that_are_not() public {
        _sealAndWait(type(uint64).max >> 3, 0);
        uint8[3] memory places = [61, 64, 255];
        for (uint256 i; i < places.length; ++i) {
            _expectNotWithheld(places[i]);
        }
    }

    function test_punishWithheld__reject_before_the_seal() public {
        _expectNotWithheld(2);
    }

    function test_punishWithheld__reject_a_round_that_is_not() public {
        _expect(abi.encodeWithSelector(IDisputeManager.UnknownRound.selector, DISPUTE, ROUND + 1));
        penalties.punishWithheld(DISPUTE, ROUND + 1, 2);
    }

    function test_punishWithheld__reject_while_it_may_be_revealed() public {
        _seal(ROUND, 15, 0);
        vm.warp(REVEAL_DEADLINE);

        _expect(abi.encodeWithSelector(IPenalties.RevealStillOpen.selector, DISPUTE, REVEAL_DEADLINE));
        penalties.punishWithheld(DISPUTE, ROUND, 2);

        skipSeconds(1);
        _punishWithheld(2);
    }

    function test_punishWithheld__reject_a_seat_with_nothing_left() public {
        _punishEquivocation(2);
        _sealAndWait(15, 0);

        _expect(abi.encodeWithSelector(IPenalties.NothingLeft.selector, 0));
        penalties.punishWithheld(DISPUTE, ROUND, 2);
    }

    /* THE REVEAL'S DEADLINE */

    function test_revealDeadline__a_vote_window_after_that_of_the_votes() public {
        _seal(ROUND, 15, 0);

        assertEq(penalties.revealDeadline(DISPUTE, ROUND), REVEAL_DEADLINE);
    }

    function test_revealDeadline__zero_before_the_seal() public view {
        assertEq(penalties.revealDeadline(DISPUTE, ROUND), 0);
    }

    function test_revealDeadline__reject_a_round_that_is_not() public {
        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.UnknownRound.selector, DISPUTE, ROUND + 1));
        penalties.revealDeadline(DISPUTE, ROUND + 1);
    }

    /* STEPS */

    /// @dev What the member at a place signed.
    function _votes(uint8 place, IDisputeManager.Outcome one, IDisputeManager.Outcome other)
        private
        view
        returns (bytes[2] memory)
    {
        uint256 secret = secretOf(seatIds[place]);
        return [
            Signer.sign(secret, court.voteDigest(DISPUTE, ROUND, one), VOTE_TAG),
            Signer.sign(secret, court.voteDigest(DISPUTE, ROUND, other), VOTE_TAG)
        ];
    }

    function _punishEquivocation(uint8 place) private {
        bytes[2] memory votes = _votes(place, MATCH, NO_MATCH);
        vm.prank(FINDER);
        penalties.punishEquivocation(DISPUTE, ROUND, place, [MATCH, NO_MATCH], votes);
    }

    function _leaveOfFirstSeat(uint256 left) private {
        vm.prank(address(penalties));
        verifiers.slash(0, SEAT_BOND - left, FINDER);
    }

    function _punishWithheld(uint8 place) private {
        vm.prank(FINDER);
        penalties.punishWithheld(DISPUTE, ROUND, place);
    }

    function _seal(uint8 round, uint64 voters, uint64 opened) private {
        court.seal(DISPUTE, round, voters, opened, VOTE_DEADLINE);
    }

    function _sealAndWait(uint64 voters, uint64 opened) private {
        _seal(ROUND, voters, opened);
        vm.warp(REVEAL_DEADLINE + 1);
    }

    function _expect(bytes memory revertData) private {
        vm.expectRevert(revertData);
        vm.prank(FINDER);
    }

    function _expectInvalidSignature(bytes[2] memory signatures) private {
        _expect(abi.encodeWithSelector(IPenalties.InvalidSignature.selector, DISPUTE));
        penalties.punishEquivocation(DISPUTE, ROUND, 2, [MATCH, NO_MATCH], signatures);
    }

    function _expectNotWithheld(uint8 place) private {
        _expect(abi.encodeWithSelector(IPenalties.NotWithheld.selector, DISPUTE, ROUND, place));
        penalties.punishWithheld(DISPUTE, ROUND, place);
    }
}

/// @notice In a court as it is deployed.
contract PenaltiesInCourtTest is Court {
    function setUp() public {
        deployCourt();
        registerSeats();
    }

    /// @dev As a transaction of its own, with nothing warm, to accounts that are not new. The pairing is 103,000 of it, the
    /// two hashes 120,000, the register 98,000: two new entries in the history of its list, and two payments.
    /// forge-config: default.isolate = true
    function test_gas__of_punishEquivocation() public {
        vm.deal(STRANGER, 1);
        vm.deal(BURN, 1);
        bytes32 disputeId = sealedDispute();
        uint32 seatId = disputes.committee(disputeId, 0)[2];
        bytes[2] memory votes = [_vote(disputeId, seatId, MATCH), _vote(disputeId, seatId, NO_MATCH)];
        Penalties penalties = Penalties(disputes.penalties());

        vm.prank(STRANGER);
        penalties.punishEquivocation(disputeId, 0, 2, [MATCH, NO_MATCH], votes);

        uint256 spent = vm.lastCallGas().gasTotalUsed;
        print("punishEquivocation", spent);
        assertEq(verifiers.seat(seatId).bond, 0);
        assertTrue(spent <= 390_000, "too dear");
    }

    /// @dev All seal their votes; that of place 2 is not shown.
    function test_court__a_withheld_vote_is_punished_after_the_verdict() public {
        bytes32 disputeId = openDispute(boundClaim());
        key(disputeId);
        bytes memory votes = votesFor(MATCH, 15, 4);
        sealVotes(disputeId, votes);
        settleVotes(disputeId, MATCH, votes, THREE);
        uint32 seatId = disputes.committee(disputeId, 0)[2];
        Penalties penalties = Penalties(disputes.penalties());
        uint256 deadline = disputes.roundOf(disputeId, 0).voteDeadline + VOTE_WINDOW;
        assertEq(penalties.revealDeadline(disputeId, 0), deadline);

        vm.warp(deadline);
        vm.expectRevert(abi.encodeWithSelector(IPenalties.RevealStillOpen.selector, disputeId, deadline));
        penalties.punishWithheld(disputeId, 0, 2);

        vm.warp(deadline + 1);
        vm.prank(STRANGER);
        penalties.punishWithheld(disputeId, 0, 2);
        assertEq(verifiers.seat(seatId).bond, SEAT_BOND - WITHHELD_PENALTY);
        vm.expectRevert(abi.encodeWithSelector(IPenalties.NotWithheld.selector, disputeId, 0, 3));
        penalties.punishWithheld(disputeId, 0, 3);
    }

    function _vote(bytes32 disputeId, uint32 seatId, IDisputeManager.Outcome outcome)
        private
        view
        returns (bytes memory)
    {
        return Signer.sign(secretOf(seatId), disputes.voteDigest(disputeId, 0, outcome), VOTE_TAG);
    }
}
