//! Segments' histogram proofs: those that are kept, and those that are made.
//!
//! A segment's proof follows from its symbols, its secret and the key (`derivation.rs`), so that it does not
//! matter who makes it: several processes may prove segments of one folder at the same time, and two that
//! prove the same write the same file, each in one step. **Whoever makes a proof asks first** what
//! [`Prover::open`] asks, for each proof under another key spends an opening.

use std::collections::BTreeSet;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use fairshare_circuits::geometry::{CutSegment, Width};
use fairshare_params::keys::CircuitKind;
use fairshare_params::registration::Registration;
use fairshare_storage::files::{self, Access};
use fairshare_verifier::bundle::leading_points;
use halo2curves::bn256::{Fr, G1Affine};
use zeroize::Zeroizing;

use super::error::{ProofSubject, ProveError, refused};
use super::{Prover, Result};
use crate::commit::CommitmentFolder;
use crate::count::SegmentIndex;
use crate::derivation::SegmentSecret;
use crate::opened::open_under;
use crate::progress::{Asking, Progress, Task};
use crate::schedule::{RunError, plan, run};
use crate::scored::Scoring;
use crate::segment::{Histogram, SegmentWitness, commit_first_column};

/// Far above a kept segment of any geometry: its proof has thousands of bytes. A longer file is proved again.
const MAX_SEGMENT_BYTES: u64 = 1 << 20;

/// Folder of kept histogram proofs within a commitment folder.
pub const PROOFS_FOLDER: &str = "proofs";

/// Which of the segments, numbered from 0 over the folders in the order in which they are named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Segments {
    /// These; a range may end beyond the last.
    Range(Range<usize>),
    /// The part numbered `index`, from 0, of all segments divided into parts as equal as can be: none, where
    /// there are more parts than segments.
    Part {
        /// The part's number.
        index: usize,
        /// How many parts there are.
        parts: usize,
    },
}

impl From<Range<usize>> for Segments {
    fn from(range: Range<usize>) -> Self {
        Self::Range(range)
    }
}

impl Segments {
    /// Those of so many.
    fn of(&self, total: usize) -> Result<Range<usize>> {
        match self {
            Self::Range(asked) => {
                let within = asked.start..asked.end.min(total);
                let none = || ProveError::NoSegments { asked: asked.clone(), total };
                if within.is_empty() { Err(none()) } else { Ok(within) }
            }
            Self::Part { index, parts } if index < parts => {
                // Below `total`, so that it is a `usize` again.
                let until = |index: usize| (total as u128 * index as u128 / *parts as u128) as usize;
                Ok(until(*index)..until(index + 1))
            }
            Self::Part { index, parts } => Err(ProveError::NoPart { index: *index, parts: *parts }),
        }
    }
}

/// Segments that were proved, or had been.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentsProved {
    /// Their numbers over the folders in order, from 0.
    pub segments: Range<usize>,
    /// How many of them were proved now; the other proofs were kept.
    pub made: usize,
    /// Segments of all folders.
    pub total: usize,
}

/// What becomes of a segment without a kept proof that verifies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lacking {
    /// It is proved.
    Made,
    /// It is refused.
    Refused,
}

/// Commitment folders of one contributor that are proved together.
pub(crate) struct Folders {
    pub paths: Vec<PathBuf>,
    pub commitments: Vec<CommitmentFolder>,
    pub registrations: Vec<Registration>,
    pub context: [Fr; 2],
}

impl Folders {
    /// Segments of all.
    pub fn segments(&self) -> usize {
        self.commitments.iter().map(|commitment| commitment.columns.len()).sum()
    }

    /// All segments, by their numbers.
    pub fn jobs(&self) -> impl Iterator<Item = Job<'_>> {
        let segments = self.commitments.iter().enumerate().flat_map(|(dataset, commitment)| {
            let segments = commitment.cut().iter().enumerate();
            segments.map(move |(segment, part)| (dataset, segment, part, commitment))
        });
        segments.enumerate().map(|(number, (dataset, segment, part, commitment))| Job {
            number,
            dataset,
            segment,
            part,
            commitment,
        })
    }
}

/// One segment to prove.
pub(crate) struct Job<'a> {
    /// Over all folders.
    pub number: usize,
    pub dataset: usize,
    pub segment: usize,
    pub part: CutSegment,
    pub commitment: &'a CommitmentFolder,
}

