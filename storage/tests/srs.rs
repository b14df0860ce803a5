//! Reference strings in files: written whole, judged by their length before they are read.

use std::error::Error;
use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};

use fairshare_formats::srs_file::SrsFormatError;
use fairshare_params::Geometry;
use fairshare_params::srs::Srs;
use fairshare_storage::srs::{Action, SrsFileError, import_ptau, read, write};
use tempfile::TempDir;

const COMPACT: Geometry = Geometry::COMPACT;

/// A folder with the insecure compact file in it.
fn stored() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("compact.srs");
    write(&path, &Srs::insecure(COMPACT)).unwrap();
    (folder, path)
}

#[test]
fn writing_replaces_the_file_and_leaves_nothing_else() {
    let (folder, path) = stored();
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, b"an older file").unwrap();
    write(&path, &Srs::insecure(COMPACT)).unwrap();
    assert_eq!(fs::read(&path).unwrap(), bytes);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    let nowhere = folder.path().join("absent/file.srs");
    let refused = write(&nowhere, &Srs::insecure(COMPACT));
    assert!(matches!(refused, Err(SrsFileError::Io { action: Action::Write, .. })));
}

#[test]
fn what_was_written_is_read_again() {
    let (_folder, path) = stored();
    for expected in [None, Some(COMPACT)] {
        assert_eq!(read(&path, expected).unwrap().digest(), Srs::insecure(COMPACT).digest());
    }
    let error = read(&path, Some(Geometry::STANDARD)).unwrap_err();
    assert!(length(&error).is_some(), "{error}");
}

/// The length that is refused, if it is the length.
fn length(error: &SrsFileError) -> Option<u64> {
    match error {
        SrsFileError::Format { source: SrsFormatError::Length { found, .. }, .. } => Some(*found),
        _ => None,
    }
}

#[test]
fn a_huge_sparse_file_is_refused_by_its_length() {
    let (_folder, path) = stored();
    OpenOptions::new().write(true).open(&path).unwrap().set_len(10 << 30).unwrap();
    let started = std::time::Instant::now();
    let error = read(&path, None).unwrap_err();
    assert_eq!(length(&error), Some(10 << 30), "{error}");
    assert!(started.elapsed().as_millis() < 500, "10 GiB cannot have been read");
}

#[test]
fn a_file_that_is_absent_is_an_error_with_its_name() {
    let absent = Path::new("/nonexistent/ceremony.ptau");
    for error in [import_ptau(absent, COMPACT).unwrap_err(), read(absent, None).unwrap_err()] {
        assert!(matches!(error, SrsFileError::Io { .. }));
        assert!(error.to_string().contains("/nonexistent/ceremony.ptau"), "{error}");
        assert!(error.source().is_some_and(|cause| !error.to_string().contains(&cause.to_string())));
    }
}

#[cfg(unix)]
#[test]
fn a_device_without_end_is_refused() {
    let device = Path::new("/dev/zero");
    let error = import_ptau(device, COMPACT).unwrap_err();
    assert_eq!(error.source().expect("a cause").to_string(), "not a regular file", "{error}");
    assert!(matches!(read(device, None), Err(SrsFileError::Io { .. })));
}
