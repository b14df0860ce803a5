//! The data score against the exact divergence, and the guard term `n·d·2^63`.
//!
//! **What the guard gives.** Each of the four logarithms in `D` errs by less than `2^−35.9`, together by less
//! than `d·2^−33.9`; the guard adds `d·2^−33` exactly. Hence
//! `n·d·(2^−33 − 2^−33.9) < S/2^96 − n·D < n·d·(2^−33 + 2^−33.9) < n·d·2^−32`, so `S` is never negative, and
//! the score's floor takes less than 1/256 nat.

use std::collections::HashMap;
use std::slice;

use fairshare_circuits::numeric::divergence::{Divergence, FeatureCounts, divergence};
use num_bigint::{BigInt, BigUint};
use rand::Rng;

use super::histograms::{Feature, arb_feature, arb_features, arb_total, split, stretched};
use super::ln::worst_of_first_interval;
use super::real::{Real, Worst, decimal, ln, real, rng, table_ln, to_f64, two_to_tenths};

fn score(features: &[Feature]) -> Divergence {
    let views: Vec<FeatureCounts<'_>> = features.iter().map(Feature::view).collect();
    divergence(&views).expect("good counts")
}

/// `Σ_f D(P_f‖Q_f)`.
fn exact(features: &[Feature], n: u32) -> Real {
    let mut known = HashMap::new();
    let mut ln = |x| known.entry(x).or_insert_with(|| ln(x)).clone();
    let mut sum = real(0u32);
    for feature in features {
        let mut terms = real(0u32);
        for (&c, &r) in feature.counts.iter().zip(&feature.reference).filter(|&(&c, _)| c > 0) {
            terms += real(c) * (ln(c) - ln(r));
        }
        sum += terms / real(n) + ln(feature.total()) - ln(n);
    }
    sum
}

/// `S` from the recomputed table.
fn table_sum(features: &[Feature], n: u32) -> BigInt {
    let mut sum = (BigInt::from(features.len()) * n) << 63;
    for feature in features {
        for (&c, &r) in feature.counts.iter().zip(&feature.reference).filter(|&(&c, _)| c > 0) {
            sum += c * (table_ln(c) - table_ln(r));
        }
        sum += n * (table_ln(feature.total()) - table_ln(n));
    }
    sum
}

/// Scores, after checking sum and floor to the bit and the error against both bounds; returns
/// `(S/2^96 − n·D)/(n·d·2^−33)`, which the guard alone would make 1.
fn check(features: &[Feature]) -> Real {
    let n = features[0].counts.iter().sum();
    let got = score(features);
    assert_eq!(got.n, n);
    let sum = BigInt::from(got.sum);
    assert_eq!(sum, table_sum(features, n), "{features:?}");
    let unit = BigInt::from(1u32) << 88;
    let remainder = &sum - got.score * &unit;
    assert!(BigInt::ZERO <= remainder && remainder < unit, "{features:?}");

    let scale = real(n) * real(features.len() as u64);
    let total = real(n) * exact(features, n);
    let error = (decimal(&sum.to_string()) >> 96) - &total;
    let (guard, logarithms) = (scale.clone() >> 33, &scale * two_to_tenths(-339));
    assert!(error < &guard + &logarithms, "sum too high: {features:?}");
    assert!(error > &guard - &logarithms, "sum too low: {features:?}");
    let error_of_score = (real(got.score) >> 8) - total;
    let (most, step) = (scale >> 32, real(1u32) >> 8);
    assert!(error_of_score <= most && error_of_score > -step, "outside PROTOCOL's bound: {features:?}");
    error / guard
}

#[test]
fn random_histograms_score_their_divergence() {
    let mut rng = rng(81);
    let mut worst = Worst::new();
    let (mut lowest, mut highest) = (real(2u32), real(0u32));
    for _ in 0..400 {
        let features = arb_features(&mut rng);
        let ratio = check(&features);
        worst.observe(ratio.clone() >> 33, || format!("d = {}", features.len()));
        lowest = lowest.min(ratio.clone());
        highest = highest.max(ratio);
    }
    worst.print("data score - D, over d", "2^-32");
    println!("guard of 1 became {:.4} to {:.4}", to_f64(&lowest), to_f64(&highest));
}

