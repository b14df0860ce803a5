// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {PlainToken} from "./PlainToken.sol";

/// @title A token that takes from a balance by itself
contract RebasingToken is PlainToken {
    /// @notice Halves what an account has.
    function halve(address account) external {
        _burn(account, balanceOf(account) / 2);
    }
}
