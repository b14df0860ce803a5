// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// @title Tokens that have to arrive
library Delivery {
    using SafeERC20 for IERC20;

    /// @notice Funding must be more than nothing.
    error ZeroAmount();
    /// @notice A vault counts up to 2^128 base units in all.
    error TooMuchFunded(uint128 totalFunded, uint128 amount);
    /// @notice The token delivered another amount than was asked for: it charges a fee on transfer, or worse.
    error UnexpectedDelivery(uint128 asked, uint256 received);

    /// @notice Takes tokens from the sender, who approved them; exactly this amount arrives.
    /// @param totalFunded All that was funded before.
    function take(IERC20 token, uint128 amount, uint128 totalFunded) internal {
        if (amount == 0) revert ZeroAmount();
        if (amount > type(uint128).max - totalFunded) revert TooMuchFunded(totalFunded, amount);
        uint256 before = token.balanceOf(address(this));
        token.safeTransferFrom(msg.sender, address(this), amount);
        uint256 received = token.balanceOf(address(this)) - before;
        if (received != amount) revert UnexpectedDelivery(amount, received);
    }
}
