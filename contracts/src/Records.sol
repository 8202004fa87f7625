// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {Terms} from "./Terms.sol";
import {IDisputeManager} from "./interfaces/IDisputeManager.sol";
import {Committee} from "./libraries/Committee.sol";
import {Quorum} from "./libraries/Quorum.sol";
import {Seal} from "./types/Seal.sol";
import {Vote} from "./types/Vote.sol";

/// @title What is kept of disputes, rounds, shards and verdicts, and how it is read
abstract contract Records is Terms, EIP712 {
    using Committee for address;
    using Quorum for uint256;

    /// @dev What this court has asked of a claim.
    struct Use {
        uint256 burnt; // a bit for each shard
        uint16 shardCount;
        uint16 left; // neither burnt nor promised to a committee that is not drawn yet
        uint64 disputes;
    }

    uint256 internal constant MAX_APPEALS = 2;

    mapping(bytes32 disputeId => Dispute) internal _disputes;
    mapping(bytes32 disputeId => mapping(uint256 round => Round)) internal _rounds;
    mapping(bytes32 claimId => Use) internal _uses;

    /// @inheritdoc IDisputeManager
    mapping(bytes32 claimId => mapping(bytes32 modelDigest => Outcome)) public verdictOf;
    mapping(bytes32 modelDigest => bytes32[] claimIds) internal _matched;
    mapping(bytes32 modelDigest => mapping(bytes32 claimId => bool)) internal _hasMatched;

    /* VIEWS */

    /// @inheritdoc IDisputeManager
    function dispute(bytes32 disputeId) external view returns (Dispute memory) {
        return _existing(disputeId);
    }

    /// @inheritdoc IDisputeManager
    function roundOf(bytes32 disputeId, uint8 round) external view returns (Round memory) {
        return _begun(disputeId, round);
    }

    /// @inheritdoc IDisputeManager
    function committee(bytes32 disputeId, uint8 round) external view returns (uint32[] memory seatIds) {
        Round storage drawn = _drawn(disputeId, round);
        return drawn.committee.readSeats(drawn.size);
    }

    /// @inheritdoc IDisputeManager
    function memberKey(bytes32 disputeId, uint8 round, uint8 place) external view returns (bytes memory) {
        Round storage drawn = _drawn(disputeId, round);
        if (place >= drawn.size) revert UnknownMember(1 << place, drawn.size);
        return drawn.committee.readKey(place);
    }

    /// @inheritdoc IDisputeManager
    function voteDigest(bytes32 disputeId, uint8 round, Outcome outcome) external view returns (bytes32) {
        Round storage keyed = _drawn(disputeId, round);
        bytes32 envelopeDigest = keyed.envelopeDigest;
        if (envelopeDigest == 0) revert WrongState(disputeId, _disputes[disputeId].state, State.Keyed);
        bytes32 committeeHash = keccak256(keyed.committee.readKeys(keyed.size));
        return _voteDigest(disputeId, round, outcome, envelopeDigest, committeeHash);
    }

    /// @inheritdoc IDisputeManager
    function sealDigest(bytes32 disputeId, uint8 round, bytes32 root, uint64 voters) external view returns (bytes32) {
        Round storage drawn = _drawn(disputeId, round);
        return _sealDigest(disputeId, round, root, voters, keccak256(drawn.committee.readKeys(drawn.size)));
    }

    /// @inheritdoc IDisputeManager
    function matched(bytes32 modelDigest) external view returns (bytes32[] memory claimIds) {
        return _matched[modelDigest];
    }

    /// @inheritdoc IDisputeManager
    function shardsOf(bytes32 claimId) external view returns (uint256 burnt, uint256 promised) {
        Use storage used = _uses[claimId];
        burnt = used.burnt;
        promised = used.shardCount - used.left - burnt.count();
    }

    /* LOOKING UP */

    function _existing(bytes32 disputeId) internal view returns (Dispute storage stored) {
        stored = _disputes[disputeId];
        if (stored.state == State.None) revert UnknownDispute(disputeId);
    }

    function _inState(bytes32 disputeId, State required) internal view returns (Dispute storage stored) {
        stored = _existing(disputeId);
        if (stored.state != required) revert WrongState(disputeId, stored.state, required);
    }

    /// @dev In the state that an action needs, and not too late for it.
    function _due(bytes32 disputeId, State required) internal view returns (Dispute storage stored) {
        stored = _inState(disputeId, required);
        _requireBefore(disputeId, stored.deadline);
    }

    function _begun(bytes32 disputeId, uint8 round) internal view returns (Round storage) {
        if (round > _existing(disputeId).round) revert UnknownRound(disputeId, round);
        return _rounds[disputeId][round];
    }

    function _drawn(bytes32 disputeId, uint8 round) internal view returns (Round storage drawn) {
        drawn = _begun(disputeId, round);
        if (drawn.seed == 0) revert WrongState(disputeId, _disputes[disputeId].state, State.Drawn);
    }

    function _requireBefore(bytes32 disputeId, uint256 deadline) internal view {
        if (block.timestamp > deadline) revert DeadlinePassed(disputeId, deadline);
    }

    function _hasRung(Dispute storage stored, uint8 round) internal view returns (bool) {
        return round < stored.rungs;
    }

    function _isAppealable(Dispute storage stored) internal view returns (bool) {
        return _hasRung(stored, stored.round + 1) && stored.appeals < MAX_APPEALS && _uses[stored.claimId].left != 0;
    }

    /// @dev A round follows a settled one by an appeal, one without a verdict by escalation.
    function _isEscalated(bytes32 disputeId, uint8 round) internal view returns (bool) {
        return round != 0 && _rounds[disputeId][round - 1].outcome == Outcome.None;
    }

    /* DIGESTS */

    function _voteDigest(bytes32 disputeId, uint8 round, Outcome outcome, bytes32 envelopeDigest, bytes32 committeeHash)
        internal
        view
        returns (bytes32)
    {
        return _hashTypedDataV4(Vote(disputeId, round, uint8(outcome), envelopeDigest, committeeHash).hash());
    }

    function _sealDigest(bytes32 disputeId, uint8 round, bytes32 root, uint64 voters, bytes32 committeeHash)
        internal
        view
        returns (bytes32)
    {
        return _hashTypedDataV4(Seal(disputeId, round, root, voters, committeeHash).hash());
    }
}
