// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IClaimRegistry} from "./interfaces/IClaimRegistry.sol";
import {IDisputeManager} from "./interfaces/IDisputeManager.sol";
import {IPriorities} from "./interfaces/IPriorities.sol";

/// @title Whose claim comes first, by the verdicts of one court
contract Priorities is IPriorities {
    IDisputeManager private immutable _disputes;
    IClaimRegistry private immutable _claims;

    constructor(IDisputeManager disputes, IClaimRegistry claims) {
        _disputes = disputes;
        _claims = claims;
    }

    /// @inheritdoc IPriorities
    function priority(bytes32 first, bytes32 second) public view returns (Priority) {
        IClaimRegistry.Claim memory one = _bound(first);
        IClaimRegistry.Claim memory other = _bound(second);

        bool oneInOther = _isFound(first, other.modelDigest);
        bool otherInOne = _isFound(second, one.modelDigest);
        if (oneInOther != otherInOne) return oneInOther ? Priority.First : Priority.Second;
        if (oneInOther || one.boundBlock == other.boundBlock) return Priority.CoClaim;
        return one.boundBlock < other.boundBlock ? Priority.First : Priority.Second;
    }

    /// @inheritdoc IPriorities
    function ownerOf(bytes32 modelDigest) external view returns (Standing standing, bytes32 claimId, address owner) {
        (bytes32[] memory found, uint256 count) = _foundIn(modelDigest);
        if (count != 0) {
            claimId = _firstOf(found, count);
            if (claimId == 0) return (Standing.CoClaim, 0, address(0));
            return (Standing.Found, claimId, _claims.claim(claimId).owner);
        }
        claimId = _claims.firstBinding(modelDigest);
        if (claimId != 0) return (Standing.Bound, claimId, _claims.claim(claimId).owner);
        owner = _claims.registration(modelDigest).registrant;
        if (owner != address(0)) standing = Standing.Registered;
    }

    /// @dev The one that comes before all others, or zero. What passes the first loop need not come before those that were
    /// dropped in it, as priority may go in a circle; but if there is such a claim, it is what passes.
    function _firstOf(bytes32[] memory found, uint256 count) private view returns (bytes32 first) {
        first = found[0];
        for (uint256 i = 1; i < count; ++i) {
            if (priority(first, found[i]) == Priority.Second) first = found[i];
        }
        for (uint256 i; i < count; ++i) {
            if (found[i] != first && priority(first, found[i]) != Priority.First) return 0;
        }
    }

    /// @dev Of the claims that ever were found, those whose last verdict still says so: the first `count` of the list.
    function _foundIn(bytes32 modelDigest) private view returns (bytes32[] memory found, uint256 count) {
        found = _disputes.matched(modelDigest);
        for (uint256 i; i < found.length; ++i) {
            if (_isFound(found[i], modelDigest)) found[count++] = found[i];
        }
    }

    function _isFound(bytes32 claimId, bytes32 modelDigest) private view returns (bool) {
        return _disputes.verdictOf(claimId, modelDigest) == IDisputeManager.Outcome.Match;
    }

    function _bound(bytes32 claimId) private view returns (IClaimRegistry.Claim memory claim) {
        claim = _claims.claim(claimId);
        if (claim.boundBlock == 0) revert ClaimNotBound(claimId);
    }
}
