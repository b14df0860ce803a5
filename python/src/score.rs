//! Scores without proofs, and what is counted for them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use fairshare_formats::eip55;
use fairshare_formats::units::Rounds;
use fairshare_ingest::units::read_units;
use fairshare_ingest::unmatched::Unmatched as Line;
use fairshare_ingest::{Records, reference as counting};
use fairshare_prover::score::{Examined, examine_with, score_units};
use fairshare_prover::{Progress, Task};
use fairshare_verifier::NoUnits;
use pyo3::prelude::*;

use crate::data::Source;
use crate::errors::{Cancelled, Raise};
use crate::policy::Policy;
use crate::work::{Stop, Watch, run};

/// 2^-48, the unit of divergences and of shares.
const FIXED: f64 = (1u64 << 48) as f64;

/// A data score, and what it is made of. It holds the contributor's histogram: it is for the contributor
/// alone.
#[pyclass(module = "fairshare", frozen, get_all)]
pub struct Score {
    /// Records scored.
    records: u32,
    /// Divergence of all records from the reference, in 1/256 nat: the integer that a proof shows.
    score: u64,
    /// Divergence per record, in nats, rounded.
    nats_per_record: f64,
    /// Each feature's part, in the schema's order.
    features: Vec<Py<FeatureScore>>,
    /// What of each column matched nothing in the schema, in its order.
    unmatched: Vec<Py<Unmatched>>,
}

#[pymethods]
impl Score {
    fn __repr__(&self) -> String {
        format!(
            "Score({}, {} records, {:.6} nats per record)",
            self.score, self.records, self.nats_per_record
        )
    }
}

/// One feature's part of a score.
#[pyclass(module = "fairshare", frozen, get_all)]
pub struct FeatureScore {
    /// Its name.
    name: String,
    /// Its divergence over all records, in 1/256 nat.
    score: u64,
    /// Its divergence per record, in nats, rounded.
    nats_per_record: f64,
    /// Its bins, in the schema's order.
    bins: Vec<Py<Bin>>,
}

#[pymethods]
impl FeatureScore {
    fn __repr__(&self) -> String {
        format!("FeatureScore({:?}, {}, {:.6} nats per record)", self.name, self.score, self.nats_per_record)
    }
}

/// One bin of a feature.
#[pyclass(module = "fairshare", frozen, get_all)]
pub struct Bin {
    /// What it is called.
    name: String,
    /// The contributor's records in it.
    records: u32,
    /// Their share of all records, from 0 to 1.
    share: f64,
    /// The share of the smoothed reference, from 0 to 1.
    reference_share: f64,
    /// What it adds to the divergence per record, in nats; below 0 where the contributor has less of it.
    nats: f64,
}

#[pymethods]
impl Bin {
    fn __repr__(&self) -> String {
        format!("Bin({:?})", self.name)
    }
}

/// How much of one column matched nothing in the schema.
#[pyclass(module = "fairshare", frozen, get_all)]
pub struct Unmatched {
    /// The feature.
    feature: String,
    /// The column.
    column: String,
    /// Records, each with one cell of the column.
    records: u64,
    /// Cells with another label than the schema's; none of a numeric column.
    other: Option<u64>,
    /// Cells without a value.
    missing: u64,
}

#[pymethods]
impl Unmatched {
    fn __repr__(&self) -> String {
        let cells = self.other.unwrap_or(0).saturating_add(self.missing);
        format!("Unmatched({:?}, {cells} of {})", self.column, self.records)
    }
}

/// A compute score: a node's decayed share of the epoch's rounds.
#[pyclass(module = "fairshare", frozen, get_all)]
pub struct ComputeScore {
    /// Rounds of the epoch.
    rounds: usize,
    /// The node's units in all rounds together.
    units: u64,
    /// The score, in 2^-48: the integer that a proof shows.
    score: u64,
    /// The same as a number, rounded.
    share: f64,
}

#[pymethods]
impl ComputeScore {
    fn __repr__(&self) -> String {
        format!("ComputeScore({}, {} units)", self.score, self.units)
    }
}

/// What matched nothing, as Python has it.
pub fn unmatched(py: Python<'_>, lines: Vec<Line>) -> PyResult<Vec<Py<Unmatched>>> {
    let one = |line: Line| {
        let Line { feature, column, records, other, missing } = line;
        Py::new(py, Unmatched { feature, column, records, other, missing })
    };
    lines.into_iter().map(one).collect()
}

