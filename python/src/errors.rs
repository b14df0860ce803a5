//! The exceptions: one for each crate's errors, with the message of the error and of all its causes.
//!
//! An error that merely passes another crate's on is raised as that crate's: data that cannot be read is an
//! `IngestError` whether it was to be scored or committed to.

use std::error::Error as Cause;
use std::io::{self, ErrorKind};
use std::path::Path;

use fairshare_audit::audit::AuditError as AuditCause;
use fairshare_draft::DraftError as DraftCause;
use fairshare_formats::eip55::{AddressError, chain};
use fairshare_formats::policy::PolicyErrors;
use fairshare_formats::srs_file::SrsFormatError;
use fairshare_formats::verifier_file::VerifierFileError;
use fairshare_ingest::IngestError as IngestCause;
use fairshare_params::encoding::HexError;
use fairshare_params::policy::ParametersError as ParametersCause;
use fairshare_params::verifier_parameters::VerifierParametersError;
use fairshare_prover::score::ScoreError as ScoreCause;
use fairshare_prover::work::{EnvelopeError, ResultError, SealRecordsError, WorkError as WorkCause};
use fairshare_prover::{CommitError as CommitCause, LimitError, ProveError as ProveCause};
use fairshare_storage::policy::PolicyFileError;
use fairshare_storage::srs::SrsFileError;
use fairshare_verifier::{NoUnits, SetupError, VerifyError as VerifyCause};
use pyo3::create_exception;
use pyo3::exceptions::{PyException, PyOSError, PyValueError};
use pyo3::prelude::*;

use crate::stopped::Stopped;

create_exception!(
    fairshare,
    Error,
    PyException,
    "What went wrong, where, and what to do: base of the others."
);
create_exception!(fairshare, Cancelled, Error, "The work was stopped. What was finished is kept.");
create_exception!(fairshare, PolicyError, Error, "A policy is refused, or cannot be read.");
create_exception!(fairshare, ParametersError, Error, "The parameters are refused, or cannot be read.");
create_exception!(fairshare, IngestError, Error, "Data or units cannot be read as records.");
create_exception!(fairshare, DraftError, Error, "There is no policy to be drafted from this data.");
create_exception!(fairshare, ScoreError, Error, "The data or the units cannot be scored.");
create_exception!(fairshare, CommitError, Error, "Nothing was committed to, or a folder cannot be used.");
create_exception!(fairshare, ProveError, Error, "There is no bundle.");
create_exception!(fairshare, WorkError, Error, "A sealed unit, or what came of it, is refused.");
create_exception!(fairshare, VerifyError, Error, "A bundle is refused.");
create_exception!(fairshare, AuditError, Error, "The audit stopped.");

/// Adds the exceptions to the module.
pub fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    module.add("Error", py.get_type::<Error>())?;
    module.add("Cancelled", py.get_type::<Cancelled>())?;
    module.add("PolicyError", py.get_type::<PolicyError>())?;
    module.add("ParametersError", py.get_type::<ParametersError>())?;
    module.add("IngestError", py.get_type::<IngestError>())?;
    module.add("DraftError", py.get_type::<DraftError>())?;
    module.add("ScoreError", py.get_type::<ScoreError>())?;
    module.add("CommitError", py.get_type::<CommitError>())?;
    module.add("ProveError", py.get_type::<ProveError>())?;
    module.add("WorkError", py.get_type::<WorkError>())?;
    module.add("VerifyError", py.get_type::<VerifyError>())?;
    module.add("AuditError", py.get_type::<AuditError>())
}

/// What the command calls something, and its name here: options are arguments, and commands are calls.
const NAMES: [(&str, &str); 13] = [
    ("--accept-unmatched", "accept_unmatched=True"),
    ("`--allow-insecure-params`", "`allow_insecure=True`"),
    ("`--memory`", "`memory`"),
    ("`--ninth-score`", "`ninth_score=True`"),
    ("`--params`", "`parameters`"),
    ("`--rules-hash`", "`rules_hash`"),
    ("`--units`", "`units`"),
    ("--categorical", "`categorical`"),
    ("--leave-out", "`leave_out`"),
    ("--reference-from", "`reference_from`"),
    ("to --data", "as `parts`"),
    ("the same command", "the same call"),
    ("`verify` takes", "`fairshare.verify` takes"),
];

/// A message with what it names called as it is here.
pub fn called(text: &str) -> String {
    NAMES.iter().fold(text.to_owned(), |text, (option, argument)| text.replace(option, argument))
}

