// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ledger} from "./Ledger.sol";
import {Records} from "./Records.sol";
import {BLS} from "./libraries/BLS.sol";
import {Committee} from "./libraries/Committee.sol";
import {Draw} from "./libraries/Draw.sol";
import {Shards} from "./libraries/Shards.sol";

/// @title How a dispute begins a round, leaves it, and ends
/// @dev With the money that hangs on it: the pots of rounds without a certificate, and the bonds.
abstract contract Rounds is Records, Ledger {
    /* BEGIN */

    /// @dev A round in `Open`, with what it may pay out.
    function _beginRound(bytes32 disputeId, Dispute storage stored, uint8 round, uint256 pot, uint256 drawDeadline)
        internal
        returns (uint256 seedBlock)
    {
        seedBlock = block.number + _drawDelay;
        stored.state = State.Open;
        stored.round = round;
        stored.seedBlock = uint48(seedBlock);
        stored.deadline = uint48(drawDeadline);
        Round storage begun = _rounds[disputeId][round];
        begun.size = uint8(_sizeOf(round));
        begun.pot = uint96(pot); // was paid in ether, of which there is less
    }

    function _enter(Dispute storage stored, State state, uint256 window) internal returns (uint256 deadline) {
        deadline = block.timestamp + window;
        stored.state = state;
        stored.deadline = uint48(deadline);
    }

    /// @dev SPEC 4.3, from the seats active in the block before opening: no seat can join or leave knowing the dispute.
    function _seatCommittee(bytes32 disputeId, Dispute storage stored, bytes32 seed) internal {
        uint8 round = stored.round;
        Round storage drawn = _rounds[disputeId][round];
        uint256 size = drawn.size;
        uint48 snapshot = stored.openedBlock - 1;
        uint32[] memory positions = Draw.positions(seed, verifiers.activeCountAt(snapshot), size);
        uint32[] memory seatIds = new uint32[](size);
        bytes memory keys = new bytes(size * BLS.KEY_BYTES);
        for (uint256 place; place < size; ++place) {
            seatIds[place] = verifiers.activeSeatAt(positions[place], snapshot);
            Committee.putKey(keys, place, verifiers.blsKeyOf(seatIds[place]));
        }

        uint8 shard = _burnShard(disputeId, stored, seed);
        uint256 keyDeadline = _enter(stored, State.Drawn, _keyWindow);
        drawn.seed = seed;
        drawn.shard = shard;
        drawn.committee = Committee.seal(keys, seatIds);
        emit Drawn(disputeId, round, seed, shard, seatIds, keccak256(keys), keyDeadline);
    }

    /// @dev The shard that the seed chooses, or that of the round which this one escalated from.
    function _burnShard(bytes32 disputeId, Dispute storage stored, bytes32 seed) private returns (uint8 shard) {
        uint8 round = stored.round;
        if (_isEscalated(disputeId, round)) return _rounds[disputeId][round - 1].shard;
        Use storage used = _uses[stored.claimId];
        uint256 burnt = used.burnt;
        shard = Shards.choose(burnt, used.shardCount, seed);
        used.burnt = burnt | (1 << shard);
    }

    function _promiseShard(bytes32 claimId, Use storage used) internal {
        uint16 left = used.left;
        if (left == 0) revert NoShardLeft(claimId, used.shardCount);
        used.left = left - 1;
    }

    /* LEAVE */

    /// @dev No quorum in time is nobody's verdict. The next draw is due a window after the deadline that was missed, so
    /// that late calls cannot make a dispute outlive its members' bonds.
    function _escalate(bytes32 disputeId, Dispute storage stored, uint256 drawDeadline) internal {
        uint8 next = stored.round + 1;
        if (!_hasRung(stored, next) || block.timestamp + _drawDelay * SLOT_SECONDS > drawDeadline) {
            address appellant = stored.appellant;
            _returnPot(disputeId, stored);
            if (appellant != address(0)) _owe(disputeId, appellant, _appealBond);
            _end(disputeId, stored, appellant == address(0) ? State.Void : State.Final);
        } else {
            uint256 seedBlock = _beginRound(disputeId, stored, next, _takePot(disputeId, next - 1), drawDeadline);
            emit Escalated(disputeId, next, seedBlock);
        }
    }

    /// @dev Somebody has not done what the round needed. Nobody gets rid of a verdict so.
    function _fail(bytes32 disputeId, Dispute storage stored, address failing) internal {
        address appellant = stored.appellant;
        _returnPot(disputeId, stored);
        if (failing == appellant) {
            _end(disputeId, stored, State.Final);
            _burn(disputeId, _appealBond);
        } else {
            if (appellant != address(0)) _owe(disputeId, appellant, _appealBond);
            // One against the owner stands: an accomplice's appeal must not be a way out of it.
            if (_isAgainstOwner(stored.outcome)) return _end(disputeId, stored, State.Final);
            stored.outcome = Outcome.None;
            _end(disputeId, stored, State.Forfeit);
        }
    }

    /// @dev SPEC 5: what a round's verdict is worth, and so the bond of the appeal that asked for it.
    function _weigh(bytes32 disputeId, Dispute storage stored, Outcome outcome) internal {
        bool appealed = stored.appeals != 0;
        bool replaces = !appealed || outcome == Outcome.Match || outcome == Outcome.NoMatch
            || outcome == Outcome.Inconclusive || (outcome == Outcome.BadKey && stored.appellant != stored.owner);
        bool changes = replaces && outcome != stored.outcome;
        if (replaces) (stored.outcome, stored.verdictRound) = (outcome, stored.round);
        if (!appealed) return;
        if (changes) _owe(disputeId, stored.appellant, _appealBond);
        else _burn(disputeId, _appealBond);
    }

    /* END */

    function _end(bytes32 disputeId, Dispute storage stored, State state) internal {
        Outcome outcome = stored.outcome;
        stored.state = state;
        if (outcome == Outcome.Match || outcome == Outcome.NoMatch) {
            _record(stored.claimId, stored.modelDigest, outcome);
        }
        emit Ended(disputeId, state, outcome, stored.verdictRound);
        if (state == State.Forfeit || _isAgainstOwner(outcome)) {
            _burn(disputeId, _bond);
        } else {
            _owe(disputeId, stored.owner, _bond);
        }
    }

    function _isAgainstOwner(Outcome outcome) private pure returns (bool) {
        return outcome == Outcome.NoMatch || outcome == Outcome.BadKey;
    }

    function _record(bytes32 claimId, bytes32 modelDigest, Outcome outcome) private {
        verdictOf[claimId][modelDigest] = outcome;
        if (outcome == Outcome.Match && !_hasMatched[modelDigest][claimId]) {
            _hasMatched[modelDigest][claimId] = true;
            _matched[modelDigest].push(claimId);
        }
    }

    /// @dev What no committee has earned goes back.
    function _returnPot(bytes32 disputeId, Dispute storage stored) private {
        _owe(disputeId, _payer(stored), _takePot(disputeId, stored.round));
    }

    function _takePot(bytes32 disputeId, uint8 round) private returns (uint256 pot) {
        pot = _rounds[disputeId][round].pot;
        _rounds[disputeId][round].pot = 0;
    }

    /// @dev Who asked for the present round and paid for it.
    function _payer(Dispute storage stored) internal view returns (address) {
        return stored.appeals == 0 ? stored.owner : stored.appellant;
    }
}
