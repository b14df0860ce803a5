// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IGates} from "../IGates.sol";

/// @title The constraints of the compute-score circuit of geometry `standard`
/// @notice Generated from the constraint system by `tests/verifier/gates/`, and held to it by that test.
/// Columns and clauses have the names of the statement; above each constraint stands its polynomial.
contract ComputeScoreGatesStandard is IGates {
    /// @inheritdoc IGates
    bytes32 public constant constraintSystem = 0x38f67356d6bab4fc96c2b9eed7c1a5cf9a126da65a307030315500059f8ca9dd;

    /// @inheritdoc IGates
    function shape() external pure returns (bytes memory) {
        return
            hex"200902053206012609000407050806090701080a090b0a0c0b020c0d0d0e0e0f"
            hex"0f1010111112121313141415151b221c231d241e251f26202721282229232a24"
            hex"2b252c262d272e063129322a332b342c352d362e370300020401030516171618"
            hex"1d17191e181a1f191b201a1c2128302f";
    }

    /// @inheritdoc IGates
    function evaluate(uint256[] calldata values) external pure returns (uint256 numerator) {
        if (values.length != 64 || msg.data.length != 2116) revert NotTheValues();
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
            function U() -> v { v := calldataload(580) }
            function rest0() -> v { v := calldataload(612) }
            function rest1() -> v { v := calldataload(644) }
            function rest2() -> v { v := calldataload(676) }
            function z() -> v { v := calldataload(708) }
            function share0() -> v { v := calldataload(740) }
            function share1() -> v { v := calldataload(772) }
            function share2() -> v { v := calldataload(804) }
            function rem0() -> v { v := calldataload(836) }
            function rem1() -> v { v := calldataload(868) }
            function rem2() -> v { v := calldataload(900) }
            function slack0() -> v { v := calldataload(932) }
            function slack1() -> v { v := calldataload(964) }
            function slack2() -> v { v := calldataload(996) }
            function sum() -> v { v := calldataload(1028) }
            function sum_next() -> v { v := calldataload(1060) } // sum(+1)
            function decay0() -> v { v := calldataload(1092) }
            function decay1() -> v { v := calldataload(1124) }
            function decay2() -> v { v := calldataload(1156) }
            function decay3() -> v { v := calldataload(1188) }
            function decay4() -> v { v := calldataload(1220) }
            function decay0_next() -> v { v := calldataload(1252) } // decay0(+1)
            function decay1_next() -> v { v := calldataload(1284) } // decay1(+1)
            function decay2_next() -> v { v := calldataload(1316) } // decay2(+1)
            function decay3_next() -> v { v := calldataload(1348) } // decay3(+1)
            function decay4_next() -> v { v := calldataload(1380) } // decay4(+1)
            function lost0() -> v { v := calldataload(1412) }
            function lost1() -> v { v := calldataload(1444) }
            function lost2() -> v { v := calldataload(1476) }
            function lost3() -> v { v := calldataload(1508) }
            function lost4() -> v { v := calldataload(1540) }
            function h1() -> v { v := calldataload(1572) }
            function h2() -> v { v := calldataload(1604) }
            function h3() -> v { v := calldataload(1636) }
            function h4() -> v { v := calldataload(1668) }
            function h5() -> v { v := calldataload(1700) }
            function h6() -> v { v := calldataload(1732) }
            function h7() -> v { v := calldataload(1764) }
            function h8() -> v { v := calldataload(1796) }
            function phi_next() -> v { v := calldataload(1828) } // φ(+1)
            function phi() -> v { v := calldataload(1860) } // φ
            function m_range() -> v { v := calldataload(1892) }
            function t() -> v { v := calldataload(1924) }
            function s0() -> v { v := calldataload(1956) }
            function s1() -> v { v := calldataload(1988) }
            function s2() -> v { v := calldataload(2020) }
            function s3() -> v { v := calldataload(2052) }
            function s4() -> v { v := calldataload(2084) }

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
            // unit0 + 2^13·unit1 + 2^26·unit2
            let t1_ := add(add(unit0(), mulmod(unit1(), 8192, r)), mulmod(unit2(), 67108864, r))
            {
                // s1·(u − (unit0 + 2^13·unit1 + 2^26·unit2))
                let value := mulmod(s1(), add(u(), sub(r, mod(t1_, r))), r)
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }
            // C2 rest
            {
                // s1·(U − u − (rest0 + 2^13·rest1 + 2^26·rest2))
                let value := mulmod(
                    s1(),
                    add(
                        add(U(), sub(r, u())),
                        sub(
                            r,
                            mod(add(add(rest0(), mulmod(rest1(), 8192, r)), mulmod(rest2(), 67108864, r)), r)
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
            // share0 + 2^13·share1 + 2^26·share2
            let t3_ := add(add(share0(), mulmod(share1(), 8192, r)), mulmod(share2(), 67108864, r))
            {
                // s1·(1 − z)·(share0 + 2^13·share1 + 2^26·share2)
                let value := mulmod(s1(), mulmod(t2_, t3_, r), r)
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }
            // C3 division
            // rem0 + 2^13·rem1 + 2^26·rem2
            let t4_ := add(add(rem0(), mulmod(rem1(), 8192, r)), mulmod(rem2(), 67108864, r))
            {
                // s1·(2^32·u − (share0 + 2^13·share1 + 2^26·share2)·U − (rem0 + 2^13·rem1 + 2^26·rem2))
                let value := mulmod(
                    s1(),
                    add(add(mulmod(u(), 0x100000000, r), sub(r, mulmod(t3_, U(), r))), sub(r, mod(t4_, r))),
                    r
                )
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }
            // C3 remainder
            {
                // s1·(U − z − (rem0 + 2^13·rem1 + 2^26·rem2) − (slack0 + 2^13·slack1 + 2^26·slack2))
                let value := mulmod(
                    s1(),
                    add(
                        add(add(U(), sub(r, z())), sub(r, mod(t4_, r))),
                        sub(
                            r,
                            mod(
                                add(add(slack0(), mulmod(slack1(), 8192, r)), mulmod(slack2(), 67108864, r)),
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
            // decay0 + 2^13·decay1 + 2^26·decay2 + 2^39·decay3 + 2^52·decay4
            let t5_ := add(
                add(
                    add(add(decay0(), mulmod(decay1(), 8192, r)), mulmod(decay2(), 67108864, r)),
                    mulmod(decay3(), 0x8000000000, r)
                ),
                mulmod(decay4(), 0x10000000000000, r)
            )
            {
                // s1·(sum − sum(+1) − λ(+1)·(share0 + 2^13·share1 + 2^26·share2)·(decay0 + 2^13·decay1 + 2^26·decay2 + 2^39·decay3 + 2^52·decay4))
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
                // s0·(decay0 + 2^13·decay1 + 2^26·decay2 + 2^39·decay3 + 2^52·decay4 − 2^64)
                let value := mulmod(s0(), addmod(t5_, sub(r, 0x10000000000000000), r), r)
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }

            // C4 decay: decay·ρ·2^s = decay(next)·2^(64+s) + lost
            {
                // s1·(2·(decay0 + 2^13·decay1 + 2^26·decay2 + 2^39·decay3 + 2^52·decay4)·ρ(+1) − 2^65·(decay0(+1) + 2^13·decay1(+1) + 2^26·decay2(+1) + 2^39·decay3(+1) + 2^52·decay4(+1)) − (lost0 + 2^13·lost1 + 2^26·lost2 + 2^39·lost3 + 2^52·lost4))
                let value := mulmod(
                    s1(),
                    add(
                        add(
                            mulmod(mulmod(t5_, rho_next(), r), 2, r),
                            sub(
                                r,
                                mulmod(
                                    add(
                                        add(
                                            add(
                                                add(decay0_next(), mulmod(decay1_next(), 8192, r)),
                                                mulmod(decay2_next(), 67108864, r)
                                            ),
                                            mulmod(decay3_next(), 0x8000000000, r)
                                        ),
                                        mulmod(decay4_next(), 0x10000000000000, r)
                                    ),
                                    0x20000000000000000,
                                    r
                                )
                            )
                        ),
                        sub(
                            r,
                            mod(
                                add(
                                    add(
                                        add(
                                            add(lost0(), mulmod(lost1(), 8192, r)),
                                            mulmod(lost2(), 67108864, r)
                                        ),
                                        mulmod(lost3(), 0x8000000000, r)
                                    ),
                                    mulmod(lost4(), 0x10000000000000, r)
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
                // s2·(2^8·sum + unit0 + 2^13·unit1 + 2^26·unit2 + 2^39·rest0 + 2^52·rest1 + 2^65·rest2 + 2^78·share0 + 2^91·share1)
                let value := mulmod(
                    s2(),
                    add(
                        mulmod(sum(), 256, r),
                        add(
                            add(
                                addmod(
                                    add(
                                        add(t1_, mulmod(rest0(), 0x8000000000, r)),
                                        mulmod(rest1(), 0x10000000000000, r)
                                    ),
                                    mulmod(rest2(), 0x20000000000000000, r),
                                    r
                                ),
                                mulmod(share0(), 0x40000000000000000000, r)
                            ),
                            mulmod(share1(), 0x80000000000000000000000, r)
                        )
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
            // γ − θ·rest0
            let t10_ := add(gamma(), sub(r, mulmod(theta(), rest0(), r)))
            // γ − θ·rest1
            let t11_ := add(gamma(), sub(r, mulmod(theta(), rest1(), r)))
            // (γ − θ·rest0)·(γ − θ·rest1)
            let t12_ := mulmod(t10_, t11_, r)
            // γ − θ·rest2
            let t13_ := add(gamma(), sub(r, mulmod(theta(), rest2(), r)))
            {
                // s3·(h2·(γ − θ·rest0)·(γ − θ·rest1)·(γ − θ·rest2) − ((1·(γ − θ·rest1) + 1·(γ − θ·rest0))·(γ − θ·rest2) + 1·(γ − θ·rest0)·(γ − θ·rest1)))
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
            // γ − θ·share0
            let t14_ := add(gamma(), sub(r, mulmod(theta(), share0(), r)))
            // γ − θ·share1
            let t15_ := add(gamma(), sub(r, mulmod(theta(), share1(), r)))
            // (γ − θ·share0)·(γ − θ·share1)
            let t16_ := mulmod(t14_, t15_, r)
            // γ − θ·share2
            let t17_ := add(gamma(), sub(r, mulmod(theta(), share2(), r)))
            {
                // s3·(h3·(γ − θ·share0)·(γ − θ·share1)·(γ − θ·share2) − ((1·(γ − θ·share1) + 1·(γ − θ·share0))·(γ − θ·share2) + 1·(γ − θ·share0)·(γ − θ·share1)))
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
            // γ − θ·rem0
            let t18_ := add(gamma(), sub(r, mulmod(theta(), rem0(), r)))
            // γ − θ·rem1
            let t19_ := add(gamma(), sub(r, mulmod(theta(), rem1(), r)))
            // (γ − θ·rem0)·(γ − θ·rem1)
            let t20_ := mulmod(t18_, t19_, r)
            // γ − θ·rem2
            let t21_ := add(gamma(), sub(r, mulmod(theta(), rem2(), r)))
            {
                // s3·(h4·(γ − θ·rem0)·(γ − θ·rem1)·(γ − θ·rem2) − ((1·(γ − θ·rem1) + 1·(γ − θ·rem0))·(γ − θ·rem2) + 1·(γ − θ·rem0)·(γ − θ·rem1)))
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
            // γ − θ·slack0
            let t22_ := add(gamma(), sub(r, mulmod(theta(), slack0(), r)))
            // γ − θ·slack1
            let t23_ := add(gamma(), sub(r, mulmod(theta(), slack1(), r)))
            // (γ − θ·slack0)·(γ − θ·slack1)
            let t24_ := mulmod(t22_, t23_, r)
            // γ − θ·slack2
            let t25_ := add(gamma(), sub(r, mulmod(theta(), slack2(), r)))
            {
                // s3·(h5·(γ − θ·slack0)·(γ − θ·slack1)·(γ − θ·slack2) − ((1·(γ − θ·slack1) + 1·(γ − θ·slack0))·(γ − θ·slack2) + 1·(γ − θ·slack0)·(γ − θ·slack1)))
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
            // γ − θ·decay0
            let t26_ := add(gamma(), sub(r, mulmod(theta(), decay0(), r)))
            // γ − θ·decay1
            let t27_ := add(gamma(), sub(r, mulmod(theta(), decay1(), r)))
            // (γ − θ·decay0)·(γ − θ·decay1)
            let t28_ := mulmod(t26_, t27_, r)
            // γ − θ·decay2
            let t29_ := add(gamma(), sub(r, mulmod(theta(), decay2(), r)))
            {
                // s3·(h6·(γ − θ·decay0)·(γ − θ·decay1)·(γ − θ·decay2) − ((1·(γ − θ·decay1) + 1·(γ − θ·decay0))·(γ − θ·decay2) + 1·(γ − θ·decay0)·(γ − θ·decay1)))
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
            // γ − θ·decay3
            let t30_ := add(gamma(), sub(r, mulmod(theta(), decay3(), r)))
            // γ − θ·decay4
            let t31_ := add(gamma(), sub(r, mulmod(theta(), decay4(), r)))
            // (γ − θ·decay3)·(γ − θ·decay4)
            let t32_ := mulmod(t30_, t31_, r)
            // γ − θ·lost0
            let t33_ := add(gamma(), sub(r, mulmod(theta(), lost0(), r)))
            {
                // s3·(h7·(γ − θ·decay3)·(γ − θ·decay4)·(γ − θ·lost0) − ((1·(γ − θ·decay4) + 1·(γ − θ·decay3))·(γ − θ·lost0) + 1·(γ − θ·decay3)·(γ − θ·decay4)))
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
            // γ − θ·lost1
            let t34_ := add(gamma(), sub(r, mulmod(theta(), lost1(), r)))
            // γ − θ·lost2
            let t35_ := add(gamma(), sub(r, mulmod(theta(), lost2(), r)))
            // (γ − θ·lost1)·(γ − θ·lost2)
            let t36_ := mulmod(t34_, t35_, r)
            // γ − θ·lost3
            let t37_ := add(gamma(), sub(r, mulmod(theta(), lost3(), r)))
            {
                // s3·(h8·(γ − θ·lost1)·(γ − θ·lost2)·(γ − θ·lost3) − ((1·(γ − θ·lost2) + 1·(γ − θ·lost1))·(γ − θ·lost3) + 1·(γ − θ·lost1)·(γ − θ·lost2)))
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

            // LogUp sum: φ(next) = φ + Σ h + Σ m_i/(γ − v_i)
            // γ − θ·lost4
            let t38_ := add(gamma(), sub(r, mulmod(theta(), lost4(), r)))
            // γ − θ·t
            let t39_ := add(gamma(), sub(r, mulmod(theta(), t(), r)))
            {
                // s3·((φ(+1) − φ − h1 − h2 − h3 − h4 − h5 − h6 − h7 − h8)·(γ − θ·lost4)·(γ − θ·t) − (1·(γ − θ·t) + (−m_range)·(γ − θ·lost4)))
                let value := mulmod(
                    s3(),
                    add(
                        mulmod(
                            add(
                                add(
                                    add(
                                        add(
                                            addmod(
                                                add(
                                                    add(
                                                        add(add(phi_next(), sub(r, phi())), sub(r, h1())),
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
                            mulmod(t38_, t39_, r),
                            r
                        ),
                        sub(r, mod(add(t39_, mulmod(sub(r, m_range()), t38_, r)), r))
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
            let t40_ := add(s3(), sub(r, s1()))
            {
                // (s3 − s1)·u
                let value := mulmod(t40_, u(), r)
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }
            // C7 totals
            {
                // (s3 − s1)·U
                let value := mulmod(t40_, U(), r)
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }
        }
    }
}
