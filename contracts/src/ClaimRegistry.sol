// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IClaimRegistry} from "./interfaces/IClaimRegistry.sol";
import {BlockSeed} from "./libraries/BlockSeed.sol";

/// @title Claims, their beacons and bindings
contract ClaimRegistry is IClaimRegistry {
    /// @inheritdoc IClaimRegistry
    uint256 public immutable beaconDelay;

    mapping(bytes32 claimId => Claim) private _claims;

    constructor(uint32 beaconDelay_) {
        // The hash of the committing block is its proposer's to know, and the proposer may be the owner.
        if (beaconDelay_ == 0) revert InvalidParameters("beaconDelay");
        beaconDelay = beaconDelay_;
    }

    /// @inheritdoc IClaimRegistry
    function commit(bytes32 commitment) external returns (bytes32 claimId) {
        if (commitment == 0) revert EmptyDigest();
        claimId = keccak256(abi.encode(msg.sender, commitment));
        Claim storage stored = _claims[claimId];
        if (stored.owner != address(0)) revert AlreadyCommitted(claimId);

        uint256 beaconBlock = block.number + beaconDelay;
        stored.owner = msg.sender;
        stored.committedBlock = uint48(block.number);
        stored.beaconBlock = uint48(beaconBlock);
        stored.commitment = commitment;
        emit Committed(claimId, msg.sender, commitment, beaconBlock);
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
        emit Bound(claimId, modelDigest);
    }

    /// @inheritdoc IClaimRegistry
    function claim(bytes32 claimId) external view returns (Claim memory) {
        return _existing(claimId);
    }

    function _existing(bytes32 claimId) private view returns (Claim storage stored) {
        stored = _claims[claimId];
        if (stored.owner == address(0)) revert UnknownClaim(claimId);
    }
}
