//! Real numbers to 256 bits, the protocol's table recomputed from them, and the worst error met.

use std::array;
use std::fmt::Display;
use std::str::FromStr;
use std::sync::LazyLock;

use dashu_float::round::mode::HalfEven;
use dashu_float::{DBig, FBig};
use num_bigint::BigInt;
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

/// Binary floating point of 256 bits: errors of it are below every figure compared here by 2^100 and more.
pub type Real = FBig<HalfEven, 2>;

const PRECISION: usize = 256;

/// `2^−150`: more than sums of thousands of rounded reals are off by, and less than any figure asserted. Only
/// comparisons in which the two sides can be equal need it.
pub fn slack() -> Real {
    real(1u32) >> 150
}

/// A seeded generator; the seed is shown with a failing test's output.
pub fn rng(seed: u64) -> ChaCha20Rng {
    println!("seed {seed}");
    ChaCha20Rng::seed_from_u64(seed)
}

/// The number itself: results of mixed precisions take the larger, so every operand must carry 256 bits.
pub fn real(x: impl Into<Real>) -> Real {
    x.into().with_precision(PRECISION).value()
}

pub fn ln(x: u32) -> Real {
    real(x).ln()
}

/// `2^(tenths/10)`: PROTOCOL's bounds are powers of two with one decimal.
pub fn two_to_tenths(tenths: i32) -> Real {
    (real(2u32).ln() * real(tenths) / real(10u32)).exp()
}

/// A decimal text as the real it denotes.
pub fn decimal(text: &str) -> Real {
    let exact = DBig::from_str(text).expect("a plain decimal");
    exact.with_base_and_precision::<2>(PRECISION).value().with_rounding()
}

/// `⌊x⌋` of a non-negative real below 2^128.
pub fn floor(x: &Real) -> u128 {
    x.floor().to_int().value().try_into().expect("non-negative and below 2^128")
}

pub fn to_f64(x: &Real) -> f64 {
    x.to_f64().value()
}

/// The largest magnitude observed and where.
pub struct Worst {
    magnitude: Real,
    input: String,
}

impl Worst {
    pub fn new() -> Self {
        Self { magnitude: real(0u32), input: "nowhere".to_owned() }
    }

    pub fn observe(&mut self, error: Real, input: impl FnOnce() -> String) {
        let magnitude = if error < real(0u32) { -error } else { error };
        if magnitude > self.magnitude {
            (self.magnitude, self.input) = (magnitude, input());
        }
    }

    pub fn magnitude(&self) -> &Real {
        &self.magnitude
    }

    pub fn print(&self, name: &str, bound: impl Display) {
        println!("{name}: worst 2^{:.4} at {}, bound {bound}", to_f64(&self.magnitude).log2(), self.input);
    }
}

/// `LN2` and `[A_i, B_i, C_i]`, by PROTOCOL section 6 word for word.
pub struct Table {
    pub ln2: BigInt,
    pub intervals: Vec<[BigInt; 3]>,
}

pub static TABLE: LazyLock<Table> =
    LazyLock::new(|| Table { ln2: scaled_and_rounded(ln(2)), intervals: (0..1024).map(interval).collect() });

/// Shifting a `BigInt` right floors it, whatever its sign.
fn interval(i: u32) -> [BigInt; 3] {
    let [y_0, y_1, y_2]: [BigInt; 3] =
        array::from_fn(|j| scaled_and_rounded((real(2048 + 2 * i + j as u32) / real(2048u32)).ln()));
    let b: BigInt = -3 * &y_0 + 4 * &y_1 - &y_2 + (1 << 20);
    let c: BigInt = &y_0 - 2 * y_1 + y_2 + (1u64 << 40);
    [y_0, b >> 21, c >> 41]
}

/// `round(2^96·x)`: a logarithm of a rational other than 1 is irrational, so there are no ties.
fn scaled_and_rounded(x: Real) -> BigInt {
    let rounded: i128 = (x << 96).to_int().value().try_into().expect("logarithms here are at most ln 2");
    BigInt::from(rounded)
}

/// `Ln(x)` from the recomputed table.
pub fn table_ln(x: u32) -> BigInt {
    let e = 31 - x.leading_zeros();
    let mantissa = x << (31 - e);
    let [a, b, c] = &TABLE.intervals[((mantissa - (1 << 31)) >> 21) as usize];
    let o = mantissa & ((1 << 21) - 1);
    e * &TABLE.ln2 + a + b * o + c * o * o
}

/// Digits of `ln 2`, `ln 10` and `1/e` as published (OEIS A002162, A002392, A068985): the yardstick is
/// measured first.
#[test]
fn the_big_float_library_knows_published_digits() {
    let close = |got: Real, digits: &str| {
        let difference = to_f64(&(got - decimal(digits)));
        assert!((0.0..1e-58).contains(&difference), "{digits} is off by {difference}");
    };
    close(ln(2), "0.69314718055994530941723212145817656807550013436025525412068");
    close(ln(10), "2.3025850929940456840179914546843642076011014886287729760333");
    close((-real(1u32)).exp(), "0.36787944117144232159552377016146086744581113103176783450783");
    assert_eq!(decimal("0.375"), real(3u32) / real(8u32));
}
