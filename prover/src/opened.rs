//! Under which keys an opening was proved: at most five a width, for six values hide five openings of a
//! column.
//!
//! Each histogram proof opens every column of its segment once (PROTOCOL section 4), and a segment has one
//! width. A proof's randomness is derived, so that proving again under the same key and derivation makes the
//! same bytes and tells nothing new; another key is another opening. So a commitment folder keeps a line for
//! each width, derivation version and key, written before the proof is begun. Lines are only ever added, in
//! one write each: of processes that add at the same time, those whose lines are among the first may prove.

use std::io;
use std::path::{Path, PathBuf};

use fairshare_params::Width;
use fairshare_params::encoding::Digest;
use fairshare_storage::files::{self, ReadError};

use crate::derivation::DERIVATION_VERSION;

/// The name of the file in a commitment folder.
pub const OPENED_FILE: &str = "opened.txt";

/// Openings of a column that its blinding hides.
pub const MOST_OPENINGS: usize = 5;

/// Longest file that is read, in bytes.
const MAX_OPENED_BYTES: u64 = 1 << 16;

/// Why an opening may not be proved.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenedError {
    /// Under as many keys as may be.
    #[error(
        "{}: segments of {width} columns were proved under {MOST_OPENINGS} verifying keys already, and a \
         proof \
         under another could tell what the data is; commit again, and register the new digest",
        path.display()
    )]
    TooOften {
        /// The file that lists them.
        path: PathBuf,
        /// Of the segments.
        width: Width,
    },
    /// The list cannot be read or added to.
    #[error("{}: the list of keys that this opening was proved under cannot be kept", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: io::Error,
    },
}

/// Notes that the segments of a width of the opening in `folder` are about to be proved under `key`, unless
/// that is known, or refuses.
pub(crate) fn open_under(folder: &Path, width: Width, key: &Digest) -> Result<(), OpenedError> {
    let path = folder.join(OPENED_FILE);
    let failed = |source| OpenedError::Io { path: path.clone(), source };
    let line = format!("{width} {DERIVATION_VERSION} {key}");
    let mut text = read(&path).map_err(failed)?;
    if !text.lines().any(|known| known == line) {
        append(&path, &text, &line).map_err(failed)?;
        text = read(&path).map_err(failed)?;
    }
    let mut first = text.lines().filter(|known| may_be_of(known, width)).take(MOST_OPENINGS);
    if first.any(|known| known == line) { Ok(()) } else { Err(OpenedError::TooOften { path, width }) }
}

/// Whether a line says that segments of a width were proved: a line that was cut short may.
fn may_be_of(line: &str, width: Width) -> bool {
    let fields: Vec<_> = line.split(' ').collect();
    match fields[..] {
        [columns, version, key] if version.parse::<u32>().is_ok() && key.parse::<Digest>().is_ok() => {
            columns.parse::<usize>().map_or(true, |columns| columns == width.columns())
        }
        _ => true,
    }
}

fn read(path: &Path) -> io::Result<String> {
    match files::read(path, MAX_OPENED_BYTES) {
        Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        Err(ReadError::Io(error)) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        Err(ReadError::Io(error)) => Err(error),
        Err(error @ ReadError::TooLong { .. }) => Err(io::Error::other(error)),
    }
}

/// The line has to reach the disk before the proof is out. Whatever was cut short stays a line of its own.
fn append(path: &Path, text: &str, line: &str) -> io::Result<()> {
    let cut = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    files::append(path, format!("{cut}{line}\n").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sixth_key_is_refused_and_the_first_five_stay_good() {
        let folder = tempfile::tempdir().expect("a folder");
        let open = |key: u8| open_under(folder.path(), Width::FOUR, &Digest([key; 32]));
        for key in [0, 1, 2, 1, 3, 4, 0] {
            open(key).expect("one of five");
        }
        for _ in 0..2 {
            assert!(matches!(open(5), Err(OpenedError::TooOften { .. })));
        }
        assert!(matches!(open(6), Err(OpenedError::TooOften { .. })));
        (0..5).for_each(|key| open(key).expect("one of five"));
        // Columns of another width are other columns.
        open_under(folder.path(), Width::SIXTEEN, &Digest([5; 32])).expect("the first of its width");
    }

    #[test]
    fn a_line_cut_short_counts() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(OPENED_FILE);
        let open = |key: u8| open_under(folder.path(), Width::FOUR, &Digest([key; 32]));
        (0..4).for_each(|key| open(key).expect("one of five"));
        let text = std::fs::read_to_string(&path).expect("lines");
        std::fs::write(&path, format!("{text}1 0x040")).expect("written");
        assert!(matches!(open(4), Err(OpenedError::TooOften { .. })));
        open(3).expect("one of five");
    }

    #[test]
    fn of_many_at_once_no_more_than_five_are_let_through() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path();
        let allowed = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..16)
                .map(|key| scope.spawn(move || open_under(path, Width::FOUR, &Digest([key; 32])).is_ok()))
                .collect();
            threads
                .into_iter()
                .map(|thread| thread.join().expect("no panic"))
                .filter(|allowed| *allowed)
                .count()
        });
        assert_eq!(allowed, MOST_OPENINGS);
    }
}
