// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @title What scripts ask of forge
/// @notice The cheatcodes that are used, and no others: npm has no official package of forge's standard library.
interface Cheats {
    /// @notice From here on, calls and deployments are transactions of this account.
    function startBroadcast(address sender) external;
    function stopBroadcast() external;

    function getNonce(address account) external view returns (uint64);
    function computeCreateAddress(address deployer, uint256 nonce) external pure returns (address);

    /// @notice An environment variable; a variable that is not set, or has another type, ends the script.
    function envAddress(string calldata name) external view returns (address);
    function envString(string calldata name) external view returns (string memory);
    function envUint(string calldata name) external view returns (uint256);
    /// @notice An environment variable, or `otherwise` where it is not set.
    function envOr(string calldata name, address otherwise) external view returns (address);
    function envOr(string calldata name, bool otherwise) external view returns (bool);

    /// @notice With the checksum of EIP-55.
    function toString(address value) external pure returns (string memory);
    function toString(uint256 value) external pure returns (string memory);
}

/// @dev forge's address: the last 20 bytes of keccak256("hevm cheat code").
Cheats constant cheats = Cheats(0x7109709ECfa91a80626fF3989D68f67F5b1DD12D);

/// @dev Where forge listens for lines to print: "console.log" in ASCII.
address constant CONSOLE = 0x000000000000000000636F6e736F6c652e6c6f67;

/// @dev The sender of a script that was told none.
address constant DEFAULT_SENDER = 0x1804c8AB1F12E6bbf3894d4083f33e07309d1f38;

/// @title What the deployment scripts have in common
abstract contract Script {
    /// @notice No sender was named, so nobody known would own what is deployed: give forge a key, or `--sender`.
    error SenderUnknown();
    /// @notice The variable's number does not fit its type.
    error TooLarge(string name, uint256 value);

    /// @dev Who sends the transactions. A script must not take forge's default account for somebody.
    function _sender() internal view returns (address) {
        if (msg.sender == DEFAULT_SENDER) revert SenderUnknown();
        return msg.sender;
    }

    /// @dev A variable that is a number of 64 bits.
    function _uint64(string memory name) internal view returns (uint64) {
        uint256 value = cheats.envUint(name);
        if (value > type(uint64).max) revert TooLarge(name, value);
        return uint64(value);
    }

    function _print(string memory line) internal view {
        (bool isPrinted,) = CONSOLE.staticcall(abi.encodeWithSignature("log(string)", line));
        require(isPrinted);
    }

    function _print(string memory name, address value) internal view {
        _print(string.concat(name, ": ", cheats.toString(value)));
    }

    /// @dev A line of the policy.
    function _printKey(string memory key, address value) internal view {
        _print(string.concat(key, " = ", _quoted(cheats.toString(value))));
    }

    /// @dev The first lines of the policy's [vault].
    function _printVault(address vault) internal view {
        _print("[vault]");
        _print(string.concat("chain_id = ", cheats.toString(block.chainid)));
        _printKey("address", vault);
    }

    /// @dev A text as TOML has it. It is printable ASCII.
    function _quoted(string memory text) internal pure returns (string memory quoted) {
        bytes memory all = bytes(text);
        for (uint256 i = 0; i < all.length; i++) {
            bool isEscaped = all[i] == "\"" || all[i] == "\\";
            quoted = string.concat(quoted, isEscaped ? "\\" : "", string(abi.encodePacked(all[i])));
        }
        return string.concat("\"", quoted, "\"");
    }
}
