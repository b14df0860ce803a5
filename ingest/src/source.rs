//! What the readers of both formats share.

use std::fs::File;
use std::path::Path;

use fairshare_formats::excerpt::Names;
use fairshare_storage::files::{self, OpenError};

use crate::error::IngestError;

/// Most records that one [`Records::next_batch`](crate::Records::next_batch) appends.
pub const BATCH_RECORDS: usize = 8192;

/// Opens a file that has a length and something in it: a pipe or a device, which can neither be opened twice
/// nor measured, is refused without waiting for it.
pub(crate) fn open(path: &Path) -> Result<(File, u64), IngestError> {
    let refuse = |error| match error {
        OpenError::NotRegular => IngestError::NotAFile { path: path.to_path_buf() },
        OpenError::Io(source) => IngestError::Open { path: path.to_path_buf(), source },
        other => IngestError::Open { path: path.to_path_buf(), source: other.into() },
    };
    match files::open(path).map_err(refuse)? {
        (_, 0) => Err(IngestError::EmptyFile { path: path.to_path_buf() }),
        opened => Ok(opened),
    }
}

/// Where in `present` that column stands; one that is absent and one that is there twice are refused.
pub(crate) fn locate(path: &Path, present: &[&str], column: &str) -> Result<usize, IngestError> {
    let mut positions = present.iter().enumerate().filter(|(_, name)| **name == column);
    let Some((position, _)) = positions.next() else {
        return Err(IngestError::MissingColumn {
            path: path.to_path_buf(),
            column: column.to_owned(),
            present: Names::new(present.iter().copied()),
        });
    };
    if positions.next().is_some() {
        return Err(IngestError::DuplicateColumn { path: path.to_path_buf(), column: column.to_owned() });
    }
    Ok(position)
}
