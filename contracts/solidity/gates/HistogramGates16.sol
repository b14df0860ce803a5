// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IGates} from "../IGates.sol";

/// @title The constraints of the histogram circuit of 16 data columns, in every geometry that has it
/// @notice Generated from the constraint system by `tests/verifier/gates/`, and held to it by that test.
/// Columns and clauses have the names of the statement; above each constraint stands its polynomial.
contract HistogramGates16 is IGates {
    /// @inheritdoc IGates
    bytes32 public constant constraintSystem = 0x56030b4b958fd09dcf2845e579d8eb6797b860bd69f64ace50c6afa9d9294370;

    /// @inheritdoc IGates
    function shape() external pure returns (bytes memory) {
        return
            hex"110601011804001a011000110100020103020412050306040705081309060a07"
            hex"0b080c140d090e0a0f0b1015110c120d130e140f1717181819191a1a1b161615";
    }

    /// @inheritdoc IGates
    function evaluate(uint256[] calldata values) external pure returns (uint256 numerator) {
        if (values.length != 31 || msg.data.length != 1060) revert NotTheValues();
        assembly ("memory-safe") {
            function gamma() -> v { v := calldataload(100) } // γ
            function instance_padding() -> v { v := calldataload(132) }
            function m() -> v { v := calldataload(164) }
            function h1() -> v { v := calldataload(196) }
            function v1() -> v { v := calldataload(228) }
            function v2() -> v { v := calldataload(260) }
            function v3() -> v { v := calldataload(292) }
            function h2() -> v { v := calldataload(324) }
            function v4() -> v { v := calldataload(356) }
            function v5() -> v { v := calldataload(388) }
            function v6() -> v { v := calldataload(420) }
            function h3() -> v { v := calldataload(452) }
            function v7() -> v { v := calldataload(484) }
            function v8() -> v { v := calldataload(516) }
            function v9() -> v { v := calldataload(548) }
            function h4() -> v { v := calldataload(580) }
            function v10() -> v { v := calldataload(612) }
            function v11() -> v { v := calldataload(644) }
            function v12() -> v { v := calldataload(676) }
            function h5() -> v { v := calldataload(708) }
            function v13() -> v { v := calldataload(740) }
            function v14() -> v { v := calldataload(772) }
            function v15() -> v { v := calldataload(804) }
            function phi_next() -> v { v := calldataload(836) } // φ(+1)
            function phi() -> v { v := calldataload(868) } // φ
            function v16() -> v { v := calldataload(900) }
            function t() -> v { v := calldataload(932) }
            function s0() -> v { v := calldataload(964) }
            function s1() -> v { v := calldataload(996) }
            function s2() -> v { v := calldataload(1028) }

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
            // γ − v4
            let t4_ := add(gamma(), sub(r, v4()))
            // γ − v5
            let t5_ := add(gamma(), sub(r, v5()))
            // (γ − v4)·(γ − v5)
            let t6_ := mulmod(t4_, t5_, r)
            // γ − v6
            let t7_ := add(gamma(), sub(r, v6()))
            {
                // s1·(h2·(γ − v4)·(γ − v5)·(γ − v6) − ((1·(γ − v5) + 1·(γ − v4))·(γ − v6) + 1·(γ − v4)·(γ − v5)))
                let value := mulmod(
                    s1(),
                    add(
                        mulmod(h2(), mulmod(t6_, t7_, r), r),
                        sub(r, mod(add(mulmod(add(t5_, t4_), t7_, r), t6_), r))
                    ),
                    r
                )
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }
            // γ − v7
            let t8_ := add(gamma(), sub(r, v7()))
            // γ − v8
            let t9_ := add(gamma(), sub(r, v8()))
            // (γ − v7)·(γ − v8)
            let t10_ := mulmod(t8_, t9_, r)
            // γ − v9
            let t11_ := add(gamma(), sub(r, v9()))
            {
                // s1·(h3·(γ − v7)·(γ − v8)·(γ − v9) − ((1·(γ − v8) + 1·(γ − v7))·(γ − v9) + 1·(γ − v7)·(γ − v8)))
                let value := mulmod(
                    s1(),
                    add(
                        mulmod(h3(), mulmod(t10_, t11_, r), r),
                        sub(r, mod(add(mulmod(add(t9_, t8_), t11_, r), t10_), r))
                    ),
                    r
                )
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }
            // γ − v10
            let t12_ := add(gamma(), sub(r, v10()))
            // γ − v11
            let t13_ := add(gamma(), sub(r, v11()))
            // (γ − v10)·(γ − v11)
            let t14_ := mulmod(t12_, t13_, r)
            // γ − v12
            let t15_ := add(gamma(), sub(r, v12()))
            {
                // s1·(h4·(γ − v10)·(γ − v11)·(γ − v12) − ((1·(γ − v11) + 1·(γ − v10))·(γ − v12) + 1·(γ − v10)·(γ − v11)))
                let value := mulmod(
                    s1(),
                    add(
                        mulmod(h4(), mulmod(t14_, t15_, r), r),
                        sub(r, mod(add(mulmod(add(t13_, t12_), t15_, r), t14_), r))
                    ),
                    r
                )
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }
            // γ − v13
            let t16_ := add(gamma(), sub(r, v13()))
            // γ − v14
            let t17_ := add(gamma(), sub(r, v14()))
            // (γ − v13)·(γ − v14)
            let t18_ := mulmod(t16_, t17_, r)
            // γ − v15
            let t19_ := add(gamma(), sub(r, v15()))
            {
                // s1·(h5·(γ − v13)·(γ − v14)·(γ − v15) − ((1·(γ − v14) + 1·(γ − v13))·(γ − v15) + 1·(γ − v13)·(γ − v14)))
                let value := mulmod(
                    s1(),
                    add(
                        mulmod(h5(), mulmod(t18_, t19_, r), r),
                        sub(r, mod(add(mulmod(add(t17_, t16_), t19_, r), t18_), r))
                    ),
                    r
                )
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }

            // LogUp sum: φ(next) = φ + Σ h + Σ m_i/(γ − v_i)
            // γ − v16
            let t20_ := add(gamma(), sub(r, v16()))
            // γ − t
            let t21_ := add(gamma(), sub(r, t()))
            {
                // s1·((φ(+1) − φ − h1 − h2 − h3 − h4 − h5)·(γ − v16)·(γ − t) − (1·(γ − t) + (−m)·(γ − v16)))
                let value := mulmod(
                    s1(),
                    add(
                        mulmod(
                            add(
                                addmod(
                                    add(
                                        add(add(add(phi_next(), sub(r, phi())), sub(r, h1())), sub(r, h2())),
                                        sub(r, h3())
                                    ),
                                    sub(r, h4()),
                                    r
                                ),
                                sub(r, h5())
                            ),
                            mulmod(t20_, t21_, r),
                            r
                        ),
                        sub(r, mod(add(t21_, mulmod(sub(r, m()), t20_, r)), r))
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
