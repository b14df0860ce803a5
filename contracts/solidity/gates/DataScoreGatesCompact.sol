// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IGates} from "../IGates.sol";

/// @title The constraints of the data-score circuit of geometry `compact`
/// @notice Generated from the constraint system by `tests/verifier/gates/`, and held to it by that test.
/// Columns and clauses have the names of the statement; above each constraint stands its polynomial.
contract DataScoreGatesCompact is IGates {
    /// @inheritdoc IGates
    bytes32 public constant constraintSystem = 0x448183f1fb6d7f9f9b6f42e2e54f0315b51a820468a0e193b22413beef0cd378;

    /// @inheritdoc IGates
    function shape() external pure returns (bytes memory) {
        return
            hex"160402061e0a01200402040005120713081409150a090b030c060d070e080f0f"
            hex"10101111120413051401161617171818190d1c0e1d1a1e1b1f1c201d211e221f"
            hex"2320242125222623270b00060c01150a0203191b1a";
    }

    /// @inheritdoc IGates
    function evaluate(uint256[] calldata values) external pure returns (uint256 numerator) {
        if (values.length != 49 || msg.data.length != 1636) revert NotTheValues();
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
            function c_3() -> v { v := calldataload(676) }
            function L() -> v { v := calldataload(708) }
            function e() -> v { v := calldataload(740) }
            function A() -> v { v := calldataload(772) }
            function B() -> v { v := calldataload(804) }
            function C() -> v { v := calldataload(836) }
            function o0() -> v { v := calldataload(868) }
            function o1() -> v { v := calldataload(900) }
            function o2() -> v { v := calldataload(932) }
            function p() -> v { v := calldataload(964) }
            function i() -> v { v := calldataload(996) }
            function S_next() -> v { v := calldataload(1028) } // S(+1)
            function ell() -> v { v := calldataload(1060) } // ℓ
            function h1() -> v { v := calldataload(1092) }
            function h2() -> v { v := calldataload(1124) }
            function h3() -> v { v := calldataload(1156) }
            function phi_next() -> v { v := calldataload(1188) } // φ(+1)
            function phi() -> v { v := calldataload(1220) } // φ
            function m_range() -> v { v := calldataload(1252) }
            function m_ln() -> v { v := calldataload(1284) }
            function t() -> v { v := calldataload(1316) }
            function tag() -> v { v := calldataload(1348) }
            function x0() -> v { v := calldataload(1380) }
            function x1() -> v { v := calldataload(1412) }
            function x2() -> v { v := calldataload(1444) }
            function s0() -> v { v := calldataload(1476) }
            function s1() -> v { v := calldataload(1508) }
            function s2() -> v { v := calldataload(1540) }
            function s3() -> v { v := calldataload(1572) }
            function s4() -> v { v := calldataload(1604) }

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
            // c_0 + 2^10·c_1 + 2^20·c_2 + 2^30·c_3
            let t4_ := add(
                add(add(c_0(), mulmod(c_1(), 1024, r)), mulmod(c_2(), 1048576, r)),
                mulmod(c_3(), 1073741824, r)
            )
            {
                // s1·(c − (c_0 + 2^10·c_1 + 2^20·c_2 + 2^30·c_3))
                let value := mulmod(s1(), add(c(), sub(r, mod(t4_, r))), r)
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }

            // D5 logarithms: L = e·LN2 + A + B·o − C·o²
            // o0 + 2^10·o1 + 2^20·o2
            let t5_ := add(add(o0(), mulmod(o1(), 1024, r)), mulmod(o2(), 1048576, r))
            // 2^-9·(o0 + 2^10·o1 + 2^20·o2)
            let t6_ := mulmod(t5_, 0x304c1c4ba7c10759a3741d93a64097b0f99fce54557c93d8fb40049926080001, r)
            {
                // (s0 + s1)·(L − (54916777467707473351141471128·e + A + (B − C·2^-9·(o0 + 2^10·o1 + 2^20·o2))·2^-9·(o0 + 2^10·o1 + 2^20·o2)))
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
            // 2^31 + 2^21·i + 2^-9·(o0 + 2^10·o1 + 2^20·o2)
            let t7_ := add(add(2147483648, mulmod(i(), 2097152, r)), t6_)
            {
                // s1·c·(c·p − (2^31 + 2^21·i + 2^-9·(o0 + 2^10·o1 + 2^20·o2)))
                let value := mulmod(s1(), mulmod(c(), add(mulmod(c(), p(), r), sub(r, mod(t7_, r))), r), r)
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }

            // D5 logarithms: n·p = 2^31 + i·2^21 + o
            // D5 normalised n
            {
                // s0·(n·p − (2^31 + 2^21·i + 2^-9·(o0 + 2^10·o1 + 2^20·o2)))
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
                // s2·(4·S + 2^40·(o0 + 2^10·o1 + 2^20·o2 + 2^30·c_0 + 2^40·c_1))
                let value := mulmod(
                    s2(),
                    add(
                        mulmod(S(), 4, r),
                        mulmod(
                            add(add(t5_, mulmod(c_0(), 1073741824, r)), mulmod(c_1(), 0x10000000000, r)),
                            0x10000000000,
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
                // s0·(4·(S(+1) + n·(instance(+4) + instance(+3)·(2^63 − L)) − 2^88·instance(+5)) − (c_0 + 2^10·c_1 + 2^20·c_2 + 2^30·c_3))
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
                            4,
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
            // γ − θ·o2
            let t11_ := add(gamma(), sub(r, mulmod(theta(), o2(), r)))
            {
                // s3·(h1·(γ − θ·o0)·(γ − θ·o1)·(γ − θ·o2) − ((1·(γ − θ·o1) + 1·(γ − θ·o0))·(γ − θ·o2) + 1·(γ − θ·o0)·(γ − θ·o1)))
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
            // γ − θ·c_0
            let t12_ := add(gamma(), sub(r, mulmod(theta(), c_0(), r)))
            // γ − θ·c_1
            let t13_ := add(gamma(), sub(r, mulmod(theta(), c_1(), r)))
            // (γ − θ·c_0)·(γ − θ·c_1)
            let t14_ := mulmod(t12_, t13_, r)
            // γ − θ·c_2
            let t15_ := add(gamma(), sub(r, mulmod(theta(), c_2(), r)))
            {
                // s3·(h2·(γ − θ·c_0)·(γ − θ·c_1)·(γ − θ·c_2) − ((1·(γ − θ·c_1) + 1·(γ − θ·c_0))·(γ − θ·c_2) + 1·(γ − θ·c_0)·(γ − θ·c_1)))
                let value := mulmod(
                    s3(),
                    add(
                        mulmod(h2(), mulmod(t14_, t15_, r), r),
                        sub(r, mod(add(mulmod(add(t13_, t12_), t15_, r), t14_), r))
                    ),
                    r
                )
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }
            // γ − θ·c_3
            let t16_ := add(gamma(), sub(r, mulmod(theta(), c_3(), r)))
            // θ·θ
            let t17_ := mulmod(theta(), theta(), r)
            // θ·θ·θ
            let t18_ := mulmod(t17_, theta(), r)
            // θ·θ·θ·θ
            let t19_ := mulmod(t18_, theta(), r)
            // γ − (1 + θ·i + θ·θ·A + θ·θ·θ·B + θ·θ·θ·θ·C)
            let t20_ := add(
                gamma(),
                sub(
                    r,
                    mod(
                        add(
                            add(
                                add(add(1, mulmod(theta(), i(), r)), mulmod(t17_, A(), r)),
                                mulmod(t18_, B(), r)
                            ),
                            mulmod(t19_, C(), r)
                        ),
                        r
                    )
                )
            )
            // (γ − θ·c_3)·(γ − (1 + θ·i + θ·θ·A + θ·θ·θ·B + θ·θ·θ·θ·C))
            let t21_ := mulmod(t16_, t20_, r)
            // γ − (2 + θ·0 + θ·θ·e + θ·θ·θ·p)
            let t22_ := add(
                gamma(),
                sub(
                    r,
                    mod(
                        add(add(add(2, mulmod(theta(), 0, r)), mulmod(t17_, e(), r)), mulmod(t18_, p(), r)),
                        r
                    )
                )
            )
            {
                // s3·(h3·(γ − θ·c_3)·(γ − (1 + θ·i + θ·θ·A + θ·θ·θ·B + θ·θ·θ·θ·C))·(γ − (2 + θ·0 + θ·θ·e + θ·θ·θ·p)) − ((1·(γ − (1 + θ·i + θ·θ·A + θ·θ·θ·B + θ·θ·θ·θ·C)) + 1·(γ − θ·c_3))·(γ − (2 + θ·0 + θ·θ·e + θ·θ·θ·p)) + 1·(γ − θ·c_3)·(γ − (1 + θ·i + θ·θ·A + θ·θ·θ·B + θ·θ·θ·θ·C))))
                let value := mulmod(
                    s3(),
                    add(
                        mulmod(h3(), mulmod(t21_, t22_, r), r),
                        sub(r, mod(add(mulmod(add(t20_, t16_), t22_, r), t21_), r))
                    ),
                    r
                )
                numerator := addmod(mulmod(numerator, y, r), value, r)
            }

            // LogUp sum: φ(next) = φ + Σ h + Σ m_i/(γ − v_i)
            // θ·t
            let t23_ := mulmod(theta(), t(), r)
            // γ − θ·t
            let t24_ := add(gamma(), sub(r, t23_))
            // γ − (tag + θ·t + θ·θ·x0 + θ·θ·θ·x1 + θ·θ·θ·θ·x2)
            let t25_ := add(
                gamma(),
                sub(
                    r,
                    mod(
                        add(
                            add(add(add(tag(), t23_), mulmod(t17_, x0(), r)), mulmod(t18_, x1(), r)),
                            mulmod(t19_, x2(), r)
                        ),
                        r
                    )
                )
            )
            {
                // s3·((φ(+1) − φ − h1 − h2 − h3)·(γ − θ·t)·(γ − (tag + θ·t + θ·θ·x0 + θ·θ·θ·x1 + θ·θ·θ·θ·x2)) − ((−m_range)·(γ − (tag + θ·t + θ·θ·x0 + θ·θ·θ·x1 + θ·θ·θ·θ·x2)) + (−m_ln)·(γ − θ·t)))
                let value := mulmod(
                    s3(),
                    add(
                        mulmod(
                            add(
                                add(add(add(phi_next(), sub(r, phi())), sub(r, h1())), sub(r, h2())),
                                sub(r, h3())
                            ),
                            mulmod(t24_, t25_, r),
                            r
                        ),
                        sub(
                            r,
                            mod(add(mulmod(sub(r, m_range()), t25_, r), mulmod(sub(r, m_ln()), t24_, r)), r)
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
