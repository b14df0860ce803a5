//! One dataset on several machines: records that are read where they are, and segments that others prove.
//!
//! A prover borrows its parameters and keeps the keys that it makes. So driver and worker live each on a
//! thread of their own, beside what they borrow, and Python's objects send them what is to be done.

use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Mutex, PoisonError};
use std::thread;

use fairshare_formats::eip55;
use fairshare_prover::commit::Lost;
use fairshare_prover::work::{
    Driver as Driving, Opened, RANGE_BYTES, RecordsKey as Keeping, SealedRecords as Sealing, UnitId,
    Worker as Working, WorkerKey, WorkerTask as Tasked,
};
use fairshare_prover::{Limits, Matching, Prover, ScoreLimit, commit_symbols};
use fairshare_storage::key_cache::KeyCache;
use fairshare_verifier::Trust;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyIterator};

use crate::commit::{Committed, committed};
use crate::data::Source;
use crate::errors::{Error, Raise, WorkError};
use crate::halt::Halt;
use crate::parameters::Parameters;
use crate::policy::Policy;
use crate::process::check_fork;
use crate::prove::Means;
use crate::work::{Listener, Stop, Watch, run};

/// What the driver's thread is asked to do.
type Driven = Box<dyn for<'p, 'v> FnOnce(&Driving<'p, 'v>) + Send>;
/// What the worker's thread is asked to do.
type Worked = Box<dyn for<'a> FnOnce(&Working<'a>) + Send>;

/// Where a thread takes its orders. Dropped, it ends the thread.
struct Seat<O>(Mutex<Sender<O>>);

impl<O> Seat<O> {
    /// Begins a thread that serves orders until nobody can give any.
    fn begin(serve: impl FnOnce(Receiver<O>) + Send + 'static) -> PyResult<Self>
    where
        O: Send + 'static,
    {
        check_fork()?;
        let (sender, receiver) = mpsc::channel();
        let thread = thread::Builder::new().name("fairshare".to_owned()).spawn(move || serve(receiver));
        thread.map_err(|error| Error::new_err(format!("no thread could be started: {error}")))?;
        Ok(Self(Mutex::new(sender)))
    }

    /// Gives an order, and waits for its answer.
    fn ask<R>(&self, order: impl FnOnce(Sender<R>) -> O) -> PyResult<R> {
        check_fork()?;
        let (answer, answered) = mpsc::channel();
        let gone = || Error::new_err("internal invariant violated; please report");
        self.0.lock().unwrap_or_else(PoisonError::into_inner).send(order(answer)).map_err(|_| gone())?;
        answered.recv().map_err(|_| gone())
    }
}

fn unit_of(bytes: &[u8]) -> PyResult<UnitId> {
    UnitId::from_bytes(bytes)
        .ok_or_else(|| PyValueError::new_err("not a unit's name, as `Driver.unit` gives it"))
}

/// One unit to be proved, with a key pair of its own in memory.
#[pyclass(module = "fairshare", frozen)]
pub struct WorkerTask(Mutex<Option<Tasked>>, [u8; 32]);

#[pymethods]
impl WorkerTask {
    #[new]
    fn new() -> PyResult<Self> {
        let task = Tasked::fresh().map_err(Raise::raise)?;
        let key = task.key().to_bytes();
        Ok(Self(Mutex::new(Some(task)), key))
    }

    /// The 32 bytes that the unit is to be sealed to.
    #[getter]
    fn key(&self) -> &[u8] {
        &self.1
    }
}

/// Proves units under one set of parameters. It makes each proving key once.
#[pyclass(module = "fairshare", frozen)]
pub struct Worker(Seat<Worked>);

#[pymethods]
impl Worker {
    #[new]
    #[pyo3(signature = (parameters, threads = None, memory = None, keys = None))]
    fn new(
        parameters: Py<Parameters>,
        threads: Option<usize>,
        memory: Option<u64>,
        keys: Option<PathBuf>,
    ) -> PyResult<Self> {
        parameters.get().whole()?;
        let means = Means::of(threads, memory, keys);
        let serve = move |orders: Receiver<Worked>| {
            let Ok(srs) = parameters.get().whole() else { return };
            let limits = Limits { jobs: 1, ..means.limits };
            let worker = Working::new(srs, limits);
            let worker = match means.keys {
                Some(folder) => worker.with_cache(KeyCache::new(folder)),
                None => worker,
            };
            orders.iter().for_each(|order| order(&worker));
        };
        Ok(Self(Seat::begin(serve)?))
    }

