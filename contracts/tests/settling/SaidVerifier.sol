// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IBundleVerifier, Registration, Run} from "../../solidity/IBundleVerifier.sol";
import {Curve} from "../../solidity/verifier/Curve.sol";
import {Rules, RulesHash} from "../../solidity/verifier/Rules.sol";

/// @title A verifier that believes what bundles say, for tests of what a vault does with scores
/// @notice A bundle's last word is its score. So a test reaches scores that no data has.
contract SaidVerifier is IBundleVerifier {
    function registerKeys(bytes[] calldata) external pure returns (bytes32) {
        return 0;
    }

    function registerOpenings(bytes calldata) external pure returns (bytes32) {
        return 0;
    }

    function verifyData(Rules calldata rules, address, Registration[] calldata covered, bytes calldata bundle)
        public
        pure
        returns (bytes32, uint64, uint32)
    {
        uint32 records = 0;
        for (uint256 i = 0; i < covered.length; i++) records += covered[i].records;
        return (RulesHash.hash(rules), _score(bundle), records);
    }

    function verifyCompute(Rules calldata rules, address, Curve.G1 calldata, Curve.G1 calldata, bytes calldata bundle)
        external
        pure
        returns (bytes32, uint64)
    {
        return (RulesHash.hash(rules), _score(bundle));
    }

    function recordSegments(bytes32, bytes32, Run[] calldata, bytes calldata) external {}

    function verifyRecorded(Rules calldata rules, address whose, Registration[] calldata covered, bytes calldata bundle)
        external
        pure
        returns (bytes32, uint64, uint32)
    {
        return verifyData(rules, whose, covered, bundle);
    }

    function isRecorded(bytes32, bytes32, bytes32, uint256, Curve.G1 calldata) external pure returns (bool) {
        return false;
    }

    function _score(bytes calldata bundle) private pure returns (uint64) {
        return uint64(uint256(bytes32(bundle[bundle.length - 32:])));
    }
}
