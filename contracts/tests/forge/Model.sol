// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {ProvingVault} from "../../solidity/ProvingVault.sol";
import {Dataset} from "../../solidity/tasks/ITaskRegistry.sol";
import {Curve} from "../../solidity/verifier/Curve.sol";
import {Rules} from "../../solidity/verifier/Rules.sol";
import {WalletOf} from "../settling/WalletOf.sol";
import {Wide} from "./Wide.sol";
import {vm} from "./Vm.sol";
import {World} from "./World.sol";

/// @title What a vault and its registry should hold, kept by the rules of PROTOCOL and not by theirs
/// @notice The moves ({Moves}) keep it up to date. Here is what must hold at any time.
abstract contract Model is World {
    /// @dev An epoch that began.
    struct Term {
        bytes32 rulesHash;
        uint128 pool;
        /// 0 while its rounds go on.
        uint64 deadline;
        uint64 closedUntil;
        /// What the totals are a multiple of the generator by, and that multiple.
        uint256 factor;
        Curve.G1 totals;
    }

    /// @dev Where somebody stands in an epoch.
    struct Place {
        /// What the units are a multiple of the generator by, and that multiple.
        uint256 factor;
        Curve.G1 units;
        bool hasUnits;
        bool isStruck;
        uint64 compute;
        uint256 data;
        /// What arrived for this epoch.
        uint256 received;
        bool isPaid;
    }

    struct Data {
        address who;
        bytes32 digest;
        uint64 round;
        uint32 records;
        bool hasEvidence;
        bool isStruck;
        uint64 struckFrom;
    }

    /// @dev What a vault said of somebody, or of an epoch, when it was last seen.
    struct Seen {
        ProvingVault.Epoch epoch;
        mapping(address who => ProvingVault.Standing) standing;
    }

    uint64 internal constant FIRST = 4;
    uint64 internal constant FIRST_ROUND = 10;
    uint256 internal constant ACTORS = 5;

    /// @dev Those who contribute, in ascending order; one of them is a contract account. And the keys that sign for them.
    address[] internal actors;
    mapping(address who => uint256) internal keyOf;
    address internal operator = OPERATOR;
    address internal coordinator = COORDINATOR;

    // How many epochs began; whether the last one's rounds go on, and which one.
    uint64 internal begun;
    bool internal goesOn;
    uint64 internal round;
    /// @dev The index of the node that was recorded last in the round that goes on, from 1; 0 if none was.
    uint256 internal recorded;
    bool internal hasNext;
    Rules internal next;

    uint256 internal funded;
    uint256 internal unassigned;
    uint256 internal paid;
    /// @dev What was sent to the vault without {ProvingVault-fund}.
    uint256 internal gifts;
    mapping(uint64 epoch => Rules) internal rulesAt;
    mapping(uint64 epoch => Term) internal terms;
    mapping(uint64 epoch => mapping(address who => Place)) internal places;
    Data[] internal data;
    mapping(bytes32 digest => bool) internal isKnown;
    mapping(uint64 epoch => Seen) private _seen;

    constructor() {
        for (uint256 key = 1; key <= ACTORS; key++) {
            address who = vm.addr(key);
            if (key == ACTORS) who = address(new WalletOf(who));
            keyOf[who] = key;
            actors.push(who);
            for (uint256 i = key - 1; i > 0 && actors[i] < actors[i - 1]; i--) {
                (actors[i], actors[i - 1]) = (actors[i - 1], actors[i]);
            }
        }
    }

    // What must hold at any time.

    /// @notice All that came and did not go is there, and what is paid was funded.
    function checkMoney() external view {
        vm.assertEq(vault.totalFunded(), funded, "funded");
        vm.assertEq(vault.totalPaid(), paid, "paid");
        vm.assertLe(paid, funded, "paid more than was funded");
        vm.assertEq(token.balanceOf(address(vault)), funded - paid + gifts, "balance of the vault");
        vm.assertEq(vault.unassigned(), unassigned, "unassigned");
        uint256 pools = unassigned;
        uint256 received = 0;
        for (uint64 epoch = FIRST; epoch < FIRST + begun; epoch++) {
            pools += vault.epochs(epoch).pool;
            for (uint256 i = 0; i < ACTORS; i++) received += places[epoch][actors[i]].received;
        }
        vm.assertEq(pools, funded, "pools");
        vm.assertEq(received, paid, "received");
    }

    /// @notice Of each settled epoch: pools are those of PROTOCOL section 10, shares are their floors and no more in all than
    /// the pool with what was carried to it, and everybody got the share, once, or nothing yet.
    function checkShares() external view {
        (uint256 compute, uint256 dataCarried) = (0, 0);
        for (uint64 epoch = FIRST; epoch < vault.unsettled(); epoch++) {
            ProvingVault.Epoch memory found = vault.epochs(epoch);
            (uint256 computeSum, uint256 dataSum) = sums(epoch);
            compute += 7 * uint256(terms[epoch].pool);
            dataCarried += 3 * uint256(terms[epoch].pool);
            vm.assertTrue(found.isSettled, "not settled");
            vm.assertEq(found.computeTenths, computeSum == 0 ? 0 : compute, "pool for computing power");
            vm.assertEq(found.dataTenths, dataSum == 0 ? 0 : dataCarried, "pool for data");
            uint256 shares = _checkShares(epoch, found);
            vm.assertLe(shares * 10, found.computeTenths + found.dataTenths, "more than the pools");
            if (computeSum != 0) compute = 0;
            if (dataSum != 0) dataCarried = 0;
        }
        ProvingVault.Carried memory carried = vault.carried();
        vm.assertEq(carried.compute, compute, "carried for computing power");
        vm.assertEq(carried.data, dataCarried, "carried for data");
    }

    function _checkShares(uint64 epoch, ProvingVault.Epoch memory found) private view returns (uint256 shares) {
        (uint256 computeLeft, uint256 dataLeft) = (found.computeTenths, found.dataTenths);
        for (uint256 i = 0; i < ACTORS; i++) {
            Place memory place = places[epoch][actors[i]];
            (uint256 compute, uint256 forData) = vault.shareOf(epoch, actors[i]);
            vm.assertTrue(_isShare(compute, computeLeft, place.compute, found.computeSum), "share of computing power");
            vm.assertTrue(_isShare(forData, dataLeft, place.data, found.dataSum), "share of data");
            vm.assertEq(place.received, place.isPaid ? compute + forData : 0, "paid another amount than the share");
            shares += compute + forData;
        }
    }

    function _isShare(uint256 share, uint256 tenths, uint256 weight, uint256 sum) private pure returns (bool) {
        return sum == 0 ? share == 0 : Wide.isFloor(share, tenths, weight, 10 * sum);
    }

    /// @notice Weights are those of the best bundles that were taken, and sums are theirs.
    function checkWeights() external view {
        for (uint64 epoch = FIRST; epoch < FIRST + begun; epoch++) {
            for (uint256 i = 0; i < ACTORS; i++) {
                ProvingVault.Standing memory standing = vault.standing(epoch, actors[i]);
                vm.assertEq(standing.computeWeight, places[epoch][actors[i]].compute, "compute weight");
                vm.assertEq(standing.dataWeight, places[epoch][actors[i]].data, "data weight");
            }
            ProvingVault.Epoch memory found = vault.epochs(epoch);
            (uint256 compute, uint256 dataSum) = sums(epoch);
            vm.assertEq(found.computeSum, compute, "sum of compute weights");
            vm.assertEq(found.dataSum, dataSum, "sum of data weights");
        }
    }

    /// @notice What the registry has on record is what was recorded.
    function checkRecord() external view {
        for (uint64 epoch = FIRST; epoch < FIRST + begun; epoch++) {
            for (uint256 i = 0; i < ACTORS; i++) {
                (Curve.G1 memory units, bool isStruck) = registry.unitsOf(epoch, actors[i]);
                Place storage place = places[epoch][actors[i]];
                vm.assertTrue(units.x == place.units.x && units.y == place.units.y, "units");
                vm.assertTrue(isStruck == place.isStruck, "strike of a node");
            }
            Curve.G1 memory totals = registry.totalsOf(epoch);
            vm.assertTrue(totals.x == terms[epoch].totals.x && totals.y == terms[epoch].totals.y, "totals");
        }
        for (uint256 i = 0; i < data.length; i++) {
            Dataset memory found = registry.dataset(data[i].digest);
            vm.assertEq(found.order, i + 1, "order");
            vm.assertEq(found.round, data[i].round, "round");
            vm.assertEq(found.records, data[i].records, "records");
            vm.assertTrue(found.hasEvidence == data[i].hasEvidence, "evidence");
            vm.assertTrue(found.isStruck == data[i].isStruck, "strike of data");
            vm.assertEq(found.struckFrom, data[i].struckFrom, "struck from");
        }
    }

    // What no move may undo. Unlike the above it knows nothing of what a move should do.

    /// @dev Compares with what was seen after the move before.
    function _watch() internal {
        for (uint64 epoch = FIRST; epoch < FIRST + begun; epoch++) {
            ProvingVault.Epoch memory found = vault.epochs(epoch);
            _watchEpoch(_seen[epoch].epoch, found, terms[epoch]);
            _seen[epoch].epoch = found;
            for (uint256 i = 0; i < ACTORS; i++) {
                ProvingVault.Standing memory standing = vault.standing(epoch, actors[i]);
                ProvingVault.Standing storage before = _seen[epoch].standing[actors[i]];
                require(standing.computeWeight >= before.computeWeight, "a compute weight fell");
                require(standing.dataWeight >= before.dataWeight, "a data weight fell");
                require(standing.isComputePaid || !before.isComputePaid, "computing power is unpaid again");
                require(standing.isDataPaid || !before.isDataPaid, "data is unpaid again");
                _seen[epoch].standing[actors[i]] = standing;
            }
        }
    }

    function _watchEpoch(ProvingVault.Epoch memory before, ProvingVault.Epoch memory found, Term memory term) private pure {
        require(found.rulesHash == term.rulesHash, "the rules of an epoch that began changed");
        bool isOver = before.deadline != 0;
        require(!isOver || found.deadline == before.deadline, "a deadline moved");
        require(!isOver || found.closedUntil == before.closedUntil, "the opening of claims moved");
        require(!isOver || found.pool == before.pool, "the pool of an epoch changed");
        bool isSettled = before.isSettled;
        require(!isSettled || found.isSettled, "an epoch is unsettled again");
        require(!isSettled || found.computeTenths == before.computeTenths, "a settled pool changed");
        require(!isSettled || found.dataTenths == before.dataTenths, "a settled pool changed");
        require(!isSettled || found.computeSum == before.computeSum, "a settled sum changed");
        require(!isSettled || found.dataSum == before.dataSum, "a settled sum changed");
    }

    // What PROTOCOL says.

    /// @dev The sums of an epoch's weights.
    function sums(uint64 epoch) internal view returns (uint256 compute, uint256 dataSum) {
        for (uint256 i = 0; i < ACTORS; i++) {
            compute += places[epoch][actors[i]].compute;
            dataSum += places[epoch][actors[i]].data;
        }
    }

    /// @dev Whether claims of an epoch are paid.
    function isOpen(uint64 epoch) internal view returns (bool) {
        return terms[epoch].deadline != 0 && nowSeconds() > terms[epoch].closedUntil;
    }

    /// @dev What somebody is owed for an epoch whose claims are open and who was not paid.
    function due(uint64 epoch, address who) internal view returns (uint256) {
        Place storage place = places[epoch][who];
        bool isOwed = !place.isPaid && (place.compute > 0 || place.data > 0);
        if (!isOwed || !isOpen(epoch)) return 0;
        (uint256 compute, uint256 forData) = (0, 0);
        (uint256 computeSum, uint256 dataSum) = (0, 0);
        for (uint64 each = FIRST; each <= epoch; each++) {
            // What the epoch before divided is gone; what it could not divide stays.
            if (computeSum > 0) compute = 0;
            if (dataSum > 0) forData = 0;
            compute += 7 * uint256(terms[each].pool);
            forData += 3 * uint256(terms[each].pool);
            (computeSum, dataSum) = sums(each);
        }
        return (computeSum == 0 ? 0 : Math.mulDiv(compute, place.compute, 10 * computeSum))
            + (dataSum == 0 ? 0 : Math.mulDiv(forData, place.data, 10 * dataSum));
    }

    /// @dev Whether data counts in an epoch.
    function isEligible(uint64 epoch, Data memory each) internal view returns (bool) {
        Rules storage rules = rulesAt[epoch];
        bool isWithin = each.round >= rules.terms.dataFirstRound && each.round < rules.terms.firstRound + rules.terms.rounds;
        bool isShown = rules.evidence == 0 || each.hasEvidence;
        return isWithin && isShown && !(each.isStruck && each.struckFrom <= epoch);
    }

    /// @dev What data weighs.
    function weightOf(uint64 epoch, uint256 score, uint256 records, uint64 latest) internal view returns (uint256) {
        Rules storage rules = rulesAt[epoch];
        uint256 worth = (score << 40) / records;
        if (rules.scoring.weighting == 2) {
            worth = Math.min(score, (records * rules.scoring.cap) >> 40);
            uint256 bias = uint256(rules.scoring.bins) * 128;
            worth = worth < bias ? 0 : worth - bias;
        }
        uint256 rounds = latest - rules.terms.dataFirstRound;
        (uint256 fade, uint256 square) = (1 << 64, rules.data.rho);
        for (uint256 i = 0; i < 64; i++) {
            if ((rounds >> i) % 2 == 1) fade = Math.mulDiv(fade, square, 1 << 64);
            square = Math.mulDiv(square, square, 1 << 64);
        }
        return rules.data.lambda * worth * fade;
    }
}
