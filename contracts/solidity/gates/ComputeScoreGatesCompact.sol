// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IGates} from "../IGates.sol";

/// @title The constraints of the compute-score circuit of geometry `compact`
/// @notice Generated from the constraint system by `tests/verifier/gates/`, and held to it by that test.
/// Columns and clauses have the names of the statement; above each constraint stands its polynomial.
contract ComputeScoreGatesCompact is IGates {
    /// @inheritdoc IGates
    bytes32 public constant constraintSystem = 0x91f4bf9869cbe9c3ed98bf7d886a034d0142e2f0084cdd7c153dffb1eac5116d;

    /// @inheritdoc IGates
    function shape() external pure returns (bytes memory) {
        return
            hex"290c0205400601300b00040705080609070a0801090b0a0c0b0d0c0e0d020e0f"
            hex"0f10101111121213131414151516161717181819191a1a222b232c242d252e26"
            hex"2f2730283129322a332b342c352d362e372f383039313a323b333c063f354036"
            hex"413742384339443a45030002040103051b1c1b1d241c1e251d1f261e20271f21"
            hex"2820222921232a343e3d";
    }

    /// @inheritdoc IGates
    function evaluate(uint256[] calldata values) external pure returns (uint256 numerator) {
        if (values.length != 78 || msg.data.length != 2564) revert NotTheValues();
        assembly ("memory-safe") {
            function theta() -> v { v := calldataload(100) } // θ
            function gamma() -> v { v := calldataload(132) } // γ
            function instance_context_low() -> v { v := calldataload(164) }
            function instance_context_high() -> v { v := calldataload(196) }
            function instance_rho() -> v { v := calldataload(228) }
            function instance_lambda_q() -> v { v := calldataload(260) }
            function instance_score() -> v { v := calldataload(292) }
            function rho() -> v { v := calldataload(324) } // ρ
            function lambda() -> v { v := calldataload(356) } // λ
            function rho_next() -> v { v := calldataload(388) } // ρ(+1)
            function lambda_next() -> v { v := calldataload(420) } // λ(+1)
            function u() -> v { v := calldataload(452) }
            function unit0() -> v { v := calldataload(484) }
            function unit1() -> v { v := calldataload(516) }
            function unit2() -> v { v := calldataload(548) }
            function unit3() -> v { v := calldataload(580) }
            function U() -> v { v := calldataload(612) }
            function rest0() -> v { v := calldataload(644) }
            function rest1() -> v { v := calldataload(676) }
            function rest2() -> v { v := calldataload(708) }
            function rest3() -> v { v := calldataload(740) }
            function z() -> v { v := calldataload(772) }
            function share0() -> v { v := calldataload(804) }
            function share1() -> v { v := calldataload(836) }
            function share2() -> v { v := calldataload(868) }
            function share3() -> v { v := calldataload(900) }
            function rem0() -> v { v := calldataload(932) }
            function rem1() -> v { v := calldataload(964) }
            function rem2() -> v { v := calldataload(996) }
            function rem3() -> v { v := calldataload(1028) }
            function slack0() -> v { v := calldataload(1060) }
            function slack1() -> v { v := calldataload(1092) }
            function slack2() -> v { v := calldataload(1124) }
            function slack3() -> v { v := calldataload(1156) }
            function sum() -> v { v := calldataload(1188) }
            function sum_next() -> v { v := calldataload(1220) } // sum(+1)
            function decay0() -> v { v := calldataload(1252) }
            function decay1() -> v { v := calldataload(1284) }
            function decay2() -> v { v := calldataload(1316) }
            function decay3() -> v { v := calldataload(1348) }
            function decay4() -> v { v := calldataload(1380) }
            function decay5() -> v { v := calldataload(1412) }
            function decay6() -> v { v := calldataload(1444) }
            function decay0_next() -> v { v := calldataload(1476) } // decay0(+1)
            function decay1_next() -> v { v := calldataload(1508) } // decay1(+1)
            function decay2_next() -> v { v := calldataload(1540) } // decay2(+1)
            function decay3_next() -> v { v := calldataload(1572) } // decay3(+1)
            function decay4_next() -> v { v := calldataload(1604) } // decay4(+1)
            function decay5_next() -> v { v := calldataload(1636) } // decay5(+1)
            function decay6_next() -> v { v := calldataload(1668) } // decay6(+1)
            function lost0() -> v { v := calldataload(1700) }
            function lost1() -> v { v := calldataload(1732) }
            function lost2() -> v { v := calldataload(1764) }
            function lost3() -> v { v := calldataload(1796) }
            function lost4() -> v { v := calldataload(1828) }
            function lost5() -> v { v := calldataload(1860) }
            function lost6() -> v { v := calldataload(1892) }
            function h1() -> v { v := calldataload(1924) }
            function h2() -> v { v := calldataload(1956) }
            function h3() -> v { v := calldataload(1988) }
            function h4() -> v { v := calldataload(2020) }
            function h5() -> v { v := calldataload(2052) }
            function h6() -> v { v := calldataload(2084) }
            function h7() -> v { v := calldataload(2116) }
            function h8() -> v { v := calldataload(2148) }
            function h9() -> v { v := calldataload(2180) }
            function h10() -> v { v := calldataload(2212) }
            function h11() -> v { v := calldataload(2244) }
            function phi_next() -> v { v := calldataload(2276) } // φ(+1)
            function phi() -> v { v := calldataload(2308) } // φ
            function m_range() -> v { v := calldataload(2340) }
            function t() -> v { v := calldataload(2372) }
            function s0() -> v { v := calldataload(2404) }
            function s1() -> v { v := calldataload(2436) }
            function s2() -> v { v := calldataload(2468) }
            function s3() -> v { v := calldataload(2500) }
            function s4() -> v { v := calldataload(2532) }

            let r := 0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001
            let y := calldataload(68)

            // C1 instance-bound: ρ and λ of rows 0 and 1 are the instance"s
            // C1 context low
            {
                // s0·(ρ − instance)
                let value := mulmod(s0(), add(rho(), sub(r, instance_context_low())), r)
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }
            // C1 context high
            {
                // s0·(λ − instance(+1))
                let value := mulmod(s0(), add(lambda(), sub(r, instance_context_high())), r)
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }
            // C1 rho
            {
                // s0·(ρ(+1) − instance(+2))
                let value := mulmod(s0(), add(rho_next(), sub(r, instance_rho())), r)
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }
            // C1 lambda
            {
                // s0·(λ(+1) − instance(+3))
                let value := mulmod(s0(), add(lambda_next(), sub(r, instance_lambda_q())), r)
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }

            // C1 instance-bound: ρ(next) = ρ, λ(next) = λ, from row 1 on
            // C1 same rho
            // s1 − s0
            let t0_ := add(s1(), sub(r, s0()))
            {
                // (s1 − s0)·(ρ(+1) − ρ)
                let value := mulmod(t0_, add(rho_next(), sub(r, rho())), r)
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }
            // C1 same lambda
            {
                // (s1 − s0)·(λ(+1) − λ)
                let value := mulmod(t0_, add(lambda_next(), sub(r, lambda())), r)
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }

            // C2 units-within-totals: u = Σ limbs, U − u = Σ limbs
            // unit0 + 2^10·unit1 + 2^20·unit2 + 2^30·unit3
            let t1_ := add(
                add(add(unit0(), mulmod(unit1(), 1024, r)), mulmod(unit2(), 1048576, r)),
                mulmod(unit3(), 1073741824, r)
            )
            {
                // s1·(u − (unit0 + 2^10·unit1 + 2^20·unit2 + 2^30·unit3))
                let value := mulmod(s1(), add(u(), sub(r, mod(t1_, r))), r)
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }
            // C2 rest
            {
                // s1·(U − u − (rest0 + 2^10·rest1 + 2^20·rest2 + 2^30·rest3))
                let value := mulmod(
                    s1(),
                    add(
                        add(U(), sub(r, u())),
                        sub(
                            r,
                            mod(
                                add(
                                    add(add(rest0(), mulmod(rest1(), 1024, r)), mulmod(rest2(), 1048576, r)),
                                    mulmod(rest3(), 1073741824, r)
                                ),
                                r
                            )
                        )
                    ),
                    r
                )
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }

            // C3 shares: u·2^32 = share·U + remainder, remainder + slack = U − z
            // C3 nonzero
            // 1 − z
            let t2_ := add(1, sub(r, z()))
            {
                // s1·z·(1 − z)
                let value := mulmod(s1(), mulmod(z(), t2_, r), r)
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }
            // C3 zero total
            {
                // s1·(1 − z)·U
                let value := mulmod(s1(), mulmod(t2_, U(), r), r)
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }
            // C3 zero share
            // share0 + 2^10·share1 + 2^20·share2 + 2^30·share3
            let t3_ := add(
                add(add(share0(), mulmod(share1(), 1024, r)), mulmod(share2(), 1048576, r)),
                mulmod(share3(), 1073741824, r)
            )
            {
                // s1·(1 − z)·(share0 + 2^10·share1 + 2^20·share2 + 2^30·share3)
                let value := mulmod(s1(), mulmod(t2_, t3_, r), r)
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }
            // C3 division
            // rem0 + 2^10·rem1 + 2^20·rem2 + 2^30·rem3
            let t4_ := add(
                add(add(rem0(), mulmod(rem1(), 1024, r)), mulmod(rem2(), 1048576, r)),
                mulmod(rem3(), 1073741824, r)
            )
            {
                // s1·(2^32·u − (share0 + 2^10·share1 + 2^20·share2 + 2^30·share3)·U − (rem0 + 2^10·rem1 + 2^20·rem2 + 2^30·rem3))
                let value := mulmod(
                    s1(),
                    add(add(mulmod(u(), 0x100000000, r), sub(r, mulmod(t3_, U(), r))), sub(r, mod(t4_, r))),
                    r
                )
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }
            // C3 remainder
            {
                // s1·(U − z − (rem0 + 2^10·rem1 + 2^20·rem2 + 2^30·rem3) − (slack0 + 2^10·slack1 + 2^20·slack2 + 2^30·slack3))
                let value := mulmod(
                    s1(),
                    add(
                        add(add(U(), sub(r, z())), sub(r, mod(t4_, r))),
                        sub(
                            r,
                            mod(
                                add(
                                    add(
                                        add(slack0(), mulmod(slack1(), 1024, r)),
                                        mulmod(slack2(), 1048576, r)
                                    ),
                                    mulmod(slack3(), 1073741824, r)
                                ),
                                r
                            )
                        )
                    ),
                    r
                )
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }

            // C5 sum: sum = sum(next) + λ·share·decay
            // C5 term
            // decay0 + 2^10·decay1 + 2^20·decay2 + 2^30·decay3 + 2^40·decay4 + 2^50·decay5 + 2^60·decay6
            let t5_ := add(
                addmod(
                    add(
                        add(
                            add(add(decay0(), mulmod(decay1(), 1024, r)), mulmod(decay2(), 1048576, r)),
                            mulmod(decay3(), 1073741824, r)
                        ),
                        mulmod(decay4(), 0x10000000000, r)
                    ),
                    mulmod(decay5(), 0x4000000000000, r),
                    r
                ),
                mulmod(decay6(), 0x1000000000000000, r)
            )
            {
                // s1·(sum − sum(+1) − λ(+1)·(share0 + 2^10·share1 + 2^20·share2 + 2^30·share3)·(decay0 + 2^10·decay1 + 2^20·decay2 + 2^30·decay3 + 2^40·decay4 + 2^50·decay5 + 2^60·decay6))
                let value := mulmod(
                    s1(),
                    add(
                        add(sum(), sub(r, sum_next())),
                        sub(r, mulmod(mulmod(lambda_next(), t3_, r), t5_, r))
                    ),
                    r
                )
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }

            // C4 decay: decay = 2^64 in row 0
            // C4 start
            {
                // s0·(decay0 + 2^10·decay1 + 2^20·decay2 + 2^30·decay3 + 2^40·decay4 + 2^50·decay5 + 2^60·decay6 − 2^64)
                let value := mulmod(s0(), add(t5_, sub(r, 0x10000000000000000)), r)
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }

            // C4 decay: decay·ρ·2^s = decay(next)·2^(64+s) + lost
            {
                // s1·(2^6·(decay0 + 2^10·decay1 + 2^20·decay2 + 2^30·decay3 + 2^40·decay4 + 2^50·decay5 + 2^60·decay6)·ρ(+1) − 2^70·(decay0(+1) + 2^10·decay1(+1) + 2^20·decay2(+1) + 2^30·decay3(+1) + 2^40·decay4(+1) + 2^50·decay5(+1) + 2^60·decay6(+1)) − (lost0 + 2^10·lost1 + 2^20·lost2 + 2^30·lost3 + 2^40·lost4 + 2^50·lost5 + 2^60·lost6))
                let value := mulmod(
                    s1(),
                    add(
                        add(
                            mulmod(mulmod(t5_, rho_next(), r), 64, r),
                            sub(
                                r,
                                mulmod(
                                    add(
                                        addmod(
                                            add(
                                                add(
                                                    add(
                                                        add(decay0_next(), mulmod(decay1_next(), 1024, r)),
                                                        mulmod(decay2_next(), 1048576, r)
                                                    ),
                                                    mulmod(decay3_next(), 1073741824, r)
                                                ),
                                                mulmod(decay4_next(), 0x10000000000, r)
                                            ),
                                            mulmod(decay5_next(), 0x4000000000000, r),
                                            r
                                        ),
                                        mulmod(decay6_next(), 0x1000000000000000, r)
                                    ),
                                    0x400000000000000000,
                                    r
                                )
                            )
                        ),
                        sub(
                            r,
                            mod(
                                add(
                                    addmod(
                                        add(
                                            add(
                                                add(
                                                    add(lost0(), mulmod(lost1(), 1024, r)),
                                                    mulmod(lost2(), 1048576, r)
                                                ),
                                                mulmod(lost3(), 1073741824, r)
                                            ),
                                            mulmod(lost4(), 0x10000000000, r)
                                        ),
                                        mulmod(lost5(), 0x4000000000000, r),
                                        r
                                    ),
                                    mulmod(lost6(), 0x1000000000000000, r)
                                ),
                                r
                            )
                        )
                    ),
                    r
                )
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }

            // C6 score: sum·2^s = −remainder in row F
            // C6 remainder
            {
                // s2·(16·sum + unit0 + 2^10·unit1 + 2^20·unit2 + 2^30·unit3 + 2^40·rest0 + 2^50·rest1 + 2^60·rest2 + 2^70·rest3 + 2^80·share0 + 2^90·share1)
                let value := mulmod(
                    s2(),
                    addmod(
                        mulmod(sum(), 16, r),
                        add(
                            add(
                                add(
                                    add(
                                        addmod(
                                            add(t1_, mulmod(rest0(), 0x10000000000, r)),
                                            mulmod(rest1(), 0x4000000000000, r),
                                            r
                                        ),
                                        mulmod(rest2(), 0x1000000000000000, r)
                                    ),
                                    mulmod(rest3(), 0x400000000000000000, r)
                                ),
                                mulmod(share0(), 0x100000000000000000000, r)
                            ),
                            mulmod(share1(), 0x40000000000000000000000, r)
                        ),
                        r
                    ),
                    r
                )
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }

            // C6 score: sum = score·2^96 in row 0
            {
                // s0·(sum − 2^96·instance(+4))
                let value := mulmod(
                    s0(),
                    add(sum(), sub(r, mulmod(instance_score(), 0x1000000000000000000000000, r))),
                    r
                )
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }

            // LogUp helper: h·Π(γ − v_i) = Σ m_i·Π_{j≠i}(γ − v_j)
            // γ − θ·unit0
            let t6_ := add(gamma(), sub(r, mulmod(theta(), unit0(), r)))
            // γ − θ·unit1
            let t7_ := add(gamma(), sub(r, mulmod(theta(), unit1(), r)))
            // (γ − θ·unit0)·(γ − θ·unit1)
            let t8_ := mulmod(t6_, t7_, r)
            // γ − θ·unit2
            let t9_ := add(gamma(), sub(r, mulmod(theta(), unit2(), r)))
            {
                // s3·(h1·(γ − θ·unit0)·(γ − θ·unit1)·(γ − θ·unit2) − ((1·(γ − θ·unit1) + 1·(γ − θ·unit0))·(γ − θ·unit2) + 1·(γ − θ·unit0)·(γ − θ·unit1)))
                let value := mulmod(
                    s3(),
                    add(
                        mulmod(h1(), mulmod(t8_, t9_, r), r),
                        sub(r, mod(add(mulmod(add(t7_, t6_), t9_, r), t8_), r))
                    ),
                    r
                )
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }
            // γ − θ·unit3
            let t10_ := add(gamma(), sub(r, mulmod(theta(), unit3(), r)))
            // γ − θ·rest0
            let t11_ := add(gamma(), sub(r, mulmod(theta(), rest0(), r)))
            // (γ − θ·unit3)·(γ − θ·rest0)
            let t12_ := mulmod(t10_, t11_, r)
            // γ − θ·rest1
            let t13_ := add(gamma(), sub(r, mulmod(theta(), rest1(), r)))
            {
                // s3·(h2·(γ − θ·unit3)·(γ − θ·rest0)·(γ − θ·rest1) − ((1·(γ − θ·rest0) + 1·(γ − θ·unit3))·(γ − θ·rest1) + 1·(γ − θ·unit3)·(γ − θ·rest0)))
                let value := mulmod(
                    s3(),
                    add(
                        mulmod(h2(), mulmod(t12_, t13_, r), r),
                        sub(r, mod(add(mulmod(add(t11_, t10_), t13_, r), t12_), r))
                    ),
                    r
                )
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }
            // γ − θ·rest2
            let t14_ := add(gamma(), sub(r, mulmod(theta(), rest2(), r)))
            // γ − θ·rest3
            let t15_ := add(gamma(), sub(r, mulmod(theta(), rest3(), r)))
            // (γ − θ·rest2)·(γ − θ·rest3)
            let t16_ := mulmod(t14_, t15_, r)
            // γ − θ·share0
            let t17_ := add(gamma(), sub(r, mulmod(theta(), share0(), r)))
            {
                // s3·(h3·(γ − θ·rest2)·(γ − θ·rest3)·(γ − θ·share0) − ((1·(γ − θ·rest3) + 1·(γ − θ·rest2))·(γ − θ·share0) + 1·(γ − θ·rest2)·(γ − θ·rest3)))
                let value := mulmod(
                    s3(),
                    add(
                        mulmod(h3(), mulmod(t16_, t17_, r), r),
                        sub(r, mod(add(mulmod(add(t15_, t14_), t17_, r), t16_), r))
                    ),
                    r
                )
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }
            // γ − θ·share1
            let t18_ := add(gamma(), sub(r, mulmod(theta(), share1(), r)))
            // γ − θ·share2
            let t19_ := add(gamma(), sub(r, mulmod(theta(), share2(), r)))
            // (γ − θ·share1)·(γ − θ·share2)
            let t20_ := mulmod(t18_, t19_, r)
            // γ − θ·share3
            let t21_ := add(gamma(), sub(r, mulmod(theta(), share3(), r)))
            {
                // s3·(h4·(γ − θ·share1)·(γ − θ·share2)·(γ − θ·share3) − ((1·(γ − θ·share2) + 1·(γ − θ·share1))·(γ − θ·share3) + 1·(γ − θ·share1)·(γ − θ·share2)))
                let value := mulmod(
                    s3(),
                    add(
                        mulmod(h4(), mulmod(t20_, t21_, r), r),
                        sub(r, mod(add(mulmod(add(t19_, t18_), t21_, r), t20_), r))
                    ),
                    r
                )
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }
            // γ − θ·rem0
            let t22_ := add(gamma(), sub(r, mulmod(theta(), rem0(), r)))
            // γ − θ·rem1
            let t23_ := add(gamma(), sub(r, mulmod(theta(), rem1(), r)))
            // (γ − θ·rem0)·(γ − θ·rem1)
            let t24_ := mulmod(t22_, t23_, r)
            // γ − θ·rem2
            let t25_ := add(gamma(), sub(r, mulmod(theta(), rem2(), r)))
            {
                // s3·(h5·(γ − θ·rem0)·(γ − θ·rem1)·(γ − θ·rem2) − ((1·(γ − θ·rem1) + 1·(γ − θ·rem0))·(γ − θ·rem2) + 1·(γ − θ·rem0)·(γ − θ·rem1)))
                let value := mulmod(
                    s3(),
                    add(
                        mulmod(h5(), mulmod(t24_, t25_, r), r),
                        sub(r, mod(add(mulmod(add(t23_, t22_), t25_, r), t24_), r))
                    ),
                    r
                )
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }
            // γ − θ·rem3
            let t26_ := add(gamma(), sub(r, mulmod(theta(), rem3(), r)))
            // γ − θ·slack0
            let t27_ := add(gamma(), sub(r, mulmod(theta(), slack0(), r)))
            // (γ − θ·rem3)·(γ − θ·slack0)
            let t28_ := mulmod(t26_, t27_, r)
            // γ − θ·slack1
            let t29_ := add(gamma(), sub(r, mulmod(theta(), slack1(), r)))
            {
                // s3·(h6·(γ − θ·rem3)·(γ − θ·slack0)·(γ − θ·slack1) − ((1·(γ − θ·slack0) + 1·(γ − θ·rem3))·(γ − θ·slack1) + 1·(γ − θ·rem3)·(γ − θ·slack0)))
                let value := mulmod(
                    s3(),
                    add(
                        mulmod(h6(), mulmod(t28_, t29_, r), r),
                        sub(r, mod(add(mulmod(add(t27_, t26_), t29_, r), t28_), r))
                    ),
                    r
                )
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }
            // γ − θ·slack2
            let t30_ := add(gamma(), sub(r, mulmod(theta(), slack2(), r)))
            // γ − θ·slack3
            let t31_ := add(gamma(), sub(r, mulmod(theta(), slack3(), r)))
            // (γ − θ·slack2)·(γ − θ·slack3)
            let t32_ := mulmod(t30_, t31_, r)
            // γ − θ·decay0
            let t33_ := add(gamma(), sub(r, mulmod(theta(), decay0(), r)))
            {
                // s3·(h7·(γ − θ·slack2)·(γ − θ·slack3)·(γ − θ·decay0) − ((1·(γ − θ·slack3) + 1·(γ − θ·slack2))·(γ − θ·decay0) + 1·(γ − θ·slack2)·(γ − θ·slack3)))
                let value := mulmod(
                    s3(),
                    add(
                        mulmod(h7(), mulmod(t32_, t33_, r), r),
                        sub(r, mod(add(mulmod(add(t31_, t30_), t33_, r), t32_), r))
                    ),
                    r
                )
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }
            // γ − θ·decay1
            let t34_ := add(gamma(), sub(r, mulmod(theta(), decay1(), r)))
            // γ − θ·decay2
            let t35_ := add(gamma(), sub(r, mulmod(theta(), decay2(), r)))
            // (γ − θ·decay1)·(γ − θ·decay2)
            let t36_ := mulmod(t34_, t35_, r)
            // γ − θ·decay3
            let t37_ := add(gamma(), sub(r, mulmod(theta(), decay3(), r)))
            {
                // s3·(h8·(γ − θ·decay1)·(γ − θ·decay2)·(γ − θ·decay3) − ((1·(γ − θ·decay2) + 1·(γ − θ·decay1))·(γ − θ·decay3) + 1·(γ − θ·decay1)·(γ − θ·decay2)))
                let value := mulmod(
                    s3(),
                    add(
                        mulmod(h8(), mulmod(t36_, t37_, r), r),
                        sub(r, mod(add(mulmod(add(t35_, t34_), t37_, r), t36_), r))
                    ),
                    r
                )
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }
            // γ − θ·decay4
            let t38_ := add(gamma(), sub(r, mulmod(theta(), decay4(), r)))
            // γ − θ·decay5
            let t39_ := add(gamma(), sub(r, mulmod(theta(), decay5(), r)))
            // (γ − θ·decay4)·(γ − θ·decay5)
            let t40_ := mulmod(t38_, t39_, r)
            // γ − θ·decay6
            let t41_ := add(gamma(), sub(r, mulmod(theta(), decay6(), r)))
            {
                // s3·(h9·(γ − θ·decay4)·(γ − θ·decay5)·(γ − θ·decay6) − ((1·(γ − θ·decay5) + 1·(γ − θ·decay4))·(γ − θ·decay6) + 1·(γ − θ·decay4)·(γ − θ·decay5)))
                let value := mulmod(
                    s3(),
                    add(
                        mulmod(h9(), mulmod(t40_, t41_, r), r),
                        sub(r, mod(add(mulmod(add(t39_, t38_), t41_, r), t40_), r))
                    ),
                    r
                )
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }
            // γ − θ·lost0
            let t42_ := add(gamma(), sub(r, mulmod(theta(), lost0(), r)))
            // γ − θ·lost1
            let t43_ := add(gamma(), sub(r, mulmod(theta(), lost1(), r)))
            // (γ − θ·lost0)·(γ − θ·lost1)
            let t44_ := mulmod(t42_, t43_, r)
            // γ − θ·lost2
            let t45_ := add(gamma(), sub(r, mulmod(theta(), lost2(), r)))
            {
                // s3·(h10·(γ − θ·lost0)·(γ − θ·lost1)·(γ − θ·lost2) − ((1·(γ − θ·lost1) + 1·(γ − θ·lost0))·(γ − θ·lost2) + 1·(γ − θ·lost0)·(γ − θ·lost1)))
                let value := mulmod(
                    s3(),
                    add(
                        mulmod(h10(), mulmod(t44_, t45_, r), r),
                        sub(r, mod(add(mulmod(add(t43_, t42_), t45_, r), t44_), r))
                    ),
                    r
                )
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }
            // γ − θ·lost3
            let t46_ := add(gamma(), sub(r, mulmod(theta(), lost3(), r)))
            // γ − θ·lost4
            let t47_ := add(gamma(), sub(r, mulmod(theta(), lost4(), r)))
            // (γ − θ·lost3)·(γ − θ·lost4)
            let t48_ := mulmod(t46_, t47_, r)
            // γ − θ·lost5
            let t49_ := add(gamma(), sub(r, mulmod(theta(), lost5(), r)))
            {
                // s3·(h11·(γ − θ·lost3)·(γ − θ·lost4)·(γ − θ·lost5) − ((1·(γ − θ·lost4) + 1·(γ − θ·lost3))·(γ − θ·lost5) + 1·(γ − θ·lost3)·(γ − θ·lost4)))
                let value := mulmod(
                    s3(),
                    add(
                        mulmod(h11(), mulmod(t48_, t49_, r), r),
                        sub(r, mod(add(mulmod(add(t47_, t46_), t49_, r), t48_), r))
                    ),
                    r
                )
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }

            // LogUp sum: φ(next) = φ + Σ h + Σ m_i/(γ − v_i)
            // γ − θ·lost6
            let t50_ := add(gamma(), sub(r, mulmod(theta(), lost6(), r)))
            // γ − θ·t
            let t51_ := add(gamma(), sub(r, mulmod(theta(), t(), r)))
            {
                // s3·((φ(+1) − φ − h1 − h2 − h3 − h4 − h5 − h6 − h7 − h8 − h9 − h10 − h11)·(γ − θ·lost6)·(γ − θ·t) − (1·(γ − θ·t) + (−m_range)·(γ − θ·lost6)))
                let value := mulmod(
                    s3(),
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
                                                                        add(phi_next(), sub(r, phi())),
                                                                        sub(r, h1())
                                                                    ),
                                                                    sub(r, h2())
                                                                ),
                                                                sub(r, h3())
                                                            ),
                                                            sub(r, h4()),
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
                            mulmod(t50_, t51_, r),
                            r
                        ),
                        sub(r, mod(add(t51_, mulmod(sub(r, m_range()), t50_, r)), r))
                    ),
                    r
                )
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }

            // LogUp boundary: φ = 0 on rows 0 and u
            {
                // s4·φ
                let value := mulmod(s4(), phi(), r)
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }

            // C7 rounds-end: u = U = 0 from row F on
            // C7 units
            // s3 − s1
            let t52_ := add(s3(), sub(r, s1()))
            {
                // (s3 − s1)·u
                let value := mulmod(t52_, u(), r)
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }
            // C7 totals
            {
                // (s3 − s1)·U
                let value := mulmod(t52_, U(), r)
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }
        }
    }
}
