// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IGates} from "../IGates.sol";

/// @title The constraints of the histogram circuit of 64 data columns, in every geometry that has it
/// @notice Generated from the constraint system by `tests/gates/`, and held to it by that test. Columns and
/// clauses have the names of the statement; above each constraint stands its polynomial.
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
            hex"4b384c544d394e3a4f3b5055513c523d533e543f5780588159825a835b565655";
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
            {
                // s1·(h1·(γ − v1)·(γ − v2)·(γ − v3) − ((1·(γ − v2) + 1·(γ − v1))·(γ − v3) + 1·(γ − v1)·(γ − v2)))
                let t0_ := addmod(gamma(), sub(r, v1()), r) // γ − v1
                let t1_ := addmod(gamma(), sub(r, v2()), r) // γ − v2
                let t2_ := mulmod(t0_, t1_, r) // (γ − v1)·(γ − v2)
                let t3_ := addmod(gamma(), sub(r, v3()), r) // γ − v3
                let value := mulmod(
                    s1(),
                    addmod(
                        mulmod(h1(), mulmod(t2_, t3_, r), r),
                        sub(r, addmod(mulmod(addmod(t1_, t0_, r), t3_, r), t2_, r)),
                        r
                    ),
                    r
                )
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }
            {
                // s1·(h2·(γ − v4)·(γ − v5)·(γ − v6) − ((1·(γ − v5) + 1·(γ − v4))·(γ − v6) + 1·(γ − v4)·(γ − v5)))
                let t0_ := addmod(gamma(), sub(r, v4()), r) // γ − v4
                let t1_ := addmod(gamma(), sub(r, v5()), r) // γ − v5
                let t2_ := mulmod(t0_, t1_, r) // (γ − v4)·(γ − v5)
                let t3_ := addmod(gamma(), sub(r, v6()), r) // γ − v6
                let value := mulmod(
                    s1(),
                    addmod(
                        mulmod(h2(), mulmod(t2_, t3_, r), r),
                        sub(r, addmod(mulmod(addmod(t1_, t0_, r), t3_, r), t2_, r)),
                        r
                    ),
                    r
                )
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }
            {
                // s1·(h3·(γ − v7)·(γ − v8)·(γ − v9) − ((1·(γ − v8) + 1·(γ − v7))·(γ − v9) + 1·(γ − v7)·(γ − v8)))
                let t0_ := addmod(gamma(), sub(r, v7()), r) // γ − v7
                let t1_ := addmod(gamma(), sub(r, v8()), r) // γ − v8
                let t2_ := mulmod(t0_, t1_, r) // (γ − v7)·(γ − v8)
                let t3_ := addmod(gamma(), sub(r, v9()), r) // γ − v9
                let value := mulmod(
                    s1(),
                    addmod(
                        mulmod(h3(), mulmod(t2_, t3_, r), r),
                        sub(r, addmod(mulmod(addmod(t1_, t0_, r), t3_, r), t2_, r)),
                        r
                    ),
                    r
                )
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }
            {
                // s1·(h4·(γ − v10)·(γ − v11)·(γ − v12) − ((1·(γ − v11) + 1·(γ − v10))·(γ − v12) + 1·(γ − v10)·(γ − v11)))
                let t0_ := addmod(gamma(), sub(r, v10()), r) // γ − v10
                let t1_ := addmod(gamma(), sub(r, v11()), r) // γ − v11
                let t2_ := mulmod(t0_, t1_, r) // (γ − v10)·(γ − v11)
                let t3_ := addmod(gamma(), sub(r, v12()), r) // γ − v12
                let value := mulmod(
                    s1(),
                    addmod(
                        mulmod(h4(), mulmod(t2_, t3_, r), r),
                        sub(r, addmod(mulmod(addmod(t1_, t0_, r), t3_, r), t2_, r)),
                        r
                    ),
                    r
                )
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }
            {
                // s1·(h5·(γ − v13)·(γ − v14)·(γ − v15) − ((1·(γ − v14) + 1·(γ − v13))·(γ − v15) + 1·(γ − v13)·(γ − v14)))
                let t0_ := addmod(gamma(), sub(r, v13()), r) // γ − v13
                let t1_ := addmod(gamma(), sub(r, v14()), r) // γ − v14
                let t2_ := mulmod(t0_, t1_, r) // (γ − v13)·(γ − v14)
                let t3_ := addmod(gamma(), sub(r, v15()), r) // γ − v15
                let value := mulmod(
                    s1(),
                    addmod(
                        mulmod(h5(), mulmod(t2_, t3_, r), r),
                        sub(r, addmod(mulmod(addmod(t1_, t0_, r), t3_, r), t2_, r)),
                        r
                    ),
                    r
                )
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }
            {
                // s1·(h6·(γ − v16)·(γ − v17)·(γ − v18) − ((1·(γ − v17) + 1·(γ − v16))·(γ − v18) + 1·(γ − v16)·(γ − v17)))
                let t0_ := addmod(gamma(), sub(r, v16()), r) // γ − v16
                let t1_ := addmod(gamma(), sub(r, v17()), r) // γ − v17
                let t2_ := mulmod(t0_, t1_, r) // (γ − v16)·(γ − v17)
                let t3_ := addmod(gamma(), sub(r, v18()), r) // γ − v18
                let value := mulmod(
                    s1(),
                    addmod(
                        mulmod(h6(), mulmod(t2_, t3_, r), r),
                        sub(r, addmod(mulmod(addmod(t1_, t0_, r), t3_, r), t2_, r)),
                        r
                    ),
                    r
                )
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }
            {
                // s1·(h7·(γ − v19)·(γ − v20)·(γ − v21) − ((1·(γ − v20) + 1·(γ − v19))·(γ − v21) + 1·(γ − v19)·(γ − v20)))
                let t0_ := addmod(gamma(), sub(r, v19()), r) // γ − v19
                let t1_ := addmod(gamma(), sub(r, v20()), r) // γ − v20
                let t2_ := mulmod(t0_, t1_, r) // (γ − v19)·(γ − v20)
                let t3_ := addmod(gamma(), sub(r, v21()), r) // γ − v21
                let value := mulmod(
                    s1(),
                    addmod(
                        mulmod(h7(), mulmod(t2_, t3_, r), r),
                        sub(r, addmod(mulmod(addmod(t1_, t0_, r), t3_, r), t2_, r)),
                        r
                    ),
                    r
                )
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }
            {
                // s1·(h8·(γ − v22)·(γ − v23)·(γ − v24) − ((1·(γ − v23) + 1·(γ − v22))·(γ − v24) + 1·(γ − v22)·(γ − v23)))
                let t0_ := addmod(gamma(), sub(r, v22()), r) // γ − v22
                let t1_ := addmod(gamma(), sub(r, v23()), r) // γ − v23
                let t2_ := mulmod(t0_, t1_, r) // (γ − v22)·(γ − v23)
                let t3_ := addmod(gamma(), sub(r, v24()), r) // γ − v24
                let value := mulmod(
                    s1(),
                    addmod(
                        mulmod(h8(), mulmod(t2_, t3_, r), r),
                        sub(r, addmod(mulmod(addmod(t1_, t0_, r), t3_, r), t2_, r)),
                        r
                    ),
                    r
                )
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }
            {
                // s1·(h9·(γ − v25)·(γ − v26)·(γ − v27) − ((1·(γ − v26) + 1·(γ − v25))·(γ − v27) + 1·(γ − v25)·(γ − v26)))
                let t0_ := addmod(gamma(), sub(r, v25()), r) // γ − v25
                let t1_ := addmod(gamma(), sub(r, v26()), r) // γ − v26
                let t2_ := mulmod(t0_, t1_, r) // (γ − v25)·(γ − v26)
                let t3_ := addmod(gamma(), sub(r, v27()), r) // γ − v27
                let value := mulmod(
                    s1(),
                    addmod(
                        mulmod(h9(), mulmod(t2_, t3_, r), r),
                        sub(r, addmod(mulmod(addmod(t1_, t0_, r), t3_, r), t2_, r)),
                        r
                    ),
                    r
                )
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }
            {
                // s1·(h10·(γ − v28)·(γ − v29)·(γ − v30) − ((1·(γ − v29) + 1·(γ − v28))·(γ − v30) + 1·(γ − v28)·(γ − v29)))
                let t0_ := addmod(gamma(), sub(r, v28()), r) // γ − v28
                let t1_ := addmod(gamma(), sub(r, v29()), r) // γ − v29
                let t2_ := mulmod(t0_, t1_, r) // (γ − v28)·(γ − v29)
                let t3_ := addmod(gamma(), sub(r, v30()), r) // γ − v30
                let value := mulmod(
                    s1(),
                    addmod(
                        mulmod(h10(), mulmod(t2_, t3_, r), r),
                        sub(r, addmod(mulmod(addmod(t1_, t0_, r), t3_, r), t2_, r)),
                        r
                    ),
                    r
                )
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }
            {
                // s1·(h11·(γ − v31)·(γ − v32)·(γ − v33) − ((1·(γ − v32) + 1·(γ − v31))·(γ − v33) + 1·(γ − v31)·(γ − v32)))
                let t0_ := addmod(gamma(), sub(r, v31()), r) // γ − v31
                let t1_ := addmod(gamma(), sub(r, v32()), r) // γ − v32
                let t2_ := mulmod(t0_, t1_, r) // (γ − v31)·(γ − v32)
                let t3_ := addmod(gamma(), sub(r, v33()), r) // γ − v33
                let value := mulmod(
                    s1(),
                    addmod(
                        mulmod(h11(), mulmod(t2_, t3_, r), r),
                        sub(r, addmod(mulmod(addmod(t1_, t0_, r), t3_, r), t2_, r)),
                        r
                    ),
                    r
                )
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }
            {
                // s1·(h12·(γ − v34)·(γ − v35)·(γ − v36) − ((1·(γ − v35) + 1·(γ − v34))·(γ − v36) + 1·(γ − v34)·(γ − v35)))
                let t0_ := addmod(gamma(), sub(r, v34()), r) // γ − v34
                let t1_ := addmod(gamma(), sub(r, v35()), r) // γ − v35
                let t2_ := mulmod(t0_, t1_, r) // (γ − v34)·(γ − v35)
                let t3_ := addmod(gamma(), sub(r, v36()), r) // γ − v36
                let value := mulmod(
                    s1(),
                    addmod(
                        mulmod(h12(), mulmod(t2_, t3_, r), r),
                        sub(r, addmod(mulmod(addmod(t1_, t0_, r), t3_, r), t2_, r)),
                        r
                    ),
                    r
                )
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }
            {
                // s1·(h13·(γ − v37)·(γ − v38)·(γ − v39) − ((1·(γ − v38) + 1·(γ − v37))·(γ − v39) + 1·(γ − v37)·(γ − v38)))
                let t0_ := addmod(gamma(), sub(r, v37()), r) // γ − v37
                let t1_ := addmod(gamma(), sub(r, v38()), r) // γ − v38
                let t2_ := mulmod(t0_, t1_, r) // (γ − v37)·(γ − v38)
                let t3_ := addmod(gamma(), sub(r, v39()), r) // γ − v39
                let value := mulmod(
                    s1(),
                    addmod(
                        mulmod(h13(), mulmod(t2_, t3_, r), r),
                        sub(r, addmod(mulmod(addmod(t1_, t0_, r), t3_, r), t2_, r)),
                        r
                    ),
                    r
                )
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }
            {
                // s1·(h14·(γ − v40)·(γ − v41)·(γ − v42) − ((1·(γ − v41) + 1·(γ − v40))·(γ − v42) + 1·(γ − v40)·(γ − v41)))
                let t0_ := addmod(gamma(), sub(r, v40()), r) // γ − v40
                let t1_ := addmod(gamma(), sub(r, v41()), r) // γ − v41
                let t2_ := mulmod(t0_, t1_, r) // (γ − v40)·(γ − v41)
                let t3_ := addmod(gamma(), sub(r, v42()), r) // γ − v42
                let value := mulmod(
                    s1(),
                    addmod(
                        mulmod(h14(), mulmod(t2_, t3_, r), r),
                        sub(r, addmod(mulmod(addmod(t1_, t0_, r), t3_, r), t2_, r)),
                        r
                    ),
                    r
                )
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }
            {
                // s1·(h15·(γ − v43)·(γ − v44)·(γ − v45) − ((1·(γ − v44) + 1·(γ − v43))·(γ − v45) + 1·(γ − v43)·(γ − v44)))
                let t0_ := addmod(gamma(), sub(r, v43()), r) // γ − v43
                let t1_ := addmod(gamma(), sub(r, v44()), r) // γ − v44
                let t2_ := mulmod(t0_, t1_, r) // (γ − v43)·(γ − v44)
                let t3_ := addmod(gamma(), sub(r, v45()), r) // γ − v45
                let value := mulmod(
                    s1(),
                    addmod(
                        mulmod(h15(), mulmod(t2_, t3_, r), r),
                        sub(r, addmod(mulmod(addmod(t1_, t0_, r), t3_, r), t2_, r)),
                        r
                    ),
                    r
                )
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }
            {
                // s1·(h16·(γ − v46)·(γ − v47)·(γ − v48) − ((1·(γ − v47) + 1·(γ − v46))·(γ − v48) + 1·(γ − v46)·(γ − v47)))
                let t0_ := addmod(gamma(), sub(r, v46()), r) // γ − v46
                let t1_ := addmod(gamma(), sub(r, v47()), r) // γ − v47
                let t2_ := mulmod(t0_, t1_, r) // (γ − v46)·(γ − v47)
                let t3_ := addmod(gamma(), sub(r, v48()), r) // γ − v48
                let value := mulmod(
                    s1(),
                    addmod(
                        mulmod(h16(), mulmod(t2_, t3_, r), r),
                        sub(r, addmod(mulmod(addmod(t1_, t0_, r), t3_, r), t2_, r)),
                        r
                    ),
                    r
                )
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }
            {
                // s1·(h17·(γ − v49)·(γ − v50)·(γ − v51) − ((1·(γ − v50) + 1·(γ − v49))·(γ − v51) + 1·(γ − v49)·(γ − v50)))
                let t0_ := addmod(gamma(), sub(r, v49()), r) // γ − v49
                let t1_ := addmod(gamma(), sub(r, v50()), r) // γ − v50
                let t2_ := mulmod(t0_, t1_, r) // (γ − v49)·(γ − v50)
                let t3_ := addmod(gamma(), sub(r, v51()), r) // γ − v51
                let value := mulmod(
                    s1(),
                    addmod(
                        mulmod(h17(), mulmod(t2_, t3_, r), r),
                        sub(r, addmod(mulmod(addmod(t1_, t0_, r), t3_, r), t2_, r)),
                        r
                    ),
                    r
                )
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }
            {
                // s1·(h18·(γ − v52)·(γ − v53)·(γ − v54) − ((1·(γ − v53) + 1·(γ − v52))·(γ − v54) + 1·(γ − v52)·(γ − v53)))
                let t0_ := addmod(gamma(), sub(r, v52()), r) // γ − v52
                let t1_ := addmod(gamma(), sub(r, v53()), r) // γ − v53
                let t2_ := mulmod(t0_, t1_, r) // (γ − v52)·(γ − v53)
                let t3_ := addmod(gamma(), sub(r, v54()), r) // γ − v54
                let value := mulmod(
                    s1(),
                    addmod(
                        mulmod(h18(), mulmod(t2_, t3_, r), r),
                        sub(r, addmod(mulmod(addmod(t1_, t0_, r), t3_, r), t2_, r)),
                        r
                    ),
                    r
                )
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }
            {
                // s1·(h19·(γ − v55)·(γ − v56)·(γ − v57) − ((1·(γ − v56) + 1·(γ − v55))·(γ − v57) + 1·(γ − v55)·(γ − v56)))
                let t0_ := addmod(gamma(), sub(r, v55()), r) // γ − v55
                let t1_ := addmod(gamma(), sub(r, v56()), r) // γ − v56
                let t2_ := mulmod(t0_, t1_, r) // (γ − v55)·(γ − v56)
                let t3_ := addmod(gamma(), sub(r, v57()), r) // γ − v57
                let value := mulmod(
                    s1(),
                    addmod(
                        mulmod(h19(), mulmod(t2_, t3_, r), r),
                        sub(r, addmod(mulmod(addmod(t1_, t0_, r), t3_, r), t2_, r)),
                        r
                    ),
                    r
                )
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }
            {
                // s1·(h20·(γ − v58)·(γ − v59)·(γ − v60) − ((1·(γ − v59) + 1·(γ − v58))·(γ − v60) + 1·(γ − v58)·(γ − v59)))
                let t0_ := addmod(gamma(), sub(r, v58()), r) // γ − v58
                let t1_ := addmod(gamma(), sub(r, v59()), r) // γ − v59
                let t2_ := mulmod(t0_, t1_, r) // (γ − v58)·(γ − v59)
                let t3_ := addmod(gamma(), sub(r, v60()), r) // γ − v60
                let value := mulmod(
                    s1(),
                    addmod(
                        mulmod(h20(), mulmod(t2_, t3_, r), r),
                        sub(r, addmod(mulmod(addmod(t1_, t0_, r), t3_, r), t2_, r)),
                        r
                    ),
                    r
                )
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }
            {
                // s1·(h21·(γ − v61)·(γ − v62)·(γ − v63) − ((1·(γ − v62) + 1·(γ − v61))·(γ − v63) + 1·(γ − v61)·(γ − v62)))
                let t0_ := addmod(gamma(), sub(r, v61()), r) // γ − v61
                let t1_ := addmod(gamma(), sub(r, v62()), r) // γ − v62
                let t2_ := mulmod(t0_, t1_, r) // (γ − v61)·(γ − v62)
                let t3_ := addmod(gamma(), sub(r, v63()), r) // γ − v63
                let value := mulmod(
                    s1(),
                    addmod(
                        mulmod(h21(), mulmod(t2_, t3_, r), r),
                        sub(r, addmod(mulmod(addmod(t1_, t0_, r), t3_, r), t2_, r)),
                        r
                    ),
                    r
                )
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }

            // LogUp sum: φ(next) = φ + Σ h + Σ m_i/(γ − v_i)
            {
                // s1·((φ(+1) − φ − h1 − h2 − h3 − h4 − h5 − h6 − h7 − h8 − h9 − h10 − h11 − h12 − h13 − h14 − h15 − h16 − h17 − h18 − h19 − h20 − h21)·(γ − v64)·(γ − t) − (1·(γ − t) + (−m)·(γ − v64)))
                let t0_ := addmod(gamma(), sub(r, v64()), r) // γ − v64
                let t1_ := addmod(gamma(), sub(r, t()), r) // γ − t
                let value := mulmod(
                    s1(),
                    addmod(
                        mulmod(
                            addmod(
                                addmod(
                                    addmod(
                                        addmod(
                                            addmod(
                                                addmod(
                                                    addmod(
                                                        addmod(
                                                            addmod(
                                                                addmod(
                                                                    addmod(
                                                                        addmod(
                                                                            addmod(
                                                                                addmod(
                                                                                    addmod(
                                                                                        addmod(
                                                                                            addmod(
                                                                                                addmod(
                                                                                                    addmod(
                                                                                                        addmod(
                                                                                                            addmod(
                                                                                                                addmod(
                                                                                                                    phi_next(),
                                                                                                                    sub(
                                                                                                                        r,
                                                                                                                        phi()
                                                                                                                    ),
                                                                                                                    r
                                                                                                                ),
                                                                                                                sub(
                                                                                                                    r,
                                                                                                                    h1()
                                                                                                                ),
                                                                                                                r
                                                                                                            ),
                                                                                                            sub(
                                                                                                                r,
                                                                                                                h2()
                                                                                                            ),
                                                                                                            r
                                                                                                        ),
                                                                                                        sub(
                                                                                                            r,
                                                                                                            h3()
                                                                                                        ),
                                                                                                        r
                                                                                                    ),
                                                                                                    sub(
                                                                                                        r,
                                                                                                        h4()
                                                                                                    ),
                                                                                                    r
                                                                                                ),
                                                                                                sub(r, h5()),
                                                                                                r
                                                                                            ),
                                                                                            sub(r, h6()),
                                                                                            r
                                                                                        ),
                                                                                        sub(r, h7()),
                                                                                        r
                                                                                    ),
                                                                                    sub(r, h8()),
                                                                                    r
                                                                                ),
                                                                                sub(r, h9()),
                                                                                r
                                                                            ),
                                                                            sub(r, h10()),
                                                                            r
                                                                        ),
                                                                        sub(r, h11()),
                                                                        r
                                                                    ),
                                                                    sub(r, h12()),
                                                                    r
                                                                ),
                                                                sub(r, h13()),
                                                                r
                                                            ),
                                                            sub(r, h14()),
                                                            r
                                                        ),
                                                        sub(r, h15()),
                                                        r
                                                    ),
                                                    sub(r, h16()),
                                                    r
                                                ),
                                                sub(r, h17()),
                                                r
                                            ),
                                            sub(r, h18()),
                                            r
                                        ),
                                        sub(r, h19()),
                                        r
                                    ),
                                    sub(r, h20()),
                                    r
                                ),
                                sub(r, h21()),
                                r
                            ),
                            mulmod(t0_, t1_, r),
                            r
                        ),
                        sub(r, addmod(t1_, mulmod(sub(r, m()), t0_, r), r)),
                        r
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
                let value := mulmod(mulmod(s1(), s2(), r), addmod(m(), sub(r, instance_padding()), r), r)
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }
        }
    }
}
