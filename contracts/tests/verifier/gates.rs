//! Are the gate evaluators those of the circuits?
//!
//! `solidity/gates/` holds one contract per circuit, generated here from its constraint system: from the same
//! expressions that keys and proofs are made of. After a change of a circuit:
//! `FAIRSHARE_BLESS=1 cargo test --release --workspace --test verifier gates`, then `npm run build`.
//!
//! What they compute is held to the expressions at random points.

mod circuit;
mod evaluate;
mod expression;
mod generate;
mod shape;

use std::path::PathBuf;

use circuit::Subject;

/// Where a circuit's evaluator is.
fn source(subject: &Subject) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("solidity/gates");
    folder.join(subject.contract()).with_extension("sol")
}

#[test]
fn the_sources_are_those_of_the_circuits() {
    for subject in Subject::all() {
        fairshare_pinned::assert_pinned(source(&subject), &generate::contract(&subject));
    }
}

/// A width's histogram has the same constraints in every geometry, and so one evaluator.
#[test]
fn a_constraint_system_has_one_evaluator() {
    let subjects = Subject::all();
    for other in Subject::all_circuits() {
        let own = subjects.iter().filter(|subject| subject.hash() == other.hash());
        let names: Vec<_> = own.map(Subject::contract).collect();
        assert_eq!(names, [other.contract()]);
    }
}
