//! Where symbols come from that are committed to.

use std::error::Error;

use fairshare_ingest::{BATCH_RECORDS, IngestError, Records};

use super::{CommitError, Result};
use crate::count::{Counted, registered};
use crate::progress::Progress;

/// Why records that are read elsewhere do not all come.
pub type Lost = Box<dyn Error + Send + Sync>;

/// Why a source gives no more.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// What is read here cannot be read.
    #[error(transparent)]
    Ingest(#[from] IngestError),
    /// What is read elsewhere does not all come.
    #[error("records that are read elsewhere do not all arrive")]
    Lost(#[source] Lost),
}

impl From<SourceError> for CommitError {
    fn from(error: SourceError) -> Self {
        match error {
            SourceError::Ingest(error) => Self::Ingest(error),
            SourceError::Lost(reason) => Self::Lost(reason),
        }
    }
}

/// Records as symbols, batch by batch: read here, or elsewhere.
pub trait SymbolSource {
    /// `d`: symbols in a record.
    fn features(&self) -> usize;

    /// The most records that [`Self::next_batch`] appends.
    fn most(&self) -> usize;

    /// Appends the symbols of the next records to `out` and returns how many records those were; 0 means
    /// that there are no more.
    fn next_batch(&mut self, out: &mut Vec<u16>) -> std::result::Result<usize, SourceError>;

    /// Records handed out so far.
    fn records_read(&self) -> u64;

    /// How much there is in all, in whatever [`Self::done`] counts; 0 where that is unknown. For progress.
    fn total(&self) -> u64;

    /// How much of it was read.
    fn done(&self) -> u64;
}

impl SymbolSource for Records {
    fn features(&self) -> usize {
        self.features()
    }

    fn most(&self) -> usize {
        BATCH_RECORDS
    }

    fn next_batch(&mut self, out: &mut Vec<u16>) -> std::result::Result<usize, SourceError> {
        Ok(self.next_batch(out)?)
    }

    fn records_read(&self) -> u64 {
        self.records_read()
    }

    fn total(&self) -> u64 {
        self.total_bytes()
    }

    fn done(&self) -> u64 {
        self.bytes_read()
    }
}

/// The symbols of the next records, unless the work is to stop, or there are more than can be registered.
/// Asked after reading: Ctrl-C may have ended whoever writes into a pipe, and then what was read is cut
/// short.
pub(super) fn next_batch(
    source: &mut dyn SymbolSource,
    batch: &mut Vec<u16>,
    progress: &dyn Progress,
) -> Result<usize> {
    let read = source.next_batch(batch);
    if progress.cancelled() {
        return Err(CommitError::Cancelled);
    }
    let read = read?;
    // Before they fill the disk.
    registered(Counted::Records, source.records_read())?;
    Ok(read)
}
