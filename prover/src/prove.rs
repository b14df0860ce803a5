//! From commitment folders to a bundle.

mod error;
mod segments;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use fairshare_params::address::Address;
use fairshare_params::keys::{CircuitId, CircuitKind, ProvingKey};
use fairshare_params::registration::Registration;
use fairshare_params::srs::Srs;
use fairshare_plonk::CommitKey;
use fairshare_storage::files::{self, Access};
use fairshare_storage::key_cache::KeyCache;
use fairshare_verifier::bundle::{Bundle, ComputeBundle, DataBundle, Dataset};
use fairshare_verifier::{Score, Verifier};

pub use self::error::{ProofSubject, ProveError};
pub use self::segments::{PROOFS_FOLDER, Segments, SegmentsProved};

use self::error::refused;
pub(crate) use self::segments::{Folders, Job, keep};

use self::segments::Lacking;
use crate::backend::{BackendError, Key};
use crate::progress::{Progress, Stepping, Task};
use crate::schedule::{Limits, plan};
use crate::score_proof::{Merged, ProvedScore, ScoreProofError, ScoreProver};
use crate::scored::{ScoreLimit, Scoring};

type Result<T> = std::result::Result<T, ProveError>;

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

    /// Whose policy it proves under.
    pub(crate) fn verifier(&self) -> &'a Verifier<'a> {
        self.verifier
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
        self.bundle(folders, Lacking::Made, progress)
    }

    /// As [`Self::prove_data`], of segments that are proved and kept, by [`Self::prove_segments`] for
    /// example: refused with their numbers where some are not. It makes but the score's proof.
    pub fn assemble(&self, folders: &[PathBuf], progress: &dyn Progress) -> Result<Proved> {
        self.bundle(folders, Lacking::Refused, progress)
    }

    fn bundle(&self, folders: &[PathBuf], lacking: Lacking, progress: &dyn Progress) -> Result<Proved> {
        let folders = self.folders(folders)?;
        let scoring = self.scoring(&folders);
        scoring.check()?;
        let bundle = self.data_bundle(&folders, &scoring, lacking, progress)?;
        let registrations = folders.registrations;
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
        folders: &Folders,
        scoring: &Scoring<'_>,
        lacking: Lacking,
        progress: &dyn Progress,
    ) -> Result<Bundle> {
        let (commitments, context) = (&folders.commitments, folders.context);
        let proved = self.histograms(folders, lacking, progress)?;
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
