//! # What must hold of bytes from outside
//!
//! One function for each reader of the system. Given any bytes it returns, or it panics because an invariant
//! is broken: that is what libFuzzer looks for (`fuzz/`), and what `tests/seeded.rs` looks for on stable with
//! inputs that are mutated from [`Target::seeds`]. No function is only about "no panic":
//!
//! - what a reader accepts, its writer writes the same way again;
//! - nothing but the one true bundle verifies;
//! - what is counted adds up, and symbols stay in the alphabet;
//! - whatever is refused is refused in words, of bounded length, that name a line that exists.
//!
//! Readers with a checksum are reached behind it: some inputs are taken as they are, others as a [`script`]
//! of edits to a sound file, with its checksum made right.

mod arrow_seeds;
mod bundles;
mod files;
mod ingest;
mod ledger;
mod parquet_seeds;
mod registry;
mod rules;
pub mod script;

use std::cell::LazyCell;
use std::error::Error;
use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;

pub use bundles::{bundle, bundle_verification};
pub use fairshare_testkit::fixture;
pub use files::{key_cache, opening, ptau, srs_file, verifier_file};
pub use ingest::{
    arrow_ingest, compressed_ingest, csv_ingest, forgive_caught_panics, json_ingest, parquet_ingest,
    units_csv,
};
pub use ledger::ledger;
pub use registry::registry;
pub use rules::policy;

/// A function about bytes, and where to begin with it.
pub struct Target {
    /// Its name, also the libFuzzer program's.
    pub name: &'static str,
    /// The function; whether the bytes were accepted.
    pub run: fn(&[u8]) -> bool,
    /// Inputs that reach far.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// Bytes that its format is made of.
    pub tokens: &'static [&'static str],
}

/// Every target.
pub const TARGETS: [Target; 16] = [
    Target { name: "bundle", run: bundle, seeds: bundles::seeds, tokens: &["FSBUNDLE"] },
    Target {
        name: "bundle_verification",
        run: bundle_verification,
        seeds: bundles::verification_seeds,
        tokens: &[],
    },
    Target { name: "registry", run: registry, seeds: registry::seeds, tokens: registry::TOKENS },
    Target { name: "ledger", run: ledger, seeds: ledger::seeds, tokens: ledger::TOKENS },
    Target { name: "policy", run: policy, seeds: rules::policy_seeds, tokens: rules::POLICY_TOKENS },
    Target { name: "srs_file", run: srs_file, seeds: files::srs_seeds, tokens: &["FSRS"] },
    Target { name: "verifier_file", run: verifier_file, seeds: files::verifier_seeds, tokens: &["FSVP"] },
    Target { name: "ptau", run: ptau, seeds: files::ptau_seeds, tokens: &["ptau"] },
    Target { name: "key_cache", run: key_cache, seeds: files::key_seeds, tokens: &["FSPKEY\0\u{1}"] },
    Target { name: "opening", run: opening, seeds: files::opening_seeds, tokens: &["FSOPEN"] },
    Target { name: "csv_ingest", run: csv_ingest, seeds: ingest::csv_seeds, tokens: ingest::CSV_TOKENS },
    Target {
        name: "parquet_ingest",
        run: parquet_ingest,
        seeds: parquet_seeds::seeds,
        tokens: &["PAR1", "PARE", "kind", "ARROW:schema"],
    },
    Target { name: "json_ingest", run: json_ingest, seeds: ingest::json_seeds, tokens: ingest::JSON_TOKENS },
    Target {
        name: "arrow_ingest",
        run: arrow_ingest,
        seeds: arrow_seeds::seeds,
        tokens: &["ARROW1", "kind", "\0\0\0\0", "\u{1}\0\0\0"],
    },
    Target {
        name: "compressed_ingest",
        run: compressed_ingest,
        seeds: ingest::compressed_seeds,
        tokens: ingest::CSV_TOKENS,
    },
    Target { name: "units_csv", run: units_csv, seeds: ingest::units_seeds, tokens: ingest::CSV_TOKENS },
];

/// Longest message: a file's bytes must not become the reader's screen.
const MESSAGE_BYTES: usize = 4096;

/// Checks a refusal's words; the bytes are not accepted.
#[track_caller]
fn refused(error: &dyn Error) -> bool {
    said(error);
    false
}

/// Checks that a refusal, and each of its causes, is said in words that fit a screen; returns the first.
#[track_caller]
fn said(error: &dyn Error) -> String {
    let mut cause = Some(error);
    while let Some(error) = cause {
        let text = error.to_string();
        assert!(text.chars().any(char::is_alphabetic), "an error without words: {error:?}");
        assert!(text.len() <= MESSAGE_BYTES, "a message of {} bytes: {text:.200}…", text.len());
        cause = error.source();
    }
    error.to_string()
}

/// Lines of a text as every editor counts them, plus the empty one after a last line end.
fn lines(text: &[u8]) -> u64 {
    let ends = |(at, byte): (usize, &u8)| match byte {
        b'\n' => at == 0 || text[at - 1] != b'\r',
        b'\r' => true,
        _ => false,
    };
    text.iter().enumerate().filter(|byte| ends(*byte)).count() as u64 + 1
}

/// Writes a file for a reader that wants a path: in a folder of this thread's, over the one before.
fn file(name: &str, bytes: &[u8]) -> PathBuf {
    thread_local! {
        static FOLDER: LazyCell<TempDir> = LazyCell::new(|| {
            // In memory where the system has such a folder: a fuzzer writes thousands a second.
            let memory = tempfile::tempdir_in("/dev/shm");
            memory.or_else(|_| tempfile::tempdir()).expect("a temporary folder")
        });
    }
    FOLDER.with(|folder| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).expect("write");
        path
    })
}
