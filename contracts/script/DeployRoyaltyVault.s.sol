// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {RoyaltyVault} from "../solidity/RoyaltyVault.sol";
import {cheats, Script} from "./Script.sol";

/// @title Deploys a vault for roots of claims
/// @notice Reads environment variables:
///
/// - TOKEN: the token that is paid.
/// - OWNER: who appoints operator and guardian, and pauses; the sender, if it is not set.
/// - OPERATOR: who posts roots; the owner, if it is not set.
/// - GUARDIAN: who vetoes roots: not the operator.
/// - CHALLENGE_WINDOW: seconds between a root's posting and its activation, from an hour to thirty days.
/// - FIRST_EPOCH: the lowest epoch that can be funded and posted.
contract DeployRoyaltyVault is Script {
    /// @notice Deploys what the variables say.
    function run() external returns (address vault) {
        address sender = _sender();
        address owner = cheats.envOr("OWNER", sender);
        IERC20 token = IERC20(cheats.envAddress("TOKEN"));
        address operator = cheats.envOr("OPERATOR", owner);
        address guardian = cheats.envAddress("GUARDIAN");
        (uint64 window, uint64 firstEpoch) = (_uint64("CHALLENGE_WINDOW"), _uint64("FIRST_EPOCH"));
        cheats.startBroadcast(sender);
        vault = address(new RoyaltyVault(token, owner, operator, guardian, window, firstEpoch));
        cheats.stopBroadcast();
        _report(RoyaltyVault(vault));
    }

    /// @dev What the contract says, not what was ordered.
    function _report(RoyaltyVault vault) private view {
        _print("# The policy's [vault]; registry, subnet, epoch and pool are the ledger's.");
        _printVault(address(vault));
        _print("settlement = \"claims\"");
        _print("");
        _print("token", address(vault.token()));
        _print("owner", vault.owner());
        _print("operator", vault.operator());
        _print("guardian", vault.guardian());
        _print(string.concat("challenge window, seconds: ", cheats.toString(vault.challengeWindow())));
        _print(string.concat("first epoch: ", cheats.toString(vault.openEpoch())));
    }
}
