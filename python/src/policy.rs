//! Policies.

use std::collections::BTreeMap;
use std::path::PathBuf;

use fairshare_formats::policy::PolicySource;
use fairshare_params::policy::Policy as Rules;
use fairshare_params::schema::Rule;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::errors::Raise;

/// The rules of an epoch: what is counted, what it is compared with, and what it pays.
#[pyclass(module = "fairshare", frozen)]
pub struct Policy {
    source: PolicySource,
    rules: Rules,
}

/// A feature of a policy: a column, or several that are crossed.
#[pyclass(module = "fairshare", frozen, get_all)]
pub struct Feature {
    /// Its name.
    name: String,
    /// `categorical`, `numeric` or `crossed`.
    kind: &'static str,
    /// The columns that it is read from.
    columns: Vec<String>,
    /// What its bins are called, in their order; the last is that of missing values.
    bins: Vec<String>,
    /// Records of the smoothed reference in each bin.
    reference: Vec<u32>,
}

#[pymethods]
impl Feature {
    fn __repr__(&self) -> String {
        format!("Feature({:?}, {}, {} bins)", self.name, self.kind, self.bins.len())
    }
}

impl Policy {
    /// Of what was read and checked.
    pub fn new(source: PolicySource, rules: Rules) -> Self {
        Self { source, rules }
    }

    /// The checked rules.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }
}

#[pymethods]
impl Policy {
    /// Reads and checks a policy and the files that it names, which are found from its folder.
    #[staticmethod]
    fn load(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        let read = py.detach(|| fairshare_storage::policy::load_source(&path));
        let (source, rules) = read.map_err(Raise::raise)?;
        Ok(Self { source, rules })
    }

    /// Checks a policy's text, with the bytes of each file that it names: what `text` and `files` give.
    #[staticmethod]
    fn from_text(text: String, files: BTreeMap<String, Vec<u8>>) -> PyResult<Self> {
        let source = PolicySource { text, files };
        let rules = source.policy().map_err(Raise::raise)?;
        Ok(Self { source, rules })
    }

    /// The bytes of each file that it names, by the name it has in the text.
    #[getter]
    fn files<'py>(&self, py: Python<'py>) -> BTreeMap<&str, Bound<'py, PyBytes>> {
        let files = self.source.files.iter();
        files.map(|(name, bytes)| (name.as_str(), PyBytes::new(py, bytes))).collect()
    }

    /// Pickled, it is its text and files, which are checked again.
    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
        let py = slf.py();
        let policy = slf.get();
        let given = (policy.text(), policy.files(py)).into_pyobject(py)?;
        Ok((slf.getattr("from_text")?, given.into_any()))
    }

    /// Its text.
    #[getter]
    fn text(&self) -> &str {
        &self.source.text
    }

    /// The hash of its text and of the files that it names.
    #[getter]
    fn hash(&self) -> String {
        self.source.hash().to_string()
    }

    /// The hash of its schema.
    #[getter]
    fn schema_hash(&self) -> String {
        self.rules.schema().hash().to_string()
    }

    /// The rules hash that its text expects; none where it expects none.
    #[getter]
    fn rules_hash(&self) -> Option<String> {
        self.rules.rules_hash().map(|hash| hash.to_string())
    }

    /// The circuits' shape.
    #[getter]
    fn geometry(&self) -> &'static str {
        self.rules.geometry().name()
    }

    /// The fewest records that are paid for.
    #[getter]
    fn min_records(&self) -> u32 {
        self.rules.terms().min_records
    }

    /// Rounds of the epoch.
    #[getter]
    fn rounds(&self) -> usize {
        self.rules.rounds()
    }

    /// Every column that is read, in the schema's order.
    #[getter]
    fn columns(&self) -> Vec<String> {
        let features = self.rules.schema().features().iter();
        features.flat_map(|feature| feature.columns()).map(|column| column.name.clone()).collect()
    }

    /// The features, in the schema's order.
    #[getter]
    fn features(&self) -> Vec<Feature> {
        let features = self.rules.schema().features().iter().zip(self.rules.feature_references());
        features
            .map(|(feature, reference)| Feature {
                name: feature.name().to_owned(),
                kind: match feature.columns() {
                    [column] if matches!(column.rule, Rule::Categorical { .. }) => "categorical",
                    [_] => "numeric",
                    _ => "crossed",
                },
                columns: feature.columns().iter().map(|column| column.name.clone()).collect(),
                bins: (0..feature.bins()).map(|bin| feature.bin_name(bin)).collect(),
                reference: reference.to_vec(),
            })
            .collect()
    }

    fn __repr__(&self) -> String {
        format!("Policy({} features, {})", self.rules.schema().len(), self.geometry())
    }
}
