// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IDisputeManager} from "./IDisputeManager.sol";

/// @title What a member pays for what it signed, or did not open
/// @notice SPEC 5.5. Only what two signatures or a missing opening prove; being outvoted costs nothing.
interface IPenalties {
    error SameOutcome(IDisputeManager.Outcome outcome);
    error InvalidOutcome(uint8 outcome);
    error InvalidSignature(bytes32 disputeId);
    error UnknownMember(bytes32 disputeId, uint8 place);
    error NothingLeft(uint32 seatId);
    error NotWithheld(bytes32 disputeId, uint8 round, uint8 place);
    error RevealStillOpen(bytes32 disputeId, uint256 revealDeadline);
    error AlreadyPunished(bytes32 disputeId, uint8 round, uint8 place);

    event Equivocated(bytes32 indexed disputeId, uint8 round, uint8 place, uint32 indexed seatId, uint256 taken);
    event Withheld(bytes32 indexed disputeId, uint8 round, uint8 place, uint32 indexed seatId, uint256 taken);

    /// @notice Take the whole bond of a member that signed two outcomes in one round; half goes to the caller.
    /// @param signatures G2, 256 bytes: the member's votes for the two outcomes.
    function punishEquivocation(
        bytes32 disputeId,
        uint8 round,
        uint8 place,
        IDisputeManager.Outcome[2] calldata outcomes,
        bytes[2] calldata signatures
    ) external;

    /// @notice Take the small penalty from a member that sealed a vote which nobody has opened to the chain in time;
    /// half goes to the caller.
    function punishWithheld(bytes32 disputeId, uint8 round, uint8 place) external;

    /// @notice The last second in which a round's sealed votes may be revealed; zero before they are sealed.
    function revealDeadline(bytes32 disputeId, uint8 round) external view returns (uint256);
}
