//! Committing: from files to a public request and a secret opening.
//!
//! A commitment folder holds, besides the proofs and the lists of keys and scores that [`crate::Prover`]
//! keeps there:
//!
//! | file | who may read it | what it is |
//! | --- | --- | --- |
//! | `request.json` | everyone | what the registry is asked to record; written last, for a whole folder |
//! | `commitments.bin` | everyone | the data-column commitments, which hash to the requested digest |
//! | `opening.bin` | its owner | symbols, and the seed of all blindings |
//! | `commit.journal` | its owner | while committing only: the segments committed to so far, and the seed |
//!
//! **Interruption.** The same command, run again in the same folder, goes on from wherever the last one was
//! stopped:
//!
//! | what stands there | what the next run does |
//! | --- | --- |
//! | `request.json` and `opening.bin` | reads the data again; refuses any other, and changes nothing |
//! | `opening.bin` | reads the data again; writes the request if data and address fit, else refuses |
//! | `commit.journal` | reads the data again; keeps the commitments to segments that did not change |
//! | none of them | begins |
//!
//! **What matches nothing.** The records are counted while they are read. Where more than half of a column's
//! cells match nothing in the schema, nothing is committed to unless the caller says so ([`Matching`]):
//! before the first segment, so that no digest, no opening and no journal is left that nobody wants. A
//! journal that stands there stays as it is, for a run that says so. Where an opening stands, the data is
//! committed to, and nobody is asked again.
//!
//! **Stopping.** Whether to stop is asked for every batch of records and every column, also while data is
//! read again beside an opening. What is stopped leaves what a killed process does, and no more.
//!
//! Files appear in the order commitments, opening, request, each in one step, and an opening is never
//! replaced: it may be that of a request that was moved elsewhere. That a seed may meet other data is due to
//! what is [derived](crate::derivation) from it.

mod folder;
mod journal;
mod source;

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use fairshare_formats::eip55::checksummed;
use fairshare_formats::registry::{MAX_REQUEST_BYTES, RegistryFileError, request_to_json};
use fairshare_ingest::unmatched::{MostlyUnmatched, Unmatched, refuse_mostly, unmatched};
use fairshare_ingest::{Data, IngestError, Records};
use fairshare_params::Geometry;
use fairshare_params::address::Address;
use fairshare_params::encoding::{Digest, encode_point};
use fairshare_params::policy::{ParametersError, Policy};
use fairshare_params::registry::Request;
use fairshare_params::srs::Srs;
use fairshare_storage::files::{self, Access, ReadError};
use halo2curves::bn256::G1Affine;
use zeroize::Zeroizing;

pub use folder::CommitmentFolder;
pub use source::{Lost, SourceError, SymbolSource};

pub use crate::secret::OPENING_FILE;

use self::folder::{Expected, read_columns};
use self::journal::Journal;
use self::source::next_batch;
use crate::count::{Counted, SegmentIndex, TooMany, registered};
use crate::derivation::{Dataset, SegmentSecret};
use crate::opened::OPENED_FILE;
use crate::progress::{Progress, Task};
use crate::scored::SCORED_FILE;
use crate::secret::{Header, Opening, OpeningError, Seed, Writer, fresh_seed};
use crate::segment::{commit_columns_until, commit_first_column};

/// The request's file name.
pub const REQUEST_FILE: &str = "request.json";
/// The column commitments' file name.
pub const COMMITMENTS_FILE: &str = "commitments.bin";
/// The name of the journal of a commitment that is being made, secret too.
pub const JOURNAL_FILE: &str = "commit.journal";

/// Every file of a commitment folder that must not be written over.
pub const COMMITMENT_FILES: [&str; 6] =
    [REQUEST_FILE, COMMITMENTS_FILE, OPENING_FILE, JOURNAL_FILE, OPENED_FILE, SCORED_FILE];

