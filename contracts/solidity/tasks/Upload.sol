// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @title What ties an upload to the digest that it is for (PROTOCOL section 9, *Evidence*)
/// @notice The first chunk of the stored file, 256 bytes, is K(T_upload, digest) and zeros. It is the leftmost leaf of the
/// file's tree, so all siblings on its path stand on the right.
library Upload {
    /// @notice An upload's path has 1 to 24 nodes.
    error PathLengthRefused(uint256 nodes);
    /// @notice The path leads from this digest's chunk to another root: the file begins with another chunk, or the path is
    /// another file's.
    error RootRefused(bytes32 found, bytes32 root);

    bytes32 private constant T_UPLOAD = keccak256("fairshare/v2/upload");
    /// @dev Bytes of a chunk.
    uint256 private constant CHUNK = 256;
    /// @dev An upload has at most 2^24 chunks.
    uint256 private constant MAX_PATH = 24;

    /// @notice Checks that the stored file with this root begins with the chunk of this digest.
    function requireFor(bytes32 digest, bytes32 root, bytes32[] calldata path) internal pure {
        if (path.length == 0 || path.length > MAX_PATH) revert PathLengthRefused(path.length);
        bytes memory chunk = new bytes(CHUNK);
        bytes32 head = keccak256(abi.encode(T_UPLOAD, digest));
        assembly ("memory-safe") {
            mstore(add(chunk, 32), head)
        }
        bytes32 node = keccak256(chunk);
        for (uint256 i = 0; i < path.length; i++) node = keccak256(abi.encode(node, path[i]));
        if (node != root) revert RootRefused(node, root);
    }
}
