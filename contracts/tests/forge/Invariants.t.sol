// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Moves} from "./Moves.sol";
import {vm} from "./Vm.sol";

/// @title What holds of a vault whatever anybody does
/// @notice forge draws the moves, and after each of them asks the function whose name begins with `invariant`.
contract InvariantsTest {
    /// @dev What a selector is called by forge.
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    /// @dev After so many runs each kind of move has to have been done.
    uint256 private constant ENOUGH_RUNS = 6;

    Moves private _moves;

    function setUp() external {
        _moves = new Moves();
    }

    /// @notice For forge: nothing but moves.
    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_moves);
    }

    /// @notice For forge: which moves. What is worth trying more often stands here more often.
    function targetSelectors() external view returns (FuzzSelector[] memory targets) {
        bytes4[45] memory all = [
            Moves.begin.selector,
            Moves.begin.selector,
            Moves.begin.selector,
            Moves.register.selector,
            Moves.register.selector,
            Moves.register.selector,
            Moves.register.selector,
            Moves.record.selector,
            Moves.record.selector,
            Moves.record.selector,
            Moves.record.selector,
            Moves.endRounds.selector,
            Moves.endRounds.selector,
            Moves.endRounds.selector,
            Moves.finish.selector,
            Moves.finish.selector,
            Moves.wait.selector,
            Moves.wait.selector,
            Moves.submitCompute.selector,
            Moves.submitCompute.selector,
            Moves.submitCompute.selector,
            Moves.submitCompute.selector,
            Moves.submitData.selector,
            Moves.submitData.selector,
            Moves.submitData.selector,
            Moves.submitData.selector,
            Moves.submitData.selector,
            Moves.claim.selector,
            Moves.claim.selector,
            Moves.claimTo.selector,
            Moves.claimTo.selector,
            Moves.claimFor.selector,
            Moves.claimFor.selector,
            Moves.settle.selector,
            Moves.settle.selector,
            Moves.fund.selector,
            Moves.open.selector,
            Moves.gift.selector,
            Moves.strikeData.selector,
            Moves.strikeNode.selector,
            Moves.setOperator.selector,
            Moves.setCoordinator.selector,
            Moves.intrude.selector,
            Moves.intrude.selector,
            Moves.intrude.selector
        ];
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector(address(_moves), new bytes4[](all.length));
        for (uint256 i = 0; i < all.length; i++) targets[0].selectors[i] = all[i];
    }

    /// @dev One function, for forge makes a campaign of its own for each. What fails says its name.
    function invariantNothingElseHappens() public view {
        _moves.checkMoney();
        _moves.checkShares();
        _moves.checkWeights();
        _moves.checkRecord();
    }

    /// @notice For forge, at the end of a run: whoever has a share is paid, and no kind of move is idle.
    function afterInvariant() external {
        _countMoves();
        _moves.finale();
        invariantNothingElseHappens();
    }

    /// @dev Contracts begin anew with each run, so what was done is added up in the environment.
    function _countMoves() private {
        uint256 runs = _add("runs", 1);
        string[32] memory kinds = _moves.kinds();
        for (uint256 i = 0; i < kinds.length; i++) {
            uint256 done = _add(kinds[i], _moves.done(kinds[i]));
            vm.assertTrue(done > 0 || runs < ENOUGH_RUNS, string.concat("never done: ", kinds[i]));
        }
    }

    function _add(string memory name, uint256 more) private returns (uint256 sum) {
        name = string.concat("fairshare forge ", name);
        sum = vm.envOr(name, uint256(0)) + more;
        vm.setEnv(name, vm.toString(sum));
    }
}
