//! Audits of archives.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};

use fairshare_audit::audit::{Auditor, Expected, MEMORY, Report};
use fairshare_audit::report;
use fairshare_formats::eip55;
use fairshare_params::encoding::Digest;
use fairshare_params::verifier_parameters::VerifierParameters;
use fairshare_prover::{Progress, Task};
use fairshare_storage::files;
use fairshare_verifier::Trust;
use pyo3::prelude::*;

use crate::errors::{Cancelled, Raise, os_error};
use crate::parameters::Parameters;
use crate::process::check_fork;
use crate::work::{Listener, Stop, Watch, run};

/// What an audit found.
#[pyclass(module = "fairshare", frozen, get_all)]
pub struct Audited {
    /// Whether everything on record was audited and is what it should be.
    accepted: bool,
    /// The head that the ledger's entries lead to.
    head: String,
    /// Entries of the ledger.
    entries: u64,
    /// The vault's address.
    vault: String,
    /// Bundles verified again.
    bundles: u64,
    /// Root of the claims of the last settled epoch, computed again; none if nothing was earned.
    root: Option<String>,
    /// The sum of these claims, in base units.
    total: u128,
    /// What is not as it should be, in words, each with its place; empty if nothing is.
    differences: Vec<String>,
    /// Epochs that were not audited for want of parameters, in words.
    unaudited: Vec<String>,
    /// The report as text.
    text: String,
    /// The report as a web page.
    html: String,
}

#[pymethods]
impl Audited {
    fn __repr__(&self) -> String {
        let verdict = if self.accepted { "accepted" } else { "not accepted" };
        format!("Audited({verdict}, {} entries, {} bundles)", self.entries, self.bundles)
    }
}

fn described(found: &Report) -> Audited {
    let last = found.last();
    Audited {
        accepted: found.is_clean(),
        head: found.head.to_string(),
        entries: found.heading.entries,
        vault: eip55::checksummed(&found.heading.vault).to_string(),
        bundles: found.bundles,
        root: last.and_then(|last| last.root).map(|root| root.to_string()),
        total: last.map_or(0, |last| last.claims_total),
        differences: found.lines().collect(),
        unaudited: found.unaudited.iter().map(ToString::to_string).collect(),
        text: report::text(found),
        html: report::html(found),
    }
}

/// An archive that ends, with an error, once the audit is to stop.
struct Stopping<'a>(BufReader<File>, &'a Listener);

impl Read for Stopping<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        if self.1.cancelled() { Err(io::Error::other("stopped")) } else { self.0.read(bytes) }
    }
}

/// Audits an archive of a ledger: everything is computed again, and nothing of its results is believed.
#[pyfunction]
#[pyo3(signature = (
    archive, parameters, rules_hash = None, root = None, total = None, allow_insecure = false, memory = None,
    progress = None, stop = None
))]
#[expect(clippy::too_many_arguments, reason = "a Python function's, most of them by name")]
pub fn audit(
    py: Python<'_>,
    archive: PathBuf,
    parameters: Vec<Py<Parameters>>,
    rules_hash: Option<&str>,
    root: Option<&str>,
    total: Option<u128>,
    allow_insecure: bool,
    memory: Option<u64>,
    progress: Option<Py<PyAny>>,
    stop: Option<Py<Stop>>,
) -> PyResult<Audited> {
    check_fork()?;
    let digest = |text: Option<&str>| text.map(Digest::from_str).transpose().map_err(Raise::raise);
    let expected =
        Expected { rules_hash: digest(rules_hash)?, root: digest(root)?, total, receipts: Vec::new() };
    let trust = if allow_insecure { Trust::AllowInsecure } else { Trust::CeremonyOnly };
    run(py, &Watch::new(progress, stop), |listener| {
        let derived = parameters.iter().map(|parameters| parameters.get().derive());
        let derived = derived.collect::<PyResult<Vec<VerifierParameters>>>()?;
        let (file, _) = files::open(&archive).map_err(|error| os_error(&archive, &error.into()))?;
        let told = AtomicU64::new(0);
        let progress = |done: u64, total: u64| {
            let before = told.swap(done, Ordering::Relaxed);
            if before == 0 {
                listener.begin(Task::Read, total, 0);
            }
            listener.advance(Task::Read, done.saturating_sub(before));
        };
        let auditor = Auditor::new(&derived, trust, &progress).with_memory(memory.unwrap_or(MEMORY));
        let found = auditor.archive(Stopping(BufReader::new(file), listener), &expected);
        if listener.cancelled() {
            return Err(Cancelled::new_err("auditing was stopped; nothing was kept"));
        }
        Ok(described(&found.map_err(Raise::raise)?))
    })?
}
