// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";

import {ClaimRegistry} from "../src/ClaimRegistry.sol";
import {DisputeManager} from "../src/DisputeManager.sol";
import {VerifierRegistry} from "../src/VerifierRegistry.sol";
import {IDisputeManager} from "../src/interfaces/IDisputeManager.sol";
import {POSSESSION_TAG, Possession} from "../src/types/Possession.sol";
import {VOTE_TAG} from "../src/types/Vote.sol";
import {Base} from "./Base.sol";
import {Signer} from "./Signer.sol";

/// @title One court with seats, a claim and a way to every state of a dispute
/// @dev Seat `i` belongs to `operatorOf(i)` and signs with `secretOf(i)`.
abstract contract Court is Base {
    uint32 internal constant BEACON_DELAY = 2;
    uint32 internal constant EXIT_DELAY = 7 days;
    uint256 internal constant SEAT_BOND = 32 ether;
    uint96 internal constant BOND = 1 ether;
    uint96 internal constant FEE = 0.1 ether + 1; // leaves a remainder for 3 and for 4 signers
    uint32 internal constant KEY_WINDOW = 1 hours;
    uint32 internal constant VOTE_WINDOW = 2 hours;
    uint32 internal constant DRAW_DELAY = 3;
    uint8 internal constant SIZE = 4;
    uint256 internal constant SEATS = 6;

    address internal constant OWNER = address(0xA11CE);
    address internal constant STRANGER = address(0x57A);
    address internal constant BURN = 0x000000000000000000000000000000000000dEaD;
    bytes32 internal constant MODEL = keccak256("model");
    bytes32 internal constant SUSPECT = keccak256("suspect");
    bytes32 internal constant ENVELOPE = keccak256("envelope");
    bytes32 internal constant ENVELOPE_KEY = keccak256("X25519");

    ClaimRegistry internal claims;
    VerifierRegistry internal verifiers;
    DisputeManager internal disputes;

    function deployCourt() internal {
        vm.roll(1_000);
        vm.warp(1_700_000_000);
        claims = new ClaimRegistry(BEACON_DELAY);
        verifiers = new VerifierRegistry(SEAT_BOND, EXIT_DELAY);
        disputes = new DisputeManager(claims, verifiers, terms());
        vm.deal(OWNER, 100 ether);
    }

    function terms() internal pure returns (IDisputeManager.Parameters memory) {
        return IDisputeManager.Parameters(SIZE, DRAW_DELAY, KEY_WINDOW, VOTE_WINDOW, BOND, FEE);
    }

    /* SEATS */

    function operatorOf(uint256 index) internal pure returns (address) {
        return address(uint160(0x0900 + index));
    }

    function secretOf(uint256 index) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode("secret", index))) >> 2;
    }

    function possessionOf(address operator, uint256 secret, VerifierRegistry registry)
        internal
        view
        returns (bytes memory)
    {
        bytes32 keyHash = keccak256(Signer.key(secret));
        return Signer.sign(secret, typedData(registry, Possession(operator, keyHash).hash()), POSSESSION_TAG);
    }

    function registerSeat(uint256 index) internal returns (uint32 seatId) {
        address operator = operatorOf(index);
        bytes memory key = Signer.key(secretOf(index));
        bytes memory possession = possessionOf(operator, secretOf(index), verifiers);
        vm.deal(operator, SEAT_BOND);
        vm.prank(operator);
        return verifiers.register{value: SEAT_BOND}(key, possession, ENVELOPE_KEY, "http://127.0.0.1:9000");
    }

    function registerSeats() internal {
        for (uint256 i; i < SEATS; ++i) {
            registerSeat(i);
        }
    }

    /* CLAIMS AND DISPUTES */

    function boundClaim() internal returns (bytes32 claimId) {
        vm.prank(OWNER);
        claimId = claims.commit(keccak256("commitment"));
        skipBlocks(BEACON_DELAY + 1);
        claims.drawBeacon(claimId);
        vm.prank(OWNER);
        claims.bind(claimId, MODEL);
    }

    function openDispute(bytes32 claimId) internal returns (bytes32) {
        vm.prank(OWNER);
        return disputes.open{value: BOND + FEE}(claimId, SUSPECT, 1_000, mirrors());
    }

    function drawnDispute() internal returns (bytes32 disputeId) {
        disputeId = openDispute(boundClaim());
        skipBlocks(DRAW_DELAY + 1);
        disputes.draw(disputeId);
    }

    function keyedDispute() internal returns (bytes32 disputeId) {
        disputeId = drawnDispute();
        deliver(disputeId);
    }

    function deliver(bytes32 disputeId) internal {
        vm.prank(OWNER);
        disputes.deliver(disputeId, ENVELOPE, 2_000, mirrors());
    }

    function settledDispute(IDisputeManager.Outcome outcome, uint256 bitmap) internal returns (bytes32 disputeId) {
        disputeId = keyedDispute();
        bytes memory certificate = certify(disputeId, outcome, bitmap);
        disputes.settle(disputeId, outcome, bitmap, certificate);
    }

    function mirrors() internal pure returns (string[] memory list) {
        list = new string[](1);
        list[0] = "http://127.0.0.1:8000";
    }

    /// @dev The signers' aggregate, by place.
    function certify(bytes32 disputeId, IDisputeManager.Outcome outcome, uint256 bitmap)
        internal
        view
        returns (bytes memory)
    {
        return sumOfVotes(disputes.committee(disputeId), disputes.voteDigest(disputeId, outcome), bitmap);
    }

    function sumOfVotes(uint32[] memory seatIds, bytes32 digest, uint256 bitmap) internal view returns (bytes memory) {
        bytes[] memory votes = new bytes[](seatIds.length);
        for (uint256 place; place < seatIds.length; ++place) {
            votes[place] =
                (bitmap >> place) & 1 == 1 ? Signer.sign(secretOf(seatIds[place]), digest, VOTE_TAG) : new bytes(256);
        }
        return Signer.aggregate(votes);
    }

    function committeeKeys(bytes32 disputeId) internal view returns (bytes memory keys) {
        uint32[] memory seatIds = disputes.committee(disputeId);
        for (uint256 place; place < seatIds.length; ++place) {
            keys = abi.encodePacked(keys, verifiers.blsKeyOf(seatIds[place]));
        }
    }

    /* EXPECTATIONS */

    function assertState(bytes32 disputeId, IDisputeManager.State expected) internal view {
        assertEq(uint8(disputes.dispute(disputeId).state), uint8(expected));
    }

    function expectWrongState(bytes32 disputeId, IDisputeManager.State actual, IDisputeManager.State required)
        internal
    {
        vm.expectRevert(abi.encodeWithSelector(IDisputeManager.WrongState.selector, disputeId, actual, required));
    }

    /// @dev The digest of EIP-712 from the domain that the contract itself tells.
    function typedData(EIP712 target, bytes32 structHash) internal view returns (bytes32) {
        (, string memory name, string memory version, uint256 chainId, address verifyingContract,,) =
            target.eip712Domain();
        bytes32 separator = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256(bytes(name)),
                keccak256(bytes(version)),
                chainId,
                verifyingContract
            )
        );
        return MessageHashUtils.toTypedDataHash(separator, structHash);
    }
}
