// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Curve} from "../../solidity/verifier/Curve.sol";
import {Rules, RulesHash} from "../../solidity/verifier/Rules.sol";
import {Vectors} from "./Vectors.sol";
import {vm} from "./Vm.sol";

/// @title Is the rules hash that of another implementation, and does it bind every word?
contract RulesHashTest {
    /// @dev So many vectors there are at least: a file that was not read shows nothing.
    uint256 private constant LEAST = 50;

    function hash(Rules calldata rules) external pure returns (bytes32) {
        return RulesHash.hash(rules);
    }

    /// @dev A vector has the words by their names, and the hash.
    function testTheHashIsThatOfEveryVector() external view {
        string[] memory vectors = Vectors.read("rules.json");
        vm.assertLe(LEAST, vectors.length, "vectors");
        for (uint256 i = 0; i < vectors.length; i++) {
            bytes32 expected = vm.parseJsonBytes32(vectors[i], ".hash");
            vm.assertEq(this.hash(_rules(vectors[i])), expected, vm.parseJsonString(vectors[i], ".name"));
        }
    }

    function testFuzzTheHashIsThatOfTheWordsInOrder(bytes32 seed) external view {
        bytes32[] memory words = _words(seed);
        Rules memory rules = abi.decode(abi.encodePacked(words), (Rules));
        vm.assertEq(this.hash(rules), keccak256(abi.encodePacked(keccak256("fairshare/v2/rules"), words)), "words");
    }

    function testFuzzEveryWordChangesTheHash(bytes32 seed, uint256 which) external view {
        bytes32[] memory words = _words(seed);
        bytes32 before = this.hash(abi.decode(abi.encodePacked(words), (Rules)));
        which %= RulesHash.WORDS;
        words[which] = bytes32(uint256(words[which]) ^ 1);
        bytes32 afterwards = this.hash(abi.decode(abi.encodePacked(words), (Rules)));
        vm.assertTrue(before != afterwards, "two rules of one hash");
    }

    /// @dev A byte each: it fits every word's type.
    function _words(bytes32 seed) private pure returns (bytes32[] memory words) {
        words = new bytes32[](RulesHash.WORDS);
        for (uint256 i = 0; i < words.length; i++) words[i] = keccak256(abi.encode(seed, i)) & bytes32(uint256(0xff));
    }

    function _rules(string memory line) private pure returns (Rules memory rules) {
        _terms(line, rules);
        _scoring(line, rules);
        rules.data.lambda = uint64(_word(line, "data_lambda_q"));
        rules.data.rho = uint64(_word(line, "data_rho"));
        rules.compute.lambda = uint64(_word(line, "compute_lambda_q"));
        rules.compute.rho = uint64(_word(line, "compute_rho"));
        rules.evidence = uint8(_word(line, "evidence"));
        rules.parameters.srs = _digest(line, "srs");
        rules.parameters.keys = _digest(line, "keys");
        rules.parameters.lagrangeRoot = _digest(line, "lagrange_root");
        rules.parameters.openings = _digest(line, "openings");
    }

    function _terms(string memory line, Rules memory rules) private pure {
        rules.terms.version = _word(line, "version");
        rules.terms.chainId = _word(line, "chain_id");
        rules.terms.vault = vm.parseJsonAddress(line, ".rules.vault");
        rules.terms.registry = vm.parseJsonAddress(line, ".rules.registry");
        rules.terms.settlement = _word(line, "settlement");
        rules.terms.subnet = keccak256(bytes(vm.parseJsonString(line, ".rules.subnet")));
        rules.terms.epoch = uint64(_word(line, "epoch"));
        rules.terms.firstRound = uint64(_word(line, "first_round"));
        rules.terms.rounds = uint32(_word(line, "count"));
        rules.terms.dataFirstRound = uint64(_word(line, "data_first_round"));
        rules.terms.endsBy = uint64(_word(line, "ends_by"));
        rules.terms.provingSeconds = uint64(_word(line, "proving_seconds"));
        rules.terms.pool = uint128(_word(line, "pool"));
    }

    function _scoring(string memory line, Rules memory rules) private pure {
        rules.scoring.geometry = uint8(_word(line, "geometry"));
        rules.scoring.schemaHash = _digest(line, "schema_hash");
        rules.scoring.referenceHash = _digest(line, "reference_hash");
        rules.scoring.features = uint32(_word(line, "d"));
        rules.scoring.bins = uint64(_word(line, "bins"));
        rules.scoring.lnTotals = uint128(_word(line, "ln_total"));
        rules.scoring.ln = _point(line, "ell");
        rules.scoring.boundaries = _point(line, "boundaries");
        rules.scoring.minRecords = uint32(_word(line, "min_records"));
        rules.scoring.weighting = uint8(_word(line, "weighting"));
        rules.scoring.cap = uint64(_word(line, "cap"));
    }

    function _word(string memory line, string memory name) private pure returns (uint256) {
        return vm.parseJsonUint(line, string.concat(".rules.", name));
    }

    function _digest(string memory line, string memory name) private pure returns (bytes32) {
        return vm.parseJsonBytes32(line, string.concat(".rules.", name));
    }

    function _point(string memory line, string memory name) private pure returns (Curve.G1 memory) {
        bytes32[] memory words = vm.parseJsonBytes32Array(line, string.concat(".rules.", name));
        return Curve.G1(uint256(words[0]), uint256(words[1]));
    }
}
