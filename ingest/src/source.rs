//! What the readers of both formats share.

use std::fs::{self, File};
use std::path::Path;

use fairshare_formats::excerpt::Names;

use crate::error::IngestError;

/// Most records that one [`Records::next_batch`](crate::Records::next_batch) appends.
pub const BATCH_RECORDS: usize = 8192;

/// Opens a file for reading.
pub(crate) fn open(path: &Path) -> Result<File, IngestError> {
    File::open(path).map_err(|source| IngestError::Open { path: path.to_path_buf(), source })
}

/// Length in bytes; a pipe or a device, which can neither be opened twice nor measured, is refused before it
/// is opened.
pub(crate) fn regular_file_len(path: &Path) -> Result<u64, IngestError> {
    let metadata =
        fs::metadata(path).map_err(|source| IngestError::Open { path: path.to_path_buf(), source })?;
    if !metadata.is_file() {
        return Err(IngestError::NotAFile { path: path.to_path_buf() });
    }
    if metadata.len() == 0 {
        return Err(IngestError::EmptyFile { path: path.to_path_buf() });
    }
    Ok(metadata.len())
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
