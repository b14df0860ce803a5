//! Records of a job, of which there may not be more than the operator allows: a stream of a few hundred bytes
//! can hold a thousand million of them.

use fairshare_ingest::Records;
use fairshare_prover::SymbolSource;
use fairshare_prover::commit::SourceError;

/// There are more.
#[derive(Debug, thiserror::Error)]
#[error("more than {0} records")]
struct More(u64);

/// Records as symbols, up to a bound.
pub(crate) struct Bounded {
    records: Records,
    most: u64,
    is_over: bool,
}

impl Bounded {
    pub(crate) fn new(records: Records, most: u32) -> Self {
        Self { records, most: u64::from(most), is_over: false }
    }

    /// Whether there were more, and reading was stopped for that.
    pub(crate) fn is_over(&self) -> bool {
        self.is_over
    }
}

impl SymbolSource for Bounded {
    fn features(&self) -> usize {
        self.records.features()
    }

    fn most(&self) -> usize {
        SymbolSource::most(&self.records)
    }

    fn next_batch(&mut self, out: &mut Vec<u16>) -> Result<usize, SourceError> {
        let read = self.records.next_batch(out)?;
        self.is_over = self.records.records_read() > self.most;
        if self.is_over { Err(SourceError::Lost(Box::new(More(self.most)))) } else { Ok(read) }
    }

    fn records_read(&self) -> u64 {
        self.records.records_read()
    }

    fn total(&self) -> u64 {
        self.records.total_bytes()
    }

    fn done(&self) -> u64 {
        self.records.bytes_read()
    }
}
