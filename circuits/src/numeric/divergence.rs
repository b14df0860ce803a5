//! # Divergence
//!
//! The data score `n·Σ_f D(P_f‖Q_f)` in 1/256 nat, exactly as PROTOCOL section 6 defines it:
//!
//! ```text
//! S     = Σ_t c_t·(Ln(c_t) − Ln(r_t)) + n·(Σ_f Ln(R_f) − d·Ln(n)) + n·d·2^63
//! score = ⌊S / 2^88⌋
//! ```
//!
//! It is the total over all records, not a mean: noise of sampling is of the order of one nat whatever `n`
//! is, so digits beyond 1/256 nat would say nothing of the data's worth, and something of the data.
//!
//! **Why `S ≥ 0`.** With exact logarithms the first two sums are `n·2^96` times a divergence, which is never
//! negative. Each `Ln` errs by less than `2^60.1`; each of the `n·d` counted symbols meets four of them, so
//! they cost less than `n·d·2^62.1`, and the last term is `n·d·2^63`.
//!
//! **Why a score fits.** A divergence of one feature is at most `ln(2^32)`, so with `n < 2^32` and
//! `d < 2^15`, the largest alphabet, the score is below `2^60`; with `MAX_FEATURES` it is still below
//! `2^61`.

use std::fmt;
use std::num::NonZeroU32;

use num_bigint::BigUint;
use num_traits::ToPrimitive;

use super::fixed;
use super::ln;

/// Fractional bits of a score: it counts 1/256 nat.
pub const FRACTION_BITS: u32 = 8;

/// Bits of `S` that the score's floor drops.
pub const DROPPED_BITS: u32 = 88;

/// Most features that a score may have: more than any alphabet has symbols.
///
/// A sum of so many logarithms, each below `2^101`, stays within 128 bits.
pub const MAX_FEATURES: usize = 1 << 16;

/// `2^63` for each record and feature makes `S` non-negative.
const OFFSET_BITS: u32 = 63;

/// One feature's bins, in the order of its symbols. The counts are secret: no `Debug`.
#[derive(Clone, Copy)]
pub struct FeatureCounts<'a> {
    /// `c_t`: the contributor's records in each bin.
    pub counts: &'a [u32],
    /// `r_t ≥ 1`: the smoothed reference counts of the same bins.
    pub reference: &'a [u32],
}

/// A data score and what it was rounded from.
#[derive(Clone, PartialEq, Eq)]
pub struct Divergence {
    /// `n`: records.
    pub n: u32,
    /// `S`: `n·2^96` times the divergence in nats, and `n·d·2^63`. Secret: it tells more than the score does.
    pub sum: BigUint,
    /// `⌊S/2^88⌋`: the total of all records, in 1/256 nat.
    pub score: u64,
}

/// Shows what the statement publishes, and not `S`.
impl fmt::Debug for Divergence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Divergence").field("n", &self.n).field("score", &self.score).finish_non_exhaustive()
    }
}

