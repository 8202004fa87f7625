// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IClaimRegistry} from "./interfaces/IClaimRegistry.sol";
import {BlockSeed} from "./libraries/BlockSeed.sol";

/// @title Claims, their beacons and bindings; models with a time stamp
contract ClaimRegistry is IClaimRegistry {
    /// @dev A claim's burnt shards are a bitmap of one word.
    uint256 private constant MOST_SHARDS = 256;

    /// @inheritdoc IClaimRegistry
    uint256 public immutable beaconDelay;

    /// @inheritdoc IClaimRegistry
    mapping(bytes32 modelDigest => bytes32 claimId) public firstBinding;

    mapping(bytes32 claimId => Claim) private _claims;
    mapping(bytes32 modelDigest => Registration) private _registrations;

    constructor(uint32 beaconDelay_) {
        // The hash of the committing block is its proposer's to know, and the proposer may be the owner.
        if (beaconDelay_ == 0) revert InvalidParameters("beaconDelay");
        beaconDelay = beaconDelay_;
    }

    /* CLAIMS */

    /// @inheritdoc IClaimRegistry
    function commit(bytes32 commitment, uint16 shardCount) external returns (bytes32 claimId) {
        if (commitment == 0) revert EmptyDigest();
        if (shardCount == 0 || shardCount > MOST_SHARDS) revert InvalidShardCount(shardCount, MOST_SHARDS);
        claimId = keccak256(abi.encode(msg.sender, commitment));
        Claim storage stored = _claims[claimId];
        if (stored.owner != address(0)) revert AlreadyCommitted(claimId);

        uint256 beaconBlock = block.number + beaconDelay;
        stored.owner = msg.sender;
        stored.committedBlock = uint48(block.number);
        stored.beaconBlock = uint48(beaconBlock);
        stored.shardCount = shardCount;
        stored.commitment = commitment;
        emit Committed(claimId, msg.sender, commitment, shardCount, beaconBlock);
    }

    /// @inheritdoc IClaimRegistry
    function drawBeacon(bytes32 claimId) external {
        Claim storage stored = _existing(claimId);
        uint256 beaconBlock = stored.beaconBlock;
        if (stored.beacon != 0) revert BeaconAlreadyDrawn(claimId);
        if (block.number <= beaconBlock) revert BeaconTooEarly(claimId, beaconBlock);

        bytes32 beacon = BlockSeed.hashOf(beaconBlock);
        if (beacon == 0) {
            beaconBlock = BlockSeed.next(beaconBlock);
            stored.beaconBlock = uint48(beaconBlock);
            emit BeaconMoved(claimId, beaconBlock);
        } else {
            stored.beacon = beacon;
            emit BeaconDrawn(claimId, beacon);
        }
    }

    /// @inheritdoc IClaimRegistry
    function bind(bytes32 claimId, bytes32 modelDigest) external {
        Claim storage stored = _existing(claimId);
        if (stored.owner != msg.sender) revert NotOwner(claimId, msg.sender);
        if (stored.beacon == 0) revert BeaconNotDrawn(claimId);
        if (stored.boundBlock != 0) revert AlreadyBound(claimId, stored.modelDigest);
        if (modelDigest == 0) revert EmptyDigest();

        stored.boundBlock = uint48(block.number);
        stored.modelDigest = modelDigest;
        if (firstBinding[modelDigest] == 0) firstBinding[modelDigest] = claimId;
        emit Bound(claimId, modelDigest);
    }

    /// @inheritdoc IClaimRegistry
    function claim(bytes32 claimId) external view returns (Claim memory) {
        return _existing(claimId);
    }

    /* MODELS */

    /// @inheritdoc IClaimRegistry
    function registerModel(bytes32 modelDigest) external {
        if (modelDigest == 0) revert EmptyDigest();
        Registration storage stored = _registrations[modelDigest];
        if (stored.registrant != address(0)) {
            revert AlreadyRegistered(modelDigest, stored.registrant, stored.registeredBlock);
        }

        stored.registrant = msg.sender;
        stored.registeredBlock = uint48(block.number);
        emit ModelRegistered(modelDigest, msg.sender);
    }

    /// @inheritdoc IClaimRegistry
    function registration(bytes32 modelDigest) external view returns (Registration memory) {
        return _registrations[modelDigest];
    }

    function _existing(bytes32 claimId) private view returns (Claim storage stored) {
        stored = _claims[claimId];
        if (stored.owner == address(0)) revert UnknownClaim(claimId);
    }
}
