// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IBundleVerifier, Registration} from "../../solidity/IBundleVerifier.sol";
import {Curve} from "../../solidity/verifier/Curve.sol";
import {Rules} from "../../solidity/verifier/Rules.sol";

/// @title The least that a contract does which pays for bundles: README.md's example
/// @notice It counts what it would pay. Its registry is its own storage.
contract Payer {
    IBundleVerifier public immutable verifier;
    /// @notice Fixed before the epoch began.
    bytes32 public immutable rulesHash;
    Curve.G1 private _totals;
    mapping(address node => Curve.G1) private _units;
    mapping(address contributor => Registration[]) private _registrations;
    mapping(address contributor => mapping(uint256 role => uint64)) public scores;

    error NotTheRules(bytes32 found);
    error NotOnRecord(address contributor);
    error PaidAlready(address contributor);

    constructor(IBundleVerifier verifier_, bytes32 rulesHash_) {
        (verifier, rulesHash) = (verifier_, rulesHash_);
    }

    // What a task registry does, without its rules.

    function recordUnits(address node, Curve.G1 calldata units, Curve.G1 calldata totals) external {
        (_units[node], _totals) = (units, totals);
    }

    function register(address contributor, Registration calldata registration) external {
        _registrations[contributor].push(registration);
    }

    function claimCompute(Rules calldata rules, address node, bytes calldata bundle) external {
        Curve.G1 memory units = _units[node];
        if (units.x == 0 && units.y == 0) revert NotOnRecord(node);
        (bytes32 found, uint64 score) = verifier.verifyCompute(rules, node, units, _totals, bundle);
        _pay(found, node, 2, score);
    }

    function claimData(Rules calldata rules, address contributor, bytes calldata bundle) external {
        (bytes32 found, uint64 score,) = verifier.verifyData(rules, contributor, _registrations[contributor], bundle);
        _pay(found, contributor, 1, score);
    }

    function _pay(bytes32 found, address contributor, uint256 role, uint64 score) private {
        if (found != rulesHash) revert NotTheRules(found);
        if (scores[contributor][role] != 0) revert PaidAlready(contributor);
        scores[contributor][role] = score;
    }
}
