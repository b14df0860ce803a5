// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {PlainToken} from "./PlainToken.sol";

/// @title A token that calls back, once, in the midst of the next transfer, and keeps what came of it.
contract ReentrantToken is PlainToken {
    address public target;
    bytes public callback;
    bool public succeeded;
    bytes public result;

    /// @notice Sets the call that the next transfer makes before it moves anything.
    /// @param target_ Whom to call.
    /// @param callback_ With what.
    function arm(address target_, bytes calldata callback_) external {
        target = target_;
        callback = callback_;
    }

    function _update(address from, address to, uint256 amount) internal override {
        address armed = target;
        if (armed != address(0)) {
            target = address(0);
            (succeeded, result) = armed.call(callback);
        }
        super._update(from, to, amount);
    }
}
