// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Curve} from "./Curve.sol";

/// @dev Roles, as a bundle's first word says them.
uint256 constant DATA = 1;
uint256 constant COMPUTE = 2;

/// @notice Whose rules, for which rounds, and what they pay.
struct Terms {
    uint256 version;
    uint256 chainId;
    address vault;
    address registry;
    uint256 settlement;
    bytes32 subnet;
    uint64 epoch;
    uint64 firstRound;
    uint32 rounds;
    uint64 dataFirstRound;
    uint64 endsBy;
    uint64 provingSeconds;
    uint128 pool;
}

/// @notice What data is scored against, and how a score becomes a weight.
struct Scoring {
    uint8 geometry;
    bytes32 schemaHash;
    bytes32 referenceHash;
    /// d.
    uint32 features;
    /// bins'.
    uint64 bins;
    /// Σ_f Ln(R_f), scaled by 2^96.
    uint128 lnTotals;
    /// The commitment to the reference logarithms ℓ.
    Curve.G1 ln;
    /// The commitment to the feature boundaries.
    Curve.G1 boundaries;
    uint32 minRecords;
    uint8 weighting;
    uint64 cap;
}

/// @notice The words of a λ.
struct Decay {
    uint64 lambda;
    uint64 rho;
}

/// @notice The reference string, and what is derived from it alone.
struct Parameters {
    bytes32 srs;
    bytes32 keys;
    bytes32 lagrangeRoot;
    bytes32 openings;
}

/// @notice One epoch's rules: the words of PROTOCOL section 8, in their order. A contract cannot compute the derived words;
/// whoever believes a rules hash has recomputed them, or has it from somebody who did.
struct Rules {
    Terms terms;
    Scoring scoring;
    Decay data;
    Decay compute;
    uint8 evidence;
    Parameters parameters;
}

/// @title The rules hash
library RulesHash {
    bytes32 private constant T_RULES = keccak256("fairshare/v2/rules");
    /// @notice Words of the rules.
    uint256 internal constant WORDS = 35;

    /// @notice The epoch's last round. Of rules that were opened there are two rounds or more, and the last one fits its type.
    function lastRound(Terms calldata terms) internal pure returns (uint64) {
        return terms.firstRound + (terms.rounds - 1);
    }

    /// @notice K(T_rules, …) over all words, as they stand in the calldata.
    function hash(Rules calldata rules) internal pure returns (bytes32 digest) {
        bytes32 tag = T_RULES;
        assembly ("memory-safe") {
            let start := mload(0x40)
            mstore(start, tag)
            calldatacopy(add(start, 32), rules, mul(32, WORDS))
            digest := keccak256(start, mul(32, add(1, WORDS)))
        }
    }
}
