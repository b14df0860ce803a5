// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @title A token of the old kind, whose transfers return nothing; it can be made to fail without reverting.
/// @dev Not an ERC-20 by its types: that is the point.
contract SilentToken {
    mapping(address => uint256) public balanceOf;
    bool public returnsFalse;

    /// @notice Creates tokens.
    function mint(address to, uint256 amount) external {
        balanceOf[to] += amount;
    }

    /// @notice From now on transfers move nothing and return false.
    function refuse() external {
        returnsFalse = true;
    }

    /// @notice No allowance is kept: this token is for tests.
    function approve(address, uint256) external {}

    /// @notice Moves tokens.
    function transfer(address to, uint256 amount) external {
        _move(msg.sender, to, amount);
    }

    /// @notice Moves tokens of anyone's.
    function transferFrom(address from, address to, uint256 amount) external {
        _move(from, to, amount);
    }

    function _move(address from, address to, uint256 amount) private {
        if (returnsFalse) {
            assembly {
                mstore(0, 0)
                return(0, 32)
            }
        }
        balanceOf[from] -= amount;
        balanceOf[to] += amount;
    }
}
