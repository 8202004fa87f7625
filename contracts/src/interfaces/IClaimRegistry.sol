// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Who committed what, when, and what randomness followed
/// @notice SPEC 3: commit, beacon, bind. Beside it, models that their makers had time-stamped.
interface IClaimRegistry {
    error InvalidParameters(string which);
    error InvalidShardCount(uint256 sent, uint256 most);
    error AlreadyCommitted(bytes32 claimId);
    error UnknownClaim(bytes32 claimId);
    error NotOwner(bytes32 claimId, address caller);
    error BeaconAlreadyDrawn(bytes32 claimId);
    error BeaconTooEarly(bytes32 claimId, uint256 beaconBlock);
    error BeaconNotDrawn(bytes32 claimId);
    error AlreadyBound(bytes32 claimId, bytes32 modelDigest);
    error AlreadyRegistered(bytes32 modelDigest, address registrant, uint256 registeredBlock);
    error EmptyDigest();

    event Committed(
        bytes32 indexed claimId, address indexed owner, bytes32 commitment, uint16 shardCount, uint256 beaconBlock
    );
    event BeaconMoved(bytes32 indexed claimId, uint256 beaconBlock);
    event BeaconDrawn(bytes32 indexed claimId, bytes32 beacon);
    event Bound(bytes32 indexed claimId, bytes32 indexed modelDigest);
    event ModelRegistered(bytes32 indexed modelDigest, address indexed registrant);

    struct Claim {
        address owner;
        uint48 committedBlock;
        uint48 beaconBlock;
        uint48 boundBlock;
        uint16 shardCount;
        bytes32 commitment;
        bytes32 beacon;
        bytes32 modelDigest;
    }

    /// @dev Zeros where the model was never registered.
    struct Registration {
        address registrant;
        uint48 registeredBlock;
    }

    /// @notice Record a commitment of the caller's; its beacon is the hash of a block fixed now.
    /// @param shardCount How many shards the commitment holds, 1 to 256: what a dispute's seed chooses among.
    function commit(bytes32 commitment, uint16 shardCount) external returns (bytes32 claimId);

    /// @notice Record the beacon, or move a missed one by rule. Open to anyone.
    function drawBeacon(bytes32 claimId) external;

    /// @notice Record the digest of the marked model, once, by the owner, after the beacon.
    function bind(bytes32 claimId, bytes32 modelDigest) external;

    /// @notice Time-stamp a model, against claims that come after it. The first to do so is its registrant for ever.
    function registerModel(bytes32 modelDigest) external;

    /// @notice The claim, reverting if there is none.
    function claim(bytes32 claimId) external view returns (Claim memory);

    /// @notice The claim that bound a model first, or zero.
    function firstBinding(bytes32 modelDigest) external view returns (bytes32 claimId);

    /// @notice Who registered a model, and when.
    function registration(bytes32 modelDigest) external view returns (Registration memory);

    /// @notice How many blocks after the commitment the beacon's is.
    function beaconDelay() external view returns (uint256);
}
