//! A data score, taken apart: by feature, and by bin.
//!
//! A score is a sum over features, and each feature's part is a score of its own: the same function computes
//! it. What a single bin adds, and takes away, is for the eye and in floating point.

use std::num::NonZeroU32;

use fairshare_circuits::numeric::divergence::{FeatureCounts, divergence, per_record};
use fairshare_params::policy::Policy;

use super::ScoreError;

/// One feature's part of a score. It holds the counts, so it has no `Debug`.
pub struct FeatureScore {
    /// The feature's name.
    pub name: String,
    /// Its divergence over all records, in 1/256 nat. The sum over the features is the score, or less by
    /// fewer units than there are features: each is rounded down.
    pub score: u64,
    /// Its divergence per record in nats, 48 fractional bits.
    pub per_record: u128,
    /// Its bins, in the schema's order.
    pub bins: Vec<BinScore>,
}

/// One bin of a feature.
pub struct BinScore {
    /// What it is called.
    pub name: String,
    /// The contributor's records in it.
    pub records: u32,
    /// Their share of all.
    pub share: f64,
    /// The share of the smoothed reference.
    pub reference_share: f64,
    /// What it adds to the divergence per record, in nats: `p·ln(p/q)`, below 0 where the contributor has
    /// less of it than the reference.
    pub nats: f64,
}

/// The parts of a histogram's score, by symbol; symbols past its end have no records.
pub(super) fn of(policy: &Policy, counts: &[u32]) -> Result<Vec<FeatureScore>, ScoreError> {
    let schema = policy.schema();
    let features = schema.features().iter().zip(policy.feature_references());
    let parts = features.enumerate().map(|(index, (feature, reference))| {
        let counts = counts.get(schema.symbols(index)).unwrap_or_default();
        let result = divergence(&[FeatureCounts { counts, reference }])?;
        let records = NonZeroU32::new(result.n).ok_or(ScoreError::NoRecords)?;
        let total: u64 = reference.iter().map(|&count| u64::from(count)).sum();
        let bins = counts.iter().zip(reference).enumerate().map(|(bin, (&count, &reference))| {
            let (share, reference_share) =
                (f64::from(count) / f64::from(records.get()), f64::from(reference) / total as f64);
            let nats = if count == 0 { 0.0 } else { share * (share / reference_share).ln() };
            BinScore { name: feature.bin_name(bin), records: count, share, reference_share, nats }
        });
        Ok(FeatureScore {
            name: feature.name().to_owned(),
            score: result.score,
            per_record: per_record(result.score, records),
            bins: bins.collect(),
        })
    });
    parts.collect()
}

impl FeatureScore {
    /// The bins that add most to the divergence, largest first; none that adds nothing.
    pub fn largest(&self, most: usize) -> Vec<&BinScore> {
        let mut bins: Vec<_> = self.bins.iter().filter(|bin| bin.nats > 0.0).collect();
        bins.sort_by(|a, b| b.nats.total_cmp(&a.nats));
        bins.truncate(most);
        bins
    }
}

#[cfg(test)]
mod tests {
    use fairshare_testkit::fixture::RULES;

    use super::*;

    /// Carriers are symbols 1 to 4, delays 5 to 9; 100 records.
    fn parts() -> Vec<FeatureScore> {
        of(&RULES, &[0, 70, 20, 10, 0, 0, 100, 0, 0, 0]).expect("a score")
    }

    #[test]
    fn the_parts_add_up_to_the_score() {
        let parts = parts();
        let counts = [0, 70, 20, 10, 0, 0, 100, 0, 0, 0];
        let whole = super::super::score_counts(&RULES, &counts).expect("a score").score;
        let sum: u64 = parts.iter().map(|part| part.score).sum();
        assert!(sum <= whole && whole - sum < parts.len() as u64, "{sum} of {whole}");
        for part in &parts {
            let nats: f64 = part.bins.iter().map(|bin| bin.nats).sum();
            let exact = part.per_record as f64 / (1u64 << 48) as f64;
            assert!((nats - exact).abs() <= 1.0 / (256.0 * 100.0) + 1e-9, "{}: {nats} {exact}", part.name);
            let shares = part.bins.iter().map(|bin| bin.share).sum::<f64>();
            let reference = part.bins.iter().map(|bin| bin.reference_share).sum::<f64>();
            assert!((shares - 1.0).abs() < 1e-12 && (reference - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn a_bin_has_its_name_and_what_it_adds() {
        let [carrier, delay] = &parts()[..] else { panic!("two features") };
        let names: Vec<_> = carrier.bins.iter().map(|bin| bin.name.as_str()).collect();
        assert_eq!((carrier.name.as_str(), names), ("carrier", vec!["UA", "B6", "(other)", "(missing)"]));
        // Ten, twenty, thirty and none, and two for each.
        let ua = &carrier.bins[0];
        let expected = 0.7 * (0.7f64 / (12.0 / 68.0)).ln();
        assert!((ua.nats - expected).abs() < 1e-12 && ua.records == 70);
        // Of what the contributor has less than the reference nothing is listed.
        let largest: Vec<_> = carrier.largest(9).iter().map(|bin| bin.name.as_str()).collect();
        assert_eq!(largest, ["UA"]);
        assert_eq!(delay.largest(9)[0].name, "-5 to 0.5");
        assert!(delay.largest(0).is_empty());
    }
}
