// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IClaimRegistry} from "./IClaimRegistry.sol";
import {IVerifierRegistry} from "./IVerifierRegistry.sol";

/// @title A dispute from its opening to its verdict
/// @notice SPEC 5. Safety rests on: fewer than a third of the committee being faulty, the hardness of BLS12-381 with
/// proofs of possession, and block hashes that nobody can choose. Liveness rests on: a quorum of the committee being
/// up before its deadlines, and the chain including their transactions.
interface IDisputeManager {
    enum State {
        None,
        Open,
        Drawn,
        Keyed,
        Sealed,
        Proposed,
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
        uint8[4] ladder; // committee sizes, each larger than the one before; zeros at the end are no rungs
        uint32 drawDelay;
        uint32 drawWindow;
        uint32 keyWindow;
        uint32 sealWindow;
        uint32 voteWindow;
        uint32 appealWindow;
        uint96 bond; // of a challenge
        uint96 appealBond;
        uint96 memberFee; // for each seat of a committee
        uint96 submitterCap; // the most that a submitted certificate is repaid
        uint96 withheldPenalty; // for a vote that was sealed and never opened
    }

    /// @dev What changes most lies in the first slot.
    struct Dispute {
        address owner;
        State state;
        Outcome outcome; // of the verdict that stands, if any yet
        uint8 verdictRound; // the round it is from
        uint8 round; // the present one
        uint8 rungs; // how much of the ladder the register could fill at opening
        uint8 appeals;
        uint48 deadline; // for what the state waits for
        address appellant; // who asked for the present round, or for the one it escalated from; zero in none
        uint48 openedBlock;
        uint48 seedBlock;
        bytes32 claimId;
        bytes32 modelDigest;
    }

    /// @dev Bitmaps have a bit for each place; a committee has at most 61. `seal` and `settle` write only to slots that
    /// were written before, but for the root.
    struct Round {
        bytes32 seed;
        bytes32 envelopeDigest;
        bytes32 root; // of the sealed votes
        address committee; // the contract whose code holds keys and seats
        uint48 voteDeadline; // the last second for `settle`; one voteWindow later it is that for `reveal`
        uint96 pot; // what the round has to pay out
        uint64 voters; // who sealed a vote
        uint64 opened; // whose sealed vote has been shown to the chain
        uint64 signers; // of the certificate
        uint64 paid; // who has collected a share of the fee
        uint8 size;
        uint8 shard;
        Outcome outcome;
    }

    error InvalidParameters(string which);
    error ExitDelayTooShort(uint256 exitDelay, uint256 longestDispute);
    error WrongPayment(uint256 sent, uint256 required);
    error NotClaimOwner(bytes32 claimId, address caller);
    error ClaimNotBound(bytes32 claimId);
    error ModelOlderThanClaim(bytes32 modelDigest, uint256 registeredBlock, uint256 beaconBlock);
    error EmptyDigest();
    error NoShardLeft(bytes32 claimId, uint256 shardCount);
    error NotEnoughVerifiers(uint256 active, uint256 required);
    error UnknownDispute(bytes32 disputeId);
    error UnknownRound(bytes32 disputeId, uint8 round);
    error WrongState(bytes32 disputeId, State actual, State required);
    error DrawTooEarly(bytes32 disputeId, uint256 seedBlock);
    error DeadlinePassed(bytes32 disputeId, uint256 deadline);
    error DeadlineNotPassed(bytes32 disputeId, uint256 deadline);
    error DisputeEnded(bytes32 disputeId, State actual);
    error NotAppealable(bytes32 disputeId, uint8 round, uint8 rungs, uint8 appeals);
    error InvalidOutcome(uint8 outcome);
    error UnknownMember(uint256 bitmap, uint256 committeeSize);
    error QuorumNotReached(uint256 signers, uint256 quorum);
    error InvalidSignature(bytes32 disputeId);
    error WrongLength(uint256 sent, uint256 required);
    error NotSealed(bytes32 disputeId, uint256 places);
    error WrongOpening(bytes32 disputeId, bytes32 root);
    error NotASigner(bytes32 disputeId, uint8 place);
    error AlreadyCollected(bytes32 disputeId);
    error NothingOwed(address to);
    error PaymentFailed(address to, uint256 amount);

    event Opened(
        bytes32 indexed disputeId,
        bytes32 indexed claimId,
        bytes32 indexed modelDigest,
        uint64 modelBytes,
        string[] mirrors,
        uint256 seedBlock
    );
    event SeedMoved(bytes32 indexed disputeId, uint256 seedBlock);
    event Drawn(
        bytes32 indexed disputeId,
        uint8 round,
        bytes32 seed,
        uint8 shard,
        uint32[] seatIds,
        bytes32 committeeHash,
        uint256 keyDeadline
    );
    event Keyed(
        bytes32 indexed disputeId,
        uint8 round,
        bytes32 envelopeDigest,
        uint64 envelopeBytes,
        string[] mirrors,
        uint256 sealDeadline
    );
    event Sealed(
        bytes32 indexed disputeId, uint8 round, bytes32 root, uint64 voters, address submitter, uint256 voteDeadline
    );
    event Settled(
        bytes32 indexed disputeId,
        uint8 round,
        Outcome indexed outcome,
        uint64 signers,
        address submitter,
        uint256 appealDeadline
    );
    event Revealed(bytes32 indexed disputeId, uint8 round, uint64 opened);
    event Appealed(bytes32 indexed disputeId, uint8 round, address appellant, uint256 seedBlock);
    event Escalated(bytes32 indexed disputeId, uint8 round, uint256 seedBlock);
    event Ended(bytes32 indexed disputeId, State indexed state, Outcome outcome, uint8 verdictRound);
    event Owed(bytes32 indexed disputeId, address to, uint256 amount);
    event Burnt(bytes32 indexed disputeId, uint256 amount);
    event FeeCollected(bytes32 indexed disputeId, uint8 round, uint8 place, address to, uint256 amount);
    event Withdrawn(address indexed to, uint256 amount);

