// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Curve} from "../verifier/Curve.sol";

/// @title The tree of Lagrange points whose root the rules name (PROTOCOL section 8)
/// @notice A leaf is the hash of three words, a node that of two: so no node passes for a leaf.
library LagrangeTree {
    /// @notice The path does not lead from this point, as that of this row, to the root.
    error NotThePoint(uint256 row, bytes32 root);

    /// @notice Checks that this is G_row under the root.
    /// @param path The siblings, from the leaf's up.
    function requireMember(bytes32 root, uint256 row, Curve.G1 calldata point, bytes32[] calldata path) internal pure {
        bytes32 node = keccak256(abi.encode(row, point));
        uint256 index = row;
        for (uint256 i = 0; i < path.length; i++) {
            node = index & 1 == 0 ? _parent(node, path[i]) : _parent(path[i], node);
            index >>= 1;
        }
        if (index != 0 || node != root) revert NotThePoint(row, root);
    }

    function _parent(bytes32 left, bytes32 right) private pure returns (bytes32 node) {
        assembly ("memory-safe") {
            mstore(0, left)
            mstore(32, right)
            node := keccak256(0, 64)
        }
    }
}