impl Job<'_> {
    /// The segment's symbols, and its secret.
    pub fn secret(&self) -> Result<(Zeroizing<Vec<u16>>, SegmentSecret)> {
        let opening = &self.commitment.opening;
        let symbols = opening.symbols(self.part.first, self.part.symbols)?;
        let secret =
            SegmentSecret::derive(opening.seed(), &self.commitment.dataset(), self.index()?, &symbols);
        Ok((symbols, secret))
    }

    pub fn index(&self) -> Result<SegmentIndex> {
        Ok(SegmentIndex::try_from(self.segment)?)
    }

    pub fn kind(&self) -> CircuitKind {
        CircuitKind::Histogram(self.part.shape.width())
    }

    pub fn columns(&self) -> &[G1Affine] {
        &self.commitment.columns[self.segment]
    }

    /// Where its proof is kept.
    pub fn path(&self) -> PathBuf {
        self.commitment.folder.join(PROOFS_FOLDER).join(format!("{:06}.proof", self.segment))
    }
}

/// One segment proved, with what the score needs of it.
pub(super) struct ProvedSegment {
    pub dataset: usize,
    pub proof: Vec<u8>,
    pub histogram: Histogram,
    number: usize,
    is_new: bool,
}

impl Prover<'_> {
    /// Proves some segments of commitment folders, and keeps their proofs there. Other processes may prove
    /// others of the same folders meanwhile, or the same; [`Self::assemble`] makes the bundle.
    pub fn prove_segments(
        &self,
        folders: &[PathBuf],
        segments: impl Into<Segments>,
        progress: &dyn Progress,
    ) -> Result<SegmentsProved> {
        let folders = self.folders(folders)?;
        // What could not be scored need not be proved.
        self.scoring(&folders).check()?;
        let total = folders.segments();
        let within = segments.into().of(total)?;
        let jobs = folders.jobs().skip(within.start).take(within.len()).collect();
        let made = AtomicUsize::new(0);
        self.each_segment(jobs, Lacking::Made, progress, |_, part| {
            made.fetch_add(usize::from(part.is_some_and(|part| part.is_new)), Ordering::Relaxed);
        })?;
        Ok(SegmentsProved { segments: within, made: made.into_inner(), total })
    }

    /// 2. and 3. of the folders.
    pub(crate) fn folders(&self, paths: &[PathBuf]) -> Result<Folders> {
        let policy = self.verifier.policy();
        plan(policy.geometry().smallest_segment(), &self.limits)?;
        // 2. what is on record
        let commitments = paths
            .iter()
            .map(|folder| CommitmentFolder::read(folder, policy))
            .collect::<std::result::Result<Vec<_>, _>>()?;
        let first = commitments.first().ok_or(ProveError::NoFolders)?;
        let contributor = *first.registration.contributor();
        let registrations: Vec<_> =
            commitments.iter().map(|commitment| commitment.registration.clone()).collect();
        let context = self.verifier.data_context(&contributor, &registrations)?.limbs();
        check_records(&registrations, policy.terms().min_records)?;
        Ok(Folders { paths: paths.to_vec(), commitments, registrations, context })
    }

    /// The score of the folders, as it is to be noted.
    pub(crate) fn scoring<'f>(&self, folders: &'f Folders) -> Scoring<'f> {
        let Folders { paths, registrations, .. } = folders;
        Scoring::new(self.verifier.policy(), paths, registrations, self.score_limit)
    }

    /// 5. and 6. for every segment of the folders, in order.
    pub(super) fn histograms(
        &self,
        folders: &Folders,
        lacking: Lacking,
        progress: &dyn Progress,
    ) -> Result<Vec<ProvedSegment>> {
        let total = folders.segments();
        if lacking == Lacking::Refused {
            // Before anything that takes longer.
            let missing = folders.jobs().filter(|job| !job.path().exists());
            refuse(missing.map(|job| job.number).collect(), total)?;
        }
        let (proved, missing) = (Mutex::new(Vec::with_capacity(total)), Mutex::new(Vec::new()));
        self.each_segment(folders.jobs().collect(), lacking, progress, |number, part| match part {
            Some(part) => proved.lock().unwrap_or_else(PoisonError::into_inner).push(part),
            None => missing.lock().unwrap_or_else(PoisonError::into_inner).push(number),
        })?;
        refuse(missing.into_inner().unwrap_or_else(PoisonError::into_inner), total)?;
        if lacking == Lacking::Refused {
            // Before they get out: whoever made them may have asked beside another copy of the folder.
            self.open(&folders.jobs().collect::<Vec<_>>())?;
        }
        let mut proved = proved.into_inner().unwrap_or_else(PoisonError::into_inner);
        proved.sort_by_key(|part: &ProvedSegment| part.number);
        Ok(proved)
    }

    /// Hands each segment that is proved to `done`, with its number; in parallel, and in any order. Finished
    /// proofs are kept beside their commitment.
    fn each_segment(
        &self,
        jobs: Vec<Job<'_>>,
        lacking: Lacking,
        progress: &dyn Progress,
        done: impl Fn(usize, Option<ProvedSegment>) + Sync,
    ) -> Result<()> {
        let geometry = self.verifier.policy().geometry();
        let widths: BTreeSet<_> = jobs.iter().map(|job| job.part.shape.width()).collect();
        let largest = widths.last().map_or(geometry.smallest_segment(), |width| geometry.segment(*width));
        let plan = plan(largest, &self.limits)?;
        progress.begin(Task::Keys, widths.len() as u64, 0);
        for width in &widths {
            self.key(CircuitKind::Histogram(*width))?;
            progress.advance(Task::Keys, 1);
        }
        progress.end(Task::Keys);
        // Proofs that are only checked were made before, and those that do not verify go no further.
        if lacking == Lacking::Made {
            self.open(&jobs)?;
        }
        // Those that are kept are not proved again.
        let proofs = jobs.iter().filter(|job| !job.path().exists());
        let columns = proofs.map(|job| Ok(self.key(job.kind())?.plonk().full_columns()));
        self.commit_key.expect(columns.sum::<Result<usize>>()?);
        progress.begin(Task::Segments, jobs.len() as u64, 0);
        run(plan, jobs, |job| {
            done(job.number, self.segment(&job, lacking, progress)?);
            progress.advance(Task::Segments, 1);
            Ok(())
        })
        .map_err(|error| match error {
            RunError::Job(error) => error,
            RunError::Threads(source) => ProveError::Threads(source),
        })?;
        progress.end(Task::Segments);
        Ok(())
    }

    /// Notes that the segments of `jobs` are about to be proved under the verifier's keys, or refuses. Asked
    /// before any of them is proved, here or elsewhere.
    pub(crate) fn open(&self, jobs: &[Job<'_>]) -> Result<()> {
        for job in last_of_each(jobs) {
            self.check_parameters(job)?;
        }
        let opened: BTreeSet<_> =
            jobs.iter().map(|job| (&job.commitment.folder, job.part.shape.width())).collect();
        for (folder, width) in opened {
            let key = self.key(CircuitKind::Histogram(width))?;
            open_under(folder, width, &key.verifying().digest())?;
        }
        Ok(())
    }

    /// Whether the opening gives the commitment to the first column of a segment, under the verifier's
    /// parameters. Under others nothing can be proved, and each attempt would spend one of the openings that
    /// a column has.
    fn check_parameters(&self, job: &Job<'_>) -> Result<()> {
        let (symbols, secret) = job.secret()?;
        let found = commit_first_column(self.commit_key.srs(), &symbols, &secret);
        if job.columns().first() == Some(&found) {
            Ok(())
        } else {
            Err(ProveError::OpeningMismatch { folder: job.commitment.folder.clone() })
        }
    }

    /// A segment with its proof, kept or made; none where it would have to be made and is not to be.
    fn segment(
        &self,
        job: &Job<'_>,
        lacking: Lacking,
        progress: &dyn Progress,
    ) -> Result<Option<ProvedSegment>> {
        let srs = self.commit_key.srs();
        let (key, columns) = (self.key(job.kind())?, job.columns());
        let (symbols, secret) = job.secret()?;
        let index = job.index()?;
        let witness = SegmentWitness::new(srs, key, symbols.to_vec(), &secret, columns);

        let path = job.path();
        let (histogram, padding) = (witness.histogram(), witness.padding());
        let kept = self.kept(&path, columns, &histogram.commitment, padding);
        let is_new = kept.is_none();
        let proof = match (kept, lacking) {
            (Some(proof), _) => proof,
            (None, Lacking::Refused) => return Ok(None),
            (None, Lacking::Made) => {
                let proof = witness.prove(&self.commit_key, &Asking(progress)).map_err(refused(|| {
                    ProofSubject::Segment { folder: job.commitment.folder.clone(), index }
                }))?;
                keep(&path, &proof)?;
                proof
            }
        };
        let Job { dataset, number, .. } = *job;
        Ok(Some(ProvedSegment { dataset, number, proof, histogram, is_new }))
    }

    /// A kept proof of exactly this segment, if there is one and it verifies.
    fn kept(&self, path: &Path, columns: &[G1Affine], histogram: &G1Affine, padding: u64) -> Option<Vec<u8>> {
        let proof = files::read(path, MAX_SEGMENT_BYTES).ok()?;
        let leading = leading_points(&proof, columns.len() + 1);
        let same = leading.split_last() == Some((histogram, columns));
        let usable = same && self.verifier.verify_segment(Width::of(columns.len()), padding, &proof).is_ok();
        if !usable {
            tracing::warn!("{}: does not verify for this segment; it is to be proved again", path.display());
        }
        usable.then_some(proof)
    }
}

