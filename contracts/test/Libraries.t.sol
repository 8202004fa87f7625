// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IDisputeManager} from "../src/interfaces/IDisputeManager.sol";
import {BLS} from "../src/libraries/BLS.sol";
import {BlockSeed} from "../src/libraries/BlockSeed.sol";
import {Committee} from "../src/libraries/Committee.sol";
import {Draw} from "../src/libraries/Draw.sol";
import {Merkle} from "../src/libraries/Merkle.sol";
import {Openings} from "../src/libraries/Openings.sol";
import {Quorum} from "../src/libraries/Quorum.sol";
import {Shards} from "../src/libraries/Shards.sol";
import {SealedVote} from "../src/types/SealedVote.sol";
import {Base} from "./Base.sol";
import {Signer} from "./Signer.sol";

contract QuorumTest is Base {
    function test_isSize__one_more_than_a_multiple_of_three_up_to_61() public pure {
        for (uint256 size; size < 300; ++size) {
            bool expected = size <= 61 && size % 3 == 1;
            assertTrue(Quorum.isSize(size) == expected, "size");
        }
    }

    function test_threshold__the_ladder() public pure {
        assertEq(Quorum.threshold(1), 1);
        assertEq(Quorum.threshold(4), 3);
        assertEq(Quorum.threshold(13), 9);
        assertEq(Quorum.threshold(31), 21);
        assertEq(Quorum.threshold(61), 41);
    }

    /// @dev Two quorums share f + 1 members, and a quorum is there when f are absent.
    function testFuzz_threshold__safe_and_live(uint256 faulty) public pure {
        faulty = bound(faulty, 0, 20);
        uint256 size = 3 * faulty + 1;

        assertEq(2 * Quorum.threshold(size) - size, faulty + 1);
        assertEq(size - faulty, Quorum.threshold(size));
    }

    function testFuzz_bitmap__counts_its_places(uint256 bitmap, uint8 size) public pure {
        uint256 count;
        uint256 within;
        for (uint256 place; place < 256; ++place) {
            if (!Quorum.contains(bitmap, place)) continue;
            ++count;
            if (place < size) ++within;
        }

        assertEq(Quorum.count(bitmap), count);
        assertTrue(Quorum.isWithin(bitmap, size) == (count == within), "within");
    }

    function testFuzz_isWithin__refuse_any_bit_at_or_above(uint8 size, uint8 bit) public pure {
        assertTrue(Quorum.isWithin(1 << bit, size) == (bit < size), "bit");
    }
}

contract DrawTest is Base {
    function test_positions__equal_the_vectors() public view {
        string memory json = vm.readFile("../tests/vectors/digests.json");
        uint256 count;
        string memory row = ".draws[0]";
        while (vm.keyExistsJson(json, row)) {
            uint256[] memory expected = vm.parseJsonUintArray(json, string.concat(row, ".positions"));

            uint32[] memory drawn = Draw.positions(
                vm.parseJsonBytes32(json, string.concat(row, ".seed")),
                vm.parseJsonUint(json, string.concat(row, ".population")),
                vm.parseJsonUint(json, string.concat(row, ".size"))
            );

            assertEq(drawn.length, expected.length);
            for (uint256 i; i < drawn.length; ++i) {
                assertEq(drawn[i], expected[i]);
            }
            row = string.concat(".draws[", vm.toString(++count), "]");
        }
        assertTrue(count >= 6, "vectors");
    }

    /// @dev The shuffle as SPEC 4.3 writes it, on the whole array.
    function testFuzz_positions__equal_the_plain_shuffle(bytes32 seed, uint256 population, uint256 size) public pure {
        population = bound(population, 1, 200);
        size = bound(size, 1, population < 61 ? population : 61);
        uint256[] memory numbers = new uint256[](population);
        for (uint256 i; i < population; ++i) {
            numbers[i] = i;
        }
        for (uint256 i; i < size; ++i) {
            uint256 other = i + uint256(keccak256(abi.encode(seed, i))) % (population - i);
            (numbers[i], numbers[other]) = (numbers[other], numbers[i]);
        }

        uint32[] memory drawn = Draw.positions(seed, population, size);

        for (uint256 i; i < size; ++i) {
            assertEq(drawn[i], numbers[i]);
        }
    }

    function testFuzz_positions__never_twice_and_below_the_population(bytes32 seed, uint32 population, uint256 size)
        public
        pure
    {
        vm.assume(population != 0);
        size = bound(size, 1, population < 61 ? population : 61);

        uint32[] memory drawn = Draw.positions(seed, population, size);

        for (uint256 i; i < size; ++i) {
            assertTrue(drawn[i] < population, "below");
            for (uint256 j; j < i; ++j) {
                assertTrue(drawn[i] != drawn[j], "twice");
            }
        }
    }
}

contract BlockSeedHarness {
    function hashOf(uint256 blockNumber) external view returns (bytes32) {
        return BlockSeed.hashOf(blockNumber);
    }

    function next(uint256 missed) external view returns (uint256) {
        return BlockSeed.next(missed);
    }
}