/// Why counts have no data score. Features and bins are numbered from 0.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DivergenceError {
    /// There is nothing to sum over.
    #[error("no features: a schema has at least one")]
    NoFeatures,
    /// More than [`MAX_FEATURES`].
    #[error("more than {MAX_FEATURES} features: no geometry has an alphabet for them")]
    TooManyFeatures,
    /// Counts and reference disagree on the number of bins.
    #[error(
        "feature {feature} has {counts} counts and {reference} reference counts: both must follow one schema"
    )]
    BinsDiffer {
        /// Which feature.
        feature: usize,
        /// Number of counts given.
        counts: usize,
        /// Number of reference counts given.
        reference: usize,
    },
    /// `n = 0`.
    #[error("no records: an empty upload has no distribution")]
    NoRecords,
    /// `n ≥ 2^32`.
    #[error("{records} records: a score covers at most 2^32 - 1")]
    TooManyRecords {
        /// Records in the first feature.
        records: u64,
    },
    /// A record did not give exactly one symbol for each feature.
    #[error(
        "feature {feature} counts {got} records where feature 0 counts {expected}: each record has \
         every feature"
    )]
    RecordsDiffer {
        /// Which feature.
        feature: usize,
        /// Sum of its counts.
        got: u64,
        /// `n`: sum of the first feature's counts.
        expected: u64,
    },
    /// A feature without bins.
    #[error("feature {feature} has no bins")]
    NoBins {
        /// Which feature.
        feature: usize,
    },
    /// `r_t = 0`: the divergence would be infinite.
    #[error(
        "reference count of bin {bin} of feature {feature} is 0: smooth the reference with a \
         pseudo-count of at least 1"
    )]
    ReferenceZero {
        /// Which feature.
        feature: usize,
        /// Which of its bins.
        bin: usize,
    },
    /// `R_f ≥ 2^32`.
    #[error(
        "reference counts of feature {feature} sum to {total}: a total is at most 2^32 - 1, \
         scale the reference down"
    )]
    ReferenceTotal {
        /// Which feature.
        feature: usize,
        /// `R_f`.
        total: u64,
    },
    /// The score does not fit 64 bits. The bounds of counts and features exclude it; the check stands so that
    /// no other rule need be trusted here.
    #[error("the score exceeds 64 bits: upload fewer records")]
    ScoreOverflow,
}

/// The data score of one contributor's merged histogram.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "sums and products of big integers; S ≥ 0, as shown above, and n ≥ 1"
)]
pub fn divergence(features: &[FeatureCounts<'_>]) -> Result<Divergence, DivergenceError> {
    let ln_totals = sum_ln_totals(features.iter().map(|feature| feature.reference))?;
    let n = common_records(features)?;
    let d = features.len();

    let mut added = BigUint::from(ln_totals) * n.get();
    let mut subtracted = BigUint::from(ln::ln(n)) * d * n.get();
    for (&count, &reference) in
        features.iter().flat_map(|feature| feature.counts.iter().zip(feature.reference))
    {
        // A zero count contributes 0; zero references were refused above.
        if let (Some(count), Some(reference)) = (NonZeroU32::new(count), NonZeroU32::new(reference)) {
            added += BigUint::from(ln::ln(count)) * count.get();
            subtracted += BigUint::from(ln::ln(reference)) * count.get();
        }
    }
    added += (BigUint::from(d) * n.get()) << OFFSET_BITS;

    // Cannot underflow: S ≥ 0, as shown above.
    let sum = added - subtracted;
    let score = (&sum >> DROPPED_BITS).to_u64().ok_or(DivergenceError::ScoreOverflow)?;
    Ok(Divergence { n: n.get(), sum, score })
}

/// `⌊score·2^40 / n⌋`: the divergence per record in nats, with as many fractional bits as other scores have.
/// It is what a person is shown, and the weight under `divergence` (PROTOCOL section 10).
#[expect(clippy::arithmetic_side_effects, reason = "64 bits shifted by 40 fit 128, and n is not zero")]
pub fn per_record(score: u64, records: NonZeroU32) -> u128 {
    (u128::from(score) << (fixed::FRACTION_BITS - FRACTION_BITS)) / u128::from(records.get())
}

/// `Σ_f Ln(R_f)` over the features' smoothed reference counts: a constant of the statement.
#[expect(clippy::arithmetic_side_effects, reason = "at most 2^16 logarithms, each below 2^101")]
pub fn sum_ln_totals<'a>(references: impl Iterator<Item = &'a [u32]>) -> Result<u128, DivergenceError> {
    let mut sum = 0;
    let mut features = 0;
    for reference in references {
        if features == MAX_FEATURES {
            return Err(DivergenceError::TooManyFeatures);
        }
        sum += ln::ln(reference_total(features, reference)?);
        features += 1;
    }
    if features == 0 {
        return Err(DivergenceError::NoFeatures);
    }
    Ok(sum)
}

