// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @title The segments of a bundle: none may occur twice
/// @notice Equal segments would tell that they are equal, and open one commitment twice. A table in memory, its places
/// taken by hash and, if one is taken already, by the next that is free.
library SegmentSet {
    /// @notice A segment hash occurs twice in the bundle.
    error SegmentTwice(bytes32 segment);

    /// @notice An empty table for up to `count` hashes: twice as many places, a power of two.
    function table(uint256 count) internal pure returns (bytes32[] memory places) {
        uint256 size = 2;
        while (size < 2 * count) size *= 2;
        return new bytes32[](size);
    }

    /// @notice Inserts a hash, or refuses it. Nobody can find a segment whose hash is zero.
    function insert(bytes32[] memory places, bytes32 segment) internal pure {
        uint256 mask = places.length - 1;
        uint256 place = uint256(segment) & mask;
        while (places[place] != 0) {
            if (places[place] == segment) revert SegmentTwice(segment);
            place = (place + 1) & mask;
        }
        places[place] = segment;
    }
}
