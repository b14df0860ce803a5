//! # The Python package `fairshare`
//!
//! What `fairshare/__init__.py` is made of: the crates' own types and functions, with the interpreter let go
//! while they work. Reading order: `data.rs` turns Python's tables into the reader's; `work.rs` runs a piece
//! of work on a thread of its own, while the calling one hears Ctrl-C and passes progress on; `errors.rs` has
//! the exceptions; one file for each thing that can be done.

use pyo3::prelude::*;

mod audit;
mod commit;
mod data;
mod draft;
mod errors;
mod halt;
mod handover;
mod machines;
mod parameters;
mod policy;
mod process;
mod prove;
mod score;
mod stopped;
mod verify;
mod work;

/// The compiled part of the package.
#[pymodule]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    errors::add(module)?;
    // What a decoder's panic says is in the error that it becomes.
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !fairshare_ingest::is_decoding() && !handover::is_reading() {
            hook(panic);
        }
    }));
    module.add_class::<audit::Audited>()?;
    module.add_class::<commit::Committed>()?;
    module.add_class::<draft::Draft>()?;
    module.add_class::<draft::DraftedPart>()?;
    module.add_class::<machines::Driver>()?;
    module.add_class::<machines::RecordsKey>()?;
    module.add_class::<machines::SealedRecords>()?;
    module.add_class::<machines::Worker>()?;
    module.add_class::<machines::WorkerTask>()?;
    module.add_class::<parameters::Parameters>()?;
    module.add_class::<policy::Feature>()?;
    module.add_class::<policy::Policy>()?;
    module.add_class::<prove::Proved>()?;
    module.add_class::<score::Bin>()?;
    module.add_class::<score::ComputeScore>()?;
    module.add_class::<score::FeatureScore>()?;
    module.add_class::<score::Score>()?;
    module.add_class::<score::Unmatched>()?;
    module.add_class::<verify::Verified>()?;
    module.add_class::<work::Stop>()?;
    module.add_function(wrap_pyfunction!(audit::audit, module)?)?;
    module.add_function(wrap_pyfunction!(commit::commit, module)?)?;
    module.add_function(wrap_pyfunction!(machines::commit_sealed, module)?)?;
    module.add_function(wrap_pyfunction!(draft::draft, module)?)?;
    module.add_function(wrap_pyfunction!(process::end_work, module)?)?;
    module.add_function(wrap_pyfunction!(prove::prove, module)?)?;
    module.add_function(wrap_pyfunction!(prove::prove_compute, module)?)?;
    module.add_function(wrap_pyfunction!(score::reference, module)?)?;
    module.add_function(wrap_pyfunction!(score::score, module)?)?;
    module.add_function(wrap_pyfunction!(score::score_compute, module)?)?;
    module.add_function(wrap_pyfunction!(verify::verify, module)?)
}