/// All four logarithms made to err the same way: the guard loses almost half and no more, and the bound holds
/// with almost as much added.
#[test]
fn the_guard_is_enough_where_every_logarithm_errs_its_worst() {
    let mut ratios = Vec::new();
    let [low, high] = worst_of_first_interval();
    for (one, other) in [(high, low), (low, high)] {
        for d in [1, 2, 64] {
            ratios.push(to_f64(&check(&vec![stretched(one, other); d])));
        }
    }
    println!("guard of 1 became {ratios:.4?}; 2 would break the bound, 0 the sign");
    assert!(ratios[..3].iter().all(|&ratio| ratio > 1.4), "not the worst case: {ratios:?}");
    assert!(ratios[3..].iter().all(|&ratio| ratio < 0.6), "not the worst case: {ratios:?}");
}

#[test]
fn the_ends_of_every_range_score_their_divergence() {
    let full = u32::MAX;
    let wide = vec![1; 8191];
    let mut one_of_many = vec![0; 8191];
    one_of_many[8190] = full;
    let mut reference_elsewhere = wide.clone();
    reference_elsewhere[0] = full - 8190;
    for feature in [
        Feature::new(&[1], &[1]),
        Feature::new(&[full], &[1]),
        Feature::new(&[full], &[full]),
        Feature::new(&[1], &[full]),
        Feature::new(&[full, 0], &[1, full - 1]),
        Feature::new(&[0, full], &[1, full - 1]),
        Feature::new(&[1, 0], &[1, full - 1]),
        Feature::new(&[full - 1, 1], &[1, full - 1]),
        Feature::new(&[full - 1, 1], &[full - 1, 1]),
        Feature::new(&one_of_many, &reference_elsewhere),
        Feature::new(&wide, &reference_elsewhere),
        Feature::new(&reference_elsewhere, &wide),
    ] {
        check(slice::from_ref(&feature));
        check(&vec![feature; 3]);
    }
}

/// An alphabet full of bins, as one feature and as features of two bins each.
#[test]
fn a_full_alphabet_scores_its_divergence() {
    let mut rng = rng(82);
    let n = u32::MAX - 12_345;
    check(&[arb_feature(n, 8191, &mut rng)]);
    check(&(0..4095).map(|_| arb_feature(n, 2, &mut rng)).collect::<Vec<_>>());
}