/// The error and its causes in one line.
fn said(error: &(dyn Cause + 'static)) -> String {
    let causes: Vec<_> = chain(error).collect();
    called(&causes.join(": "))
}

/// What the operating system refused, by its number: Python makes a `FileNotFoundError` of one, for example.
pub fn os_error(path: &Path, error: &io::Error) -> PyErr {
    let by_kind = || match error.kind() {
        ErrorKind::NotFound => Some(libc::ENOENT),
        ErrorKind::PermissionDenied => Some(libc::EACCES),
        ErrorKind::NotADirectory => Some(libc::ENOTDIR),
        _ => None,
    };
    // An error that names a temporary file has a number no more.
    let Some(number) = error.raw_os_error().or_else(by_kind) else {
        return PyOSError::new_err(format!("{}: {error}", path.display()));
    };
    let said = io::Error::from_raw_os_error(number).to_string();
    let said = said.split(" (os error").next().unwrap_or_default().to_owned();
    PyOSError::new_err((number, said, path.to_path_buf()))
}

/// Something that becomes an exception.
pub trait Raise {
    /// The exception.
    fn raise(self) -> PyErr;
}

/// Errors that are raised as one exception, whatever they are.
macro_rules! raised {
    ($($error:ty => $exception:ident),* $(,)?) => {
        $(impl Raise for $error {
            fn raise(self) -> PyErr {
                $exception::new_err(said(&self))
            }
        })*
    };
}

raised! {
    AddressError => PyValueError,
    AuditCause => AuditError,
    EnvelopeError => WorkError,
    HexError => PyValueError,
    LimitError => ProveError,
    NoUnits => ScoreError,
    ParametersCause => ParametersError,
    PolicyErrors => PolicyError,
    PolicyFileError => PolicyError,
    SetupError => ParametersError,
    SrsFormatError => ParametersError,
    SrsFileError => ParametersError,
    VerifierFileError => ParametersError,
    VerifierParametersError => ParametersError,
    VerifyCause => VerifyError,
}

/// The first of that type among an error and its causes.
fn within<'a, E: Cause + 'static>(error: &'a (dyn Cause + 'static)) -> Option<&'a E> {
    let causes = std::iter::successors(Some(error), |error: &&'a (dyn Cause + 'static)| (*error).source());
    causes.into_iter().find_map(|error| error.downcast_ref())
}

/// What the owner of a table raised is the cause. What asks the program to end is raised as it is.
impl Raise for IngestCause {
    fn raise(self) -> PyErr {
        if let Some(stopped) = within::<Stopped>(&self) {
            return Cancelled::new_err(stopped.to_string());
        }
        let raised = IngestError::new_err(said(&self));
        let Some(cause) = within::<PyErr>(&self) else { return raised };
        Python::attach(|py| {
            if !cause.is_instance_of::<PyException>(py) {
                return cause.clone_ref(py);
            }
            raised.set_cause(py, Some(cause.clone_ref(py)));
            raised
        })
    }
}

impl Raise for ScoreCause {
    fn raise(self) -> PyErr {
        match self {
            Self::Ingest(error) => error.raise(),
            Self::Cancelled => Cancelled::new_err(said(&self)),
            error => ScoreError::new_err(said(&error)),
        }
    }
}

impl Raise for CommitCause {
    fn raise(self) -> PyErr {
        match self {
            Self::Ingest(error) => error.raise(),
            Self::Parameters(error) => error.raise(),
            Self::Cancelled => Cancelled::new_err(said(&self)),
            // What the caller's own iterator raised.
            Self::Lost(reason) => match reason.downcast::<PyErr>() {
                Ok(raised) => *raised,
                Err(reason) => CommitError::new_err(said(&Self::Lost(reason))),
            },
            error => CommitError::new_err(said(&error)),
        }
    }
}

impl Raise for ProveCause {
    fn raise(self) -> PyErr {
        match self {
            Self::Commit(error) => error.raise(),
            Self::Score(error) => error.raise(),
            Self::Cancelled => Cancelled::new_err(said(&self)),
            error => ProveError::new_err(said(&error)),
        }
    }
}

impl Raise for DraftCause {
    fn raise(self) -> PyErr {
        match self {
            Self::Ingest(error) => error.raise(),
            Self::Cancelled => Cancelled::new_err(said(&self)),
            error => DraftError::new_err(said(&error)),
        }
    }
}

impl Raise for WorkCause {
    fn raise(self) -> PyErr {
        match self {
            Self::Cancelled => Cancelled::new_err(said(&self)),
            error => WorkError::new_err(said(&error)),
        }
    }
}

impl Raise for ResultError {
    fn raise(self) -> PyErr {
        match self {
            Self::Prove(error) => (*error).raise(),
            error => WorkError::new_err(said(&error)),
        }
    }
}

impl Raise for SealRecordsError {
    fn raise(self) -> PyErr {
        match self {
            Self::Ingest(error) => error.raise(),
            Self::Seal(error) => error.raise(),
            error => WorkError::new_err(said(&error)),
        }
    }
}
