// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @title What these tests ask of forge
/// @notice The cheatcodes that are used, and no others: npm has no official package of forge's standard library.
interface Vm {
    /// @notice The next call is made by this account.
    function prank(address sender) external;
    /// @notice Sets the time.
    function warp(uint256 time) external;
    /// @notice The time. `block.timestamp` will not do: the optimizer may read it once for several uses.
    function getBlockTimestamp() external view returns (uint256);
    /// @notice The next call has to revert with exactly this.
    function expectRevert(bytes calldata data) external;
    /// @notice Drops the inputs of this run of a fuzz test.
    function assume(bool holds) external pure;

    function addr(uint256 key) external pure returns (address);
    function sign(uint256 key, bytes32 digest) external pure returns (uint8 v, bytes32 r, bytes32 s);
    function getNonce(address account) external view returns (uint64);
    function computeCreateAddress(address deployer, uint256 nonce) external pure returns (address);

    /// @notice The next line of a file; an empty one at its end.
    function readLine(string calldata path) external view returns (string memory);
    /// @notice The next line read is the first one again.
    function closeFile(string calldata path) external view;
    function keyExistsJson(string calldata json, string calldata key) external view returns (bool);
    function parseJsonUint(string calldata json, string calldata key) external pure returns (uint256);
    function parseJsonString(string calldata json, string calldata key) external pure returns (string memory);
    function parseJsonAddress(string calldata json, string calldata key) external pure returns (address);
    function parseJsonBytes32(string calldata json, string calldata key) external pure returns (bytes32);
    function parseJsonBytes32Array(string calldata json, string calldata key) external pure returns (bytes32[] memory);
    function envOr(string calldata name, uint256 otherwise) external view returns (uint256);
    function setEnv(string calldata name, string calldata value) external;
    function toString(uint256 value) external pure returns (string memory);

    function assertTrue(bool holds, string calldata message) external pure;
    function assertEq(uint256 left, uint256 right, string calldata message) external pure;
    function assertEq(bytes32 left, bytes32 right, string calldata message) external pure;
    function assertLe(uint256 left, uint256 right, string calldata message) external pure;
}

/// @dev forge's address: the last 20 bytes of keccak256("hevm cheat code").
Vm constant vm = Vm(0x7109709ECfa91a80626fF3989D68f67F5b1DD12D);

/// @notice A number from `least` to `most`, both included, that depends on what the fuzzer drew.
function within(uint256 drawn, uint256 least, uint256 most) pure returns (uint256) {
    uint256 count = most - least + 1;
    return count == 0 ? drawn : least + drawn % count;
}
