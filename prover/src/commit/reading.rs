//! Reading records and committing to them at the same time.
//!
//! One thread reads, bins and writes the opening; the caller commits to the segments that are full. So reading costs
//! nothing as long as committing takes longer, and a machine of many cores is held up by reading alone. A segment waits
//! at most until the one before it is committed to, so that memory stays that of four segments of symbols.

use std::path::Path;
use std::sync::mpsc::{SyncSender, sync_channel};

use zeroize::Zeroizing;

use super::{Result, io_error};
use crate::ingest::{BATCH_RECORDS, Records};
use crate::opening::Writer;
use crate::progress::{Progress, Task};

/// The symbols of a segment.
type Symbols = Zeroizing<Vec<u16>>;

/// Where records come from, and where their symbols are kept.
pub(super) struct Reader<'a> {
    /// The records.
    pub records: &'a mut Records,
    /// The opening that is being written.
    pub opening: &'a mut Writer,
    /// Its path.
    pub path: &'a Path,
    /// Symbols of a full segment.
    pub capacity: usize,
    /// Hears how many bytes were read.
    pub progress: &'a dyn Progress,
}

impl Reader<'_> {
    /// Hands all records to `take`, segment by segment, for as long as it answers `true`. The answer is the last one.
    ///
    /// If reading fails, `take` has had every full segment before the failure.
    pub(super) fn segments(self, mut take: impl FnMut(&[u16]) -> Result<bool>) -> Result<bool> {
        std::thread::scope(|scope| {
            let (full, segments) = sync_channel(1);
            let reader = scope.spawn(move || self.read(&full));
            let mut taken = segments.iter().map(|symbols: Symbols| take(&symbols));
            let stopped = taken.find(|answer| !matches!(answer, Ok(true)));
            // Before the reader is waited for: it may be waiting for room.
            drop(segments);
            let read = reader.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            match stopped {
                Some(answer) => answer,
                None => read.map(|()| true),
            }
        })
    }

    /// Reads to the end, or until nobody takes segments any more.
    fn read(self, full: &SyncSender<Symbols>) -> Result<()> {
        // All the room that is ever needed: growing would leave copies of symbols behind.
        let room = self.capacity + BATCH_RECORDS * self.records.features();
        let mut pending = Zeroizing::new(Vec::with_capacity(room));
        let mut bytes = 0;
        loop {
            let written = pending.len();
            let read = self.records.next_batch(&mut pending)?;
            self.opening.symbols(&pending[written..]).map_err(io_error(self.path))?;
            self.progress.advance(Task::Commit, self.records.bytes_read().saturating_sub(bytes));
            bytes = self.records.bytes_read();
            while pending.len() >= self.capacity || (read == 0 && !pending.is_empty()) {
                let end = pending.len().min(self.capacity);
                if full.send(Zeroizing::new(pending[..end].to_vec())).is_err() {
                    return Ok(());
                }
                pending.drain(..end);
            }
            if read == 0 {
                return Ok(());
            }
        }
    }
}
