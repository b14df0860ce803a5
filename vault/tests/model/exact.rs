//! Scores and weights in exact rationals, written from PROTOCOL sections 6, 7 and 10 and from nothing else.

use num_bigint::BigInt;
use num_rational::BigRational;

use crate::cast::Plain;

/// A whole number.
pub fn whole(number: impl Into<BigInt>) -> BigRational {
    BigRational::from_integer(number.into())
}

/// `2^exponent`.
pub fn power(exponent: u32) -> BigRational {
    whole(BigInt::from(1) << exponent)
}

fn thousandths(number: u64) -> BigRational {
    BigRational::new(number.into(), 1_000.into())
}

/// Bits of a logarithm before it is rounded to 96.
const WORKING: u32 = 256;

/// `ln(numerator/denominator)`, as far as [`WORKING`] bits go: `2·atanh z` with `z = (a−b)/(a+b)`.
fn ln(numerator: u64, denominator: u64) -> BigRational {
    let (sum, difference) = (BigInt::from(numerator + denominator), BigInt::from(numerator - denominator));
    let mut term = (BigInt::from(2) << WORKING) * &difference / &sum;
    let mut total = BigInt::ZERO;
    for odd in (1u32..).step_by(2) {
        if term == BigInt::ZERO {
            break;
        }
        total += &term / odd;
        term = term * &difference * &difference / (&sum * &sum);
    }
    BigRational::new(total, BigInt::from(1) << WORKING)
}

fn rounded96(value: BigRational) -> BigRational {
    (value * power(96) + BigRational::new(1.into(), 2.into())).floor()
}

/// `Ln(x)`.
fn ln_of(x: u64) -> BigRational {
    let e = 63 - x.leading_zeros();
    let scaled = x << (31 - e);
    let (i, o) = ((scaled - (1 << 31)) >> 21, scaled & ((1 << 21) - 1));
    let y = |j: u64| rounded96(ln(2_048 + 2 * i + j, 2_048));
    let [y0, y1, y2] = [0, 1, 2].map(y);
    let b = (whole(-3) * &y0 + whole(4) * &y1 - &y2 + power(20)) / power(21);
    let c = (&y0 - whole(2) * &y1 + &y2 + power(40)) / power(41);
    let (b, c, o) = (b.floor(), c.floor(), whole(o));
    whole(e) * rounded96(ln(2, 1)) + y0 + b * &o + c * &o * &o
}

/// Reference counts of `carrier` and `delay`, before 2 is added to each.
const REFERENCE: [&[u64]; 2] = [&[10, 20, 30, 0], &[1, 2, 3, 4, 5]];

/// The bins of one record: `delay`, then `carrier`, as a line of a file has them.
fn bins(line: &str) -> [usize; 2] {
    let (delay, carrier) = line.split_once(',').expect("two cells");
    let carrier = match carrier {
        "UA" => 0,
        "B6" => 1,
        "" => 3,
        _ => 2,
    };
    let delay = match delay.parse::<i64>() {
        Err(_) => 4,
        Ok(..-5) => 0,
        Ok(-5..=0) => 1,
        Ok(1..=29) => 2,
        Ok(_) => 3,
    };
    [carrier, delay]
}

/// The data score of these files together, in 1/256 nat, and their records.
pub fn data_score<'a>(texts: impl Iterator<Item = &'a str>) -> (u64, u64) {
    let mut counts = REFERENCE.map(|feature| vec![0u64; feature.len()]);
    let mut records = 0;
    for line in texts.flat_map(|text| text.lines().skip(1)) {
        records += 1;
        for (feature, bin) in bins(line).into_iter().enumerate() {
            counts[feature][bin] += 1;
        }
    }
    let n = whole(records);
    let mut sum = &n * whole(2) * power(63) - &n * whole(2) * ln_of(records);
    for (counts, reference) in counts.iter().zip(REFERENCE) {
        sum += &n * ln_of(reference.iter().map(|count| count + 2).sum());
        for (count, reference) in counts.iter().zip(reference).filter(|(count, _)| **count > 0) {
            sum += whole(*count) * (ln_of(*count) - ln_of(reference + 2));
        }
    }
    let score = (sum / power(88)).floor().to_integer();
    (score.try_into().expect("below 2^60"), records)
}

/// `λ_q`.
fn lambda_q(lambda: u64) -> BigRational {
    (thousandths(lambda) * power(48)).floor()
}

/// `ρ = ⌊e^(−λ)·2^64⌋`.
fn rho(lambda: u64) -> BigRational {
    let (lambda, mut term, mut sum) = (thousandths(lambda), whole(1), whole(0));
    for step in 1..60 {
        sum += &term;
        term = term * -&lambda / whole(step);
    }
    (sum * power(64)).floor()
}

/// The compute score, 48 fractional bits: `units` and `totals` by round.
pub fn compute_score(rules: &Plain, units: &[u32], totals: &[u64]) -> u64 {
    let (rho, mut decay, mut sum) = (rho(rules.lambda[1]), power(64), whole(0));
    for (units, total) in units.iter().zip(totals) {
        if *total > 0 {
            sum += (whole(*units) * power(32) / whole(*total)).floor() * &decay;
        }
        decay = (decay * &rho / power(64)).floor();
    }
    let score = (lambda_q(rules.lambda[1]) * sum / power(96)).floor().to_integer();
    score.try_into().expect("below 2^64")
}

/// `fade`.
fn fade(lambda: u64, rounds: u64) -> BigRational {
    let (mut fade, mut square) = (power(64), rho(lambda));
    for bit in 0..64 {
        if rounds >> bit & 1 == 1 {
            fade = (fade * &square / power(64)).floor();
        }
        square = (&square * &square / power(64)).floor();
    }
    fade
}

/// What data weighs, by the latest round of the datasets that a bundle covers.
pub fn data_weight(rules: &Plain, score: u64, records: u64, latest: u64) -> BigRational {
    let (score, records) = (whole(score), whole(records));
    let g = match rules.cap {
        None => (score * power(40) / records).floor(),
        Some(cap) => {
            let cap = (thousandths(cap) * power(48)).floor();
            let most = (records * cap / power(40)).floor();
            // Bins that occur in the reference, less one for each feature: 3 − 1 and 5 − 1.
            (score.min(most) - whole(6) * power(7)).max(whole(0))
        }
    };
    lambda_q(rules.lambda[0]) * g * fade(rules.lambda[0], latest - rules.window)
}
