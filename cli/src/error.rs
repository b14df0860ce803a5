//! What can go wrong, how it is told, and with which exit status.

use std::error::Error;
use std::fmt::Write;
use std::io::{self, ErrorKind};
use std::path::PathBuf;
use std::process::ExitCode;

use fairshare_audit::among::AmongError;
use fairshare_audit::audit::AuditError;
use fairshare_chain::{ChainError, RootError};
use fairshare_draft::DraftError;
use fairshare_formats::eip55::{self, Checksummed};
use fairshare_formats::keystore::KeystoreError;
use fairshare_formats::ledger::ReceiptError;
use fairshare_formats::payments::PaymentsError;
use fairshare_formats::policy::PolicyErrors;
use fairshare_formats::registry::RegistryFileError;
use fairshare_formats::weights::WeightsError;
use fairshare_ingest::IngestError;
use fairshare_ingest::unmatched::MostlyUnmatched;
use fairshare_params::encoding::Digest;
use fairshare_params::keys::KeyError;
use fairshare_params::reference::ReferenceError;
use fairshare_params::registry::{NotTaken, UnsignedError};
use fairshare_params::units::UnitsError;
use fairshare_params::verifier_parameters::VerifierParametersError;
use fairshare_prover::measure::ScoreProofError;
use fairshare_prover::score::ScoreError;
use fairshare_prover::{AccountError, BackendError, CommitError, OpenedError, ProveError, ScoredError};
use fairshare_proving::ServiceError;
use fairshare_serve::{ServeError, TargetError};
use fairshare_storage::policy::PolicyFileError;
use fairshare_storage::srs::SrsFileError;
use fairshare_storage::upload::UploadError;
use fairshare_vault::{SubmitError, VaultError};
use fairshare_verifier::{BundleError, NoUnits, SetupError, VerifyError};

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Done; all that was to be verified is accepted.
    Done = 0,
    /// A proof or check was refused.
    Refused = 1,
    /// Usage, I/O or parameters.
    Unusable = 2,
    /// Stopped by Ctrl-C: 128 and the signal's number, as shells have it.
    Interrupted = 130,
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
    Policy { path: PathBuf, source: PolicyErrors },
    #[error(transparent)]
    PolicyFile(#[from] PolicyFileError),
    #[error(transparent)]
    Params(#[from] SrsFileError),
    #[error(transparent)]
    Ingest(#[from] IngestError),
    #[error("the counts are not a reference")]
    Reference(#[from] ReferenceError),
    #[error(transparent)]
    Commit(#[from] CommitError),
    #[error(transparent)]
    Score(#[from] ScoreError),
    #[error(transparent)]
    Unmatched(#[from] MostlyUnmatched),
    #[error("{}", path.display())]
    Weights { path: PathBuf, source: WeightsError },
    #[error("{}", path.display())]
    Among { path: PathBuf, source: Box<AmongError> },
    #[error(
        "{}: an archive is audited before its weights are believed; give the parameters that its policies \
         name (--params SRS), or, if this is a file of weights, a name that ends in `.csv`",
        path.display()
    )]
    AmongUnaudited { path: PathBuf },
    #[error(
        "--epoch and --params are for an archive, and {} is a file of weights by its name",
        path.display()
    )]
    AmongWeights { path: PathBuf },
    #[error(transparent)]
    NoUnits(#[from] NoUnits),
    #[error(transparent)]
    Units(#[from] UnitsError),
    #[error(transparent)]
    Prove(Box<ProveError>),
    #[error(transparent)]
    Setup(#[from] SetupError),
    #[error(transparent)]
    VerifierParameters(Box<VerifierParametersError>),
    #[error(
        "the policy has the rules hash {policy}, and another was given, {given}; remove the one that is wrong"
    )]
    RulesHashTwice { policy: Digest, given: Digest },
    #[error(transparent)]
    Bundle(#[from] BundleError),
    #[error(transparent)]
    Verify(#[from] VerifyError),
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error(transparent)]
    Backend(#[from] BackendError),
    #[error(transparent)]
    ScoreProof(#[from] ScoreProofError),
    #[error("{}: cannot be read or written", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error(
        "{}: this output would replace a file that the command reads, or that `commit` wrote; choose another \
         name",
        path.display()
    )]
    Replaces { path: PathBuf },
    #[error(
        "{}: other counts are here, and the policy does not name this file, so it may be another policy's; \
         say --out FILE",
        path.display()
    )]
    OtherCounts { path: PathBuf },
    #[error(
        "{}: something else than a file of counts is here, and would be replaced; move it away, or say \
         --out FILE",
        path.display()
    )]
    NotCounts { path: PathBuf },
    #[error(
        "{}: the policy names this file for its counts, which must end in .json; correct `reference.file`, \
         or say --out FILE",
        path.display()
    )]
    CountsName { path: PathBuf },
    #[error(transparent)]
    Draft(Box<DraftError>),
    #[error("{}: stands there already; give --replace, or choose another name", path.display())]
    DraftStands { path: PathBuf },
    #[error("{}: not a file's name in UTF-8; name the policy, as in policy.toml", path.display())]
    DraftName { path: PathBuf },
    #[error("{}: {found} bytes, more than the limit of {bound}; is this another file?", path.display())]
    TooLong { path: PathBuf, found: u64, bound: u64 },
    #[error(transparent)]
    Vault(Box<VaultError>),
    #[error("{}", path.display())]
    Archive { path: PathBuf, source: Box<AuditError> },
    #[error("{}", path.display())]
    Receipt { path: PathBuf, source: Box<ReceiptError> },
    #[error("{}", path.display())]
    PaymentList { path: PathBuf, source: Box<PaymentsError> },
    #[error("{}: this list was written and is not on record{origin}", path.display())]
    ListNotRecorded { path: PathBuf, origin: String, source: Box<VaultError> },
    #[error(
        "{}: this list was written, and it is not known whether it is on record; leave it there, and do not \
         pay by it before `fairshare vault claim` has found or named it",
        path.display()
    )]
    ListUncertain { path: PathBuf, source: Box<VaultError> },
    #[error(
        "{} and {} pay the same: whoever pays by both pays twice. See which of them was paid, and take the \
         other one out of the folder",
        first.display(), second.display()
    )]
    ListDoubled { first: PathBuf, second: PathBuf },
    #[error(
        "all lists of this ledger are in {}: leave out --resume-without-history, which is for a ledger that \
         cannot know what was sent",
        folder.display()
    )]
    NeedlessResume { folder: PathBuf },
    #[error(
        "the ledger cannot know what was sent: {}; put all lists of this ledger there, or, if you know that \
         nobody is paid twice, say --resume-without-history, as for a ledger's first list",
        missing_lists(folder, *missing)
    )]
    NoHistory { folder: PathBuf, missing: u64 },
    #[error(
        "the key is that of {found}, but the ledger's operator is {registry}, the `registry` of its rules; \
         receipts are signed by the operator"
    )]
    NotOperator { found: Checksummed, registry: Checksummed },
    #[error(
        "entry {entry} is on record, but {} is the receipt of another entry {entry}, of another ledger or of \
         one that was restored from a copy since; keep it, and say the same again with another folder \
         (--receipts) for this ledger's",
        path.display()
    )]
    OtherReceipt { path: PathBuf, entry: u64 },
    #[error(
        "nodes of epoch {epoch} without a compute proof on record: {nodes}; give the whole parameters \
         (--params SRS), and what is missing is made now"
    )]
    ProofsMissing { nodes: usize, epoch: u64 },
    #[error(
        "stopped: {done} of {nodes} missing compute proofs are made and on record; the same command goes on \
         from there"
    )]
    ClosingStopped { done: usize, nodes: usize },
    #[error("this machine's clock stands before 1970; set it, because the ledger keeps times for ever")]
    Clock,
    #[error("the proof for {node}, made just now, was not taken; please report")]
    OwnProof { node: Checksummed, source: Box<SubmitError> },
    #[error("{}", path.display())]
    RegistryFile { path: PathBuf, source: Box<RegistryFileError> },
    #[error(transparent)]
    Upload(#[from] UploadError),
    #[error(
        "{}: this upload is for digest {found}, but the request has digest {expected}; wrap the ciphertext \
         for this request",
        path.display()
    )]
    OtherUpload { path: PathBuf, found: Digest, expected: Digest },
    #[error("the registration cannot be used here")]
    Unsigned(#[from] UnsignedError),
    #[error("the registration is not one that the policy takes")]
    NotTaken(#[from] NotTaken),
    #[error("say where it counts: --policy, or --vault with --chain-id and --registry")]
    NoVault,
    #[error(
        "{}: there is no file here whose name ends in `.{extension}`; name another folder",
        path.display()
    )]
    EmptyFolder { path: PathBuf, extension: String },
    #[error(
        "there is no key to sign with: give --keystore, or set the environment variable FAIRSHARE_PRIVATE_KEY"
    )]
    NoKey,
    #[error(
        "there is no password for the keystore: give --password-file, or set the environment variable \
         FAIRSHARE_KEYSTORE_PASSWORD"
    )]
    NoPassword,
    #[error(
        "--keystore takes the name of a file, and this looks like a key: others may have seen it in the list \
         of processes and in the shell's history, so stop using that key"
    )]
    KeyAsArgument,
    #[error("the environment variable FAIRSHARE_PRIVATE_KEY")]
    KeyVariable { source: Box<AccountError> },
    #[error("{}", path.display())]
    Keystore { path: PathBuf, source: KeystoreError },
    #[error("{}", path.display())]
    KeystoreKey { path: PathBuf, source: Box<AccountError> },
    #[error(transparent)]
    Account(#[from] AccountError),
    #[error(transparent)]
    Target(#[from] TargetError),
    #[error(transparent)]
    Serve(#[from] ServeError),
    #[error(transparent)]
    Service(Box<ServiceError>),
    #[error("say where the service listens: --socket or --listen")]
    NowhereToListen,
    #[error("nothing has been earned up to this epoch, so there is nothing to claim and no tree to write")]
    NoClaims,
    #[error(transparent)]
    Chain(Box<ChainError>),
    #[error(
        "the rules' `settlement` is `{found}`; a vault whose operator posts roots is paid under \
         `claims` alone"
    )]
    NoRoots { found: &'static str },
    #[error(
        "{}: this is not an archive of the ledger from which the root follows: {what}; write it with \
         `fairshare vault export --archive`",
        path.display()
    )]
    OtherArchive { path: PathBuf, what: String },
    #[error("the vault cannot be followed")]
    NotWatched { source: Box<CliError> },
    #[error("say which vault is followed: --policy, or --vault with --chain-id")]
    NoRoyaltyVault,
    #[error("there is no node of the chain to ask: give --rpc, or set the environment variable ETH_RPC_URL")]
    NoNode,
    #[error("there is no home folder to keep the outbox in: give --outbox")]
    NoOutbox,
    #[error(
        "--params has development parameters, under which anyone can forge a proof: give the vault's own, \
         or, on a development chain, --allow-insecure-params"
    )]
    InsecureWatch,
    #[error(
        "no --units are given: the rounds would end without any, and nobody would be paid for computing \
         power in them; if you mean that, say --without-units"
    )]
    RoundsWithoutUnits,
    #[error(
        "--archive-place `{place}` is not a URL with http:// or https://; nobody could fetch the archive"
    )]
    ArchivePlace { place: String },
    #[error("the rules name no pool, so that nobody knows how much to fund: give --fund an amount")]
    NoPool,
    #[error(
        "the points of these parameters are not those that the rules name; give the whole parameters (SRS) \
         of the policy"
    )]
    OtherParameters,
    #[error("the result cannot be written to standard output")]
    Output(#[source] io::Error),
    #[cfg(feature = "asm")]
    #[error(
        "this program was built with `--features asm` and needs ADX and BMI2, which this processor lacks: \
         build without the feature"
    )]
    Processor,
    #[error("`{name}` prints no JSON; these do, and have a schema: {known}")]
    NoSchema { name: String, known: String },
    #[error("internal invariant of the demo violated: {0}; please report")]
    Demo(&'static str),
}

