// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @title A registry that tells its vault whatever a test has it tell
contract LyingRegistry {
    address public vault;

    function serve(address vault_) external {
        vault = vault_;
    }

    function tell(bytes calldata data) external {
        (bool ok, bytes memory answer) = vault.call(data);
        if (ok) return;
        assembly ("memory-safe") {
            revert(add(answer, 32), mload(answer))
        }
    }
}
