//! Reference strings, and what a verifier needs of them, in files.

use std::fmt;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use fairshare_formats::ptau::{self, ImportError};
use fairshare_formats::srs_file::{self, SrsFormatError};
use fairshare_formats::verifier_file::{self, VerifierFileError};
use fairshare_params::Geometry;
use fairshare_params::srs::Srs;
use fairshare_params::verifier_parameters::VerifierParameters;

use crate::files::{self, Access, OpenError, ReadError};

/// What is done with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action {
    /// Opening it.
    Open,
    /// Reading it.
    Read,
    /// Writing it.
    Write,
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Open => "open",
            Self::Read => "read",
            Self::Write => "write",
        })
    }
}

/// Why a reference string was not read, imported or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SrsFileError {
    /// The operating system refused.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was tried.
        action: Action,
        /// On which file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// The file is not a reference string's.
    #[error("{} cannot be used as parameters", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: SrsFormatError,
    },
    /// The file is not a verifier's parameters.
    #[error("{} cannot be used as a verifier's parameters", path.display())]
    Verifier {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<VerifierFileError>,
    },
    /// The ceremony's file cannot be imported.
    #[error("{} cannot be imported", path.display())]
    Import {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: ImportError,
    },
}

/// Reads a file that [`write()`] wrote; with `expected`, of that geometry only.
///
/// The length is checked before anything is read, the hash before anything is parsed, and the points as
/// described at [`fairshare_params::srs`].
pub fn read(path: &Path, expected: Option<Geometry>) -> Result<Srs, SrsFileError> {
    let format = |source| SrsFileError::Format { path: path.to_owned(), source };
    let (file, length) = files::open(path).map_err(refused(path))?;
    if let Err(error) = srs_file::geometry_of(length, expected) {
        return Err(format(if is_verifier_file(path)? { SrsFormatError::Verifiers } else { error }));
    }
    let bytes = files::read_bounded(file, length).map_err(|error| match error {
        ReadError::Io(source) => io_error(Action::Read, path)(source),
        // It grew while it was read.
        ReadError::TooLong { found, .. } => {
            format(SrsFormatError::Length { found, accepted: srs_file::accepted(expected) })
        }
    })?;
    srs_file::decode(&bytes, expected).map_err(format)
}

/// Writes the reference string to `path`, whole or not at all: a crash leaves the old file or the new one.
pub fn write(path: &Path, srs: &Srs) -> Result<(), SrsFileError> {
    files::write(path, &srs_file::encode(srs), Access::Public).map_err(io_error(Action::Write, path))
}

/// Where the verifier's parameters of the reference string in `path` stand: beside it, with its name. Only
/// `.srs` gives way, so that files which differ in another ending have one each.
pub fn verifier_path(path: &Path) -> PathBuf {
    let mut path = path.to_owned();
    if path.extension().is_some_and(|extension| extension == "srs") {
        path.set_extension("");
    }
    path.add_extension("verifier.params");
    path
}

/// Whether the file begins as a verifier's parameters do.
pub fn is_verifier_file(path: &Path) -> Result<bool, SrsFileError> {
    let (file, _) = files::open(path).map_err(refused(path))?;
    let mut magic = Vec::new();
    file.take(verifier_file::MAGIC.len() as u64)
        .read_to_end(&mut magic)
        .map_err(io_error(Action::Read, path))?;
    Ok(magic == verifier_file::MAGIC)
}

/// Reads a verifier's parameters. Nothing of them is believed yet.
pub fn read_verifier(path: &Path) -> Result<VerifierParameters, SrsFileError> {
    let verifier = |source| SrsFileError::Verifier { path: path.to_owned(), source: Box::new(source) };
    let bytes = files::read(path, verifier_file::max_bytes()).map_err(|error| match error {
        ReadError::Io(source) => io_error(Action::Read, path)(source),
        too_long => io_error(Action::Read, path)(io::Error::new(io::ErrorKind::FileTooLarge, too_long)),
    })?;
    verifier_file::decode(&bytes).map_err(verifier)
}

/// Writes a verifier's parameters to `path`, whole or not at all.
pub fn write_verifier(path: &Path, parameters: &VerifierParameters) -> Result<(), SrsFileError> {
    files::write(path, &verifier_file::encode(parameters), Access::Public)
        .map_err(io_error(Action::Write, path))
}

/// Takes the reference string from a snarkjs `.ptau` file, as [`ptau::import`] does.
pub fn import_ptau(path: &Path, geometry: Geometry) -> Result<Srs, SrsFileError> {
    let (file, _) = files::open(path).map_err(refused(path))?;
    ptau::import(file, geometry).map_err(|source| SrsFileError::Import { path: path.to_owned(), source })
}

fn refused(path: &Path) -> impl FnOnce(OpenError) -> SrsFileError {
    |error| io_error(Action::Open, path)(error.into())
}

/// For `map_err` on what the operating system answers about `path`.
fn io_error(action: Action, path: &Path) -> impl FnOnce(io::Error) -> SrsFileError {
    let path = path.to_owned();
    move |source| SrsFileError::Io { action, path, source }
}
