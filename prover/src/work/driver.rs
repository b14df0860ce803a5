//! Who has the data: hands out units, and keeps what comes back and is true.

use std::path::PathBuf;

use fairshare_circuits::geometry::Width;
use fairshare_params::encoding::Digest;
use fairshare_verifier::VerifyError;
use fairshare_verifier::bundle::leading_points;
use halo2curves::bn256::G1Affine;

use super::envelope::{EnvelopeError, WorkerKey};
use super::seal::seal;
use super::{Unit, UnitId};
use crate::prove::{Folders, Job, ProveError, Prover, keep};
use crate::segment::SegmentWitness;

/// Why a worker's result was not taken, or a unit not handed out. The commitment folder is as it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResultError {
    /// The proof is of another segment of these datasets.
    #[error("the result is the proof of segment {found}, and segment {expected} was asked for")]
    OtherSegment {
        /// The number that it is of.
        found: usize,
        /// The number asked for.
        expected: usize,
    },
    /// The proof is of no segment of these datasets.
    #[error("the result for segment {expected} is the proof of another dataset's segment, or not a proof")]
    OtherDataset {
        /// The number asked for.
        expected: usize,
    },
    /// More or fewer bytes than a proof of such a segment has.
    #[error("the result for segment {expected} has {found} bytes, and its proof has {bytes}")]
    Length {
        /// The number asked for.
        expected: usize,
        /// Bytes that came.
        found: usize,
        /// Bytes of such a proof.
        bytes: usize,
    },
    /// The histogram is not blinded as it is under this key.
    #[error(
        "the result for segment {expected} was made under another key than {key}: its worker has other \
         parameters or another version"
    )]
    OtherKey {
        /// The number asked for.
        expected: usize,
        /// The key that it is to be proved under.
        key: Digest,
    },
    /// It does not verify.
    #[error("the result for segment {expected} does not verify")]
    Invalid {
        /// The number asked for.
        expected: usize,
        /// Why.
        #[source]
        source: Box<VerifyError>,
    },
    /// The unit cannot be sealed.
    #[error(transparent)]
    Seal(#[from] EnvelopeError),
    /// The commitment folders cannot be used, or not under this key.
    #[error(transparent)]
    Prove(Box<ProveError>),
}

impl From<ProveError> for ResultError {
    fn from(error: ProveError) -> Self {
        Self::Prove(Box::new(error))
    }
}

type Result<T> = std::result::Result<T, ResultError>;

/// Commitment folders whose segments others prove. Segments are numbered over the folders in order, from 0,
/// as in [`Prover::prove_segments`].
pub struct Driver<'p, 'v> {
    prover: &'p Prover<'v>,
    folders: Folders,
}

impl std::fmt::Debug for Driver<'_, '_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Driver({:?})", self.folders.paths)
    }
}

impl<'p, 'v> Driver<'p, 'v> {
    /// Reads the folders and refuses what [`Prover::prove_data`] would before it proves anything.
    pub fn new(prover: &'p Prover<'v>, folders: &[PathBuf]) -> Result<Self> {
        let folders = prover.folders(folders)?;
        prover.scoring(&folders).check().map_err(ProveError::from)?;
        Ok(Self { prover, folders })
    }

    /// How many segments there are.
    pub fn segments(&self) -> usize {
        self.folders.segments()
    }

    /// The numbers of the segments without a kept proof, ascending. Whether those that are kept verify,
    /// [`Prover::assemble`] says.
    pub fn lacking(&self) -> Vec<usize> {
        self.folders.jobs().filter(|job| !job.path().exists()).map(|job| job.number).collect()
    }

    /// Which unit a segment is, under the key of the driver's policy.
    pub fn unit(&self, number: usize) -> Result<UnitId> {
        self.id(&self.job(number)?)
    }

    /// The segment's unit, for the task with this key. The proving key is noted beside the opening first, and
    /// refused where it is one too many.
    pub fn seal(&self, number: usize, to: &WorkerKey) -> Result<Vec<u8>> {
        let job = self.job(number)?;
        self.prover.open(std::slice::from_ref(&job))?;
        let (symbols, secret) = job.secret()?;
        let unit = Unit { symbols, secret, columns: job.columns().to_vec() };
        Ok(seal(&unit, &self.id(&job)?, to)?)
    }

    /// Keeps a worker's result in the commitment folder if it is the proof of that segment under that key;
    /// a result may be anybody's bytes.
    pub fn accept(&self, number: usize, result: &[u8]) -> Result<()> {
        let job = self.job(number)?;
        self.check(&job, result)?;
        Ok(keep(&job.path(), result)?)
    }

    fn check(&self, job: &Job<'_>, result: &[u8]) -> Result<()> {
        let (expected, columns) = (job.number, job.columns());
        let leading = leading_points(result, columns.len() + 1);
        // No two segments have a column in common: none of their blindings is the same.
        match self.segment_of(leading.first()) {
            Some(found) if found != expected => {
                return Err(ResultError::OtherSegment { found, expected });
            }
            Some(_) => {}
            None => return Err(ResultError::OtherDataset { expected }),
        }
        let key = self.prover.key(job.kind())?;
        let (found, bytes) = (result.len(), key.verifying().proof_bytes());
        if found != bytes {
            return Err(ResultError::Length { expected, found, bytes });
        }
        let (symbols, secret) = job.secret()?;
        let srs = self.prover.commit_key().srs();
        let witness = SegmentWitness::new(srs, key, symbols.to_vec(), &secret, columns);
        match leading.split_last() {
            Some((histogram, found)) if found == columns => {
                if *histogram != witness.histogram().commitment {
                    return Err(ResultError::OtherKey { expected, key: key.verifying().digest() });
                }
            }
            _ => return Err(ResultError::OtherDataset { expected }),
        }
        let width = Width::of(columns.len());
        let verified = self.prover.verifier().verify_segment(width, witness.padding(), result);
        verified.map_err(|error| ResultError::Invalid { expected, source: Box::new(error) })
    }

    /// The segment whose first column this is.
    fn segment_of(&self, first: Option<&G1Affine>) -> Option<usize> {
        let columns = self.folders.commitments.iter().flat_map(|commitment| &commitment.columns);
        columns
            .zip(0..)
            .find(|(columns, _)| first.is_some() && columns.first() == first)
            .map(|(_, number)| number)
    }

    fn id(&self, job: &Job<'_>) -> Result<UnitId> {
        Ok(UnitId {
            shape: job.part.shape,
            segment: job.index()?,
            dataset: *job.commitment.registration.digest(),
            key: self.prover.key(job.kind())?.verifying().digest(),
        })
    }

    fn job(&self, number: usize) -> Result<Job<'_>> {
        let none = ProveError::NoSegments { asked: number..number.saturating_add(1), total: self.segments() };
        Ok(self.folders.jobs().nth(number).ok_or(none)?)
    }
}
