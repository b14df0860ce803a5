//! From commitment folders to a bundle.

use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock};

use fairshare_circuits::geometry::{CutSegment, Width};
use fairshare_params::address::Address;
use fairshare_params::context::ContextError;
use fairshare_params::keys::{CircuitId, CircuitKind, KeyError, ProvingKey};
use fairshare_params::registration::Registration;
use fairshare_params::srs::Srs;
use fairshare_plonk::{CommitKey, PlonkError};
use fairshare_storage::files::{self, Access};
use fairshare_storage::key_cache::KeyCache;
use fairshare_verifier::bundle::{Bundle, ComputeBundle, DataBundle, Dataset, leading_points};
use fairshare_verifier::{NoUnits, Score, Verifier, VerifyError};
use halo2curves::bn256::{Fr, G1Affine};
use zeroize::Zeroizing;

use crate::backend::{BackendError, Key};
use crate::commit::{CommitError, CommitmentFolder};
use crate::count::{SegmentIndex, TooMany};
use crate::derivation::SegmentSecret;
use crate::opened::{OpenedError, open_under};
use crate::progress::{Asking, Progress, Stepping, Task};
use crate::schedule::{LimitError, Limits, RunError, plan, run};
use crate::score::ScoreError;
use crate::score_proof::{Merged, ProvedScore, ScoreProofError, ScoreProver};
use crate::scored::{ScoreLimit, ScoredError, Scoring};
use crate::secret::OpeningError;
use crate::segment::{Histogram, SegmentWitness, commit_first_column};

/// Far above a kept segment of any geometry: its proof has thousands of bytes. A longer file is proved again.
const MAX_SEGMENT_BYTES: u64 = 1 << 20;

/// Folder of kept histogram proofs within a commitment folder.
pub const PROOFS_FOLDER: &str = "proofs";