impl CliError {
    /// 1 for statements about readable input that were refused, 130 for work that was stopped, 2 for
    /// everything else.
    pub fn status(&self) -> Status {
        match self {
            Self::Verify(_)
            | Self::Bundle(_)
            | Self::Backend(_)
            | Self::Unsigned(_)
            | Self::NotTaken(_)
            | Self::OtherUpload { .. }
            | Self::Unmatched(_)
            | Self::Commit(CommitError::Unmatched(_))
            | Self::Upload(UploadError::Empty { .. } | UploadError::TooLong { .. })
            | Self::Account(AccountError::Signed(_))
            | Self::Setup(SetupError::InsecureParameters) => Status::Refused,
            Self::Prove(error) => match **error {
                ProveError::Verify(_)
                | ProveError::Proof { .. }
                | ProveError::Context(_)
                | ProveError::Opened(OpenedError::TooOften { .. })
                | ProveError::Scored(ScoredError::TooOften { .. }) => Status::Refused,
                ProveError::Commit(CommitError::Schema { .. }) => Status::Refused,
                ProveError::Cancelled => Status::Interrupted,
                _ => Status::Unusable,
            },
            Self::RegistryFile { source, .. } => match **source {
                RegistryFileError::Request(_)
                | RegistryFileError::Length { .. }
                | RegistryFileError::Nodes { .. }
                | RegistryFileError::Unsigned(_)
                | RegistryFileError::Signed(_) => Status::Refused,
                _ => Status::Unusable,
            },
            Self::Among { source, .. } => match **source {
                AmongError::Differs { .. } => Status::Refused,
                _ => Status::Unusable,
            },
            Self::Vault(error) => status_of_ledger(error),
            Self::NoHistory { .. } | Self::ListNotRecorded { .. } | Self::ListDoubled { .. } => {
                Status::Refused
            }
            Self::Chain(error) => status_of_chain(error),
            Self::Commit(CommitError::Cancelled) | Self::ClosingStopped { .. } => Status::Interrupted,
            _ => Status::Unusable,
        }
    }
}

