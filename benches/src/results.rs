//! Figures as files, for the plots.

use std::fs;
use std::path::PathBuf;

use serde::Serialize;

/// Writes `figures` to `NAME.json` in the folder named by `FAIRSHARE_RESULTS`; without it, nowhere.
///
/// # Panics
///
/// If the file cannot be written.
pub fn record(name: &str, figures: &impl Serialize) {
    let Some(folder) = std::env::var_os("FAIRSHARE_RESULTS").map(PathBuf::from) else { return };
    let path = folder.join(name).with_extension("json");
    let text = serde_json::to_string_pretty(figures).expect("figures");
    fs::write(&path, text + "\n").unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    println!("wrote {}", path.display());
}
