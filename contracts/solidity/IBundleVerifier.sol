// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Curve} from "./verifier/Curve.sol";
import {Rules} from "./verifier/Rules.sol";

/// @notice A registered dataset of one contributor, under the rules' geometry and schema.
struct Registration {
    bytes32 digest;
    /// Records, from 1. The digest binds them, too.
    uint32 records;
}

/// @notice Histogram proofs of one width that follow each other, with equal padding.
struct Run {
    /// W: 4, 16 or 64.
    uint8 width;
    /// How many proofs.
    uint32 proofs;
    /// Cells of each segment that hold symbol 0.
    uint64 padding;
}

/// @title A verifier of bundles
/// @notice It believes its caller, a registry or vault, in registrations, units and totals. Everything else is computed from
/// them and from the rules, whose hash the answer names. A bundle is the same bytes that the Rust
/// verifier takes (PROTOCOL section 5). What is false or malformed reverts, and so does a call with too little gas: so a
/// revert is no verdict on a bundle, and whoever calls should hand it through. Words of the rules that nothing is computed
/// from are hashed as they are, whatever they hold: the hash decides whether they are the rules.
interface IBundleVerifier {
    /// @notice Keys were registered.
    event KeysRegistered(bytes32 indexed keys, uint8 geometry);
    /// @notice The points that check openings were registered.
    event OpeningsRegistered(bytes32 indexed openings, bool isInsecure);

    /// @notice Registers a geometry's keys: histograms by ascending width, then the data score, the compute score. Anyone
    /// may; what is registered is what the hashes say.
    /// @param codes Of each key a zero byte, then its words: what its digest is the hash of (PROTOCOL section 8).
    /// @return keys K' of the digests: the word of the rules that names the keys.
    function registerKeys(bytes[] calldata codes) external returns (bytes32 keys);

    /// @notice Registers what checks openings. Anyone may.
    /// @param code A zero byte, then the words that the rules' word is the hash of (PROTOCOL section 8); of the development
    /// parameters, the note that warns of them.
    /// @return openings The word of the rules that names them.
    function registerOpenings(bytes calldata code) external returns (bytes32 openings);

    /// @notice Verifies a contributor's data bundle in one call.
    /// @return rulesHash The hash of the rules, for the caller to compare.
    /// @return score The proved score, in 1/256 nat.
    /// @return records Records covered, in all.
    function verifyData(
        Rules calldata rules,
        address contributor,
        Registration[] calldata registrations,
        bytes calldata bundle
    ) external view returns (bytes32 rulesHash, uint64 score, uint32 records);

    /// @notice Verifies a node's compute bundle.
    /// @param units The registry's commitment to the node's units, the sum of u_x·G_x over the epoch's rounds, x from 0. The
    /// G_x are those that the rules' `lagrangeRoot` commits to. (G_{n−1} of a public column is added here.)
    /// @param totals The same of all nodes' units, when the epoch's rounds are over.
    /// @return rulesHash The hash of the rules, for the caller to compare.
    /// @return score The proved score, with 48 fractional bits.
    function verifyCompute(
        Rules calldata rules,
        address contributor,
        Curve.G1 calldata units,
        Curve.G1 calldata totals,
        bytes calldata bundle
    ) external view returns (bytes32 rulesHash, uint64 score);

    /// @notice Verifies histogram proofs of a bundle that is too large for one call, and remembers what they showed: for
    /// each, that under this key its columns have a histogram with this commitment and so many cells of padding. Anyone
    /// may, in any order; it is true for whoever uses it.
    /// @param proofs The proofs, one after the other, as the bundle has them.
    function recordSegments(bytes32 keys, bytes32 openings, Run[] calldata runs, bytes calldata proofs) external;

    /// @notice Verifies a data bundle whose histogram proofs were all recorded before. In the place of each proof the
    /// bundle has the segment hash and H, three words.
    function verifyRecorded(
        Rules calldata rules,
        address contributor,
        Registration[] calldata registrations,
        bytes calldata bundle
    ) external view returns (bytes32 rulesHash, uint64 score, uint32 records);

    /// @notice Whether a histogram proof was recorded.
    /// @param key The verifying-key digest of the histogram circuit.
    function isRecorded(
        bytes32 key,
        bytes32 openings,
        bytes32 segment,
        uint256 padding,
        Curve.G1 calldata histogram
    ) external view returns (bool);
}
