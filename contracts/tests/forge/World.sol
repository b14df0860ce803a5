// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ProvingVault} from "../../solidity/ProvingVault.sol";
import {FederatedTask} from "../../solidity/tasks/FederatedTask.sol";
import {DataRegistration, ITaskRegistry} from "../../solidity/tasks/ITaskRegistry.sol";
import {Curve} from "../../solidity/verifier/Curve.sol";
import {Rules} from "../../solidity/verifier/Rules.sol";
import {SaidVerifier} from "../settling/SaidVerifier.sol";
import {PlainToken} from "../tokens/PlainToken.sol";
import {Points} from "./Points.sol";
import {vm} from "./Vm.sol";

/// @title A vault, its registry, and a verifier that believes what bundles say
abstract contract World {
    address internal constant OWNER = address(0xa1);
    address internal constant OPERATOR = address(0xa2);
    address internal constant COORDINATOR = address(0xa3);
    address internal constant FUNDER = address(0xa4);
    address internal constant STRANGER = address(0xa5);

    uint256 internal constant START = 1_798_000_000;
    string internal constant SUBNET = "forge";
    bytes32 internal constant SCHEMA = keccak256("a schema");
    /// @dev λ = 0.002 and 0.001: the words of the vector `plain`.
    uint64 internal constant DATA_LAMBDA = 562_949_953_421;
    uint64 internal constant DATA_RHO = 18_409_887_454_466_914_078;
    uint64 internal constant COMPUTE_LAMBDA = 281_474_976_710;
    uint64 internal constant COMPUTE_RHO = 18_428_306_549_934_190_034;
    /// @dev Rounds that have points.
    uint256 internal constant MOST_ROUNDS = 8;
    /// @dev So few records are one segment, under the compact geometry and one feature.
    uint32 internal constant MOST_RECORDS = 30_000;

    PlainToken internal token;
    SaidVerifier internal verifier;
    ProvingVault internal vault;
    FederatedTask internal registry;
    Curve.G1[] private _points;
    bytes32[] private _tree;

    constructor() {
        vm.warp(START);
        token = new PlainToken();
        verifier = new SaidVerifier();
        // The contract after the next one.
        address registry_ = vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 1);
        vault = new ProvingVault(token, ITaskRegistry(registry_), verifier, SUBNET, OWNER, OPERATOR);
        registry = new FederatedTask(address(vault), OWNER, COORDINATOR);
        require(address(registry) == registry_, "another address");
        token.mint(FUNDER, type(uint128).max);
        vm.prank(FUNDER);
        token.approve(address(vault), type(uint256).max);
        Curve.G1[] memory points = Points.first(MOST_ROUNDS);
        for (uint256 i = 0; i < MOST_ROUNDS; i++) _points.push(points[i]);
        _tree = Points.tree(points);
    }

    function nowSeconds() internal view returns (uint64) {
        return uint64(vm.getBlockTimestamp());
    }

    /// @dev Rules of this world's contracts: weighting by divergence, no evidence, anybody may end them in nine days, and
    /// proofs are taken for a day.
    function rulesOf(uint64 epoch, uint64 firstRound, uint32 rounds, uint128 pool) internal view returns (Rules memory rules) {
        rules.terms.version = 2;
        rules.terms.chainId = block.chainid;
        (rules.terms.vault, rules.terms.registry) = (address(vault), address(registry));
        rules.terms.settlement = 1;
        rules.terms.subnet = keccak256(bytes(SUBNET));
        (rules.terms.epoch, rules.terms.firstRound, rules.terms.rounds) = (epoch, firstRound, rounds);
        rules.terms.dataFirstRound = firstRound;
        rules.terms.endsBy = nowSeconds() + 9 days;
        rules.terms.provingSeconds = 1 days;
        rules.terms.pool = pool;
        rules.scoring.geometry = 1;
        (rules.scoring.schemaHash, rules.scoring.referenceHash) = (SCHEMA, keccak256("a reference"));
        (rules.scoring.features, rules.scoring.bins, rules.scoring.lnTotals) = (1, 3, 5);
        (rules.scoring.ln, rules.scoring.boundaries) = (Curve.G1(1, 2), Curve.G1(1, 2));
        (rules.scoring.minRecords, rules.scoring.weighting) = (1, 1);
        (rules.data.lambda, rules.data.rho) = (DATA_LAMBDA, DATA_RHO);
        (rules.compute.lambda, rules.compute.rho) = (COMPUTE_LAMBDA, COMPUTE_RHO);
        rules.parameters.srs = keccak256("parameters");
        rules.parameters.lagrangeRoot = _tree[1];
    }

    /// @dev Data of one segment, and, if there is an upload, its root and a path of one node.
    function dataOf(address who, uint32 records, uint256 seed, bool hasUpload)
        internal
        pure
        returns (DataRegistration memory registration)
    {
        registration.contributor = who;
        registration.records = records;
        registration.segments = new bytes32[](1);
        registration.segments[0] = keccak256(abi.encode("a segment", seed));
        bytes32 list = keccak256(bytes.concat(registration.segments[0]));
        bytes memory words = abi.encode(keccak256("fairshare/v2/data"), who, 1, SCHEMA, records, 1, list);
        registration.digest = keccak256(words);
        registration.lastRound = type(uint64).max;
        if (!hasUpload) return registration;
        bytes32 head = keccak256(bytes.concat(keccak256("fairshare/v2/upload"), registration.digest));
        registration.path = new bytes32[](1);
        registration.path[0] = keccak256("the ciphertext");
        bytes32 leaf = keccak256(bytes.concat(head, new bytes(224)));
        registration.root = keccak256(bytes.concat(leaf, registration.path[0]));
        (registration.length, registration.uploadTx) = (300, keccak256("a transaction"));
    }

    /// @dev The point of an epoch's round, from 0, and its path.
    function pointOf(uint256 round) internal view returns (Curve.G1 memory point, bytes32[] memory path) {
        return (_points[round], Points.path(_tree, round));
    }

    /// @dev A data bundle that says its score.
    function dataBundle(address who, bytes32[] memory digests, uint64 score) internal pure returns (bytes memory) {
        uint256 count = digests.length;
        return abi.encodePacked(uint256(1), uint256(uint160(who)), count, digests, uint256(score));
    }

    /// @dev A compute bundle that says its score.
    function computeBundle(address who, uint64 score) internal pure returns (bytes memory) {
        return abi.encodePacked(uint256(2), uint256(uint160(who)), uint256(score));
    }

    /// @dev A signature as contracts take it.
    function signed(uint256 key, bytes32 hash) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, hash);
        return abi.encodePacked(r, s, v);
    }

    /// @dev What a contributor signs to be paid elsewhere.
    function claimHash(address verifying, uint64 epoch, address contributor, address recipient)
        internal
        view
        returns (bytes32)
    {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("Fairshare"),
                keccak256("2"),
                block.chainid,
                verifying
            )
        );
        bytes32 claim = keccak256("Claim(uint64 epoch,address contributor,address recipient)");
        bytes32 words = keccak256(abi.encode(claim, epoch, contributor, recipient));
        return keccak256(bytes.concat(hex"1901", domain, words));
    }
}
