// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @title The digest under which a dataset is registered (PROTOCOL section 4)
library DataDigest {
    bytes32 private constant T_DATA = keccak256("fairshare/v2/data");

    /// @notice K(T_data, …).
    /// @param segments How many segments the dataset has.
    /// @param list K' of their hashes.
    function hash(
        address contributor,
        uint256 geometry,
        bytes32 schemaHash,
        uint256 records,
        uint256 segments,
        bytes32 list
    ) internal pure returns (bytes32) {
        return keccak256(abi.encode(T_DATA, contributor, geometry, schemaHash, records, segments, list));
    }
}
