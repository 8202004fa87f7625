// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {IDisputeManager} from "../src/interfaces/IDisputeManager.sol";
import {Draw} from "../src/libraries/Draw.sol";
import {Merkle} from "../src/libraries/Merkle.sol";
import {Openings} from "../src/libraries/Openings.sol";
import {Quorum} from "../src/libraries/Quorum.sol";
import {Shards} from "../src/libraries/Shards.sol";
import {Possession} from "../src/types/Possession.sol";
import {Seal} from "../src/types/Seal.sol";
import {SealedVote} from "../src/types/SealedVote.sol";
import {Vote} from "../src/types/Vote.sol";
import {Court} from "./Court.sol";

struct DigestsCase {
    uint64 chainId;
    address target;
    address operator;
    bytes32 key;
    bytes32 disputeId;
    uint8 round;
    bytes32 root;
    uint64 voters;
    uint8 outcome;
    bytes32 envelopeDigest;
    bytes32 committeeHash;
    bytes32 possession;
    bytes32 seal;
    bytes32 vote;
}

struct ClaimIdCase {
    address owner;
    bytes32 commitment;
    bytes32 claimId;
}

struct SealedVoteCase {
    bytes32 disputeId;
    uint8 round;
    uint8 place;
    uint8 outcome;
    bytes32 salt;
    bytes32 leaf;
}

struct VotesRootCase {
    bytes32 seed;
    uint256 size;
    uint256 voters;
    bytes32 root;
}

struct DrawCase {
    bytes32 seed;
    uint256 population;
    bytes positions;
}

struct ShardDrawCase {
    bytes32 seed;
    uint256 shardCount;
    uint256 burnt;
    uint8 shard;
}

struct QuorumCase {
    bytes outcomes;
    uint8 outcome;
    uint64 voters;
    bool decides;
}

/// @notice Random cases of what members and contracts both compute, from `cases.json` or the file that ASSAY_CASES names.
contract CasesTest is Court {
    uint256 private constant CASES = 200;

    string private json;

    function setUp() public {
        json = vm.readFile(vm.envOr("ASSAY_CASES", string("../tests/vectors/cases.json")));
        deployCourt();
    }

    /// @dev Under the domain of any chain and contract: the register's code is put there.
    function test_cases__digests() public {
        DigestsCase[] memory cases = abi.decode(_cases("digests"), (DigestsCase[]));
        assertEq(cases.length, CASES);
        for (uint256 i; i < CASES; ++i) {
            DigestsCase memory each = cases[i];
            vm.chainId(each.chainId);
            vm.etch(each.target, address(verifiers).code);
            EIP712 target = EIP712(each.target);
            Possession memory possession = Possession(each.operator, keccak256(abi.encode(each.key)));
            Seal memory seal = Seal(each.disputeId, each.round, each.root, each.voters, each.committeeHash);
            Vote memory vote = Vote(each.disputeId, each.round, each.outcome, each.envelopeDigest, each.committeeHash);

            assertEq(typedData(target, possession.hash()), each.possession);
            assertEq(typedData(target, seal.hash()), each.seal);
            assertEq(typedData(target, vote.hash()), each.vote);
        }
    }

    function test_cases__claim_ids() public {
        ClaimIdCase[] memory cases = abi.decode(_cases("claimIds"), (ClaimIdCase[]));
        assertEq(cases.length, CASES);
        for (uint256 i; i < CASES; ++i) {
            vm.prank(cases[i].owner);
            assertEq(claims.commit(cases[i].commitment, SHARDS), cases[i].claimId);
        }
    }

    /// @dev By the struct, and as votes that are shown are hashed.
    function test_cases__sealed_votes() public view {
        SealedVoteCase[] memory cases = abi.decode(_cases("sealedVotes"), (SealedVoteCase[]));
        assertEq(cases.length, CASES);
        for (uint256 i; i < CASES; ++i) {
            SealedVoteCase memory each = cases[i];
            bytes memory outcomes = new bytes(each.place + 1);
            bytes32[] memory openings = new bytes32[](each.place + 1);
            (outcomes[each.place], openings[each.place]) = (bytes1(each.outcome), each.salt);
            (bytes32[] memory commitments,) = this.read(each.disputeId, each.round, each.outcome, outcomes, openings);

            assertEq(SealedVote(each.disputeId, each.round, each.place, each.outcome, each.salt).hash(), each.leaf);
            assertEq(commitments[each.place], each.leaf);
        }
    }

    function test_cases__votes_roots() public view {
        VotesRootCase[] memory cases = abi.decode(_cases("votesRoots"), (VotesRootCase[]));
        assertEq(cases.length, CASES);
        for (uint256 i; i < CASES; ++i) {
            bytes32[] memory leaves = new bytes32[](cases[i].size);
            for (uint256 place; place < leaves.length; ++place) {
                if (Quorum.contains(cases[i].voters, place)) {
                    leaves[place] = keccak256(abi.encode(cases[i].seed, place));
                }
            }

            assertEq(Merkle.root(leaves), cases[i].root);
        }
    }

    function test_cases__draws() public view {
        DrawCase[] memory cases = abi.decode(_cases("draws"), (DrawCase[]));
        assertEq(cases.length, CASES);
        for (uint256 i; i < CASES; ++i) {
            bytes memory positions = cases[i].positions;
            uint32[] memory drawn = Draw.positions(cases[i].seed, cases[i].population, positions.length);

            for (uint256 place; place < positions.length; ++place) {
                assertEq(drawn[place], uint8(positions[place]));
            }
        }
    }

    function test_cases__shard_draws() public view {
        ShardDrawCase[] memory cases = abi.decode(_cases("shardDraws"), (ShardDrawCase[]));
        assertEq(cases.length, CASES);
        for (uint256 i; i < CASES; ++i) {
            assertEq(Shards.choose(cases[i].burnt, cases[i].shardCount, cases[i].seed), cases[i].shard);
        }
    }

    /// @dev Who voted for an outcome among votes that are shown, and whether they decide.
    function test_cases__quorums() public view {
        QuorumCase[] memory cases = abi.decode(_cases("quorums"), (QuorumCase[]));
        assertEq(cases.length, CASES);
        for (uint256 i; i < CASES; ++i) {
            bytes memory outcomes = cases[i].outcomes;
            bytes32[] memory openings = new bytes32[](outcomes.length);
            (, uint256 agreeing) = this.read(0, 0, cases[i].outcome, outcomes, openings);

            assertEq(agreeing, cases[i].voters);
            assertTrue(Quorum.isSize(outcomes.length), "size");
            bool decides = Quorum.count(agreeing) >= Quorum.threshold(outcomes.length);
            assertTrue(decides == cases[i].decides, "decides");
        }
    }

    /// @dev The library reads calldata.
    function read(bytes32 disputeId, uint8 round, uint8 outcome, bytes calldata outcomes, bytes32[] calldata openings)
        external
        pure
        returns (bytes32[] memory commitments, uint256 agreeing)
    {
        (commitments,, agreeing) = Openings.read(disputeId, round, IDisputeManager.Outcome(outcome), outcomes, openings);
    }

    function _cases(string memory kind) private view returns (bytes memory) {
        return vm.parseJsonBytes(json, string.concat(".", kind, ".cases"));
    }
}
