// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {BundleVerifier} from "../solidity/BundleVerifier.sol";
import {IBundleVerifier} from "../solidity/IBundleVerifier.sol";
import {ProvingVault} from "../solidity/ProvingVault.sol";
import {FederatedTask} from "../solidity/tasks/FederatedTask.sol";
import {FheTask} from "../solidity/tasks/FheTask.sol";
import {ITaskRegistry} from "../solidity/tasks/ITaskRegistry.sol";
import {TaskRegistry} from "../solidity/tasks/TaskRegistry.sol";
import {cheats, Script} from "./Script.sol";

/// @title Deploys a vault that computes what it pays, its registry and, if none is named, its verifier
/// @notice Reads environment variables:
///
/// - TOKEN: the token that is paid.
/// - SUBNET: the subnet's name, as the policy has it.
/// - TASK: which registry, `fhe` (one node a round) or `federated` (many nodes a round).
/// - OWNER: who appoints operator and coordinator; the sender, if it is not set.
/// - OPERATOR: who opens rules; the owner, if it is not set.
/// - COORDINATOR: who sets the pace and records units; the owner, if it is not set.
/// - VERIFIER: a verifier that is there; if it is not set, one is deployed.
/// - TAKES_INSECURE: `true` deploys a verifier that takes development parameters, under which anyone can forge a proof.
contract Deploy is Script {
    struct Order {
        IERC20 token;
        string subnet;
        string task;
        address owner;
        address operator;
        address coordinator;
        address verifier;
        bool takesInsecure;
    }

    bytes32 private constant FHE = keccak256("fhe");
    bytes32 private constant FEDERATED = keccak256("federated");

    /// @notice TASK is neither `fhe` nor `federated`.
    error TaskUnknown(string task);
    /// @notice TAKES_INSECURE is for a verifier that is deployed here, and VERIFIER names one that is there.
    error VerifierIsThere(address verifier);
    /// @notice No contract has this address.
    error NoCode(address account);
    /// @notice Vault and registry do not name each other.
    error NotAPair(address vault, address itsRegistry, address registry, address itsVault);
    /// @notice The vault is for a subnet of another name.
    error SubnetDiffers(string subnet);

    /// @notice Deploys what the variables say.
    function run() external returns (address verifier, address vault, address registry) {
        address sender = _sender();
        Order memory order = _order(sender);
        cheats.startBroadcast(sender);
        verifier = order.verifier == address(0) ? address(new BundleVerifier(order.takesInsecure)) : order.verifier;
        // Vault and registry name each other for ever: the registry will be the contract after the next one.
        address next = cheats.computeCreateAddress(sender, cheats.getNonce(sender) + 1);
        vault = address(
            new ProvingVault(
                order.token,
                ITaskRegistry(next),
                IBundleVerifier(verifier),
                order.subnet,
                order.owner,
                order.operator
            )
        );
        registry = _isFederated(order.task)
            ? address(new FederatedTask(vault, order.owner, order.coordinator))
            : address(new FheTask(vault, order.owner, order.coordinator));
        cheats.stopBroadcast();
        _requirePair(ProvingVault(vault), registry);
        _report(ProvingVault(vault), order.subnet);
    }

    /// @notice Sees that a vault on the chain and its registry name each other, and prints what {run} prints. It sends nothing.
    /// Forge runs {run} before it sends anything, so this is what looks at the chain afterwards. Reads SUBNET.
    function check(address vault) external view {
        if (vault.code.length == 0) revert NoCode(vault);
        ProvingVault found = ProvingVault(vault);
        address registry = address(found.registry());
        if (registry.code.length == 0) revert NoCode(registry);
        _requirePair(found, registry);
        string memory subnet = cheats.envString("SUBNET");
        if (keccak256(bytes(subnet)) != found.subnet()) revert SubnetDiffers(subnet);
        _report(found, subnet);
    }

    function _order(address sender) private view returns (Order memory order) {
        order.token = IERC20(cheats.envAddress("TOKEN"));
        order.subnet = cheats.envString("SUBNET");
        order.task = cheats.envString("TASK");
        _isFederated(order.task);
        order.owner = cheats.envOr("OWNER", sender);
        order.operator = cheats.envOr("OPERATOR", order.owner);
        order.coordinator = cheats.envOr("COORDINATOR", order.owner);
        order.verifier = cheats.envOr("VERIFIER", address(0));
        order.takesInsecure = cheats.envOr("TAKES_INSECURE", false);
        if (order.verifier != address(0) && order.takesInsecure) revert VerifierIsThere(order.verifier);
    }

    function _isFederated(string memory task) private pure returns (bool) {
        bytes32 hash = keccak256(bytes(task));
        if (hash != FHE && hash != FEDERATED) revert TaskUnknown(task);
        return hash == FEDERATED;
    }

    function _requirePair(ProvingVault vault, address registry) private view {
        (address itsRegistry, address itsVault) = (address(vault.registry()), ITaskRegistry(registry).vault());
        bool isPair = itsRegistry == registry && itsVault == address(vault);
        if (!isPair) revert NotAPair(address(vault), itsRegistry, registry, itsVault);
    }

    /// @dev What the contracts say, not what was ordered.
    function _report(ProvingVault vault, string memory subnet) private view {
        TaskRegistry registry = TaskRegistry(address(vault.registry()));
        address verifier = address(vault.verifier());
        _print("# The policy's [vault]; epoch and pool are yours to add.");
        _printVault(address(vault));
        _printKey("registry", address(registry));
        _print("settlement = \"contract\"");
        _print(string.concat("subnet = ", _quoted(subnet)));
        _print("");
        _print("token", address(vault.token()));
        _print("verifier", verifier);
        _print("owner of the vault", vault.owner());
        _print("operator", vault.operator());
        // A registry of another kind has its own roles.
        try registry.owner() returns (address owner) {
            _print("owner of the registry", owner);
        } catch {}
        try registry.coordinator() returns (address coordinator) {
            _print("coordinator", coordinator);
        } catch {}
        try BundleVerifier(verifier).takesInsecure() returns (bool takesInsecure) {
            if (takesInsecure) {
                _print("WARNING: the verifier takes development parameters, under which anyone can forge a proof");
            }
        } catch {}
        _print(string.concat("next: fairshare chain keys --params SRS --verifier ", cheats.toString(verifier)));
    }
}
