//! The machine that proves a unit: it has the parameters, and nothing of the dataset.

use std::fmt;
use std::sync::{Mutex, OnceLock, PoisonError};

use fairshare_circuits::geometry::Width;
use fairshare_params::encoding::Digest;
use fairshare_params::keys::{CircuitKind, KeyError, ProvingKey, VerifyingKey};
use fairshare_params::srs::Srs;
use fairshare_plonk::{CommitKey, PlonkError};
use fairshare_storage::key_cache::KeyCache;
use zeroize::ZeroizeOnDrop;

use super::envelope::{EnvelopeError, KeyPair, WorkerKey};
use super::seal::{SealError, open};
use super::{Unit, UnitId};
use crate::backend::{BackendError, Key};
use crate::progress::{Asking, Progress};
use crate::schedule::{LimitError, Limits, Plan, RunError, plan, run};
use crate::segment::SegmentWitness;

/// Why a worker has no proof.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WorkError {
    /// The unit does not open.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// A segment of another geometry than the worker's parameters.
    #[error(
        "the unit is of the {unit} geometry, and this worker has parameters of the {worker} geometry: give \
         it those that the policy names"
    )]
    Geometry {
        /// The unit's.
        unit: fairshare_params::Geometry,
        /// The worker's.
        worker: fairshare_params::Geometry,
    },
    /// A key that the worker's parameters do not give. Nothing was proved.
    #[error(
        "the unit is for key {unit}, and this worker's parameters give {worker}: give it those that the \
         policy names, and the same version as the driver's"
    )]
    OtherKey {
        /// The unit's.
        unit: Digest,
        /// The worker's.
        worker: Digest,
    },
    /// A proving key cannot be made.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Nothing can be proved within the limits.
    #[error(transparent)]
    Limits(#[from] LimitError),
    /// No worker threads.
    #[error("no worker threads could be started")]
    Threads(#[source] rayon::ThreadPoolBuildError),
    /// It was stopped.
    #[error("proving was stopped; the unit has to be sealed to another task")]
    Cancelled,
    /// No proof could be made, or one that does not verify.
    #[error("{unit}")]
    Proof {
        /// The unit.
        unit: Box<UnitId>,
        /// Why.
        #[source]
        source: BackendError,
    },
}

/// Proves units under one set of parameters, with keys that it makes once.
#[derive(Debug)]
pub struct Worker<'a> {
    commit_key: CommitKey<'a>,
    limits: Limits,
    cache: Option<KeyCache>,
    keys: Vec<(Width, OnceLock<Key>)>,
}

impl<'a> Worker<'a> {
    /// A worker with these parameters, whole, that takes no more of its machine than `limits`.
    pub fn new(srs: &'a Srs, limits: Limits) -> Self {
        let keys = srs.geometry().widths().iter().map(|width| (*width, OnceLock::new())).collect();
        Self { commit_key: CommitKey::new(srs), limits, cache: None, keys }
    }

    /// The same worker with its proving keys kept on disk. They are public.
    pub fn with_cache(self, cache: KeyCache) -> Self {
        Self { cache: Some(cache), ..self }
    }

    /// Opens the unit and proves it: `unit` says which one the task is for. The proof was verified before it
    /// is handed out. Whatever happens, the task's key is gone, and so is what it opened.
    pub fn prove(
        &self,
        task: WorkerTask,
        unit: &UnitId,
        sealed: &[u8],
        progress: &dyn Progress,
    ) -> Result<Vec<u8>, WorkError> {
        let opened = open(&task.pair, sealed, unit)?;
        self.prove_opened(unit, &opened, progress)
    }

    /// The key that segments of this shape are proved under, if it is the one that is asked for.
    fn key(&self, id: &UnitId) -> Result<&Key, WorkError> {
        let (unit, worker) = (id.shape.geometry(), self.commit_key.srs().geometry());
        let slot = self.keys.iter().find(|(width, _)| *width == id.shape.width());
        let (_, slot) = slot.filter(|_| unit == worker).ok_or(WorkError::Geometry { unit, worker })?;
        let key = match slot.get() {
            Some(key) => key,
            None => {
                let key = self.make_key(id)?;
                slot.get_or_init(|| key)
            }
        };
        match key.verifying().digest() {
            found if found == id.key => Ok(key),
            found => Err(WorkError::OtherKey { unit: id.key, worker: found }),
        }
    }

    fn make_key(&self, id: &UnitId) -> Result<Key, WorkError> {
        let srs = self.commit_key.srs();
        let verifying = VerifyingKey::build(srs, CircuitKind::Histogram(id.shape.width()))?;
        let key = match &self.cache {
            Some(cache) => cache.proving_key(srs, verifying)?,
            None => ProvingKey::from_verifying(srs, verifying)?,
        };
        Key::new(key).map_err(refused(id))
    }

    fn prove_opened(&self, id: &UnitId, unit: &Unit, progress: &dyn Progress) -> Result<Vec<u8>, WorkError> {
        let key = self.key(id)?;
        let plan = Plan { jobs: 1, ..plan(id.shape, &self.limits)? };
        let proof = Mutex::new(Vec::new());
        run(plan, vec![unit], |unit| {
            let Unit { symbols, secret, columns } = unit;
            let witness = SegmentWitness::new(self.commit_key.srs(), key, symbols.to_vec(), secret, columns);
            let made = witness.prove(&self.commit_key, &Asking(progress)).map_err(refused(id))?;
            *proof.lock().unwrap_or_else(PoisonError::into_inner) = made;
            Ok(())
        })
        .map_err(|error| match error {
            RunError::Job(error) => error,
            RunError::Threads(source) => WorkError::Threads(source),
        })?;
        Ok(proof.into_inner().unwrap_or_else(PoisonError::into_inner))
    }
}

fn refused(id: &UnitId) -> impl FnOnce(BackendError) -> WorkError {
    move |source| match source {
        BackendError::Prove(PlonkError::Cancelled(_)) => WorkError::Cancelled,
        source => WorkError::Proof { unit: Box::new(id.clone()), source },
    }
}

/// One unit to be proved, and the only key that opens it.
pub struct WorkerTask {
    pair: KeyPair,
}

/// All that is secret in it is overwritten.
impl ZeroizeOnDrop for WorkerTask {}

impl fmt::Debug for WorkerTask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WorkerTask({:?}, redacted)", self.pair.public().to_bytes())
    }
}

impl WorkerTask {
    /// A task for one unit, with a key pair of its own that is made now, kept in memory, and overwritten when
    /// the task ends.
    pub fn fresh() -> Result<Self, EnvelopeError> {
        Ok(Self { pair: KeyPair::fresh()? })
    }

    /// What the unit is to be sealed to.
    pub fn key(&self) -> &WorkerKey {
        self.pair.public()
    }
}
