// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IClaimRegistry} from "./interfaces/IClaimRegistry.sol";
import {IDisputeManager} from "./interfaces/IDisputeManager.sol";
import {IVerifierRegistry} from "./interfaces/IVerifierRegistry.sol";
import {Quorum} from "./libraries/Quorum.sol";

/// @title What is fixed for ever when a court is deployed: its registries, windows, committee sizes and prices
abstract contract Terms is IDisputeManager {
    /// @dev SPEC 5: what turns `drawDelay` into seconds.
    uint256 internal constant SLOT_SECONDS = 12;

    uint256 private constant MAX_RUNGS = 4;

    /// @inheritdoc IDisputeManager
    IClaimRegistry public immutable claims;
    /// @inheritdoc IDisputeManager
    IVerifierRegistry public immutable verifiers;

    /// @dev A byte for each rung, the first one lowest.
    uint256 private immutable _ladder;
    uint256 internal immutable _drawDelay;
    uint256 internal immutable _drawWindow;
    uint256 internal immutable _keyWindow;
    uint256 internal immutable _sealWindow;
    uint256 internal immutable _voteWindow;
    uint256 internal immutable _appealWindow;
    uint256 internal immutable _bond;
    uint256 internal immutable _appealBond;
    uint256 internal immutable _memberFee;
    uint256 internal immutable _submitterCap;
    uint256 internal immutable _withheldPenalty;

    constructor(IClaimRegistry claims_, IVerifierRegistry verifiers_, Parameters memory sent) {
        if (address(claims_).code.length == 0) revert InvalidParameters("claims");
        if (address(verifiers_).code.length == 0) revert InvalidParameters("verifiers");
        if (sent.drawDelay == 0) revert InvalidParameters("drawDelay");
        // Else the draw would be due before it can be made.
        if (sent.drawWindow <= sent.drawDelay * SLOT_SECONDS) revert InvalidParameters("drawWindow");
        if (sent.keyWindow == 0) revert InvalidParameters("keyWindow");
        if (sent.sealWindow == 0) revert InvalidParameters("sealWindow");
        if (sent.voteWindow == 0) revert InvalidParameters("voteWindow");
        if (sent.appealWindow == 0) revert InvalidParameters("appealWindow");
        if (sent.bond == 0) revert InvalidParameters("bond");
        if (sent.appealBond == 0) revert InvalidParameters("appealBond");
        if (sent.memberFee == 0) revert InvalidParameters("memberFee");
        if (sent.withheldPenalty == 0) revert InvalidParameters("withheldPenalty");

        uint256 rungs;
        uint256 ladder;
        for (uint256 last; rungs < MAX_RUNGS && sent.ladder[rungs] != 0; ++rungs) {
            uint256 size = sent.ladder[rungs];
            if (size <= last || !Quorum.isSize(size)) revert InvalidParameters("ladder");
            ladder |= size << (8 * rungs);
            last = size;
        }
        if (rungs == 0) revert InvalidParameters("ladder");
        for (uint256 rung = rungs; rung < MAX_RUNGS; ++rung) {
            if (sent.ladder[rung] != 0) revert InvalidParameters("ladder");
        }

        // A member must still hold its bond when the votes it withheld in the last round can be revealed no more (SPEC 4.2).
        uint256 round =
            uint256(sent.drawWindow) + sent.keyWindow + sent.sealWindow + sent.voteWindow + sent.appealWindow;
        uint256 longest = rungs * round + sent.voteWindow;
        uint256 exitDelay = verifiers_.exitDelay();
        if (exitDelay <= longest) revert ExitDelayTooShort(exitDelay, longest);

        claims = claims_;
        verifiers = verifiers_;
        _ladder = ladder;
        _drawDelay = sent.drawDelay;
        _drawWindow = sent.drawWindow;
        _keyWindow = sent.keyWindow;
        _sealWindow = sent.sealWindow;
        _voteWindow = sent.voteWindow;
        _appealWindow = sent.appealWindow;
        _bond = sent.bond;
        _appealBond = sent.appealBond;
        _memberFee = sent.memberFee;
        _submitterCap = sent.submitterCap;
        _withheldPenalty = sent.withheldPenalty;
    }

    /// @inheritdoc IDisputeManager
    function roundFee(uint8 round) public view returns (uint256) {
        uint256 size = _sizeOf(round);
        if (size == 0) revert UnknownRound(0, round);
        return size * _memberFee + 2 * _submitterCap;
    }

    /// @inheritdoc IDisputeManager
    function parameters() external view returns (Parameters memory) {
        return Parameters({
            ladder: [uint8(_sizeOf(0)), uint8(_sizeOf(1)), uint8(_sizeOf(2)), uint8(_sizeOf(3))],
            drawDelay: uint32(_drawDelay),
            drawWindow: uint32(_drawWindow),
            keyWindow: uint32(_keyWindow),
            sealWindow: uint32(_sealWindow),
            voteWindow: uint32(_voteWindow),
            appealWindow: uint32(_appealWindow),
            bond: uint96(_bond),
            appealBond: uint96(_appealBond),
            memberFee: uint96(_memberFee),
            submitterCap: uint96(_submitterCap),
            withheldPenalty: uint96(_withheldPenalty)
        });
    }

    /// @dev The size of a round's committee, or zero where the ladder has no such rung.
    function _sizeOf(uint256 round) internal view returns (uint256) {
        return (_ladder >> (8 * round)) & 0xff;
    }

    /// @dev How many rungs, from the first, a register of `active` seats can fill.
    function _rungsFor(uint256 active) internal view returns (uint256 rungs) {
        while (_sizeOf(rungs) != 0 && _sizeOf(rungs) <= active) ++rungs;
    }
}
