// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @title Products of 512 bits by long multiplication
/// @notice To hold OpenZeppelin's `mulDiv` to, which gets the high half another way.
library Wide {
    uint256 private constant LOW = type(uint128).max;

    /// @notice a·b = high·2^256 + low.
    function product(uint256 a, uint256 b) internal pure returns (uint256 high, uint256 low) {
        unchecked {
            uint256 inner = (a & LOW) * (b & LOW);
            uint256 first = (a >> 128) * (b & LOW) + (inner >> 128);
            uint256 second = (a & LOW) * (b >> 128) + (first & LOW);
            high = (a >> 128) * (b >> 128) + (first >> 128) + (second >> 128);
            low = (second << 128) | (inner & LOW);
        }
    }

    /// @notice Whether a·b ≤ c·d.
    function isAtMost(uint256 a, uint256 b, uint256 c, uint256 d) internal pure returns (bool) {
        (uint256 high, uint256 low) = product(a, b);
        (uint256 otherHigh, uint256 otherLow) = product(c, d);
        return high < otherHigh || (high == otherHigh && low <= otherLow);
    }

    /// @notice Whether `quotient` is ⌊a·b / divisor⌋.
    function isFloor(uint256 quotient, uint256 a, uint256 b, uint256 divisor) internal pure returns (bool) {
        bool isBelow = isAtMost(quotient, divisor, a, b);
        return isBelow && !isAtMost(quotient + 1, divisor, a, b);
    }
}
