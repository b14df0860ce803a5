//! Policies in files, with the files that they name beside them.

use std::io;
use std::path::{Path, PathBuf};

use fairshare_formats::policy::{
    MAX_POLICY_BYTES, MAX_SIDE_FILE_BYTES, PartialPolicy, PolicyErrors, PolicySource,
};
use fairshare_params::policy::Policy;

use crate::files::{self, ReadError};

/// Why a policy was not read from its file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyFileError {
    /// It cannot be read.
    #[error("cannot read the policy {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: ReadError,
    },
    /// It is not UTF-8.
    #[error("the policy {} is not UTF-8 from byte {offset} on; save it as UTF-8", path.display())]
    NotUtf8 {
        /// The file.
        path: PathBuf,
        /// Offset of the first byte that is not text.
        offset: usize,
    },
    /// It is refused.
    #[error("the policy {} is refused", path.display())]
    Policy {
        /// The file.
        path: PathBuf,
        /// Why.
        source: PolicyErrors,
    },
}

/// Reads and checks the policy at `path`; files that it names are found from its folder.
pub fn load(path: &Path) -> Result<Policy, PolicyFileError> {
    load_source(path).map(|(_, policy)| policy)
}

/// As [`load`], and keeps what was read.
pub fn load_source(path: &Path) -> Result<(PolicySource, Policy), PolicyFileError> {
    let folder = path.parent().unwrap_or(Path::new(""));
    PolicySource::collect(read_text(path)?, |name| side_file(&folder.join(name)))
        .map_err(|source| PolicyFileError::Policy { path: path.to_owned(), source })
}

/// Reads what there is so far of the policy at `path`.
pub fn load_partial(path: &Path) -> Result<PartialPolicy, PolicyFileError> {
    PartialPolicy::from_toml(&read_text(path)?)
        .map_err(|source| PolicyFileError::Policy { path: path.to_owned(), source })
}

fn read_text(path: &Path) -> Result<String, PolicyFileError> {
    let bytes = files::read(path, MAX_POLICY_BYTES)
        .map_err(|source| PolicyFileError::Read { path: path.to_owned(), source })?;
    String::from_utf8(bytes).map_err(|error| {
        let offset = error.utf8_error().valid_up_to();
        PolicyFileError::NotUtf8 { path: path.to_owned(), offset }
    })
}

fn side_file(path: &Path) -> io::Result<Vec<u8>> {
    files::read(path, MAX_SIDE_FILE_BYTES).map_err(|error| match error {
        ReadError::Io(error) => error,
        too_long => io::Error::new(io::ErrorKind::FileTooLarge, too_long),
    })
}
