//! Under which keys an opening was proved: at most five a width, for six values hide five openings of a
//! column.
//!
//! Each histogram proof opens every column of its segment once (PROTOCOL section 4), and a segment has one
//! width. A proof's randomness is derived, so that proving again under the same key and derivation makes the
//! same bytes and tells nothing new; another key is another opening. So a commitment folder keeps a line for
//! each width, derivation version and key, written before the proof is begun.

use std::fmt;
use std::path::{Path, PathBuf};

use fairshare_params::Width;
use fairshare_params::encoding::Digest;

use crate::derivation::DERIVATION_VERSION;
use crate::uses::{Use, UseListError, note};

/// The name of the file in a commitment folder.
pub const OPENED_FILE: &str = "opened.txt";

/// Openings of a column that its blinding hides.
pub const MOST_OPENINGS: usize = 5;

/// Why an opening may not be proved.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenedError {
    /// Under as many keys as may be.
    #[error(
        "{}: segments of {width} columns were proved under {MOST_OPENINGS} verifying keys already, and a \
         proof under another could tell what the data is; commit again, and register the new digest",
        path.display()
    )]
    TooOften {
        /// The file that lists them.
        path: PathBuf,
        /// Of the segments.
        width: Width,
    },
    /// The list cannot be kept.
    #[error(transparent)]
    List(#[from] UseListError),
}

/// A key that the segments of a width were proved under, as their number of columns.
#[derive(Debug, PartialEq, Eq)]
struct Opened {
    columns: usize,
    version: u32,
    key: Digest,
}

impl fmt::Display for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { columns, version, key } = self;
        write!(f, "{columns} {version} {key}")
    }
}

impl Use for Opened {
    const FILE: &str = OPENED_FILE;
    const INSTEAD: &'static str =
        "without it the opening proves nothing more; commit again and register the new digest";

    fn parse(fields: &[&str]) -> Option<Self> {
        let [columns, version, key] = fields else { return None };
        let (columns, version) = (columns.parse().ok()?, version.parse().ok()?);
        Some(Self { columns, version, key: key.parse().ok()? })
    }
}

/// Notes that the segments of a width of the opening in `folder` are about to be proved under `key`, unless
/// that is known, or refuses.
pub(crate) fn open_under(folder: &Path, width: Width, key: &Digest) -> Result<(), OpenedError> {
    let new = Opened { columns: width.columns(), version: DERIVATION_VERSION, key: *key };
    note(folder, &new, |opened| {
        // Lists of older programs have keys that were refused, after those that were proved under.
        let of_width = opened.iter().filter(|known| known.columns == new.columns);
        let first: Vec<_> = of_width.take(MOST_OPENINGS).collect();
        if first.contains(&&new) || first.len() < MOST_OPENINGS {
            Ok(())
        } else {
            Err(OpenedError::TooOften { path: folder.join(OPENED_FILE), width })
        }
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::uses::tests::{allowed_at_once, opening};

    #[test]
    fn a_sixth_key_is_refused_and_the_first_five_stay_good() {
        let folder = opening();
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
    fn a_sixth_key_that_an_older_program_noted_and_refused_is_refused() {
        let folder = opening();
        let line = |key: u8| format!("4 {DERIVATION_VERSION} {}\n", Digest([key; 32]));
        let text: String = (0..6).map(line).collect();
        fs::write(folder.path().join(OPENED_FILE), text).expect("written");
        let open = |key: u8| open_under(folder.path(), Width::FOUR, &Digest([key; 32]));
        (0..5).for_each(|key| open(key).expect("one of five"));
        assert!(matches!(open(5), Err(OpenedError::TooOften { .. })));
    }

    #[test]
    fn a_list_that_lost_a_line_is_refused() {
        let folder = opening();
        let path = folder.path().join(OPENED_FILE);
        let open = |key: u8| open_under(folder.path(), Width::FOUR, &Digest([key; 32]));
        (0..4).for_each(|key| open(key).expect("one of five"));
        let text = fs::read_to_string(&path).expect("lines");
        for altered in [format!("{text}1 0x040"), format!("junk\n{text}"), text.trim_end().to_owned()] {
            fs::write(&path, &altered).expect("written");
            for key in [3, 4] {
                let refused = open(key);
                assert!(matches!(refused, Err(OpenedError::List(UseListError::Line { .. }))), "{refused:?}");
            }
            assert_eq!(fs::read_to_string(&path).expect("lines"), altered);
        }
    }

    #[test]
    fn of_many_at_once_no_more_than_five_are_let_through() {
        let folder = opening();
        let path = folder.path();
        let open = |key| open_under(path, Width::FOUR, &Digest([key; 32])).is_ok();
        assert_eq!(allowed_at_once(open), MOST_OPENINGS);
    }
}
