// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IGates} from "../IGates.sol";

/// @title The constraints of the data-score circuit of geometry `standard`
/// @notice Generated from the constraint system by `tests/verifier/gates/`, and held to it by that test.
/// Columns and clauses have the names of the statement; above each constraint stands its polynomial.
contract DataScoreGatesStandard is IGates {
    /// @inheritdoc IGates
    bytes32 public constant constraintSystem = 0x840a5d1a54d941b06521536548dbf24c074f5e85512698d7f1f43dac858f42fa;

    /// @inheritdoc IGates
    function shape() external pure returns (bytes memory) {
        return
            hex"140302061b0a011d0402040005110712081309090a030b060c070d080e0f0f10"
            hex"10041105120114141515160d190e1a171b181c191d1a1e1b1f1c201d211e221f"
            hex"2320240b00060c01130a0203161817";
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
                let value := mulmod(s0(), add(a(), sub(r, instance_context_low())), r)
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }
            // D1 context high
            {
                // s0·(S − instance(+1))
                let value := mulmod(s0(), add(S(), sub(r, instance_context_high())), r)
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }
            // D1 records
            {
                // s0·(n − instance(+2))
                let value := mulmod(s0(), add(n(), sub(r, instance_records())), r)
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }

            // D1 instance-bound: n(next) = n
            // D1 same records
            // s0 + s1
            let t0_ := add(s0(), s1())
            {
                // (s0 + s1)·(n(+1) − n)
                let value := mulmod(t0_, add(n_next(), sub(r, n())), r)
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }

            // D2 unused-empty: (k − 1)(k − 2)·c = 0
            // k − 1
            let t1_ := add(k(), sub(r, 1))
            {
                // s1·(k − 1)·(k − 2)·c
                let value := mulmod(s1(), mulmod(mulmod(t1_, add(k(), sub(r, 2)), r), c(), r), r)
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }

            // D3 feature-totals: a(next) = k = 2 ? 0 : a + c, and a + c = n where k = 2
            // D3 running total
            // a + c
            let t2_ := add(a(), c())
            // k·(k − 1)
            let t3_ := mulmod(k(), t1_, r)
            {
                // s1·(a(+1) − (a + c)·(1 − 2^-1·k·(k − 1)))
                let value := mulmod(
                    s1(),
                    add(
                        a_next(),
                        sub(
                            r,
                            mulmod(
                                t2_,
                                add(
                                    1,
                                    sub(
                                        r,
                                        mulmod(
                                            t3_,
                                            0x183227397098d014dc2822db40c0ac2e9419f4243cdcb848a1f0fac9f8000001,
                                            r
                                        )
                                    )
                                ),
                                r
                            )
                        )
                    ),
                    r
                )
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }
            // D3 feature total
            {
                // s1·k·(k − 1)·(a + c − n)
                let value := mulmod(s1(), mulmod(t3_, add(t2_, sub(r, n())), r), r)
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }

            // D4 counts-range: c = Σ 2^(bj)·limb_j
            // c_0 + 2^13·c_1 + 2^26·c_2
            let t4_ := add(add(c_0(), mulmod(c_1(), 8192, r)), mulmod(c_2(), 67108864, r))
            {
                // s1·(c − (c_0 + 2^13·c_1 + 2^26·c_2))
                let value := mulmod(s1(), add(c(), sub(r, mod(t4_, r))), r)
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }

            // D5 logarithms: L = e·LN2 + A + B·o − C·o²
            // o0 + 2^13·o1
            let t5_ := add(o0(), mulmod(o1(), 8192, r))
            // 2^-5·(o0 + 2^13·o1)
            let t6_ := mulmod(t5_, 0x2ee12bff4a2813286a8dc388cd754d9a3ef2490635eba50cb9c2e5e750800001, r)
            {
                // (s0 + s1)·(L − (54916777467707473351141471128·e + A + (B − C·2^-5·(o0 + 2^13·o1))·2^-5·(o0 + 2^13·o1)))
                let value := mulmod(
                    t0_,
                    add(
                        L(),
                        sub(
                            r,
                            mod(
                                add(
                                    add(mulmod(e(), 0xb17217f7d1cf79abc9e3b398, r), A()),
                                    mulmod(add(B(), sub(r, mulmod(C(), t6_, r))), t6_, r)
                                ),
                                r
                            )
                        )
                    ),
                    r
                )
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }

            // D5 logarithms: c = 0 or c·p = 2^31 + i·2^21 + o
            // D5 normalised
            // 2^31 + 2^21·i + 2^-5·(o0 + 2^13·o1)
            let t7_ := add(add(2147483648, mulmod(i(), 2097152, r)), t6_)
            {
                // s1·c·(c·p − (2^31 + 2^21·i + 2^-5·(o0 + 2^13·o1)))
                let value := mulmod(s1(), mulmod(c(), add(mulmod(c(), p(), r), sub(r, mod(t7_, r))), r), r)
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }

            // D5 logarithms: n·p = 2^31 + i·2^21 + o
            // D5 normalised n
            {
                // s0·(n·p − (2^31 + 2^21·i + 2^-5·(o0 + 2^13·o1)))
                let value := mulmod(s0(), add(mulmod(n(), p(), r), sub(r, mod(t7_, r))), r)
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
                    add(add(S(), sub(r, S_next())), sub(r, mulmod(c(), add(L(), sub(r, ell())), r))),
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
                    add(
                        mulmod(S(), 8, r),
                        mulmod(
                            add(add(t5_, mulmod(c_0(), 67108864, r)), mulmod(c_1(), 0x8000000000, r)),
                            0x8000000000,
                            r
                        )
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
                    add(
                        mulmod(
                            add(
                                add(
                                    S_next(),
                                    mulmod(
                                        n(),
                                        add(
                                            instance_ln_totals(),
                                            mulmod(
                                                instance_features(),
                                                add(0x8000000000000000, sub(r, L())),
                                                r
                                            )
                                        ),
                                        r
                                    )
                                ),
                                sub(r, mulmod(instance_score(), 0x10000000000000000000000, r))
                            ),
                            8,
                            r
                        ),
                        sub(r, mod(t4_, r))
                    ),
                    r
                )
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }

            // LogUp helper: h·Π(γ − v_i) = Σ m_i·Π_{j≠i}(γ − v_j)
            // γ − θ·o0
            let t8_ := add(gamma(), sub(r, mulmod(theta(), o0(), r)))
            // γ − θ·o1
            let t9_ := add(gamma(), sub(r, mulmod(theta(), o1(), r)))
            // (γ − θ·o0)·(γ − θ·o1)
            let t10_ := mulmod(t8_, t9_, r)
            // γ − θ·c_0
            let t11_ := add(gamma(), sub(r, mulmod(theta(), c_0(), r)))
            {
                // s3·(h1·(γ − θ·o0)·(γ − θ·o1)·(γ − θ·c_0) − ((1·(γ − θ·o1) + 1·(γ − θ·o0))·(γ − θ·c_0) + 1·(γ − θ·o0)·(γ − θ·o1)))
                let value := mulmod(
                    s3(),
                    add(
                        mulmod(h1(), mulmod(t10_, t11_, r), r),
                        sub(r, mod(add(mulmod(add(t9_, t8_), t11_, r), t10_), r))
                    ),
                    r
                )
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }
            // γ − θ·c_1
            let t12_ := add(gamma(), sub(r, mulmod(theta(), c_1(), r)))
            // γ − θ·c_2
            let t13_ := add(gamma(), sub(r, mulmod(theta(), c_2(), r)))
            // (γ − θ·c_1)·(γ − θ·c_2)
            let t14_ := mulmod(t12_, t13_, r)
            // θ·θ
            let t15_ := mulmod(theta(), theta(), r)
            // θ·θ·θ
            let t16_ := mulmod(t15_, theta(), r)
            // θ·θ·θ·θ
            let t17_ := mulmod(t16_, theta(), r)
            // γ − (1 + θ·i + θ·θ·A + θ·θ·θ·B + θ·θ·θ·θ·C)
            let t18_ := add(
                gamma(),
                sub(
                    r,
                    mod(
                        add(
                            add(
                                add(add(1, mulmod(theta(), i(), r)), mulmod(t15_, A(), r)),
                                mulmod(t16_, B(), r)
                            ),
                            mulmod(t17_, C(), r)
                        ),
                        r
                    )
                )
            )
            {
                // s3·(h2·(γ − θ·c_1)·(γ − θ·c_2)·(γ − (1 + θ·i + θ·θ·A + θ·θ·θ·B + θ·θ·θ·θ·C)) − ((1·(γ − θ·c_2) + 1·(γ − θ·c_1))·(γ − (1 + θ·i + θ·θ·A + θ·θ·θ·B + θ·θ·θ·θ·C)) + 1·(γ − θ·c_1)·(γ − θ·c_2)))
                let value := mulmod(
                    s3(),
                    add(
                        mulmod(h2(), mulmod(t14_, t18_, r), r),
                        sub(r, mod(add(mulmod(add(t13_, t12_), t18_, r), t14_), r))
                    ),
                    r
                )
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }

            // LogUp sum: φ(next) = φ + Σ h + Σ m_i/(γ − v_i)
            // γ − (2 + θ·0 + θ·θ·e + θ·θ·θ·p)
            let t19_ := add(
                gamma(),
                sub(
                    r,
                    mod(
                        add(add(add(2, mulmod(theta(), 0, r)), mulmod(t15_, e(), r)), mulmod(t16_, p(), r)),
                        r
                    )
                )
            )
            // θ·t
            let t20_ := mulmod(theta(), t(), r)
            // γ − θ·t
            let t21_ := add(gamma(), sub(r, t20_))
            // (γ − (2 + θ·0 + θ·θ·e + θ·θ·θ·p))·(γ − θ·t)
            let t22_ := mulmod(t19_, t21_, r)
            // γ − (tag + θ·t + θ·θ·x0 + θ·θ·θ·x1 + θ·θ·θ·θ·x2)
            let t23_ := add(
                gamma(),
                sub(
                    r,
                    mod(
                        add(
                            add(add(add(tag(), t20_), mulmod(t15_, x0(), r)), mulmod(t16_, x1(), r)),
                            mulmod(t17_, x2(), r)
                        ),
                        r
                    )
                )
            )
            {
                // s3·((φ(+1) − φ − h1 − h2)·(γ − (2 + θ·0 + θ·θ·e + θ·θ·θ·p))·(γ − θ·t)·(γ − (tag + θ·t + θ·θ·x0 + θ·θ·θ·x1 + θ·θ·θ·θ·x2)) − ((1·(γ − θ·t) + (−m_range)·(γ − (2 + θ·0 + θ·θ·e + θ·θ·θ·p)))·(γ − (tag + θ·t + θ·θ·x0 + θ·θ·θ·x1 + θ·θ·θ·θ·x2)) + (−m_ln)·(γ − (2 + θ·0 + θ·θ·e + θ·θ·θ·p))·(γ − θ·t)))
                let value := mulmod(
                    s3(),
                    add(
                        mulmod(
                            add(add(add(phi_next(), sub(r, phi())), sub(r, h1())), sub(r, h2())),
                            mulmod(t22_, t23_, r),
                            r
                        ),
                        sub(
                            r,
                            mod(
                                add(
                                    mulmod(add(t21_, mulmod(sub(r, m_range()), t19_, r)), t23_, r),
                                    mulmod(sub(r, m_ln()), t22_, r)
                                ),
                                r
                            )
                        )
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
