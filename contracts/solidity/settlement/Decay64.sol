// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @title Decay in integers, in units of 2^−64
/// @notice `rho` is ⌊e^(−λ)·2^64⌋, below 2^64. No decay exceeds 2^64, so no product exceeds 2^128.
library Decay64 {
    uint256 private constant START = 1 << 64;

    /// @notice What is left after so many rounds, by the recurrence of PROTOCOL section 7: one step a round.
    function afterRounds(uint256 rho, uint256 rounds) internal pure returns (uint256 decay) {
        decay = START;
        assembly ("memory-safe") {
            for {} rounds { rounds := sub(rounds, 1) } { decay := shr(64, mul(decay, rho)) }
        }
    }

    /// @notice What is left after so many rounds, by the squarings of PROTOCOL section 10: 64 steps at most.
    function fade(uint256 rho, uint64 rounds) internal pure returns (uint256 decay) {
        decay = START;
        for (uint256 bits = rounds; bits > 0; bits >>= 1) {
            if (bits & 1 == 1) decay = (decay * rho) >> 64;
            rho = (rho * rho) >> 64;
        }
    }
}
