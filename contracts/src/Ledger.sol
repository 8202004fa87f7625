// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IDisputeManager} from "./interfaces/IDisputeManager.sol";

/// @title Money on its way out: owed until it is fetched, burnt, or paid
abstract contract Ledger is IDisputeManager {
    /// @dev Nobody holds its key.
    address private constant BURN = 0x000000000000000000000000000000000000dEaD;

    /// @inheritdoc IDisputeManager
    mapping(address to => uint256) public owed;

    /// @inheritdoc IDisputeManager
    function withdraw(address to) external {
        uint256 amount = owed[to];
        if (amount == 0) revert NothingOwed(to);

        owed[to] = 0;
        emit Withdrawn(to, amount);

        _pay(to, amount);
    }

    /// @dev Owed and not sent, so that nobody can stop a dispute by refusing money.
    function _owe(bytes32 disputeId, address to, uint256 amount) internal {
        if (amount == 0) return;
        owed[to] += amount;
        emit Owed(disputeId, to, amount);
    }

    /// @dev Sent at once: no code is there to refuse it or to call back.
    function _burn(bytes32 disputeId, uint256 amount) internal {
        emit Burnt(disputeId, amount);
        _pay(BURN, amount);
    }

    function _pay(address to, uint256 amount) internal {
        if (!_send(to, amount)) revert PaymentFailed(to, amount);
    }

    /// @dev What the receiver answers is not copied: its length is the receiver's choice, and its price the caller's.
    function _send(address to, uint256 amount) internal returns (bool paid) {
        assembly ("memory-safe") {
            paid := call(gas(), to, amount, 0, 0, 0, 0)
        }
    }
}