/// Refuses before any proof is made what the verifier would refuse after all are.
fn check_records(registrations: &[Registration], least: u32) -> Result<()> {
    let records = registrations.iter().map(|registration| u64::from(registration.records()));
    match records.fold(0, u64::saturating_add) {
        records if records < u64::from(least) => Err(ProveError::TooFewRecords { records, least }),
        records if records > u64::from(u32::MAX) => Err(ProveError::TooManyRecords { records }),
        _ => Ok(()),
    }
}

/// The last of the segments of each dataset: in whole datasets the shortest.
fn last_of_each<'j, 'a>(jobs: &'j [Job<'a>]) -> impl Iterator<Item = &'j Job<'a>> {
    let next = jobs.iter().skip(1).map(|job| Some(job.dataset)).chain([None]);
    jobs.iter().zip(next).filter(|(job, next)| *next != Some(job.dataset)).map(|(job, _)| job)
}

/// Refuses if segments are missing.
fn refuse(mut missing: Vec<usize>, total: usize) -> Result<()> {
    missing.sort_unstable();
    let missing = ranges(&missing);
    if missing.is_empty() { Ok(()) } else { Err(ProveError::Missing { missing, total }) }
}

/// Ascending numbers, as ranges.
fn ranges(numbers: &[usize]) -> Vec<Range<usize>> {
    numbers
        .chunk_by(|one, next| one + 1 == *next)
        .filter_map(|run| Some(*run.first()?..run.last()? + 1))
        .collect()
}

