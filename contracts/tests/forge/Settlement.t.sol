// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Decay64} from "../../solidity/settlement/Decay64.sol";
import {Shares} from "../../solidity/settlement/Shares.sol";
import {Rules} from "../../solidity/verifier/Rules.sol";
import {Wide} from "./Wide.sol";
import {vm, within} from "./Vm.sol";

/// @title Do decay, weights and shares have the properties that PROTOCOL sections 7 and 10 rest on?
contract SettlementTest {
    uint256 private constant ONE = 1 << 64;
    /// @dev Fewer contributors than any epoch has, and enough for their floors to add up.
    uint256 private constant CONTRIBUTORS = 9;
    /// @dev Tenths of all that a vault may ever hold.
    uint256 private constant MOST_TENTHS = 10 * uint256(type(uint128).max);

    function weigh(Rules calldata rules, uint64 score, uint32 records, uint64 latest) external pure returns (uint256) {
        return Shares.dataWeight(rules, score, records, latest);
    }

    // Decay: two ways to the same power, of which each loses less than one unit a round.

    function testFuzzNothingFadesInNoRounds(uint64 rho) external pure {
        vm.assertEq(Decay64.fade(rho, 0), ONE, "fade");
        vm.assertEq(Decay64.afterRounds(rho, 0), ONE, "afterRounds");
        vm.assertEq(Decay64.fade(rho, 1), rho, "fade by one round");
    }

    function testFuzzSquaringsAndSteps(uint64 rho, uint256 drawn) external pure {
        uint256 rounds = within(drawn, 0, 2_000);
        uint256 quick = Decay64.fade(rho, uint64(rounds));
        uint256 stepwise = Decay64.afterRounds(rho, rounds);
        uint256 apart = quick > stepwise ? quick - stepwise : stepwise - quick;
        vm.assertLe(apart, rounds, "apart");
    }

    /// @dev Close to 1, where much is left after many rounds and their floors add up.
    function testFuzzSquaringsAndStepsOfSlowDecays(uint256 drawn, uint256 drawnRounds) external pure {
        uint64 rho = uint64(within(drawn, ONE - (1 << 54), ONE - 1));
        uint256 rounds = within(drawnRounds, 1, 2_000);
        uint256 quick = Decay64.fade(rho, uint64(rounds));
        uint256 stepwise = Decay64.afterRounds(rho, rounds);
        uint256 apart = quick > stepwise ? quick - stepwise : stepwise - quick;
        vm.assertLe(apart, rounds, "apart");
        vm.assertTrue(quick > 0 && stepwise > 0, "nothing left");
    }

    function testFuzzDecaysNeverRise(uint64 rho, uint64 rounds, uint64 more) external pure {
        uint64 later = more > type(uint64).max - rounds ? type(uint64).max : rounds + more;
        vm.assertLe(Decay64.fade(rho, later), Decay64.fade(rho, rounds), "by rounds");
        if (rounds < type(uint64).max) {
            vm.assertLe(Decay64.fade(rho, rounds + 1), Decay64.fade(rho, rounds), "by one round");
        }
        uint64 lower = uint64(within(more, 0, rho));
        vm.assertLe(Decay64.fade(lower, rounds), Decay64.fade(rho, rounds), "by rho");
    }

    // Weights.

    function testFuzzWeightsByDivergence(uint64 score, uint256 drawn, uint256 drawnRounds) external view {
        Rules memory rules = _rules(drawn);
        rules.scoring.weighting = 1;
        uint32 records = uint32(within(drawn >> 128, 1, type(uint32).max));
        uint64 latest = uint64(within(drawnRounds, 0, 5_000));
        uint256 worth = (uint256(score) * 2 ** 40) / records;
        uint256 expected = rules.data.lambda * worth * Decay64.fade(rules.data.rho, latest);
        vm.assertEq(this.weigh(rules, score, records, latest), expected, "weight");
    }

    function testFuzzWeightsByRecords(uint64 score, uint256 drawn, uint256 drawnRounds, uint64 bins) external view {
        Rules memory rules = _rules(drawn);
        (rules.scoring.weighting, rules.scoring.bins) = (2, uint64(within(bins, 0, 1 << 40)));
        rules.scoring.cap = uint64(within(drawn >> 64, 1, 1 << 63));
        uint32 records = uint32(within(drawn >> 128, 1, type(uint32).max));
        uint64 latest = uint64(within(drawnRounds, 0, 5_000));
        uint256 most = (uint256(records) * rules.scoring.cap) / 2 ** 40;
        uint256 worth = score < most ? score : most;
        uint256 bias = uint256(rules.scoring.bins) * 128;
        worth = worth > bias ? worth - bias : 0;
        uint256 expected = rules.data.lambda * worth * Decay64.fade(rules.data.rho, latest);
        vm.assertEq(this.weigh(rules, score, records, latest), expected, "weight");
    }

    /// @dev The bound that the contract's 248 bits and the sum's head-room rest on, at the ends of all domains.
    function testFuzzWeightsStayBelowTheirBound(uint64 score, uint256 drawn, uint64 latest, bool byRecords) external view {
        Rules memory rules = _rules(drawn);
        rules.data.lambda = 1000 << 48;
        rules.scoring.weighting = byRecords ? 2 : 1;
        rules.scoring.cap = 1 << 63;
        uint32 records = uint32(within(drawn >> 128, 1, type(uint32).max));
        vm.assertLe(this.weigh(rules, score, records, latest), (1 << 226) - 1, "weight");
        vm.assertLe(this.weigh(rules, type(uint64).max, 1, 0), (1 << 226) - 1, "the most");
    }

    function testFuzzMoreScoreNeverWeighsLess(uint64 score, uint64 more, uint256 drawn, uint32 drawnRecords, bool byRecords)
        external
        view
    {
        Rules memory rules = _rules(drawn);
        (rules.scoring.weighting, rules.scoring.cap, rules.scoring.bins) = (byRecords ? 2 : 1, 1 << 47, 9);
        uint32 records = uint32(within(drawnRecords, 1, type(uint32).max));
        uint64 higher = more > score ? more : score;
        uint256 weight = this.weigh(rules, score, records, 3);
        vm.assertLe(weight, this.weigh(rules, higher, records, 3), "score");
        vm.assertLe(this.weigh(rules, score, records, 4), weight, "later data");
    }

    // Shares.

    /// @dev ⌊tenths·weight / (10·sum)⌋ by products of 512 bits, and once more by the remainder, modulo 2^256.
    function testFuzzAShareIsTheFloor(uint256 drawnTenths, uint256 drawnSum, uint256 drawnWeight) external pure {
        uint256 tenths = within(drawnTenths, 0, MOST_TENTHS);
        uint256 sum = within(drawnSum, 1, type(uint256).max / 10);
        uint256 weight = within(drawnWeight, 0, sum);
        uint256 share = Shares.share(tenths, weight, sum);
        vm.assertTrue(Wide.isFloor(share, tenths, weight, 10 * sum), "no floor");
        uint256 remainder = mulmod(tenths, weight, 10 * sum);
        unchecked {
            vm.assertEq(share * 10 * sum + remainder, tenths * weight, "remainder");
        }
        vm.assertLe(share * 10, tenths, "more than all");
    }

    /// @dev However an epoch's weights are, the shares leave less than a unit for each contributor.
    function testFuzzSharesNeverExceedThePool(uint256 drawnTenths, uint256[CONTRIBUTORS] memory weights, uint8 narrow)
        external
        pure
    {
        uint256 tenths = within(drawnTenths, 0, MOST_TENTHS);
        uint256 sum = 0;
        for (uint256 i = 0; i < CONTRIBUTORS; i++) {
            weights[i] >>= within(narrow, 8, 255);
            sum += weights[i];
        }
        vm.assume(sum > 0);
        uint256 shares = 0;
        for (uint256 i = 0; i < CONTRIBUTORS; i++) shares += Shares.share(tenths, weights[i], sum);
        vm.assertLe(shares * 10, tenths, "more than the pool");
        vm.assertLe(tenths, 10 * (shares + CONTRIBUTORS), "more left than rounding leaves");
    }

    function _rules(uint256 drawn) private pure returns (Rules memory rules) {
        rules.data.lambda = uint64(within(drawn, 1 << 24, 1000 << 48));
        rules.data.rho = uint64(drawn >> 192);
    }
}