    /* THE LIFE OF A DISPUTE */

    /// @notice Challenge a suspect, paying the bond and the first round's fee. By the claim's owner.
    function open(bytes32 claimId, bytes32 modelDigest, uint64 modelBytes, string[] calldata mirrors)
        external
        payable
        returns (bytes32 disputeId);

    /// @notice Draw the round's committee, and its shard unless the round escalated, by the hash of `seedBlock`; or move
    /// a missed one by rule. Open to anyone.
    function draw(bytes32 disputeId) external;

    /// @notice Name the envelope that holds the opening for the committee. By the owner.
    function deliver(bytes32 disputeId, bytes32 envelopeDigest, uint64 envelopeBytes, string[] calldata mirrors)
        external;

    /// @notice Fix which votes there are: a quorum's signature on the root over their commitments. Open to anyone.
    /// @param root SPEC 5.3: over `size` leaves in order of place.
    /// @param voters The places with a commitment in it.
    /// @param signers The places whose signatures are summed.
    /// @param signature G2, 256 bytes.
    function seal(bytes32 disputeId, bytes32 root, uint64 voters, uint64 signers, bytes calldata signature) external;

    /// @notice Propose the verdict that a quorum sealed, opened and signed. Open to anyone.
    /// @param outcomes For each place the outcome it voted for, or zero where its vote is not opened.
    /// @param openings For each place the salt of an opened vote, else the commitment as it was sealed, or zero.
    /// @param signature G2, 256 bytes: the sum of the signatures of all who voted for `outcome`.
    function settle(
        bytes32 disputeId,
        Outcome outcome,
        bytes calldata outcomes,
        bytes32[] calldata openings,
        bytes calldata signature
    ) external;

    /// @notice Ask a larger committee for another verdict, paying the appeal's bond and the fee of its round. Open to anyone.
    function appeal(bytes32 disputeId) external payable;

    /// @notice Leave a state whose deadline has passed, by the exit that SPEC 5 gives it. Open to anyone.
    function expire(bytes32 disputeId) external;

    /// @notice Show sealed votes of a round to the chain, so that nobody pays for them as withheld. Open to anyone.
    function reveal(bytes32 disputeId, uint8 round, bytes calldata outcomes, bytes32[] calldata openings) external;

    /* MONEY */

    /// @notice Pay a signer's share of a round's fee to its operator. Open to anyone.
    function collectFee(bytes32 disputeId, uint8 round, uint8 place) external;

    /// @notice Pay all that is owed to an account. Open to anyone.
    function withdraw(address to) external;

    /* VIEWS */

    /// @notice The dispute, reverting if there is none.
    function dispute(bytes32 disputeId) external view returns (Dispute memory);
    /// @notice A round of it, reverting if it has not begun: with zeros for what has not come yet.
    function roundOf(bytes32 disputeId, uint8 round) external view returns (Round memory);
    /// @notice A round's seats, in order of place, reverting before its draw.
    function committee(bytes32 disputeId, uint8 round) external view returns (uint32[] memory seatIds);
    /// @notice A member's key, 128 bytes, as it was drawn.
    function memberKey(bytes32 disputeId, uint8 round, uint8 place) external view returns (bytes memory);
    /// @notice The EIP-712 digest that a member signs for an outcome, reverting before the round's envelope.
    function voteDigest(bytes32 disputeId, uint8 round, Outcome outcome) external view returns (bytes32);
    /// @notice The EIP-712 digest that a member signs for a root, reverting before the round's draw.
    function sealDigest(bytes32 disputeId, uint8 round, bytes32 root, uint64 voters) external view returns (bytes32);
    /// @notice What the last dispute between claim and model found that ended in Match or NoMatch; else None.
    function verdictOf(bytes32 claimId, bytes32 modelDigest) external view returns (Outcome);
    /// @notice The claims that a final verdict ever found in a model, in order of the first such verdict.
    function matched(bytes32 modelDigest) external view returns (bytes32[] memory claimIds);
    /// @notice A claim's burnt shards as a bitmap, and how many more are promised to committees not drawn yet.
    function shardsOf(bytes32 claimId) external view returns (uint256 burnt, uint256 promised);
    /// @notice What `withdraw` would pay.
    function owed(address to) external view returns (uint256);
    /// @notice What a round costs who asks for it, without its bond.
    function roundFee(uint8 round) external view returns (uint256);
    /// @notice What was fixed for ever at deployment.
    function parameters() external view returns (Parameters memory);

    /// @notice Where the claims that may be disputed are.
    function claims() external view returns (IClaimRegistry);
    /// @notice Where committees are drawn from.
    function verifiers() external view returns (IVerifierRegistry);
    /// @notice Who slashes members of this court, and answers whose claim comes first.
    function penalties() external view returns (address);
    function priorities() external view returns (address);
}