/// Why nothing was committed, or a commitment folder cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CommitError {
    /// The folder holds a commitment already.
    #[error(
        "{}: holds a commitment already; its opening is the only way to prove it, so choose another folder",
        folder.display()
    )]
    Occupied {
        /// The folder.
        folder: PathBuf,
    },
    /// What is committed to here is worth nothing under other parameters.
    #[error(
        "{}: holds a commitment that was made under other parameters, and can be proved under those alone; \
         choose another folder",
        folder.display()
    )]
    OtherSrs {
        /// The folder.
        folder: PathBuf,
    },
    /// Another process commits into the folder.
    #[error(
        "{}: another process is committing into this folder; wait for it, or choose another folder",
        folder.display()
    )]
    Busy {
        /// The folder.
        folder: PathBuf,
    },
    /// Others could slip a journal into the folder, with a seed that they know.
    #[error(
        "{}: others than its owner may write to this folder, and a secret is to be kept there; `chmod 700` \
         it, or choose another folder",
        folder.display()
    )]
    Shared {
        /// The folder.
        folder: PathBuf,
    },
    /// The data cannot be read.
    #[error(transparent)]
    Ingest(#[from] IngestError),
    /// Records that were read elsewhere do not all arrive.
    #[error("records that are read elsewhere do not all arrive; begin to read them again")]
    Lost(#[source] Lost),
    /// Data that hardly matches the schema, and nobody said that this is meant.
    #[error("nothing was committed to")]
    Unmatched(#[from] MostlyUnmatched),
    /// Others than the policy names.
    #[error(transparent)]
    Parameters(#[from] ParametersError),
    /// The request cannot be made or read.
    #[error("{}: the request cannot be made or read", path.display())]
    Request {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<RegistryFileError>,
    },
    /// More records or segments than can be registered.
    #[error(transparent)]
    TooMany(#[from] TooMany),
    /// Symbols that mean something else under the policy's schema.
    #[error(
        "{}: committed under schema {found}, but the policy has {expected}; commit the data under the \
         policy's schema",
        folder.display()
    )]
    Schema {
        /// The folder.
        folder: PathBuf,
        /// Hash of the schema committed under.
        found: Digest,
        /// Hash of the policy's.
        expected: Digest,
    },
    /// An opening of these records stands there, but its digest is not this contributor's.
    #[error(
        "{}: begun for another contributor than {}: digest {expected} was to be registered, and this \
         contributor's would be {found}; give the address that the commitment was begun with, or choose \
         another folder (if the address is the same, restore the commitments' file from a copy)",
        folder.display(),
        checksummed(contributor)
    )]
    AnotherContributor {
        /// The folder.
        folder: PathBuf,
        /// Who commits now.
        contributor: Address,
        /// The digest of the file's commitments for this contributor.
        found: Digest,
        /// The opening's digest.
        expected: Digest,
    },
    /// The column commitments are not those registered.
    #[error(
        "{}: its commitments hash to {found}, but {expected} is registered; restore the file from a copy, \
         or commit again",
        path.display()
    )]
    Commitments {
        /// The file.
        path: PathBuf,
        /// The digest of the file's commitments.
        found: Digest,
        /// The registered digest.
        expected: Digest,
    },
    /// It was stopped.
    #[error(
        "committing was stopped; segments that were committed to are kept, and the same command goes on from \
         there"
    )]
    Cancelled,
    /// The system gives no random numbers, without which nothing can be hidden.
    #[error("the system gives no random numbers, so nothing can be committed to; try again when it does")]
    Randomness(#[source] io::Error),
    /// The secret opening cannot be used.
    #[error(transparent)]
    Opening(#[from] OpeningError),
    /// A file is longer than what was written to it.
    #[error(
        "{}: {found} bytes, more than the {bound} that are read; restore the file from a copy, or commit \
         again",
        path.display()
    )]
    TooLong {
        /// The file.
        path: PathBuf,
        /// Its length.
        found: u64,
        /// The most that such a file has.
        bound: u64,
    },
    /// A file cannot be read or written.
    #[error("{}: cannot be read or written; nothing that was there before is lost", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: io::Error,
    },
}

type Result<T> = std::result::Result<T, CommitError>;

/// Whether data is committed to most of which matches nothing in a column's rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Matching {
    /// It is refused where more than half of a column's cells match nothing.
    Required,
    /// It is committed to all the same.
    Waived,
}

/// What was committed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committed {
    /// What `request.json` asks the registry to record.
    pub request: Request,
    /// What of each column matched nothing in the schema.
    pub unmatched: Vec<Unmatched>,
}

/// [`commit_matching`] of data that has to match the schema. Gives what `request.json` asks the registry to
/// record.
pub fn commit_data<'a>(
    srs: &Srs,
    policy: &Policy,
    contributor: &Address,
    data: impl Into<Data<'a>>,
    folder: &Path,
    progress: &dyn Progress,
) -> Result<Request> {
    let committed = commit_matching(srs, policy, contributor, data, folder, Matching::Required, progress)?;
    Ok(committed.request)
}

