// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {PlainToken} from "./PlainToken.sol";

/// @title A token that can freeze accounts: nothing moves from or to a frozen one.
contract FreezingToken is PlainToken {
    mapping(address account => bool) public frozen;

    error Frozen(address account);

    /// @notice Freezes an account, or thaws it; anyone can.
    /// @param account Which.
    /// @param frozen_ Whether it is frozen from now on.
    function freeze(address account, bool frozen_) external {
        frozen[account] = frozen_;
    }

    function _update(address from, address to, uint256 amount) internal override {
        if (frozen[from]) revert Frozen(from);
        if (frozen[to]) revert Frozen(to);
        super._update(from, to, amount);
    }
}