contract BlockSeedTest is Base {
    BlockSeedHarness private immutable seeds = new BlockSeedHarness();
    address private constant HISTORY = 0x0000F90827F1C53a10cb7A02335B175320002935;

    function setUp() public {
        vm.etch(HISTORY, "");
        vm.roll(10_000);
    }

    function test_hashOf__recent_block() public {
        vm.setBlockhash(9_744, keccak256("oldest"));

        assertEq(seeds.hashOf(9_744), keccak256("oldest"));
    }

    function test_hashOf__missed_without_history() public view {
        assertEq(seeds.hashOf(9_743), bytes32(0));
    }

    function test_hashOf__older_block_from_history() public {
        _setHistory(abi.encode(keccak256("old")));

        assertEq(seeds.hashOf(9_743), keccak256("old"));
    }

    function test_hashOf__missed_when_history_answers_zero_or_oddly() public {
        _setHistory(abi.encode(0));
        assertEq(seeds.hashOf(9_743), bytes32(0));

        _setHistory(hex"01");
        assertEq(seeds.hashOf(9_743), bytes32(0));
    }

    function test_hashOf__missed_when_history_reverts() public {
        vm.etch(HISTORY, hex"5f5ffd");

        assertEq(seeds.hashOf(9_743), bytes32(0));
    }

    function testFuzz_next__first_candidate_ahead(uint256 missed, uint256 age) public {
        missed = bound(missed, 1, 2 ** 40);
        age = bound(age, 257, 2 ** 40);
        vm.roll(missed + age);

        uint256 next = seeds.next(missed);

        assertTrue(next > missed + age, "ahead");
        assertTrue(next - BlockSeed.WINDOW <= missed + age, "first");
        assertEq((next - missed) % BlockSeed.WINDOW, 0);
    }

    function _setHistory(bytes memory answer) private {
        vm.etch(HISTORY, _returning(answer));
    }

    /// @dev Code that returns at most 32 bytes.
    function _returning(bytes memory answer) private pure returns (bytes memory) {
        return abi.encodePacked(bytes1(0x7f), bytes32(answer), hex"5f52", bytes1(0x60), uint8(answer.length), hex"5ff3");
    }
}

contract MerkleTest is Base {
    function test_root__equals_the_vectors() public view {
        string memory json = vm.readFile("../tests/vectors/digests.json");
        uint256 count;
        for (string memory row; vm.keyExistsJson(json, row = _row(count)); ++count) {
            bytes32[] memory leaves = vm.parseJsonBytes32Array(json, string.concat(row, ".leaves"));

            assertEq(Merkle.root(leaves), vm.parseJsonBytes32(json, string.concat(row, ".root")));
        }
        assertTrue(count >= 6, "vectors");
    }

    /// @dev Of any committee, in the words of the RFC.
    function testFuzz_root__equals_the_recursion(bytes32 entropy, uint256 size) public pure {
        bytes32[] memory leaves = new bytes32[](bound(size, 1, Quorum.MAX_SIZE));
        for (uint256 i; i < leaves.length; ++i) {
            leaves[i] = keccak256(abi.encode(entropy, i));
        }
        bytes32 expected = _recursive(leaves, 0, leaves.length);

        assertEq(Merkle.root(leaves), expected);
    }

    /// @dev RFC 9162, 2.1.1.
    function _recursive(bytes32[] memory leaves, uint256 from, uint256 to) private pure returns (bytes32) {
        if (to - from == 1) return keccak256(abi.encodePacked(uint8(0), leaves[from]));
        uint256 split = 1;
        while (2 * split < to - from) split *= 2;
        bytes32 left = _recursive(leaves, from, from + split);
        return keccak256(abi.encodePacked(uint8(1), left, _recursive(leaves, from + split, to)));
    }

    function _row(uint256 index) private pure returns (string memory) {
        return string.concat(".votesRoots[", vm.toString(index), "]");
    }
}

