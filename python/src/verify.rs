//! Verdicts.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use fairshare_formats::eip55;
use fairshare_formats::registry::{MAX_REQUEST_BYTES, registration_from_json};
use fairshare_formats::units::Rounds;
use fairshare_ingest::units::read_units;
use fairshare_params::encoding::Digest;
use fairshare_params::policy::Policy as Rules;
use fairshare_params::registration::Registration;
use fairshare_storage::files;
use fairshare_verifier::bundle::Header;
use fairshare_verifier::{Score, Trust, VerifyError as Refusal};
use pyo3::prelude::*;

use crate::errors::{Error, Raise, VerifyError, os_error};
use crate::parameters::Parameters;
use crate::policy::Policy;
use crate::process::check_fork;

/// Longest bundle that is read, as the command has it.
const MAX_BUNDLE_BYTES: u64 = 2 << 30;

/// A score that was verified.
#[pyclass(module = "fairshare", frozen, get_all)]
pub struct Verified {
    /// What it is for: `data` or `compute`.
    role: &'static str,
    /// The contributor's address.
    contributor: String,
    /// Digests of the datasets that it covers; none of computing power.
    digests: Vec<String>,
    /// Records in them; none of computing power.
    records: Option<u32>,
    /// The score: of data in 1/256 nat, of computing power in 2^-48.
    score: u64,
    /// The rules hash that it was verified under.
    rules_hash: String,
    /// Whether the parameters are insecure, so that the proof says nothing.
    insecure: bool,
}

#[pymethods]
impl Verified {
    fn __repr__(&self) -> String {
        format!("Verified({}, {}, {})", self.role, self.contributor, self.score)
    }
}

/// A public thing as bytes, or the file that it is in.
#[derive(FromPyObject)]
pub enum Public {
    /// The bytes.
    Bytes(Vec<u8>),
    /// The file.
    File(PathBuf),
}

impl Public {
    fn read(self, bound: u64) -> PyResult<Vec<u8>> {
        match self {
            Self::Bytes(bytes) => Ok(bytes),
            Self::File(path) => files::read(&path, bound).map_err(|error| unread(&path, &error)),
        }
    }
}

fn unread(path: &Path, error: &files::ReadError) -> PyErr {
    match error {
        files::ReadError::Io(error) => os_error(path, error),
        error => Error::new_err(format!("{}: {error}", path.display())),
    }
}

/// Those of the registrations that a bundle names: others may be given, too.
fn named(header: &Header, given: Vec<Public>) -> PyResult<Vec<Registration>> {
    let mut registrations = Vec::new();
    for public in given {
        let bytes = public.read(MAX_REQUEST_BYTES as u64)?;
        let registration = registration_from_json(&bytes).map_err(|error| {
            let causes: Vec<_> = eip55::chain(&error).collect();
            VerifyError::new_err(format!("a registration cannot be read: {}", causes.join(": ")))
        })?;
        if header.digests.contains(registration.digest()) {
            registrations.push(registration);
        }
    }
    Ok(registrations)
}

/// The policy, expecting the rules hash that the caller was told.
fn expecting(rules: &Rules, rules_hash: Option<&str>) -> PyResult<Rules> {
    let Some(given) = rules_hash else { return Ok(rules.clone()) };
    Ok(rules.clone().expecting(Digest::from_str(given).map_err(Raise::raise)?))
}

/// Verifies a bundle, and raises `VerifyError` where it is refused.
#[pyfunction]
#[pyo3(signature = (
    policy, parameters, bundle, registrations, units = None, rules_hash = None, allow_insecure = false
))]
#[expect(clippy::too_many_arguments, reason = "a Python function's, most of them by name")]
pub fn verify(
    py: Python<'_>,
    policy: &Bound<'_, Policy>,
    parameters: &Bound<'_, Parameters>,
    bundle: Public,
    registrations: Vec<Public>,
    units: Option<PathBuf>,
    rules_hash: Option<&str>,
    allow_insecure: bool,
) -> PyResult<Verified> {
    check_fork()?;
    let rules = expecting(policy.get().rules(), rules_hash)?;
    let trust = if allow_insecure { Trust::AllowInsecure } else { Trust::CeremonyOnly };
    let parameters = parameters.get();
    py.detach(|| {
        let bytes = bundle.read(MAX_BUNDLE_BYTES)?;
        let header = Header::read(&bytes).map_err(|error| Refusal::from(error).raise())?;
        let registrations = named(&header, registrations)?;
        let units = units.as_deref().map(|path| read_units(path, Rounds::of(&rules)));
        let units = units.transpose().map_err(Raise::raise)?;
        let verifier = parameters.verifier(&rules, trust)?;
        let verifier = verifier.with_units(units.as_ref()).map_err(Raise::raise)?;
        let bundle = verifier.read(&bytes, &registrations).map_err(Raise::raise)?;
        let score = verifier.verify(&bundle, &registrations).map_err(Raise::raise)?;
        let (contributor, records) = match &score {
            Score::Data(score) => (score.contributor, Some(score.records.get())),
            Score::Compute(score) => (score.contributor, None),
        };
        Ok(Verified {
            role: header.role.name(),
            contributor: eip55::checksummed(&contributor).to_string(),
            digests: header.digests.iter().map(ToString::to_string).collect(),
            records,
            score: score.value(),
            rules_hash: verifier.rules_hash().to_string(),
            insecure: verifier.parameters().is_insecure(),
        })
    })
}