/// Commits, for `contributor`, to the records of the files or tables `data`, as one dataset, into a folder
/// that holds no commitment yet, or goes on with what an interrupted run left there. Memory does not grow
/// with the data.
pub fn commit_matching<'a>(
    srs: &Srs,
    policy: &Policy,
    contributor: &Address,
    data: impl Into<Data<'a>>,
    folder: &Path,
    matching: Matching,
    progress: &dyn Progress,
) -> Result<Committed> {
    policy.check_parameters(srs.geometry(), &srs.digest(), srs.is_insecure())?;
    let mut records = Records::open(data, policy.schema())?;
    commit_symbols(srs, policy, contributor, &mut records, folder, matching, progress)
}

/// As [`commit_matching`], of records that were read under the policy's schema somewhere else: by the
/// machines of a cluster, for example ([`Opened`](crate::work::Opened)).
pub fn commit_symbols(
    srs: &Srs,
    policy: &Policy,
    contributor: &Address,
    records: &mut dyn SymbolSource,
    folder: &Path,
    matching: Matching,
    progress: &dyn Progress,
) -> Result<Committed> {
    policy.check_parameters(srs.geometry(), &srs.digest(), srs.is_insecure())?;
    let _lock = lock(folder)?;
    let mut tally = Tally::new(policy, matching);
    let request = if folder.join(OPENING_FILE).exists() {
        request_of_opening(srs, policy, contributor, records, &mut tally, folder, progress)?
    } else {
        begin_or_resume(srs, policy, contributor, records, &mut tally, folder, progress)?
    };
    complete(folder, &request)?;
    Ok(Committed { request, unmatched: tally.unmatched() })
}

/// Counts the symbols that are read, so that it is known what matched nothing.
struct Tally<'a> {
    policy: &'a Policy,
    matching: Matching,
    counts: Zeroizing<Vec<u64>>,
}

impl<'a> Tally<'a> {
    fn new(policy: &'a Policy, matching: Matching) -> Self {
        Self { policy, matching, counts: Zeroizing::new(vec![0; policy.schema().symbol_count()]) }
    }

    fn add(&mut self, symbols: &[u16]) {
        for &symbol in symbols {
            // Symbols come from the schema that sized the counts.
            self.counts[usize::from(symbol)] += 1;
        }
    }

    fn unmatched(&self) -> Vec<Unmatched> {
        unmatched(self.policy.schema(), &self.counts)
    }

    /// Refuses what hardly matches, unless that is meant.
    fn check(&self) -> Result<()> {
        match self.matching {
            Matching::Required => Ok(refuse_mostly(&self.unmatched())?),
            Matching::Waived => Ok(()),
        }
    }
}

/// Commits to the records and writes all but the request, going on from the journal as far as it is of them.
fn begin_or_resume(
    srs: &Srs,
    policy: &Policy,
    contributor: &Address,
    records: &mut dyn SymbolSource,
    tally: &mut Tally<'_>,
    folder: &Path,
    progress: &dyn Progress,
) -> Result<Request> {
    let (opening_path, journal_path) = (folder.join(OPENING_FILE), folder.join(JOURNAL_FILE));
    let geometry = srs.geometry();
    let journal = Journal::open(&journal_path, srs, random_seed()?).map_err(io_error(&journal_path))?;
    let mut opening =
        Writer::begin(&opening_path, journal.seed().clone()).map_err(io_error(&opening_path))?;
    read_records(records, tally, &mut opening, &opening_path, progress)?;
    // Before anything is committed to: what is written from here on is kept.
    tally.check()?;

    // A segment's secret is of the number of records, so nothing is committed to before all are read.
    let count = registered(Counted::Records, records.records_read())?;
    let schema = policy.schema().hash();
    let dataset = Dataset { contributor, geometry, schema: &schema, records: count };
    let segments =
        commit_segments(srs, &dataset, records.features(), &mut opening, journal, folder, progress)?;
    let request = request_for(folder, &dataset, &segments)?;
    let path = folder.join(COMMITMENTS_FILE);
    let bytes: Vec<u8> = segments.iter().flatten().flat_map(encode_point).collect();
    files::write(&path, &bytes, Access::Public).map_err(io_error(&path))?;
    let header = Header { geometry, digest: *request.digest(), records: u64::from(count) };
    opening.finish(&header).map_err(io_error(&opening_path))?;
    Ok(request)
}

