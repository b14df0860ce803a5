// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Curve} from "../verifier/Curve.sol";
import {TaskRegistry} from "./TaskRegistry.sol";

/// @title The registry of a task of fully homomorphic encryption: one node a round
/// @notice The node of a round has all of its units: one. A round may have none.
contract FheTask is TaskRegistry {
    /// @notice The round has its node.
    error RoundRecorded(uint64 round, address node);

    /// @param vault_ The vault, for ever. It may be deployed afterwards.
    /// @param owner_ Appoints the coordinator.
    /// @param coordinator_ The first coordinator.
    constructor(address vault_, address owner_, address coordinator_) TaskRegistry(vault_, owner_, coordinator_) {}

    /// @notice Records the node of the round that goes on. The coordinator's.
    /// @param node The node.
    /// @param point G_x, x being the round's number within the epoch.
    /// @param path Its path to the root that the rules name.
    function recordNode(address node, Curve.G1 calldata point, bytes32[] calldata path) external onlyCoordinator {
        Recording memory recording = _recorded();
        if (recording.sum != 0) revert RoundRecorded(recording.round, recording.last);
        address[] memory nodes = new address[](1);
        uint32[] memory units = new uint32[](1);
        (nodes[0], units[0]) = (node, 1);
        _record(point, path, nodes, units);
    }
}
