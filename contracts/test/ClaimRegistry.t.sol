// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ClaimRegistry} from "../src/ClaimRegistry.sol";
import {IClaimRegistry} from "../src/interfaces/IClaimRegistry.sol";
import {Base} from "./Base.sol";

contract ClaimRegistryTest is Base {
    address private constant OWNER = address(0xA11CE);
    address private constant COPIER = address(0xC0);
    bytes32 private constant COMMITMENT = keccak256("commitment");
    bytes32 private constant MODEL = keccak256("model");
    uint16 private constant SHARDS = 3;
    bytes32 private constant BEACON = keccak256("beacon");

    ClaimRegistry private claims;

    function setUp() public {
        vm.roll(1_000);
        claims = new ClaimRegistry(5);
        vm.etch(0x0000F90827F1C53a10cb7A02335B175320002935, "");
    }

    function test_constructor__reject_beacon_in_the_committing_block() public {
        assertEq(claims.beaconDelay(), 5);

        vm.expectRevert(abi.encodeWithSelector(IClaimRegistry.InvalidParameters.selector, "beaconDelay"));
        new ClaimRegistry(0);
    }

    /* COMMIT */

    function test_commit__records_and_tells() public {
        bytes32 expectedId = keccak256(abi.encode(OWNER, COMMITMENT));
        vm.expectEmit(address(claims));
        emit IClaimRegistry.Committed(expectedId, OWNER, COMMITMENT, SHARDS, 1_005);

        bytes32 claimId = _commit();

        IClaimRegistry.Claim memory claim = claims.claim(claimId);
        assertEq(claimId, expectedId);
        assertEq(claim.owner, OWNER);
        assertEq(claim.committedBlock, 1_000);
        assertEq(claim.beaconBlock, 1_005);
        assertEq(claim.boundBlock, 0);
        assertEq(claim.shardCount, SHARDS);
        assertEq(claim.commitment, COMMITMENT);
        assertEq(claim.beacon, bytes32(0));
        assertEq(claim.modelDigest, bytes32(0));
    }

    function test_commit__reject_second_time() public {
        bytes32 claimId = _commit();

        vm.expectRevert(abi.encodeWithSelector(IClaimRegistry.AlreadyCommitted.selector, claimId));
        _commit();
    }

    function test_commit__reject_empty() public {
        vm.expectRevert(IClaimRegistry.EmptyDigest.selector);
        claims.commit(bytes32(0), SHARDS);
    }

    function test_commit__reject_no_shards() public {
        vm.expectRevert(abi.encodeWithSelector(IClaimRegistry.InvalidShardCount.selector, 0, 256));
        claims.commit(COMMITMENT, 0);
    }

    function test_commit__reject_more_shards_than_a_bitmap_holds() public {
        bytes32 claimId = claims.commit(COMMITMENT, 256);
        assertEq(claims.claim(claimId).shardCount, 256);

        vm.expectRevert(abi.encodeWithSelector(IClaimRegistry.InvalidShardCount.selector, 257, 256));
        claims.commit(keccak256("another"), 257);
    }

    function test_commit__a_copy_is_another_claim() public {
        bytes32 claimId = _commit();

        vm.prank(COPIER);
        bytes32 copyId = claims.commit(COMMITMENT, SHARDS);

        assertTrue(copyId != claimId, "same claim");
        assertEq(claims.claim(claimId).owner, OWNER);
    }

    /* BEACON */

    function test_drawBeacon__records_the_hash_of_the_fixed_block() public {
        bytes32 claimId = _commit();
        vm.roll(1_200);
        vm.setBlockhash(1_005, BEACON);
        vm.expectEmit(address(claims));
        emit IClaimRegistry.BeaconDrawn(claimId, BEACON);

        claims.drawBeacon(claimId);

        assertEq(claims.claim(claimId).beacon, BEACON);
    }

    function test_drawBeacon__reject_until_the_block_has_passed() public {
        bytes32 claimId = _commit();
        vm.roll(1_005);

        vm.expectRevert(abi.encodeWithSelector(IClaimRegistry.BeaconTooEarly.selector, claimId, 1_005));
        claims.drawBeacon(claimId);
    }

    function test_drawBeacon__reject_second_time() public {
        bytes32 claimId = _drawn();

        vm.expectRevert(abi.encodeWithSelector(IClaimRegistry.BeaconAlreadyDrawn.selector, claimId));
        claims.drawBeacon(claimId);
    }

    function test_drawBeacon__reject_unknown_claim() public {
        vm.expectRevert(abi.encodeWithSelector(IClaimRegistry.UnknownClaim.selector, MODEL));
        claims.drawBeacon(MODEL);
    }

    function test_drawBeacon__last_block_that_answers() public {
        bytes32 claimId = _commit();
        vm.roll(1_005 + 256);
        vm.setBlockhash(1_005, BEACON);

        claims.drawBeacon(claimId);

        assertEq(claims.claim(claimId).beacon, BEACON);
    }

    function test_drawBeacon__a_missed_one_moves_by_rule() public {
        bytes32 claimId = _commit();
        vm.roll(1_005 + 257);
        vm.expectEmit(address(claims));
        emit IClaimRegistry.BeaconMoved(claimId, 1_005 + 512);

        claims.drawBeacon(claimId);

        assertEq(claims.claim(claimId).beaconBlock, 1_005 + 512);
        assertEq(claims.claim(claimId).beacon, bytes32(0));
        vm.expectRevert(abi.encodeWithSelector(IClaimRegistry.BeaconTooEarly.selector, claimId, 1_005 + 512));
        claims.drawBeacon(claimId);
    }

    /// @dev Whenever and however often it is moved, the beacon's block is one of the original's.
    function testFuzz_drawBeacon__moving_chooses_nothing(uint16[4] memory waits) public {
        bytes32 claimId = _commit();
        for (uint256 i; i < waits.length; ++i) {
            vm.roll(claims.claim(claimId).beaconBlock + 257 + waits[i]);

            claims.drawBeacon(claimId);

            uint256 beaconBlock = claims.claim(claimId).beaconBlock;
            assertEq((beaconBlock - 1_005) % 256, 0);
            assertTrue(beaconBlock > vm.getBlockNumber() && beaconBlock <= vm.getBlockNumber() + 256, "first ahead");
        }
    }

    /* BIND */

    function test_bind__records_and_tells() public {
        bytes32 claimId = _drawn();
        vm.roll(1_100);
        vm.expectEmit(address(claims));
        emit IClaimRegistry.Bound(claimId, MODEL);

        vm.prank(OWNER);
        claims.bind(claimId, MODEL);

        assertEq(claims.claim(claimId).modelDigest, MODEL);
        assertEq(claims.claim(claimId).boundBlock, 1_100);
    }

    function test_bind__reject_before_the_beacon() public {
        bytes32 claimId = _commit();

        vm.expectRevert(abi.encodeWithSelector(IClaimRegistry.BeaconNotDrawn.selector, claimId));
        vm.prank(OWNER);
        claims.bind(claimId, MODEL);
    }

    function test_bind__reject_stranger() public {
        bytes32 claimId = _drawn();

        vm.expectRevert(abi.encodeWithSelector(IClaimRegistry.NotOwner.selector, claimId, COPIER));
        vm.prank(COPIER);
        claims.bind(claimId, MODEL);
    }

    function test_bind__reject_second_time() public {
        bytes32 claimId = _drawn();
        vm.prank(OWNER);
        claims.bind(claimId, MODEL);

        vm.expectRevert(abi.encodeWithSelector(IClaimRegistry.AlreadyBound.selector, claimId, MODEL));
        vm.prank(OWNER);
        claims.bind(claimId, keccak256("another"));
    }

    function test_bind__reject_empty() public {
        bytes32 claimId = _drawn();

        vm.expectRevert(IClaimRegistry.EmptyDigest.selector);
        vm.prank(OWNER);
        claims.bind(claimId, bytes32(0));
    }

    function test_bind__reject_unknown_claim() public {
        vm.expectRevert(abi.encodeWithSelector(IClaimRegistry.UnknownClaim.selector, MODEL));
        claims.bind(MODEL, MODEL);
    }

    function test_bind__the_first_to_bind_a_model_stays_the_first() public {
        bytes32 claimId = _drawn();
        vm.prank(COPIER);
        bytes32 copyId = claims.commit(COMMITMENT, SHARDS);
        skipBlocks(6);
        claims.drawBeacon(copyId);
        assertEq(claims.firstBinding(MODEL), bytes32(0));

        vm.prank(COPIER);
        claims.bind(copyId, MODEL);
        assertEq(claims.firstBinding(MODEL), copyId);

        vm.prank(OWNER);
        claims.bind(claimId, MODEL);
        assertEq(claims.claim(claimId).modelDigest, MODEL);
        assertEq(claims.firstBinding(MODEL), copyId);
    }

    /* MODELS */

    function test_registerModel__records_and_tells() public {
        vm.roll(1_300);
        vm.expectEmit(address(claims));
        emit IClaimRegistry.ModelRegistered(MODEL, OWNER);

        vm.prank(OWNER);
        claims.registerModel(MODEL);

        assertEq(claims.registration(MODEL).registrant, OWNER);
        assertEq(claims.registration(MODEL).registeredBlock, 1_300);
    }

    function test_registerModel__reject_second_time() public {
        vm.prank(OWNER);
        claims.registerModel(MODEL);
        skipBlocks(1);

        vm.expectRevert(abi.encodeWithSelector(IClaimRegistry.AlreadyRegistered.selector, MODEL, OWNER, 1_000));
        vm.prank(COPIER);
        claims.registerModel(MODEL);
    }

    function test_registerModel__reject_empty() public {
        vm.expectRevert(IClaimRegistry.EmptyDigest.selector);
        claims.registerModel(bytes32(0));
    }

    function test_registration__zeros_for_a_model_that_nobody_registered() public view {
        assertEq(claims.registration(MODEL).registrant, address(0));
        assertEq(claims.registration(MODEL).registeredBlock, 0);
    }

    function test_claim__reject_unknown() public {
        vm.expectRevert(abi.encodeWithSelector(IClaimRegistry.UnknownClaim.selector, MODEL));
        claims.claim(MODEL);
    }

    function _commit() private returns (bytes32) {
        vm.prank(OWNER);
        return claims.commit(COMMITMENT, SHARDS);
    }

    function _drawn() private returns (bytes32 claimId) {
        claimId = _commit();
        vm.roll(1_006);
        claims.drawBeacon(claimId);
    }
}
