//! Files below a folder, by the names that clients give them.
//!
//! Whoever may name files may often change them, too. So nothing is asked about a path that is opened later:
//! each folder on the way is opened within the one before it, and no link is followed. What is opened is
//! below the folder, whatever anybody renames meanwhile.

use std::fs::File;
use std::path::{Component, Path, PathBuf};

use fairshare_storage::files;
use rustix::fs::{Mode, OFlags, openat};
use rustix::io::Errno;

use crate::error::{Refusal, given};

/// Longest name, in bytes: names are kept with their job.
const MAX_NAME: usize = 1 << 10;

/// A file that was opened below a folder.
pub(crate) struct Found {
    pub file: File,
    /// Its path from the folder on.
    pub place: PathBuf,
    /// Bytes in it.
    pub length: u64,
}

/// Opens a regular file. Whatever is not below the folder is refused alike, so that nobody learns what is
/// elsewhere.
pub(crate) fn open(folder: &Path, name: &str) -> Result<Found, Refusal> {
    if name.len() > MAX_NAME {
        return Err(Refusal::LongName { name: given(name), limit: MAX_NAME });
    }
    let outside = || Refusal::Outside { name: given(name) };
    let place = place(name).ok_or_else(outside)?;
    let refused = |error: Errno| match error {
        Errno::NOENT | Errno::NOTDIR | Errno::LOOP | Errno::NAMETOOLONG | Errno::MLINK => outside(),
        error => Refusal::File { name: given(name), source: error.into() },
    };
    // The folder's own path is the operator's, links and all.
    let mut at = files::open_folder(folder)
        .map_err(|source| Refusal::File { name: "the folder of files".to_owned(), source })?;
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    for part in place.parent().into_iter().flat_map(Path::components) {
        let next = openat(&at, part.as_os_str(), flags | OFlags::DIRECTORY, Mode::empty());
        at = next.map_err(refused)?.into();
    }
    let leaf = place.file_name().ok_or_else(outside)?;
    let file: File = openat(&at, leaf, flags, Mode::empty()).map_err(refused)?.into();
    let metadata = file.metadata().map_err(|source| Refusal::File { name: given(name), source })?;
    if !metadata.is_file() {
        return Err(outside());
    }
    Ok(Found { file, place, length: metadata.len() })
}

/// A name as a path that leads nowhere but down.
fn place(name: &str) -> Option<PathBuf> {
    // A pattern would be taken for all files that it matches.
    if name.is_empty() || name.contains(['*', '?', '[', '\0']) {
        return None;
    }
    let parts = Path::new(name).components().map(|part| match part {
        Component::Normal(part) => Some(part),
        _ => None,
    });
    parts.collect()
}
