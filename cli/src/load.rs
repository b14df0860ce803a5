//! Files that several commands read, and those that they will write.

use std::borrow::Borrow;
use std::cell::OnceCell;
use std::error::Error;
use std::path::{Path, PathBuf};

use fairshare_formats::registry::{
    MAX_REQUEST_BYTES, MAX_UPLOAD_FILE_BYTES, RegistryFileError, SignedRegistration, Upload,
    registration_from_json, request_from_json, signed_from_json, upload_from_json,
};
use fairshare_params::policy::Policy;
use fairshare_params::registration::Registration;
use fairshare_params::registry::Request;
use fairshare_params::srs::Srs;
use fairshare_params::verifier_parameters::VerifierParameters;
use fairshare_prover::commit::{COMMITMENT_FILES, OPENING_FILE};
use fairshare_storage::files::{self, ReadError};
use fairshare_storage::srs::{is_verifier_file, verifier_path};
use fairshare_verifier::{SetupError, Trust, Verifier};
use zeroize::Zeroizing;

use crate::error::{CliError, one_line};
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

/// What a verifier needs of the parameters in a file, from where it takes the least time.
///
/// Under a rules hash that is the file beside the whole parameters. If that one does not give the rules hash,
/// and without a rules hash, it is derived from the whole parameters. A file given in their place is taken as
/// it is: a verifier has to believe it.
pub struct Parameters<'a> {
    path: &'a Path,
    stated: Option<VerifierParameters>,
    /// Whether there are no others to fall back on.
    is_only: bool,
    derived: OnceCell<VerifierParameters>,
}

impl<'a> Parameters<'a> {
    /// The parameters in `path`, for a policy.
    pub fn read(path: &'a Path, policy: &Policy) -> Result<Self, CliError> {
        let is_only = is_verifier_file(path)?;
        let stated = if is_only {
            Some(fairshare_storage::srs::read_verifier(path)?)
        } else {
            policy.rules_hash().and_then(|_| beside(path))
        };
        Ok(Self { path, stated, is_only, derived: OnceCell::new() })
    }

    /// The verifier under a policy. Insecure parameters are named so.
    pub fn verifier<'b>(&'b self, policy: &'b Policy, trust: Trust) -> Result<Verifier<'b>, CliError> {
        let read = || fairshare_storage::srs::read(self.path, None).map_err(CliError::from);
        let spinner = progress::spinner("preparing the verifier");
        let verifier = self.verifier_of(read, policy, trust);
        drop(spinner);
        let is_insecure = match &verifier {
            Ok(verifier) => verifier.parameters().is_insecure(),
            Err(error) => matches!(error, CliError::Setup(SetupError::InsecureParameters)),
        };
        output::name_insecure(is_insecure);
        verifier
    }

    /// The same for whoever has the whole parameters, and has named insecure ones.
    pub fn verifier_beside<'b>(&'b self, srs: &Srs, policy: &'b Policy) -> Result<Verifier<'b>, CliError> {
        self.verifier_of(|| Ok(srs), policy, Trust::AllowInsecure)
    }

    fn verifier_of<'b, S: Borrow<Srs>>(
        &'b self,
        whole: impl FnOnce() -> Result<S, CliError>,
        policy: &'b Policy,
        trust: Trust,
    ) -> Result<Verifier<'b>, CliError> {
        let mut refused = None;
        if let Some(stated) = &self.stated {
            match Verifier::new(stated, policy, trust) {
                Err(error) if !self.is_only && !matches!(error, SetupError::InsecureParameters) => {
                    refused = Some(error);
                }
                verifier => return Ok(verifier?),
            }
        }
        let derived = match self.derived.get() {
            Some(derived) => derived,
            None => {
                let derived = derive(whole()?.borrow())?;
                self.derived.get_or_init(|| derived)
            }
        };
        let verifier = Verifier::new(derived, policy, trust)?;
        // Where the whole parameters are refused as well, the file is not to blame.
        if let Some(error) = &refused {
            distrust(&verifier_path(self.path), error);
        }
        Ok(verifier)
    }
}

/// The verifier's parameters beside whole ones, if there are any to be read.
fn beside(path: &Path) -> Option<VerifierParameters> {
    let beside = verifier_path(path);
    if !beside.exists() {
        return None;
    }
    fairshare_storage::srs::read_verifier(&beside).inspect_err(|error| distrust(&beside, error)).ok()
}

/// Says that a file is passed over.
fn distrust(beside: &Path, error: &dyn Error) {
    output::notice(&format!(
        "warning: {} is not used, and the keys are computed instead: {}; write it again with `fairshare \
         params verifier`",
        beside.display(),
        one_line(error)
    ));
}

/// What a verifier needs of a whole reference string.
pub fn derive(srs: &Srs) -> Result<VerifierParameters, CliError> {
    VerifierParameters::derive(srs).map_err(|source| CliError::VerifierParameters(Box::new(source)))
}

/// Refuses, before any work is done for it, an output that could not be written, or that would take the place
/// of what it is made from or of a file of a commitment folder: an opening is the only way to prove later.
pub fn check_output<'a>(path: &Path, inputs: impl IntoIterator<Item = &'a Path>) -> Result<(), CliError> {
    // Not yet there: a file of a commitment folder would be made while the command runs.
    let folder = path.parent().filter(|folder| folder.join(OPENING_FILE).exists());
    let standing = path.canonicalize().ok();
    let named = standing.as_deref().or(folder.and(Some(path)));
    let is_committed =
        named.and_then(Path::file_name).is_some_and(|name| COMMITMENT_FILES.iter().any(|file| name == *file));
    let is_input = |input: &Path| standing.is_some() && input.canonicalize().ok() == standing;
    if is_committed || inputs.into_iter().any(is_input) {
        return Err(CliError::Replaces { path: path.to_owned() });
    }
    files::check_writable(path).map_err(|source| CliError::File { path: path.to_owned(), source })
}

/// What a proof is about, of a request or of a signed registration.
pub fn registration(path: &Path) -> Result<Registration, CliError> {
    registry_file(path, MAX_REQUEST_BYTES, registration_from_json)
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

/// Takes a newline from the end of a secret: it is an editor's.
pub fn trim_newline(secret: &mut Vec<u8>) {
    if secret.last() == Some(&b'\n') {
        secret.pop();
        if secret.last() == Some(&b'\r') {
            secret.pop();
        }
    }
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

/// The files named, a folder standing for those in it that end so, hidden ones aside; in order of their
/// names.
pub fn expand(paths: &[PathBuf], extension: &str) -> Result<Vec<PathBuf>, CliError> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let refuse = |source| CliError::File { path: path.clone(), source };
        let mut found = Vec::new();
        for entry in std::fs::read_dir(path).map_err(refuse)? {
            let file = entry.map_err(refuse)?.path();
            // What a system leaves beside files that it copies is hidden.
            let is_hidden = file.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
            if !is_hidden && file.extension().is_some_and(|found| found == extension) {
                found.push(file);
            }
        }
        if found.is_empty() {
            return Err(CliError::EmptyFolder { path: path.clone(), extension: extension.to_owned() });
        }
        found.sort();
        files.append(&mut found);
    }
    Ok(files)
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
