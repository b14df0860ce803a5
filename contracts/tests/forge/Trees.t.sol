// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {LagrangeTree} from "../../solidity/tasks/LagrangeTree.sol";
import {Upload} from "../../solidity/tasks/Upload.sol";
import {Curve} from "../../solidity/verifier/Curve.sol";
import {DataDigest} from "../../solidity/verifier/DataDigest.sol";
import {Points} from "./Points.sol";
import {Vectors} from "./Vectors.sol";
import {vm, within} from "./Vm.sol";

/// @title Do the trees and the data digest take what is true, and nothing that differs from it?
contract TreesTest {
    function member(bytes32 root, uint256 row, Curve.G1 calldata point, bytes32[] calldata path) external pure {
        LagrangeTree.requireMember(root, row, point, path);
    }

    function upload(bytes32 digest, bytes32 root, bytes32[] calldata path) external pure {
        Upload.requireFor(digest, root, path);
    }

    // The tree of Lagrange points.

    /// @dev Every point of every vector: from 1 point, whose path is empty, to 64.
    function testEveryPointOfEveryVectorIsAMember() external view {
        string[] memory vectors = Vectors.read("lagrange_roots.json");
        vm.assertLe(21, vectors.length, "vectors");
        for (uint256 each = 0; each < vectors.length; each++) {
            bytes32 root = vm.parseJsonBytes32(vectors[each], ".root");
            Curve.G1[] memory points = _points(vectors[each]);
            bytes32[] memory nodes = Points.tree(points);
            vm.assertEq(nodes[1], root, vm.parseJsonString(vectors[each], ".name"));
            for (uint256 i = 0; i < points.length; i++) this.member(root, i, points[i], Points.path(nodes, i));
        }
    }

    /// @dev One change of one thing, and it is refused.
    function testFuzzNoAlteredPathIsTaken(uint256 drawnDepth, uint256 drawnRow, uint256 what, uint256 by) external {
        Curve.G1[] memory points = Points.first(1 << within(drawnDepth, 1, 6));
        bytes32[] memory nodes = Points.tree(points);
        uint256 row = within(drawnRow, 0, points.length - 1);
        bytes32[] memory path = Points.path(nodes, row);
        this.member(nodes[1], row, points[row], path);
        (bytes32 root, Curve.G1 memory point) = (nodes[1], points[row]);
        what %= 8;
        if (what == 0) root ^= _change(by);
        if (what == 1) row ^= uint256(_change(by));
        if (what == 2) point.x ^= uint256(_change(by));
        if (what == 3) point.y ^= uint256(_change(by));
        if (what == 4) path[by % path.length] ^= _change(by);
        if (what == 5) path = _resized(path, path.length - 1);
        if (what == 6) path = _resized(path, path.length + 1);
        if (what == 7) row += points.length;
        vm.expectRevert(abi.encodeWithSelector(LagrangeTree.NotThePoint.selector, row, root));
        this.member(root, row, point, path);
    }

    /// @dev A node of the tree is no leaf: the shorter path from it is refused.
    function testFuzzNoNodePassesForALeaf(uint256 drawnRow) external {
        Curve.G1[] memory points = Points.first(8);
        bytes32[] memory nodes = Points.tree(points);
        uint256 node = within(drawnRow, 4, 7);
        Curve.G1 memory inner = Curve.G1(uint256(nodes[2 * node]), uint256(nodes[2 * node + 1]));
        bytes32[] memory path = _resized(Points.path(nodes, 2 * (node - 4)), 2);
        (path[0], path[1]) = (nodes[node ^ 1], nodes[(node / 2) ^ 1]);
        vm.expectRevert(abi.encodeWithSelector(LagrangeTree.NotThePoint.selector, node - 4, nodes[1]));
        this.member(nodes[1], node - 4, inner, path);
    }

    /// @dev In a tree whose leaves are numbered as if more came before them, no leaf stands in its place.
    function testFuzzNoPointIsTakenFromAnotherPlace(uint256 drawnDepth, uint256 drawnRow) external {
        uint256 count = 1 << within(drawnDepth, 1, 6);
        Curve.G1[] memory points = Points.first(count);
        bytes32[] memory nodes = Points.tree(points, count);
        uint256 row = within(drawnRow, 0, count - 1);
        vm.expectRevert(abi.encodeWithSelector(LagrangeTree.NotThePoint.selector, count + row, nodes[1]));
        this.member(nodes[1], count + row, points[row], Points.path(nodes, row));
    }

    // Uploads.

    /// @dev The storage layer's tree over any file that begins with the digest's chunk.
    function testFuzzTheFirstChunkOfAFileIsTaken(bytes32 digest, uint256 drawn) external view {
        (bytes32 root, bytes32[] memory path) = _file(digest, within(drawn, 2, 300));
        this.upload(digest, root, path);
    }

    function testFuzzNoOtherUploadIsTaken(bytes32 digest, uint256 drawn, uint256 what, uint256 by) external {
        (bytes32 root, bytes32[] memory path) = _file(digest, within(drawn, 2, 300));
        bytes32 found = root;
        what %= 3;
        if (what == 0) digest ^= _change(by);
        if (what == 1) path[by % path.length] ^= _change(by);
        if (what == 2) root ^= _change(by);
        if (what < 2) found = _climb(digest, path);
        vm.expectRevert(abi.encodeWithSelector(Upload.RootRefused.selector, found, root));
        this.upload(digest, root, path);
    }

    function testAPathHasFrom1To24Nodes(bytes32 digest) external {
        for (uint256 nodes = 0; nodes <= 26; nodes++) {
            bytes32[] memory path = new bytes32[](nodes);
            if (nodes == 0 || nodes > 24) {
                vm.expectRevert(abi.encodeWithSelector(Upload.PathLengthRefused.selector, nodes));
            }
            this.upload(digest, _climb(digest, path), path);
        }
    }

    // The data digest.

    function testTheDigestIsThatOfEveryVector() external view {
        string[] memory vectors = Vectors.read("digests.json");
        vm.assertLe(10, vectors.length, "vectors");
        for (uint256 i = 0; i < vectors.length; i++) {
            string memory vector = vectors[i];
            (uint256 segments, bytes memory list) = _segments(vector);
            bytes32 found = DataDigest.hash(
                vm.parseJsonAddress(vector, ".contributor"),
                vm.parseJsonUint(vector, ".geometry"),
                vm.parseJsonBytes32(vector, ".schema_hash"),
                vm.parseJsonUint(vector, ".records"),
                segments,
                keccak256(list)
            );
            vm.assertEq(found, vm.parseJsonBytes32(vector, ".data_digest"), "digest");
        }
    }

    function testFuzzEveryFieldChangesTheDigest(
        address contributor,
        uint256 geometry,
        bytes32 schemaHash,
        uint256 records,
        uint256 segments,
        bytes32 list
    ) external pure {
        bytes32 digest = DataDigest.hash(contributor, geometry, schemaHash, records, segments, list);
        address other = address(uint160(contributor) ^ 1);
        unchecked {
            vm.assertTrue(digest != DataDigest.hash(other, geometry, schemaHash, records, segments, list), "contributor");
            vm.assertTrue(
                digest != DataDigest.hash(contributor, geometry + 1, schemaHash, records, segments, list), "geometry"
            );
            vm.assertTrue(digest != DataDigest.hash(contributor, geometry, ~schemaHash, records, segments, list), "schema");
            vm.assertTrue(
                digest != DataDigest.hash(contributor, geometry, schemaHash, records + 1, segments, list), "records"
            );
            vm.assertTrue(
                digest != DataDigest.hash(contributor, geometry, schemaHash, records, segments + 1, list), "segments"
            );
            vm.assertTrue(digest != DataDigest.hash(contributor, geometry, schemaHash, records, segments, ~list), "list");
        }
    }

    function _segments(string memory vector) private view returns (uint256 count, bytes memory list) {
        while (vm.keyExistsJson(vector, _segment(count))) {
            list = bytes.concat(list, vm.parseJsonBytes32(vector, _segment(count)));
            count++;
        }
    }

    function _segment(uint256 index) private pure returns (string memory) {
        return string.concat(".segments[", vm.toString(index), "].hash");
    }

    function _points(string memory vector) private view returns (Curve.G1[] memory points) {
        uint256 count = 0;
        while (vm.keyExistsJson(vector, _point(count))) count++;
        points = new Curve.G1[](count);
        for (uint256 i = 0; i < count; i++) {
            bytes32[] memory words = vm.parseJsonBytes32Array(vector, _point(i));
            points[i] = Curve.G1(uint256(words[0]), uint256(words[1]));
        }
    }

    function _point(uint256 index) private pure returns (string memory) {
        return string.concat(".points[", vm.toString(index), "]");
    }

    /// @dev A file of so many chunks, the first one that of the digest: its root, and the first chunk's siblings. Behind its
    /// own chunks there are zero chunks, up to the next multiple of a sixteenth of the next power of two.
    function _file(bytes32 digest, uint256 chunks) private pure returns (bytes32 root, bytes32[] memory path) {
        uint256 power = 1;
        while (power < chunks) power *= 2;
        uint256 step = power < 16 ? 1 : power / 16;
        bytes32[] memory level = new bytes32[]((chunks + step - 1) / step * step);
        level[0] = _chunk(digest);
        for (uint256 i = 1; i < level.length; i++) {
            level[i] = keccak256(i < chunks ? abi.encodePacked(new bytes(224), digest, i) : new bytes(256));
        }
        path = new bytes32[](24);
        uint256 depth = 0;
        while (level.length > 1) {
            path[depth++] = level[1];
            level = _above(level);
        }
        return (level[0], _resized(path, depth));
    }

    /// @dev The level above: a node without a sibling goes up as it is.
    function _above(bytes32[] memory level) private pure returns (bytes32[] memory above) {
        above = new bytes32[]((level.length + 1) / 2);
        for (uint256 i = 0; i < above.length; i++) {
            bool isAlone = 2 * i + 1 == level.length;
            above[i] = isAlone ? level[2 * i] : keccak256(bytes.concat(level[2 * i], level[2 * i + 1]));
        }
    }

    function _climb(bytes32 digest, bytes32[] memory path) private pure returns (bytes32 node) {
        node = _chunk(digest);
        for (uint256 i = 0; i < path.length; i++) node = keccak256(bytes.concat(node, path[i]));
    }

    function _chunk(bytes32 digest) private pure returns (bytes32) {
        bytes32 head = keccak256(bytes.concat(keccak256("fairshare/v2/upload"), digest));
        return keccak256(bytes.concat(head, new bytes(224)));
    }

    function _resized(bytes32[] memory path, uint256 length) private pure returns (bytes32[] memory resized) {
        resized = new bytes32[](length);
        for (uint256 i = 0; i < length && i < path.length; i++) resized[i] = path[i];
    }

    /// @dev One bit.
    function _change(uint256 by) private pure returns (bytes32) {
        return bytes32(1 << (by >> 248));
    }
}
