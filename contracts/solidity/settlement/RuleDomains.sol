// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Keys} from "../verifier/Keys.sol";
import {Decay, Rules, Scoring, Terms} from "../verifier/Rules.sol";
import {Decay64} from "./Decay64.sol";
import {Shares} from "./Shares.sol";

/// @title Which values the words of an epoch's rules may have
/// @notice The domains of PROTOCOL sections 7, 8 and 10, as far as a contract can check them, and closer bounds on times, so that
/// no rules can hold money up for long. What is derived from schema, reference and parameters, and whether ρ belongs to λ, only
/// somebody can tell who computes it: compare the rules hash.
library RuleDomains {
    /// @notice A word of the rules is outside its domain.
    /// @param word Its name in PROTOCOL section 8, or what of several words does not go together.
    error RuleRefused(string word);

    /// @notice How long proofs are taken: from an hour to ninety days.
    uint64 internal constant LEAST_PROVING = 1 hours;
    uint64 internal constant MOST_PROVING = 90 days;
    /// @notice How far ahead the time may be from which anybody may end the epoch's rounds.
    uint64 internal constant MOST_AHEAD = 730 days;
    /// @notice The first epoch and its first round are at most this: so no vault ever comes to the end of its numbers.
    uint64 internal constant MOST_FIRST = 1 << 63;

    uint256 private constant VERSION = 2;
    /// @dev Settlement by the contract.
    uint256 private constant SETTLEMENT = 1;
    uint256 private constant MAX_CAP = 1 << 63;
    uint256 private constant MIN_LAMBDA = 1 << 24;
    uint256 private constant MAX_LAMBDA = 1000 << 48;
    /// @dev The least decay of a last round: what is below it would be rounding.
    uint256 private constant LEAST_LAST_DECAY = 1 << 40;

    /// @notice Checks the rules of an epoch that this contract is to settle.
    function check(Rules calldata rules, address registry, bytes32 subnet) internal view {
        Terms calldata terms = rules.terms;
        _require(terms.version == VERSION, "protocol version");
        _require(terms.chainId == block.chainid, "chain id");
        _require(terms.vault == address(this), "vault");
        _require(terms.registry == registry, "registry");
        _require(terms.settlement == SETTLEMENT, "settlement");
        _require(terms.subnet == subnet, "subnet");
        _checkTimes(terms);
        _checkScoring(rules.scoring);
        // Before anything is computed with the geometry.
        uint256 rowsLog = Keys.rowsLog(rules.scoring.geometry);
        _require(terms.rounds >= 2 && terms.rounds <= 1 << (rowsLog - 1), "count of rounds");
        uint256 last = uint256(terms.firstRound) + terms.rounds - 1;
        _require(last <= type(uint64).max, "last round");
        _require(terms.dataFirstRound <= terms.firstRound, "first round of the data window");
        _checkDecays(rules, uint64(last));
        _require(rules.evidence <= 1, "evidence");
    }

    /// @notice Checks what only the first epoch's rules could get wrong.
    function checkFirst(Terms calldata terms) internal pure {
        _require(terms.epoch <= MOST_FIRST, "epoch");
        _require(terms.firstRound <= MOST_FIRST, "first round");
    }

    function _checkTimes(Terms calldata terms) private view {
        bool isAhead = terms.endsBy > block.timestamp && terms.endsBy <= block.timestamp + MOST_AHEAD;
        _require(isAhead, "ends_by");
        bool isBounded = terms.provingSeconds >= LEAST_PROVING && terms.provingSeconds <= MOST_PROVING;
        _require(isBounded, "proving seconds");
    }

    function _checkScoring(Scoring calldata scoring) private pure {
        _require(Keys.rowsLog(scoring.geometry) != 0, "geometry");
        _require(scoring.features >= 1, "d");
        _require(scoring.minRecords >= 1, "min_records");
        if (scoring.weighting == Shares.DIVERGENCE) {
            _require(scoring.cap == 0, "cap");
        } else {
            _require(scoring.weighting == Shares.RECORDS_DIVERGENCE, "weighting");
            _require(scoring.cap >= 1 && scoring.cap <= MAX_CAP, "cap");
            bool weighs = Shares.mostWorth(scoring, scoring.minRecords) > Shares.bias(scoring);
            _require(weighs, "min_records that could never weigh anything");
        }
    }

    function _checkDecays(Rules calldata rules, uint64 last) private pure {
        _checkLambda(rules.data);
        _checkLambda(rules.compute);
        // λ of compute is below that of data. The words may be equal where the decimals are not.
        bool isSlower = rules.compute.lambda <= rules.data.lambda && rules.compute.rho >= rules.data.rho;
        _require(isSlower, "decay of compute, which must be the slower one");
        uint256 least = Decay64.afterRounds(rules.compute.rho, rules.terms.rounds - 1);
        _require(least >= LEAST_LAST_DECAY, "decay of compute in the last round");
        least = Decay64.fade(rules.data.rho, last - rules.terms.dataFirstRound);
        _require(least >= LEAST_LAST_DECAY, "decay of data in the last round");
    }

    function _checkLambda(Decay calldata decay) private pure {
        _require(decay.lambda >= MIN_LAMBDA && decay.lambda <= MAX_LAMBDA, "lambda");
    }

    function _require(bool holds, string memory word) private pure {
        if (!holds) revert RuleRefused(word);
    }
}
