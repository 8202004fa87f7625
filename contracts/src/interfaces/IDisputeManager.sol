// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IClaimRegistry} from "./IClaimRegistry.sol";
import {IVerifierRegistry} from "./IVerifierRegistry.sol";

/// @title A dispute from its opening to its verdict
/// @notice SPEC 5. Safety rests on: fewer than a third of the committee being faulty, the hardness of BLS12-381 with
/// proofs of possession, and block hashes that nobody can choose. Liveness rests on: a quorum of the committee being
/// up before `voteDeadline`, and the chain including their transaction.
interface IDisputeManager {
    enum State {
        None,
        Open,
        Drawn,
        Keyed,
        Final,
        Void,
        Forfeit
    }

    enum Outcome {
        None,
        Match,
        NoMatch,
        Inconclusive,
        BadKey,
        Unavailable,
        Unsupported
    }

    /// @dev Windows in seconds, delays in blocks, money in wei.
    struct Parameters {
        uint8 committeeSize;
        uint32 drawDelay;
        uint32 keyWindow;
        uint32 voteWindow;
        uint96 bond;
        uint96 fee;
    }

    struct Dispute {
        address owner;
        State state;
        Outcome outcome;
        uint8 round;
        uint32 shard;
        uint48 openedBlock;
        uint48 seedBlock;
        uint48 deadline; // keyDeadline while Drawn, voteDeadline while Keyed
        bytes32 claimId;
        bytes32 modelDigest;
        bytes32 seed;
        bytes32 envelopeDigest;
        uint256 bitmap; // signers, once Final
    }

    error InvalidParameters(string which);
    error ExitDelayTooShort(uint256 exitDelay, uint256 longestDispute);
    error WrongPayment(uint256 sent, uint256 required);
    error NotClaimOwner(bytes32 claimId, address caller);
    error ClaimNotBound(bytes32 claimId);
    error EmptyDigest();
    error NotEnoughVerifiers(uint256 active, uint256 required);
    error UnknownDispute(bytes32 disputeId);
    error WrongState(bytes32 disputeId, State actual, State required);
    error DrawTooEarly(bytes32 disputeId, uint256 seedBlock);
    error DeadlinePassed(bytes32 disputeId, uint256 deadline);
    error DeadlineNotPassed(bytes32 disputeId, uint256 deadline);
    error NoDeadline(bytes32 disputeId, State actual);
    error InvalidOutcome();
    error UnknownMember(uint256 bitmap, uint256 committeeSize);
    error QuorumNotReached(uint256 signers, uint256 quorum);
    error InvalidSignature(bytes32 disputeId);
    error NotASigner(bytes32 disputeId, uint8 place);
    error AlreadyCollected(bytes32 disputeId);
    error PaymentFailed(address to, uint256 amount);

    event Opened(
        bytes32 indexed disputeId,
        bytes32 indexed claimId,
        bytes32 modelDigest,
        uint64 modelBytes,
        string[] mirrors,
        uint32 shard,
        uint256 seedBlock
    );
    event SeedMoved(bytes32 indexed disputeId, uint256 seedBlock);
    event Drawn(bytes32 indexed disputeId, bytes32 seed, uint32[] seatIds, bytes32 committeeHash, uint256 keyDeadline);
    event Keyed(
        bytes32 indexed disputeId, bytes32 envelopeDigest, uint64 envelopeBytes, string[] mirrors, uint256 voteDeadline
    );
    event Settled(bytes32 indexed disputeId, Outcome indexed outcome, uint256 bitmap, address submitter);
    event Expired(bytes32 indexed disputeId, State state);
    event BondCollected(bytes32 indexed disputeId, address to, uint256 amount);
    event FeeCollected(bytes32 indexed disputeId, uint8 place, address to, uint256 amount);

    /// @notice Challenge a suspect with the claim's next shard, paying bond + fee.
    function open(bytes32 claimId, bytes32 modelDigest, uint64 modelBytes, string[] calldata mirrors)
        external
        payable
        returns (bytes32 disputeId);

    /// @notice Draw the committee by the hash of `seedBlock`, or move a missed one by rule. Open to anyone.
    function draw(bytes32 disputeId) external;

    /// @notice Name the envelope that holds the opening for the committee. By the owner.
    function deliver(bytes32 disputeId, bytes32 envelopeDigest, uint64 envelopeBytes, string[] calldata mirrors)
        external;

    /// @notice Record the verdict that a quorum of the committee signed. Open to anyone.
    /// @param signature G2, 256 bytes: the sum of the signers' votes.
    function settle(bytes32 disputeId, Outcome outcome, uint256 bitmap, bytes calldata signature) external;

    /// @notice End a dispute whose deadline has passed. Open to anyone.
    function expire(bytes32 disputeId) external;

    /// @notice Pay what is left of bond and fee to the owner, or burn the bond, as SPEC 5.1. Open to anyone.
    function collectBond(bytes32 disputeId) external;

    /// @notice Pay a signer's share of the fee to its operator. Open to anyone.
    function collectFee(bytes32 disputeId, uint8 place) external;

    /// @notice The dispute, reverting if there is none.
    function dispute(bytes32 disputeId) external view returns (Dispute memory);

    /// @notice The committee's seats, in order of place.
    function committee(bytes32 disputeId) external view returns (uint32[] memory seatIds);

    /// @notice The EIP-712 digest that a member signs for an outcome.
    function voteDigest(bytes32 disputeId, Outcome outcome) external view returns (bytes32);

    /// @notice Where the claims that may be disputed are.
    function claims() external view returns (IClaimRegistry);
    /// @notice Where committees are drawn from.
    function verifiers() external view returns (IVerifierRegistry);
    /// @notice What was fixed for ever at deployment.
    function parameters() external view returns (Parameters memory);
    /// @notice How many signers a verdict needs.
    function quorum() external view returns (uint256);
}
