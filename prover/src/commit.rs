//! Committing: from files to a public registration and a secret opening.
//!
//! A commitment folder holds, besides the proofs that [`crate::Prover`] keeps there:
//!
//! | file | who may read it | what it is |
//! | --- | --- | --- |
//! | `registration.json` | everyone | what a task contract records; written last, so that it stands for a whole folder |
//! | `commitments.bin` | everyone | the data-column commitments, which hash to the registered digest |
//! | `opening.bin` | its owner | symbols or units, and the seed of all blindings |

use std::io;
use std::path::{Path, PathBuf};

use fairshare_params::address::Address;
use fairshare_params::commitment::{Blinding, commit};
use fairshare_params::context::Role;
use fairshare_params::digest::data_digest;
use fairshare_params::encoding::{Digest, POINT_BYTES, decode_point, encode_point};
use fairshare_params::policy::Policy;
use fairshare_params::registration::{
    Contribution, Evidence, MAX_REGISTRATION_BYTES, Registration, RegistrationError,
};
use fairshare_params::srs::Srs;
use group::Curve;
use halo2curves::bn256::{Fr, G1Affine};

use crate::files::{self, Access};
use crate::ingest::units::read_units;
use crate::ingest::{IngestError, Records};
use crate::opening::{Header, Opening, OpeningError, Writer, fresh_seed};
use crate::progress::{Progress, Task};
use crate::segment::commit_columns;

/// The public registration's file name.
pub const REGISTRATION_FILE: &str = "registration.json";
/// The column commitments' file name.
pub const COMMITMENTS_FILE: &str = "commitments.bin";
/// The secret opening's file name.
pub const OPENING_FILE: &str = "opening.bin";

