//! # Pinned texts
//!
//! A test that pins a text compares it with a committed file by [`assert_pinned`], and shows what changed as
//! a diff. Whether the change is meant is for a reviewer to say. Then, and by nothing else,
//!
//! ```text
//! FAIRSHARE_BLESS=1 cargo test --release -p CRATE --test TARGET
//! ```
//!
//! writes the file anew. Any other value of the variable is an error, so that nobody blesses by
//! `FAIRSHARE_BLESS=0`.
//!
//! A crate of its own within `testkit/`, because the circuits' tests need this and must not wait for a prover
//! to compile. For the same reason it has the file that counts what is read of it ([`counting`]).

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use expect_test::expect_file;

pub mod counting;

/// The one variable by which pinned files are written anew.
const BLESS: &str = "FAIRSHARE_BLESS";

/// Whether pinned files are to be written anew: `FAIRSHARE_BLESS` is `1`.
///
/// # Panics
///
/// If the variable has any other value, or expect-test is asked to write files by its own variable.
pub fn is_blessing() -> bool {
    assert!(std::env::var_os("UPDATE_EXPECT").is_none(), "pinned files are written by {BLESS}=1 alone");
    means_bless(std::env::var_os(BLESS).as_deref())
}

fn means_bless(value: Option<&OsStr>) -> bool {
    match value {
        None => false,
        Some(value) if value == "1" => true,
        Some(value) => panic!("{BLESS} is 1 or not set, never {value:?}"),
    }
}

/// Asserts that `text` is what the file at `path` pins, or writes it there ([`is_blessing`]).
///
/// # Panics
///
/// If the text differs, after printing the difference.
#[track_caller]
pub fn assert_pinned(path: impl AsRef<Path>, text: &str) {
    let path = absolute(path.as_ref());
    if is_blessing() {
        bless(&path, text);
    }
    expect_file![path].assert_eq(text);
}

/// Writes a pinned file, and its folder where there is none.
///
/// # Panics
///
/// If it cannot be written.
pub fn bless(path: &Path, text: &str) {
    let folder = path.parent().expect("a file within a folder");
    fs::create_dir_all(folder).expect("the pinned file's folder is writable");
    fs::write(path, text).expect("the pinned file is writable");
}

/// Tests run in their package's folder, which is not where expect-test looks.
fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).expect("a path")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_blesses() {
        assert!(means_bless(Some(OsStr::new("1"))));
        assert!(!means_bless(None));
        for value in ["", "0", "true", "yes"] {
            let value = OsStr::new(value);
            assert!(std::panic::catch_unwind(|| means_bless(Some(value))).is_err(), "{value:?}");
        }
    }

    #[test]
    fn a_change_is_refused_and_a_blessed_file_is_what_was_given() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("pinned/text.txt");
        let refused = |text: &str| std::panic::catch_unwind(|| assert_pinned(&path, text)).is_err();
        assert!(refused("no file yet\n"));
        bless(&path, "a\nb\n");
        assert!(!refused("a\nb\n"));
        assert!(refused("a\nB\n"));
        assert_eq!(fs::read_to_string(&path).expect("a file"), "a\nb\n");
    }
}
