// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {DisputeManager} from "../src/DisputeManager.sol";
import {Possession} from "../src/types/Possession.sol";
import {Seal} from "../src/types/Seal.sol";
import {SealedVote} from "../src/types/SealedVote.sol";
import {Vote} from "../src/types/Vote.sol";
import {Court} from "./Court.sol";

/// @dev What only owners and members hash: no contract needs it, so it lives here.
struct Shard {
    uint32 index;
    bytes32 seedHash;
    bytes32 evidenceDigest;
}

struct Claim {
    address owner;
    string scheme;
    uint16 level;
    uint32 shardCount;
    bytes32 shardsRoot;
}

/// @notice SPEC 2 and 4.3 against `digests.json`.
/// @dev The vectors name contracts by address: code is put there.
contract DigestsTest is Court {
    string private json;

    function setUp() public {
        deployCourt();
        json = vm.readFile("../tests/vectors/digests.json");
        vm.chainId(vm.parseJsonUint(json, ".chainId"));
    }

    function test_possession__equals_the_vector() public {
        EIP712 register = EIP712(_at(".verifierRegistry", address(verifiers)));
        bytes32 keyHash = keccak256(vm.parseJsonBytes(json, ".possession.blsKey"));
        Possession memory possession = Possession(vm.parseJsonAddress(json, ".possession.operator"), keyHash);

        assertEq(keyHash, _bytes32(".possession.blsKeyHash"));
        assertEq(typedData(register, possession.hash()), _bytes32(".possession.digest"));
    }

    function test_vote__equals_the_vectors() public {
        EIP712 manager = EIP712(_at(".disputeManager", address(disputes)));
        for (uint8 i; i < 6; ++i) {
            string memory row = string.concat(".votes[", vm.toString(i), "]");
            Vote memory vote = Vote({
                disputeId: _bytes32(string.concat(row, ".disputeId")),
                round: uint8(vm.parseJsonUint(json, string.concat(row, ".round"))),
                outcome: uint8(vm.parseJsonUint(json, string.concat(row, ".outcome"))),
                envelopeDigest: _bytes32(string.concat(row, ".envelopeDigest")),
                committeeHash: _bytes32(string.concat(row, ".committeeHash"))
            });

            assertEq(vote.outcome, i + 1);
            assertEq(typedData(manager, vote.hash()), _bytes32(string.concat(row, ".digest")));
        }
    }

    function test_sealed_vote__equals_the_vectors() public view {
        uint256 count;
        for (string memory row; vm.keyExistsJson(json, row = _row(".sealedVotes", count)); ++count) {
            SealedVote memory vote = SealedVote({
                disputeId: _bytes32(string.concat(row, ".disputeId")),
                round: _uint8(string.concat(row, ".round")),
                place: _uint8(string.concat(row, ".place")),
                outcome: _uint8(string.concat(row, ".outcome")),
                salt: _bytes32(string.concat(row, ".salt"))
            });

            assertEq(vote.hash(), _bytes32(string.concat(row, ".hashStruct")));
        }
        assertTrue(count >= 4, "vectors");
    }

    /// @dev Members send it to each other; no contract reads it.
    function test_commitment_message__equals_the_vectors() public {
        EIP712 manager = EIP712(_at(".disputeManager", address(disputes)));
        bytes32 typehash = keccak256("Commitment(bytes32 disputeId,uint8 round,uint8 place,bytes32 commitment)");
        uint256 count;
        for (string memory row; vm.keyExistsJson(json, row = _row(".commitments", count)); ++count) {
            bytes32 structHash = keccak256(
                abi.encode(
                    typehash,
                    _bytes32(string.concat(row, ".disputeId")),
                    _uint8(string.concat(row, ".round")),
                    _uint8(string.concat(row, ".place")),
                    _bytes32(string.concat(row, ".commitment"))
                )
            );

            assertEq(typedData(manager, structHash), _bytes32(string.concat(row, ".digest")));
        }
        assertTrue(count >= 4, "vectors");
    }

    function test_seal__equals_the_vectors() public {
        EIP712 manager = EIP712(_at(".disputeManager", address(disputes)));
        uint256 count;
        for (string memory row; vm.keyExistsJson(json, row = _row(".seals", count)); ++count) {
            Seal memory seal = Seal({
                disputeId: _bytes32(string.concat(row, ".disputeId")),
                round: _uint8(string.concat(row, ".round")),
                root: _bytes32(string.concat(row, ".root")),
                voters: uint64(vm.parseJsonUint(json, string.concat(row, ".voters"))),
                committeeHash: _bytes32(string.concat(row, ".committeeHash"))
            });

            assertEq(typedData(manager, seal.hash()), _bytes32(string.concat(row, ".digest")));
        }
        assertTrue(count >= 6, "vectors");
    }

    function test_shard__equals_the_vectors() public view {
        for (uint32 i; i < 7; ++i) {
            string memory row = string.concat(".shards[", vm.toString(i), "]");
            Shard memory shard = Shard({
                index: i,
                seedHash: keccak256(vm.parseJsonBytes(json, string.concat(row, ".seed"))),
                evidenceDigest: sha256(vm.parseJsonBytes(json, string.concat(row, ".evidence")))
            });
            bytes32 typehash = keccak256("Shard(uint32 index,bytes32 seedHash,bytes32 evidenceDigest)");
            bytes32 structHash = keccak256(abi.encode(typehash, shard.index, shard.seedHash, shard.evidenceDigest));

            assertEq(structHash, _bytes32(string.concat(row, ".hashStruct")));
            assertEq(keccak256(abi.encodePacked(uint8(0), structHash)), _bytes32(string.concat(row, ".leaf")));
        }
    }

    function test_tree_of_three__equals_the_vector() public view {
        bytes32 left = _node(_bytes32(".shards[0].leaf"), _bytes32(".shards[1].leaf"));

        assertEq(_node(left, _bytes32(".shards[2].leaf")), _bytes32(".trees[2].root"));
    }

    function test_commitment__equals_the_vector() public {
        EIP712 register = EIP712(_at(".claimRegistry", address(verifiers))); // any code with Assay's domain will do
        Claim memory claim = Claim({
            owner: vm.parseJsonAddress(json, ".claim.owner"),
            scheme: vm.parseJsonString(json, ".claim.scheme"),
            level: uint16(vm.parseJsonUint(json, ".claim.level")),
            shardCount: uint32(vm.parseJsonUint(json, ".claim.shardCount")),
            shardsRoot: _bytes32(".claim.shardsRoot")
        });
        bytes32 structHash = keccak256(
            abi.encode(
                keccak256("Claim(address owner,string scheme,uint16 level,uint32 shardCount,bytes32 shardsRoot)"),
                claim.owner,
                keccak256(bytes(claim.scheme)),
                claim.level,
                claim.shardCount,
                claim.shardsRoot
            )
        );

        assertEq(typedData(register, structHash), _bytes32(".claim.commitment"));
    }

    /// @dev From the commitment to the draw, through the contracts themselves.
    function test_names_and_seed__equal_the_vectors() public {
        registerSeats();
        address owner = vm.parseJsonAddress(json, ".claim.owner");
        vm.deal(owner, 100 ether);
        vm.prank(owner);
        bytes32 claimId = claims.commit(_bytes32(".claim.commitment"), SHARDS);
        skipBlocks(BEACON_DELAY + 1);
        claims.drawBeacon(claimId);
        vm.prank(owner);
        claims.bind(claimId, MODEL);
        DisputeManager manager = DisputeManager(_at(".disputeManager", address(disputes)));

        bytes32 disputeId;
        uint256 price = BOND + manager.roundFee(0);
        for (uint256 number; number <= vm.parseJsonUint(json, ".dispute.number"); ++number) {
            vm.prank(owner);
            disputeId = manager.open{value: price}(claimId, _bytes32(".dispute.modelDigest"), 1_000, mirrors());
        }
        skipBlocks(DRAW_DELAY + 1);
        vm.setBlockhash(manager.dispute(disputeId).seedBlock, _bytes32(".dispute.blockHash"));
        manager.draw(disputeId);

        assertEq(claimId, _bytes32(".claim.claimId"));
        assertEq(disputeId, _bytes32(".dispute.disputeId"));
        assertEq(vm.parseJsonUint(json, ".dispute.round"), 0);
        assertEq(manager.roundOf(disputeId, 0).seed, _bytes32(".dispute.seed"));
    }

    function _node(bytes32 left, bytes32 right) private pure returns (bytes32) {
        return keccak256(abi.encodePacked(uint8(1), left, right));
    }

    function _at(string memory key, address deployed) private returns (address target) {
        target = vm.parseJsonAddress(json, key);
        vm.etch(target, deployed.code);
    }

    function _row(string memory list, uint256 index) private pure returns (string memory) {
        return string.concat(list, "[", vm.toString(index), "]");
    }

    function _uint8(string memory key) private view returns (uint8) {
        return uint8(vm.parseJsonUint(json, key));
    }

    function _bytes32(string memory key) private view returns (bytes32) {
        return vm.parseJsonBytes32(json, key);
    }
}