impl From<DraftError> for CliError {
    fn from(error: DraftError) -> Self {
        Self::Draft(Box::new(error))
    }
}

impl From<ServiceError> for CliError {
    fn from(error: ServiceError) -> Self {
        Self::Service(Box::new(error))
    }
}

impl From<VaultError> for CliError {
    fn from(error: VaultError) -> Self {
        Self::Vault(Box::new(error))
    }
}

fn missing_lists(folder: &std::path::Path, missing: u64) -> String {
    let folder = folder.display();
    match missing {
        0 => format!("there are no lists in {folder}, and a restored ledger may lack some, too"),
        _ => format!("{missing} of its lists are missing in {folder}, and there may be later ones"),
    }
}

/// 1 where the ledger, or what it follows, says no.
fn status_of_ledger(error: &VaultError) -> Status {
    match error {
        VaultError::Refused(_)
        | VaultError::Forfeits { .. }
        | VaultError::NoUnits { .. }
        | VaultError::ConfirmedBefore { .. }
        | VaultError::Mirror(_) => Status::Refused,
        _ => Status::Unusable,
    }
}

/// 1 where a contract, or the record on the chain, says no.
fn status_of_chain(error: &ChainError) -> Status {
    match error {
        // The node's fault, not the vault's word.
        ChainError::Root(RootError::NoPosting { .. }) => Status::Unusable,
        ChainError::Refused { .. }
        | ChainError::Failed { .. }
        | ChainError::Bundle { .. }
        | ChainError::NotBegun { .. }
        | ChainError::NoSuchRound { .. }
        | ChainError::NobodyWeighs { .. }
        | ChainError::NotOver { .. }
        | ChainError::NothingEarned { .. }
        | ChainError::OtherRules { .. }
        | ChainError::OtherUnits { .. }
        | ChainError::Root(_)
        | ChainError::UnknownDigest { .. } => Status::Refused,
        ChainError::Ledger(error) => status_of_ledger(error),
        _ => Status::Unusable,
    }
}

