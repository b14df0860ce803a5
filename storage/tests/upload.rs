//! Wrapping a ciphertext for storage.

use std::fs::{self, File};
use std::path::Path;

use fairshare_params::encoding::Digest;
use fairshare_params::registry::{CHUNK_BYTES, MAX_UPLOAD_BYTES, check_path, first_chunk};
use fairshare_storage::upload::{MAX_CIPHERTEXT_BYTES, UploadError, wrap};

const DIGEST: Digest = Digest([7; 32]);

/// What stands in a folder.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .expect("folder")
        .map(|entry| entry.expect("entry").file_name().into_string().expect("text"))
        .collect();
    names.sort();
    names
}

#[test]
fn the_chunk_stands_before_the_ciphertext_whatever_its_length() {
    let folder = tempfile::tempdir().expect("folder");
    let (from, out) = (folder.path().join("ciphertext"), folder.path().join("upload"));
    // Both sides of a chunk, and of a piece that is read at once.
    for length in [1, 255, 256, 257, 5000, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 3_000_000] {
        let ciphertext: Vec<u8> = (0..length).map(|index: usize| (index % 253) as u8).collect();
        fs::write(&from, &ciphertext).expect("write");
        let upload = wrap(&from, &DIGEST, &out).expect("wraps");
        let expected = [first_chunk(&DIGEST).to_vec(), ciphertext].concat();
        assert!(fs::read(&out).expect("read") == expected, "{length}");
        assert_eq!(upload.byte_length, (length + CHUNK_BYTES) as u64);
        assert_eq!(check_path(&upload.storage_root, &DIGEST, &upload.path), Ok(()));
        assert!(check_path(&upload.storage_root, &Digest([8; 32]), &upload.path).is_err());
    }
    assert_eq!(names(folder.path()), ["ciphertext", "upload"]);
}

/// The root of an upload as 0G's client (npm `@0gfoundation/0g-ts-sdk` 1.2.8) computes it, of the digest's
/// chunk and 4,841 bytes of value `i mod 251 + 1`.
#[test]
fn the_root_is_that_of_the_file() {
    let folder = tempfile::tempdir().expect("folder");
    let (from, out) = (folder.path().join("ciphertext"), folder.path().join("upload"));
    fs::write(&from, (0..4841).map(|index| (index % 251 + 1) as u8).collect::<Vec<_>>()).expect("write");
    let upload = wrap(&from, &DIGEST, &out).expect("wraps");
    assert_eq!(
        upload.storage_root.to_string(),
        "0x6f65f497921440bf6d23f4159803f86af747471678c1cb55351daa62dfb74521"
    );
}

#[test]
fn a_ciphertext_that_no_upload_holds_is_refused_before_anything_is_written() {
    let folder = tempfile::tempdir().expect("folder");
    let (from, out) = (folder.path().join("ciphertext"), folder.path().join("upload"));
    fs::write(&out, b"what stood there").expect("write");
    let file = File::create(&from).expect("create");
    assert_eq!(MAX_CIPHERTEXT_BYTES + CHUNK_BYTES as u64, MAX_UPLOAD_BYTES);
    for length in [0, MAX_CIPHERTEXT_BYTES + 1, 1 << 40] {
        file.set_len(length).expect("sparse");
        match wrap(&from, &DIGEST, &out).expect_err("no upload") {
            UploadError::Empty { .. } => assert_eq!(length, 0),
            UploadError::TooLong { found, .. } => assert_eq!(length, found),
            error => panic!("{error}"),
        }
        assert_eq!(fs::read(&out).expect("read"), b"what stood there");
    }
    assert_eq!(names(folder.path()), ["ciphertext", "upload"]);
}

#[test]
fn the_ciphertext_is_not_replaced() {
    let folder = tempfile::tempdir().expect("folder");
    let from = folder.path().join("ciphertext");
    fs::write(&from, b"secret").expect("write");
    let again = folder.path().join(".").join("ciphertext");
    for out in [&from, &again] {
        assert!(matches!(wrap(&from, &DIGEST, out), Err(UploadError::SameFile { .. })));
    }
    assert_eq!(fs::read(&from).expect("read"), b"secret");
    assert!(matches!(wrap(folder.path(), &DIGEST, &from), Err(UploadError::Io { .. })));
}
