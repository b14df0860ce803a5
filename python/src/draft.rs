//! Policies drafted from data.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::SystemTime;

use fairshare_draft::{Drafted, Options, Terms, draft_while};
use fairshare_formats::policy::PolicySource;
use fairshare_ingest::Given;
use fairshare_params::Geometry;
use fairshare_params::policy::NamedParameters;
use fairshare_prover::{Progress, Task};
use fairshare_storage::files::{self, Access};
use pyo3::exceptions::{PyFileExistsError, PyValueError};
use pyo3::prelude::*;

use crate::data::given;
use crate::errors::{Raise, called, os_error};
use crate::halt::Halt;
use crate::parameters::Parameters;
use crate::policy::Policy;
use crate::work::{Stop, Watch, run};

const DAY: u64 = 86_400;
const YEAR: u64 = 365 * DAY;
/// The name under which a policy names its reference.
const REFERENCE_FILE: &str = "reference.json";

/// A policy drafted from data, and what was seen in the data.
#[pyclass(module = "fairshare", frozen, get_all)]
pub struct Draft {
    /// The policy's text.
    text: String,
    /// The reference's file, which the policy names as `reference.json` with its hash.
    reference: String,
    /// The policy, as it was read back.
    policy: Py<Policy>,
    /// Records of the reference.
    records: u64,
    /// The parts under the policy, in the order given.
    parts: Vec<Py<DraftedPart>>,
    /// What was seen in the data, and what to do about it.
    remarks: Vec<String>,
    /// What has to be set before the policy is used: keys, and what to put there.
    to_set: Vec<(String, String)>,
}

/// A part under a drafted policy.
#[pyclass(module = "fairshare", frozen, get_all)]
pub struct DraftedPart {
    /// Its file, or its number among the tables.
    name: String,
    /// Its records.
    records: u64,
    /// Divergence of all records, in 1/256 nat.
    score: u64,
    /// Divergence per record, in nats.
    nats_per_record: f64,
    /// What counts of it before decay, in 1/256 nat; 0 earns nothing.
    worth: u128,
}

#[pymethods]
impl DraftedPart {
    fn __repr__(&self) -> String {
        format!(
            "DraftedPart({:?}, {} records, {:.6} nats per record)",
            self.name, self.records, self.nats_per_record
        )
    }
}

#[pymethods]
impl Draft {
    /// Writes `policy.toml` and `reference.json` into a folder that has neither.
    fn save(&self, py: Python<'_>, folder: PathBuf) -> PyResult<PathBuf> {
        let policy = folder.join("policy.toml");
        let reference = folder.join(REFERENCE_FILE);
        py.detach(|| {
            if let Some(path) = [&policy, &reference].into_iter().find(|path| path.exists()) {
                return Err(PyFileExistsError::new_err(format!("{}: a file stands there", path.display())));
            }
            // The policy last: until it stands, nothing names the counts.
            for (path, text) in [(&reference, &self.reference), (&policy, &self.text)] {
                files::write(path, text.as_bytes(), Access::Public)
                    .map_err(|error| os_error(path, &error))?;
            }
            Ok(())
        })?;
        Ok(policy)
    }

    fn __repr__(&self) -> String {
        format!("Draft({} records, {} remarks)", self.records, self.remarks.len())
    }
}

/// Drafts the policy of an epoch that pays these parts.
#[pyfunction]
#[pyo3(signature = (
    parts, reference_from = Vec::new(), leave_out = Vec::new(), categorical = Vec::new(),
    accept_unmatched = false, expected_records = None, geometry = None, parameters = None, pool = None,
    progress = None, stop = None
))]
#[expect(clippy::too_many_arguments, reason = "a Python function's, most of them by name")]
pub fn draft(
    py: Python<'_>,
    parts: Vec<Bound<'_, PyAny>>,
    reference_from: Vec<Bound<'_, PyAny>>,
    leave_out: Vec<String>,
    categorical: Vec<String>,
    accept_unmatched: bool,
    expected_records: Option<u64>,
    geometry: Option<&str>,
    parameters: Option<Py<Parameters>>,
    pool: Option<u128>,
    progress: Option<Py<PyAny>>,
    stop: Option<Py<Stop>>,
) -> PyResult<Draft> {
    let watch = Watch::new(progress, stop);
    let options = Options {
        data: named(&parts, "part", watch.halt())?,
        reference_from: named(&reference_from, "reference part", watch.halt())?,
        leave_out,
        categorical,
        accept_unmatched,
        // As the command has it by default.
        warn_unmatched: 0.1,
        expected_records,
        geometry: geometry.map(by_name).transpose()?,
        parameters: parameters
            .map_or(Ok(NamedParameters::InsecureDevelopment), |given| named_by(given.get()))?,
        terms: Terms { pool, ends_by: in_a_year(), ends_by_assumed: true, ..Terms::default() },
        reference_file: REFERENCE_FILE.to_owned(),
    };
    if options.data.is_empty() {
        return Err(PyValueError::new_err("no part given: give at least one table or path"));
    }
    let drafted = run(py, &watch, |listener| {
        listener.begin(Task::Read, 0, 0);
        let told = std::cell::Cell::new(0);
        let drafted = draft_while(&options, &|read: u64| {
            listener.advance(Task::Read, read.saturating_sub(told.replace(read)));
            !listener.cancelled()
        });
        listener.end(Task::Read);
        drafted
    })?;
    described(py, drafted.map_err(Raise::raise)?)
}

fn named(items: &[Bound<'_, PyAny>], name: &str, halt: &Halt) -> PyResult<Vec<Given>> {
    let named = |(index, item)| given(item, &format!("{name} {}", index + 1), halt);
    items.iter().enumerate().map(named).collect()
}

fn by_name(name: &str) -> PyResult<Geometry> {
    let names = || Geometry::ALL.map(|geometry| geometry.name()).join(", ");
    Geometry::from_name(name)
        .ok_or_else(|| PyValueError::new_err(format!("no such geometry; choose one of {}", names())))
}

fn named_by(parameters: &Parameters) -> PyResult<NamedParameters> {
    let srs = parameters.whole()?;
    Ok(if srs.is_insecure() {
        NamedParameters::InsecureDevelopment
    } else {
        NamedParameters::Digest(srs.digest())
    })
}

/// The beginning of the day a year from now.
fn in_a_year() -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |now| now.as_secs());
    (now + YEAR) / DAY * DAY
}

fn described(py: Python<'_>, drafted: Drafted) -> PyResult<Draft> {
    let files = BTreeMap::from([(REFERENCE_FILE.to_owned(), drafted.reference.clone().into_bytes())]);
    let source = PolicySource { text: drafted.text.clone(), files };
    let part = |part: &fairshare_draft::Part| {
        Py::new(
            py,
            DraftedPart {
                name: part.path.display().to_string(),
                records: part.records,
                score: part.score,
                nats_per_record: part.nats_per_record,
                worth: part.worth,
            },
        )
    };
    Ok(Draft {
        records: drafted.reference_records,
        parts: drafted.parts.iter().map(part).collect::<PyResult<_>>()?,
        remarks: drafted.remarks.iter().map(|remark| called(&remark.to_string())).collect(),
        to_set: drafted.placeholders.iter().map(|one| (one.key.to_owned(), one.remedy.to_owned())).collect(),
        policy: Py::new(py, Policy::new(source, drafted.policy))?,
        text: drafted.text,
        reference: drafted.reference,
    })
}
