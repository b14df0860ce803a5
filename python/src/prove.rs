//! Bundles.

use std::path::{Path, PathBuf};

use fairshare_formats::eip55;
use fairshare_formats::units::Rounds;
use fairshare_ingest::units::read_units;
use fairshare_prover::{Limits, ProveError, Proved as Made, Prover, ScoreLimit, plan, write_bundle};
use fairshare_storage::key_cache::KeyCache;
use fairshare_verifier::{Score, Trust};
use pyo3::prelude::*;

use crate::errors::Raise;
use crate::parameters::Parameters;
use crate::policy::Policy;
use crate::process::check_fork;
use crate::work::{Listener, Stop, Watch, run};

/// A bundle that was made, and verified before it was handed out.
#[pyclass(module = "fairshare", frozen)]
pub struct Proved {
    bytes: Vec<u8>,
    /// What it is for: `data` or `compute`.
    #[pyo3(get)]
    role: &'static str,
    /// The contributor's address.
    #[pyo3(get)]
    contributor: String,
    /// Digests of the datasets that it covers; none of computing power.
    #[pyo3(get)]
    digests: Vec<String>,
    /// Records proved; none of computing power.
    #[pyo3(get)]
    records: Option<u32>,
    /// The score: of data in 1/256 nat, of computing power in 2^-48.
    #[pyo3(get)]
    score: u64,
}

#[pymethods]
impl Proved {
    /// The bundle's bytes.
    #[getter]
    fn bundle(&self) -> &[u8] {
        &self.bytes
    }

    fn __repr__(&self) -> String {
        format!("Proved({}, {}, {} bytes)", self.role, self.score, self.bytes.len())
    }
}

/// Threads, memory in bytes, and where keys are kept: what a prover may use.
pub struct Means {
    /// Threads and memory.
    pub limits: Limits,
    /// Where proving keys are kept.
    pub keys: Option<PathBuf>,
}

impl Means {
    /// What the caller named, and the command's defaults.
    pub fn of(threads: Option<usize>, memory: Option<u64>, keys: Option<PathBuf>) -> Self {
        let defaults = Limits::default();
        let threads = threads.unwrap_or(defaults.threads);
        let limits = Limits { threads, jobs: threads, memory: memory.unwrap_or(defaults.memory) };
        Self { limits, keys: keys.or_else(cache_folder) }
    }

    /// The prover with its keys kept.
    pub fn given_to<'a>(&self, prover: Prover<'a>) -> Prover<'a> {
        match &self.keys {
            Some(folder) => prover.with_cache(KeyCache::new(folder.clone())),
            None => prover,
        }
    }
}

/// Where the command keeps its keys, too.
fn cache_folder() -> Option<PathBuf> {
    let named = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|folder| folder.is_absolute());
    Some(named.or_else(|| Some(std::env::home_dir()?.join(".cache")))?.join("fairshare"))
}

fn described(made: Made) -> Proved {
    let records = match &made.score {
        Score::Data(score) => Some(score.records.get()),
        Score::Compute(_) => None,
    };
    Proved {
        bytes: made.bundle.to_bytes(),
        role: made.bundle.role().name(),
        contributor: eip55::checksummed(&made.bundle.contributor()).to_string(),
        digests: made.registrations.iter().map(|registration| registration.digest().to_string()).collect(),
        records,
        score: made.score.value(),
    }
}

fn kept(made: Result<Made, ProveError>, out: Option<&Path>) -> PyResult<Proved> {
    let made = made.map_err(Raise::raise)?;
    if let Some(out) = out {
        write_bundle(out, &made.bundle).map_err(Raise::raise)?;
    }
    Ok(described(made))
}

/// Proves the score of commitment folders of one contributor.
#[pyfunction]
#[pyo3(signature = (
    policy, parameters, folders, out = None, threads = None, memory = None, keys = None, ninth_score = false,
    progress = None, stop = None
))]
#[expect(clippy::too_many_arguments, reason = "a Python function's, most of them by name")]
pub fn prove(
    py: Python<'_>,
    policy: &Bound<'_, Policy>,
    parameters: &Bound<'_, Parameters>,
    folders: Vec<PathBuf>,
    out: Option<PathBuf>,
    threads: Option<usize>,
    memory: Option<u64>,
    keys: Option<PathBuf>,
    ninth_score: bool,
    progress: Option<Py<PyAny>>,
    stop: Option<Py<Stop>>,
) -> PyResult<Proved> {
    check_fork()?;
    let (rules, parameters) = (policy.get().rules(), parameters.get());
    let (srs, means) = (parameters.whole()?, Means::of(threads, memory, keys));
    let limit = if ninth_score { ScoreLimit::None } else { ScoreLimit::Eight };
    run(py, &Watch::new(progress, stop), |listener: &Listener| {
        plan(rules.geometry().smallest_segment(), &means.limits).map_err(Raise::raise)?;
        let verifier = parameters.verifier(rules, Trust::AllowInsecure)?;
        let prover = means.given_to(Prover::new(srs, &verifier, means.limits)).with_score_limit(limit);
        kept(prover.prove_data(&folders, listener), out.as_deref())
    })?
}

/// Proves the score of a node's units, which are public: anybody can.
#[pyfunction]
#[pyo3(signature = (
    policy, parameters, units, node, out = None, threads = None, memory = None, keys = None, progress = None,
    stop = None
))]
#[expect(clippy::too_many_arguments, reason = "a Python function's, most of them by name")]
pub fn prove_compute(
    py: Python<'_>,
    policy: &Bound<'_, Policy>,
    parameters: &Bound<'_, Parameters>,
    units: PathBuf,
    node: &str,
    out: Option<PathBuf>,
    threads: Option<usize>,
    memory: Option<u64>,
    keys: Option<PathBuf>,
    progress: Option<Py<PyAny>>,
    stop: Option<Py<Stop>>,
) -> PyResult<Proved> {
    check_fork()?;
    let (rules, parameters) = (policy.get().rules(), parameters.get());
    let (srs, means) = (parameters.whole()?, Means::of(threads, memory, keys));
    let node = eip55::parse(node).map_err(Raise::raise)?;
    run(py, &Watch::new(progress, stop), |listener: &Listener| {
        plan(rules.geometry().smallest_segment(), &means.limits).map_err(Raise::raise)?;
        let record = read_units(&units, Rounds::of(rules)).map_err(Raise::raise)?;
        let verifier = parameters.verifier(rules, Trust::AllowInsecure)?;
        let verifier = verifier.with_units(&record).map_err(Raise::raise)?;
        let prover = means.given_to(Prover::new(srs, &verifier, means.limits));
        kept(prover.prove_compute(&node, listener), out.as_deref())
    })?
}
