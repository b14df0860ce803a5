//! Parameters: the reference string, or what a verifier needs of it.

use std::path::PathBuf;
use std::sync::OnceLock;

use fairshare_formats::{srs_file, verifier_file};
use fairshare_params::Geometry;
use fairshare_params::policy::Policy;
use fairshare_params::srs::Srs;
use fairshare_params::verifier_parameters::VerifierParameters;
use fairshare_storage::srs;
use fairshare_verifier::{SetupError, Trust, Verifier};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::errors::{ParametersError, Raise};
use crate::process::check_fork;

/// The parameters of proofs. Whole ones serve everything; those of a verifier only verify, and only under a
/// policy that expects a rules hash.
#[pyclass(module = "fairshare", frozen)]
pub struct Parameters {
    kind: Kind,
    /// Those of a verifier beside the whole ones, if there are any.
    beside: Option<VerifierParameters>,
    /// What a verifier needs, derived when it is first asked for.
    derived: OnceLock<VerifierParameters>,
}

enum Kind {
    Whole(Box<Srs>),
    Verifier(Box<VerifierParameters>),
}

#[pymethods]
impl Parameters {
    /// Reads and checks a file that `fairshare params` wrote.
    #[staticmethod]
    fn load(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        check_fork()?;
        py.detach(|| {
            if srs::is_verifier_file(&path)? {
                let kind = Kind::Verifier(Box::new(srs::read_verifier(&path)?));
                return Ok(Self { kind, beside: None, derived: OnceLock::new() });
            }
            let kind = Kind::Whole(Box::new(srs::read(&path, None)?));
            // Believed under a rules hash only, and passed over where it does not give it.
            let beside = srs::read_verifier(&srs::verifier_path(&path)).ok();
            Ok(Self { kind, beside, derived: OnceLock::new() })
        })
        .map_err(|error: srs::SrsFileError| error.raise())
    }

    /// Parameters for trying things out: everybody knows their trapdoor, so that anybody can forge a proof.
    #[staticmethod]
    #[pyo3(signature = (geometry = "compact"))]
    fn insecure(py: Python<'_>, geometry: &str) -> PyResult<Self> {
        check_fork()?;
        let names = || Geometry::ALL.map(|geometry| geometry.name()).join(", ");
        let geometry = Geometry::from_name(geometry)
            .ok_or_else(|| PyValueError::new_err(format!("no such geometry; choose one of {}", names())))?;
        let kind = py.detach(|| Kind::Whole(Box::new(Srs::insecure(geometry))));
        Ok(Self { kind, beside: None, derived: OnceLock::new() })
    }

    /// Checks what `to_bytes` gave. Nobody need believe those of a verifier: a policy's rules hash says which
    /// are meant.
    #[staticmethod]
    #[pyo3(signature = (data, verifier = None))]
    fn from_bytes(py: Python<'_>, data: Vec<u8>, verifier: Option<Vec<u8>>) -> PyResult<Self> {
        check_fork()?;
        py.detach(|| {
            let kind = if data.starts_with(&verifier_file::MAGIC) {
                Kind::Verifier(Box::new(verifier_file::decode(&data).map_err(Raise::raise)?))
            } else {
                Kind::Whole(Box::new(srs_file::decode(&data, None).map_err(Raise::raise)?))
            };
            let beside = verifier.as_deref().map(verifier_file::decode).transpose();
            Ok(Self { kind, beside: beside.map_err(Raise::raise)?, derived: OnceLock::new() })
        })
    }

    /// The bytes of their file, as `fairshare params` writes it.
    fn to_bytes<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        let bytes = py.detach(|| match &self.kind {
            Kind::Whole(srs) => srs_file::encode(srs),
            Kind::Verifier(parameters) => verifier_file::encode(parameters),
        });
        PyBytes::new(py, &bytes)
    }

    /// Pickled, they are their bytes, which are checked again.
    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
        let (py, parameters) = (slf.py(), slf.get());
        let beside = parameters.beside.as_ref().or(parameters.derived.get());
        let beside = beside.map(|beside| PyBytes::new(py, &verifier_file::encode(beside)));
        let given = (parameters.to_bytes(py), beside).into_pyobject(py)?;
        Ok((slf.getattr("from_bytes")?, given.into_any()))
    }

    /// The circuits' shape.
    #[getter]
    fn geometry(&self) -> &'static str {
        match &self.kind {
            Kind::Whole(srs) => srs.geometry().name(),
            Kind::Verifier(parameters) => parameters.geometry().name(),
        }
    }

    /// Their fingerprint.
    #[getter]
    fn digest(&self) -> String {
        match &self.kind {
            Kind::Whole(srs) => srs.digest().to_string(),
            Kind::Verifier(parameters) => parameters.words().srs.to_string(),
        }
    }

    /// Whether everybody knows their trapdoor.
    #[getter]
    fn is_insecure(&self) -> bool {
        match &self.kind {
            Kind::Whole(srs) => srs.is_insecure(),
            Kind::Verifier(parameters) => parameters.is_insecure(),
        }
    }

    fn __repr__(&self) -> String {
        let insecure = if self.is_insecure() { ", insecure" } else { "" };
        format!("Parameters({}{insecure}, {})", self.geometry(), self.digest())
    }
}

impl Parameters {
    /// The whole reference string, which a verifier's parameters are not.
    pub fn whole(&self) -> PyResult<&Srs> {
        match &self.kind {
            Kind::Whole(srs) => Ok(srs),
            Kind::Verifier(_) => Err(ParametersError::new_err(
                "these are a verifier's parameters, and only verify; load the whole ones",
            )),
        }
    }

    /// What a verifier needs of whole parameters.
    pub fn derive(&self) -> PyResult<VerifierParameters> {
        VerifierParameters::derive(self.whole()?).map_err(Raise::raise)
    }

    fn derived(&self) -> PyResult<&VerifierParameters> {
        if let Some(derived) = self.derived.get() {
            return Ok(derived);
        }
        let derived = self.derive()?;
        Ok(self.derived.get_or_init(|| derived))
    }

    /// A verifier under a policy: with those beside the whole ones if they give the rules hash that the
    /// policy expects, else with derived ones.
    pub fn verifier<'a>(&'a self, policy: &'a Policy, trust: Trust) -> PyResult<Verifier<'a>> {
        let made = |parameters: &'a VerifierParameters| {
            Verifier::new(parameters, policy, trust).map_err(|error: SetupError| error.raise())
        };
        if let Kind::Verifier(parameters) = &self.kind {
            return made(parameters);
        }
        if let Some(beside) = self.beside.as_ref().filter(|_| policy.rules_hash().is_some())
            && let Ok(verifier) = made(beside)
        {
            return Ok(verifier);
        }
        made(self.derived()?)
    }
}
