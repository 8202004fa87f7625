// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Whose claim comes first
/// @notice SPEC 5.6. Reads verdicts and bindings; decides nothing that they have not.
interface IPriorities {
    enum Priority {
        First,
        Second,
        CoClaim
    }

    enum Standing {
        Unknown, // nothing is known of the model
        Registered, // somebody had it time-stamped, no more
        Bound, // a claim is bound to it, none has been found in it
        Found, // a claim was found in it that comes before all others that were
        CoClaim // several were, and none comes before all others
    }

    error ClaimNotBound(bytes32 claimId);

    /// @notice Which of two bound claims comes first: the one whose mark was found in the other's bound model, but not the
    /// other way round; neither if each was found in the other's; else the one that was bound earlier.
    function priority(bytes32 first, bytes32 second) external view returns (Priority);

    /// @notice Who stands behind a model, by what verdicts and bindings say now.
    /// @return standing What is known of it.
    /// @return claimId Zero unless the standing is Bound or Found.
    /// @return owner Zero if Unknown or CoClaim.
    function ownerOf(bytes32 modelDigest) external view returns (Standing standing, bytes32 claimId, address owner);
}
