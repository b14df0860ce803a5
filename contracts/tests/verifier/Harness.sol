// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Curve} from "../../solidity/verifier/Curve.sol";
import {Cut} from "../../solidity/verifier/Cut.sol";
import {Named} from "../../solidity/verifier/Named.sol";
import {Rules, RulesHash} from "../../solidity/verifier/Rules.sol";
import {SegmentSet} from "../../solidity/verifier/SegmentSet.sol";

/// @title The verifier's libraries, one function each, for tests
contract Harness {
    using Cut for Cut.Segments;

    function rulesHash(Rules calldata rules) external pure returns (bytes32) {
        return RulesHash.hash(rules);
    }

    function invert(uint256[] memory scalars) external view returns (uint256[] memory) {
        Curve.invert(scalars);
        return scalars;
    }

    function cut(uint256 geometry, uint256 symbols, uint256 index)
        external
        pure
        returns (uint256 count, uint256 width, uint256 padding)
    {
        Cut.Segments memory segments = Cut.cut(geometry, symbols);
        (width, padding) = segments.segment(index);
        count = segments.count();
    }

    function insertAll(bytes32[] calldata segments) external pure {
        bytes32[] memory places = SegmentSet.table(segments.length);
        for (uint256 i = 0; i < segments.length; i++) SegmentSet.insert(places, segments[i]);
    }

    function create(bytes32 name, bytes calldata creation) external {
        Named.create(name, creation);
    }

    function locate(bytes32 name) external view returns (address) {
        return Named.locate(name);
    }
}