contract ShardsTest is Base {
    function test_choose__equals_the_vectors() public view {
        string memory json = vm.readFile("../tests/vectors/digests.json");
        uint256 count;
        for (string memory row; vm.keyExistsJson(json, row = _row(count)); ++count) {
            uint8 shard = Shards.choose(
                vm.parseJsonUint(json, string.concat(row, ".burnt")),
                vm.parseJsonUint(json, string.concat(row, ".shardCount")),
                vm.parseJsonBytes32(json, string.concat(row, ".seed"))
            );

            assertEq(shard, vm.parseJsonUint(json, string.concat(row, ".shard")));
        }
        assertTrue(count >= 6, "vectors");
    }

    /// @dev By counting.
    function testFuzz_unburntAt__has_so_many_unburnt_ones_below(uint256 burnt, uint256 rank) public pure {
        vm.assume(burnt != type(uint256).max);
        rank = bound(rank, 0, 255 - Quorum.count(burnt));

        uint256 shard = Shards.unburntAt(burnt, rank);

        assertTrue(!Quorum.contains(burnt, shard), "burnt");
        uint256 below;
        for (uint256 i; i < shard; ++i) {
            if (!Quorum.contains(burnt, i)) ++below;
        }
        assertEq(below, rank);
    }

    /// @dev Until none is left: all of them, none twice, none beyond.
    function testFuzz_choose__every_shard_once(bytes32 entropy, uint256 count) public pure {
        count = bound(count, 1, 256);
        uint256 burnt;
        for (uint256 i; i < count; ++i) {
            uint8 shard = Shards.choose(burnt, count, keccak256(abi.encode(entropy, i)));
            assertTrue(shard < count && !Quorum.contains(burnt, shard), "shard");
            burnt |= 1 << shard;
        }
        assertEq(Quorum.count(burnt), count);
    }

    function _row(uint256 index) private pure returns (string memory) {
        return string.concat(".shardDraws[", vm.toString(index), "]");
    }
}

contract CommitteeTest is Base {
    uint256 private constant SIZE = 7;

    /// @dev What is read is what was sealed, and the sum without the absent is the sum of the signers.
    function testFuzz_committee__reads_and_sums_what_was_sealed(uint256 signers) public {
        signers = bound(signers, 0, (1 << SIZE) - 1);
        uint32[] memory seatIds = new uint32[](SIZE);
        bytes memory keys = new bytes(SIZE * BLS.KEY_BYTES);
        for (uint32 place; place < SIZE; ++place) {
            seatIds[place] = 1_000 * place + 7;
            Committee.putKey(keys, place, Signer.key(place + 1));
        }

        address blob = Committee.seal(keys, seatIds);

        assertEq(Committee.readKeys(blob, SIZE), keys);
        assertEq(abi.encode(Committee.readSeats(blob, SIZE)), abi.encode(seatIds));
        for (uint256 place; place < SIZE; ++place) {
            assertEq(Committee.readKey(blob, place), Signer.key(place + 1));
            assertEq(Committee.readSeat(blob, SIZE, place), seatIds[place]);
        }
        assertEq(Committee.sumOf(blob, keys, signers), BLS.sumKeys(keys, signers));
    }
}

contract OpeningsHarness {
    function read(
        bytes32 disputeId,
        uint8 round,
        IDisputeManager.Outcome outcome,
        bytes calldata outcomes,
        bytes32[] calldata openings
    ) external pure returns (bytes32[] memory commitments, uint256 opened, uint256 agreeing) {
        return Openings.read(disputeId, round, outcome, outcomes, openings);
    }
}

contract OpeningsTest is Base {
    OpeningsHarness private immutable reader = new OpeningsHarness();
    bytes32 private constant DISPUTE = keccak256("dispute");
    uint8 private constant ROUND = 2;
    IDisputeManager.Outcome private constant MATCH = IDisputeManager.Outcome.Match;

    /// @dev Place by place: a shown vote becomes its commitment, a hidden one stays it.
    function testFuzz_read__hashes_and_counts_what_is_shown(bytes32 entropy, uint256 size) public view {
        bytes memory outcomes = new bytes(bound(size, 1, Quorum.MAX_SIZE));
        bytes32[] memory openings = new bytes32[](outcomes.length);
        for (uint256 place; place < outcomes.length; ++place) {
            openings[place] = keccak256(abi.encode(entropy, place));
            outcomes[place] = bytes1(uint8(uint256(openings[place]) % 7));
        }

        (bytes32[] memory commitments, uint256 opened, uint256 agreeing) =
            reader.read(DISPUTE, ROUND, MATCH, outcomes, openings);

        assertEq(commitments.length, outcomes.length);
        for (uint256 place; place < outcomes.length; ++place) {
            uint8 shown = uint8(outcomes[place]);
            bytes32 sealed_ = SealedVote(DISPUTE, ROUND, uint8(place), shown, openings[place]).hash();
            assertEq(commitments[place], shown == 0 ? openings[place] : sealed_);
            assertTrue(Quorum.contains(opened, place) == (shown != 0), "opened");
            assertTrue(Quorum.contains(agreeing, place) == (shown == uint8(MATCH)), "agreeing");
        }
        assertTrue(Quorum.isWithin(opened, outcomes.length), "beyond");
    }

    function testFuzz_read__reject_outcome_that_is_none(uint8 outcome, uint8 place) public {
        outcome = uint8(bound(outcome, 7, 255));
        bytes memory outcomes = new bytes(Quorum.MAX_SIZE);
        for (uint256 other; other < outcomes.length; ++other) {
            outcomes[other] = bytes1(uint8(MATCH));
        }
        outcomes[place % outcomes.length] = bytes1(outcome);

        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.InvalidOutcome.selector, outcome));
        reader.read(DISPUTE, ROUND, MATCH, outcomes, new bytes32[](outcomes.length));
    }
}
