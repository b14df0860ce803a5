//! How many bins a draft may have.
//!
//! Data drawn from the reference itself diverges from it by chance: by half a nat in all for each free bin,
//! the bins that occur less one for each feature, whatever the number of records (PROTOCOL section 10). Per
//! record that is `free bins / 2n`. The vault takes it off everybody's score; what is left of it is noise, so
//! it has to stay small against `n`, the records of the smallest contribution that is expected. The rule
//! here:
//!
//! - all features together have at most `n/10` free bins, so that chance makes at most a twentieth of a nat
//!   per record; but no feature has fewer than three bins;
//! - the bins are shared evenly: a feature that needs fewer leaves the rest to the others;
//! - a numeric feature has at most 32 bins: more bring the binned divergence hardly closer to the integral;
//! - a label is in at least `5/n` of the reference's records, so that five are expected in the smallest
//!   contribution (Cochran's rule), and a feature has at most 512.

/// Most bins of a numeric feature, that of missing values aside.
pub(crate) const NUMERIC_BINS: usize = 32;
/// Most labels of a categorical one.
pub(crate) const MAX_LABELS: usize = 512;
/// Fewest bins that a feature is cut down to.
pub(crate) const LEAST_BINS: usize = 3;
/// Records of the smallest contribution for each free bin.
pub(crate) const RECORDS_PER_BIN: u64 = 10;
/// Records of a label that are expected in the smallest contribution.
const EXPECTED: f64 = 5.0;
/// What a label's share of the records is at least, however few there are; and what it never has to be above.
const LEAST_SHARE: f64 = 1e-9;
const MOST_SHARE: f64 = 0.05;

/// The share of the reference's records that a label needs.
pub(crate) fn label_share(expected_records: u64) -> f64 {
    (EXPECTED / expected_records.max(1) as f64).clamp(LEAST_SHARE, MOST_SHARE)
}

/// How many free bins all features together may have.
pub(crate) fn free_bins(expected_records: u64) -> usize {
    usize::try_from(expected_records / RECORDS_PER_BIN).unwrap_or(usize::MAX)
}

/// Shares bins among features that want so many: evenly, none above what it wants, none below
/// [`LEAST_BINS`] unless it wants fewer; `total` in all, one more for each feature.
pub(crate) fn share(wants: &[usize], total: usize) -> Vec<usize> {
    let total = total.saturating_add(wants.len());
    let at = |level: usize| -> usize { wants.iter().map(|want| (*want).min(level)).sum() };
    let most = wants.iter().copied().max().unwrap_or_default();
    // The highest level that fits; sums rise with it.
    let (mut fits, mut beyond) = (LEAST_BINS.min(most), most.saturating_add(1));
    while fits + 1 < beyond {
        let middle = usize::midpoint(fits, beyond);
        if at(middle) <= total { fits = middle } else { beyond = middle }
    }
    let spare = total.saturating_sub(at(fits));
    let mut left = spare;
    let shared = wants.iter().map(|want| {
        let more = usize::from(*want > fits && left > 0);
        left -= more;
        (*want).min(fits) + more
    });
    shared.collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn bins_are_shared_evenly_and_what_is_left_goes_to_others() {
        assert_eq!(share(&[2, 32, 100], 300), [2, 32, 100]);
        // 40 free bins and one for each feature: two, and the rest in halves.
        assert_eq!(share(&[2, 32, 100], 40), [2, 21, 20]);
        // Never fewer than three, unless fewer are wanted.
        assert_eq!(share(&[2, 32, 100], 1), [2, 3, 3]);
        assert_eq!(share(&[], 9), Vec::<usize>::new());
    }

    #[test]
    fn chance_makes_a_twentieth_of_a_nat_at_most() {
        for records in [100u64, 5_000, 1_000_000] {
            assert!(free_bins(records) as f64 / (2.0 * records as f64) <= 0.05);
        }
        assert_eq!(label_share(1_000), 0.005);
        assert_eq!(label_share(10), MOST_SHARE);
    }

    proptest! {
        #[test]
        fn no_more_is_shared_than_there_is(
            wants in prop::collection::vec(1usize..600, 1..40),
            total in 0usize..5_000,
        ) {
            let shared = share(&wants, total);
            let sum: usize = shared.iter().sum();
            prop_assert!(sum <= (total + wants.len()).max(LEAST_BINS * wants.len()));
            for (want, got) in wants.iter().zip(&shared) {
                prop_assert!(got <= want && *got >= (*want).min(LEAST_BINS));
            }
            // All that is wanted, or all that there is.
            let all = wants.iter().sum::<usize>();
            prop_assert!(sum == all || sum >= (total + wants.len()).min(all));
        }
    }
}
