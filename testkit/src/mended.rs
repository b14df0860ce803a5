//! What version 1 of the ledger did wrong, beside what happens now: a table that the tests write.
//!
//! A test that has seen the right answer says so by [`mended`]. Where `FAIRSHARE_MENDED` names a file, it
//! gets a row: `FAIRSHARE_MENDED=mended.md cargo test --release --workspace`, and `sort -u mended.md`.

use std::fmt::Display;
use std::fs::OpenOptions;
use std::io::Write;

/// Puts a row into the table: what was seen on version 1, what the calling test has seen now, and by what: a
/// command, or which databases.
///
/// # Panics
///
/// If the file cannot be written.
pub fn mended(was: &str, now: impl Display, by: &str) {
    let Some(path) = std::env::var_os("FAIRSHARE_MENDED") else { return };
    let thread = std::thread::current();
    let binary = std::env::current_exe().ok();
    let binary = binary.as_deref().and_then(|path| path.file_stem()?.to_str());
    // Cargo names a test's program after its target and a hash.
    let target = binary.and_then(|name| name.rsplit_once('-')).map_or("", |(target, _)| target);
    let now = now.to_string().replace('\n', " ").replace('|', "/");
    let test = thread.name().unwrap_or_default();
    let row = format!("| {was} | {now} | `{target}` `{test}` | {by} |\n");
    let file = OpenOptions::new().create(true).append(true).open(path);
    // One call for each row: tests run side by side, also in several processes.
    file.and_then(|mut file| file.write_all(row.as_bytes())).expect("FAIRSHARE_MENDED names a file");
}
