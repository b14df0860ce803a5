//! The ends of every domain and what lies past them: neither a panic nor a wrapped word, but a value or an
//! error.

use fairshare_circuits::numeric::decay::{Decay, DecayError, MAX_ROUND, MIN_LAMBDA};
use fairshare_circuits::numeric::divergence::{
    DivergenceError, FeatureCounts, MAX_FEATURES, divergence, sum_ln_totals,
};
use fairshare_circuits::numeric::rounds::{RoundsError, compute_score, share};
use num_bigint::BigUint;

use super::real::table_ln;

const FULL: u32 = u32::MAX;

fn decay(lambda: &str) -> Decay {
    Decay::from_decimal(lambda).expect("an admissible λ")
}

/// As many features as there may be, each with the largest `n` and the largest `R`: the widest sums there
/// are.
#[test]
fn the_most_features_of_the_most_records_keep_every_bit() {
    let reference = [1, FULL - 1];
    let feature = FeatureCounts { counts: &reference, reference: &reference };
    let got = divergence(&vec![feature; MAX_FEATURES]).expect("identical distributions score the guard");
    let guard = (BigUint::from(FULL) * MAX_FEATURES) << 63;
    assert_eq!((got.n, BigUint::from(got.score)), (FULL, &guard >> 88));
    assert_eq!(got.sum, guard);

    let totals = sum_ln_totals(vec![&reference[..]; MAX_FEATURES].into_iter()).expect("as many as allowed");
    assert_eq!(BigUint::from(totals), (table_ln(FULL) * MAX_FEATURES).to_biguint().expect("positive"));

    let far = FeatureCounts { counts: &[FULL, 0], reference: &reference };
    let farthest = divergence(&vec![far; MAX_FEATURES]).expect("a score").score;
    assert!((1 << 60..1 << 61).contains(&farthest), "{farthest}");
}

/// Totals of a whole alphabet of full counts need 45 bits: cut to 32 they would look like an honest total.
#[test]
fn totals_past_the_domain_are_named_and_not_wrapped() {
    let full = vec![FULL; 8191];
    let ones = vec![1; 8191];
    let total = u64::from(FULL) * 8191;
    let of = |counts: &[u32], reference: &[u32]| divergence(&[FeatureCounts { counts, reference }]).err();
    assert_eq!(of(&full, &ones), Some(DivergenceError::TooManyRecords { records: total }));
    assert_eq!(of(&ones, &full), Some(DivergenceError::ReferenceTotal { feature: 0, total }));

    // 2^32 and 2^32 + 1, which wrapping would read as 0 and 1.
    for (counts, records) in [([FULL, 1], 1 << 32), ([FULL, 2], (1 << 32) + 1)] {
        assert_eq!(of(&counts, &[1, 1]), Some(DivergenceError::TooManyRecords { records }));
        assert_eq!(
            of(&[1, 1], &counts),
            Some(DivergenceError::ReferenceTotal { feature: 0, total: records })
        );
    }
    // A second feature whose count agrees with the first only modulo 2^32.
    let [one, wrapped] = [[1, 0], [FULL, 2]].map(|counts| (counts, [1, 1]));
    let features = [&one, &wrapped].map(|(counts, reference)| FeatureCounts { counts, reference });
    let got = (1 << 32) + 1;
    let differ = DivergenceError::RecordsDiffer { feature: 1, got, expected: 1 };
    assert_eq!(divergence(&features).err(), Some(differ));
}

/// Full shares at the fastest and the slowest decay, over as many rounds as the largest shape holds and more.
#[test]
fn the_longest_histories_of_full_shares_score() {
    // The second is ⌊Σ_x decay_x/2^40⌋, as λ_q is 2^24: summed apart.
    for (lambda, rounds, expected) in
        [("1000", 1 << 14, 1000 << 48), (MIN_LAMBDA, 1 << 20, 17_053_707_241_786)]
    {
        let full = vec![FULL; rounds];
        let score = compute_score(&full, &full, &decay(lambda)).map(|score| score.score);
        assert_eq!(score, Ok(expected), "λ = {lambda}");
    }
}

#[test]
fn what_is_past_the_domain_of_rounds_is_an_error() {
    let fastest = decay("1000");
    for total in [0, 1, FULL - 1] {
        assert!(
            share(FULL, total).is_err_and(|error| (error.units, error.total) == (FULL, total)),
            "{total}"
        );
    }
    let source = share(FULL, FULL - 1).expect_err("more than the whole");
    let units_above_total = RoundsError::UnitsAboveTotal { round: 1, source };
    assert_eq!(compute_score(&[0, FULL], &[0, FULL - 1], &fastest), Err(units_above_total));
    for round in [MAX_ROUND + 1, 1 << 32, u64::MAX] {
        assert_eq!(fastest.at(round), Err(DecayError::RoundTooFar { round }));
    }
}

/// `2^−24` and its neighbour, 1000 and its neighbour, that 40 characters can write.
#[test]
fn the_ends_of_lambda_are_exact() {
    assert_eq!(Decay::from_decimal(MIN_LAMBDA).map(|decay| decay.lambda_q()), Ok(1 << 24));
    assert_eq!(MIN_LAMBDA.parse(), Ok((-24f64).exp2()));
    let too_small = "0.00000005960464477539062499999999999999";
    assert_eq!(Decay::from_decimal(too_small), Err(DecayError::TooSmall { lambda: too_small.to_owned() }));

    let last = Decay::from_decimal("1000.00000000000000000000000000000000000");
    assert_eq!(last.map(|decay| decay.lambda_q()), Ok(1000 << 48));
    let too_large = "1000.00000000000000000000000000000000001";
    assert_eq!(Decay::from_decimal(too_large), Err(DecayError::TooLarge { lambda: too_large.to_owned() }));
}
