//! Scores without proofs: the exact integers that a proof would show.

use std::num::NonZeroU32;

use fairshare_circuits::numeric::divergence::{DivergenceError, FeatureCounts, divergence, per_record};
use fairshare_circuits::numeric::rounds::{RoundsError, compute_score};
use fairshare_ingest::unmatched::{Unmatched, unmatched};
use fairshare_ingest::{Data, IngestError, Records, reference};
use fairshare_params::policy::Policy;

use zeroize::Zeroizing;

use crate::progress::{Progress, Silent, Task};

mod features;
pub mod plot;

pub use features::{BinScore, FeatureScore};

/// Why there is no score.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScoreError {
    /// The files cannot be read.
    #[error(transparent)]
    Ingest(#[from] IngestError),
    /// The counts are no histogram of this schema, or the score is out of range.
    #[error("the data cannot be scored")]
    Divergence(#[from] DivergenceError),
    /// The units are no history under this policy.
    #[error("the units cannot be scored")]
    Rounds(#[from] RoundsError),
    /// A count that is no 32-bit number, of records more than can be scored.
    #[error("symbol {symbol} is counted {count} times: upload fewer records, for a count stays below 2^32")]
    Count {
        /// The symbol.
        symbol: usize,
        /// Its count.
        count: u64,
    },
    /// No record at all.
    #[error("no records: there is nothing to score")]
    NoRecords,
    /// It was stopped.
    #[error("scoring was stopped; nothing was kept")]
    Cancelled,
}

/// A data score, in 1/256 nat, and the records it is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DataResult {
    /// `n`.
    pub records: NonZeroU32,
    /// The score.
    pub score: u64,
}

impl DataResult {
    /// The divergence per record in nats, 48 fractional bits.
    pub fn per_record(&self) -> u128 {
        per_record(self.score, self.records)
    }
}

/// A compute score, 48 fractional bits, and the rounds it is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ComputeResult {
    /// Rounds of the policy.
    pub rounds: usize,
    /// Units in all rounds.
    pub units: u64,
    /// The score.
    pub score: u64,
}

/// Scores the records of `data` as one dataset.
pub fn score_data<'a>(policy: &Policy, data: impl Into<Data<'a>>) -> Result<DataResult, ScoreError> {
    let counts = Zeroizing::new(reference::histogram(Records::open(data, policy.schema())?)?);
    score_counts(policy, &narrowed(&counts)?)
}

/// A score, and what it is made of: for the contributor's own eyes, because it is the histogram.
pub struct Examined {
    /// The score.
    pub result: DataResult,
    /// Each feature's part, in the schema's order.
    pub features: Vec<FeatureScore>,
    /// What of each column matched nothing in the schema.
    pub unmatched: Vec<Unmatched>,
}

/// Scores the records of `data` as one dataset, and takes the score apart.
pub fn examine<'a>(policy: &Policy, data: impl Into<Data<'a>>) -> Result<Examined, ScoreError> {
    examine_with(policy, data, &Silent)
}

/// As [`examine`], and tells how far it is. It stops within a batch of being asked to.
pub fn examine_with<'a>(
    policy: &Policy,
    data: impl Into<Data<'a>>,
    progress: &dyn Progress,
) -> Result<Examined, ScoreError> {
    let records = Records::open(data, policy.schema())?;
    let mut wide = Zeroizing::new(vec![0; policy.schema().symbol_count()]);
    progress.begin(Task::Read, records.total_bytes(), 0);
    let mut read = 0;
    let is_whole = reference::count_while(records, &mut wide, |records| {
        progress.advance(Task::Read, records.bytes_read().saturating_sub(read));
        read = records.bytes_read();
        !progress.cancelled()
    })?;
    progress.end(Task::Read);
    if !is_whole {
        return Err(ScoreError::Cancelled);
    }
    let counts = narrowed(&wide)?;
    Ok(Examined {
        result: score_counts(policy, &counts)?,
        features: features::of(policy, &counts)?,
        unmatched: unmatched(policy.schema(), &wide),
    })
}

/// Counts as the circuits have them. [`Records`] refuses 2^32 records and more, so that no count is as large.
fn narrowed(counts: &[u64]) -> Result<Zeroizing<Vec<u32>>, ScoreError> {
    // Its whole length at once: growing would leave a copy behind.
    let mut narrow = Zeroizing::new(Vec::with_capacity(counts.len()));
    for (symbol, &count) in counts.iter().enumerate() {
        narrow.push(u32::try_from(count).map_err(|_| ScoreError::Count { symbol, count })?);
    }
    Ok(narrow)
}

/// Scores a histogram, by symbol; symbols past its end have no records.
pub fn score_counts(policy: &Policy, counts: &[u32]) -> Result<DataResult, ScoreError> {
    let schema = policy.schema();
    // Its whole length at once: growing would leave a copy behind.
    let mut whole = Zeroizing::new(vec![0; counts.len().max(schema.symbol_count())]);
    whole[..counts.len()].copy_from_slice(counts);
    let features: Vec<_> = policy
        .feature_references()
        .enumerate()
        .map(|(feature, reference)| FeatureCounts { counts: &whole[schema.symbols(feature)], reference })
        .collect();
    let result = divergence(&features)?;
    let records = NonZeroU32::new(result.n).ok_or(ScoreError::NoRecords)?;
    Ok(DataResult { records, score: result.score })
}

/// Scores a node's units, from the epoch's first round on.
pub fn score_units(policy: &Policy, units: &[u32], totals: &[u32]) -> Result<ComputeResult, ScoreError> {
    let score = compute_score(units, totals, policy.compute_decay())?.score;
    let sum = units.iter().map(|units| u64::from(*units)).sum();
    Ok(ComputeResult { rounds: totals.len(), units: sum, score })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::sync::atomic::{AtomicU64, Ordering};

    use fairshare_testkit::fixture::RULES;

    use super::*;

    /// Asks for a stop after the first batch, and counts the batches.
    struct Stop(AtomicU64);

    impl Progress for Stop {
        fn begin(&self, _: Task, _: u64, _: u64) {}

        fn advance(&self, _: Task, _: u64) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }

        fn end(&self, _: Task) {}

        fn cancelled(&self) -> bool {
            true
        }
    }

    #[test]
    fn scoring_stops_after_the_batch_at_hand() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("data.csv");
        fs::write(&path, "carrier,delay\nUA,1\n".to_owned() + &"B6,2\n".repeat(20_000)).expect("written");
        let stop = Stop(AtomicU64::new(0));
        let stopped = examine_with(&RULES, &[path], &stop);
        let stopped = stopped.map(|_| ()).expect_err("stopped");
        assert!(matches!(stopped, ScoreError::Cancelled), "{stopped:?}");
        assert_eq!(stop.0.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn a_count_of_33_bits_is_refused_and_not_cut() {
        assert_eq!(*narrowed(&[0, u64::from(u32::MAX)]).expect("32 bits"), [0, u32::MAX]);
        for count in [1 << 32, u64::MAX] {
            let error = narrowed(&[7, count]).expect_err("more than 32 bits");
            assert!(matches!(error, ScoreError::Count { symbol: 1, count: found } if found == count));
        }
    }
}
