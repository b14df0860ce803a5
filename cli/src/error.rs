//! What can go wrong, how it is told, and with which exit status.

use std::error::Error;
use std::fmt::Write;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use fairshare_params::keys::KeyError;
use fairshare_params::policy::PolicyError;
use fairshare_params::reference::ReferenceError;
use fairshare_params::registration::RegistrationError;
use fairshare_params::srs::SrsError;
use fairshare_prover::backend::BackendError;
use fairshare_prover::commit::CommitError;
use fairshare_prover::ingest::IngestError;
use fairshare_prover::prove::ProveError;
use fairshare_prover::score::ScoreError;
use fairshare_verifier::{SetupError, VerifyError};

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Done; all that was to be verified is accepted.
    Done = 0,
    /// A proof or check was refused.
    Refused = 1,
    /// Bad usage, or input that cannot be read.
    Unusable = 2,
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> Self {
        Self::from(status as u8)
    }
}

/// Why a command did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    #[error("{}", path.display())]
    Policy { path: PathBuf, source: PolicyError },
    #[error(transparent)]
    Params(#[from] SrsError),
    #[error("{}", path.display())]
    Registration { path: PathBuf, source: RegistrationError },
    #[error(
        "{} and {} register digest {digest} for {contributor}, but not alike; give the one that was recorded",
        first.display(), second.display()
    )]
    RegisteredTwice { first: PathBuf, second: PathBuf, digest: String, contributor: String },
    #[error(transparent)]
    Ingest(#[from] IngestError),
    #[error("the counts are no reference")]
    Reference(#[from] ReferenceError),
    #[error(transparent)]
    Commit(#[from] CommitError),
    #[error(transparent)]
    Score(#[from] ScoreError),
    #[error(transparent)]
    Prove(Box<ProveError>),
    #[error(transparent)]
    Setup(#[from] SetupError),
    #[error(transparent)]
    Verify(#[from] VerifyError),
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error(transparent)]
    Backend(#[from] BackendError),
    #[error("{}: cannot be read or written", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("{}: {found} bytes, more than the {bound} that are read; it is no such file", path.display())]
    TooLong { path: PathBuf, found: u64, bound: u64 },
    #[error("the result cannot be written to standard output")]
    Output(#[source] io::Error),
    #[error("the demonstration's own data does not do what it is made for: {0}; please report this")]
    Demo(&'static str),
}

impl CliError {
    /// 1 for statements about readable input that were refused, 2 for everything else.
    pub fn status(&self) -> Status {
        match self {
            Self::Verify(_) | Self::Backend(_) | Self::Setup(SetupError::InsecureParameters) => {
                Status::Refused
            }
            Self::Prove(error) => match **error {
                ProveError::Verify(_) | ProveError::Proof { .. } | ProveError::Context(_) => Status::Refused,
                _ => Status::Unusable,
            },
            Self::Commit(CommitError::UnitsAboveTotal { .. } | CommitError::NoUnits { .. }) => {
                Status::Refused
            }
            _ => Status::Unusable,
        }
    }
}

impl From<ProveError> for CliError {
    fn from(error: ProveError) -> Self {
        Self::Prove(Box::new(error))
    }
}

/// The whole chain of an error, one cause a line. A cause that its effect already quotes is not repeated.
pub fn chain(error: &dyn Error) -> Vec<String> {
    let mut lines: Vec<String> = vec![error.to_string()];
    let mut source = error.source();
    while let Some(cause) = source {
        let text = cause.to_string();
        if !lines.last().is_some_and(|effect| effect.contains(&text)) {
            lines.push(text);
        }
        source = cause.source();
    }
    lines
}

/// The chain in one line, for tables and JSON.
pub fn one_line(error: &dyn Error) -> String {
    chain(error).join(": ")
}

/// The chain as a block for standard error.
pub fn block(error: &dyn Error) -> String {
    let mut text = String::new();
    for (index, line) in chain(error).iter().enumerate() {
        let label = if index == 0 { "error: " } else { "  caused by: " };
        let indent = " ".repeat(label.len());
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{label}{}", line.replace('\n', &format!("\n{indent}")));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("cannot read x: {source}")]
    struct Quoting {
        source: io::Error,
    }

    #[test]
    fn a_quoted_cause_is_told_once_and_others_each_on_a_line() {
        let quoted = Quoting { source: io::Error::other("disk\nis full") };
        assert_eq!(chain(&quoted), ["cannot read x: disk\nis full"]);
        let error = CliError::File { path: "x".into(), source: io::Error::other("disk is full") };
        assert_eq!(block(&error), "error: x: cannot be read or written\n  caused by: disk is full\n");
        assert_eq!(one_line(&error), "x: cannot be read or written: disk is full");
        assert_eq!(block(&quoted), "error: cannot read x: disk\n       is full\n");
    }

    #[test]
    fn refusals_and_unusable_input_differ() {
        assert_eq!(CliError::Setup(SetupError::InsecureParameters).status(), Status::Refused);
        assert_eq!(CliError::from(ProveError::Verify(VerifyError::Internal)).status(), Status::Refused);
        assert_eq!(CliError::from(ProveError::NoFolders).status(), Status::Unusable);
        assert_eq!(CliError::Ingest(IngestError::NoFiles).status(), Status::Unusable);
    }
}
