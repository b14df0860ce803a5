// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IGates} from "../IGates.sol";

/// @title The constraints of the data-score circuit of geometry `standard`
/// @notice Generated from the constraint system by `tests/gates/`, and held to it by that test. Columns and
/// clauses have the names of the statement; above each constraint stands its polynomial.
contract DataScoreGatesStandard is IGates {
    /// @inheritdoc IGates
    bytes32 public constant constraintSystem = 0x840a5d1a54d941b06521536548dbf24c074f5e85512698d7f1f43dac858f42fa;

    /// @inheritdoc IGates
    function shape() external pure returns (bytes memory) {
        return
            hex"140302061b0a011d0402040005110712081309090a030b060c070d080e0f0f10"
            hex"10041105120114141515160d190e1a801b811c821d831e841f85208621872288"
            hex"2389240b00060c01130a0203161817";
    }

    /// @inheritdoc IGates
    function evaluate(uint256[] calldata values) external pure returns (uint256 numerator) {
        if (values.length != 46 || msg.data.length != 1540) revert NotTheValues();
        assembly ("memory-safe") {
            function theta() -> v { v := calldataload(100) } // θ
            function gamma() -> v { v := calldataload(132) } // γ
            function instance_context_low() -> v { v := calldataload(164) }
            function instance_context_high() -> v { v := calldataload(196) }
            function instance_records() -> v { v := calldataload(228) }
            function instance_features() -> v { v := calldataload(260) }
            function instance_ln_totals() -> v { v := calldataload(292) }
            function instance_score() -> v { v := calldataload(324) }
            function a() -> v { v := calldataload(356) }
            function S() -> v { v := calldataload(388) }
            function n() -> v { v := calldataload(420) }
            function n_next() -> v { v := calldataload(452) } // n(+1)
            function k() -> v { v := calldataload(484) }
            function c() -> v { v := calldataload(516) }
            function a_next() -> v { v := calldataload(548) } // a(+1)
            function c_0() -> v { v := calldataload(580) }
            function c_1() -> v { v := calldataload(612) }
            function c_2() -> v { v := calldataload(644) }
            function L() -> v { v := calldataload(676) }
            function e() -> v { v := calldataload(708) }
            function A() -> v { v := calldataload(740) }
            function B() -> v { v := calldataload(772) }
            function C() -> v { v := calldataload(804) }
            function o0() -> v { v := calldataload(836) }
            function o1() -> v { v := calldataload(868) }
            function p() -> v { v := calldataload(900) }
            function i() -> v { v := calldataload(932) }
            function S_next() -> v { v := calldataload(964) } // S(+1)
            function ell() -> v { v := calldataload(996) } // ℓ
            function h1() -> v { v := calldataload(1028) }
            function h2() -> v { v := calldataload(1060) }
            function phi_next() -> v { v := calldataload(1092) } // φ(+1)
            function phi() -> v { v := calldataload(1124) } // φ
            function m_range() -> v { v := calldataload(1156) }
            function m_ln() -> v { v := calldataload(1188) }
            function t() -> v { v := calldataload(1220) }
            function tag() -> v { v := calldataload(1252) }
            function x0() -> v { v := calldataload(1284) }
            function x1() -> v { v := calldataload(1316) }
            function x2() -> v { v := calldataload(1348) }
            function s0() -> v { v := calldataload(1380) }
            function s1() -> v { v := calldataload(1412) }
            function s2() -> v { v := calldataload(1444) }
            function s3() -> v { v := calldataload(1476) }
            function s4() -> v { v := calldataload(1508) }

            let r := 0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001
            let y := calldataload(68)

            // D1 instance-bound: a, S, n of row 0 are the instance"s
            // D1 context low
            {
                // s0·(a − instance)
                let value := mulmod(s0(), addmod(a(), sub(r, instance_context_low()), r), r)
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }
            // D1 context high
            {
                // s0·(S − instance(+1))
                let value := mulmod(s0(), addmod(S(), sub(r, instance_context_high()), r), r)
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }
            // D1 records
            {
                // s0·(n − instance(+2))
                let value := mulmod(s0(), addmod(n(), sub(r, instance_records()), r), r)
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }

            // D1 instance-bound: n(next) = n
            // D1 same records
            {
                // (s0 + s1)·(n(+1) − n)
                let value := mulmod(addmod(s0(), s1(), r), addmod(n_next(), sub(r, n()), r), r)
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }

            // D2 unused-empty: (k − 1)(k − 2)·c = 0
            {
                // s1·(k − 1)·(k − 2)·c
                let value := mulmod(
                    s1(),
                    mulmod(mulmod(addmod(k(), sub(r, 1), r), addmod(k(), sub(r, 2), r), r), c(), r),
                    r
                )
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }

            // D3 feature-totals: a(next) = k = 2 ? 0 : a + c, and a + c = n where k = 2
            // D3 running total
            {
                // s1·(a(+1) − (a + c)·(1 − 2^-1·k·(k − 1)))
                let value := mulmod(
                    s1(),
                    addmod(
                        a_next(),
                        sub(
                            r,
                            mulmod(
                                addmod(a(), c(), r),
                                addmod(
                                    1,
                                    sub(
                                        r,
                                        mulmod(
                                            mulmod(k(), addmod(k(), sub(r, 1), r), r),
                                            0x183227397098d014dc2822db40c0ac2e9419f4243cdcb848a1f0fac9f8000001,
                                            r
                                        )
                                    ),
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
            // D3 feature total
            {
                // s1·k·(k − 1)·(a + c − n)
                let value := mulmod(
                    s1(),
                    mulmod(
                        mulmod(k(), addmod(k(), sub(r, 1), r), r),
                        addmod(addmod(a(), c(), r), sub(r, n()), r),
                        r
                    ),
                    r
                )
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }

            // D4 counts-range: c = Σ 2^(bj)·limb_j
            {
                // s1·(c − (c_0 + 2^13·c_1 + 2^26·c_2))
                let value := mulmod(
                    s1(),
                    addmod(
                        c(),
                        sub(
                            r,
                            addmod(addmod(c_0(), mulmod(c_1(), 8192, r), r), mulmod(c_2(), 67108864, r), r)
                        ),
                        r
                    ),
                    r
                )
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }

            // D5 logarithms: L = e·LN2 + A + B·o − C·o²
            {
                // (s0 + s1)·(L − (54916777467707473351141471128·e + A + (B − C·2^-5·(o0 + 2^13·o1))·2^-5·(o0 + 2^13·o1)))
                let t0_ := mulmod(
                    addmod(o0(), mulmod(o1(), 8192, r), r),
                    0x2ee12bff4a2813286a8dc388cd754d9a3ef2490635eba50cb9c2e5e750800001,
                    r
                ) // 2^-5·(o0 + 2^13·o1)
                let value := mulmod(
                    addmod(s0(), s1(), r),
                    addmod(
                        L(),
                        sub(
                            r,
                            addmod(
                                addmod(mulmod(e(), 0xb17217f7d1cf79abc9e3b398, r), A(), r),
                                mulmod(addmod(B(), sub(r, mulmod(C(), t0_, r)), r), t0_, r),
                                r
                            )
                        ),
                        r
                    ),
                    r
                )
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }

            // D5 logarithms: c = 0 or c·p = 2^31 + i·2^21 + o
            // D5 normalised
            {
                // s1·c·(c·p − (2^31 + 2^21·i + 2^-5·(o0 + 2^13·o1)))
                let value := mulmod(
                    s1(),
                    mulmod(
                        c(),
                        addmod(
                            mulmod(c(), p(), r),
                            sub(
                                r,
                                addmod(
                                    addmod(2147483648, mulmod(i(), 2097152, r), r),
                                    mulmod(
                                        addmod(o0(), mulmod(o1(), 8192, r), r),
                                        0x2ee12bff4a2813286a8dc388cd754d9a3ef2490635eba50cb9c2e5e750800001,
                                        r
                                    ),
                                    r
                                )
                            ),
                            r
                        ),
                        r
                    ),
                    r
                )
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }

            // D5 logarithms: n·p = 2^31 + i·2^21 + o
            // D5 normalised n
            {
                // s0·(n·p − (2^31 + 2^21·i + 2^-5·(o0 + 2^13·o1)))
                let value := mulmod(
                    s0(),
                    addmod(
                        mulmod(n(), p(), r),
                        sub(
                            r,
                            addmod(
                                addmod(2147483648, mulmod(i(), 2097152, r), r),
                                mulmod(
                                    addmod(o0(), mulmod(o1(), 8192, r), r),
                                    0x2ee12bff4a2813286a8dc388cd754d9a3ef2490635eba50cb9c2e5e750800001,
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

            // D3 feature-totals: a = 0 in row 1
            // D3 start
            {
                // s0·a(+1)
                let value := mulmod(s0(), a_next(), r)
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }

            // D6 sum: S = S(next) + c·(L − ℓ)
            // D6 term
            {
                // s1·(S − S(+1) − c·(L − ℓ))
                let value := mulmod(
                    s1(),
                    addmod(
                        addmod(S(), sub(r, S_next()), r),
                        sub(r, mulmod(c(), addmod(L(), sub(r, ell()), r), r)),
                        r
                    ),
                    r
                )
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }

            // D7 score: S·2^s = −high limbs in row F
            // D7 high
            {
                // s2·(8·S + 2^39·(o0 + 2^13·o1 + 2^26·c_0 + 2^39·c_1))
                let value := mulmod(
                    s2(),
                    addmod(
                        mulmod(S(), 8, r),
                        mulmod(
                            addmod(
                                addmod(addmod(o0(), mulmod(o1(), 8192, r), r), mulmod(c_0(), 67108864, r), r),
                                mulmod(c_1(), 0x8000000000, r),
                                r
                            ),
                            0x8000000000,
                            r
                        ),
                        r
                    ),
                    r
                )
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }

            // D6 sum, D7 score: (S(1) + n·(ΣLn(R) − d·Ln(n) + d·2^63) − score·2^88)·2^s = low
            // D7 score
            {
                // s0·(8·(S(+1) + n·(instance(+4) + instance(+3)·(2^63 − L)) − 2^88·instance(+5)) − (c_0 + 2^13·c_1 + 2^26·c_2))
                let value := mulmod(
                    s0(),
                    addmod(
                        mulmod(
                            addmod(
                                addmod(
                                    S_next(),
                                    mulmod(
                                        n(),
                                        addmod(
                                            instance_ln_totals(),
                                            mulmod(
                                                instance_features(),
                                                addmod(0x8000000000000000, sub(r, L()), r),
                                                r
                                            ),
                                            r
                                        ),
                                        r
                                    ),
                                    r
                                ),
                                sub(r, mulmod(instance_score(), 0x10000000000000000000000, r)),
                                r
                            ),
                            8,
                            r
                        ),
                        sub(
                            r,
                            addmod(addmod(c_0(), mulmod(c_1(), 8192, r), r), mulmod(c_2(), 67108864, r), r)
                        ),
                        r
                    ),
                    r
                )
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }

            // LogUp helper: h·Π(γ − v_i) = Σ m_i·Π_{j≠i}(γ − v_j)
            {
                // s3·(h1·(γ − θ·o0)·(γ − θ·o1)·(γ − θ·c_0) − ((1·(γ − θ·o1) + 1·(γ − θ·o0))·(γ − θ·c_0) + 1·(γ − θ·o0)·(γ − θ·o1)))
                let t0_ := addmod(gamma(), sub(r, mulmod(theta(), o0(), r)), r) // γ − θ·o0
                let t1_ := addmod(gamma(), sub(r, mulmod(theta(), o1(), r)), r) // γ − θ·o1
                let t2_ := mulmod(t0_, t1_, r) // (γ − θ·o0)·(γ − θ·o1)
                let t3_ := addmod(gamma(), sub(r, mulmod(theta(), c_0(), r)), r) // γ − θ·c_0
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
                // s3·(h2·(γ − θ·c_1)·(γ − θ·c_2)·(γ − (1 + θ·i + θ·θ·A + θ·θ·θ·B + θ·θ·θ·θ·C)) − ((1·(γ − θ·c_2) + 1·(γ − θ·c_1))·(γ − (1 + θ·i + θ·θ·A + θ·θ·θ·B + θ·θ·θ·θ·C)) + 1·(γ − θ·c_1)·(γ − θ·c_2)))
                let t0_ := addmod(gamma(), sub(r, mulmod(theta(), c_1(), r)), r) // γ − θ·c_1
                let t1_ := addmod(gamma(), sub(r, mulmod(theta(), c_2(), r)), r) // γ − θ·c_2
                let t2_ := mulmod(t0_, t1_, r) // (γ − θ·c_1)·(γ − θ·c_2)
                let t3_ := mulmod(theta(), theta(), r) // θ·θ
                let t4_ := mulmod(t3_, theta(), r) // θ·θ·θ
                let t5_ := addmod(
                    gamma(),
                    sub(
                        r,
                        addmod(
                            addmod(
                                addmod(addmod(1, mulmod(theta(), i(), r), r), mulmod(t3_, A(), r), r),
                                mulmod(t4_, B(), r),
                                r
                            ),
                            mulmod(mulmod(t4_, theta(), r), C(), r),
                            r
                        )
                    ),
                    r
                ) // γ − (1 + θ·i + θ·θ·A + θ·θ·θ·B + θ·θ·θ·θ·C)
                let value := mulmod(
                    s3(),
                    addmod(
                        mulmod(h2(), mulmod(t2_, t5_, r), r),
                        sub(r, addmod(mulmod(addmod(t1_, t0_, r), t5_, r), t2_, r)),
                        r
                    ),
                    r
                )
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }

            // LogUp sum: φ(next) = φ + Σ h + Σ m_i/(γ − v_i)
            {
                // s3·((φ(+1) − φ − h1 − h2)·(γ − (2 + θ·0 + θ·θ·e + θ·θ·θ·p))·(γ − θ·t)·(γ − (tag + θ·t + θ·θ·x0 + θ·θ·θ·x1 + θ·θ·θ·θ·x2)) − ((1·(γ − θ·t) + (−m_range)·(γ − (2 + θ·0 + θ·θ·e + θ·θ·θ·p)))·(γ − (tag + θ·t + θ·θ·x0 + θ·θ·θ·x1 + θ·θ·θ·θ·x2)) + (−m_ln)·(γ − (2 + θ·0 + θ·θ·e + θ·θ·θ·p))·(γ − θ·t)))
                let t0_ := mulmod(theta(), theta(), r) // θ·θ
                let t1_ := mulmod(t0_, theta(), r) // θ·θ·θ
                let t2_ := addmod(
                    gamma(),
                    sub(
                        r,
                        addmod(
                            addmod(addmod(2, mulmod(theta(), 0, r), r), mulmod(t0_, e(), r), r),
                            mulmod(t1_, p(), r),
                            r
                        )
                    ),
                    r
                ) // γ − (2 + θ·0 + θ·θ·e + θ·θ·θ·p)
                let t3_ := mulmod(theta(), t(), r) // θ·t
                let t4_ := addmod(gamma(), sub(r, t3_), r) // γ − θ·t
                let t5_ := mulmod(t2_, t4_, r) // (γ − (2 + θ·0 + θ·θ·e + θ·θ·θ·p))·(γ − θ·t)
                let t6_ := addmod(
                    gamma(),
                    sub(
                        r,
                        addmod(
                            addmod(
                                addmod(addmod(tag(), t3_, r), mulmod(t0_, x0(), r), r),
                                mulmod(t1_, x1(), r),
                                r
                            ),
                            mulmod(mulmod(t1_, theta(), r), x2(), r),
                            r
                        )
                    ),
                    r
                ) // γ − (tag + θ·t + θ·θ·x0 + θ·θ·θ·x1 + θ·θ·θ·θ·x2)
                let value := mulmod(
                    s3(),
                    addmod(
                        mulmod(
                            addmod(
                                addmod(addmod(phi_next(), sub(r, phi()), r), sub(r, h1()), r),
                                sub(r, h2()),
                                r
                            ),
                            mulmod(t5_, t6_, r),
                            r
                        ),
                        sub(
                            r,
                            addmod(
                                mulmod(addmod(t4_, mulmod(sub(r, m_range()), t2_, r), r), t6_, r),
                                mulmod(sub(r, m_ln()), t5_, r),
                                r
                            )
                        ),
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
        }
    }
}
