//! Counting symbols: histograms without proofs, for the policy's reference and for a score estimated
//! beforehand.

use crate::error::IngestError;
use crate::records::Records;

/// Counts by symbol, from symbol 0 (padding, never counted) to the schema's last: the merged histogram `c` of
/// PROTOCOL section 5. Each feature's counts sum to the number of records.
pub fn histogram(records: Records) -> Result<Vec<u64>, IngestError> {
    let mut counts = vec![0; records.binning().symbols()];
    count_while(records, &mut counts, |_| true)?;
    Ok(counts)
}

/// Adds to counts by symbol, as [`histogram`] makes them, for as long as `goes_on` says so, which is asked
/// after every batch. Whether all records were counted.
pub fn count_while(
    mut records: Records,
    counts: &mut [u64],
    mut goes_on: impl FnMut(&Records) -> bool,
) -> Result<bool, IngestError> {
    let mut batch = Vec::new();
    while records.next_batch(&mut batch)? > 0 {
        for &symbol in &batch {
            // Symbols come from a schema of as many as there are counts.
            if let Some(count) = counts.get_mut(usize::from(symbol)) {
                *count += 1;
            }
        }
        batch.clear();
        if !goes_on(&records) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Counts by feature and bin, in the schema's order, the first of crossed columns slowest: the raw reference,
/// before the policy's pseudo-counts.
pub fn count(records: Records) -> Result<Vec<Vec<u64>>, IngestError> {
    let ranges = records.binning().features().to_vec();
    let counts = histogram(records)?;
    Ok(ranges.into_iter().map(|range| counts[range].to_vec()).collect())
}
