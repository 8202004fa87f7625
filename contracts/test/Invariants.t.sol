// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Penalties} from "../src/Penalties.sol";
import {IDisputeManager} from "../src/interfaces/IDisputeManager.sol";
import {IVerifierRegistry} from "../src/interfaces/IVerifierRegistry.sol";
import {Quorum} from "../src/libraries/Quorum.sol";
import {VOTE_TAG} from "../src/types/Vote.sol";
import {Court} from "./Court.sol";
import {Signer} from "./Signer.sol";

/// @title Anybody, doing anything that the court allows, at any time
/// @dev It keeps its own clock, and what it has seen: in `ghost` the first outcome that every round got, in `taken` what
/// every seat has lost.
contract Anybody is Court {
    struct Ghost {
        bytes votes;
        uint8 outcome;
        bool[7] punished;
    }

    /// @dev What is checked after every action grows with them.
    uint256 private constant MOST = 8;
    uint256 private constant MOST_SEATS = 20;
    address private constant FINDER = address(0xF1D);

    address[3] private people = [OWNER, APPELLANT, STRANGER];
    bytes32[2] private claimIds;
    bytes32[] private ids;
    address private immutable _judge = msg.sender;
    uint256 private time;
    uint256 private height;

    mapping(bytes32 disputeId => mapping(uint256 round => Ghost)) private ghost;
    uint256 private seats = 7;
    mapping(uint256 seatId => uint256) private taken;
    uint256 private found;

    modifier inTime() {
        vm.warp(time);
        vm.roll(height);
        _;
        (time, height) = (vm.getBlockTimestamp(), vm.getBlockNumber());
    }

    constructor() {
        IDisputeManager.Parameters memory sent = terms();
        sent.ladder = [1, 4, 7, 0];
        deployCourt(sent);
        registerSeats(7);
        claimIds = [boundClaim(3), boundClaim(200)];
        for (uint256 i; i < people.length; ++i) {
            vm.deal(people[i], 1e6 ether);
        }
        (time, height) = (vm.getBlockTimestamp(), vm.getBlockNumber());
    }

    /* ACTIONS */

    function wait(uint256 duration) external inTime {
        skipSeconds(bound(duration, 1, DRAW_WINDOW));
    }

    function open(uint256 which) external inTime {
        bytes32 claimId = claimIds[which % 2];
        if (ids.length == MOST || _left(claimId) == 0) return;
        if (verifiers.activeCountAt(uint48(vm.getBlockNumber() - 1)) != 0) ids.push(openDispute(claimId));
    }

    /// @dev The next few steps of a dispute that nobody is late for.
    function advance(uint256 which, bytes32 entropy) external inTime {
        for (uint256 step; step < 1 + uint8(entropy[5]) % 4; ++step) {
            (bytes32 id, IDisputeManager.State state) = _any(which);
            if (id == 0 || vm.getBlockTimestamp() > disputes.dispute(id).deadline) return;
            if (state == IDisputeManager.State.Open) draw(id);
            else if (state == IDisputeManager.State.Drawn) deliver(id);
            else if (state == IDisputeManager.State.Keyed) _seal(id, entropy);
            else if (state == IDisputeManager.State.Sealed) _settle(id, entropy);
        }
    }

    function appealTo(uint256 which, uint256 who) external inTime {
        (bytes32 id, IDisputeManager.State state) = _any(which);
        if (state != IDisputeManager.State.Proposed) return;
        IDisputeManager.Dispute memory proposed = disputes.dispute(id);
        if (vm.getBlockTimestamp() > proposed.deadline || proposed.appeals == 2) return;
        if (proposed.round + 1 >= proposed.rungs || _left(proposed.claimId) == 0) return;
        appeal(id, people[who % 3]);
    }

    function giveUp(uint256 which, uint256 late) external inTime {
        (bytes32 id, IDisputeManager.State state) = _any(which);
        if (id == 0 || state >= IDisputeManager.State.Final) return;
        uint256 deadline = disputes.dispute(id).deadline;
        if (vm.getBlockTimestamp() <= deadline) vm.warp(deadline + bound(late, 1, DRAW_WINDOW));
        disputes.expire(id);
    }

    function showVotes(uint256 which, uint256 round, uint256 shown) external inTime {
        (bytes32 id,) = _any(which);
        if (id == 0) return;
        uint8 past = uint8(bound(round, 0, roundOf(id)));
        IDisputeManager.Round memory seen = disputes.roundOf(id, past);
        if (seen.voteDeadline == 0 || vm.getBlockTimestamp() > seen.voteDeadline + VOTE_WINDOW) return;
        bytes memory votes = ghost[id][past].votes;
        disputes.reveal(id, past, hiding(votes, shown), openingsOf(id, past, votes, shown));
    }

    function collect(uint256 which, uint256 round, uint256 place) external inTime {
        (bytes32 id,) = _any(which);
        if (id != 0) _collect(id, uint8(bound(round, 0, roundOf(id))), uint8(place % 7));
    }

    function withdraw(uint256 who) external inTime {
        _withdraw(people[who % 3]);
    }

    /// @dev Now and then a seat is given up, and its bond fetched later.
    function quit(uint256 seatId, uint256 whim) external inTime {
        seatId %= seats;
        IVerifierRegistry.Seat memory seen = verifiers.seat(uint32(seatId));
        if (seen.withdrawableAt == 0) {
            vm.prank(operatorOf(seatId));
            if (whim % 8 == 0) verifiers.requestExit(uint32(seatId));
        } else if (!seen.withdrawn && vm.getBlockTimestamp() >= seen.withdrawableAt) {
            verifiers.withdrawBond(uint32(seatId));
        }
    }

    function join() external inTime {
        if (seats == MOST_SEATS || verifiers.activeCountAt(uint48(vm.getBlockNumber() - 1)) >= 7) return;
        registerSeat(seats++);
        skipBlocks(1);
    }

    /// @dev Now and then a member signs two outcomes, and somebody shows them.
    function equivocate(uint256 which, uint256 round, uint256 place, uint256 whim) external inTime {
        (bytes32 id,) = _any(which);
        if (id == 0 || whim % 8 != 0) return;
        uint8 past = uint8(bound(round, 0, roundOf(id)));
        IDisputeManager.Round memory seen = disputes.roundOf(id, past);
        if (seen.envelopeDigest == 0) return;
        place %= seen.size;
        uint32 seatId = disputes.committee(id, past)[place];
        bytes[2] memory signatures = [
            Signer.sign(secretOf(seatId), disputes.voteDigest(id, past, MATCH), VOTE_TAG),
            Signer.sign(secretOf(seatId), disputes.voteDigest(id, past, NO_MATCH), VOTE_TAG)
        ];
        bytes memory input =
            abi.encodeCall(Penalties.punishEquivocation, (id, past, uint8(place), [MATCH, NO_MATCH], signatures));
        _punish(seatId, type(uint256).max, input);
    }

    function withhold(uint256 which, uint256 round, uint256 place) external inTime {
        (bytes32 id,) = _any(which);
        if (id == 0) return;
        uint8 past = uint8(bound(round, 0, roundOf(id)));
        IDisputeManager.Round memory seen = disputes.roundOf(id, past);
        if (!Quorum.contains(seen.voters & ~seen.opened, place %= 7)) return;
        if (vm.getBlockTimestamp() <= seen.voteDeadline + VOTE_WINDOW || ghost[id][past].punished[place]) return;
        uint32 seatId = disputes.committee(id, past)[place];
        ghost[id][past].punished[place] =
            _punish(seatId, WITHHELD_PENALTY, abi.encodeCall(Penalties.punishWithheld, (id, past, uint8(place))));
    }

    /* WHAT ALWAYS HOLDS */

    /// @dev The court holds what it owes: bonds of what has not ended, pots, shares not collected, and what is owed.
    function checkMoney() external view {
        uint256 held;
        for (uint256 i; i < people.length; ++i) {
            held += disputes.owed(people[i]);
        }
        for (uint256 i; i < ids.length; ++i) {
            IDisputeManager.Dispute memory seen = disputes.dispute(ids[i]);
            if (seen.state < IDisputeManager.State.Final) held += BOND;
            if (seen.state < IDisputeManager.State.Proposed && seen.appeals != 0) held += APPEAL_BOND;
            for (uint8 round; round <= seen.round; ++round) {
                IDisputeManager.Round memory past = disputes.roundOf(ids[i], round);
                uint256 signers = Quorum.count(past.signers);
                held += past.pot;
                if (signers != 0) held -= Quorum.count(past.paid) * (past.pot / signers);
            }
        }
        assertEq(address(disputes).balance, held);
    }

    /// @dev The register holds the bonds, and nobody has lost more than one; half of that is the finder's.
    function checkBonds() external view {
        uint256 held;
        for (uint32 seatId; seatId < seats; ++seatId) {
            IVerifierRegistry.Seat memory seen = verifiers.seat(seatId);
            assertTrue(taken[seatId] <= SEAT_BOND, "more than its bond");
            assertEq(seen.bond, seen.withdrawn ? 0 : SEAT_BOND - taken[seatId]);
            if (taken[seatId] == SEAT_BOND) assertTrue(seen.withdrawableAt != 0, "still seated");
            held += seen.bond;
        }
        assertEq(address(verifiers).balance, held);
        assertEq(FINDER.balance, found);
    }

    /// @dev A round has one verdict, of a quorum whose votes were sealed and shown.
    function checkRounds() external view {
        for (uint256 i; i < ids.length; ++i) {
            IDisputeManager.Dispute memory seen = disputes.dispute(ids[i]);
            assertTrue(seen.round < seen.rungs && seen.appeals <= 2, "ladder");
            assertTrue(seen.deadline < time + EXIT_DELAY, "deadline");
            for (uint8 round; round <= seen.round; ++round) {
                IDisputeManager.Round memory past = disputes.roundOf(ids[i], round);
                assertEq(uint8(past.outcome), ghost[ids[i]][round].outcome);
                assertEq(past.signers & ~past.opened, 0);
                assertEq(past.opened & ~past.voters, 0);
                assertEq(past.paid & ~past.signers, 0);
                if (past.outcome == IDisputeManager.Outcome.None) assertEq(past.signers, 0);
                else assertTrue(Quorum.count(past.signers) >= Quorum.threshold(past.size), "quorum");
            }
        }
    }

    /// @dev Every drawn committee that was not an escalation has a shard of its own, and every one to be drawn the
    /// promise of one.
    function checkShards() external view {
        for (uint256 c; c < claimIds.length; ++c) {
            uint256 seen;
            uint256 waiting;
            for (uint256 i; i < ids.length; ++i) {
                IDisputeManager.Dispute memory record = disputes.dispute(ids[i]);
                if (record.claimId != claimIds[c]) continue;
                bool escalated = false;
                for (uint8 round; round <= record.round; ++round) {
                    IDisputeManager.Round memory past = disputes.roundOf(ids[i], round);
                    bool drawn = past.seed != 0;
                    if (escalated && drawn) assertEq(past.shard, disputes.roundOf(ids[i], round - 1).shard);
                    if (!escalated && !drawn && record.state == IDisputeManager.State.Open) ++waiting;
                    if (!escalated && drawn) {
                        assertEq((seen >> past.shard) & 1, 0);
                        seen |= 1 << past.shard;
                    }
                    escalated = past.outcome == IDisputeManager.Outcome.None;
                }
            }
            (uint256 burnt, uint256 promised) = disputes.shardsOf(claimIds[c]);
            assertEq(burnt, seen);
            assertEq(promised, waiting);
        }
    }

    /// @dev Whatever has happened, deadlines alone bring every dispute to its end, and then all money leaves.
    function finish() external inTime {
        if (msg.sender != _judge) return; // it is not one of the actions
        for (uint256 i; i < ids.length; ++i) {
            for (uint256 exits; disputes.dispute(ids[i]).state < IDisputeManager.State.Final; ++exits) {
                assertTrue(exits < 4, "does not end");
                uint256 deadline = disputes.dispute(ids[i]).deadline;
                if (vm.getBlockTimestamp() <= deadline) vm.warp(deadline + 1);
                disputes.expire(ids[i]);
            }
            for (uint8 round; round <= roundOf(ids[i]); ++round) {
                for (uint8 place; place < 7; ++place) {
                    _collect(ids[i], round, place);
                }
            }
        }
        for (uint256 i; i < people.length; ++i) {
            _withdraw(people[i]);
        }
        assertEq(address(disputes).balance, 0);
    }

    /* STEPS */

    /// @dev Most vote for one outcome, some for another, some not at all.
    function _seal(bytes32 id, bytes32 entropy) private {
        uint256 size = sizeOf(id);
        bytes memory votes = votesFor(IDisputeManager.Outcome(1 + uint256(entropy) % 6), type(uint256).max, size);
        votes[uint8(entropy[1]) % size] = bytes1(uint8(entropy[2]) % 7);
        if (uint8(entropy[3]) < 64) votes[uint8(entropy[4]) % size] = 0;
        ghost[id][roundOf(id)].votes = votes;
        sealVotes(id, votes);
    }

    /// @dev For the first place's outcome or the last's, if a quorum voted for it.
    function _settle(bytes32 id, bytes32 entropy) private {
        Ghost storage seen = ghost[id][roundOf(id)];
        bytes memory votes = seen.votes;
        uint8 outcome = uint8(votes[uint8(entropy[0]) % votes.length]);
        uint256 agreeing;
        for (uint256 place; place < votes.length; ++place) {
            if (outcome != 0 && uint8(votes[place]) == outcome) ++agreeing;
        }
        if (agreeing < Quorum.threshold(votes.length)) return;
        settleVotes(id, IDisputeManager.Outcome(outcome), votes);
        assertEq(seen.outcome, 0);
        seen.outcome = outcome;
    }

    /// @dev All that is asked for, or what is left; of nothing, nothing.
    function _punish(uint32 seatId, uint256 amount, bytes memory input) private returns (bool done) {
        uint256 left = verifiers.seat(seatId).bond;
        address penalties = disputes.penalties();
        vm.prank(FINDER);
        (done,) = penalties.call(input);
        assertTrue(done == (left != 0), "paid for");
        uint256 lost = left - verifiers.seat(seatId).bond;
        assertEq(lost, amount < left ? amount : left);
        taken[seatId] += lost;
        found += lost / 2;
    }

    function _collect(bytes32 id, uint8 round, uint8 place) private {
        IDisputeManager.Round memory past = disputes.roundOf(id, round);
        if (Quorum.contains(past.signers & ~past.paid, place)) disputes.collectFee(id, round, place);
    }

    function _withdraw(address to) private {
        if (disputes.owed(to) != 0) disputes.withdraw(to);
    }

    /// @dev One of the last two, so that some get far.
    function _any(uint256 which) private view returns (bytes32 id, IDisputeManager.State state) {
        if (ids.length == 0) return (0, IDisputeManager.State.None);
        id = ids[ids.length - 1 - which % (ids.length < 2 ? ids.length : 2)];
        state = disputes.dispute(id).state;
    }

    function _left(bytes32 claimId) private view returns (uint256) {
        (uint256 burnt, uint256 promised) = disputes.shardsOf(claimId);
        return claims.claim(claimId).shardCount - Quorum.count(burnt) - promised;
    }
}

/// @notice What no order of actions breaks.
contract InvariantsTest {
    Anybody private anybody;

    function setUp() public {
        anybody = new Anybody();
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(anybody);
    }

    /// @dev In one, as forge plays every invariant anew.
    function invariant_court__money_bonds_rounds_and_shards() public view {
        anybody.checkMoney();
        anybody.checkBonds();
        anybody.checkRounds();
        anybody.checkShards();
    }

    function afterInvariant() public {
        anybody.finish();
    }
}
