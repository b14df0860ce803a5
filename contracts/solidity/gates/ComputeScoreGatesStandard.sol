// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IGates} from "../IGates.sol";

/// @title The constraints of the compute-score circuit of geometry `standard`
/// @notice Generated from the constraint system by `tests/gates/`, and held to it by that test. Columns and
/// clauses have the names of the statement; above each constraint stands its polynomial.
contract ComputeScoreGatesStandard is IGates {
    /// @inheritdoc IGates
    bytes32 public constant constraintSystem = 0x38f67356d6bab4fc96c2b9eed7c1a5cf9a126da65a307030315500059f8ca9dd;

    /// @inheritdoc IGates
    function shape() external pure returns (bytes memory) {
        return
            hex"200902053206012609000407050806090701080a090b0a0c0b020c0d0d0e0e0f"
            hex"0f1010111112121313141415151b221c231d241e251f26202721282229232a24"
            hex"2b252c262d272e06318032813382348335843685370300020401030516171618"
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
                let value := mulmod(s0(), addmod(rho(), sub(r, instance_context_low()), r), r)
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }
            // C1 context high
            {
                // s0·(λ − instance(+1))
                let value := mulmod(s0(), addmod(lambda(), sub(r, instance_context_high()), r), r)
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }
            // C1 rho
            {
                // s0·(ρ(+1) − instance(+2))
                let value := mulmod(s0(), addmod(rho_next(), sub(r, instance_rho()), r), r)
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }
            // C1 lambda
            {
                // s0·(λ(+1) − instance(+3))
                let value := mulmod(s0(), addmod(lambda_next(), sub(r, instance_lambda_q()), r), r)
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }

            // C1 instance-bound: ρ(next) = ρ, λ(next) = λ, from row 1 on
            // C1 same rho
            {
                // (s1 − s0)·(ρ(+1) − ρ)
                let value := mulmod(addmod(s1(), sub(r, s0()), r), addmod(rho_next(), sub(r, rho()), r), r)
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }
            // C1 same lambda
            {
                // (s1 − s0)·(λ(+1) − λ)
                let value := mulmod(
                    addmod(s1(), sub(r, s0()), r),
                    addmod(lambda_next(), sub(r, lambda()), r),
                    r
                )
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }

            // C2 units-within-totals: u = Σ limbs, U − u = Σ limbs
            {
                // s1·(u − (unit0 + 2^13·unit1 + 2^26·unit2))
                let value := mulmod(
                    s1(),
                    addmod(
                        u(),
                        sub(
                            r,
                            addmod(
                                addmod(unit0(), mulmod(unit1(), 8192, r), r),
                                mulmod(unit2(), 67108864, r),
                                r
                            )
                        ),
                        r
                    ),
                    r
                )
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }
            // C2 rest
            {
                // s1·(U − u − (rest0 + 2^13·rest1 + 2^26·rest2))
                let value := mulmod(
                    s1(),
                    addmod(
                        addmod(U(), sub(r, u()), r),
                        sub(
                            r,
                            addmod(
                                addmod(rest0(), mulmod(rest1(), 8192, r), r),
                                mulmod(rest2(), 67108864, r),
                                r
                            )
                        ),
                        r
                    ),
                    r
                )
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }

            // C3 shares: u·2^32 = share·U + remainder, remainder + slack = U − z
            // C3 nonzero
            {
                // s1·z·(1 − z)
                let value := mulmod(s1(), mulmod(z(), addmod(1, sub(r, z()), r), r), r)
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }
            // C3 zero total
            {
                // s1·(1 − z)·U
                let value := mulmod(s1(), mulmod(addmod(1, sub(r, z()), r), U(), r), r)
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }
            // C3 zero share
            {
                // s1·(1 − z)·(share0 + 2^13·share1 + 2^26·share2)
                let value := mulmod(
                    s1(),
                    mulmod(
                        addmod(1, sub(r, z()), r),
                        addmod(
                            addmod(share0(), mulmod(share1(), 8192, r), r),
                            mulmod(share2(), 67108864, r),
                            r
                        ),
                        r
                    ),
                    r
                )
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }
            // C3 division
            {
                // s1·(2^32·u − (share0 + 2^13·share1 + 2^26·share2)·U − (rem0 + 2^13·rem1 + 2^26·rem2))
                let value := mulmod(
                    s1(),
                    addmod(
                        addmod(
                            mulmod(u(), 0x100000000, r),
                            sub(
                                r,
                                mulmod(
                                    addmod(
                                        addmod(share0(), mulmod(share1(), 8192, r), r),
                                        mulmod(share2(), 67108864, r),
                                        r
                                    ),
                                    U(),
                                    r
                                )
                            ),
                            r
                        ),
                        sub(
                            r,
                            addmod(
                                addmod(rem0(), mulmod(rem1(), 8192, r), r),
                                mulmod(rem2(), 67108864, r),
                                r
                            )
                        ),
                        r
                    ),
                    r
                )
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }
            // C3 remainder
            {
                // s1·(U − z − (rem0 + 2^13·rem1 + 2^26·rem2) − (slack0 + 2^13·slack1 + 2^26·slack2))
                let value := mulmod(
                    s1(),
                    addmod(
                        addmod(
                            addmod(U(), sub(r, z()), r),
                            sub(
                                r,
                                addmod(
                                    addmod(rem0(), mulmod(rem1(), 8192, r), r),
                                    mulmod(rem2(), 67108864, r),
                                    r
                                )
                            ),
                            r
                        ),
                        sub(
                            r,
                            addmod(
                                addmod(slack0(), mulmod(slack1(), 8192, r), r),
                                mulmod(slack2(), 67108864, r),
                                r
                            )
                        ),
                        r
                    ),
                    r
                )
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }

            // C5 sum: sum = sum(next) + λ·share·decay
            // C5 term
            {
                // s1·(sum − sum(+1) − λ(+1)·(share0 + 2^13·share1 + 2^26·share2)·(decay0 + 2^13·decay1 + 2^26·decay2 + 2^39·decay3 + 2^52·decay4))
                let value := mulmod(
                    s1(),
                    addmod(
                        addmod(sum(), sub(r, sum_next()), r),
                        sub(
                            r,
                            mulmod(
                                mulmod(
                                    lambda_next(),
                                    addmod(
                                        addmod(share0(), mulmod(share1(), 8192, r), r),
                                        mulmod(share2(), 67108864, r),
                                        r
                                    ),
                                    r
                                ),
                                addmod(
                                    addmod(
                                        addmod(
                                            addmod(decay0(), mulmod(decay1(), 8192, r), r),
                                            mulmod(decay2(), 67108864, r),
                                            r
                                        ),
                                        mulmod(decay3(), 0x8000000000, r),
                                        r
                                    ),
                                    mulmod(decay4(), 0x10000000000000, r),
                                    r
                                ),
                                r
                            )
                        ),
                        r
                    ),
                    r
                )
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }

            // C4 decay: decay = 2^64 in row 0
            // C4 start
            {
                // s0·(decay0 + 2^13·decay1 + 2^26·decay2 + 2^39·decay3 + 2^52·decay4 − 2^64)
                let value := mulmod(
                    s0(),
                    addmod(
                        addmod(
                            addmod(
                                addmod(
                                    addmod(decay0(), mulmod(decay1(), 8192, r), r),
                                    mulmod(decay2(), 67108864, r),
                                    r
                                ),
                                mulmod(decay3(), 0x8000000000, r),
                                r
                            ),
                            mulmod(decay4(), 0x10000000000000, r),
                            r
                        ),
                        sub(r, 0x10000000000000000),
                        r
                    ),
                    r
                )
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }

            // C4 decay: decay·ρ·2^s = decay(next)·2^(64+s) + lost
            {
                // s1·(2·(decay0 + 2^13·decay1 + 2^26·decay2 + 2^39·decay3 + 2^52·decay4)·ρ(+1) − 2^65·(decay0(+1) + 2^13·decay1(+1) + 2^26·decay2(+1) + 2^39·decay3(+1) + 2^52·decay4(+1)) − (lost0 + 2^13·lost1 + 2^26·lost2 + 2^39·lost3 + 2^52·lost4))
                let value := mulmod(
                    s1(),
                    addmod(
                        addmod(
                            mulmod(
                                mulmod(
                                    addmod(
                                        addmod(
                                            addmod(
                                                addmod(decay0(), mulmod(decay1(), 8192, r), r),
                                                mulmod(decay2(), 67108864, r),
                                                r
                                            ),
                                            mulmod(decay3(), 0x8000000000, r),
                                            r
                                        ),
                                        mulmod(decay4(), 0x10000000000000, r),
                                        r
                                    ),
                                    rho_next(),
                                    r
                                ),
                                2,
                                r
                            ),
                            sub(
                                r,
                                mulmod(
                                    addmod(
                                        addmod(
                                            addmod(
                                                addmod(decay0_next(), mulmod(decay1_next(), 8192, r), r),
                                                mulmod(decay2_next(), 67108864, r),
                                                r
                                            ),
                                            mulmod(decay3_next(), 0x8000000000, r),
                                            r
                                        ),
                                        mulmod(decay4_next(), 0x10000000000000, r),
                                        r
                                    ),
                                    0x20000000000000000,
                                    r
                                )
                            ),
                            r
                        ),
                        sub(
                            r,
                            addmod(
                                addmod(
                                    addmod(
                                        addmod(lost0(), mulmod(lost1(), 8192, r), r),
                                        mulmod(lost2(), 67108864, r),
                                        r
                                    ),
                                    mulmod(lost3(), 0x8000000000, r),
                                    r
                                ),
                                mulmod(lost4(), 0x10000000000000, r),
                                r
                            )
                        ),
                        r
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
                    addmod(
                        mulmod(sum(), 256, r),
                        addmod(
                            addmod(
                                addmod(
                                    addmod(
                                        addmod(
                                            addmod(
                                                addmod(unit0(), mulmod(unit1(), 8192, r), r),
                                                mulmod(unit2(), 67108864, r),
                                                r
                                            ),
                                            mulmod(rest0(), 0x8000000000, r),
                                            r
                                        ),
                                        mulmod(rest1(), 0x10000000000000, r),
                                        r
                                    ),
                                    mulmod(rest2(), 0x20000000000000000, r),
                                    r
                                ),
                                mulmod(share0(), 0x40000000000000000000, r),
                                r
                            ),
                            mulmod(share1(), 0x80000000000000000000000, r),
                            r
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
                    addmod(sum(), sub(r, mulmod(instance_score(), 0x1000000000000000000000000, r)), r),
                    r
                )
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }

            // LogUp helper: h·Π(γ − v_i) = Σ m_i·Π_{j≠i}(γ − v_j)
            {
                // s3·(h1·(γ − θ·unit0)·(γ − θ·unit1)·(γ − θ·unit2) − ((1·(γ − θ·unit1) + 1·(γ − θ·unit0))·(γ − θ·unit2) + 1·(γ − θ·unit0)·(γ − θ·unit1)))
                let t0_ := addmod(gamma(), sub(r, mulmod(theta(), unit0(), r)), r) // γ − θ·unit0
                let t1_ := addmod(gamma(), sub(r, mulmod(theta(), unit1(), r)), r) // γ − θ·unit1
                let t2_ := mulmod(t0_, t1_, r) // (γ − θ·unit0)·(γ − θ·unit1)
                let t3_ := addmod(gamma(), sub(r, mulmod(theta(), unit2(), r)), r) // γ − θ·unit2
                let value := mulmod(
                    s3(),
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
                // s3·(h2·(γ − θ·rest0)·(γ − θ·rest1)·(γ − θ·rest2) − ((1·(γ − θ·rest1) + 1·(γ − θ·rest0))·(γ − θ·rest2) + 1·(γ − θ·rest0)·(γ − θ·rest1)))
                let t0_ := addmod(gamma(), sub(r, mulmod(theta(), rest0(), r)), r) // γ − θ·rest0
                let t1_ := addmod(gamma(), sub(r, mulmod(theta(), rest1(), r)), r) // γ − θ·rest1
                let t2_ := mulmod(t0_, t1_, r) // (γ − θ·rest0)·(γ − θ·rest1)
                let t3_ := addmod(gamma(), sub(r, mulmod(theta(), rest2(), r)), r) // γ − θ·rest2
                let value := mulmod(
                    s3(),
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
                // s3·(h3·(γ − θ·share0)·(γ − θ·share1)·(γ − θ·share2) − ((1·(γ − θ·share1) + 1·(γ − θ·share0))·(γ − θ·share2) + 1·(γ − θ·share0)·(γ − θ·share1)))
                let t0_ := addmod(gamma(), sub(r, mulmod(theta(), share0(), r)), r) // γ − θ·share0
                let t1_ := addmod(gamma(), sub(r, mulmod(theta(), share1(), r)), r) // γ − θ·share1
                let t2_ := mulmod(t0_, t1_, r) // (γ − θ·share0)·(γ − θ·share1)
                let t3_ := addmod(gamma(), sub(r, mulmod(theta(), share2(), r)), r) // γ − θ·share2
                let value := mulmod(
                    s3(),
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
                // s3·(h4·(γ − θ·rem0)·(γ − θ·rem1)·(γ − θ·rem2) − ((1·(γ − θ·rem1) + 1·(γ − θ·rem0))·(γ − θ·rem2) + 1·(γ − θ·rem0)·(γ − θ·rem1)))
                let t0_ := addmod(gamma(), sub(r, mulmod(theta(), rem0(), r)), r) // γ − θ·rem0
                let t1_ := addmod(gamma(), sub(r, mulmod(theta(), rem1(), r)), r) // γ − θ·rem1
                let t2_ := mulmod(t0_, t1_, r) // (γ − θ·rem0)·(γ − θ·rem1)
                let t3_ := addmod(gamma(), sub(r, mulmod(theta(), rem2(), r)), r) // γ − θ·rem2
                let value := mulmod(
                    s3(),
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
                // s3·(h5·(γ − θ·slack0)·(γ − θ·slack1)·(γ − θ·slack2) − ((1·(γ − θ·slack1) + 1·(γ − θ·slack0))·(γ − θ·slack2) + 1·(γ − θ·slack0)·(γ − θ·slack1)))
                let t0_ := addmod(gamma(), sub(r, mulmod(theta(), slack0(), r)), r) // γ − θ·slack0
                let t1_ := addmod(gamma(), sub(r, mulmod(theta(), slack1(), r)), r) // γ − θ·slack1
                let t2_ := mulmod(t0_, t1_, r) // (γ − θ·slack0)·(γ − θ·slack1)
                let t3_ := addmod(gamma(), sub(r, mulmod(theta(), slack2(), r)), r) // γ − θ·slack2
                let value := mulmod(
                    s3(),
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
                // s3·(h6·(γ − θ·decay0)·(γ − θ·decay1)·(γ − θ·decay2) − ((1·(γ − θ·decay1) + 1·(γ − θ·decay0))·(γ − θ·decay2) + 1·(γ − θ·decay0)·(γ − θ·decay1)))
                let t0_ := addmod(gamma(), sub(r, mulmod(theta(), decay0(), r)), r) // γ − θ·decay0
                let t1_ := addmod(gamma(), sub(r, mulmod(theta(), decay1(), r)), r) // γ − θ·decay1
                let t2_ := mulmod(t0_, t1_, r) // (γ − θ·decay0)·(γ − θ·decay1)
                let t3_ := addmod(gamma(), sub(r, mulmod(theta(), decay2(), r)), r) // γ − θ·decay2
                let value := mulmod(
                    s3(),
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
                // s3·(h7·(γ − θ·decay3)·(γ − θ·decay4)·(γ − θ·lost0) − ((1·(γ − θ·decay4) + 1·(γ − θ·decay3))·(γ − θ·lost0) + 1·(γ − θ·decay3)·(γ − θ·decay4)))
                let t0_ := addmod(gamma(), sub(r, mulmod(theta(), decay3(), r)), r) // γ − θ·decay3
                let t1_ := addmod(gamma(), sub(r, mulmod(theta(), decay4(), r)), r) // γ − θ·decay4
                let t2_ := mulmod(t0_, t1_, r) // (γ − θ·decay3)·(γ − θ·decay4)
                let t3_ := addmod(gamma(), sub(r, mulmod(theta(), lost0(), r)), r) // γ − θ·lost0
                let value := mulmod(
                    s3(),
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
                // s3·(h8·(γ − θ·lost1)·(γ − θ·lost2)·(γ − θ·lost3) − ((1·(γ − θ·lost2) + 1·(γ − θ·lost1))·(γ − θ·lost3) + 1·(γ − θ·lost1)·(γ − θ·lost2)))
                let t0_ := addmod(gamma(), sub(r, mulmod(theta(), lost1(), r)), r) // γ − θ·lost1
                let t1_ := addmod(gamma(), sub(r, mulmod(theta(), lost2(), r)), r) // γ − θ·lost2
                let t2_ := mulmod(t0_, t1_, r) // (γ − θ·lost1)·(γ − θ·lost2)
                let t3_ := addmod(gamma(), sub(r, mulmod(theta(), lost3(), r)), r) // γ − θ·lost3
                let value := mulmod(
                    s3(),
                    addmod(
                        mulmod(h8(), mulmod(t2_, t3_, r), r),
                        sub(r, addmod(mulmod(addmod(t1_, t0_, r), t3_, r), t2_, r)),
                        r
                    ),
                    r
                )
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }

            // LogUp sum: φ(next) = φ + Σ h + Σ m_i/(γ − v_i)
            {
                // s3·((φ(+1) − φ − h1 − h2 − h3 − h4 − h5 − h6 − h7 − h8)·(γ − θ·lost4)·(γ − θ·t) − (1·(γ − θ·t) + (−m_range)·(γ − θ·lost4)))
                let t0_ := addmod(gamma(), sub(r, mulmod(theta(), lost4(), r)), r) // γ − θ·lost4
                let t1_ := addmod(gamma(), sub(r, mulmod(theta(), t(), r)), r) // γ − θ·t
                let value := mulmod(
                    s3(),
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
                                                            addmod(phi_next(), sub(r, phi()), r),
                                                            sub(r, h1()),
                                                            r
                                                        ),
                                                        sub(r, h2()),
                                                        r
                                                    ),
                                                    sub(r, h3()),
                                                    r
                                                ),
                                                sub(r, h4()),
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
                            mulmod(t0_, t1_, r),
                            r
                        ),
                        sub(r, addmod(t1_, mulmod(sub(r, m_range()), t0_, r), r)),
                        r
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
            {
                // (s3 − s1)·u
                let value := mulmod(addmod(s3(), sub(r, s1()), r), u(), r)
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }
            // C7 totals
            {
                // (s3 − s1)·U
                let value := mulmod(addmod(s3(), sub(r, s1()), r), U(), r)
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }
        }
    }
}