/// Reads and counts all records, and writes their symbols to the opening.
fn read_records(
    records: &mut dyn SymbolSource,
    tally: &mut Tally<'_>,
    opening: &mut Writer,
    path: &Path,
    progress: &dyn Progress,
) -> Result<()> {
    progress.begin(Task::Read, records.total(), 0);
    // All the room that is ever needed: growing would leave copies of symbols behind.
    let mut batch = Zeroizing::new(Vec::with_capacity(records.most() * records.features()));
    let mut done = 0;
    while next_batch(records, &mut batch, progress)? > 0 {
        opening.symbols(&batch).map_err(io_error(path))?;
        tally.add(&batch);
        progress.advance(Task::Read, records.done().saturating_sub(done));
        done = records.done();
        batch.clear();
    }
    progress.end(Task::Read);
    Ok(())
}

/// Every segment's commitments, taken from the journal as far as it has them.
fn commit_segments(
    srs: &Srs,
    dataset: &Dataset<'_>,
    features: usize,
    opening: &mut Writer,
    mut journal: Journal,
    folder: &Path,
    progress: &dyn Progress,
) -> Result<Vec<Vec<G1Affine>>> {
    let (path, journal_path) = (folder.join(OPENING_FILE), folder.join(JOURNAL_FILE));
    let cut = dataset.geometry.cut(u64::from(dataset.records) * features as u64);
    progress.begin(Task::Commit, cut.segments(), 0);
    let mut segments = Vec::new();
    for part in cut.iter() {
        // Here as well as at each column: those that the journal has take time, too.
        if progress.cancelled() {
            return Err(CommitError::Cancelled);
        }
        let (index, width) = (SegmentIndex::try_from(segments.len())?, part.shape.width());
        let symbols = opening.read_back(part.first, part.symbols).map_err(io_error(&path))?;
        let secret = SegmentSecret::derive(journal.seed(), dataset, index, &symbols);
        let columns = match journal.segment(index, width, &secret) {
            Some(columns) => columns,
            None => {
                let columns = commit_columns_until(srs, width, &symbols, &secret, &|| progress.cancelled());
                let columns = columns.ok_or(CommitError::Cancelled)?;
                journal.append(index, &secret, &columns).map_err(io_error(&journal_path))?;
                columns
            }
        };
        segments.push(columns);
        progress.advance(Task::Commit, 1);
    }
    progress.end(Task::Commit);
    Ok(segments)
}

/// The request of a folder whose work was stopped between its opening and its request, if it is of these
/// records.
fn request_of_opening(
    srs: &Srs,
    policy: &Policy,
    contributor: &Address,
    records: &mut dyn SymbolSource,
    tally: &mut Tally<'_>,
    folder: &Path,
    progress: &dyn Progress,
) -> Result<Request> {
    let opening = standing_opening(folder, srs.geometry(), records.features())?;
    let occupied = || CommitError::Occupied { folder: folder.to_owned() };
    let mut batch = Zeroizing::new(Vec::with_capacity(records.most() * records.features()));
    let mut first = 0;
    while next_batch(records, &mut batch, progress)? > 0 {
        if *batch != *opening.symbols(first, batch.len())? {
            return Err(occupied());
        }
        tally.add(&batch);
        first += batch.len() as u64;
        batch.clear();
    }
    let count = registered(Counted::Records, records.records_read())?;
    let header = opening.header();
    if header.records != u64::from(count) {
        return Err(occupied());
    }
    let schema = policy.schema().hash();
    let (geometry, cut) = (srs.geometry(), srs.geometry().cut(u64::from(count) * records.features() as u64));
    let dataset = Dataset { contributor, geometry, schema: &schema, records: count };
    let expected = Expected { dataset, digest: &header.digest, cut };
    let columns = read_columns(folder, &expected).map_err(|error| match error {
        // The records are the opening's, so what else the digest covers is not: it names its contributor.
        CommitError::Commitments { found, expected, .. } => {
            let (folder, contributor) = (folder.to_owned(), *contributor);
            CommitError::AnotherContributor { folder, contributor, found, expected }
        }
        other => other,
    })?;
    if !is_under(srs, &opening, &expected, &columns)? {
        return Err(CommitError::OtherSrs { folder: folder.to_owned() });
    }
    request_for(folder, &dataset, &columns)
}

