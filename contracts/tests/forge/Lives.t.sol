// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Signed} from "../../solidity/Signed.sol";
import {ProvingVault} from "../../solidity/ProvingVault.sol";
import {FederatedTask} from "../../solidity/tasks/FederatedTask.sol";
import {FheTask} from "../../solidity/tasks/FheTask.sol";
import {DataRegistration, ITaskRegistry, Stage} from "../../solidity/tasks/ITaskRegistry.sol";
import {TaskRegistry} from "../../solidity/tasks/TaskRegistry.sol";
import {Curve, R} from "../../solidity/verifier/Curve.sol";
import {Rules} from "../../solidity/verifier/Rules.sol";
import {WalletOf} from "../settling/WalletOf.sol";
import {Points} from "./Points.sol";
import {vm, within} from "./Vm.sol";
import {World} from "./World.sol";

/// @title The life of a vault, from its first funds to the last claim
contract LivesTest is World {
    uint256 private constant ALICE_KEY = 0xa11ce;
    uint256 private constant BOB_KEY = 0xb0b;
    /// @dev Rounds of every epoch here.
    uint32 private constant ROUNDS = 4;

    address private immutable _alice = vm.addr(ALICE_KEY);
    address private immutable _bob = vm.addr(BOB_KEY);
    address private constant ELSEWHERE = address(0xe15e);

    // A whole life.

    /// @dev 1,000 units: 300 for data as 1 to 3, 700 for computing power as 1 to 3.
    function testFromTheFirstFundsToTheLastClaim() external {
        Rules memory rules = _begin(0, 1_000);
        bytes32[] memory alices = _register(_alice, 1);
        bytes32[] memory bobs = _register(_bob, 2);
        _record(5, 7);
        _endEpoch();
        vault.submit(rules, dataBundle(_alice, alices, 1_000));
        vault.submit(rules, dataBundle(_bob, bobs, 3_000));
        vault.submit(rules, computeBundle(_alice, 5));
        vault.submit(rules, computeBundle(_bob, 15));
        _expectNotOpen(0, nowSeconds() + 1 days);
        vault.claim(0, _alice);
        vm.warp(nowSeconds() + 1 days + 1);
        vm.prank(STRANGER);
        vm.assertEq(vault.claim(0, _alice), 75 + 175, "claimed by alice");
        vm.assertEq(vault.claim(0, _bob), 225 + 525, "claimed by bob");
        _expectPaid(_alice, 250);
        _expectPaid(_bob, 750);
        _expectNothing(0, _alice);
        vault.claim(0, _alice);
        vm.assertEq(vault.totalPaid(), 1_000, "paid");
        _expectPaid(address(vault), 0);
    }

    /// @dev Its one node a round: the registry's other kind.
    function testALifeWithOneNodeARound() external {
        address registry_ = vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 1);
        vault = new ProvingVault(token, ITaskRegistry(registry_), verifier, SUBNET, OWNER, OPERATOR);
        FheTask task = new FheTask(address(vault), OWNER, COORDINATOR);
        registry = FederatedTask(address(task));
        vm.prank(FUNDER);
        token.approve(address(vault), 1_000);
        Rules memory rules = _begin(0, 1_000);
        for (uint256 round = 0; round < ROUNDS; round++) {
            (Curve.G1 memory point, bytes32[] memory path) = pointOf(round);
            vm.prank(COORDINATOR);
            task.recordNode(round == 2 ? _bob : _alice, point, path);
            vm.prank(COORDINATOR);
            vm.expectRevert(abi.encodeWithSelector(FheTask.RoundRecorded.selector, round, round == 2 ? _bob : _alice));
            task.recordNode(_bob, point, path);
            vm.prank(COORDINATOR);
            task.endRounds(1);
        }
        (Curve.G1 memory units,) = task.unitsOf(0, _bob);
        (Curve.G1 memory expected,) = pointOf(2);
        vm.assertTrue(units.x == expected.x && units.y == expected.y, "units");
        vault.submit(rules, computeBundle(_bob, 1));
        vault.submit(rules, computeBundle(_alice, 2));
        vm.warp(nowSeconds() + 1 days + 1);
        vault.claim(0, _bob);
        vault.claim(0, _alice);
        _expectPaid(_bob, 233);
        _expectPaid(_alice, 466);
    }

    /// @dev Two epochs in which nobody earns anything: their pools are the third one's, too.
    function testPoolsThatNobodyEarnedAreCarried() external {
        for (uint64 epoch = 0; epoch < 2; epoch++) {
            _begin(epoch, 100);
            _endEpoch();
        }
        Rules memory rules = _begin(2, 100);
        bytes32[] memory alices = _register(_alice, 1);
        _record(1, 1);
        _endEpoch();
        vault.submit(rules, dataBundle(_alice, alices, 9));
        vm.warp(nowSeconds() + 1 days + 1);
        vm.assertEq(vault.settle(2), 2, "settled");
        ProvingVault.Carried memory carried = vault.carried();
        vm.assertEq(carried.compute, 1_400, "carried for computing power");
        vm.assertEq(carried.data, 600, "carried for data");
        vm.assertEq(vault.claim(2, _alice), 90, "all data pools");
        carried = vault.carried();
        vm.assertEq(carried.compute, 2_100, "carried on");
        vm.assertEq(carried.data, 0, "carried on for data");
    }

    /// @dev An epoch that names no pool has what was funded until its end; the next one, what was funded after that.
    function testAnEpochWithoutAPoolHasWhatIsThere() external {
        _begin(0, 0);
        _fund(70);
        _endEpoch();
        _fund(9);
        vm.assertEq(vault.epochs(0).pool, 70, "pool");
        _begin(1, 0);
        _endEpoch();
        vm.assertEq(vault.epochs(1).pool, 9, "next pool");
        vm.assertEq(vault.unassigned(), 0, "left");
    }

    function testAnEpochBeginsOnce() external {
        Rules memory rules = _begin(0, 1_000);
        _endEpoch();
        _fund(1_000);
        bytes32 rulesHash = vault.epochs(0).rulesHash;
        vm.prank(COORDINATOR);
        vm.expectRevert(abi.encodeWithSelector(ProvingVault.NotTheRules.selector, rulesHash, bytes32(0)));
        registry.begin(rules);
    }

    // Nobody's silence locks a pool.

    function testAStrangerEndsAnEpochInTime() external {
        Rules memory rules = _begin(0, 1_000);
        _record(1, 1);
        vm.warp(rules.terms.endsBy - 1);
        vm.expectRevert(abi.encodeWithSelector(TaskRegistry.TooEarly.selector, rules.terms.endsBy));
        registry.finish();
        vm.warp(rules.terms.endsBy);
        vm.prank(STRANGER);
        registry.finish();
        vm.assertEq(vault.epochs(0).deadline, rules.terms.endsBy + 1 days, "deadline");
        vm.prank(STRANGER);
        vault.submit(rules, computeBundle(_alice, 5));
        vm.warp(nowSeconds() + 1 days + 1);
        vm.prank(STRANGER);
        vault.claim(0, _alice);
        _expectPaid(_alice, 700);
    }

    // What a bundle replaces, and when.

    function testFuzzOnlyWhatWeighsMoreReplaces(uint64 first, uint64 second) external {
        vm.assume(first > 0);
        Rules memory rules = _begin(0, 1_000);
        _record(1, 1);
        _endEpoch();
        vault.submit(rules, computeBundle(_alice, first));
        bool isMore = second > first;
        if (!isMore) vm.expectRevert(abi.encodeWithSelector(ProvingVault.WeighsNoMore.selector, second, first));
        vm.prank(STRANGER);
        vault.submit(rules, computeBundle(_alice, second));
        vm.assertEq(vault.standing(0, _alice).computeWeight, isMore ? second : first, "standing");
        vm.assertEq(vault.epochs(0).computeSum, isMore ? second : first, "sum");
    }

    /// @dev What weighs as much does not replace, either.
    function testABundleIsTakenOnce() external {
        Rules memory rules = _begin(0, 1_000);
        bytes32[] memory alices = _register(_alice, 1);
        _record(1, 1);
        _endEpoch();
        vault.submit(rules, dataBundle(_alice, alices, 9));
        vault.submit(rules, computeBundle(_alice, 9));
        uint256 weight = vault.standing(0, _alice).dataWeight;
        vm.expectRevert(abi.encodeWithSelector(ProvingVault.WeighsNoMore.selector, weight, weight));
        vault.submit(rules, dataBundle(_alice, alices, 9));
        vm.expectRevert(abi.encodeWithSelector(ProvingVault.WeighsNoMore.selector, 9, 9));
        vault.submit(rules, computeBundle(_alice, 9));
    }

    function testBundlesAreTakenFromTheEndToTheDeadline() external {
        Rules memory rules = _begin(0, 1_000);
        _record(1, 1);
        vm.expectRevert(abi.encodeWithSelector(ProvingVault.RoundsNotOver.selector, 0));
        vault.submit(rules, computeBundle(_alice, 1));
        _endEpoch();
        uint64 deadline = nowSeconds() + 1 days;
        vault.submit(rules, computeBundle(_alice, 1));
        vm.warp(deadline);
        vault.submit(rules, computeBundle(_alice, 2));
        vm.warp(deadline + 1);
        vm.expectRevert(abi.encodeWithSelector(ProvingVault.DeadlineOver.selector, 0, deadline));
        vault.submit(rules, computeBundle(_alice, 3));
    }

    /// @dev The epoch before takes proofs for longer: the later one's deadline is its own, but its claims wait.
    function testClaimsWaitForTheEpochBefore() external {
        Rules memory rules = rulesOf(0, 0, ROUNDS, 0);
        rules.terms.provingSeconds = 50 days;
        _start(rules);
        _endEpoch();
        uint64 closedUntil = nowSeconds() + 50 days;
        rules = _begin(1, 1_000);
        _record(1, 1);
        _endEpoch();
        uint64 deadline = nowSeconds() + 1 days;
        vault.submit(rules, computeBundle(_alice, 1));
        vm.warp(deadline + 1);
        vm.expectRevert(abi.encodeWithSelector(ProvingVault.DeadlineOver.selector, 1, deadline));
        vault.submit(rules, computeBundle(_alice, 2));
        vm.warp(closedUntil);
        _expectNotOpen(1, closedUntil);
        vault.claim(1, _alice);
        vm.warp(closedUntil + 1);
        vault.claim(1, _alice);
        _expectPaid(_alice, 700);
    }

    // Where the money goes.

    function testFuzzTheSenderNamesARecipient(address recipient) external {
        _assumeRecipient(recipient);
        _earned();
        vm.prank(_alice);
        vault.claimTo(0, recipient);
        _expectPaid(recipient, 700);
        _expectNothing(0, _alice);
        vault.claim(0, _alice);
    }

    function testFuzzASignatureNamesARecipient(address recipient) external {
        _assumeRecipient(recipient);
        _earned();
        bytes memory signature = signed(ALICE_KEY, claimHash(address(vault), 0, _alice, recipient));
        vm.prank(STRANGER);
        vault.claimFor(0, _alice, recipient, signature);
        _expectPaid(recipient, 700);
        _expectNothing(0, _alice);
        vault.claimFor(0, _alice, recipient, signature);
    }

    /// @dev Another's signature, and Alice's of each other thing.
    function testNoOtherSignatureNamesARecipient() external {
        _earned();
        bytes[6] memory signatures = [
            signed(BOB_KEY, claimHash(address(vault), 0, _alice, ELSEWHERE)),
            signed(ALICE_KEY, claimHash(address(registry), 0, _alice, ELSEWHERE)),
            signed(ALICE_KEY, claimHash(address(vault), 1, _alice, ELSEWHERE)),
            signed(ALICE_KEY, claimHash(address(vault), 0, _bob, ELSEWHERE)),
            signed(ALICE_KEY, claimHash(address(vault), 0, _alice, STRANGER)),
            bytes("")
        ];
        for (uint256 i = 0; i < signatures.length; i++) {
            vm.expectRevert(abi.encodeWithSelector(Signed.SignatureRefused.selector, _alice));
            vault.claimFor(0, _alice, ELSEWHERE, signatures[i]);
        }
        _expectPaid(ELSEWHERE, 0);
    }

    /// @dev A contract account has signed what it says it has.
    function testAContractAccountNamesARecipient() external {
        address wallet = address(new WalletOf(_bob));
        Rules memory rules = _begin(0, 1_000);
        _recordOne(wallet);
        _endEpoch();
        vault.submit(rules, computeBundle(wallet, 1));
        vm.warp(nowSeconds() + 1 days + 1);
        bytes32 hash = claimHash(address(vault), 0, wallet, ELSEWHERE);
        vm.expectRevert(abi.encodeWithSelector(Signed.SignatureRefused.selector, wallet));
        vault.claimFor(0, wallet, ELSEWHERE, signed(ALICE_KEY, hash));
        vault.claimFor(0, wallet, ELSEWHERE, signed(BOB_KEY, hash));
        _expectPaid(ELSEWHERE, 700);
    }

    function testMoneyGoesNeitherNowhereNorBack() external {
        _earned();
        address[2] memory refused = [address(0), address(vault)];
        for (uint256 i = 0; i < 2; i++) {
            vm.prank(_alice);
            vm.expectRevert(abi.encodeWithSelector(ProvingVault.RecipientRefused.selector, refused[i]));
            vault.claimTo(0, refused[i]);
        }
    }

    // Vault and registry name each other.

    function testNoRulesOpenUnderARegistryOfAnotherVault() external {
        FederatedTask other = registry;
        vault = new ProvingVault(token, other, verifier, SUBNET, OWNER, OPERATOR);
        Rules memory rules = rulesOf(0, 0, ROUNDS, 1_000);
        vm.expectRevert(abi.encodeWithSelector(ProvingVault.RegistryServes.selector, other.vault()));
        vm.prank(OPERATOR);
        vault.open(rules);
        vm.expectRevert(abi.encodeWithSelector(ProvingVault.NoRules.selector));
        vault.fund(1);
    }

    // The registry's sums.

    function testFuzzUnitsAndTotalsAreTheSumsOfAllRounds(uint32[ROUNDS] memory alices, uint32[ROUNDS] memory bobs) external {
        _begin(0, 1_000);
        (uint256 alice, uint256 bob) = (0, 0);
        for (uint256 round = 0; round < ROUNDS; round++) {
            uint32 one = uint32(within(alices[round], 1, type(uint32).max - 1));
            uint32 other = uint32(within(bobs[round], 1, type(uint32).max - one));
            _record(one, other);
            alice = addmod(alice, mulmod(one, Points.multiplier(round), R), R);
            bob = addmod(bob, mulmod(other, Points.multiplier(round), R), R);
            vm.prank(COORDINATOR);
            registry.endRounds(1);
        }
        (Curve.G1 memory units,) = registry.unitsOf(0, _alice);
        _expectPoint(units, alice, "units of alice");
        (units,) = registry.unitsOf(0, _bob);
        _expectPoint(units, bob, "units of bob");
        _expectPoint(registry.totalsOf(0), addmod(alice, bob, R), "totals");
    }

    /// @dev What somebody signed may be sent by anybody, and stands under its contributor.
    function testFuzzSignedDataIsRegistered(uint256 drawnRecords, uint256 seed, bool hasUpload) external {
        _begin(0, 1_000);
        uint32 records = uint32(within(drawnRecords, 1, MOST_RECORDS));
        DataRegistration memory data = dataOf(_alice, records, seed, hasUpload);
        bytes32 hash = registry.registrationHash(data);
        vm.expectRevert(abi.encodeWithSelector(Signed.SignatureRefused.selector, _alice));
        registry.registerFor(data, signed(BOB_KEY, hash));
        registry.registerFor(data, signed(ALICE_KEY, hash));
        vm.assertEq(registry.dataset(data.digest).records, records, "records");
        vm.assertTrue(registry.dataset(data.digest).hasEvidence == hasUpload, "evidence");
        vm.assertEq(registry.dataset(data.digest).order, 1, "order");
    }

    // Steps of a life.

    /// @dev Opens rules, funds their pool and begins their first round.
    function _begin(uint64 epoch, uint128 pool) private returns (Rules memory rules) {
        rules = rulesOf(epoch, epoch * ROUNDS, ROUNDS, pool);
        _start(rules);
    }

    function _start(Rules memory rules) private {
        vm.prank(OPERATOR);
        vault.open(rules);
        if (rules.terms.pool > 0) _fund(rules.terms.pool);
        vm.prank(COORDINATOR);
        registry.begin(rules);
    }

    function _fund(uint128 amount) private {
        vm.prank(FUNDER);
        vault.fund(amount);
    }

    function _register(address who, uint256 seed) private returns (bytes32[] memory digests) {
        DataRegistration memory data = dataOf(who, 1_000, seed, false);
        vm.prank(who);
        registry.register(data);
        digests = new bytes32[](1);
        digests[0] = data.digest;
    }

    /// @dev Units of Alice and Bob, in the round that goes on.
    function _record(uint32 alices, uint32 bobs) private {
        address[] memory nodes = new address[](2);
        uint32[] memory units = new uint32[](2);
        (nodes[0], units[0], nodes[1], units[1]) =
            _alice < _bob ? (_alice, alices, _bob, bobs) : (_bob, bobs, _alice, alices);
        _send(nodes, units);
    }

    function _recordOne(address node) private {
        address[] memory nodes = new address[](1);
        uint32[] memory units = new uint32[](1);
        (nodes[0], units[0]) = (node, 1);
        _send(nodes, units);
    }

    function _send(address[] memory nodes, uint32[] memory units) private {
        Stage memory stage = registry.stage();
        (Curve.G1 memory point, bytes32[] memory path) = pointOf(stage.round - stage.firstRound);
        vm.prank(COORDINATOR);
        registry.recordUnits(nodes, units, point, path);
    }

    function _endEpoch() private {
        Stage memory stage = registry.stage();
        vm.prank(COORDINATOR);
        registry.endRounds(stage.lastRound - stage.round + 1);
    }

    /// @dev Claims of an epoch are open in which Alice has all computing power: 700.
    function _earned() private {
        Rules memory rules = _begin(0, 1_000);
        _record(1, 1);
        _endEpoch();
        vault.submit(rules, computeBundle(_alice, 1));
        vm.warp(nowSeconds() + 1 days + 1);
    }

    function _assumeRecipient(address recipient) private view {
        vm.assume(recipient != address(0) && recipient != address(vault) && recipient != FUNDER);
    }

    function _expectPaid(address who, uint256 amount) private view {
        vm.assertEq(token.balanceOf(who), amount, "balance");
    }

    function _expectPoint(Curve.G1 memory point, uint256 factor, string memory what) private view {
        Curve.G1 memory expected = Points.multiple(factor);
        vm.assertTrue(point.x == expected.x && point.y == expected.y, what);
    }

    function _expectNothing(uint64 epoch, address who) private {
        vm.expectRevert(abi.encodeWithSelector(ProvingVault.NothingToClaim.selector, epoch, who));
    }

    function _expectNotOpen(uint64 epoch, uint64 closedUntil) private {
        vm.expectRevert(abi.encodeWithSelector(ProvingVault.NotOpen.selector, epoch, closedUntil));
    }
}
