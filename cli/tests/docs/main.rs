//! The documents as tests: their shell blocks run, their links and paths lead somewhere, and the
//! README stays short.
//!
//! A fenced block's first word is its language, the second its class:
//!
//! | info string | what happens |
//! | --- | --- |
//! | `sh` | runs in every test run, in a temporary folder that holds a copy of `examples/` |
//! | `sh slow` | runs in the repository itself, only where `FAIRSHARE_SLOW=1` asks for it |
//! | `sh anvil` | runs with the others, only where `FAIRSHARE_ANVIL=1` asks for it; `anvil` is npm's |
//! | `sh sets` | runs with the others, only where `FAIRSHARE_SETS` names what `fetch.py` fetched |
//! | `text`, and a class but slow | the blocks before print its lines, in order; `…` is for others |
//! | `rust` | is a doctest of the crate that [`DOCTESTED`] names |
//! | any language, `illustrative` | is not run; at most [`MOST_ILLUSTRATIVE`] in all documents |
//!
//! All blocks of one document run in one bash, in order, and stop at the first command that fails.
//!
//! ```text
//! cargo test --release -p fairshare --test docs                         # every document
//! FAIRSHARE_SLOW=1 cargo test --release -p fairshare --test docs readme # one document with its slow blocks
//! FAIRSHARE_ANVIL=1 cargo test --release -p fairshare --test docs chain # after `npm ci` in contracts/
//! FAIRSHARE_SETS=sets cargo test --release -p fairshare --test docs tutorial # `examples/sets/fetch.py sets`
//! ```

#![cfg(unix)]

use std::fs;
use std::path::{Path, PathBuf};

mod blocks;
mod cluster;
mod links;
mod paths;
mod run;

use blocks::{Block, Class, Language};

/// Most blocks that nothing runs, in all documents together: each is a promise that nobody checks.
const MOST_ILLUSTRATIVE: usize = 10;

/// Most words of the README, by white space.
const README_WORDS: usize = 900;

/// Documents with Rust blocks, and the crate root that makes them doctests.
const DOCTESTED: [(&str, &str); 1] = [("docs/library.md", "prover/src/lib.rs")];

/// Documents whose links are checked and whose blocks belong to other tools, or are formulas.
const LINKS_ONLY: [&str; 7] = [
    "benches/peers/README.md",
    "contracts/README.md",
    "docs/PROTOCOL.md",
    "docs/link.md",
    "examples/flights/README.md",
    "examples/sets/README.md",
    "fuzz/README.md",
];

/// One test for each document, and the list of all of them.
macro_rules! documents {
    ($($test:ident: $document:literal,)*) => {
        const DOCUMENTS: &[&str] = &[$($document),*];
        $(
            #[test]
            fn $test() {
                run::document($document, &blocks($document));
            }
        )*
    };
}

documents! {
    readme: "README.md",
    changelog: "CHANGELOG.md",
    contributing: "CONTRIBUTING.md",
    security: "SECURITY.md",
    architecture: "docs/ARCHITECTURE.md",
    chain: "docs/chain.md",
    cli: "docs/cli.md",
    cluster: "docs/cluster.md",
    data: "docs/data.md",
    flower: "docs/flower.md",
    glossary: "docs/glossary.md",
    library: "docs/library.md",
    performance: "docs/performance.md",
    policy: "docs/policy.md",
    registering: "docs/registering.md",
    scoring: "docs/scoring.md",
    service: "docs/service.md",
    testing: "docs/testing.md",
    trust: "docs/trust.md",
    vault: "docs/vault.md",
    slow_runs: "docs/slow-runs.md",
    tutorial: "docs/tutorial.md",
    walkthrough: "docs/walkthrough.md",
}

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace")
}

fn read(document: &str) -> String {
    fs::read_to_string(repository().join(document)).unwrap_or_else(|error| panic!("{document}: {error}"))
}

fn blocks(document: &str) -> Vec<Block> {
    blocks::parse(&read(document)).unwrap_or_else(|error| panic!("{document}:{error}"))
}

/// Markdown files in a folder and below it, as paths from the repository's root.
fn markdown(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let nested = entries.flat_map(|path| if path.is_dir() { markdown(&path) } else { vec![path] });
    nested.filter(|path| path.extension().is_some_and(|extension| extension == "md")).collect()
}

#[test]
fn every_document_has_its_test() {
    for path in markdown(&repository().join("docs")) {
        let document = path.strip_prefix(repository()).expect("below the root").to_str().expect("text");
        let is_known = DOCUMENTS.contains(&document) || LINKS_ONLY.contains(&document);
        assert!(is_known, "{document}: add it to `documents!`");
    }
}

#[test]
fn few_blocks_are_illustrative() {
    let all = DOCUMENTS.iter().flat_map(|document| {
        let illustrative = blocks(document).into_iter().filter(|block| block.class == Class::Illustrative);
        illustrative.map(move |block| format!("{document}:{}", block.fence))
    });
    let all: Vec<_> = all.collect();
    assert!(all.len() <= MOST_ILLUSTRATIVE, "{} blocks that nothing runs: {all:?}", all.len());
}

#[test]
fn rust_blocks_are_doctests() {
    for document in DOCUMENTS {
        let Some(block) = blocks(document).into_iter().find(|block| block.language == Language::Rust) else {
            continue;
        };
        let root = DOCTESTED.iter().find(|(own, _)| own == document).map(|(_, root)| read(root));
        let included = root.is_some_and(|root| root.contains(&format!("include_str!(\"../../{document}\")")));
        assert!(included, "{document}:{}: no crate of `DOCTESTED` includes it", block.fence);
    }
}

#[test]
fn relative_links_lead_somewhere() {
    let broken =
        DOCUMENTS.iter().chain(&LINKS_ONLY).flat_map(|document| links::broken(repository(), document));
    assert_eq!(broken.collect::<Vec<_>>(), Vec::<String>::new());
}

#[test]
fn paths_in_code_are_there() {
    let missing = DOCUMENTS.iter().flat_map(|document| paths::missing(repository(), document));
    assert_eq!(missing.collect::<Vec<_>>(), Vec::<String>::new());
}

#[test]
fn the_readme_is_short() {
    let words = read("README.md").split_whitespace().count();
    assert!(
        words <= README_WORDS,
        "the README has {words} words, {README_WORDS} at most: move some to docs/"
    );
}
