// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Curve} from "../verifier/Curve.sol";
import {TaskRegistry} from "./TaskRegistry.sol";

/// @title The registry of a task of federated learning: many nodes a round, each with its units
contract FederatedTask is TaskRegistry {
    /// @notice Every node has its units: the lists are of one length.
    error ListsDiffer(uint256 nodes, uint256 units);

    /// @param vault_ The vault, for ever. It may be deployed afterwards.
    /// @param owner_ Appoints the coordinator.
    /// @param coordinator_ The first coordinator.
    constructor(address vault_, address owner_, address coordinator_) TaskRegistry(vault_, owner_, coordinator_) {}

    /// @notice Records units of the round that goes on. A round of many nodes takes several calls. The coordinator's.
    /// @param nodes Ascending, also from one call to the next, so that each occurs once in a round.
    /// @param units Of each node, at least 1; those of a round add up to less than 2^32.
    /// @param point G_x, x being the round's number within the epoch.
    /// @param path Its path to the root that the rules name.
    function recordUnits(
        address[] calldata nodes,
        uint32[] calldata units,
        Curve.G1 calldata point,
        bytes32[] calldata path
    ) external onlyCoordinator {
        if (nodes.length != units.length) revert ListsDiffer(nodes.length, units.length);
        _record(point, path, nodes, units);
    }
}
