//! Files that several commands read, and those that they will write.

use std::path::Path;

use fairshare_formats::registration::MAX_REGISTRATION_BYTES;
use fairshare_formats::registry::{
    MAX_REQUEST_BYTES, MAX_UPLOAD_FILE_BYTES, RegistryFileError, SignedRegistration, Upload,
    request_from_json, signed_from_json, upload_from_json,
};
use fairshare_params::encoding::Digest;
use fairshare_params::policy::Policy;
use fairshare_params::registration::Registration;
use fairshare_params::registry::Request;
use fairshare_params::srs::Srs;
use fairshare_params::verifier_parameters::VerifierParameters;
use fairshare_prover::commit::COMMITMENT_FILES;
use fairshare_storage::files::{self, ReadError};
use fairshare_storage::srs::{is_verifier_file, verifier_path};
use zeroize::Zeroizing;

use crate::error::CliError;
use crate::{output, progress};

/// A policy with the files that it names.
pub fn policy(path: &Path) -> Result<Policy, CliError> {
    Ok(fairshare_storage::policy::load(path)?)
}

/// Parameters, checked; insecure ones are named so.
pub fn params(path: &Path) -> Result<Srs, CliError> {
    let spinner = progress::spinner("checking the parameters");
    let srs = fairshare_storage::srs::read(path, None)?;
    drop(spinner);
    output::name_insecure(srs.is_insecure());
    Ok(srs)
}

/// What a verifier needs of the parameters, for policies with a rules hash and for others; insecure ones are
/// named so.
///
/// Under a rules hash they are taken from the file that stands beside the reference string, or is given
/// itself, which takes no time. Without one they are derived from the whole reference string.
pub fn verifier_parameters(path: &Path, rules_hash: Option<Digest>) -> Result<VerifierParameters, CliError> {
    let spinner = progress::spinner("preparing the verifier");
    let beside = verifier_path(path);
    let stated = if is_verifier_file(path)? {
        Some(path)
    } else if rules_hash.is_some() && beside.exists() {
        Some(beside.as_path())
    } else {
        None
    };
    let parameters = match stated {
        Some(path) => fairshare_storage::srs::read_verifier(path)?,
        None => derive(&fairshare_storage::srs::read(path, None)?)?,
    };
    drop(spinner);
    output::name_insecure(parameters.is_insecure());
    Ok(parameters)
}

/// What a verifier needs of a whole reference string: from beside it under a rules hash, or derived.
pub fn prover_parameters(
    path: &Path,
    srs: &Srs,
    rules_hash: Option<Digest>,
) -> Result<VerifierParameters, CliError> {
    let beside = verifier_path(path);
    if rules_hash.is_some() && beside.exists() {
        return Ok(fairshare_storage::srs::read_verifier(&beside)?);
    }
    derive(srs)
}

/// What a verifier needs of a whole reference string.
pub fn derive(srs: &Srs) -> Result<VerifierParameters, CliError> {
    VerifierParameters::derive(srs).map_err(|source| CliError::VerifierParameters(Box::new(source)))
}

/// Refuses, before any work is done for it, an output that could not be written, or that would take the place
/// of what it is made from or of a file of a commitment folder: an opening is the only way to prove later.
pub fn check_output<'a>(path: &Path, inputs: impl IntoIterator<Item = &'a Path>) -> Result<(), CliError> {
    if let Ok(standing) = path.canonicalize() {
        let is_committed =
            standing.file_name().is_some_and(|name| COMMITMENT_FILES.iter().any(|file| name == *file));
        let is_input =
            inputs.into_iter().any(|input| input.canonicalize().is_ok_and(|input| input == standing));
        if is_committed || is_input {
            return Err(CliError::Replaces { path: path.to_owned() });
        }
    }
    files::check_writable(path).map_err(|source| CliError::File { path: path.to_owned(), source })
}

/// A registration.
pub fn registration(path: &Path) -> Result<Registration, CliError> {
    let bytes = bytes(path, MAX_REGISTRATION_BYTES as u64)?;
    fairshare_formats::registration::from_json(&bytes)
        .map_err(|source| CliError::Registration { path: path.to_owned(), source })
}

/// What a contributor asks the registry to record.
pub fn request(path: &Path) -> Result<Request, CliError> {
    registry_file(path, MAX_REQUEST_BYTES, request_from_json)
}

/// What wrapping an upload said.
pub fn upload(path: &Path) -> Result<Upload, CliError> {
    registry_file(path, MAX_UPLOAD_FILE_BYTES, upload_from_json)
}

/// A registration with its contributor's signature.
pub fn signed_registration(path: &Path) -> Result<SignedRegistration, CliError> {
    registry_file(path, MAX_REQUEST_BYTES, signed_from_json)
}

fn registry_file<T>(
    path: &Path,
    bound: usize,
    read: impl FnOnce(&[u8]) -> Result<T, RegistryFileError>,
) -> Result<T, CliError> {
    let bytes = bytes(path, bound as u64)?;
    read(&bytes).map_err(|source| CliError::RegistryFile { path: path.to_owned(), source: Box::new(source) })
}

/// A secret of at most `bound` bytes, wiped when dropped.
pub fn secret(path: &Path, bound: u64) -> Result<Zeroizing<Vec<u8>>, CliError> {
    let (file, found) = files::open(path).map_err(|error| unread(path, error.into()))?;
    if found > bound {
        return Err(CliError::TooLong { path: path.to_owned(), found, bound });
    }
    files::read_whole(file, found).map(Zeroizing::new).map_err(|error| unread(path, error))
}

/// A regular file of at most `bound` bytes. Its length is looked at before it is read; a pipe or a device,
/// which has none, is refused.
pub fn bytes(path: &Path, bound: u64) -> Result<Vec<u8>, CliError> {
    files::read(path, bound).map_err(|error| unread(path, error))
}

fn unread(path: &Path, error: ReadError) -> CliError {
    let path = path.to_owned();
    match error {
        ReadError::Io(source) => CliError::File { path, source },
        ReadError::TooLong { found, bound } => CliError::TooLong { path, found, bound },
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

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