fn described(py: Python<'_>, examined: Examined) -> PyResult<Score> {
    let Examined { result, features, unmatched: lines } = examined;
    let feature = |feature: fairshare_prover::score::FeatureScore| {
        let bin = |bin: fairshare_prover::score::BinScore| {
            let fairshare_prover::score::BinScore { name, records, share, reference_share, nats } = bin;
            Py::new(py, Bin { name, records, share, reference_share, nats })
        };
        let bins = feature.bins.into_iter().map(bin).collect::<PyResult<_>>()?;
        let nats_per_record = feature.per_record as f64 / FIXED;
        Py::new(py, FeatureScore { name: feature.name, score: feature.score, nats_per_record, bins })
    };
    Ok(Score {
        records: result.records.get(),
        score: result.score,
        nats_per_record: result.per_record() as f64 / FIXED,
        features: features.into_iter().map(feature).collect::<PyResult<_>>()?,
        unmatched: unmatched(py, lines)?,
    })
}

/// The exact score of data under a policy, without a proof, and what it is made of.
#[pyfunction]
#[pyo3(signature = (policy, data, progress = None, stop = None))]
pub fn score(
    py: Python<'_>,
    policy: &Bound<'_, Policy>,
    data: Vec<Bound<'_, PyAny>>,
    progress: Option<Py<PyAny>>,
    stop: Option<Py<Stop>>,
) -> PyResult<Score> {
    let watch = Watch::new(progress, stop);
    let (source, rules) = (Source::of(&data, watch.halt())?, policy.get().rules());
    let examined = run(py, &watch, |listener| examine_with(rules, source.data(), listener))?;
    described(py, examined.map_err(Raise::raise)?)
}

/// Counts of data by feature and bin, as a policy's reference has them before smoothing.
#[pyfunction]
#[pyo3(signature = (policy, data, progress = None, stop = None))]
pub fn reference(
    py: Python<'_>,
    policy: &Bound<'_, Policy>,
    data: Vec<Bound<'_, PyAny>>,
    progress: Option<Py<PyAny>>,
    stop: Option<Py<Stop>>,
) -> PyResult<BTreeMap<String, Vec<u64>>> {
    let watch = Watch::new(progress, stop);
    let (source, schema) = (Source::of(&data, watch.halt())?, policy.get().rules().schema());
    let counts = run(py, &watch, |listener| {
        let records = Records::open(source.data(), schema)?;
        let mut counts = vec![0; schema.symbol_count()];
        listener.begin(Task::Read, records.total_bytes(), 0);
        let mut read = 0;
        let is_whole = counting::count_while(records, &mut counts, |records| {
            listener.advance(Task::Read, records.bytes_read().saturating_sub(read));
            read = records.bytes_read();
            !listener.cancelled()
        })?;
        listener.end(Task::Read);
        Ok(is_whole.then_some(counts))
    })?;
    let counts = counts.map_err(|error: fairshare_ingest::IngestError| error.raise())?;
    let counts = counts.ok_or_else(|| Cancelled::new_err("counting was stopped; nothing was kept"))?;
    let features = schema.features().iter().enumerate();
    let bins = |index: usize| counts.get(schema.symbols(index)).unwrap_or_default().to_vec();
    Ok(features.map(|(index, feature)| (feature.name().to_owned(), bins(index))).collect())
}

/// The exact score of a node's units under a policy, without a proof.
#[pyfunction]
pub fn score_compute(
    py: Python<'_>,
    policy: &Bound<'_, Policy>,
    units: PathBuf,
    node: &str,
) -> PyResult<ComputeScore> {
    let (rules, node) = (policy.get().rules(), eip55::parse(node).map_err(Raise::raise)?);
    py.detach(|| {
        let record = read_units(&units, Rounds::of(rules)).map_err(Raise::raise)?;
        let own = record.of(&node).ok_or(NoUnits::Node { node }).map_err(Raise::raise)?;
        let result = score_units(rules, own, record.totals()).map_err(Raise::raise)?;
        let share = result.score as f64 / FIXED;
        Ok(ComputeScore { rounds: result.rounds, units: result.units, score: result.score, share })
    })
}