impl From<ChainError> for CliError {
    fn from(error: ChainError) -> Self {
        Self::Chain(Box::new(error))
    }
}

impl From<ProveError> for CliError {
    fn from(error: ProveError) -> Self {
        Self::Prove(Box::new(error))
    }
}

/// The whole chain of an error, one cause a line.
pub fn chain(error: &dyn Error) -> Vec<String> {
    eip55::chain(error).collect()
}

/// The chain in one line, for tables and JSON.
pub fn one_line(error: &dyn Error) -> String {
    chain(error).join(": ")
}

/// The chain as a block for standard error.
pub fn block(error: &(dyn Error + 'static)) -> String {
    let mut text = String::new();
    for (index, line) in chain(error).iter().enumerate() {
        let label = if index == 0 { "error: " } else { "  caused by: " };
        let indent = " ".repeat(label.len());
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{label}{}", line.replace('\n', &format!("\n{indent}")));
    }
    if let Some(advice) = advice(error) {
        let _ = writeln!(text, "  to do: {advice}");
    }
    text
}

/// What to do where the system refused a file, whatever the file was for.
pub fn advice(error: &(dyn Error + 'static)) -> Option<&'static str> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            return advice_of(error.kind());
        }
        cause = error.source();
    }
    None
}

fn advice_of(kind: ErrorKind) -> Option<&'static str> {
    Some(match kind {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
            "make room there or choose another place, then run the same command again; finished work is kept"
        }
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            "change the permissions of the file or its folder, or choose another place"
        }
        ErrorKind::IsADirectory => "name a file; a folder is never replaced",
        ErrorKind::AlreadyExists => "something stands there already; choose another path",
        ErrorKind::NotADirectory => "a part of the path is a file; choose another path",
        ErrorKind::NotFound => "check the path; the folder of a file has to exist",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cause_stands_on_a_line_of_its_own() {
        let error = CliError::File { path: "x".into(), source: io::Error::other("disk\nis full") };
        let indented = "error: x: cannot be read or written\n  caused by: disk\n             is full\n";
        assert_eq!(block(&error), indented);
        assert_eq!(one_line(&error), "x: cannot be read or written: disk\nis full");
    }

    #[test]
    fn a_refusal_of_the_system_says_what_to_do_however_deep_it_lies() {
        let full = CommitError::Io { path: "x".into(), source: ErrorKind::StorageFull.into() };
        let text = block(&CliError::from(ProveError::Commit(full)));
        assert!(text.contains("\n  to do: make room there"), "{text}");
        assert!(!block(&CliError::from(ProveError::NoFolders)).contains("to do"));
    }

    #[test]
    fn refusals_and_unusable_input_differ() {
        assert_eq!(CliError::Setup(SetupError::InsecureParameters).status(), Status::Refused);
        assert_eq!(CliError::from(ProveError::Verify(VerifyError::Internal)).status(), Status::Refused);
        assert_eq!(CliError::from(ProveError::NoFolders).status(), Status::Unusable);
        assert_eq!(CliError::from(ProveError::Cancelled).status(), Status::Interrupted);
        assert_eq!(CliError::from(CommitError::Cancelled).status(), Status::Interrupted);
        assert_eq!(CliError::Ingest(IngestError::NoFiles).status(), Status::Unusable);
    }
}
