//! Which crate may use which.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand};

use crate::sources::root;

/// What each room may use, besides whatever those rooms may use themselves. `*` may use everything.
const ROOMS: [(&str, &[&str]); 21] = [
    ("fairshare-circuits", &[]),
    ("fairshare-params", &["fairshare-circuits"]),
    ("fairshare-formats", &["fairshare-params"]),
    ("fairshare-storage", &["fairshare-formats"]),
    ("fairshare-plonk", &["fairshare-params"]),
    ("fairshare-verifier", &["fairshare-params"]),
    ("fairshare-audit", &["fairshare-verifier", "fairshare-formats"]),
    ("fairshare-ingest", &["fairshare-formats", "fairshare-storage"]),
    ("fairshare-draft", &["fairshare-ingest", "fairshare-audit"]),
    ("fairshare-prover", &["fairshare-plonk", "fairshare-ingest", "fairshare-storage", "fairshare-verifier"]),
    ("fairshare-vault", &["fairshare-audit", "fairshare-storage"]),
    ("fairshare-serve", &["fairshare-vault"]),
    ("fairshare-proving", &["fairshare-prover", "fairshare-serve"]),
    ("fairshare-contracts", &["fairshare-params"]),
    ("fairshare-chain", &["fairshare-contracts", "fairshare-prover", "fairshare-vault"]),
    ("fairshare", &["*"]),
    ("fairshare-benches", &["*"]),
    // What is only ever a test, or what tests share.
    ("fairshare-fuzz-targets", &["*"]),
    ("fairshare-testkit", &["*"]),
    ("fairshare-pinned", &[]),
    ("fairshare-fuzz", &["*"]),
];

/// Rooms that only tests and benchmarks may use.
const FOR_TESTS: [&str; 4] =
    ["fairshare-testkit", "fairshare-pinned", "fairshare-fuzz-targets", "fairshare-benches"];

/// Without what other platforms need: whoever has built the tests has not fetched that.
fn metadata() -> Metadata {
    let version = Command::new("rustc").arg("-vV").output().expect("rustc").stdout;
    let version = String::from_utf8(version).expect("text");
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).expect("a host");
    MetadataCommand::new()
        .current_dir(root())
        .other_options(["--offline", "--filter-platform", host].map(str::to_owned))
        .exec()
        .expect("cargo metadata")
}

/// Everything that a room may use, directly or through others.
fn allowed(room: &str) -> BTreeSet<&'static str> {
    let direct = ROOMS.iter().find(|(name, _)| *name == room).map_or(&[][..], |(_, direct)| direct);
    direct.iter().flat_map(|name| allowed(name).into_iter().chain([*name])).collect()
}

/// Edges between our crates, those of tests left out.
fn edges(metadata: &Metadata) -> BTreeMap<String, BTreeSet<String>> {
    let ours: BTreeSet<_> =
        metadata.workspace_packages().iter().map(|package| package.name.to_string()).collect();
    let normal = |package: &cargo_metadata::Package| {
        let kept =
            package.dependencies.iter().filter(|dependency| dependency.kind != DependencyKind::Development);
        kept.map(|dependency| dependency.name.clone()).filter(|name| ours.contains(name)).collect()
    };
    metadata
        .workspace_packages()
        .into_iter()
        .map(|package| (package.name.to_string(), normal(package)))
        .collect()
}

fn forbidden(edges: &BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    let mut forbidden = Vec::new();
    for (room, used) in edges {
        let allowed = allowed(room);
        if !ROOMS.iter().any(|(name, _)| name == room) {
            forbidden.push(format!("{room} has no room in this list"));
        }
        for other in used {
            let test_only = FOR_TESTS.contains(&other.as_str()) && !FOR_TESTS.contains(&room.as_str());
            if test_only || !(allowed.contains("*") || allowed.contains(other.as_str())) {
                forbidden.push(format!("{room} -> {other}"));
            }
        }
    }
    forbidden
}

#[test]
fn every_edge_between_crates_is_one_of_the_house() {
    let edges = edges(&metadata());
    assert!(edges.len() > 10, "the workspace was not read");
    assert_eq!(forbidden(&edges), Vec::<String>::new(), "each crate uses only what stands below it");
}

#[test]
fn an_edge_that_points_up_is_found() {
    let edge = |from: &str, to: &str| BTreeMap::from([(from.to_owned(), BTreeSet::from([to.to_owned()]))]);
    for (from, to) in [
        ("fairshare-params", "fairshare-formats"),
        ("fairshare-verifier", "fairshare-formats"),
        ("fairshare-verifier", "fairshare-prover"),
        ("fairshare-audit", "fairshare-storage"),
        ("fairshare-prover", "fairshare-audit"),
        ("fairshare", "fairshare-testkit"),
    ] {
        assert_eq!(forbidden(&edge(from, to)), [format!("{from} -> {to}")]);
    }
    assert_eq!(forbidden(&edge("fairshare-vault", "fairshare-params")), Vec::<String>::new());
}

/// The version declared is the compiler in use, so that what is claimed is what was tried; a dependency that
/// asks for more would claim otherwise.
#[test]
fn the_declared_compiler_is_the_one_in_use_and_enough_for_every_dependency() {
    let metadata = metadata();
    let ours = metadata.workspace_packages();
    let declared = ours.first().and_then(|package| package.rust_version.clone()).expect("a declared version");
    for package in &metadata.packages {
        if let Some(needed) = &package.rust_version {
            assert!(
                *needed <= declared,
                "{} {} needs Rust {needed}, {declared} is declared",
                package.name,
                package.version
            );
        }
    }
    let output = std::process::Command::new(std::env::var("RUSTC").unwrap_or("rustc".into()))
        .arg("--version")
        .output();
    let found = String::from_utf8(output.expect("rustc runs").stdout).expect("text");
    let expected = format!("rustc {}.{}.", declared.major, declared.minor);
    assert!(found.starts_with(&expected), "{found} is in use, {declared} is declared");
}
