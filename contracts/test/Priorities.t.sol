// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ClaimRegistry} from "../src/ClaimRegistry.sol";
import {Priorities} from "../src/Priorities.sol";
import {IClaimRegistry} from "../src/interfaces/IClaimRegistry.sol";
import {IDisputeManager} from "../src/interfaces/IDisputeManager.sol";
import {IPriorities} from "../src/interfaces/IPriorities.sol";
import {Base} from "./Base.sol";
import {Court} from "./Court.sol";

/// @dev What Priorities asks of a court: verdicts, and the claims that ever were found in a model.
contract VerdictsDouble {
    mapping(bytes32 claimId => mapping(bytes32 modelDigest => IDisputeManager.Outcome)) public verdictOf;
    mapping(bytes32 modelDigest => bytes32[]) private found;
    mapping(bytes32 claimId => mapping(bytes32 modelDigest => bool)) private isListed;

    function put(bytes32 claimId, bytes32 modelDigest, IDisputeManager.Outcome outcome) external {
        verdictOf[claimId][modelDigest] = outcome;
        if (outcome == IDisputeManager.Outcome.Match && !isListed[claimId][modelDigest]) {
            isListed[claimId][modelDigest] = true;
            found[modelDigest].push(claimId);
        }
    }

    function matched(bytes32 modelDigest) external view returns (bytes32[] memory) {
        return found[modelDigest];
    }
}