/// Why there is no bundle. Histogram proofs that were finished are kept, and reused next time.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProveError {
    /// No commitment folder was named.
    #[error("no commitment folder given: name at least one that `fairshare commit` wrote")]
    NoFolders,
    /// A commitment folder cannot be used.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// The registrations do not go together, or not with the policy.
    #[error(transparent)]
    Context(#[from] ContextError),
    /// Fewer records than the policy pays for.
    #[error("{records} records in all, but the policy asks for at least {least}: commit to more data")]
    TooFewRecords {
        /// Records registered.
        records: u64,
        /// The policy's minimum.
        least: u32,
    },
    /// More records than a score's arithmetic holds.
    #[error("{records} records in all, and a score covers fewer than 2^32: prove fewer of the datasets")]
    TooManyRecords {
        /// Records registered.
        records: u64,
    },
    /// There are no units to prove.
    #[error(transparent)]
    NoUnits(#[from] NoUnits),
    /// An opening that was proved under too many keys.
    #[error(transparent)]
    Opened(#[from] OpenedError),
    /// An opening that was scored as often as may be.
    #[error(transparent)]
    Scored(#[from] ScoredError),
    /// More segments than can be registered.
    #[error(transparent)]
    TooMany(#[from] TooMany),
    /// The opening's symbols cannot be read.
    #[error(transparent)]
    Opening(#[from] OpeningError),
    /// The score cannot be computed.
    #[error(transparent)]
    Score(#[from] ScoreError),
    /// A proof cannot be made.
    #[error("{subject}")]
    Proof {
        /// Which proof.
        subject: ProofSubject,
        /// Why.
        #[source]
        source: BackendError,
    },
    /// It was stopped.
    #[error("proving was stopped; segments of a data score that were finished are kept")]
    Cancelled,
    /// A proving key cannot be made.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Nothing can be proved within the limits.
    #[error(transparent)]
    Limits(#[from] LimitError),
    /// An opening that does not give its commitments under the verifier's parameters.
    #[error(
        "{}: the opening does not give the commitments: it was altered, or they were made under other \
         parameters; restore it, or name those parameters",
        folder.display()
    )]
    OpeningMismatch {
        /// The commitment folder.
        folder: PathBuf,
    },
    /// A circuit of a width that the geometry does not have: no dataset is cut into such segments.
    #[error("the geometry has no circuit {id}")]
    NoCircuit {
        /// The circuit.
        id: CircuitId,
    },
    /// No worker threads.
    #[error("no worker threads could be started")]
    Threads(#[source] rayon::ThreadPoolBuildError),
    /// The policy's reference does not fit its geometry. A checked policy's always does.
    #[error("the policy's reference does not fit its geometry")]
    Reference,
    /// The finished bundle does not verify: it is not handed out.
    #[error("the finished bundle does not verify, so it is not handed out")]
    Verify(#[source] VerifyError),
    /// A kept proof or the bundle cannot be written.
    #[error("{}: cannot be written; nothing that was there before is lost", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: io::Error,
    },
}

/// Which proof could not be made.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProofSubject {
    /// Any of that circuit, or the score's.
    Of(CircuitKind),
    /// A segment's histogram.
    Segment {
        /// The commitment's folder.
        folder: PathBuf,
        /// The segment.
        index: SegmentIndex,
    },
}

impl fmt::Display for ProofSubject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Of(kind) => write!(f, "{} proof", kind.name()),
            Self::Segment { folder, index } => write!(f, "{}: segment {index}", folder.display()),
        }
    }
}

type Result<T> = std::result::Result<T, ProveError>;

/// Says which proof it is that cannot be made, unless it was merely stopped.
fn refused(subject: impl FnOnce() -> ProofSubject) -> impl FnOnce(BackendError) -> ProveError {
    move |source| match source {
        BackendError::Prove(PlonkError::Cancelled(_)) => ProveError::Cancelled,
        source => ProveError::Proof { subject: subject(), source },
    }
}

/// Makes bundles under one verifier's policy and parameters.
#[derive(Debug)]
pub struct Prover<'a> {
    verifier: &'a Verifier<'a>,
    commit_key: CommitKey<'a>,
    limits: Limits,
    score_limit: ScoreLimit,
    cache: Option<KeyCache>,
    keys: Vec<(CircuitKind, OnceLock<Key>)>,
}

/// A finished bundle with what its verification found.
#[derive(Debug)]
pub struct Proved {
    /// The bundle.
    pub bundle: Bundle,
    /// The verified score.
    pub score: Score,
    /// The registrations that it covers, in the bundle's order; none of computing power.
    pub registrations: Vec<Registration>,
}

impl<'a> Prover<'a> {
    /// A prover that checks with `verifier` what it hands out. `srs` is the reference string of the
    /// verifier's parameters, whole: under another one no proof would verify.
    pub fn new(srs: &'a Srs, verifier: &'a Verifier<'a>, limits: Limits) -> Self {
        let commit_key = CommitKey::new(srs);
        let keys = CircuitKind::all(srs.geometry()).map(|kind| (kind, OnceLock::new())).collect();
        let score_limit = ScoreLimit::default();
        Self { verifier, commit_key, limits, score_limit, cache: None, keys }
    }

    /// The same prover with its proving keys kept on disk.
    pub fn with_cache(self, cache: KeyCache) -> Self {
        Self { cache: Some(cache), ..self }
    }

    /// The same prover with another bound on the scores of an opening that it gives away.
    pub fn with_score_limit(self, score_limit: ScoreLimit) -> Self {
        Self { score_limit, ..self }
    }

    /// What it commits with.
    pub fn commit_key(&self) -> &CommitKey<'a> {
        &self.commit_key
    }

    /// The proving key of a circuit, made or loaded when it is first asked for.
    pub fn key(&self, kind: CircuitKind) -> Result<&Key> {
        let slot = self.keys.iter().find(|(known, _)| *known == kind);
        let id = CircuitId { kind, geometry: self.commit_key.srs().geometry() };
        let (_, slot) = slot.ok_or(ProveError::NoCircuit { id })?;
        if let Some(key) = slot.get() {
            return Ok(key);
        }
        let srs = self.commit_key.srs();
        let verifying = self.verifier.key(kind).map_err(ProveError::Verify)?.clone();
        let key = match &self.cache {
            Some(cache) => cache.proving_key(srs, verifying)?,
            None => ProvingKey::from_verifying(srs, verifying)?,
        };
        let key = Key::new(key).map_err(refused(|| ProofSubject::Of(kind)))?;
        Ok(slot.get_or_init(|| key))
    }

    /// Proves the score of commitment folders of one contributor. The steps are numbered as in the verifier.
    pub fn prove_data(&self, folders: &[PathBuf], progress: &dyn Progress) -> Result<Proved> {
        let policy = self.verifier.policy();
        plan(policy.geometry().smallest_segment(), &self.limits)?;
        // 2. what is on record
        let commitments = folders
            .iter()
            .map(|folder| CommitmentFolder::read(folder, policy))
            .collect::<std::result::Result<Vec<_>, _>>()?;
        let first = commitments.first().ok_or(ProveError::NoFolders)?;
        let contributor = *first.registration.contributor();
        let registrations: Vec<_> =
            commitments.iter().map(|commitment| commitment.registration.clone()).collect();
        let context = self.verifier.data_context(&contributor, &registrations)?.limbs();
        check_records(&registrations, policy.terms().min_records)?;
        let scoring = Scoring::new(policy, folders, &registrations, self.score_limit);
        scoring.check()?;
        let bundle = self.data_bundle(&commitments, context, &scoring, progress)?;
        let score = self.verifier.verify(&bundle, &registrations).map_err(ProveError::Verify)?;
        Ok(Proved { bundle, score, registrations })
    }

    /// Proves the score of the units that a node has on record with the verifier. They are public, so that
    /// anybody can.
    pub fn prove_compute(&self, node: &Address, progress: &dyn Progress) -> Result<Proved> {
        // 2. what is on record
        let units = self.verifier.on_record(node)?;
        let proved =
            self.prove_score(CircuitKind::ComputeScore, progress, |prover| prover.compute(&units))?;
        let ProvedScore { score, proof, .. } = proved;
        let bundle = Bundle::Compute(ComputeBundle { contributor: *node, score, proof });
        let score = self.verifier.verify(&bundle, &[]).map_err(ProveError::Verify)?;
        Ok(Proved { bundle, score, registrations: Vec::new() })
    }

    fn data_bundle(
        &self,
        commitments: &[CommitmentFolder],
        context: [Fr; 2],
        scoring: &Scoring<'_>,
        progress: &dyn Progress,
    ) -> Result<Bundle> {
        let jobs: Vec<_> = commitments
            .iter()
            .enumerate()
            .flat_map(|(dataset, commitment)| {
                let segments = commitment.cut().iter().enumerate();
                segments.map(move |(segment, part)| Job { dataset, segment, part, commitment })
            })
            .collect();
        let proved = self.prove_segments(jobs, progress)?;
        let mut merged = Merged::new(self.verifier.policy().geometry().alphabet());
        let mut datasets: Vec<_> = commitments
            .iter()
            .map(|commitment| Dataset {
                digest: *commitment.registration.digest(),
                segments: Vec::with_capacity(commitment.columns.len()),
            })
            .collect();
        for part in proved {
            merged.add(&part.histogram);
            datasets[part.dataset].segments.push(part.proof);
        }
        // On the disk before there is a score that could get out.
        scoring.note()?;
        let proved =
            self.prove_score(CircuitKind::DataScore, progress, |prover| prover.data(context, &merged))?;
        let ProvedScore { score, proof, link, .. } = proved;
        let (link, _) = link.ok_or_else(|| ProveError::Proof {
            subject: ProofSubject::Of(CircuitKind::DataScore),
            source: BackendError::Incomplete,
        })?;
        let contributor = *commitments[0].registration.contributor();
        Ok(Bundle::Data(DataBundle { contributor, datasets, score, proof, link }))
    }

    /// 5. and 6. for every segment, in parallel. Finished proofs are kept beside their commitment.
    fn prove_segments(&self, jobs: Vec<Job<'_>>, progress: &dyn Progress) -> Result<Vec<ProvedSegment>> {
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
        for commitment in last_segments(&jobs) {
            self.check_parameters(commitment)?;
        }
        let opened: BTreeSet<_> =
            jobs.iter().map(|job| (&job.commitment.folder, job.part.shape.width())).collect();
        for (folder, width) in opened {
            let key = self.key(CircuitKind::Histogram(width))?;
            open_under(folder, width, &key.verifying().digest())?;
        }
        // Those that are kept are not proved again.
        let proofs = jobs.iter().filter(|job| !job.path().exists());
        let columns = proofs.map(|job| Ok(self.key(job.kind())?.plonk().full_columns()));
        self.commit_key.expect(columns.sum::<Result<usize>>()?);
        progress.begin(Task::Segments, jobs.len() as u64, 0);
        let proved = Mutex::new(Vec::with_capacity(jobs.len()));
        run(plan, jobs, |job| {
            let part = self.prove_segment(&job, progress)?;
            proved.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(part);
            progress.advance(Task::Segments, 1);
            Ok(())
        })
        .map_err(|error| match error {
            RunError::Job(error) => error,
            RunError::Threads(source) => ProveError::Threads(source),
        })?;
        progress.end(Task::Segments);
        let mut proved = proved.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        proved.sort_by_key(|part| (part.dataset, part.index));
        Ok(proved)
    }

    /// Whether the opening gives the commitment to the first column of a segment, under the verifier's
    /// parameters. Under others nothing can be proved, and each attempt would spend one of the openings that
    /// a column has.
    fn check_parameters(&self, job: &Job<'_>) -> Result<()> {
        let (symbols, secret) = job.secret()?;
        let found = commit_first_column(self.commit_key.srs(), &symbols, &secret);
        if job.commitment.columns[job.segment].first() == Some(&found) {
            Ok(())
        } else {
            Err(ProveError::OpeningMismatch { folder: job.commitment.folder.clone() })
        }
    }

    fn prove_segment(&self, job: &Job<'_>, progress: &dyn Progress) -> Result<ProvedSegment> {
        let srs = self.commit_key.srs();
        let key = self.key(job.kind())?;
        let columns = &job.commitment.columns[job.segment];
        let (symbols, secret) = job.secret()?;
        let index = SegmentIndex::try_from(job.segment)?;
        let witness = SegmentWitness::new(srs, key, symbols.to_vec(), &secret, columns);

        let path = job.path();
        let (histogram, padding) = (witness.histogram(), witness.padding());
        let proof = match self.kept(&path, columns, &histogram.commitment, padding) {
            Some(proof) => proof,
            None => {
                let proof = witness.prove(&self.commit_key, &Asking(progress)).map_err(refused(|| {
                    ProofSubject::Segment { folder: job.commitment.folder.clone(), index }
                }))?;
                keep(&path, &proof)?;
                proof
            }
        };
        Ok(ProvedSegment { dataset: job.dataset, index: job.segment, proof, histogram })
    }

    /// A kept proof of exactly this segment, if there is one and it verifies.
    fn kept(&self, path: &Path, columns: &[G1Affine], histogram: &G1Affine, padding: u64) -> Option<Vec<u8>> {
        let proof = files::read(path, MAX_SEGMENT_BYTES).ok()?;
        let leading = leading_points(&proof, columns.len() + 1);
        let same = leading.split_last() == Some((histogram, columns));
        let usable = same && self.verifier.verify_segment(Width::of(columns.len()), padding, &proof).is_ok();
        if !usable {
            tracing::warn!("{}: does not verify for this segment; proving it again", path.display());
        }
        usable.then_some(proof)
    }

    /// 4. to 6. of a score.
    fn prove_score<T: Send>(
        &self,
        kind: CircuitKind,
        progress: &dyn Progress,
        prove: impl FnOnce(ScoreProver<'_>) -> std::result::Result<T, ScoreProofError> + Send,
    ) -> Result<T> {
        progress.begin(Task::Keys, 1, 0);
        let key = self.key(kind)?;
        progress.end(Task::Keys);
        // The last is linking and verifying.
        progress.begin(Task::Score, key.plonk().steps() as u64 + 1, 0);
        let plan = plan(self.verifier.policy().geometry().smallest_segment(), &self.limits)?;
        let pool = rayon::ThreadPoolBuilder::new().num_threads(plan.threads);
        let pool = pool.build().map_err(ProveError::Threads)?;
        let (verifier, commit_key) = (self.verifier, &self.commit_key);
        let proved = pool.install(|| {
            prove(ScoreProver { verifier, commit_key, key, signal: &Stepping(progress, Task::Score) })
        });
        let proved = proved.map_err(|error| match error {
            ScoreProofError::Score(error) => error.into(),
            ScoreProofError::Reference => ProveError::Reference,
            ScoreProofError::Backend(error) => refused(|| ProofSubject::Of(kind))(error),
        })?;
        progress.advance(Task::Score, 1);
        progress.end(Task::Score);
        Ok(proved)
    }
}

/// Writes a bundle in one step.
pub fn write_bundle(path: &Path, bundle: &Bundle) -> Result<()> {
    files::write(path, &bundle.to_bytes(), Access::Public)
        .map_err(|source| ProveError::Io { path: path.to_owned(), source })
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

/// One segment to prove.
struct Job<'a> {
    dataset: usize,
    segment: usize,
    part: CutSegment,
    commitment: &'a CommitmentFolder,
}

/// The last segment of each dataset.
fn last_segments<'j, 'a>(jobs: &'j [Job<'a>]) -> impl Iterator<Item = &'j Job<'a>> {
    jobs.iter().filter(|job| job.segment + 1 == job.commitment.columns.len())
}