    /// Opens the unit that was sealed to the task and proves it: the proof's bytes. The task is used up.
    #[pyo3(signature = (task, unit, sealed, progress = None, stop = None))]
    fn prove(
        &self,
        py: Python<'_>,
        task: &Bound<'_, WorkerTask>,
        unit: &[u8],
        sealed: Vec<u8>,
        progress: Option<Py<PyAny>>,
        stop: Option<Py<Stop>>,
    ) -> PyResult<Vec<u8>> {
        let unit = unit_of(unit)?;
        let task = task.get().0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let task = task.ok_or_else(|| {
            WorkError::new_err("the task was used already: make another, and have the unit sealed to it")
        })?;
        let proof = run(py, &Watch::new(progress, stop), |listener: &Listener| {
            let listener = listener.clone();
            self.0.ask(|answer| {
                Box::new(move |worker| {
                    let _ = answer.send(worker.prove(task, &unit, &sealed, &listener));
                })
            })
        })??;
        proof.map_err(Raise::raise)
    }
}

/// Commitment folders whose segments others prove: seals units, and keeps the results that are true.
#[pyclass(module = "fairshare", frozen)]
pub struct Driver {
    seat: Seat<Driven>,
    /// Segments of all folders; each has a number, from 0.
    #[pyo3(get)]
    segments: usize,
}

#[pymethods]
impl Driver {
    #[new]
    #[pyo3(signature = (policy, parameters, folders, keys = None, ninth_score = false))]
    fn new(
        py: Python<'_>,
        policy: Py<Policy>,
        parameters: Py<Parameters>,
        folders: Vec<PathBuf>,
        keys: Option<PathBuf>,
        ninth_score: bool,
    ) -> PyResult<Self> {
        parameters.get().whole()?;
        let means = Means::of(None, None, keys);
        let (begun, heard) = mpsc::channel();
        let serve = move |orders: Receiver<Driven>| {
            let hosted = || -> PyResult<()> {
                let (rules, parameters) = (policy.get().rules(), parameters.get());
                let verifier = parameters.verifier(rules, Trust::AllowInsecure)?;
                let limit = if ninth_score { ScoreLimit::None } else { ScoreLimit::Eight };
                let prover = Prover::new(parameters.whole()?, &verifier, means.limits);
                let prover = means.given_to(prover).with_score_limit(limit);
                let driver = Driving::new(&prover, &folders).map_err(Raise::raise)?;
                let _ = begun.send(Ok(driver.segments()));
                orders.iter().for_each(|order| order(&driver));
                Ok(())
            };
            if let Err(error) = hosted() {
                let _ = begun.send(Err(error));
            }
        };
        py.detach(move || {
            let seat = Seat::begin(serve)?;
            let gone = |_| Error::new_err("internal invariant violated; please report");
            let segments = heard.recv().map_err(gone)??;
            Ok(Self { seat, segments })
        })
    }

    /// Numbers of the segments without a kept proof, ascending.
    fn lacking(&self, py: Python<'_>) -> PyResult<Vec<usize>> {
        py.detach(|| {
            self.seat.ask(|answer| {
                Box::new(move |driver| {
                    let _ = answer.send(driver.lacking());
                })
            })
        })
    }

    /// The public name of a segment's unit, which a worker is told.
    fn unit(&self, py: Python<'_>, segment: usize) -> PyResult<Vec<u8>> {
        let unit = py.detach(|| {
            self.seat.ask(|answer| {
                Box::new(move |driver| {
                    let _ = answer.send(driver.unit(segment));
                })
            })
        })?;
        Ok(unit.map_err(Raise::raise)?.to_bytes())
    }

    /// A segment's unit, for the task with this key.
    fn seal<'py>(&self, py: Python<'py>, segment: usize, key: &[u8]) -> PyResult<Bound<'py, PyBytes>> {
        let key = WorkerKey::from_bytes(key).map_err(Raise::raise)?;
        let sealed = py.detach(|| {
            self.seat.ask(|answer| {
                Box::new(move |driver| {
                    let _ = answer.send(driver.seal(segment, &key));
                })
            })
        })?;
        Ok(PyBytes::new(py, &sealed.map_err(Raise::raise)?))
    }

    /// Keeps a worker's result in the commitment folder if it is that segment's proof, or raises.
    fn accept(&self, py: Python<'_>, segment: usize, result: Vec<u8>) -> PyResult<()> {
        let kept = py.detach(|| {
            self.seat.ask(|answer| {
                Box::new(move |driver| {
                    let _ = answer.send(driver.accept(segment, &result));
                })
            })
        })?;
        kept.map_err(Raise::raise)
    }
}

