// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Verifiers: bonds, keys, endpoints, exits, penalties
/// @notice SPEC 4.2. Equal bonds: one bond, one seat. A seat that has lost its whole bond leaves the draw.
interface IVerifierRegistry {
    error InvalidParameters(string which);
    error WrongBond(uint256 sent, uint256 required);
    error AlreadySeated(address operator, uint32 seatId);
    error KeyAlreadyUsed(bytes32 blsKeyHash);
    error MalformedKey();
    error InvalidPossession();
    error EmptyEnvelopeKey();
    error EndpointTooLong(uint256 length);
    error UnknownSeat(uint32 seatId);
    error NotOperator(uint32 seatId, address caller);
    error AlreadyExiting(uint32 seatId);
    error ExitNotRequested(uint32 seatId);
    error ExitTooEarly(uint32 seatId, uint256 withdrawableAt);
    error BondAlreadyWithdrawn(uint32 seatId);
    error NotSlasher(address caller);
    error PaymentFailed(address to, uint256 amount);
    error BlockNotPast(uint48 blockNumber);
    error UnknownPosition(uint32 position, uint32 active);

    event Registered(
        uint32 indexed seatId, address indexed operator, bytes blsKey, bytes32 envelopeKey, string endpoint
    );
    event ExitRequested(uint32 indexed seatId, uint256 withdrawableAt);
    event BondWithdrawn(uint32 indexed seatId, uint256 amount);
    event Slashed(uint32 indexed seatId, uint256 taken, uint256 left, address beneficiary);

    struct Seat {
        address operator;
        uint48 withdrawableAt; // 0 while active
        bool withdrawn;
        uint96 bond; // what is left of it, in wei
        bytes32 envelopeKey; // X25519, RFC 7748
        bytes blsKey; // 128 bytes, EIP-2537
        string endpoint;
    }

    /// @notice Take a seat with a bond, a BLS key and the proof that the caller holds it.
    /// @param blsKey G1 point, 128 bytes in EIP-2537's form.
    /// @param possession G2 signature, 256 bytes, over the digest of `Possession(operator, keccak256(blsKey))`.
    /// @param envelopeKey X25519 key to which openings are wrapped.
    /// @param endpoint Base URL at which peers reach the node.
    function register(bytes calldata blsKey, bytes calldata possession, bytes32 envelopeKey, string calldata endpoint)
        external
        payable
        returns (uint32 seatId);

    /// @notice Leave the draw at once; the bond follows after the exit delay.
    function requestExit(uint32 seatId) external;

    /// @notice Pay what is left of the bond back to the operator after the exit delay. Open to anyone.
    function withdrawBond(uint32 seatId) external;

    /// @notice Take up to `amount` of a seat's bond: half to the beneficiary, the rest is burnt. By the slasher.
    /// @return taken Less than `amount` where no more is left; then the seat leaves the draw at once.
    function slash(uint32 seatId, uint256 amount, address beneficiary) external returns (uint256 taken);

    /// @notice The seat, reverting if there is none.
    function seat(uint32 seatId) external view returns (Seat memory);

    /// @notice The operator's current seat id plus one, or zero.
    function seatOf(address operator) external view returns (uint32 seatIdPlusOne);

    /// @notice How many seats were active at the end of a past block.
    function activeCountAt(uint48 blockNumber) external view returns (uint32);

    /// @notice The seat at a position of the active list as it stood at the end of a past block.
    function activeSeatAt(uint32 position, uint48 blockNumber) external view returns (uint32 seatId);

    /// @notice The 128-byte BLS key of a seat.
    function blsKeyOf(uint32 seatId) external view returns (bytes memory);

    /// @notice What a seat costs, in wei.
    function bond() external view returns (uint256);
    /// @notice How many seconds a bond outlives the request to exit.
    function exitDelay() external view returns (uint256);
    /// @notice The only one who may slash.
    function slasher() external view returns (address);
}
