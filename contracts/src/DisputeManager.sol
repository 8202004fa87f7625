// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {Ledger} from "./Ledger.sol";
import {Penalties} from "./Penalties.sol";
import {Priorities} from "./Priorities.sol";
import {Terms} from "./Terms.sol";
import {IClaimRegistry} from "./interfaces/IClaimRegistry.sol";
import {IDisputeManager} from "./interfaces/IDisputeManager.sol";
import {IVerifierRegistry} from "./interfaces/IVerifierRegistry.sol";
import {BLS} from "./libraries/BLS.sol";
import {BlockSeed} from "./libraries/BlockSeed.sol";
import {Committee} from "./libraries/Committee.sol";
import {Draw} from "./libraries/Draw.sol";
import {Merkle} from "./libraries/Merkle.sol";
import {Openings} from "./libraries/Openings.sol";
import {Quorum} from "./libraries/Quorum.sol";
import {Shards} from "./libraries/Shards.sol";
import {SEAL_TAG, Seal} from "./types/Seal.sol";
import {VOTE_TAG, Vote} from "./types/Vote.sol";

/// @title Disputes, their rounds, committees, verdicts and pots
contract DisputeManager is Terms, Ledger, EIP712 {
    using Committee for address;
    using Quorum for uint256;

    /// @dev What this court has asked of a claim.
    struct Use {
        uint256 burnt; // a bit for each shard
        uint16 shardCount;
        uint16 left; // neither burnt nor promised to a committee that is not drawn yet
        uint64 disputes;
    }

    uint256 private constant MAX_APPEALS = 2;

    /// @dev What a transaction costs before and after the part of it that measures itself.
    uint256 private constant BASE_GAS = 21_000 + 8_000;
    uint256 private constant CALLDATA_BYTE_GAS = 16;
    uint256 private constant PRIORITY_FEE = 1 gwei;

    /// @inheritdoc IDisputeManager
    address public immutable penalties;
    /// @inheritdoc IDisputeManager
    address public immutable priorities;

    mapping(bytes32 disputeId => Dispute) private _disputes;
    mapping(bytes32 disputeId => mapping(uint256 round => Round)) private _rounds;
    mapping(bytes32 claimId => Use) private _uses;

    /// @inheritdoc IDisputeManager
    mapping(bytes32 claimId => mapping(bytes32 modelDigest => Outcome)) public verdictOf;
    mapping(bytes32 modelDigest => bytes32[] claimIds) private _matched;
    mapping(bytes32 modelDigest => mapping(bytes32 claimId => bool)) private _hasMatched;

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

        _repay(present, _costSince(gasAtEntry, present.pot));
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
        _repay(present, cost + (pot - cost) % uint256(signers).count());
    }

    /// @inheritdoc IDisputeManager
    function appeal(bytes32 disputeId) external payable {
        Dispute storage stored = _due(disputeId, State.Proposed);
        uint8 round = stored.round + 1;
        uint8 appeals = stored.appeals;
        if (!_hasRung(stored, round) || appeals == MAX_APPEALS) {
            revert NotAppealable(disputeId, stored.round, stored.rungs, appeals);
        }
        uint256 fee = roundFee(round);
        _requirePayment(_appealBond + fee);
        bytes32 claimId = stored.claimId;
        _promiseShard(claimId, _uses[claimId]);

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

    /* ROUNDS */

    /// @dev A round in `Open`, with what it may pay out.
    function _beginRound(bytes32 disputeId, Dispute storage stored, uint8 round, uint256 pot, uint256 drawDeadline)
        private
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

    /// @dev SPEC 4.3, from the seats active in the block before opening: no seat can join or leave knowing the dispute.
    function _seatCommittee(bytes32 disputeId, Dispute storage stored, bytes32 seed) private {
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

    function _promiseShard(bytes32 claimId, Use storage used) private {
        uint16 left = used.left;
        if (left == 0) revert NoShardLeft(claimId, used.shardCount);
        used.left = left - 1;
    }

    /// @dev No quorum in time is nobody's verdict. The next draw is due a window after the deadline that was missed, so
    /// that late calls cannot make a dispute outlive its members' bonds.
    function _escalate(bytes32 disputeId, Dispute storage stored, uint256 drawDeadline) private {
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
    function _fail(bytes32 disputeId, Dispute storage stored, address failing) private {
        address appellant = stored.appellant;
        _returnPot(disputeId, stored);
        if (failing == appellant) {
            _burn(disputeId, _appealBond);
            _end(disputeId, stored, State.Final);
        } else {
            if (appellant != address(0)) _owe(disputeId, appellant, _appealBond);
            stored.outcome = Outcome.None;
            _end(disputeId, stored, State.Forfeit);
        }
    }

    /// @dev SPEC 5: what a round's verdict is worth, and so the bond of the appeal that asked for it.
    function _weigh(bytes32 disputeId, Dispute storage stored, Outcome outcome) private {
        bool replaces = true;
        if (stored.appeals != 0) {
            address appellant = stored.appellant;
            replaces = outcome == Outcome.Match || outcome == Outcome.NoMatch || outcome == Outcome.Inconclusive
                || (outcome == Outcome.BadKey && appellant != stored.owner);
            if (replaces && outcome != stored.outcome) _owe(disputeId, appellant, _appealBond);
            else _burn(disputeId, _appealBond);
        }
        if (replaces) (stored.outcome, stored.verdictRound) = (outcome, stored.round);
    }

    function _end(bytes32 disputeId, Dispute storage stored, State state) private {
        Outcome outcome = stored.outcome;
        stored.state = state;
        if (outcome == Outcome.Match || outcome == Outcome.NoMatch) {
            _record(stored.claimId, stored.modelDigest, outcome);
        }
        emit Ended(disputeId, state, outcome, stored.verdictRound);
        if (state == State.Forfeit || outcome == Outcome.NoMatch || outcome == Outcome.BadKey) {
            _burn(disputeId, _bond);
        } else {
            _owe(disputeId, stored.owner, _bond);
        }
    }

    function _record(bytes32 claimId, bytes32 modelDigest, Outcome outcome) private {
        verdictOf[claimId][modelDigest] = outcome;
        if (outcome == Outcome.Match && !_hasMatched[modelDigest][claimId]) {
            _hasMatched[modelDigest][claimId] = true;
            _matched[modelDigest].push(claimId);
        }
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

    /// @dev The last thing that a call does. If the sender refuses the money, it stays in the pot.
    function _repay(Round storage present, uint256 amount) private {
        uint96 pot = present.pot;
        present.pot = pot - uint96(amount);
        if (!_send(msg.sender, amount)) present.pot = pot;
    }

    function _takePot(bytes32 disputeId, uint8 round) private returns (uint256 pot) {
        pot = _rounds[disputeId][round].pot;
        _rounds[disputeId][round].pot = 0;
    }

    /// @dev What no committee has earned goes back.
    function _returnPot(bytes32 disputeId, Dispute storage stored) private {
        _owe(disputeId, _payer(stored), _takePot(disputeId, stored.round));
    }

    /// @dev Who asked for the present round and paid for it.
    function _payer(Dispute storage stored) private view returns (address) {
        return stored.appeals == 0 ? stored.owner : stored.appellant;
    }

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

    /* CHECKS */

    function _existing(bytes32 disputeId) private view returns (Dispute storage stored) {
        stored = _disputes[disputeId];
        if (stored.state == State.None) revert UnknownDispute(disputeId);
    }

    /// @dev In the state that an action needs, and not too late for it.
    function _due(bytes32 disputeId, State required) private view returns (Dispute storage stored) {
        stored = _existing(disputeId);
        if (stored.state != required) revert WrongState(disputeId, stored.state, required);
        _requireBefore(disputeId, stored.deadline);
    }

    function _enter(Dispute storage stored, State state, uint256 window) private returns (uint256 deadline) {
        deadline = block.timestamp + window;
        stored.state = state;
        stored.deadline = uint48(deadline);
    }

    function _begun(bytes32 disputeId, uint8 round) private view returns (Round storage) {
        if (round > _existing(disputeId).round) revert UnknownRound(disputeId, round);
        return _rounds[disputeId][round];
    }

    function _drawn(bytes32 disputeId, uint8 round) private view returns (Round storage drawn) {
        drawn = _begun(disputeId, round);
        if (drawn.seed == 0) revert WrongState(disputeId, _disputes[disputeId].state, State.Drawn);
    }

    function _hasRung(Dispute storage stored, uint8 round) private view returns (bool) {
        return round < stored.rungs;
    }

    function _isAppealable(Dispute storage stored) private view returns (bool) {
        return _hasRung(stored, stored.round + 1) && stored.appeals < MAX_APPEALS && _uses[stored.claimId].left != 0;
    }

    /// @dev A round follows a settled one by an appeal, one without a verdict by escalation.
    function _isEscalated(bytes32 disputeId, uint8 round) private view returns (bool) {
        return round != 0 && _rounds[disputeId][round - 1].outcome == Outcome.None;
    }

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

    function _voteDigest(bytes32 disputeId, uint8 round, Outcome outcome, bytes32 envelopeDigest, bytes32 committeeHash)
        private
        view
        returns (bytes32)
    {
        return _hashTypedDataV4(Vote(disputeId, round, uint8(outcome), envelopeDigest, committeeHash).hash());
    }

    function _sealDigest(bytes32 disputeId, uint8 round, bytes32 root, uint64 voters, bytes32 committeeHash)
        private
        view
        returns (bytes32)
    {
        return _hashTypedDataV4(Seal(disputeId, round, root, voters, committeeHash).hash());
    }

    function _requireQuorum(uint256 signers, uint256 size) private pure {
        uint256 quorum = Quorum.threshold(size);
        if (signers.count() < quorum) revert QuorumNotReached(signers.count(), quorum);
    }

    function _requirePayment(uint256 required) private view {
        if (msg.value != required) revert WrongPayment(msg.value, required);
    }

    function _requireBefore(bytes32 disputeId, uint256 deadline) private view {
        if (block.timestamp > deadline) revert DeadlinePassed(disputeId, deadline);
    }
}