/// Whether the first commitment of the last segment is under this reference string. Under another one the
/// dataset could not be proved.
fn is_under(
    srs: &Srs,
    opening: &Opening,
    expected: &Expected<'_>,
    columns: &[Vec<G1Affine>],
) -> Result<bool> {
    let Some((index, (part, columns))) = expected.cut.iter().zip(columns).enumerate().last() else {
        return Ok(false);
    };
    let symbols = opening.symbols(part.first, part.symbols)?;
    let index = SegmentIndex::try_from(index)?;
    let secret = SegmentSecret::derive(opening.seed(), &expected.dataset, index, &symbols);
    Ok(columns.first() == Some(&commit_first_column(srs, &symbols, &secret)))
}

/// The opening that stands in a folder, if its geometry is this. It is not ours to replace otherwise.
fn standing_opening(folder: &Path, geometry: Geometry, features: usize) -> Result<Opening> {
    let occupied = || CommitError::Occupied { folder: folder.to_owned() };
    match Opening::read_unregistered(&folder.join(OPENING_FILE), features) {
        Ok(opening) if opening.header().geometry == geometry => Ok(opening),
        // Another schema's records are of another length.
        Ok(_) | Err(OpeningError::Length { .. }) => Err(occupied()),
        Err(error) => Err(error.into()),
    }
}

/// Creates the folder where there is none, and locks it until the lock is dropped. Refuses a folder with
/// nothing but a request: whatever opens it must not find another beside it.
fn lock(folder: &Path) -> Result<File> {
    let owned = || folder.to_owned();
    let failed = io_error(folder);
    files::create_private_folder(folder).map_err(&failed)?;
    let lock =
        files::lock_folder(folder).map_err(&failed)?.ok_or_else(|| CommitError::Busy { folder: owned() })?;
    if folder.join(REQUEST_FILE).exists() && !folder.join(OPENING_FILE).exists() {
        return Err(CommitError::Occupied { folder: owned() });
    }
    if files::is_writable_by_others(&lock).map_err(&failed)? {
        return Err(CommitError::Shared { folder: owned() });
    }
    Ok(lock)
}

/// What is asked of the registry for a dataset of these columns.
fn request_for(folder: &Path, dataset: &Dataset<'_>, columns: &[Vec<G1Affine>]) -> Result<Request> {
    let Dataset { contributor, geometry, schema, records } = *dataset;
    Request::for_columns(*contributor, geometry, *schema, records, columns)
        .map_err(|error| unusable_request(folder.join(REQUEST_FILE), error.into()))
}

fn unusable_request(path: PathBuf, source: RegistryFileError) -> CommitError {
    CommitError::Request { path, source: Box::new(source) }
}

/// The last steps, once the opening stands: from then on it holds what the journal did.
fn complete(folder: &Path, request: &Request) -> Result<()> {
    let path = folder.join(JOURNAL_FILE);
    journal::remove(&path).map_err(io_error(&path))?;
    write_once(folder, REQUEST_FILE, request_to_json(request).as_bytes(), MAX_REQUEST_BYTES)
}

/// Writes a public file that is never replaced: one that stands there must be the same. Of more bytes than
/// are ever read, nothing is written.
fn write_once(folder: &Path, name: &str, bytes: &[u8], bound: usize) -> Result<()> {
    let path = folder.join(name);
    if bytes.len() > bound {
        return Err(CommitError::TooLong { path, found: bytes.len() as u64, bound: bound as u64 });
    }
    match files::read(&path, bound as u64) {
        Ok(standing) if standing == bytes => Ok(()),
        Ok(_) | Err(ReadError::TooLong { .. }) => Err(CommitError::Occupied { folder: folder.to_owned() }),
        Err(ReadError::Io(error)) if error.kind() == io::ErrorKind::NotFound => {
            files::write(&path, bytes, Access::Public).map_err(io_error(&path))
        }
        Err(ReadError::Io(error)) => Err(io_error(&path)(error)),
    }
}

fn random_seed() -> Result<Seed> {
    fresh_seed().map_err(CommitError::Randomness)
}

fn read(path: &Path, bound: u64) -> Result<Vec<u8>> {
    files::read(path, bound).map_err(|error| match error {
        ReadError::TooLong { found, bound } => CommitError::TooLong { path: path.to_owned(), found, bound },
        ReadError::Io(source) => io_error(path)(source),
    })
}

fn io_error(path: &Path) -> impl Fn(io::Error) -> CommitError {
    let path = path.to_owned();
    move |source| CommitError::Io { path: path.clone(), source }
}