/// Keeps a segment's proof, in one step.
pub(crate) fn keep(path: &Path, proof: &[u8]) -> Result<()> {
    let write = || -> io::Result<()> {
        path.parent().map_or(Ok(()), files::create_private_folder)?;
        files::write(path, proof, Access::Public)
    };
    write().map_err(|source| ProveError::Io { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_all_segments_once_and_as_equal_as_can_be() {
        for (total, parts) in [(10, 1), (10, 3), (10, 10), (3, 7), (0, 2), (20_000, 999)] {
            let ranges: Vec<_> =
                (0..parts).map(|index| Segments::Part { index, parts }.of(total).expect("a part")).collect();
            assert_eq!(ranges.iter().cloned().flatten().collect::<Vec<_>>(), (0..total).collect::<Vec<_>>());
            let sizes = || ranges.iter().map(ExactSizeIterator::len);
            assert!(sizes().max().expect("parts") - sizes().min().expect("parts") <= 1, "{total} in {parts}");
        }
        let most = Segments::Part { index: usize::MAX - 1, parts: usize::MAX }.of(usize::MAX);
        assert_eq!(most.expect("the last"), usize::MAX - 1..usize::MAX);
        for (index, parts) in [(3, 3), (0, 0), (usize::MAX, 2)] {
            let refused = Segments::Part { index, parts }.of(5);
            assert!(matches!(refused, Err(ProveError::NoPart { .. })), "{index}/{parts}");
        }
    }

    #[test]
    fn missing_segments_are_named_as_ranges() {
        assert_eq!(ranges(&[0, 1, 2, 5, 7, 8]), [0..3, 5..6, 7..9]);
        assert_eq!(ranges(&[]), []);
        let missing = |numbers: Vec<usize>| refuse(numbers, 99).expect_err("missing").to_string();
        assert!(
            missing(vec![8, 7, 5]).starts_with("3 of 99 segments have no proof that verifies: 5..6, 7..9;")
        );
        let many = missing((0..60).step_by(3).collect());
        assert!(many.contains("45..46 and 4 more; make them"), "{many}");
    }
}
