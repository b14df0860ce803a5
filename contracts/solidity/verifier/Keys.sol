// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Curve, WORD} from "./Curve.sol";

/// @title Verifying keys as data
/// @notice A key is the code of a contract: a zero byte, so that it does nothing when called, and the key's canonical
/// words (PROTOCOL section 8). Its code hash is the verifying-key digest.
library Keys {
    /// @notice Statements, as a key's first word says them.
    uint256 internal constant HISTOGRAM = 1;
    uint256 internal constant DATA_SCORE = 2;
    uint256 internal constant COMPUTE_SCORE = 3;

    /// @notice A key in memory.
    struct Key {
        uint256 digest;
        uint256 statement;
        uint256 geometry;
        uint256 width;
        bytes32 constraintSystem;
        uint256 omega;
        uint256 adviceColumns;
        uint256 fixedColumns;
        uint256 instanceColumns;
        uint256 permutationColumns;
        /// Memory position of the commitments to the fixed columns.
        uint256 commitments;
        /// Words of the key.
        uint256 words;
    }

    /// @notice Words before the commitments.
    uint256 internal constant HEAD = 9;

    /// @notice Not a key's code, which is a zero byte and words, at least those before the commitments.
    error NotAKey();

    /// @notice Reads a key from the contract that holds it, which was created with its code of `size` bytes.
    function load(address holder, uint256 size) internal view returns (Key memory key) {
        uint256 start;
        assembly ("memory-safe") {
            // Behind the zero byte.
            start := mload(0x40)
            extcodecopy(holder, start, 1, sub(size, 1))
            mstore(0x40, add(start, sub(size, 1)))
            // The head follows the digest in the struct as it does in the code.
            mstore(key, extcodehash(holder))
            mcopy(add(key, 32), start, mul(32, HEAD))
        }
        key.words = size / WORD;
        key.commitments = start + WORD * HEAD;
    }

    /// @notice Reads the head of a key's code. The commitments are left where they are.
    function read(bytes calldata code) internal pure returns (Key memory key) {
        if (code.length < 1 + WORD * HEAD || code.length % WORD != 1 || code[0] != 0) revert NotAKey();
        assembly ("memory-safe") {
            calldatacopy(add(key, 32), add(code.offset, 1), mul(32, HEAD))
        }
        key.digest = uint256(keccak256(code));
        key.words = code.length / WORD;
    }

    /// @notice Binary logarithm of the number of rows of a geometry; 0 if the protocol has none of this number
    /// (PROTOCOL section 2).
    function rowsLog(uint256 geometry) internal pure returns (uint256) {
        if (geometry == 1) return 11;
        if (geometry == 2) return 14;
        return geometry == 3 ? 16 : 0;
    }

    /// @notice How many widths a geometry has: 4, 16 and, but for the compact one, 64.
    function widths(uint256 geometry) internal pure returns (uint256) {
        return geometry == 1 ? 2 : 3;
    }

    /// @notice Width number `index` of every geometry that has so many.
    function widthAt(uint256 index) internal pure returns (uint256) {
        return 4 << (2 * index);
    }

    /// @notice The statement and the width of a geometry's key number `index`: histograms by ascending width, the data
    /// score, the compute score.
    function circuitAt(uint256 geometry, uint256 index) internal pure returns (uint256 statement, uint256 width) {
        uint256 count = widths(geometry);
        if (index < count) return (HISTOGRAM, widthAt(index));
        return (index == count ? DATA_SCORE : COMPUTE_SCORE, 0);
    }
}
