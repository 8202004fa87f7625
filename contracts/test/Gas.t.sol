// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IDisputeManager} from "../src/interfaces/IDisputeManager.sol";
import {Court} from "./Court.sol";

/// @notice What the two certificates of a round cost as transactions if all of the committee sign, and what is repaid.
abstract contract GasTest is Court {
    uint8 private immutable _size;
    uint256 private immutable _most;

    constructor(uint8 size, uint256 most) {
        _size = size;
        _most = most;
    }

    function setUp() public {
        IDisputeManager.Parameters memory sent = terms();
        sent.ladder = [_size, 0, 0, 0];
        deployCourt(sent);
        registerSeats(_size);
        vm.deal(SUBMITTER, 1 ether);
        vm.fee(1 gwei);
    }

    function test_gas__of_seal_and_settle() public {
        bytes32 disputeId = openDispute(boundClaim());
        key(disputeId);
        bytes memory votes = votesFor(MATCH, type(uint256).max, _size);

        uint256 before = SUBMITTER.balance;
        sealVotes(disputeId, votes);
        uint256 sealing = _tell("seal", before);
        before = SUBMITTER.balance;
        settleVotes(disputeId, MATCH, votes);
        uint256 settling = _tell("settle", before);

        print("together", sealing + settling);
        assertTrue(sealing + settling <= _most, "too dear");
    }

    /// @dev What the last call used. It cost its sender 1 gwei of gas, and is repaid at one more than that.
    function _tell(string memory what, uint256 before) private view returns (uint256 used) {
        used = vm.lastCallGas().gasTotalUsed;
        uint256 repaid = (SUBMITTER.balance + used * 1 gwei - before) / 2 gwei;
        print(what, used);
        print("  repaid", repaid);
        assertTrue(repaid < used + used / 50 && used < repaid + repaid / 50, "repaid wrongly");
    }
}

/// forge-config: default.isolate = true
contract Gas13Test is GasTest(13, 520_000) {}

/// forge-config: default.isolate = true
contract Gas61Test is GasTest(61, 620_000) {}
