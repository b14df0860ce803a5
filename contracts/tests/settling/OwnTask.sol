// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {TaskRegistry} from "../../solidity/tasks/TaskRegistry.sol";
import {Curve} from "../../solidity/verifier/Curve.sol";

/// @title A task contract of one's own: README.md's example
/// @notice A result says who worked, and ends the round: the next one begins.
contract OwnTask is TaskRegistry {
    constructor(address vault_, address owner_, address coordinator_) TaskRegistry(vault_, owner_, coordinator_) {}

    function result(address[] calldata nodes, uint32[] calldata units, Curve.G1 calldata point, bytes32[] calldata path)
        external
        onlyCoordinator
    {
        _record(point, path, nodes, units);
        _endRounds(1);
    }
}
