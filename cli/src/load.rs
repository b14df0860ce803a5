//! Files that several commands read, and those that they will write.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use fairshare_params::files;
use fairshare_params::policy::Policy;
use fairshare_params::registration::{MAX_REGISTRATION_BYTES, Registration};
use fairshare_params::srs::Srs;

use crate::error::CliError;
use crate::{output, progress};

/// A policy with the files that it names.
pub fn policy(path: &Path) -> Result<Policy, CliError> {
    Policy::load(path).map_err(|source| CliError::Policy { path: path.to_owned(), source })
}

/// Parameters, checked; insecure ones are named so.
pub fn params(path: &Path) -> Result<Srs, CliError> {
    let spinner = progress::spinner("checking the parameters");
    let srs = Srs::read(path, None)?;
    drop(spinner);
    output::name_insecure(&srs);
    Ok(srs)
}

/// Refuses, before any work is done for it, an output that could not be written.
pub fn check_output(path: &Path) -> Result<(), CliError> {
    files::check_writable(path).map_err(|source| CliError::File { path: path.to_owned(), source })
}

/// A registration.
pub fn registration(path: &Path) -> Result<Registration, CliError> {
    let bytes = bytes(path, MAX_REGISTRATION_BYTES as u64)?;
    Registration::from_json(&bytes).map_err(|source| CliError::Registration { path: path.to_owned(), source })
}

/// A regular file of at most `bound` bytes. Its length is looked at before it is read; a pipe or a device, which has
/// none, is refused.
pub fn bytes(path: &Path, bound: u64) -> Result<Vec<u8>, CliError> {
    let refuse = |source| CliError::File { path: path.to_owned(), source };
    let metadata = fs::metadata(path).map_err(refuse)?;
    if !metadata.is_file() {
        return Err(refuse(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file")));
    }
    let too_long = |found| CliError::TooLong { path: path.to_owned(), found, bound };
    if metadata.len() > bound {
        return Err(too_long(metadata.len()));
    }
    let mut bytes = Vec::new();
    // It may have grown since: one byte past the bound is enough to see that.
    File::open(path)
        .and_then(|file| file.take(bound.saturating_add(1)).read_to_end(&mut bytes))
        .map_err(refuse)?;
    if bytes.len() as u64 > bound {
        return Err(too_long(bytes.len() as u64));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_regular_files_up_to_the_bound_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        fs::write(&path, b"four").unwrap();
        assert_eq!(bytes(&path, 4).unwrap(), b"four");
        assert!(matches!(bytes(&path, 3), Err(CliError::TooLong { found: 4, bound: 3, .. })));
        for path in [folder.path(), &folder.path().join("absent")] {
            assert!(matches!(bytes(path, 4), Err(CliError::File { .. })));
        }
    }
}
