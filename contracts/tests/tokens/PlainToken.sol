// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title A token that does what the standard says; anyone can mint.
contract PlainToken is ERC20 {
    constructor() ERC20("Plain", "PLAIN") {}

    /// @notice Creates tokens.
    /// @param to Who gets them.
    /// @param amount How many.
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }
}
