// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ClaimRegistry} from "../src/ClaimRegistry.sol";
import {DisputeManager} from "../src/DisputeManager.sol";
import {VerifierRegistry} from "../src/VerifierRegistry.sol";
import {IDisputeManager} from "../src/interfaces/IDisputeManager.sol";
import {IVerifierRegistry} from "../src/interfaces/IVerifierRegistry.sol";
import {Merkle} from "../src/libraries/Merkle.sol";
import {Quorum} from "../src/libraries/Quorum.sol";
import {SEAL_TAG} from "../src/types/Seal.sol";
import {SealedVote} from "../src/types/SealedVote.sol";
import {VOTE_TAG} from "../src/types/Vote.sol";
import {Seats} from "./Seats.sol";
import {Signer} from "./Signer.sol";

/// @title One court with seats, a claim and a way to every state of a dispute
/// @dev A committee's votes are written as the contract takes them: a byte for each place, zero where there is none.
abstract contract Court is Seats {
    uint32 internal constant BEACON_DELAY = 2;
    uint16 internal constant SHARDS = 5;
    uint32 internal constant DRAW_DELAY = 3;
    uint32 internal constant DRAW_WINDOW = 10 minutes;
    uint32 internal constant KEY_WINDOW = 1 hours;
    uint32 internal constant SEAL_WINDOW = 2 hours;
    uint32 internal constant VOTE_WINDOW = 30 minutes;
    uint32 internal constant APPEAL_WINDOW = 3 hours;
    uint96 internal constant BOND = 1 ether;
    uint96 internal constant APPEAL_BOND = 2 ether;
    uint96 internal constant MEMBER_FEE = 0.1 ether;
    uint96 internal constant SUBMITTER_CAP = 0.01 ether;
    uint96 internal constant WITHHELD_PENALTY = 0.5 ether;
    uint256 internal constant SEATS = 13;

    address internal constant OWNER = address(0xA11CE);
    address internal constant APPELLANT = address(0xA99E);
    address internal constant SUBMITTER = address(0x5E7);
    bytes32 internal constant MODEL = keccak256("model");
    bytes32 internal constant SUSPECT = keccak256("suspect");
    bytes32 internal constant ENVELOPE = keccak256("envelope");

    IDisputeManager.Outcome internal constant MATCH = IDisputeManager.Outcome.Match;
    IDisputeManager.Outcome internal constant NO_MATCH = IDisputeManager.Outcome.NoMatch;
    IDisputeManager.Outcome internal constant INCONCLUSIVE = IDisputeManager.Outcome.Inconclusive;
    IDisputeManager.Outcome internal constant BAD_KEY = IDisputeManager.Outcome.BadKey;
    IDisputeManager.Outcome internal constant UNAVAILABLE = IDisputeManager.Outcome.Unavailable;
    IDisputeManager.Outcome internal constant UNSUPPORTED = IDisputeManager.Outcome.Unsupported;

    /// @dev Places 0, 1 and 3 of 4: a quorum, and not all.
    uint256 internal constant THREE = 11;

    ClaimRegistry internal claims;
    DisputeManager internal disputes;

    function deployCourt() internal {
        deployCourt(terms());
    }

    function deployCourt(IDisputeManager.Parameters memory sent) internal {
        vm.roll(1_000);
        vm.warp(1_700_000_000);
        vm.etch(0x0000F90827F1C53a10cb7A02335B175320002935, "");
        claims = new ClaimRegistry(BEACON_DELAY);
        verifiers = new VerifierRegistry(SEAT_BOND, EXIT_DELAY, nextSlasher(1));
        disputes = new DisputeManager(claims, verifiers, sent);
        vm.deal(OWNER, 100 ether);
        vm.deal(APPELLANT, 100 ether);
    }

    function terms() internal pure returns (IDisputeManager.Parameters memory sent) {
        sent.ladder = [4, 7, 13, 0];
        sent.drawDelay = DRAW_DELAY;
        sent.drawWindow = DRAW_WINDOW;
        sent.keyWindow = KEY_WINDOW;
        sent.sealWindow = SEAL_WINDOW;
        sent.voteWindow = VOTE_WINDOW;
        sent.appealWindow = APPEAL_WINDOW;
        sent.bond = BOND;
        sent.appealBond = APPEAL_BOND;
        sent.memberFee = MEMBER_FEE;
        sent.submitterCap = SUBMITTER_CAP;
        sent.withheldPenalty = WITHHELD_PENALTY;
    }

    /// @dev The Penalties of the court that this contract deploys after `others` more contracts.
    function nextSlasher(uint64 others) internal view returns (address) {
        address court = vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + others);
        return vm.computeCreateAddress(court, 1);
    }

    function registerSeats() internal {
        registerSeats(SEATS);
    }

    function registerSeats(uint256 count) internal {
        for (uint256 i; i < count; ++i) {
            registerSeat(i);
        }
        skipBlocks(1);
    }

    /* CLAIMS AND DISPUTES */

    function boundClaim() internal returns (bytes32) {
        return boundClaim(SHARDS);
    }

    function boundClaim(uint16 shardCount) internal returns (bytes32 claimId) {
        vm.prank(OWNER);
        claimId = claims.commit(keccak256(abi.encode("commitment", shardCount)), shardCount);
        skipBlocks(BEACON_DELAY + 1);
        claims.drawBeacon(claimId);
        vm.prank(OWNER);
        claims.bind(claimId, MODEL);
    }

    function openDispute(bytes32 claimId) internal returns (bytes32) {
        return openDispute(claimId, SUSPECT);
    }

    function openDispute(bytes32 claimId, bytes32 modelDigest) internal returns (bytes32) {
        uint256 price = BOND + disputes.roundFee(0);
        vm.prank(OWNER);
        return disputes.open{value: price}(claimId, modelDigest, 1_000, mirrors());
    }

    function draw(bytes32 disputeId) internal {
        uint256 seedBlock = disputes.dispute(disputeId).seedBlock;
        if (vm.getBlockNumber() <= seedBlock) vm.roll(seedBlock + 1);
        disputes.draw(disputeId);
    }

    function deliver(bytes32 disputeId) internal {
        vm.prank(OWNER);
        disputes.deliver(disputeId, ENVELOPE, 2_000, mirrors());
    }

    function mirrors() internal pure returns (string[] memory list) {
        list = new string[](1);
        list[0] = "http://127.0.0.1:8000";
    }

    /// @dev From `Open` to `Keyed`.
    function key(bytes32 disputeId) internal {
        draw(disputeId);
        deliver(disputeId);
    }

    /// @dev From `Open` to `Proposed`: the places in the bitmap vote for one outcome, and all are shown.
    function conclude(bytes32 disputeId, IDisputeManager.Outcome outcome, uint256 bitmap) internal {
        key(disputeId);
        sealVotes(disputeId, votesFor(outcome, bitmap, sizeOf(disputeId)));
        settleVotes(disputeId, outcome, votesFor(outcome, bitmap, sizeOf(disputeId)));
    }

    function conclude(bytes32 disputeId, IDisputeManager.Outcome outcome) internal {
        conclude(disputeId, outcome, (1 << sizeOf(disputeId)) - 1);
    }

    function drawnDispute() internal returns (bytes32 disputeId) {
        disputeId = openDispute(boundClaim());
        draw(disputeId);
    }

    function keyedDispute() internal returns (bytes32 disputeId) {
        disputeId = drawnDispute();
        deliver(disputeId);
    }

    /// @dev With the votes of places 0, 1 and 3.
    function sealedDispute() internal returns (bytes32 disputeId) {
        disputeId = keyedDispute();
        sealVotes(disputeId, votesFor(MATCH, THREE, 4));
    }

    function proposedDispute(IDisputeManager.Outcome outcome) internal returns (bytes32 disputeId) {
        disputeId = openDispute(boundClaim());
        conclude(disputeId, outcome);
    }

    function finalDispute(IDisputeManager.Outcome outcome) internal returns (bytes32 disputeId) {
        disputeId = proposedDispute(outcome);
        expire(disputeId);
    }

    function appeal(bytes32 disputeId) internal {
        appeal(disputeId, APPELLANT);
    }

    function appeal(bytes32 disputeId, address appellant) internal {
        uint256 price = APPEAL_BOND + disputes.roundFee(disputes.dispute(disputeId).round + 1);
        vm.prank(appellant);
        disputes.appeal{value: price}(disputeId);
    }

    /// @dev One second after the deadline of whatever state it is in.
    function expire(bytes32 disputeId) internal {
        vm.warp(disputes.dispute(disputeId).deadline + 1);
        disputes.expire(disputeId);
    }

    /* VOTES */

    function votesFor(IDisputeManager.Outcome outcome, uint256 bitmap, uint256 size)
        internal
        pure
        returns (bytes memory votes)
    {
        votes = new bytes(size);
        for (uint256 place; place < size; ++place) {
            if (Quorum.contains(bitmap, place)) votes[place] = bytes1(uint8(outcome));
        }
    }

    function bitmapOf(bytes memory votes) internal pure returns (uint64 bitmap) {
        for (uint256 place; place < votes.length; ++place) {
            if (votes[place] != 0) bitmap |= uint64(1 << place);
        }
    }

    function saltOf(bytes32 disputeId, uint256 round, uint256 place) internal pure returns (bytes32) {
        return keccak256(abi.encode("salt", disputeId, round, place));
    }

    /// @dev For each place its salt where the vote is shown, else its commitment, or zero where there is no vote.
    function openingsOf(bytes32 disputeId, uint8 round, bytes memory votes, uint256 shown)
        internal
        pure
        returns (bytes32[] memory openings)
    {
        openings = new bytes32[](votes.length);
        for (uint256 place; place < votes.length; ++place) {
            if (votes[place] == 0) continue;
            bytes32 salt = saltOf(disputeId, round, place);
            openings[place] = Quorum.contains(shown, place)
                ? salt
                : SealedVote(disputeId, round, uint8(place), uint8(votes[place]), salt).hash();
        }
    }

    function hiding(bytes memory votes, uint256 shown) internal pure returns (bytes memory outcomes) {
        outcomes = new bytes(votes.length);
        for (uint256 place; place < votes.length; ++place) {
            if (Quorum.contains(shown, place)) outcomes[place] = votes[place];
        }
    }

    function rootOf(bytes32 disputeId, uint8 round, bytes memory votes) internal pure returns (bytes32) {
        return rootOf(openingsOf(disputeId, round, votes, 0));
    }

    /// @dev Of a copy: making the root uses the leaves up.
    function rootOf(bytes32[] memory leaves) internal pure returns (bytes32) {
        bytes32[] memory copy = new bytes32[](leaves.length);
        for (uint256 i; i < leaves.length; ++i) {
            copy[i] = leaves[i];
        }
        return Merkle.root(copy);
    }

    /// @dev Sealed with the signatures of a committee that is all there.
    function sealVotes(bytes32 disputeId, bytes memory votes) internal {
        bytes32 root = rootOf(disputeId, roundOf(disputeId), votes);
        uint64 all = uint64((1 << votes.length) - 1);
        bytes memory signature = signSeal(disputeId, root, bitmapOf(votes), all);
        vm.prank(SUBMITTER);
        disputes.seal(disputeId, root, bitmapOf(votes), all, signature);
    }

    function signSeal(bytes32 disputeId, bytes32 root, uint64 voters, uint256 signers)
        internal
        view
        returns (bytes memory)
    {
        uint8 round = roundOf(disputeId);
        bytes32 digest = disputes.sealDigest(disputeId, round, root, voters);
        return sumOf(disputes.committee(disputeId, round), digest, SEAL_TAG, signers);
    }

    function settleVotes(bytes32 disputeId, IDisputeManager.Outcome outcome, bytes memory votes) internal {
        settleVotes(disputeId, outcome, votes, bitmapOf(votes));
    }

    /// @dev Shows only some of the votes.
    function settleVotes(bytes32 disputeId, IDisputeManager.Outcome outcome, bytes memory votes, uint256 shown)
        internal
    {
        bytes memory outcomes = hiding(votes, shown);
        bytes32[] memory openings = openingsOf(disputeId, roundOf(disputeId), votes, shown);
        bytes memory signature = signVotes(disputeId, outcome, outcomes);
        vm.prank(SUBMITTER);
        disputes.settle(disputeId, outcome, outcomes, openings, signature);
    }

    function signVotes(bytes32 disputeId, IDisputeManager.Outcome outcome, bytes memory outcomes)
        internal
        view
        returns (bytes memory)
    {
        uint256 signers;
        for (uint256 place; place < outcomes.length; ++place) {
            if (uint8(outcomes[place]) == uint8(outcome)) signers |= 1 << place;
        }
        uint8 round = roundOf(disputeId);
        bytes32 digest = disputes.voteDigest(disputeId, round, outcome);
        return sumOf(disputes.committee(disputeId, round), digest, VOTE_TAG, signers);
    }

    function sumOf(uint32[] memory seatIds, bytes32 digest, bytes memory domainTag, uint256 signers)
        internal
        view
        returns (bytes memory)
    {
        bytes[] memory signatures = new bytes[](seatIds.length);
        for (uint256 place; place < seatIds.length; ++place) {
            signatures[place] = Quorum.contains(signers, place)
                ? Signer.sign(secretOf(seatIds[place]), digest, domainTag)
                : new bytes(256);
        }
        return Signer.aggregate(signatures);
    }

    /* WHAT THE CHAIN SAYS */

    function roundOf(bytes32 disputeId) internal view returns (uint8) {
        return disputes.dispute(disputeId).round;
    }

    function presentRound(bytes32 disputeId) internal view returns (IDisputeManager.Round memory) {
        return disputes.roundOf(disputeId, roundOf(disputeId));
    }

    function sizeOf(bytes32 disputeId) internal view returns (uint256) {
        return presentRound(disputeId).size;
    }

    function committeeKeys(bytes32 disputeId, uint8 round) internal view returns (bytes memory keys) {
        uint32[] memory seatIds = disputes.committee(disputeId, round);
        for (uint256 place; place < seatIds.length; ++place) {
            keys = abi.encodePacked(keys, verifiers.blsKeyOf(seatIds[place]));
        }
    }

    /* EXPECTATIONS */

    function assertState(bytes32 disputeId, IDisputeManager.State expected) internal view {
        assertEq(uint8(disputes.dispute(disputeId).state), uint8(expected));
    }

    /// @dev The verdict that stands, and the round it is from.
    function assertVerdict(bytes32 disputeId, IDisputeManager.Outcome expected, uint8 round) internal view {
        assertEq(uint8(disputes.dispute(disputeId).outcome), uint8(expected));
        assertEq(disputes.dispute(disputeId).verdictRound, round);
    }

    function expectWrongState(bytes32 disputeId, IDisputeManager.State actual, IDisputeManager.State required)
        internal
    {
        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.WrongState.selector, disputeId, actual, required));
    }

    function expectDeadlinePassed(bytes32 disputeId) internal {
        uint256 deadline = disputes.dispute(disputeId).deadline;
        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.DeadlinePassed.selector, disputeId, deadline));
    }

    function expectUnknownDispute() internal {
        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.UnknownDispute.selector, MODEL));
    }
}