/// `R_f`, after checking that every `r_t` is positive.
fn reference_total(feature: usize, reference: &[u32]) -> Result<NonZeroU32, DivergenceError> {
    if let Some(bin) = reference.iter().position(|&count| count == 0) {
        return Err(DivergenceError::ReferenceZero { feature, bin });
    }
    let total = total(reference);
    let narrow = u32::try_from(total).map_err(|_| DivergenceError::ReferenceTotal { feature, total })?;
    NonZeroU32::new(narrow).ok_or(DivergenceError::NoBins { feature })
}

/// `n`, after checking that every feature counts the same records.
fn common_records(features: &[FeatureCounts<'_>]) -> Result<NonZeroU32, DivergenceError> {
    let records = features.first().map_or(0, |feature| total(feature.counts));
    for (index, feature) in features.iter().enumerate() {
        let (counts, reference) = (feature.counts.len(), feature.reference.len());
        if counts != reference {
            return Err(DivergenceError::BinsDiffer { feature: index, counts, reference });
        }
        let got = total(feature.counts);
        if got != records {
            return Err(DivergenceError::RecordsDiffer { feature: index, got, expected: records });
        }
    }
    let narrow = u32::try_from(records).map_err(|_| DivergenceError::TooManyRecords { records })?;
    NonZeroU32::new(narrow).ok_or(DivergenceError::NoRecords)
}

fn total(counts: &[u32]) -> u64 {
    counts.iter().map(|&count| u64::from(count)).sum()
}

#[cfg(test)]
mod tests {
    use std::iter;

    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn feature<'a>(counts: &'a [u32], reference: &'a [u32]) -> FeatureCounts<'a> {
        FeatureCounts { counts, reference }
    }

    fn view((counts, reference): &(Vec<u32>, Vec<u32>)) -> FeatureCounts<'_> {
        feature(counts, reference)
    }

    fn error(features: &[FeatureCounts<'_>]) -> DivergenceError {
        divergence(features).expect_err("these counts have no score")
    }

    #[test]
    fn shapes_are_checked() {
        assert_eq!(error(&[]), DivergenceError::NoFeatures);
        let good = feature(&[1, 2], &[1, 1]);
        assert_eq!(
            error(&[good, feature(&[1, 2], &[1, 1, 1])]),
            DivergenceError::BinsDiffer { feature: 1, counts: 2, reference: 3 }
        );
        assert_eq!(error(&[good, feature(&[], &[])]), DivergenceError::NoBins { feature: 1 });
        assert_eq!(error(&vec![good; MAX_FEATURES + 1]), DivergenceError::TooManyFeatures);
    }

    #[test]
    fn records_are_checked() {
        let good = feature(&[1, 2], &[1, 1]);
        assert_eq!(
            error(&[good, good, feature(&[1, 1], &[1, 1])]),
            DivergenceError::RecordsDiffer { feature: 2, got: 2, expected: 3 }
        );
        assert_eq!(error(&[feature(&[0, 0], &[1, 1])]), DivergenceError::NoRecords);
        let records = 1 << 32;
        assert_eq!(error(&[feature(&[u32::MAX, 1], &[1, 1])]), DivergenceError::TooManyRecords { records });
        assert!(divergence(&[feature(&[u32::MAX, 0], &[1, 1])]).is_ok());
    }

    #[test]
    fn references_are_checked() {
        let good = feature(&[1, 2], &[1, 1]);
        assert_eq!(
            error(&[good, feature(&[3, 0], &[1, 0])]),
            DivergenceError::ReferenceZero { feature: 1, bin: 1 }
        );
        assert_eq!(
            error(&[good, feature(&[1, 2], &[u32::MAX, 1])]),
            DivergenceError::ReferenceTotal { feature: 1, total: 1 << 32 }
        );
        assert!(divergence(&[feature(&[1, 2], &[u32::MAX - 1, 1])]).is_ok());
    }

    /// The bound that PROTOCOL names, at its edge: as many records, features and nats as there can be.
    #[test]
    fn the_largest_score_is_below_its_bound() {
        let rare = feature(&[u32::MAX, 0], &[1, u32::MAX - 1]);
        let score = divergence(&vec![rare; (1 << 15) - 2]).expect("a score").score;
        assert!(score < 1 << 60 && score > 1 << 59, "{score}");
        assert!(divergence(&vec![rare; MAX_FEATURES]).expect("a score").score < 1 << 61);
    }

    #[test]
    fn a_score_per_record_has_48_fractional_bits() {
        let records = |n| NonZeroU32::new(n).expect("positive");
        assert_eq!(per_record(256, records(1)), 1 << 48);
        assert_eq!(per_record(1, records(3)), (1 << 40) / 3);
        assert_eq!(per_record(u64::MAX, records(1)), u128::from(u64::MAX) << 40);
        assert_eq!(per_record(0, records(u32::MAX)), 0);
    }

    #[test]
    fn the_constant_sums_the_logarithms_of_totals() {
        let references: [&[u32]; 2] = [&[1, 1], &[1, 2, 1]];
        assert_eq!(sum_ln_totals(references.into_iter()), Ok(3 * ln::ln2()));
        assert_eq!(sum_ln_totals(iter::empty()), Err(DivergenceError::NoFeatures));
        assert_eq!(sum_ln_totals(iter::repeat(references[0])), Err(DivergenceError::TooManyFeatures));
        assert_eq!(
            sum_ln_totals(iter::once(&[0][..])),
            Err(DivergenceError::ReferenceZero { feature: 0, bin: 0 })
        );
    }

    #[test]
    fn debug_output_does_not_show_the_secret_sum() {
        let divergence = divergence(&[feature(&[1, 2], &[1, 1])]).expect("good counts");
        assert!(!format!("{divergence:?}").contains(&divergence.sum.to_string()));
    }

    /// A plain real-number divergence, good to a few units of `2^−48`, to hold the integers against.
    fn in_floating_point(features: &[(Vec<u32>, Vec<u32>)]) -> f64 {
        let of_feature = |(counts, reference): &(Vec<u32>, Vec<u32>)| -> f64 {
            let (n, total) = (total(counts) as f64, total(reference) as f64);
            let term = |(&c, &r): (&u32, &u32)| {
                let p = f64::from(c) / n;
                if c == 0 { 0.0 } else { p * (p / (f64::from(r) / total)).ln() }
            };
            counts.iter().zip(reference).map(term).sum()
        };
        features.iter().map(of_feature).sum()
    }

    /// Up to five features with the same number of records, spread differently.
    fn arb_features() -> impl Strategy<Value = Vec<(Vec<u32>, Vec<u32>)>> {
        let bins = vec((0u32..1_000_000, 1u32..1_000_000_000), 2..=4);
        vec(bins, 1..=5).prop_map(|features| {
            let equalised = |bins: Vec<(u32, u32)>| {
                let (mut counts, reference): (Vec<u32>, Vec<u32>) = bins.into_iter().unzip();
                counts[0] += 5_000_000 - counts.iter().sum::<u32>();
                (counts, reference)
            };
            features.into_iter().map(equalised).collect()
        })
    }

    proptest! {
        #[test]
        fn score_is_the_divergence_within_the_stated_error(features in arb_features()) {
            let views: Vec<_> = features.iter().map(view).collect();
            let Divergence { n, score, .. } = divergence(&views)?;
            let score = score as f64 / f64::from(1u32 << FRACTION_BITS);
            let scale = f64::from(n) * features.len() as f64;
            let bound = scale * (2f64.powi(-32) + 1e-12) + 1.0 / 256.0;
            prop_assert!((score - f64::from(n) * in_floating_point(&features)).abs() <= bound);
        }

        #[test]
        fn order_of_features_and_bins_does_not_matter(mut features in arb_features()) {
            let score = |features: &[(Vec<u32>, Vec<u32>)]| {
                let views: Vec<_> = features.iter().map(view).collect();
                divergence(&views)
            };
            let before = score(&features)?;
            features.reverse();
            features.iter_mut().for_each(|(counts, reference)| (counts.reverse(), reference.reverse()).0);
            prop_assert_eq!(score(&features)?, before);
        }
    }
}
