// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {Penalties} from "./Penalties.sol";
import {Priorities} from "./Priorities.sol";
import {Rounds} from "./Rounds.sol";
import {Terms} from "./Terms.sol";
import {IClaimRegistry} from "./interfaces/IClaimRegistry.sol";
import {IDisputeManager} from "./interfaces/IDisputeManager.sol";
import {IVerifierRegistry} from "./interfaces/IVerifierRegistry.sol";
import {BLS} from "./libraries/BLS.sol";
import {BlockSeed} from "./libraries/BlockSeed.sol";
import {Committee} from "./libraries/Committee.sol";
import {Merkle} from "./libraries/Merkle.sol";
import {Openings} from "./libraries/Openings.sol";
import {Quorum} from "./libraries/Quorum.sol";
import {SEAL_TAG} from "./types/Seal.sol";
import {VOTE_TAG} from "./types/Vote.sol";

/// @title What anybody may do about a dispute, and be paid for
contract DisputeManager is Rounds {
    using Committee for address;
    using Quorum for uint256;

    /// @dev What a transaction costs before and after the part of it that measures itself.
    uint256 private constant BASE_GAS = 21_000 + 8_000;
    uint256 private constant CALLDATA_BYTE_GAS = 16;
    uint256 private constant PRIORITY_FEE = 1 gwei;

    /// @inheritdoc IDisputeManager
    address public immutable penalties;
    /// @inheritdoc IDisputeManager
    address public immutable priorities;

    constructor(IClaimRegistry claims_, IVerifierRegistry verifiers_, Parameters memory sent)
        Terms(claims_, verifiers_, sent)
        EIP712("Assay", "1")
    {
        // In this order: the register was given the address of the first before either existed.
        penalties = address(new Penalties(this, verifiers_, sent.withheldPenalty, sent.voteWindow));
        priorities = address(new Priorities(this, claims_));
        if (verifiers_.slasher() != penalties) revert InvalidParameters("slasher");
    }

    /* LIFE */

    /// @inheritdoc IDisputeManager
    function open(bytes32 claimId, bytes32 modelDigest, uint64 modelBytes, string[] calldata mirrors)
        external
        payable
        returns (bytes32 disputeId)
    {
        IClaimRegistry.Claim memory claim = claims.claim(claimId);
        if (claim.owner != msg.sender) revert NotClaimOwner(claimId, msg.sender);
        if (claim.boundBlock == 0) revert ClaimNotBound(claimId);
        if (modelDigest == 0) revert EmptyDigest();
        uint256 registered = claims.registration(modelDigest).registeredBlock;
        if (registered != 0 && registered < claim.beaconBlock) {
            revert ModelOlderThanClaim(modelDigest, registered, claim.beaconBlock);
        }
        _requirePayment(_bond + roundFee(0));
        uint256 active = verifiers.activeCountAt(uint48(block.number - 1));
        uint256 rungs = _rungsFor(active);
        if (rungs == 0) revert NotEnoughVerifiers(active, _sizeOf(0));
        Use storage used = _uses[claimId];
        uint64 number = used.disputes++;
        if (number == 0) (used.shardCount, used.left) = (claim.shardCount, claim.shardCount);
        _promiseShard(claimId, used);

        disputeId = keccak256(abi.encode(block.chainid, address(this), claimId, modelDigest, uint256(number)));
        Dispute storage stored = _disputes[disputeId];
        stored.owner = msg.sender;
        stored.rungs = uint8(rungs);
        stored.openedBlock = uint48(block.number);
        stored.claimId = claimId;
        stored.modelDigest = modelDigest;
        uint256 seedBlock = _beginRound(disputeId, stored, 0, roundFee(0), block.timestamp + _drawWindow);
        emit Opened(disputeId, claimId, modelDigest, modelBytes, mirrors, seedBlock);
    }

    /// @inheritdoc IDisputeManager
    function draw(bytes32 disputeId) external {
        Dispute storage stored = _due(disputeId, State.Open);
        uint256 seedBlock = stored.seedBlock;
        if (block.number <= seedBlock) revert DrawTooEarly(disputeId, seedBlock);

        bytes32 blockHash = BlockSeed.hashOf(seedBlock);
        if (blockHash == 0) {
            seedBlock = BlockSeed.next(seedBlock);
            stored.seedBlock = uint48(seedBlock);
            emit SeedMoved(disputeId, seedBlock);
        } else {
            _seatCommittee(disputeId, stored, keccak256(abi.encode(blockHash, disputeId, stored.round)));
        }
    }

    /// @inheritdoc IDisputeManager
    function deliver(bytes32 disputeId, bytes32 envelopeDigest, uint64 envelopeBytes, string[] calldata mirrors)
        external
    {
        Dispute storage stored = _due(disputeId, State.Drawn);
        if (stored.owner != msg.sender) revert NotClaimOwner(stored.claimId, msg.sender);
        if (envelopeDigest == 0) revert EmptyDigest();

        uint8 round = stored.round;
        uint256 sealDeadline = _enter(stored, State.Keyed, _sealWindow);
        _rounds[disputeId][round].envelopeDigest = envelopeDigest;
        emit Keyed(disputeId, round, envelopeDigest, envelopeBytes, mirrors, sealDeadline);
    }

    /// @inheritdoc IDisputeManager
    function seal(bytes32 disputeId, bytes32 root, uint64 voters, uint64 signers, bytes calldata signature) external {
        uint256 gasAtEntry = gasleft();
        Dispute storage stored = _due(disputeId, State.Keyed);
        uint8 round = stored.round;
        Round storage present = _rounds[disputeId][round];
        uint256 size = _sizeOf(round);
        if (!uint256(voters).isWithin(size)) revert UnknownMember(voters, size);
        if (!uint256(signers).isWithin(size)) revert UnknownMember(signers, size);
        _requireQuorum(signers, size);
        bytes memory keys = present.committee.readKeys(size);
        bytes32 digest = _sealDigest(disputeId, round, root, voters, keccak256(keys));
        if (!BLS.verify(present.committee.sumOf(keys, signers), digest, SEAL_TAG, signature)) {
            revert InvalidSignature(disputeId);
        }

        uint256 voteDeadline = _enter(stored, State.Sealed, _voteWindow);
        present.root = root;
        present.voters = voters;
        present.voteDeadline = uint48(voteDeadline);
        emit Sealed(disputeId, round, root, voters, msg.sender, voteDeadline);

        _repay(disputeId, present, _costSince(gasAtEntry, present.pot));
    }

    /// @inheritdoc IDisputeManager
    function settle(
        bytes32 disputeId,
        Outcome outcome,
        bytes calldata outcomes,
        bytes32[] calldata openings,
        bytes calldata signature
    ) external {
        uint256 gasAtEntry = gasleft();
        Dispute storage stored = _due(disputeId, State.Sealed);
        if (outcome == Outcome.None) revert InvalidOutcome(uint8(outcome));
        uint8 round = stored.round;
        Round storage present = _rounds[disputeId][round];
        (uint64 opened, uint64 signers) = _openedBy(disputeId, round, present, outcome, outcomes, openings);
        uint256 size = _sizeOf(round);
        _requireQuorum(signers, size);
        bytes memory keys = present.committee.readKeys(size);
        bytes32 digest = _voteDigest(disputeId, round, outcome, present.envelopeDigest, keccak256(keys));
        if (!BLS.verify(present.committee.sumOf(keys, signers), digest, VOTE_TAG, signature)) {
            revert InvalidSignature(disputeId);
        }

        present.opened = opened;
        present.signers = signers;
        present.outcome = outcome;
        uint256 window = _isAppealable(stored) ? _appealWindow : 0;
        uint256 appealDeadline = _enter(stored, State.Proposed, window);
        emit Settled(disputeId, round, outcome, signers, msg.sender, appealDeadline);
        _weigh(disputeId, stored, outcome);

        // What is left then divides equally among the signers.
        uint256 pot = present.pot;
        uint256 cost = _costSince(gasAtEntry, pot);
        _repay(disputeId, present, cost + (pot - cost) % uint256(signers).count());
    }

    /// @inheritdoc IDisputeManager
    function appeal(bytes32 disputeId) external payable {
        Dispute storage stored = _inState(disputeId, State.Proposed);
        uint8 round = stored.round + 1;
        uint8 appeals = stored.appeals;
        if (!_hasRung(stored, round) || appeals == MAX_APPEALS) {
            revert NotAppealable(disputeId, stored.round, stored.rungs, appeals);
        }
        bytes32 claimId = stored.claimId;
        _promiseShard(claimId, _uses[claimId]);
        // Only now: where no appeal is possible the time for it is over at once, and that is not why.
        _requireBefore(disputeId, stored.deadline);
        uint256 fee = roundFee(round);
        _requirePayment(_appealBond + fee);

        stored.appeals = appeals + 1;
        stored.appellant = msg.sender;
        uint256 seedBlock = _beginRound(disputeId, stored, round, fee, block.timestamp + _drawWindow);
        emit Appealed(disputeId, round, msg.sender, seedBlock);
    }

    /// @inheritdoc IDisputeManager
    function expire(bytes32 disputeId) external {
        Dispute storage stored = _existing(disputeId);
        State state = stored.state;
        if (state >= State.Final) revert DisputeEnded(disputeId, state);
        uint256 deadline = stored.deadline;
        if (block.timestamp <= deadline) revert DeadlineNotPassed(disputeId, deadline);

        if (state == State.Open) {
            if (!_isEscalated(disputeId, stored.round)) ++_uses[stored.claimId].left;
            _fail(disputeId, stored, _payer(stored));
        } else if (state == State.Drawn) {
            _fail(disputeId, stored, stored.owner);
        } else if (state == State.Proposed) {
            _end(disputeId, stored, State.Final);
        } else {
            _escalate(disputeId, stored, deadline + _drawWindow);
        }
    }

    /// @inheritdoc IDisputeManager
    function reveal(bytes32 disputeId, uint8 round, bytes calldata outcomes, bytes32[] calldata openings) external {
        Round storage past = _begun(disputeId, round);
        uint256 voteDeadline = past.voteDeadline;
        if (voteDeadline == 0) revert WrongState(disputeId, _disputes[disputeId].state, State.Sealed);
        _requireBefore(disputeId, voteDeadline + _voteWindow);

        (uint64 opened,) = _openedBy(disputeId, round, past, Outcome.None, outcomes, openings);
        opened |= past.opened;
        past.opened = opened;
        emit Revealed(disputeId, round, opened);
    }

    /* MONEY */

    /// @inheritdoc IDisputeManager
    function collectFee(bytes32 disputeId, uint8 round, uint8 place) external {
        Round storage settled = _begun(disputeId, round);
        uint256 signers = settled.signers;
        if (!signers.contains(place)) revert NotASigner(disputeId, place);
        uint256 paid = settled.paid;
        if (paid.contains(place)) revert AlreadyCollected(disputeId);

        settled.paid = uint64(paid | (1 << place));
        address operator = verifiers.seat(settled.committee.readSeat(settled.size, place)).operator;
        uint256 share = settled.pot / signers.count();
        emit FeeCollected(disputeId, round, place, operator, share);

        _pay(operator, share);
    }

    /// @dev The gas that the transaction uses, at a price that the sender cannot choose, as far as cap and pot go.
    function _costSince(uint256 gasAtEntry, uint256 pot) private view returns (uint256 cost) {
        uint256 used = gasAtEntry - gasleft() + BASE_GAS + CALLDATA_BYTE_GAS * msg.data.length;
        cost = used * (block.basefee + PRIORITY_FEE);
        if (cost > _submitterCap) cost = _submitterCap;
        if (cost > pot) cost = pot;
    }

    /// @dev The last thing that a call does. A sender that refuses the money may fetch it.
    function _repay(bytes32 disputeId, Round storage present, uint256 amount) private {
        present.pot -= uint96(amount);
        if (!_send(msg.sender, amount)) _owe(disputeId, msg.sender, amount);
    }

    /* CHECKS */

    /// @dev The places whose votes are shown, which with all other commitments must make the sealed root; and of those
    /// the places that voted for `outcome`.
    function _openedBy(
        bytes32 disputeId,
        uint8 round,
        Round storage sealed_,
        Outcome outcome,
        bytes calldata outcomes,
        bytes32[] calldata openings
    ) private view returns (uint64, uint64) {
        uint256 size = _sizeOf(round);
        if (outcomes.length != size) revert WrongLength(outcomes.length, size);
        if (openings.length != size) revert WrongLength(openings.length, size);
        (bytes32[] memory commitments, uint256 opened, uint256 agreeing) =
            Openings.read(disputeId, round, outcome, outcomes, openings);
        uint256 strangers = opened & ~uint256(sealed_.voters);
        if (strangers != 0) revert NotSealed(disputeId, strangers);
        bytes32 root = Merkle.root(commitments);
        if (root != sealed_.root) revert WrongOpening(disputeId, root);
        return (uint64(opened), uint64(agreeing));
    }

    function _requireQuorum(uint256 signers, uint256 size) private pure {
        uint256 quorum = Quorum.threshold(size);
        if (signers.count() < quorum) revert QuorumNotReached(signers.count(), quorum);
    }

    function _requirePayment(uint256 required) private view {
        if (msg.value != required) revert WrongPayment(msg.value, required);
    }
}
