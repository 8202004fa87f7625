// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Who committed what, when, and what randomness followed
/// @notice SPEC 3: commit, beacon, bind.
interface IClaimRegistry {
    error InvalidParameters(string which);
    error AlreadyCommitted(bytes32 claimId);
    error UnknownClaim(bytes32 claimId);
    error NotOwner(bytes32 claimId, address caller);
    error BeaconAlreadyDrawn(bytes32 claimId);
    error BeaconTooEarly(bytes32 claimId, uint256 beaconBlock);
    error BeaconNotDrawn(bytes32 claimId);
    error AlreadyBound(bytes32 claimId, bytes32 modelDigest);
    error EmptyDigest();

    event Committed(bytes32 indexed claimId, address indexed owner, bytes32 commitment, uint256 beaconBlock);
    event BeaconMoved(bytes32 indexed claimId, uint256 beaconBlock);
    event BeaconDrawn(bytes32 indexed claimId, bytes32 beacon);
    event Bound(bytes32 indexed claimId, bytes32 indexed modelDigest);

    struct Claim {
        address owner;
        uint48 committedBlock;
        uint48 beaconBlock;
        uint48 boundBlock;
        bytes32 commitment;
        bytes32 beacon;
        bytes32 modelDigest;
    }

    /// @notice Record a commitment of the caller's; its beacon is the hash of a block fixed now.
    function commit(bytes32 commitment) external returns (bytes32 claimId);

    /// @notice Record the beacon, or move a missed one by rule. Open to anyone.
    function drawBeacon(bytes32 claimId) external;

    /// @notice Record the digest of the marked model, once, by the owner, after the beacon.
    function bind(bytes32 claimId, bytes32 modelDigest) external;

    /// @notice The claim, reverting if there is none.
    function claim(bytes32 claimId) external view returns (Claim memory);

    /// @notice How many blocks after the commitment the beacon's is.
    function beaconDelay() external view returns (uint256);
}
