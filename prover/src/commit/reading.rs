//! Reading records and committing to them at the same time.
//!
//! One thread reads, bins and writes the opening; the caller commits to the segments that are full. So
//! reading costs nothing as long as committing takes longer, and a machine of many cores is held up by
//! reading alone. A segment waits at most until the one before it is committed to, so that memory stays that
//! of four segments of symbols.

use std::path::Path;
use std::sync::mpsc::{SyncSender, sync_channel};

use fairshare_ingest::{BATCH_RECORDS, Records};
use zeroize::Zeroizing;

use super::{Result, io_error};
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
    /// Hands all records to `take`, segment by segment, for as long as it answers `true`. The answer is the
    /// last one.
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

#[cfg(test)]
mod tests {
    use std::fs;

    use fairshare_params::schema::{Feature, Rule, Schema};

    use super::*;
    use crate::commit::CommitError;
    use crate::opening::fresh_seed;
    use crate::progress::Silent;

    /// More than [`BATCH_RECORDS`], so that segments and batches do not end together.
    const CAPACITY: usize = 10_000;

    /// Reads `rows` records of one symbol, the last of them `last`, and hands them to `take`.
    fn read(rows: usize, last: &str, take: impl FnMut(&[u16]) -> Result<bool>) -> Result<bool> {
        let folder = tempfile::tempdir().expect("a folder");
        let [data, path] = ["data.csv", "opening.bin"].map(|name| folder.path().join(name));
        let text = (1..rows).map(|row| format!("{}\n", row % 7)).collect::<String>();
        fs::write(&data, format!("x\n{text}{last}\n")).expect("written");
        let rule = Rule::Numeric { edges: vec![1.0, 2.0, 3.0, 4.0, 5.0] };
        let schema = Schema::new(vec![Feature { name: "x".into(), rule }], 1 << 10).expect("a schema");
        let mut records = Records::open(&[data], &schema).expect("records");
        let mut opening = Writer::begin(&path, fresh_seed().expect("a seed")).expect("an opening");
        let reader = Reader {
            records: &mut records,
            opening: &mut opening,
            path: &path,
            capacity: CAPACITY,
            progress: &Silent,
        };
        reader.segments(take)
    }

    #[test]
    fn segments_are_whole_but_for_the_last_and_in_order() {
        let mut all = Vec::new();
        let mut lengths = Vec::new();
        let taken = read(35_000, "6", |symbols| {
            lengths.push(symbols.len());
            all.extend_from_slice(symbols);
            Ok(true)
        });
        assert!(taken.expect("all is read"));
        assert_eq!(lengths, [CAPACITY, CAPACITY, CAPACITY, 5_000]);
        let bin = |row: usize| (row % 7).min(5) as u16 + 1;
        assert!(all[..34_999].iter().enumerate().all(|(index, symbol)| *symbol == bin(index + 1)));
    }

    #[test]
    fn a_bad_record_comes_after_the_segments_before_it() {
        let mut segments = 0;
        let error = read(35_000, "no number", |_| {
            segments += 1;
            Ok(true)
        });
        assert!(matches!(error, Err(CommitError::Ingest(_))), "{error:?}");
        assert_eq!(segments, 3);
    }

    /// The reader is far ahead by then, and waits for room.
    #[test]
    fn whoever_takes_can_stop_and_their_error_counts() {
        let mut segments = 0;
        let stopped = read(200_000, "6", |_| {
            segments += 1;
            Ok(segments < 2)
        });
        assert!(!stopped.expect("no error"));
        assert_eq!(segments, 2);
        let busy = || CommitError::Busy { folder: "elsewhere".into() };
        let failed = read(200_000, "no number", |_| Err(busy()));
        assert!(matches!(failed, Err(CommitError::Busy { .. })), "{failed:?}");
    }
}
