// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Rules, Scoring} from "../verifier/Rules.sol";
import {Decay64} from "./Decay64.sol";

/// @title What a score weighs, and what a weight is paid (PROTOCOL section 10)
/// @notice The same integers as the ledger's. A data weight is below 2^226: λ_q is below 2^58, g below 2^104.
library Shares {
    /// @notice Tenths of a base unit that the pool for computing power, and that for data, get of each unit.
    uint256 internal constant COMPUTE_TENTHS = 7;
    uint256 internal constant DATA_TENTHS = 3;
    /// @notice Tenths in a base unit.
    uint256 internal constant TENTHS = COMPUTE_TENTHS + DATA_TENTHS;

    /// @notice The weighting by divergence, as the word of the rules says it. The other one is by records and divergence.
    uint256 internal constant DIVERGENCE = 1;
    uint256 internal constant RECORDS_DIVERGENCE = 2;

    /// @notice λ_q · g · fade: what a contributor's data weighs.
    /// @param score In 1/256 nat.
    /// @param records How many records the bundle covers, from 1.
    /// @param latest The latest round of its datasets, within the data window.
    function dataWeight(Rules calldata rules, uint64 score, uint32 records, uint64 latest)
        internal
        pure
        returns (uint256)
    {
        uint256 decay = Decay64.fade(rules.data.rho, latest - rules.terms.dataFirstRound);
        return rules.data.lambda * _worth(rules.scoring, score, records) * decay;
    }

    /// @dev g: what a score is worth before decay.
    function _worth(Scoring calldata scoring, uint256 score, uint256 records) private pure returns (uint256) {
        if (scoring.weighting == DIVERGENCE) return (score << 40) / records;
        return Math.saturatingSub(Math.min(score, mostWorth(scoring, records)), bias(scoring));
    }

    /// @notice ⌊n·cap/2^40⌋: what so many records are worth at most, bias included.
    function mostWorth(Scoring calldata scoring, uint256 records) internal pure returns (uint256) {
        return (records * scoring.cap) >> 40;
    }

    /// @notice bins'·2^7: what chance alone makes of a score.
    function bias(Scoring calldata scoring) internal pure returns (uint256) {
        return uint256(scoring.bins) << 7;
    }

    /// @notice ⌊tenths·weight / (10·Σ weight)⌋, in base units, with a product of 512 bits.
    /// @param tenths Of the pool, with what was carried to it: at most ten times all that was funded, which is below 2^128.
    /// @param sum The sum of the weights: above 0, and ten times it fits a word.
    function share(uint256 tenths, uint256 weight, uint256 sum) internal pure returns (uint128) {
        // At most a tenth of the tenths, as no weight exceeds the sum.
        return uint128(Math.mulDiv(tenths, weight, TENTHS * sum));
    }
}
