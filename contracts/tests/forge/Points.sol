// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Curve, R} from "../../solidity/verifier/Curve.sol";

/// @title Points for rounds, and the tree over them
/// @notice A registry sees only whether a point is in the tree that the rules name. These are known multiples of the generator,
/// so a sum of units has a known multiplier, too.
library Points {
    /// @notice What the point of a round is a multiple by.
    function multiplier(uint256 round) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode("fairshare test round", round))) % R;
    }

    /// @notice A multiple of the generator.
    function multiple(uint256 factor) internal view returns (Curve.G1 memory point) {
        (bool ok, bytes memory answer) = address(7).staticcall(abi.encode(uint256(1), uint256(2), factor));
        require(ok, "no precompiled multiplication");
        (point.x, point.y) = abi.decode(answer, (uint256, uint256));
    }

    /// @notice The points of so many rounds.
    function first(uint256 count) internal view returns (Curve.G1[] memory points) {
        points = new Curve.G1[](count);
        for (uint256 i = 0; i < count; i++) points[i] = multiple(multiplier(i));
    }

    /// @notice The tree over 2^b points (PROTOCOL section 8): the root is node 1, the children of node i are 2i and 2i + 1.
    function tree(Curve.G1[] memory points) internal pure returns (bytes32[] memory nodes) {
        return tree(points, 0);
    }

    /// @notice The same with leaves numbered from another number on, which is no tree of the protocol.
    function tree(Curve.G1[] memory points, uint256 from) internal pure returns (bytes32[] memory nodes) {
        uint256 count = points.length;
        nodes = new bytes32[](2 * count);
        for (uint256 i = 0; i < count; i++) {
            nodes[count + i] = keccak256(abi.encodePacked(from + i, points[i].x, points[i].y));
        }
        for (uint256 i = count - 1; i > 0; i--) nodes[i] = keccak256(abi.encodePacked(nodes[2 * i], nodes[2 * i + 1]));
    }

    /// @notice The siblings on the way from a point to the root.
    function path(bytes32[] memory nodes, uint256 index) internal pure returns (bytes32[] memory siblings) {
        uint256 depth = 0;
        for (uint256 i = nodes.length / 2; i > 1; i /= 2) depth++;
        siblings = new bytes32[](depth);
        uint256 node = nodes.length / 2 + index;
        for (uint256 i = 0; i < depth; i++) {
            siblings[i] = nodes[node ^ 1];
            node /= 2;
        }
    }
}
