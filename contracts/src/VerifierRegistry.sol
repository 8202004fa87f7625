// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Checkpoints} from "@openzeppelin/contracts/utils/structs/Checkpoints.sol";
import {SSTORE2} from "solady/utils/SSTORE2.sol";

import {IVerifierRegistry} from "./interfaces/IVerifierRegistry.sol";
import {BLS} from "./libraries/BLS.sol";
import {POSSESSION_TAG, Possession} from "./types/Possession.sol";

/// @title Seats, their bonds, and the list of the active ones at any past block
contract VerifierRegistry is IVerifierRegistry, EIP712 {
    using Checkpoints for Checkpoints.Trace208;

    /// @dev A seat as stored. What never changes lies in a contract's code: BLS key, envelope key, endpoint.
    struct Record {
        address operator;
        uint48 withdrawableAt;
        bool withdrawn;
        uint32 position; // in the active list; meaningless once it has left that
        address blob;
        uint96 bond; // what is left of it
    }

    uint256 private constant ENVELOPE_KEY_AT = BLS.KEY_BYTES;
    uint256 private constant ENDPOINT_AT = ENVELOPE_KEY_AT + 32;
    uint256 private constant MAX_ENDPOINT_BYTES = 256;
    address private constant BURN = 0x000000000000000000000000000000000000dEaD;

    /// @inheritdoc IVerifierRegistry
    uint256 public immutable bond;

    /// @inheritdoc IVerifierRegistry
    uint256 public immutable exitDelay;

    /// @inheritdoc IVerifierRegistry
    address public immutable slasher;

    /// @inheritdoc IVerifierRegistry
    mapping(address operator => uint32 seatIdPlusOne) public seatOf;

    Record[] private _seats;
    mapping(bytes32 blsKeyHash => bool) private _keyUsed;

    /// @dev The active seats, a list without holes, in every state it ever had at the end of a block.
    mapping(uint256 position => Checkpoints.Trace208 seatId) private _active;
    Checkpoints.Trace208 private _activeCount;

    constructor(uint256 bond_, uint32 exitDelay_, address slasher_) EIP712("Assay", "1") {
        if (bond_ == 0 || bond_ > type(uint96).max) revert InvalidParameters("bond");
        if (exitDelay_ == 0) revert InvalidParameters("exitDelay");
        if (slasher_ == address(0)) revert InvalidParameters("slasher");
        bond = bond_;
        exitDelay = exitDelay_;
        slasher = slasher_;
    }

    /* SEATS */

    /// @inheritdoc IVerifierRegistry
    function register(bytes calldata blsKey, bytes calldata possession, bytes32 envelopeKey, string calldata endpoint)
        external
        payable
        returns (uint32 seatId)
    {
        if (msg.value != bond) revert WrongBond(msg.value, bond);
        if (seatOf[msg.sender] != 0) revert AlreadySeated(msg.sender, seatOf[msg.sender] - 1);
        if (envelopeKey == 0) revert EmptyEnvelopeKey();
        if (bytes(endpoint).length > MAX_ENDPOINT_BYTES) revert EndpointTooLong(bytes(endpoint).length);
        if (blsKey.length != BLS.KEY_BYTES || BLS.isInfinity(blsKey)) revert MalformedKey();
        bytes32 blsKeyHash = keccak256(blsKey);
        if (_keyUsed[blsKeyHash]) revert KeyAlreadyUsed(blsKeyHash);
        bytes32 digest = _hashTypedDataV4(Possession(msg.sender, blsKeyHash).hash());
        if (!BLS.verify(blsKey, digest, POSSESSION_TAG, possession)) revert InvalidPossession();

        seatId = uint32(_seats.length);
        uint32 position = uint32(_activeCount.latest());
        address blob = SSTORE2.write(abi.encodePacked(blsKey, envelopeKey, endpoint));
        _seats.push(Record(msg.sender, 0, false, position, blob, uint96(bond)));
        seatOf[msg.sender] = seatId + 1;
        _keyUsed[blsKeyHash] = true;
        _active[position].push(uint48(block.number), seatId);
        _activeCount.push(uint48(block.number), position + 1);
        emit Registered(seatId, msg.sender, blsKey, envelopeKey, endpoint);
    }

    /// @inheritdoc IVerifierRegistry
    function requestExit(uint32 seatId) external {
        Record storage leaving = _existing(seatId);
        if (leaving.operator != msg.sender) revert NotOperator(seatId, msg.sender);
        if (leaving.withdrawableAt != 0) revert AlreadyExiting(seatId);

        leaving.withdrawableAt = uint48(block.timestamp + exitDelay);
        _deactivate(leaving.position);
        emit ExitRequested(seatId, leaving.withdrawableAt);
    }

    /// @inheritdoc IVerifierRegistry
    function withdrawBond(uint32 seatId) external {
        Record storage leaving = _existing(seatId);
        if (leaving.withdrawableAt == 0) revert ExitNotRequested(seatId);
        if (block.timestamp < leaving.withdrawableAt) revert ExitTooEarly(seatId, leaving.withdrawableAt);
        if (leaving.withdrawn) revert BondAlreadyWithdrawn(seatId);

        uint256 left = leaving.bond;
        leaving.withdrawn = true;
        leaving.bond = 0;
        delete seatOf[leaving.operator];
        emit BondWithdrawn(seatId, left);
        if (left != 0) _pay(leaving.operator, left);
    }

    /// @inheritdoc IVerifierRegistry
    function slash(uint32 seatId, uint256 amount, address beneficiary) external returns (uint256 taken) {
        if (msg.sender != slasher) revert NotSlasher(msg.sender);
        Record storage slashed = _existing(seatId);
        taken = Math.min(amount, slashed.bond);
        if (taken == 0) return 0;

        uint256 left = slashed.bond - taken;
        slashed.bond = uint96(left);
        if (left == 0) {
            // Nothing is left to wait for: the operator may have its place back at once.
            if (slashed.withdrawableAt == 0) _deactivate(slashed.position);
            slashed.withdrawableAt = uint48(block.timestamp);
        }
        emit Slashed(seatId, taken, left, beneficiary);
        _pay(beneficiary, taken / 2);
        _pay(BURN, taken - taken / 2);
    }

    /// @inheritdoc IVerifierRegistry
    function seat(uint32 seatId) external view returns (Seat memory) {
        Record storage stored = _existing(seatId);
        return Seat({
            operator: stored.operator,
            withdrawableAt: stored.withdrawableAt,
            withdrawn: stored.withdrawn,
            bond: stored.bond,
            envelopeKey: bytes32(SSTORE2.read(stored.blob, ENVELOPE_KEY_AT, ENDPOINT_AT)),
            blsKey: SSTORE2.read(stored.blob, 0, BLS.KEY_BYTES),
            endpoint: string(SSTORE2.read(stored.blob, ENDPOINT_AT))
        });
    }

    /// @inheritdoc IVerifierRegistry
    function blsKeyOf(uint32 seatId) external view returns (bytes memory) {
        return SSTORE2.read(_existing(seatId).blob, 0, BLS.KEY_BYTES);
    }

    /* THE ACTIVE LIST */

    /// @inheritdoc IVerifierRegistry
    function activeCountAt(uint48 blockNumber) public view returns (uint32) {
        if (blockNumber >= block.number) revert BlockNotPast(blockNumber);
        return uint32(_activeCount.upperLookupRecent(blockNumber));
    }

    /// @inheritdoc IVerifierRegistry
    function activeSeatAt(uint32 position, uint48 blockNumber) external view returns (uint32 seatId) {
        uint32 count = activeCountAt(blockNumber);
        if (position >= count) revert UnknownPosition(position, count);
        return uint32(_active[position].upperLookupRecent(blockNumber));
    }

    /// @dev The last seat of the list takes the place of the one that leaves.
    function _deactivate(uint32 position) private {
        uint32 lastPosition = uint32(_activeCount.latest()) - 1;
        uint32 lastSeatId = uint32(_active[lastPosition].latest());
        _seats[lastSeatId].position = position;
        _active[position].push(uint48(block.number), lastSeatId);
        _activeCount.push(uint48(block.number), lastPosition);
    }

    function _pay(address to, uint256 amount) private {
        (bool paid,) = to.call{value: amount}("");
        if (!paid) revert PaymentFailed(to, amount);
    }

    function _existing(uint32 seatId) private view returns (Record storage) {
        if (seatId >= _seats.length) revert UnknownSeat(seatId);
        return _seats[seatId];
    }
}
