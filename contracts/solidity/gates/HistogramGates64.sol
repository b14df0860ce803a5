// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IGates} from "../IGates.sol";

/// @title The constraints of the histogram circuit of 64 data columns, in every geometry that has it
/// @notice Generated from the constraint system by `tests/verifier/gates/`, and held to it by that test.
/// Columns and clauses have the names of the statement; above each constraint stands its polynomial.
contract HistogramGates64 is IGates {
    /// @inheritdoc IGates
    bytes32 public constant constraintSystem = 0xa90726ce0ce6c897f6206f4dd1ec8c2b345efb6a8ed88f7fc3eb0e6c4da0cc59;

    /// @inheritdoc IGates
    function shape() external pure returns (bytes memory) {
        return
            hex"411601015804005a014000410100020103020442050306040705084309060a07"
            hex"0b080c440d090e0a0f0b1045110c120d130e1446150f16101711184719121a13"
            hex"1b141c481d151e161f17204921182219231a244a251b261c271d284b291e2a1f"
            hex"2b202c4c2d212e222f23304d312432253326344e352736283729384f392a3a2b"
            hex"3b2c3c503d2d3e2e3f2f40514130423143324452453346344735485349364a37"
            hex"4b384c544d394e3a4f3b5055513c523d533e543f5757585859595a5a5b565655";
    }

    /// @inheritdoc IGates
    function evaluate(uint256[] calldata values) external pure returns (uint256 numerator) {
        if (values.length != 95 || msg.data.length != 3108) revert NotTheValues();
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
            function h6() -> v { v := calldataload(836) }
            function v16() -> v { v := calldataload(868) }
            function v17() -> v { v := calldataload(900) }
            function v18() -> v { v := calldataload(932) }
            function h7() -> v { v := calldataload(964) }
            function v19() -> v { v := calldataload(996) }
            function v20() -> v { v := calldataload(1028) }
            function v21() -> v { v := calldataload(1060) }
            function h8() -> v { v := calldataload(1092) }
            function v22() -> v { v := calldataload(1124) }
            function v23() -> v { v := calldataload(1156) }
            function v24() -> v { v := calldataload(1188) }
            function h9() -> v { v := calldataload(1220) }
            function v25() -> v { v := calldataload(1252) }
            function v26() -> v { v := calldataload(1284) }
            function v27() -> v { v := calldataload(1316) }
            function h10() -> v { v := calldataload(1348) }
            function v28() -> v { v := calldataload(1380) }
            function v29() -> v { v := calldataload(1412) }
            function v30() -> v { v := calldataload(1444) }
            function h11() -> v { v := calldataload(1476) }
            function v31() -> v { v := calldataload(1508) }
            function v32() -> v { v := calldataload(1540) }
            function v33() -> v { v := calldataload(1572) }
            function h12() -> v { v := calldataload(1604) }
            function v34() -> v { v := calldataload(1636) }
            function v35() -> v { v := calldataload(1668) }
            function v36() -> v { v := calldataload(1700) }
            function h13() -> v { v := calldataload(1732) }
            function v37() -> v { v := calldataload(1764) }
            function v38() -> v { v := calldataload(1796) }
            function v39() -> v { v := calldataload(1828) }
            function h14() -> v { v := calldataload(1860) }
            function v40() -> v { v := calldataload(1892) }
            function v41() -> v { v := calldataload(1924) }
            function v42() -> v { v := calldataload(1956) }
            function h15() -> v { v := calldataload(1988) }
            function v43() -> v { v := calldataload(2020) }
            function v44() -> v { v := calldataload(2052) }
            function v45() -> v { v := calldataload(2084) }
            function h16() -> v { v := calldataload(2116) }
            function v46() -> v { v := calldataload(2148) }
            function v47() -> v { v := calldataload(2180) }
            function v48() -> v { v := calldataload(2212) }
            function h17() -> v { v := calldataload(2244) }
            function v49() -> v { v := calldataload(2276) }
            function v50() -> v { v := calldataload(2308) }
            function v51() -> v { v := calldataload(2340) }
            function h18() -> v { v := calldataload(2372) }
            function v52() -> v { v := calldataload(2404) }
            function v53() -> v { v := calldataload(2436) }
            function v54() -> v { v := calldataload(2468) }
            function h19() -> v { v := calldataload(2500) }
            function v55() -> v { v := calldataload(2532) }
            function v56() -> v { v := calldataload(2564) }
            function v57() -> v { v := calldataload(2596) }
            function h20() -> v { v := calldataload(2628) }
            function v58() -> v { v := calldataload(2660) }
            function v59() -> v { v := calldataload(2692) }
            function v60() -> v { v := calldataload(2724) }
            function h21() -> v { v := calldataload(2756) }
            function v61() -> v { v := calldataload(2788) }
            function v62() -> v { v := calldataload(2820) }
            function v63() -> v { v := calldataload(2852) }
            function phi_next() -> v { v := calldataload(2884) } // φ(+1)
            function phi() -> v { v := calldataload(2916) } // φ
            function v64() -> v { v := calldataload(2948) }
            function t() -> v { v := calldataload(2980) }
            function s0() -> v { v := calldataload(3012) }
            function s1() -> v { v := calldataload(3044) }
            function s2() -> v { v := calldataload(3076) }

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
            // γ − v16
            let t20_ := add(gamma(), sub(r, v16()))
            // γ − v17
            let t21_ := add(gamma(), sub(r, v17()))
            // (γ − v16)·(γ − v17)
            let t22_ := mulmod(t20_, t21_, r)
            // γ − v18
            let t23_ := add(gamma(), sub(r, v18()))
            {
                // s1·(h6·(γ − v16)·(γ − v17)·(γ − v18) − ((1·(γ − v17) + 1·(γ − v16))·(γ − v18) + 1·(γ − v16)·(γ − v17)))
                let value := mulmod(
                    s1(),
                    add(
                        mulmod(h6(), mulmod(t22_, t23_, r), r),
                        sub(r, mod(add(mulmod(add(t21_, t20_), t23_, r), t22_), r))
                    ),
                    r
                )
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }
            // γ − v19
            let t24_ := add(gamma(), sub(r, v19()))
            // γ − v20
            let t25_ := add(gamma(), sub(r, v20()))
            // (γ − v19)·(γ − v20)
            let t26_ := mulmod(t24_, t25_, r)
            // γ − v21
            let t27_ := add(gamma(), sub(r, v21()))
            {
                // s1·(h7·(γ − v19)·(γ − v20)·(γ − v21) − ((1·(γ − v20) + 1·(γ − v19))·(γ − v21) + 1·(γ − v19)·(γ − v20)))
                let value := mulmod(
                    s1(),
                    add(
                        mulmod(h7(), mulmod(t26_, t27_, r), r),
                        sub(r, mod(add(mulmod(add(t25_, t24_), t27_, r), t26_), r))
                    ),
                    r
                )
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }
            // γ − v22
            let t28_ := add(gamma(), sub(r, v22()))
            // γ − v23
            let t29_ := add(gamma(), sub(r, v23()))
            // (γ − v22)·(γ − v23)
            let t30_ := mulmod(t28_, t29_, r)
            // γ − v24
            let t31_ := add(gamma(), sub(r, v24()))
            {
                // s1·(h8·(γ − v22)·(γ − v23)·(γ − v24) − ((1·(γ − v23) + 1·(γ − v22))·(γ − v24) + 1·(γ − v22)·(γ − v23)))
                let value := mulmod(
                    s1(),
                    add(
                        mulmod(h8(), mulmod(t30_, t31_, r), r),
                        sub(r, mod(add(mulmod(add(t29_, t28_), t31_, r), t30_), r))
                    ),
                    r
                )
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }
            // γ − v25
            let t32_ := add(gamma(), sub(r, v25()))
            // γ − v26
            let t33_ := add(gamma(), sub(r, v26()))
            // (γ − v25)·(γ − v26)
            let t34_ := mulmod(t32_, t33_, r)
            // γ − v27
            let t35_ := add(gamma(), sub(r, v27()))
            {
                // s1·(h9·(γ − v25)·(γ − v26)·(γ − v27) − ((1·(γ − v26) + 1·(γ − v25))·(γ − v27) + 1·(γ − v25)·(γ − v26)))
                let value := mulmod(
                    s1(),
                    add(
                        mulmod(h9(), mulmod(t34_, t35_, r), r),
                        sub(r, mod(add(mulmod(add(t33_, t32_), t35_, r), t34_), r))
                    ),
                    r
                )
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }
            // γ − v28
            let t36_ := add(gamma(), sub(r, v28()))
            // γ − v29
            let t37_ := add(gamma(), sub(r, v29()))
            // (γ − v28)·(γ − v29)
            let t38_ := mulmod(t36_, t37_, r)
            // γ − v30
            let t39_ := add(gamma(), sub(r, v30()))
            {
                // s1·(h10·(γ − v28)·(γ − v29)·(γ − v30) − ((1·(γ − v29) + 1·(γ − v28))·(γ − v30) + 1·(γ − v28)·(γ − v29)))
                let value := mulmod(
                    s1(),
                    add(
                        mulmod(h10(), mulmod(t38_, t39_, r), r),
                        sub(r, mod(add(mulmod(add(t37_, t36_), t39_, r), t38_), r))
                    ),
                    r
                )
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }
            // γ − v31
            let t40_ := add(gamma(), sub(r, v31()))
            // γ − v32
            let t41_ := add(gamma(), sub(r, v32()))
            // (γ − v31)·(γ − v32)
            let t42_ := mulmod(t40_, t41_, r)
            // γ − v33
            let t43_ := add(gamma(), sub(r, v33()))
            {
                // s1·(h11·(γ − v31)·(γ − v32)·(γ − v33) − ((1·(γ − v32) + 1·(γ − v31))·(γ − v33) + 1·(γ − v31)·(γ − v32)))
                let value := mulmod(
                    s1(),
                    add(
                        mulmod(h11(), mulmod(t42_, t43_, r), r),
                        sub(r, mod(add(mulmod(add(t41_, t40_), t43_, r), t42_), r))
                    ),
                    r
                )
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }
            // γ − v34
            let t44_ := add(gamma(), sub(r, v34()))
            // γ − v35
            let t45_ := add(gamma(), sub(r, v35()))
            // (γ − v34)·(γ − v35)
            let t46_ := mulmod(t44_, t45_, r)
            // γ − v36
            let t47_ := add(gamma(), sub(r, v36()))
            {
                // s1·(h12·(γ − v34)·(γ − v35)·(γ − v36) − ((1·(γ − v35) + 1·(γ − v34))·(γ − v36) + 1·(γ − v34)·(γ − v35)))
                let value := mulmod(
                    s1(),
                    add(
                        mulmod(h12(), mulmod(t46_, t47_, r), r),
                        sub(r, mod(add(mulmod(add(t45_, t44_), t47_, r), t46_), r))
                    ),
                    r
                )
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }
            // γ − v37
            let t48_ := add(gamma(), sub(r, v37()))
            // γ − v38
            let t49_ := add(gamma(), sub(r, v38()))
            // (γ − v37)·(γ − v38)
            let t50_ := mulmod(t48_, t49_, r)
            // γ − v39
            let t51_ := add(gamma(), sub(r, v39()))
            {
                // s1·(h13·(γ − v37)·(γ − v38)·(γ − v39) − ((1·(γ − v38) + 1·(γ − v37))·(γ − v39) + 1·(γ − v37)·(γ − v38)))
                let value := mulmod(
                    s1(),
                    add(
                        mulmod(h13(), mulmod(t50_, t51_, r), r),
                        sub(r, mod(add(mulmod(add(t49_, t48_), t51_, r), t50_), r))
                    ),
                    r
                )
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }
            // γ − v40
            let t52_ := add(gamma(), sub(r, v40()))
            // γ − v41
            let t53_ := add(gamma(), sub(r, v41()))
            // (γ − v40)·(γ − v41)
            let t54_ := mulmod(t52_, t53_, r)
            // γ − v42
            let t55_ := add(gamma(), sub(r, v42()))
            {
                // s1·(h14·(γ − v40)·(γ − v41)·(γ − v42) − ((1·(γ − v41) + 1·(γ − v40))·(γ − v42) + 1·(γ − v40)·(γ − v41)))
                let value := mulmod(
                    s1(),
                    add(
                        mulmod(h14(), mulmod(t54_, t55_, r), r),
                        sub(r, mod(add(mulmod(add(t53_, t52_), t55_, r), t54_), r))
                    ),
                    r
                )
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }
            // γ − v43
            let t56_ := add(gamma(), sub(r, v43()))
            // γ − v44
            let t57_ := add(gamma(), sub(r, v44()))
            // (γ − v43)·(γ − v44)
            let t58_ := mulmod(t56_, t57_, r)
            // γ − v45
            let t59_ := add(gamma(), sub(r, v45()))
            {
                // s1·(h15·(γ − v43)·(γ − v44)·(γ − v45) − ((1·(γ − v44) + 1·(γ − v43))·(γ − v45) + 1·(γ − v43)·(γ − v44)))
                let value := mulmod(
                    s1(),
                    add(
                        mulmod(h15(), mulmod(t58_, t59_, r), r),
                        sub(r, mod(add(mulmod(add(t57_, t56_), t59_, r), t58_), r))
                    ),
                    r
                )
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }
            // γ − v46
            let t60_ := add(gamma(), sub(r, v46()))
            // γ − v47
            let t61_ := add(gamma(), sub(r, v47()))
            // (γ − v46)·(γ − v47)
            let t62_ := mulmod(t60_, t61_, r)
            // γ − v48
            let t63_ := add(gamma(), sub(r, v48()))
            {
                // s1·(h16·(γ − v46)·(γ − v47)·(γ − v48) − ((1·(γ − v47) + 1·(γ − v46))·(γ − v48) + 1·(γ − v46)·(γ − v47)))
                let value := mulmod(
                    s1(),
                    add(
                        mulmod(h16(), mulmod(t62_, t63_, r), r),
                        sub(r, mod(add(mulmod(add(t61_, t60_), t63_, r), t62_), r))
                    ),
                    r
                )
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }
            // γ − v49
            let t64_ := add(gamma(), sub(r, v49()))
            // γ − v50
            let t65_ := add(gamma(), sub(r, v50()))
            // (γ − v49)·(γ − v50)
            let t66_ := mulmod(t64_, t65_, r)
            // γ − v51
            let t67_ := add(gamma(), sub(r, v51()))
            {
                // s1·(h17·(γ − v49)·(γ − v50)·(γ − v51) − ((1·(γ − v50) + 1·(γ − v49))·(γ − v51) + 1·(γ − v49)·(γ − v50)))
                let value := mulmod(
                    s1(),
                    add(
                        mulmod(h17(), mulmod(t66_, t67_, r), r),
                        sub(r, mod(add(mulmod(add(t65_, t64_), t67_, r), t66_), r))
                    ),
                    r
                )
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }
            // γ − v52
            let t68_ := add(gamma(), sub(r, v52()))
            // γ − v53
            let t69_ := add(gamma(), sub(r, v53()))
            // (γ − v52)·(γ − v53)
            let t70_ := mulmod(t68_, t69_, r)
            // γ − v54
            let t71_ := add(gamma(), sub(r, v54()))
            {
                // s1·(h18·(γ − v52)·(γ − v53)·(γ − v54) − ((1·(γ − v53) + 1·(γ − v52))·(γ − v54) + 1·(γ − v52)·(γ − v53)))
                let value := mulmod(
                    s1(),
                    add(
                        mulmod(h18(), mulmod(t70_, t71_, r), r),
                        sub(r, mod(add(mulmod(add(t69_, t68_), t71_, r), t70_), r))
                    ),
                    r
                )
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }
            // γ − v55
            let t72_ := add(gamma(), sub(r, v55()))
            // γ − v56
            let t73_ := add(gamma(), sub(r, v56()))
            // (γ − v55)·(γ − v56)
            let t74_ := mulmod(t72_, t73_, r)
            // γ − v57
            let t75_ := add(gamma(), sub(r, v57()))
            {
                // s1·(h19·(γ − v55)·(γ − v56)·(γ − v57) − ((1·(γ − v56) + 1·(γ − v55))·(γ − v57) + 1·(γ − v55)·(γ − v56)))
                let value := mulmod(
                    s1(),
                    add(
                        mulmod(h19(), mulmod(t74_, t75_, r), r),
                        sub(r, mod(add(mulmod(add(t73_, t72_), t75_, r), t74_), r))
                    ),
                    r
                )
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }
            // γ − v58
            let t76_ := add(gamma(), sub(r, v58()))
            // γ − v59
            let t77_ := add(gamma(), sub(r, v59()))
            // (γ − v58)·(γ − v59)
            let t78_ := mulmod(t76_, t77_, r)
            // γ − v60
            let t79_ := add(gamma(), sub(r, v60()))
            {
                // s1·(h20·(γ − v58)·(γ − v59)·(γ − v60) − ((1·(γ − v59) + 1·(γ − v58))·(γ − v60) + 1·(γ − v58)·(γ − v59)))
                let value := mulmod(
                    s1(),
                    add(
                        mulmod(h20(), mulmod(t78_, t79_, r), r),
                        sub(r, mod(add(mulmod(add(t77_, t76_), t79_, r), t78_), r))
                    ),
                    r
                )
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }
            // γ − v61
            let t80_ := add(gamma(), sub(r, v61()))
            // γ − v62
            let t81_ := add(gamma(), sub(r, v62()))
            // (γ − v61)·(γ − v62)
            let t82_ := mulmod(t80_, t81_, r)
            // γ − v63
            let t83_ := add(gamma(), sub(r, v63()))
            {
                // s1·(h21·(γ − v61)·(γ − v62)·(γ − v63) − ((1·(γ − v62) + 1·(γ − v61))·(γ − v63) + 1·(γ − v61)·(γ − v62)))
                let value := mulmod(
                    s1(),
                    add(
                        mulmod(h21(), mulmod(t82_, t83_, r), r),
                        sub(r, mod(add(mulmod(add(t81_, t80_), t83_, r), t82_), r))
                    ),
                    r
                )
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }

            // LogUp sum: φ(next) = φ + Σ h + Σ m_i/(γ − v_i)
            // γ − v64
            let t84_ := add(gamma(), sub(r, v64()))
            // γ − t
            let t85_ := add(gamma(), sub(r, t()))
            {
                // s1·((φ(+1) − φ − h1 − h2 − h3 − h4 − h5 − h6 − h7 − h8 − h9 − h10 − h11 − h12 − h13 − h14 − h15 − h16 − h17 − h18 − h19 − h20 − h21)·(γ − v64)·(γ − t) − (1·(γ − t) + (−m)·(γ − v64)))
                let value := mulmod(
                    s1(),
                    add(
                        mulmod(
                            add(
                                add(
                                    addmod(
                                        add(
                                            add(
                                                add(
                                                    add(
                                                        addmod(
                                                            add(
                                                                add(
                                                                    add(
                                                                        add(
                                                                            addmod(
                                                                                add(
                                                                                    add(
                                                                                        add(
                                                                                            add(
                                                                                                addmod(
                                                                                                    add(
                                                                                                        add(
                                                                                                            add(
                                                                                                                add(
                                                                                                                    phi_next(),
                                                                                                                    sub(
                                                                                                                        r,
                                                                                                                        phi()
                                                                                                                    )
                                                                                                                ),
                                                                                                                sub(
                                                                                                                    r,
                                                                                                                    h1()
                                                                                                                )
                                                                                                            ),
                                                                                                            sub(
                                                                                                                r,
                                                                                                                h2()
                                                                                                            )
                                                                                                        ),
                                                                                                        sub(
                                                                                                            r,
                                                                                                            h3()
                                                                                                        )
                                                                                                    ),
                                                                                                    sub(
                                                                                                        r,
                                                                                                        h4()
                                                                                                    ),
                                                                                                    r
                                                                                                ),
                                                                                                sub(r, h5())
                                                                                            ),
                                                                                            sub(r, h6())
                                                                                        ),
                                                                                        sub(r, h7())
                                                                                    ),
                                                                                    sub(r, h8())
                                                                                ),
                                                                                sub(r, h9()),
                                                                                r
                                                                            ),
                                                                            sub(r, h10())
                                                                        ),
                                                                        sub(r, h11())
                                                                    ),
                                                                    sub(r, h12())
                                                                ),
                                                                sub(r, h13())
                                                            ),
                                                            sub(r, h14()),
                                                            r
                                                        ),
                                                        sub(r, h15())
                                                    ),
                                                    sub(r, h16())
                                                ),
                                                sub(r, h17())
                                            ),
                                            sub(r, h18())
                                        ),
                                        sub(r, h19()),
                                        r
                                    ),
                                    sub(r, h20())
                                ),
                                sub(r, h21())
                            ),
                            mulmod(t84_, t85_, r),
                            r
                        ),
                        sub(r, mod(add(t85_, mulmod(sub(r, m()), t84_, r)), r))
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