/// With counts that are the reference's, or those times a power of two, every logarithm cancels: the sum is
/// the guard, `n·d·2^63`, to the bit.
#[test]
fn identical_distributions_score_the_guard_alone() {
    let mut rng = rng(83);
    for _ in 0..200 {
        let n = arb_total(&mut rng).max(20);
        let mut features: Vec<Feature> = (0..rng.gen_range(1..=5))
            .map(|_| {
                let bins = rng.gen_range(1..=20);
                let weights: Vec<u32> = (0..bins).map(|_| rng.r#gen()).collect();
                let counts = split(n - bins, &weights, &mut rng).into_iter().map(|count| count + 1);
                let counts: Vec<u32> = counts.collect();
                Feature::new(&counts, &counts)
            })
            .collect();
        let doublings = rng.gen_range(0..=n.leading_zeros());
        features.iter_mut().flat_map(|feature| &mut feature.counts).for_each(|count| *count <<= doublings);
        let got = score(&features);
        assert_eq!(got.n, n << doublings);
        assert_eq!(got.sum, guard(got.n, features.len()), "{features:?}");
    }
}

/// `n·d·2^63`.
fn guard(n: u32, d: usize) -> BigUint {
    (BigUint::from(n) * d) << 63
}

#[test]
fn multiples_of_the_reference_score_near_the_guard() {
    let mut rng = rng(84);
    for _ in 0..200 {
        let reference: Vec<u32> = (0..rng.gen_range(1..=20)).map(|_| rng.gen_range(1..10_000)).collect();
        let times = rng.gen_range(1..=20_000);
        let counts: Vec<u32> = reference.iter().map(|&count| count * times).collect();
        check(&[Feature { counts, reference }]);
    }
}

/// Of all histograms against one reference, those of its own distribution score least, up to what logarithms
/// err.
#[test]
fn no_histogram_scores_below_the_identical_one_by_more_than_the_logarithms_err() {
    let mut rng = rng(85);
    for _ in 0..2_000 {
        let feature = arb_feature(arb_total(&mut rng), rng.gen_range(1..=12), &mut rng);
        let got = score(slice::from_ref(&feature));
        assert!(got.sum * 1000u32 >= guard(got.n, 1) * 464u32, "{feature:?}");
    }
}

#[test]
fn the_order_of_bins_and_features_changes_no_bit() {
    let mut rng = rng(86);
    for _ in 0..200 {
        let features = arb_features(&mut rng);
        let mut shuffled: Vec<Feature> = features.iter().map(|feature| feature.shuffled(&mut rng)).collect();
        let turn = rng.gen_range(0..shuffled.len());
        shuffled.rotate_left(turn);
        assert_eq!(score(&shuffled), score(&features), "{features:?}");
    }
}

/// What two sums of equal divergence can differ by, for `n` records of `d` features.
fn spread(n: u32, d: usize) -> BigUint {
    // 2·2^−33.9 < 1.08·2^−33.
    guard(n, d) * 108u32 / 100u32
}

/// Uploading the same records again multiplies the sum: exactly by a power of two, and up to what logarithms
/// err otherwise. Per record it gains nothing.
#[test]
fn repeating_an_upload_gains_nothing_per_record() {
    let mut rng = rng(87);
    for _ in 0..300 {
        let n = rng.gen_range(1..1 << 28);
        let once: Vec<Feature> = (0..3).map(|_| arb_feature(n, rng.gen_range(1..=20), &mut rng)).collect();
        let before = score(&once).sum;
        for times in 2..=8 {
            let mut repeated = once.clone();
            repeated.iter_mut().flat_map(|feature| &mut feature.counts).for_each(|count| *count *= times);
            let after = score(&repeated);
            let (low, high) =
                (&after.sum.clone().min(&before * times), after.sum.clone().max(&before * times));
            assert!(high - low <= spread(after.n, 3), "{times} times {once:?}");
            if times.is_power_of_two() {
                assert_eq!(after.sum, &before * times, "{times} times {once:?}");
            }
        }
    }
}

/// Total divergence is convex: merged uploads score at most what they score apart.
#[test]
fn merging_uploads_never_gains() {
    let mut rng = rng(88);
    for _ in 0..500 {
        let bins = rng.gen_range(1..=20);
        let one = arb_feature(rng.gen_range(1..1 << 31), bins, &mut rng);
        let mut two = arb_feature(rng.gen_range(1..1 << 31), bins, &mut rng);
        two.reference.clone_from(&one.reference);
        let mut merged = one.clone();
        merged.counts.iter_mut().zip(&two.counts).for_each(|(count, more)| *count += more);

        let [one, two, merged] = [one, two, merged].map(|feature| score(&[feature]));
        assert!(merged.sum <= one.sum + two.sum + spread(merged.n, 1), "{} and {} records", one.n, two.n);
    }
}

/// Merging bins loses information, and so divergence: a coarser schema never scores more.
#[test]
fn merging_bins_never_gains() {
    let mut rng = rng(89);
    for _ in 0..500 {
        let features = arb_features(&mut rng);
        let coarser: Vec<Feature> = features.iter().map(Feature::coarsened).collect();
        let (coarser, finer) = (score(&coarser), score(&features));
        assert!(coarser.sum <= finer.sum + spread(finer.n, features.len()), "{features:?}");
    }
}

/// Where `S/2^88` is nearest to an integer from either side, among a hundred thousand pairs: the floor takes
/// the right one.
#[test]
fn the_score_is_a_floor_on_both_sides_of_an_integer() {
    let mut rng = rng(90);
    let fraction = |r: u32, total: u32| {
        let sum: u128 = (table_ln(total) - table_ln(r) + (1u64 << 63)).try_into().expect("R ≥ r");
        sum & ((1 << 88) - 1)
    };
    let mut pairs: Vec<(u32, u32)> = (0..100_000)
        .map(|_| {
            let total = rng.gen_range(2..=u32::MAX);
            (rng.gen_range(1..total), total)
        })
        .collect();
    pairs.sort_by_cached_key(|&(r, total)| fraction(r, total));
    let (just_above, just_below) = (&pairs[..20], &pairs[pairs.len() - 20..]);
    println!(
        "remainders of S by 2^88 from 2^{} to 2^88 - 2^{}",
        fraction(pairs[0].0, pairs[0].1).ilog2(),
        ((1u128 << 88) - fraction(just_below[19].0, just_below[19].1)).ilog2()
    );
    for &(r, total) in just_above.iter().chain(just_below) {
        check(&[Feature::new(&[1, 0], &[r, total - r])]);
    }
}
