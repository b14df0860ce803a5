//! Counting symbols: histograms without proofs, for the policy's reference and for a score estimated
//! beforehand.

use crate::error::IngestError;
use crate::records::Records;

/// Counts by symbol, from symbol 0 (padding, never counted) to the schema's last: the merged histogram `c` of
/// PROTOCOL section 5. Each feature's counts sum to the number of records.
pub fn histogram(mut records: Records) -> Result<Vec<u64>, IngestError> {
    let mut counts = vec![0; records.binning().symbols()];
    let mut batch = Vec::new();
    while records.next_batch(&mut batch)? > 0 {
        for &symbol in &batch {
            // Symbols come from the same schema that sized the counts.
            counts[usize::from(symbol)] += 1;
        }
        batch.clear();
    }
    Ok(counts)
}

/// Counts by feature and bin, in the schema's order, the first of crossed columns slowest: the raw reference,
/// before the policy's pseudo-counts.
pub fn count(records: Records) -> Result<Vec<Vec<u64>>, IngestError> {
    let ranges = records.binning().features().to_vec();
    let counts = histogram(records)?;
    Ok(ranges.into_iter().map(|range| counts[range].to_vec()).collect())
}
