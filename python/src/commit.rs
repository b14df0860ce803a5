//! Commitments.

use std::path::PathBuf;

use fairshare_formats::eip55;
use fairshare_prover::{Committed as Made, Matching, REQUEST_FILE, commit_matching};
use pyo3::prelude::*;

use crate::data::Source;
use crate::errors::Raise;
use crate::parameters::Parameters;
use crate::policy::Policy;
use crate::process::check_fork;
use crate::score::{Unmatched, unmatched};
use crate::work::{Stop, Watch, run};

/// What was committed to, and where.
#[pyclass(module = "fairshare", frozen, get_all)]
pub struct Committed {
    /// The commitment folder. Its opening is secret, and without it nothing can be proved.
    folder: PathBuf,
    /// What the registry is asked to record: a public file.
    request: PathBuf,
    /// The contributor's address.
    contributor: String,
    /// The dataset's digest.
    digest: String,
    /// Records in it.
    records: u32,
    /// Segments that its symbols fill.
    segments: usize,
    /// What of each column matched nothing in the schema, in its order.
    unmatched: Vec<Py<Unmatched>>,
}

#[pymethods]
impl Committed {
    fn __repr__(&self) -> String {
        format!("Committed({}, {} records)", self.digest, self.records)
    }
}

/// Commits to data, or goes on with what an interrupted run left in the folder.
#[pyfunction]
#[pyo3(signature = (
    policy, parameters, contributor, data, folder, accept_unmatched = false, progress = None, stop = None
))]
#[expect(clippy::too_many_arguments, reason = "a Python function's, most of them by name")]
pub fn commit(
    py: Python<'_>,
    policy: &Bound<'_, Policy>,
    parameters: &Bound<'_, Parameters>,
    contributor: &str,
    data: Vec<Bound<'_, PyAny>>,
    folder: PathBuf,
    accept_unmatched: bool,
    progress: Option<Py<PyAny>>,
    stop: Option<Py<Stop>>,
) -> PyResult<Committed> {
    check_fork()?;
    let watch = Watch::new(progress, stop);
    let (source, rules, srs) =
        (Source::of(&data, watch.halt())?, policy.get().rules(), parameters.get().whole()?);
    let who = eip55::parse(contributor).map_err(Raise::raise)?;
    let matching = if accept_unmatched { Matching::Waived } else { Matching::Required };
    let made = run(py, &watch, |listener| {
        commit_matching(srs, rules, &who, source.data(), &folder, matching, listener)
    })?;
    committed(py, folder, made.map_err(Raise::raise)?)
}

/// What the caller is told.
pub fn committed(py: Python<'_>, folder: PathBuf, made: Made) -> PyResult<Committed> {
    let Made { request, unmatched: lines } = made;
    Ok(Committed {
        request: folder.join(REQUEST_FILE),
        folder,
        contributor: eip55::checksummed(request.contributor()).to_string(),
        digest: request.digest().to_string(),
        records: request.records(),
        segments: request.segments().len(),
        unmatched: unmatched(py, lines)?,
    })
}
