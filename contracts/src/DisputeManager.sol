// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {IClaimRegistry} from "./interfaces/IClaimRegistry.sol";
import {IDisputeManager} from "./interfaces/IDisputeManager.sol";
import {IVerifierRegistry} from "./interfaces/IVerifierRegistry.sol";
import {BLS} from "./libraries/BLS.sol";
import {BlockSeed} from "./libraries/BlockSeed.sol";
import {Committee} from "./libraries/Committee.sol";
import {Draw} from "./libraries/Draw.sol";
import {Quorum} from "./libraries/Quorum.sol";
import {VOTE_TAG, Vote} from "./types/Vote.sol";

/// @title Disputes, their committees, verdicts and money
contract DisputeManager is IDisputeManager, EIP712 {
    using Committee for address;
    using Quorum for uint256;

    /// @dev Nobody holds its key.
    address private constant BURN = 0x000000000000000000000000000000000000dEaD;

    /// @dev Ethereum's slot: what turns `drawDelay` into seconds.
    uint256 private constant SLOT_SECONDS = 12;

    /// @dev The bit of `_collected` that stands for the bond; the bits below are the places.
    uint256 private constant BOND_BIT = 255;

    /// @inheritdoc IDisputeManager
    IClaimRegistry public immutable claims;

    /// @inheritdoc IDisputeManager
    IVerifierRegistry public immutable verifiers;

    /// @inheritdoc IDisputeManager
    uint256 public immutable quorum;

    uint256 private immutable _committeeSize;
    uint256 private immutable _drawDelay;
    uint256 private immutable _keyWindow;
    uint256 private immutable _voteWindow;
    uint256 private immutable _bond;
    uint256 private immutable _fee;

    mapping(bytes32 claimId => uint32) private _nextShard;
    mapping(bytes32 disputeId => Dispute) private _disputes;

    mapping(bytes32 disputeId => address blob) private _committees;
    mapping(bytes32 disputeId => uint256 bitmap) private _collected;

    constructor(IClaimRegistry claims_, IVerifierRegistry verifiers_, Parameters memory parameters_)
        EIP712("Assay", "1")
    {
        if (address(claims_).code.length == 0) revert InvalidParameters("claims");
        if (address(verifiers_).code.length == 0) revert InvalidParameters("verifiers");
        if (!Quorum.isSize(parameters_.committeeSize)) revert InvalidParameters("committeeSize");
        if (parameters_.drawDelay == 0) revert InvalidParameters("drawDelay");
        if (parameters_.keyWindow == 0) revert InvalidParameters("keyWindow");
        if (parameters_.voteWindow == 0) revert InvalidParameters("voteWindow");
        if (parameters_.bond == 0) revert InvalidParameters("bond");
        // Even if all sign, a share is one wei or more.
        if (parameters_.fee < parameters_.committeeSize) revert InvalidParameters("fee");
        uint256 longest = parameters_.drawDelay * SLOT_SECONDS + uint256(parameters_.keyWindow) + parameters_.voteWindow;
        if (verifiers_.exitDelay() <= longest) revert ExitDelayTooShort(verifiers_.exitDelay(), longest);

        claims = claims_;
        verifiers = verifiers_;
        quorum = Quorum.threshold(parameters_.committeeSize);
        _committeeSize = parameters_.committeeSize;
        _drawDelay = parameters_.drawDelay;
        _keyWindow = parameters_.keyWindow;
        _voteWindow = parameters_.voteWindow;
        _bond = parameters_.bond;
        _fee = parameters_.fee;
    }

    /* THE LIFE OF A DISPUTE */

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
        if (msg.value != _bond + _fee) revert WrongPayment(msg.value, _bond + _fee);
        uint256 active = verifiers.activeCountAt(uint48(block.number - 1));
        if (active < _committeeSize) revert NotEnoughVerifiers(active, _committeeSize);

        uint32 shard = _nextShard[claimId]++;
        disputeId = keccak256(abi.encode(block.chainid, address(this), claimId, modelDigest, shard));
        uint256 seedBlock = block.number + _drawDelay;
        Dispute storage stored = _disputes[disputeId];
        stored.owner = msg.sender;
        stored.state = State.Open;
        stored.shard = shard;
        stored.openedBlock = uint48(block.number);
        stored.seedBlock = uint48(seedBlock);
        stored.claimId = claimId;
        stored.modelDigest = modelDigest;
        emit Opened(disputeId, claimId, modelDigest, modelBytes, mirrors, shard, seedBlock);
    }

    /// @inheritdoc IDisputeManager
    function draw(bytes32 disputeId) external {
        Dispute storage stored = _in(disputeId, State.Open);
        uint256 seedBlock = stored.seedBlock;
        if (block.number <= seedBlock) revert DrawTooEarly(disputeId, seedBlock);

        bytes32 blockHash = BlockSeed.hashOf(seedBlock);
        if (blockHash == 0) {
            seedBlock = BlockSeed.next(seedBlock);
            stored.seedBlock = uint48(seedBlock);
            emit SeedMoved(disputeId, seedBlock);
        } else {
            _seatCommittee(disputeId, stored, keccak256(abi.encode(blockHash, disputeId)));
        }
    }

    /// @inheritdoc IDisputeManager
    function deliver(bytes32 disputeId, bytes32 envelopeDigest, uint64 envelopeBytes, string[] calldata mirrors)
        external
    {
        Dispute storage stored = _in(disputeId, State.Drawn);
        if (stored.owner != msg.sender) revert NotClaimOwner(stored.claimId, msg.sender);
        _requireBefore(disputeId, stored.deadline);
        if (envelopeDigest == 0) revert EmptyDigest();

        uint256 voteDeadline = block.timestamp + _voteWindow;
        stored.state = State.Keyed;
        stored.deadline = uint48(voteDeadline);
        stored.envelopeDigest = envelopeDigest;
        emit Keyed(disputeId, envelopeDigest, envelopeBytes, mirrors, voteDeadline);
    }

    /// @inheritdoc IDisputeManager
    function settle(bytes32 disputeId, Outcome outcome, uint256 bitmap, bytes calldata signature) external {
        Dispute storage stored = _in(disputeId, State.Keyed);
        _requireBefore(disputeId, stored.deadline);
        if (outcome == Outcome.None) revert InvalidOutcome();
        if (!bitmap.isWithin(_committeeSize)) revert UnknownMember(bitmap, _committeeSize);
        if (bitmap.count() < quorum) revert QuorumNotReached(bitmap.count(), quorum);
        bytes memory keys = _committees[disputeId].readKeys(_committeeSize);
        bytes32 digest = _voteDigest(disputeId, stored, outcome, keccak256(keys));
        if (!BLS.verify(BLS.sumKeys(keys, bitmap), digest, VOTE_TAG, signature)) revert InvalidSignature(disputeId);

        stored.state = State.Final;
        stored.outcome = outcome;
        stored.bitmap = bitmap;
        emit Settled(disputeId, outcome, bitmap, msg.sender);
    }

    /// @inheritdoc IDisputeManager
    function expire(bytes32 disputeId) external {
        Dispute storage stored = _existing(disputeId);
        State current = stored.state;
        if (current != State.Drawn && current != State.Keyed) revert NoDeadline(disputeId, current);
        if (block.timestamp <= stored.deadline) revert DeadlineNotPassed(disputeId, stored.deadline);

        State end = current == State.Drawn ? State.Forfeit : State.Void;
        stored.state = end;
        emit Expired(disputeId, end);
    }

    /* MONEY */

    /// @inheritdoc IDisputeManager
    function collectBond(bytes32 disputeId) external {
        Dispute storage stored = _existing(disputeId);
        (uint256 returned, uint256 burnt) = _bondAndRemainder(disputeId, stored);

        _markCollected(disputeId, BOND_BIT);
        address owner = stored.owner;
        if (returned != 0) emit BondCollected(disputeId, owner, returned);
        if (burnt != 0) emit BondCollected(disputeId, BURN, burnt);

        _pay(owner, returned);
        _pay(BURN, burnt);
    }

    /// @inheritdoc IDisputeManager
    function collectFee(bytes32 disputeId, uint8 place) external {
        Dispute storage stored = _in(disputeId, State.Final);
        uint256 bitmap = stored.bitmap;
        if (!bitmap.contains(place)) revert NotASigner(disputeId, place);

        _markCollected(disputeId, place);
        address operator = verifiers.seat(_committees[disputeId].readSeat(_committeeSize, place)).operator;
        uint256 share = _fee / bitmap.count();
        emit FeeCollected(disputeId, place, operator, share);

        _pay(operator, share);
    }

    /* VIEWS */

    /// @inheritdoc IDisputeManager
    function dispute(bytes32 disputeId) external view returns (Dispute memory) {
        return _existing(disputeId);
    }

    /// @inheritdoc IDisputeManager
    function committee(bytes32 disputeId) external view returns (uint32[] memory seatIds) {
        Dispute storage stored = _existing(disputeId);
        if (stored.seed == 0) revert WrongState(disputeId, stored.state, State.Drawn);
        seatIds = new uint32[](_committeeSize);
        for (uint256 place; place < _committeeSize; ++place) {
            seatIds[place] = _committees[disputeId].readSeat(_committeeSize, place);
        }
    }

    /// @inheritdoc IDisputeManager
    function voteDigest(bytes32 disputeId, Outcome outcome) external view returns (bytes32) {
        Dispute storage stored = _existing(disputeId);
        if (stored.envelopeDigest == 0) revert WrongState(disputeId, stored.state, State.Keyed);
        return _voteDigest(disputeId, stored, outcome, keccak256(_committees[disputeId].readKeys(_committeeSize)));
    }

    /// @inheritdoc IDisputeManager
    function parameters() external view returns (Parameters memory) {
        return Parameters({
            committeeSize: uint8(_committeeSize),
            drawDelay: uint32(_drawDelay),
            keyWindow: uint32(_keyWindow),
            voteWindow: uint32(_voteWindow),
            bond: uint96(_bond),
            fee: uint96(_fee)
        });
    }

    /* THE COMMITTEE */

    /// @dev SPEC 4.3, from the seats active in the block before opening: no seat can join or leave knowing the dispute.
    function _seatCommittee(bytes32 disputeId, Dispute storage stored, bytes32 seed) private {
        uint48 snapshot = stored.openedBlock - 1;
        uint32[] memory positions = Draw.positions(seed, verifiers.activeCountAt(snapshot), _committeeSize);
        uint32[] memory seatIds = new uint32[](_committeeSize);
        bytes memory keys = new bytes(_committeeSize * BLS.KEY_BYTES);
        for (uint256 place; place < _committeeSize; ++place) {
            seatIds[place] = verifiers.activeSeatAt(positions[place], snapshot);
            Committee.putKey(keys, place, verifiers.blsKeyOf(seatIds[place]));
        }

        uint256 keyDeadline = block.timestamp + _keyWindow;
        stored.state = State.Drawn;
        stored.seed = seed;
        stored.deadline = uint48(keyDeadline);
        _committees[disputeId] = Committee.seal(keys, seatIds);
        emit Drawn(disputeId, seed, seatIds, keccak256(keys), keyDeadline);
    }

    function _voteDigest(bytes32 disputeId, Dispute storage stored, Outcome outcome, bytes32 committeeHash)
        private
        view
        returns (bytes32)
    {
        return _hashTypedDataV4(
            Vote(disputeId, stored.round, uint8(outcome), stored.envelopeDigest, committeeHash).hash()
        );
    }

    /* MONEY, COUNTED AND SENT */

    /// @dev SPEC 5.1: what goes back to the owner, and what is burnt.
    function _bondAndRemainder(bytes32 disputeId, Dispute storage stored)
        private
        view
        returns (uint256 returned, uint256 burnt)
    {
        State state = stored.state;
        if (state == State.Void) return (_bond + _fee, 0);
        if (state == State.Forfeit) return (_fee, _bond);
        if (state != State.Final) revert WrongState(disputeId, state, State.Final);

        uint256 remainder = _fee % stored.bitmap.count();
        Outcome outcome = stored.outcome;
        return outcome == Outcome.NoMatch || outcome == Outcome.BadKey ? (remainder, _bond) : (_bond + remainder, 0);
    }

    function _markCollected(bytes32 disputeId, uint256 bit) private {
        uint256 collected = _collected[disputeId];
        if (collected.contains(bit)) revert AlreadyCollected(disputeId);
        _collected[disputeId] = collected | (1 << bit);
    }

    function _pay(address to, uint256 amount) private {
        if (amount == 0) return;
        (bool paid,) = to.call{value: amount}("");
        if (!paid) revert PaymentFailed(to, amount);
    }

    /* CHECKS */

    function _existing(bytes32 disputeId) private view returns (Dispute storage stored) {
        stored = _disputes[disputeId];
        if (stored.state == State.None) revert UnknownDispute(disputeId);
    }

    function _in(bytes32 disputeId, State required) private view returns (Dispute storage stored) {
        stored = _existing(disputeId);
        if (stored.state != required) revert WrongState(disputeId, stored.state, required);
    }

    function _requireBefore(bytes32 disputeId, uint256 deadline) private view {
        if (block.timestamp > deadline) revert DeadlinePassed(disputeId, deadline);
    }
}
