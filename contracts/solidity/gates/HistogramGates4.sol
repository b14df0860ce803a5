// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IGates} from "../IGates.sol";

/// @title The constraints of the histogram circuit of 4 data columns, in every geometry that has it
/// @notice Generated from the constraint system by `tests/verifier/gates/`, and held to it by that test.
/// Columns and clauses have the names of the statement; above each constraint stands its polynomial.
contract HistogramGates4 is IGates {
    /// @inheritdoc IGates
    bytes32 public constant constraintSystem = 0x376edcbf25837a8ea5f1e093f59220e657c0f2c995b4299d401592c1f5a331c3;

    /// @inheritdoc IGates
    function shape() external pure returns (bytes memory) {
        return hex"050201010804000a0104000501000201030204030707080809090a0a0b060605";
    }

    /// @inheritdoc IGates
    function evaluate(uint256[] calldata values) external pure returns (uint256 numerator) {
        if (values.length != 15 || msg.data.length != 548) revert NotTheValues();
        assembly ("memory-safe") {
            function gamma() -> v { v := calldataload(100) } // γ
            function instance_padding() -> v { v := calldataload(132) }
            function m() -> v { v := calldataload(164) }
            function h1() -> v { v := calldataload(196) }
            function v1() -> v { v := calldataload(228) }
            function v2() -> v { v := calldataload(260) }
            function v3() -> v { v := calldataload(292) }
            function phi_next() -> v { v := calldataload(324) } // φ(+1)
            function phi() -> v { v := calldataload(356) } // φ
            function v4() -> v { v := calldataload(388) }
            function t() -> v { v := calldataload(420) }
            function s0() -> v { v := calldataload(452) }
            function s1() -> v { v := calldataload(484) }
            function s2() -> v { v := calldataload(516) }

            let r := 0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001
            let y := calldataload(68)

            // H3 counts-end: m = 0 below the alphabet
            {
                // s0·m
                let value := mulmod(s0(), m(), r)
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }

            // LogUp helper: h·Π(γ − v_i) = Σ m_i·Π_{j≠i}(γ − v_j)
            // γ − v1
            let t0_ := add(gamma(), sub(r, v1()))
            // γ − v2
            let t1_ := add(gamma(), sub(r, v2()))
            // (γ − v1)·(γ − v2)
            let t2_ := mulmod(t0_, t1_, r)
            // γ − v3
            let t3_ := add(gamma(), sub(r, v3()))
            {
                // s1·(h1·(γ − v1)·(γ − v2)·(γ − v3) − ((1·(γ − v2) + 1·(γ − v1))·(γ − v3) + 1·(γ − v1)·(γ − v2)))
                let value := mulmod(
                    s1(),
                    add(
                        mulmod(h1(), mulmod(t2_, t3_, r), r),
                        sub(r, mod(add(mulmod(add(t1_, t0_), t3_, r), t2_), r))
                    ),
                    r
                )
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }

            // LogUp sum: φ(next) = φ + Σ h + Σ m_i/(γ − v_i)
            // γ − v4
            let t4_ := add(gamma(), sub(r, v4()))
            // γ − t
            let t5_ := add(gamma(), sub(r, t()))
            {
                // s1·((φ(+1) − φ − h1)·(γ − v4)·(γ − t) − (1·(γ − t) + (−m)·(γ − v4)))
                let value := mulmod(
                    s1(),
                    add(
                        mulmod(add(add(phi_next(), sub(r, phi())), sub(r, h1())), mulmod(t4_, t5_, r), r),
                        sub(r, mod(add(t5_, mulmod(sub(r, m()), t4_, r)), r))
                    ),
                    r
                )
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }

            // LogUp boundary: φ = 0 on rows 0 and u
            {
                // s2·φ
                let value := mulmod(s2(), phi(), r)
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }

            // H4 padding-counted: m_0 = instance
            {
                // s1·s2·(m − instance)
                let value := mulmod(mulmod(s1(), s2(), r), add(m(), sub(r, instance_padding())), r)
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }
        }
    }
}
