// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {VerifierRegistry} from "../src/VerifierRegistry.sol";
import {IVerifierRegistry} from "../src/interfaces/IVerifierRegistry.sol";
import {BLS} from "../src/libraries/BLS.sol";
import {Seats} from "./Seats.sol";
import {Signer} from "./Signer.sol";

/// @dev An operator that takes no money.
contract Refuser {
    function run(address target, uint256 value, bytes calldata input) external payable {
        (bool done,) = target.call{value: value}(input);
        require(done);
    }
}

contract VerifierRegistryTest is Seats {
    address private constant SLASHER = address(0x51A5);

    function setUp() public {
        vm.roll(1_000);
        vm.warp(1_700_000_000);
        verifiers = new VerifierRegistry(SEAT_BOND, EXIT_DELAY, SLASHER);
    }

    function test_constructor__records() public {
        VerifierRegistry most = new VerifierRegistry(type(uint96).max, 1, SLASHER);

        assertEq(most.bond(), type(uint96).max);
        assertEq(most.exitDelay(), 1);
        assertEq(most.slasher(), SLASHER);
    }

    function test_constructor__reject_bond_of_nothing_or_too_large() public {
        vm.expectRevert(abi.encodeWithSelector(IVerifierRegistry.InvalidParameters.selector, "bond"));
        new VerifierRegistry(0, EXIT_DELAY, SLASHER);
        vm.expectRevert(abi.encodeWithSelector(IVerifierRegistry.InvalidParameters.selector, "bond"));
        new VerifierRegistry(uint256(type(uint96).max) + 1, EXIT_DELAY, SLASHER);
    }

    function test_constructor__reject_no_exit_delay() public {
        vm.expectRevert(abi.encodeWithSelector(IVerifierRegistry.InvalidParameters.selector, "exitDelay"));
        new VerifierRegistry(SEAT_BOND, 0, SLASHER);
    }

    function test_constructor__reject_no_slasher() public {
        vm.expectRevert(abi.encodeWithSelector(IVerifierRegistry.InvalidParameters.selector, "slasher"));
        new VerifierRegistry(SEAT_BOND, EXIT_DELAY, address(0));
    }

    /* REGISTER */

    function test_register__records_and_tells() public {
        bytes memory key = Signer.key(secretOf(0));
        vm.expectEmit(address(verifiers));
        emit IVerifierRegistry.Registered(0, operatorOf(0), key, ENVELOPE_KEY, "http://127.0.0.1:9000");

        uint32 seatId = registerSeat(0);

        IVerifierRegistry.Seat memory seat = verifiers.seat(seatId);
        assertEq(seatId, 0);
        assertEq(seat.operator, operatorOf(0));
        assertEq(seat.withdrawableAt, 0);
        assertTrue(!seat.withdrawn, "withdrawn");
        assertEq(seat.bond, SEAT_BOND);
        assertEq(seat.envelopeKey, ENVELOPE_KEY);
        assertEq(seat.blsKey, key);
        assertEq(seat.endpoint, "http://127.0.0.1:9000");
        assertEq(verifiers.blsKeyOf(seatId), key);
        assertEq(verifiers.seatOf(operatorOf(0)), 1);
        assertEq(address(verifiers).balance, SEAT_BOND);
    }

    function test_register__reject_wrong_bond() public {
        vm.deal(STRANGER, SEAT_BOND);
        vm.expectRevert(abi.encodeWithSelector(IVerifierRegistry.WrongBond.selector, SEAT_BOND - 1, SEAT_BOND));
        vm.prank(STRANGER);
        verifiers.register{value: SEAT_BOND - 1}("", "", ENVELOPE_KEY, "");
    }

    function test_register__reject_second_seat() public {
        registerSeat(0);

        _expect(operatorOf(0), abi.encodeWithSelector(IVerifierRegistry.AlreadySeated.selector, operatorOf(0), 0));
        verifiers.register{value: SEAT_BOND}("", "", ENVELOPE_KEY, "");
    }

    function test_register__reject_empty_envelope_key() public {
        _expect(STRANGER, abi.encodeWithSelector(IVerifierRegistry.EmptyEnvelopeKey.selector));
        verifiers.register{value: SEAT_BOND}("", "", 0, "");
    }

    function test_register__reject_long_endpoint() public {
        string memory longest = string(new bytes(256));
        (bytes memory key, bytes memory possession) = _keyFor(STRANGER, 7);
        vm.deal(STRANGER, SEAT_BOND);
        vm.prank(STRANGER);
        assertEq(verifiers.register{value: SEAT_BOND}(key, possession, ENVELOPE_KEY, longest), 0);
        assertEq(verifiers.seat(0).endpoint, longest);

        _expect(address(1), abi.encodeWithSelector(IVerifierRegistry.EndpointTooLong.selector, 257));
        verifiers.register{value: SEAT_BOND}("", "", ENVELOPE_KEY, string(new bytes(257)));
    }

    function test_register__reject_malformed_key() public {
        bytes[3] memory keys = [new bytes(127), new bytes(129), new bytes(128)];
        for (uint256 i; i < keys.length; ++i) {
            _expect(STRANGER, abi.encodeWithSelector(IVerifierRegistry.MalformedKey.selector));
            verifiers.register{value: SEAT_BOND}(keys[i], "", ENVELOPE_KEY, "");
        }
    }

    function test_register__reject_key_in_use() public {
        registerSeat(0);
        (bytes memory key, bytes memory possession) = _keyFor(STRANGER, secretOf(0));

        _expect(STRANGER, abi.encodeWithSelector(IVerifierRegistry.KeyAlreadyUsed.selector, keccak256(key)));
        verifiers.register{value: SEAT_BOND}(key, possession, ENVELOPE_KEY, "");
    }

    function test_register__reject_key_of_a_seat_that_left() public {
        _withdraw(registerSeat(0));
        (bytes memory key, bytes memory possession) = _keyFor(operatorOf(0), secretOf(0));

        _expect(operatorOf(0), abi.encodeWithSelector(IVerifierRegistry.KeyAlreadyUsed.selector, keccak256(key)));
        verifiers.register{value: SEAT_BOND}(key, possession, ENVELOPE_KEY, "");
    }

    /// @dev The same key with x + p for x would pass for a new one.
    function test_register__reject_non_canonical_key_in_use() public {
        string memory json = vm.readFile("../tests/vectors/bls.json");
        uint256 secret = vm.parseJsonUint(json, ".signers[0].secret");
        (bytes memory key, bytes memory possession) = _keyFor(STRANGER, secret);
        _register(STRANGER, key, possession);
        bytes memory alias_ = vm.parseJsonBytes(json, ".hostile.keyPlusModulus");
        (, possession) = _keyFor(operatorOf(1), secret);

        _expect(operatorOf(1), abi.encodeWithSelector(BLS.PrecompileFailed.selector, address(0x0f)));
        verifiers.register{value: SEAT_BOND}(alias_, possession, ENVELOPE_KEY, "");
    }

    function test_register__reject_key_outside_the_subgroup() public {
        string memory json = vm.readFile("../tests/vectors/bls.json");
        bytes memory key = vm.parseJsonBytes(json, ".hostile.keyOutsideSubgroup");
        (, bytes memory possession) = _keyFor(STRANGER, 7);

        _expect(STRANGER, abi.encodeWithSelector(BLS.PrecompileFailed.selector, address(0x0f)));
        verifiers.register{value: SEAT_BOND}(key, possession, ENVELOPE_KEY, "");
    }

    function test_register__reject_possession_of_another_key() public {
        (bytes memory key,) = _keyFor(STRANGER, 7);
        (, bytes memory possession) = _keyFor(STRANGER, 8);

        _expectInvalidPossession(key, possession);
    }

    function test_register__reject_possession_by_another_operator() public {
        (bytes memory key, bytes memory possession) = _keyFor(operatorOf(1), 7);

        _expectInvalidPossession(key, possession);
    }

    function test_register__reject_possession_for_another_register() public {
        VerifierRegistry another = new VerifierRegistry(SEAT_BOND, EXIT_DELAY, SLASHER);
        bytes memory possession = possessionOf(STRANGER, 7, another);

        _expectInvalidPossession(Signer.key(7), possession);
    }

    function test_register__reject_possession_for_another_chain() public {
        (bytes memory key, bytes memory possession) = _keyFor(STRANGER, 7);
        vm.chainId(5);

        _expectInvalidPossession(key, possession);
    }

    function test_register__reject_infinite_possession() public {
        _expectInvalidPossession(Signer.key(7), new bytes(256));
    }

    function test_register__reject_short_possession() public {
        _expectInvalidPossession(Signer.key(7), new bytes(255));
    }

    /* EXIT */

    function test_requestExit__leaves_the_draw_and_starts_the_clock() public {
        uint32 seatId = registerSeat(0);
        uint256 withdrawableAt = vm.getBlockTimestamp() + EXIT_DELAY;
        vm.expectEmit(address(verifiers));
        emit IVerifierRegistry.ExitRequested(seatId, withdrawableAt);

        _requestExit(seatId);

        uint256 exitBlock = vm.getBlockNumber();
        skipBlocks(1);
        assertEq(verifiers.seat(seatId).withdrawableAt, withdrawableAt);
        assertEq(verifiers.activeCountAt(uint48(exitBlock)), 0);
    }

    function test_requestExit__reject_stranger_unknown_and_second_time() public {
        uint32 seatId = registerSeat(0);

        vm.expectRevert(abi.encodeWithSelector(IVerifierRegistry.NotOperator.selector, seatId, STRANGER));
        vm.prank(STRANGER);
        verifiers.requestExit(seatId);

        vm.expectRevert(abi.encodeWithSelector(IVerifierRegistry.UnknownSeat.selector, 1));
        verifiers.requestExit(1);

        _requestExit(seatId);
        vm.expectRevert(abi.encodeWithSelector(IVerifierRegistry.AlreadyExiting.selector, seatId));
        vm.prank(operatorOf(0));
        verifiers.requestExit(seatId);
    }

    function test_requestExit__operator_stays_seated_until_paid() public {
        uint32 seatId = registerSeat(0);
        _requestExit(seatId);

        _expect(operatorOf(0), abi.encodeWithSelector(IVerifierRegistry.AlreadySeated.selector, operatorOf(0), 0));
        verifiers.register{value: SEAT_BOND}("", "", ENVELOPE_KEY, "");
    }

    function test_withdrawBond__pays_the_operator_whoever_asks() public {
        uint32 seatId = registerSeat(0);
        _requestExit(seatId);
        skipSeconds(EXIT_DELAY);
        vm.expectEmit(address(verifiers));
        emit IVerifierRegistry.BondWithdrawn(seatId, SEAT_BOND);

        vm.prank(STRANGER);
        verifiers.withdrawBond(seatId);

        assertEq(operatorOf(0).balance, SEAT_BOND);
        assertEq(address(verifiers).balance, 0);
        assertEq(verifiers.seatOf(operatorOf(0)), 0);
        assertTrue(verifiers.seat(seatId).withdrawn, "withdrawn");
        assertEq(verifiers.seat(seatId).bond, 0);
    }

    function test_withdrawBond__reject_early_unasked_unknown_and_second_time() public {
        uint32 seatId = registerSeat(0);
        vm.expectRevert(abi.encodeWithSelector(IVerifierRegistry.ExitNotRequested.selector, seatId));
        verifiers.withdrawBond(seatId);

        _requestExit(seatId);
        skipSeconds(EXIT_DELAY - 1);
        vm.expectRevert(
            abi.encodeWithSelector(IVerifierRegistry.ExitTooEarly.selector, seatId, vm.getBlockTimestamp() + 1)
        );
        verifiers.withdrawBond(seatId);

        skipSeconds(1);
        verifiers.withdrawBond(seatId);
        vm.expectRevert(abi.encodeWithSelector(IVerifierRegistry.BondAlreadyWithdrawn.selector, seatId));
        verifiers.withdrawBond(seatId);

        vm.expectRevert(abi.encodeWithSelector(IVerifierRegistry.UnknownSeat.selector, 9));
        verifiers.withdrawBond(9);
    }

    /// @dev A seat taken anew must survive a second withdrawal of the first.
    function test_withdrawBond__a_new_seat_after_the_old_one() public {
        _withdraw(registerSeat(0));
        (bytes memory key, bytes memory possession) = _keyFor(operatorOf(0), 77);

        _register(operatorOf(0), key, possession);

        assertEq(verifiers.seatOf(operatorOf(0)), 2);
    }

    function test_withdrawBond__report_operator_that_refuses_money() public {
        Refuser refuser = _refuserWithSeat();
        refuser.run(address(verifiers), 0, abi.encodeCall(verifiers.requestExit, (0)));
        skipSeconds(EXIT_DELAY);

        vm.expectRevert(abi.encodeWithSelector(IVerifierRegistry.PaymentFailed.selector, address(refuser), SEAT_BOND));
        verifiers.withdrawBond(0);
    }

    function test_withdrawBond__pays_what_slashing_left() public {
        uint32 seatId = registerSeat(0);
        _slash(seatId, 5 ether);
        _requestExit(seatId);
        skipSeconds(EXIT_DELAY);
        vm.expectEmit(address(verifiers));
        emit IVerifierRegistry.BondWithdrawn(seatId, SEAT_BOND - 5 ether);

        verifiers.withdrawBond(seatId);

        assertEq(operatorOf(0).balance, SEAT_BOND - 5 ether);
        assertEq(address(verifiers).balance, 0);
    }

    /// @dev Not even a call with nothing, which an operator might refuse.
    function test_withdrawBond__of_nothing_frees_the_operator_without_a_call() public {
        Refuser refuser = _refuserWithSeat();
        _slash(0, SEAT_BOND);
        vm.expectEmit(address(verifiers));
        emit IVerifierRegistry.BondWithdrawn(0, 0);

        verifiers.withdrawBond(0);

        assertEq(verifiers.seatOf(address(refuser)), 0);
        assertTrue(verifiers.seat(0).withdrawn, "withdrawn");
    }

    /* SLASHING */

    function test_slash__half_to_the_beneficiary_the_rest_burnt() public {
        uint32 seatId = registerSeat(0);
        vm.expectEmit(address(verifiers));
        emit IVerifierRegistry.Slashed(seatId, 1 ether + 1, SEAT_BOND - 1 ether - 1, STRANGER);

        uint256 taken = _slash(seatId, 1 ether + 1);

        assertEq(taken, 1 ether + 1);
        assertEq(STRANGER.balance, 0.5 ether);
        assertEq(BURN.balance, 0.5 ether + 1);
        assertEq(verifiers.seat(seatId).bond, SEAT_BOND - 1 ether - 1);
        assertEq(address(verifiers).balance, SEAT_BOND - 1 ether - 1);
    }

    function test_slash__a_seat_with_something_left_stays_active() public {
        uint32 seatId = registerSeat(0);

        _slash(seatId, SEAT_BOND - 1);

        assertEq(verifiers.seat(seatId).withdrawableAt, 0);
        assertEq(_activeNow(), 1);
        vm.expectRevert(abi.encodeWithSelector(IVerifierRegistry.ExitNotRequested.selector, seatId));
        verifiers.withdrawBond(seatId);
    }

    function test_slash__no_more_than_is_left() public {
        uint32 seatId = registerSeat(0);
        registerSeat(1);
        _slash(seatId, SEAT_BOND - 3);
        vm.expectEmit(address(verifiers));
        emit IVerifierRegistry.Slashed(seatId, 3, 0, STRANGER);

        uint256 taken = _slash(seatId, type(uint256).max);

        assertEq(taken, 3);
        assertEq(verifiers.seat(seatId).bond, 0);
        assertEq(address(verifiers).balance, SEAT_BOND);
        assertEq(STRANGER.balance + BURN.balance, SEAT_BOND);
    }

    function test_slash__a_seat_without_bond_leaves_the_draw_at_once() public {
        registerSeat(0);
        registerSeat(1);
        registerSeat(2);

        _slash(0, SEAT_BOND);

        uint48 slashedBlock = uint48(vm.getBlockNumber());
        assertEq(_activeNow(), 2);
        assertEq(verifiers.activeSeatAt(0, slashedBlock), 2);
        assertEq(verifiers.activeSeatAt(1, slashedBlock), 1);
        assertEq(verifiers.seat(0).withdrawableAt, vm.getBlockTimestamp());
        vm.expectRevert(abi.encodeWithSelector(IVerifierRegistry.AlreadyExiting.selector, 0));
        vm.prank(operatorOf(0));
        verifiers.requestExit(0);
    }

    function test_slash__a_seat_without_bond_need_not_wait_for_the_exit_delay() public {
        uint32 seatId = registerSeat(0);
        _slash(seatId, SEAT_BOND);

        verifiers.withdrawBond(seatId);

        assertEq(operatorOf(0).balance, 0);
        (bytes memory key, bytes memory possession) = _keyFor(operatorOf(0), 77);
        _register(operatorOf(0), key, possession);
        assertEq(verifiers.seatOf(operatorOf(0)), 2);
    }

    /// @dev Its place in the active list is another's by then.
    function test_slash__an_exiting_seat_leaves_no_second_time() public {
        registerSeat(0);
        registerSeat(1);
        _requestExit(0);

        assertEq(_slash(0, SEAT_BOND), SEAT_BOND);

        uint48 slashedBlock = uint48(vm.getBlockNumber());
        assertEq(_activeNow(), 1);
        assertEq(verifiers.activeSeatAt(0, slashedBlock), 1);
        assertEq(verifiers.seat(0).withdrawableAt, vm.getBlockTimestamp());
        verifiers.withdrawBond(0);
    }

    function test_slash__nothing_from_a_seat_without_bond() public {
        registerSeat(0);
        registerSeat(1);
        _slash(0, SEAT_BOND);
        skipSeconds(1);

        assertEq(_slash(0, SEAT_BOND), 0);

        assertEq(_activeNow(), 1);
        assertEq(address(verifiers).balance, SEAT_BOND);
        assertEq(verifiers.seat(0).withdrawableAt, vm.getBlockTimestamp() - 1);
    }

    function test_slash__nothing_after_the_withdrawal() public {
        registerSeat(1);
        _withdraw(registerSeat(0));

        assertEq(_slash(1, SEAT_BOND), 0);

        assertEq(address(verifiers).balance, SEAT_BOND);
        assertEq(STRANGER.balance, 0);
    }

    function test_slash__reject_anybody_else() public {
        uint32 seatId = registerSeat(0);

        vm.expectRevert(abi.encodeWithSelector(IVerifierRegistry.NotSlasher.selector, operatorOf(0)));
        vm.prank(operatorOf(0));
        verifiers.slash(seatId, 1, operatorOf(0));
    }

    function test_slash__reject_unknown_seat() public {
        vm.expectRevert(abi.encodeWithSelector(IVerifierRegistry.UnknownSeat.selector, 0));
        _slash(0, 1);
    }

    function test_slash__report_beneficiary_that_refuses_money() public {
        uint32 seatId = registerSeat(0);
        address refuser = address(new Refuser());

        vm.expectRevert(abi.encodeWithSelector(IVerifierRegistry.PaymentFailed.selector, refuser, 1 ether));
        vm.prank(SLASHER);
        verifiers.slash(seatId, 2 ether, refuser);
    }

    /// @dev What the register holds is what its seats have left, to the wei, whatever is taken from whom and when.
    function testFuzz_slash__holds_what_its_seats_have_left(uint96[9] memory amounts, uint8[9] memory steps) public {
        for (uint256 i; i < 3; ++i) {
            registerSeat(i);
        }
        for (uint256 i; i < amounts.length; ++i) {
            uint32 seatId = steps[i] % 3;
            uint256 before = verifiers.seat(seatId).bond;

            if (steps[i] & 64 != 0 && verifiers.seat(seatId).withdrawableAt == 0) _requestExit(seatId);
            uint256 taken = _slash(seatId, amounts[i] >> (steps[i] & 63));

            assertEq(verifiers.seat(seatId).bond, before - taken);
        }

        uint256 left;
        uint256 active;
        for (uint32 seatId; seatId < 3; ++seatId) {
            IVerifierRegistry.Seat memory seat = verifiers.seat(seatId);
            left += seat.bond;
            if (seat.withdrawableAt == 0) ++active;
            assertTrue(seat.bond != 0 || seat.withdrawableAt != 0, "active without a bond");
        }
        assertEq(address(verifiers).balance, left);
        assertEq(STRANGER.balance + BURN.balance, 3 * SEAT_BOND - left);
        assertEq(_activeNow(), active);
    }

    /* THE ACTIVE LIST */

    function test_active__as_it_stood_at_the_end_of_each_block() public {
        registerSeat(0);
        registerSeat(1);
        registerSeat(2);
        uint48 before = uint48(vm.getBlockNumber());
        skipBlocks(1);
        _requestExit(0);
        registerSeat(3);
        skipBlocks(1);

        assertEq(verifiers.activeCountAt(before - 1), 0);
        _assertActive(before, 0, 1, 2);
        _assertActive(before + 1, 2, 1, 3);
    }

    function test_active__reject_blocks_that_have_not_ended() public {
        uint48 current = uint48(vm.getBlockNumber());

        vm.expectRevert(abi.encodeWithSelector(IVerifierRegistry.BlockNotPast.selector, current));
        verifiers.activeCountAt(current);
        vm.expectRevert(abi.encodeWithSelector(IVerifierRegistry.BlockNotPast.selector, current));
        verifiers.activeSeatAt(0, current);
    }

    function test_active__reject_position_past_the_end() public {
        registerSeat(0);
        registerSeat(1);
        _requestExit(1);
        uint48 past = uint48(vm.getBlockNumber());
        skipBlocks(1);

        assertEq(verifiers.activeSeatAt(0, past), 0);
        vm.expectRevert(abi.encodeWithSelector(IVerifierRegistry.UnknownPosition.selector, 1, 1));
        verifiers.activeSeatAt(1, past);
    }

    /// @dev Against a plain list, for every block of a random history.
    function testFuzz_active__equals_a_plain_list(uint8[12] memory steps) public {
        uint32[] memory list = new uint32[](steps.length);
        uint32[][] memory history = new uint32[][](steps.length);
        uint256 count;
        uint48 first = uint48(vm.getBlockNumber());
        for (uint256 i; i < steps.length; ++i) {
            if (steps[i] % 3 == 0 && count != 0) {
                uint256 position = steps[i] % count;
                _requestExit(list[position]);
                list[position] = list[--count];
            } else {
                list[count++] = registerSeat(i);
            }
            history[i] = new uint32[](count);
            for (uint256 j; j < count; ++j) {
                history[i][j] = list[j];
            }
            skipBlocks(1);
        }

        for (uint256 i; i < steps.length; ++i) {
            assertEq(verifiers.activeCountAt(first + uint48(i)), history[i].length);
            for (uint32 j; j < history[i].length; ++j) {
                assertEq(verifiers.activeSeatAt(j, first + uint48(i)), history[i][j]);
            }
        }
    }

    function test_seat__reject_unknown() public {
        vm.expectRevert(abi.encodeWithSelector(IVerifierRegistry.UnknownSeat.selector, 0));
        verifiers.seat(0);
        vm.expectRevert(abi.encodeWithSelector(IVerifierRegistry.UnknownSeat.selector, 0));
        verifiers.blsKeyOf(0);
    }

    /* STEPS */

    function _assertActive(uint48 blockNumber, uint32 first, uint32 second, uint32 third) private view {
        assertEq(verifiers.activeCountAt(blockNumber), 3);
        assertEq(verifiers.activeSeatAt(0, blockNumber), first);
        assertEq(verifiers.activeSeatAt(1, blockNumber), second);
        assertEq(verifiers.activeSeatAt(2, blockNumber), third);
    }

    function _keyFor(address operator, uint256 secret) private view returns (bytes memory, bytes memory) {
        return (Signer.key(secret), possessionOf(operator, secret, verifiers));
    }

    function _register(address operator, bytes memory key, bytes memory possession) private {
        vm.deal(operator, SEAT_BOND);
        vm.prank(operator);
        verifiers.register{value: SEAT_BOND}(key, possession, ENVELOPE_KEY, "");
    }

    function _refuserWithSeat() private returns (Refuser refuser) {
        refuser = new Refuser();
        (bytes memory key, bytes memory possession) = _keyFor(address(refuser), 7);
        vm.deal(address(this), SEAT_BOND);
        refuser.run{value: SEAT_BOND}(
            address(verifiers), SEAT_BOND, abi.encodeCall(verifiers.register, (key, possession, ENVELOPE_KEY, ""))
        );
    }

    function _slash(uint32 seatId, uint256 amount) private returns (uint256) {
        vm.prank(SLASHER);
        return verifiers.slash(seatId, amount, STRANGER);
    }

    /// @dev Ends the block.
    function _activeNow() private returns (uint256) {
        skipBlocks(1);
        return verifiers.activeCountAt(uint48(vm.getBlockNumber() - 1));
    }

    function _expect(address caller, bytes memory revertData) private {
        vm.deal(caller, SEAT_BOND);
        vm.expectRevert(revertData);
        vm.prank(caller);
    }

    function _expectInvalidPossession(bytes memory key, bytes memory possession) private {
        _expect(STRANGER, abi.encodeWithSelector(IVerifierRegistry.InvalidPossession.selector));
        verifiers.register{value: SEAT_BOND}(key, possession, ENVELOPE_KEY, "");
    }

    function _requestExit(uint32 seatId) private {
        address operator = verifiers.seat(seatId).operator;
        vm.prank(operator);
        verifiers.requestExit(seatId);
    }

    function _withdraw(uint32 seatId) private {
        _requestExit(seatId);
        skipSeconds(EXIT_DELAY);
        verifiers.withdrawBond(seatId);
    }
}