impl Job<'_> {
    /// The segment's symbols, and its secret.
    fn secret(&self) -> Result<(Zeroizing<Vec<u16>>, SegmentSecret)> {
        let opening = &self.commitment.opening;
        let symbols = opening.symbols(self.part.first, self.part.symbols)?;
        let index = SegmentIndex::try_from(self.segment)?;
        let secret = SegmentSecret::derive(opening.seed(), &self.commitment.dataset(), index, &symbols);
        Ok((symbols, secret))
    }

    fn kind(&self) -> CircuitKind {
        CircuitKind::Histogram(self.part.shape.width())
    }

    /// Where its proof is kept.
    fn path(&self) -> PathBuf {
        self.commitment.folder.join(PROOFS_FOLDER).join(format!("{:06}.proof", self.segment))
    }
}

/// One segment proved, with what the score needs of it.
struct ProvedSegment {
    dataset: usize,
    index: usize,
    proof: Vec<u8>,
    histogram: Histogram,
}

fn keep(path: &Path, proof: &[u8]) -> Result<()> {
    let write = || -> io::Result<()> {
        path.parent().map_or(Ok(()), files::create_private_folder)?;
        files::write(path, proof, Access::Public)
    };
    write().map_err(|source| ProveError::Io { path: path.to_owned(), source })
}