contract PrioritiesTest is Base {
    bytes32 private constant SUSPECT = keccak256("suspect");
    IDisputeManager.Outcome private constant MATCH = IDisputeManager.Outcome.Match;
    IDisputeManager.Outcome private constant NO_MATCH = IDisputeManager.Outcome.NoMatch;

    ClaimRegistry private claims;
    VerdictsDouble private court;
    Priorities private priorities;
    /// @dev Bound in this order, the last two in one block; claim `i` is `ownerOf(i)`'s and bound to `modelOf(i)`.
    bytes32[4] private ids;

    function setUp() public {
        vm.roll(1_000);
        claims = new ClaimRegistry(1);
        court = new VerdictsDouble();
        priorities = new Priorities(IDisputeManager(address(court)), claims);
        for (uint256 i; i < 4; ++i) {
            ids[i] = _commit(i);
        }
        skipBlocks(2);
        for (uint256 i; i < 4; ++i) {
            if (i != 3) skipBlocks(1);
            _bind(i, modelOf(i));
        }
    }

    /* TWO CLAIMS */

    function test_priority__to_the_one_that_is_found_in_the_other() public {
        _find(1, modelOf(0));

        _assertPriority(0, 1, IPriorities.Priority.Second);
    }

    function test_priority__none_if_each_is_found_in_the_other() public {
        _find(0, modelOf(1));
        _find(1, modelOf(0));

        _assertPriority(0, 1, IPriorities.Priority.CoClaim);
    }

    function test_priority__to_the_earlier_binding_if_neither_is_found() public view {
        _assertPriority(0, 1, IPriorities.Priority.First);
        _assertPriority(2, 1, IPriorities.Priority.Second);
    }

    function test_priority__none_if_neither_is_found_and_both_were_bound_in_one_block() public view {
        _assertPriority(2, 3, IPriorities.Priority.CoClaim);
    }

    function test_priority__by_the_finding_though_both_were_bound_in_one_block() public {
        _find(3, modelOf(2));

        _assertPriority(2, 3, IPriorities.Priority.Second);
    }

    function test_priority__by_the_last_verdict() public {
        _find(1, modelOf(0));
        court.put(ids[1], modelOf(0), NO_MATCH);

        _assertPriority(0, 1, IPriorities.Priority.First);
    }

    function test_priority__none_of_a_claim_over_itself() public {
        _find(0, modelOf(0));

        _assertPriority(0, 0, IPriorities.Priority.CoClaim);
    }

    function test_priority__reject_claims_that_are_not_bound() public {
        bytes32 unbound = _commit(9);

        vm.expectRevert(abi.encodeWithSelector(IPriorities.ClaimNotBound.selector, unbound));
        priorities.priority(unbound, ids[0]);
        vm.expectRevert(abi.encodeWithSelector(IPriorities.ClaimNotBound.selector, unbound));
        priorities.priority(ids[0], unbound);
    }

    function test_priority__reject_unknown_claims() public {
        vm.expectRevert(abi.encodeWithSelector(IClaimRegistry.UnknownClaim.selector, SUSPECT));
        priorities.priority(ids[0], SUSPECT);
    }

    /* WHO STANDS BEHIND A MODEL */

    function test_ownerOf__unknown() public view {
        _assertStanding(SUSPECT, IPriorities.Standing.Unknown, 0, address(0));
    }

    function test_ownerOf__who_registered_it() public {
        _register(SUSPECT);

        _assertStanding(SUSPECT, IPriorities.Standing.Registered, 0, address(this));
    }

    function test_ownerOf__the_first_that_is_bound_to_it_whoever_registered_it() public {
        _register(modelOf(0));
        bytes32 later = _commit(9);
        skipBlocks(2);
        claims.drawBeacon(later);
        vm.prank(ownerOf(9));
        claims.bind(later, modelOf(0));

        _assertStanding(modelOf(0), IPriorities.Standing.Bound, ids[0], ownerOf(0));
    }

    function test_ownerOf__the_only_one_that_was_found_in_it_whoever_is_bound_to_it() public {
        _find(1, modelOf(0));

        _assertStanding(modelOf(0), IPriorities.Standing.Found, ids[1], ownerOf(1));
    }

    function test_ownerOf__the_one_that_comes_before_all_others_that_were_found() public {
        _find(2, SUSPECT);
        _find(0, SUSPECT);
        _find(1, SUSPECT);
        _assertStanding(SUSPECT, IPriorities.Standing.Found, ids[0], ownerOf(0));

        _find(1, modelOf(0));
        _assertStanding(SUSPECT, IPriorities.Standing.Found, ids[1], ownerOf(1));
    }

    function test_ownerOf__the_one_that_comes_before_two_co_claims() public {
        _find(2, SUSPECT);
        _find(3, SUSPECT);
        _find(0, SUSPECT);

        _assertStanding(SUSPECT, IPriorities.Standing.Found, ids[0], ownerOf(0));
    }

    function test_ownerOf__nobody_among_co_claims() public {
        _find(2, SUSPECT);
        _find(3, SUSPECT);

        _assertStanding(SUSPECT, IPriorities.Standing.CoClaim, 0, address(0));
    }

    /// @dev 0 before 1 and 1 before 2 by their bindings, 2 before 0 by a verdict.
    function test_ownerOf__nobody_in_a_circle() public {
        _find(0, SUSPECT);
        _find(1, SUSPECT);
        _find(2, SUSPECT);
        _find(2, modelOf(0));

        _assertStanding(SUSPECT, IPriorities.Standing.CoClaim, 0, address(0));
    }

    function test_ownerOf__leaves_out_what_a_later_verdict_did_not_find() public {
        _find(0, SUSPECT);
        _find(1, SUSPECT);
        court.put(ids[0], SUSPECT, NO_MATCH);
        _assertStanding(SUSPECT, IPriorities.Standing.Found, ids[1], ownerOf(1));

        court.put(ids[1], SUSPECT, NO_MATCH);
        _assertStanding(SUSPECT, IPriorities.Standing.Unknown, 0, address(0));
    }

    /* AGAINST THE DEFINITION */

    /// @dev `findings` has a bit for each of 4 claims in each of 4 bound models and the suspect.
    function testFuzz_ownerOf__comes_before_all_others_that_were_found(uint256 findings) public {
        for (uint256 i; i < 20; ++i) {
            if ((findings >> i) & 1 == 1) _find(i % 4, i < 16 ? modelOf(i / 4) : SUSPECT);
        }

        (IPriorities.Standing standing, bytes32 claimId,) = priorities.ownerOf(SUSPECT);

        uint256 firsts;
        uint256 found = (findings >> 16) & 15;
        for (uint256 i; i < 4; ++i) {
            if ((found >> i) & 1 == 0) continue;
            bool before = true;
            for (uint256 j; j < 4; ++j) {
                if (i == j || (found >> j) & 1 == 0) continue;
                IPriorities.Priority here = priorities.priority(ids[i], ids[j]);
                IPriorities.Priority there = priorities.priority(ids[j], ids[i]);
                if (here != IPriorities.Priority.First) before = false;
                assertTrue(
                    here == IPriorities.Priority.CoClaim ? there == here : uint8(here) + uint8(there) == 1, "mirrored"
                );
            }
            if (!before) continue;
            ++firsts;
            assertEq(claimId, ids[i]);
        }
        assertTrue(firsts < 2, "one is before all others");
        if (found == 0) assertEq(uint8(standing), uint8(IPriorities.Standing.Unknown));
        else if (firsts == 0) assertEq(uint8(standing), uint8(IPriorities.Standing.CoClaim));
        else assertEq(uint8(standing), uint8(IPriorities.Standing.Found));
    }

    /* STEPS */

    function ownerOf(uint256 index) private pure returns (address) {
        return address(uint160(0x0A00 + index));
    }

    function modelOf(uint256 index) private pure returns (bytes32) {
        return keccak256(abi.encode("model", index));
    }

    function _commit(uint256 index) private returns (bytes32) {
        vm.prank(ownerOf(index));
        return claims.commit(keccak256(abi.encode("commitment", index)), 1);
    }

    function _bind(uint256 index, bytes32 modelDigest) private {
        claims.drawBeacon(ids[index]);
        vm.prank(ownerOf(index));
        claims.bind(ids[index], modelDigest);
    }

    function _register(bytes32 modelDigest) private {
        claims.registerModel(modelDigest);
    }

    function _find(uint256 index, bytes32 modelDigest) private {
        court.put(ids[index], modelDigest, MATCH);
    }

    /// @dev Seen from either side.
    function _assertPriority(uint256 first, uint256 second, IPriorities.Priority expected) private view {
        IPriorities.Priority mirrored =
            expected == IPriorities.Priority.CoClaim ? expected : IPriorities.Priority(1 - uint8(expected));
        assertEq(uint8(priorities.priority(ids[first], ids[second])), uint8(expected));
        assertEq(uint8(priorities.priority(ids[second], ids[first])), uint8(mirrored));
    }

    function _assertStanding(bytes32 modelDigest, IPriorities.Standing standing, bytes32 claimId, address owner)
        private
        view
    {
        (IPriorities.Standing seen, bytes32 seenClaim, address seenOwner) = priorities.ownerOf(modelDigest);
        assertEq(uint8(seen), uint8(standing));
        assertEq(seenClaim, claimId);
        assertEq(seenOwner, owner);
    }
}

/// @notice In a court as it is deployed.
contract PrioritiesInCourtTest is Court {
    function setUp() public {
        deployCourt();
        registerSeats();
    }

    function test_court__a_final_match_finds_the_owner() public {
        Priorities priorities = Priorities(disputes.priorities());
        bytes32 disputeId = proposedDispute(MATCH);
        (IPriorities.Standing standing,,) = priorities.ownerOf(SUSPECT);
        assertEq(uint8(standing), uint8(IPriorities.Standing.Unknown));

        expire(disputeId);

        bytes32 claimId;
        address owner;
        (standing, claimId, owner) = priorities.ownerOf(SUSPECT);
        assertEq(uint8(standing), uint8(IPriorities.Standing.Found));
        assertEq(claimId, disputes.dispute(disputeId).claimId);
        assertEq(owner, OWNER);
        (standing, claimId, owner) = priorities.ownerOf(MODEL);
        assertEq(uint8(standing), uint8(IPriorities.Standing.Bound));
        assertEq(owner, OWNER);
    }
}