/// What records are sealed to that other machines read. The private key stays in memory.
#[pyclass(module = "fairshare", frozen)]
pub struct RecordsKey(Keeping);

#[pymethods]
impl RecordsKey {
    #[new]
    fn new() -> PyResult<Self> {
        Keeping::fresh().map(Self).map_err(Raise::raise)
    }

    /// The 32 bytes to hand out.
    #[getter]
    fn public(&self) -> [u8; 32] {
        self.0.public().to_bytes()
    }
}

/// The records of some data, one range, read here and sealed: an iterator of batches. `range` names it, by 16
/// bytes, so that one reader can go on for another.
#[pyclass(module = "fairshare", frozen)]
pub struct SealedRecords(Mutex<Sealing>);

#[pymethods]
impl SealedRecords {
    #[new]
    #[pyo3(signature = (policy, data, key, range = None))]
    fn new(
        py: Python<'_>,
        policy: &Bound<'_, Policy>,
        data: Vec<Bound<'_, PyAny>>,
        key: &[u8],
        range: Option<[u8; RANGE_BYTES]>,
    ) -> PyResult<Self> {
        let (source, schema) = (Source::of(&data, &Halt::default())?, policy.get().rules().schema());
        let key = WorkerKey::from_bytes(key).map_err(Raise::raise)?;
        let opened = py.detach(|| Sealing::open(source.data(), schema, &key));
        let sealing = opened.map_err(Raise::raise)?;
        Ok(Self(Mutex::new(match range {
            Some(range) => sealing.named(range),
            None => sealing,
        })))
    }

    fn __iter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyBytes>>> {
        let sealed = py.detach(|| self.0.lock().unwrap_or_else(PoisonError::into_inner).next());
        let sealed = sealed.transpose().map_err(Raise::raise)?;
        Ok(sealed.map(|sealed| PyBytes::new(py, &sealed)))
    }

    /// Records sealed so far.
    #[getter]
    fn records(&self) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).records_read()
    }
}

/// What an iterator of Python's gives, on whatever thread asks.
struct Batches(Py<PyIterator>);

impl Iterator for Batches {
    type Item = Result<Vec<u8>, Lost>;

    fn next(&mut self) -> Option<Self::Item> {
        Python::attach(|py| {
            let next = self.0.bind(py).clone().next()?;
            let bytes = next.and_then(|bytes| Ok(bytes.cast::<PyBytes>()?.as_bytes().to_vec()));
            Some(bytes.map_err(|error| Box::new(error) as Lost))
        })
    }
}

/// Commits to records that were sealed to `key`, in the order of `batches`, or goes on with what an
/// interrupted run left in the folder.
#[pyfunction]
#[pyo3(signature = (
    policy, parameters, contributor, batches, key, folder, accept_unmatched = false, progress = None,
    stop = None
))]
#[expect(clippy::too_many_arguments, reason = "a Python function's, most of them by name")]
pub fn commit_sealed(
    py: Python<'_>,
    policy: &Bound<'_, Policy>,
    parameters: &Bound<'_, Parameters>,
    contributor: &str,
    batches: &Bound<'_, PyAny>,
    key: &Bound<'_, RecordsKey>,
    folder: PathBuf,
    accept_unmatched: bool,
    progress: Option<Py<PyAny>>,
    stop: Option<Py<Stop>>,
) -> PyResult<Committed> {
    check_fork()?;
    let (rules, srs, key) = (policy.get().rules(), parameters.get().whole()?, key.get());
    let who = eip55::parse(contributor).map_err(Raise::raise)?;
    let matching = if accept_unmatched { Matching::Waived } else { Matching::Required };
    let batches = Batches(batches.try_iter()?.unbind());
    let made = run(py, &Watch::new(progress, stop), |listener| {
        let mut records = Opened::new(&key.0, rules.schema(), batches);
        commit_symbols(srs, rules, &who, &mut records, &folder, matching, listener)
    })?;
    committed(py, folder, made.map_err(Raise::raise)?)
}
