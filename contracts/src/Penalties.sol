// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IDisputeManager} from "./interfaces/IDisputeManager.sol";
import {IPenalties} from "./interfaces/IPenalties.sol";
import {IVerifierRegistry} from "./interfaces/IVerifierRegistry.sol";
import {BLS} from "./libraries/BLS.sol";
import {VOTE_TAG} from "./types/Vote.sol";

/// @title Proofs against members of one court, and what they cost
/// @dev The court creates it in its own constructor, so that the register can know its slasher before either exists.
contract Penalties is IPenalties {
    IDisputeManager private immutable _disputes;
    IVerifierRegistry private immutable _verifiers;
    uint96 private immutable _withheldPenalty;
    uint32 private immutable _voteWindow;

    /// @dev By place, who has paid for a withheld vote.
    mapping(bytes32 disputeId => mapping(uint8 round => uint256 places)) private _punished;

    constructor(IDisputeManager disputes, IVerifierRegistry verifiers, uint96 withheldPenalty, uint32 voteWindow) {
        _disputes = disputes;
        _verifiers = verifiers;
        _withheldPenalty = withheldPenalty;
        _voteWindow = voteWindow;
    }

    /// @inheritdoc IPenalties
    function punishEquivocation(
        bytes32 disputeId,
        uint8 round,
        uint8 place,
        IDisputeManager.Outcome[2] calldata outcomes,
        bytes[2] calldata signatures
    ) external {
        bytes32[2] memory digests;
        for (uint256 i; i < 2; ++i) {
            if (outcomes[i] == IDisputeManager.Outcome.None) revert InvalidOutcome(uint8(outcomes[i]));
            digests[i] = _disputes.voteDigest(disputeId, round, outcomes[i]);
        }
        if (outcomes[0] == outcomes[1]) revert SameOutcome(outcomes[0]);
        uint32 seatId = _seatAt(disputeId, round, place);
        bytes memory key = _disputes.memberKey(disputeId, round, place);
        if (!BLS.verifyBoth(key, digests, VOTE_TAG, signatures)) revert InvalidSignature(disputeId);

        uint256 taken = _take(seatId, type(uint256).max);
        emit Equivocated(disputeId, round, place, seatId, taken);
    }

    /// @inheritdoc IPenalties
    function punishWithheld(bytes32 disputeId, uint8 round, uint8 place) external {
        IDisputeManager.Round memory drawn = _disputes.roundOf(disputeId, round);
        uint256 withheld = drawn.voters & ~drawn.opened;
        if ((withheld >> place) & 1 == 0) revert NotWithheld(disputeId, round, place);
        uint256 deadline = _revealDeadline(drawn.voteDeadline);
        if (block.timestamp <= deadline) revert RevealStillOpen(disputeId, deadline);
        uint256 punished = _punished[disputeId][round];
        if ((punished >> place) & 1 == 1) revert AlreadyPunished(disputeId, round, place);

        _punished[disputeId][round] = punished | (1 << place);
        uint32 seatId = _seatAt(disputeId, round, place);
        uint256 taken = _take(seatId, _withheldPenalty);
        emit Withheld(disputeId, round, place, seatId, taken);
    }

    /// @inheritdoc IPenalties
    function revealDeadline(bytes32 disputeId, uint8 round) external view returns (uint256) {
        return _revealDeadline(_disputes.roundOf(disputeId, round).voteDeadline);
    }

    function _revealDeadline(uint256 voteDeadline) private view returns (uint256) {
        return voteDeadline == 0 ? 0 : voteDeadline + _voteWindow;
    }

    function _seatAt(bytes32 disputeId, uint8 round, uint8 place) private view returns (uint32) {
        uint32[] memory seatIds = _disputes.committee(disputeId, round);
        if (place >= seatIds.length) revert UnknownMember(disputeId, place);
        return seatIds[place];
    }

    function _take(uint32 seatId, uint256 amount) private returns (uint256 taken) {
        taken = _verifiers.slash(seatId, amount, msg.sender);
        if (taken == 0) revert NothingLeft(seatId);
    }
}