/// Why nothing was committed, or a commitment folder cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CommitError {
    /// The folder holds a commitment already.
    #[error("{}: holds a commitment already; its opening is the only way to prove it, so choose another folder", folder.display())]
    Occupied {
        /// The folder.
        folder: PathBuf,
    },
    /// The data cannot be read.
    #[error(transparent)]
    Ingest(#[from] IngestError),
    /// The parameters are for another geometry than the policy's.
    #[error("the parameters are for geometry `{parameters}`, the policy asks for `{policy}`")]
    Geometry {
        /// The parameters' geometry.
        parameters: fairshare_params::Geometry,
        /// The policy's.
        policy: fairshare_params::Geometry,
    },
    /// The registration cannot be made or read.
    #[error("{}: {source}", path.display())]
    Registration {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: RegistrationError,
    },
    /// Nobody may register units when there are none.
    #[error("{}: no units in any round of the policy; there is nothing to register", path.display())]
    NoUnits {
        /// The file.
        path: PathBuf,
    },
    /// More units than the round had.
    #[error("{}: {units} units in round {round}, but the policy's total is {total}", path.display())]
    UnitsAboveTotal {
        /// The file.
        path: PathBuf,
        /// The round.
        round: u64,
        /// Units claimed.
        units: u32,
        /// The policy's total.
        total: u32,
    },
    /// Symbols that mean something else under the policy's schema.
    #[error("{}: committed under schema {found}, but the policy has {expected}; commit the data under the policy's schema", folder.display())]
    Schema {
        /// The folder.
        folder: PathBuf,
        /// Hash of the schema committed under.
        found: Digest,
        /// Hash of the policy's.
        expected: Digest,
    },
    /// The column commitments are not those registered.
    #[error("{}: its commitments hash to {found}, but {expected} is registered; restore the file from a copy, or commit again", path.display())]
    Commitments {
        /// The file.
        path: PathBuf,
        /// The digest of the file's commitments.
        found: Digest,
        /// The registered digest.
        expected: Digest,
    },
    /// The secret opening cannot be used.
    #[error(transparent)]
    Opening(#[from] OpeningError),
    /// A file is longer than what was written to it.
    #[error("{}: {found} bytes, more than the {bound} that are read; restore the file from a copy, or commit again", path.display())]
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

/// Who commits, and what is known of the upload.
#[derive(Clone, Debug)]
pub struct Contributor {
    /// The contributor's address.
    pub address: Address,
    /// The round of registration.
    pub round: u64,
    /// Where the contribution was stored, if it was.
    pub evidence: Option<Evidence>,
}

/// Commits to the records of `files`, as one dataset, into a new folder. Memory does not grow with the files.
pub fn commit_data(
    srs: &Srs,
    policy: &Policy,
    contributor: &Contributor,
    data: &[PathBuf],
    folder: &Path,
    progress: &dyn Progress,
) -> Result<Registration> {
    check_geometry(srs, policy)?;
    let mut records = Records::open(data, policy.schema())?;
    prepare(folder)?;
    let opening_path = folder.join(OPENING_FILE);
    let mut opening = Writer::begin(&opening_path, fresh_seed()).map_err(io_error(&opening_path))?;
    progress.begin(Task::Commit, records.total_bytes(), 0);
    let segments = commit_segments(srs, &mut records, &mut opening, &opening_path, progress)?;
    progress.end(Task::Commit);

    // `Records` refuses 2^32 records and more.
    let count = u32::try_from(records.records_read()).unwrap_or(u32::MAX);
    let schema = policy.schema().hash();
    let registration = Registration::for_data(
        contributor.address,
        contributor.round,
        srs.geometry(),
        schema,
        count,
        &segments,
    );
    let registration = with_evidence(registration, contributor, folder)?;
    let header = Header {
        role: Role::Data,
        geometry: srs.geometry(),
        digest: *registration.digest(),
        items: u64::from(count),
    };
    opening.finish(&header).map_err(io_error(&opening_path))?;
    let path = folder.join(COMMITMENTS_FILE);
    let bytes: Vec<u8> = segments.iter().flatten().flat_map(encode_point).collect();
    files::write(&path, &bytes, Access::Public).map_err(io_error(&path))?;
    write_registration(folder, &registration)?;
    Ok(registration)
}

/// Commits to a node's units by round into a new folder. `column` names the units' column of the file, where it
/// has several.
pub fn commit_compute(
    srs: &Srs,
    policy: &Policy,
    contributor: &Contributor,
    units: &Path,
    column: Option<&str>,
    folder: &Path,
) -> Result<Registration> {
    check_geometry(srs, policy)?;
    let totals = policy.round_totals();
    let by_round = read_units(units, column, policy.first_round(), totals.len())?;
    for ((round, &units_there), &total) in (policy.first_round()..).zip(&by_round).zip(totals) {
        if units_there > total {
            let path = units.to_owned();
            return Err(CommitError::UnitsAboveTotal { path, round, units: units_there, total });
        }
    }
    if by_round.iter().all(|units| *units == 0) {
        return Err(CommitError::NoUnits { path: units.to_owned() });
    }
    prepare(folder)?;
    let commitment = commit_units(srs, &by_round);
    // A policy has no more rounds than its geometry.
    let rounds = u32::try_from(by_round.len()).unwrap_or(u32::MAX);
    let registration = Registration::for_compute(
        contributor.address,
        contributor.round,
        srs.geometry(),
        policy.first_round(),
        rounds,
        commitment,
    );
    let registration = with_evidence(registration, contributor, folder)?;
    let path = folder.join(OPENING_FILE);
    let write = || -> io::Result<()> {
        let mut opening = Writer::begin(&path, fresh_seed())?;
        opening.units(&by_round)?;
        opening.finish(&Header {
            role: Role::Compute,
            geometry: srs.geometry(),
            digest: *registration.digest(),
            items: u64::from(rounds),
        })
    };
    write().map_err(io_error(&path))?;
    write_registration(folder, &registration)?;
    Ok(registration)
}

/// A commitment folder, read back.
#[derive(Debug)]
pub struct Commitment {
    /// The folder.
    pub folder: PathBuf,
    /// What is registered.
    pub registration: Registration,
    /// The secret opening.
    pub opening: Opening,
    /// The data-column commitments, segment by segment; empty for compute.
    pub columns: Vec<Vec<G1Affine>>,
}

impl Commitment {
    /// Reads a folder that [`commit_data`] or [`commit_compute`] wrote and checks that its files belong together.
    pub fn read(folder: &Path, policy: &Policy) -> Result<Self> {
        let path = folder.join(REGISTRATION_FILE);
        let bytes = read(&path, MAX_REGISTRATION_BYTES as u64)?;
        let registration = Registration::from_json(&bytes)
            .map_err(|source| CommitError::Registration { path: path.clone(), source })?;
        // Before the opening: its length depends on the schema.
        check_schema(folder, &registration, policy)?;
        let features = policy.schema().len();
        let opening = Opening::read(&folder.join(OPENING_FILE), registration.digest(), features)?;
        check_items(&opening, &registration)?;
        let columns = match registration.contribution() {
            Contribution::Data { schema_hash, records, segments } => {
                read_columns(folder, &registration, schema_hash, (*records, *segments))?
            }
            Contribution::Compute { .. } => Vec::new(),
        };
        Ok(Self { folder: folder.to_owned(), registration, opening, columns })
    }
}

/// The commitment to a column of units, which are public.
pub fn commit_units(srs: &Srs, units: &[u32]) -> G1Affine {
    let column: Vec<_> = units.iter().map(|units| Fr::from(u64::from(*units))).collect();
    commit(srs, &column, Blinding::PUBLIC).to_affine()
}

fn commit_segments(
    srs: &Srs,
    records: &mut Records,
    opening: &mut Writer,
    path: &Path,
    progress: &dyn Progress,
) -> Result<Vec<Vec<G1Affine>>> {
    let capacity = srs.geometry().segment_symbols();
    let mut segments = Vec::new();
    let mut pending = Vec::new();
    let mut bytes = 0;
    loop {
        let written = pending.len();
        let read = records.next_batch(&mut pending)?;
        opening.symbols(&pending[written..]).map_err(io_error(path))?;
        progress.advance(Task::Commit, records.bytes_read().saturating_sub(bytes));
        bytes = records.bytes_read();
        while pending.len() >= capacity || (read == 0 && !pending.is_empty()) {
            let index = u32::try_from(segments.len()).unwrap_or(u32::MAX);
            let end = pending.len().min(capacity);
            segments.push(commit_columns(srs, &pending[..end], opening.seed(), index));
            pending.drain(..end);
        }
        if read == 0 {
            return Ok(segments);
        }
    }
}

fn read_columns(
    folder: &Path,
    registration: &Registration,
    schema: &Digest,
    (records, segments): (u32, u32),
) -> Result<Vec<Vec<G1Affine>>> {
    let path = folder.join(COMMITMENTS_FILE);
    let geometry = registration.geometry();
    let bound = u64::from(segments) * (geometry.data_columns() * POINT_BYTES) as u64;
    let bytes = read(&path, bound)?;
    let (points, rest) = bytes.as_chunks::<POINT_BYTES>();
    let points: Option<Vec<_>> = points.iter().map(decode_point).collect();
    let columns: Vec<Vec<_>> =
        points.unwrap_or_default().chunks(geometry.data_columns()).map(<[G1Affine]>::to_vec).collect();
    let found = data_digest(&geometry, schema, records, &columns);
    let expected = *registration.digest();
    if found != expected || !rest.is_empty() {
        return Err(CommitError::Commitments { path, found, expected });
    }
    Ok(columns)
}

/// What is read of an opening is as long as it says: it has to say what is registered.
fn check_items(opening: &Opening, registration: &Registration) -> Result<()> {
    let registered = match registration.contribution() {
        Contribution::Data { records, .. } => (Role::Data, u64::from(*records)),
        Contribution::Compute { rounds, .. } => (Role::Compute, u64::from(*rounds)),
    };
    let found = (opening.header().role, opening.header().items);
    if found == registered { Ok(()) } else { Err(opening.altered().into()) }
}

fn check_schema(folder: &Path, registration: &Registration, policy: &Policy) -> Result<()> {
    let expected = policy.schema().hash();
    match registration.contribution() {
        Contribution::Data { schema_hash, .. } if *schema_hash != expected => {
            let folder = folder.to_owned();
            Err(CommitError::Schema { folder, found: *schema_hash, expected })
        }
        _ => Ok(()),
    }
}

fn check_geometry(srs: &Srs, policy: &Policy) -> Result<()> {
    match (srs.geometry(), policy.geometry()) {
        (parameters, policy) if parameters != policy => Err(CommitError::Geometry { parameters, policy }),
        _ => Ok(()),
    }
}

/// Refuses a folder with a commitment: overwriting its opening would make its registration worthless, also one that
/// was moved elsewhere.
fn prepare(folder: &Path) -> Result<()> {
    if [REGISTRATION_FILE, OPENING_FILE].iter().any(|file| folder.join(file).exists()) {
        return Err(CommitError::Occupied { folder: folder.to_owned() });
    }
    files::create_private_folder(folder).map_err(io_error(folder))
}

fn with_evidence(
    registration: std::result::Result<Registration, RegistrationError>,
    contributor: &Contributor,
    folder: &Path,
) -> Result<Registration> {
    let path = folder.join(REGISTRATION_FILE);
    let registration = registration.map_err(|source| CommitError::Registration { path, source })?;
    Ok(match &contributor.evidence {
        Some(evidence) => registration.with_evidence(evidence.clone()),
        None => registration,
    })
}

fn write_registration(folder: &Path, registration: &Registration) -> Result<()> {
    let path = folder.join(REGISTRATION_FILE);
    files::write(&path, registration.to_json().as_bytes(), Access::Public).map_err(io_error(&path))
}

fn read(path: &Path, bound: u64) -> Result<Vec<u8>> {
    let read = files::read(path, bound).map_err(io_error(path))?;
    read.map_err(|found| CommitError::TooLong { path: path.to_owned(), found, bound })
}

fn io_error(path: &Path) -> impl Fn(io::Error) -> CommitError {
    let path = path.to_owned();
    move |source| CommitError::Io { path: path.clone(), source }
}
