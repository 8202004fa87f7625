// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SSTORE2} from "solady/utils/SSTORE2.sol";

import {BLS} from "./BLS.sol";

/// @title A committee sealed as the code of a contract
/// @notice The keys in order of place, 128 bytes each, their sum, then the seats, 4 bytes each: one cold read brings
/// them all. As a quorum signs, it is cheaper to take the absent from the sum than to add the signers up.
library Committee {
    uint256 private constant SEAT_ID_BYTES = 4;

    /// @notice Seal the seats with their keys, concatenated in order of place.
    function seal(bytes memory keys, uint32[] memory seatIds) internal returns (address blob) {
        bytes memory seats;
        for (uint256 place; place < seatIds.length; ++place) {
            seats = abi.encodePacked(seats, seatIds[place]);
        }
        return SSTORE2.write(abi.encodePacked(keys, BLS.sumKeys(keys, (1 << seatIds.length) - 1), seats));
    }

    /// @notice The sum of the signers' keys: infinity if there are none.
    function sumOf(address blob, bytes memory keys, uint256 signers) internal view returns (bytes memory) {
        uint256 size = keys.length / BLS.KEY_BYTES;
        return BLS.subtract(readKey(blob, size), BLS.sumKeys(keys, ~signers & ((1 << size) - 1)));
    }

    /// @dev Writes into the room made for it: appending would copy all earlier keys again.
    function putKey(bytes memory keys, uint256 place, bytes memory key) internal pure {
        uint256 offset = place * BLS.KEY_BYTES;
        assembly ("memory-safe") {
            mcopy(add(add(keys, 0x20), offset), add(key, 0x20), mload(key))
        }
    }

    function readKeys(address blob, uint256 size) internal view returns (bytes memory) {
        return SSTORE2.read(blob, 0, size * BLS.KEY_BYTES);
    }

    /// @dev What follows the last key is their sum.
    function readKey(address blob, uint256 place) internal view returns (bytes memory) {
        return SSTORE2.read(blob, place * BLS.KEY_BYTES, (place + 1) * BLS.KEY_BYTES);
    }

    function readSeat(address blob, uint256 size, uint256 place) internal view returns (uint32) {
        uint256 start = (size + 1) * BLS.KEY_BYTES + place * SEAT_ID_BYTES;
        return uint32(bytes4(SSTORE2.read(blob, start, start + SEAT_ID_BYTES)));
    }

    function readSeats(address blob, uint256 size) internal view returns (uint32[] memory seatIds) {
        seatIds = new uint32[](size);
        for (uint256 place; place < size; ++place) {
            seatIds[place] = readSeat(blob, size, place);
        }
    }
}
