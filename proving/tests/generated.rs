//! The committed code is what the service's definition gives, so that building needs no compiler of
//! protocols.
//!
//! ```text
//! FAIRSHARE_BLESS=1 cargo test --release --workspace --test generated
//! ```
//!
//! writes it anew, and the descriptors, by which the service describes itself and the Python client's modules
//! are made.

use std::fs;
use std::path::{Path, PathBuf};

use fairshare_pinned::{assert_pinned, is_blessing};
use prost::Message;
use prost_types::FileDescriptorSet;

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The definition, with its comments.
fn definition() -> FileDescriptorSet {
    protox::compile(["fairshare/v1/prover.proto"], [here("../proto")]).expect("the definition")
}

#[test]
fn the_code_is_what_the_definition_gives() {
    let folder = tempfile::tempdir().expect("a folder");
    tonic_prost_build::configure()
        .build_transport(false)
        .out_dir(folder.path())
        .compile_fds(definition())
        .expect("code");
    let code = fs::read_to_string(folder.path().join("fairshare.v1.rs")).expect("code");
    assert_pinned(here("src/generated/fairshare.v1.rs"), &code);
}

#[test]
fn the_descriptors_are_those_of_the_definition() {
    let mut set = definition();
    // Comments are for readers of the definition.
    set.file.iter_mut().for_each(|file| file.source_code_info = None);
    let (path, bytes) = (here("src/generated/fairshare.v1.bin"), set.encode_to_vec());
    if is_blessing() {
        fs::write(&path, &bytes).expect("write");
    }
    assert!(fs::read(&path).expect("the descriptors") == bytes, "write them anew with FAIRSHARE_BLESS=1");
}

#[test]
fn everything_in_the_definition_has_a_comment() {
    let text = fs::read_to_string(here("../proto/fairshare/v1/prover.proto")).expect("the definition");
    let lines: Vec<_> = text.lines().map(str::trim).collect();
    let begins = |line: &str| {
        ["message ", "enum ", "service ", "rpc "].iter().any(|word| line.starts_with(word))
            || line.ends_with(';') && line.contains(" = ")
    };
    let bare: Vec<_> = lines
        .windows(2)
        .filter(|pair| begins(pair[1]) && !pair[0].starts_with("//"))
        .map(|pair| pair[1])
        .collect();
    assert!(lines.len() > 100 && bare.is_empty(), "{bare:?}");
}
