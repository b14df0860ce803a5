//! One thing of an archive that is not as it should be, and the finding that names it.
//!
//! Most alterations come with a chain of heads that holds again: whoever keeps a ledger can make it so.

mod amounts;
mod contract;
mod data;
mod lists;
mod proofs;
mod rounds;
mod rules;
mod strikes;
mod units;

use fairshare_audit::audit::{Expected, Finding};
use fairshare_audit::registry::{Ineligible, NotCovered, Refusal};
use fairshare_audit::report;
use fairshare_formats::ledger::{Earning, Event, Kind, earnings_from_csv};
use fairshare_formats::registry::{RegistryFileError, SignedError, signed_to_json};
use fairshare_formats::time::Moment;
use fairshare_params::address::Address;
use fairshare_params::encoding::Digest;
use fairshare_params::registry::{NotTaken, Request, Unsigned, UnsignedError};
use fairshare_params::role::Role;
use fairshare_testkit::epochs::{ALICE, BOB, CAROL, FIRST, account, sign};
use num_bigint::BigUint;

use crate::edits::*;
use crate::history::*;
use crate::honest::*;

/// Which history is altered.
type Whose = fn() -> &'static History;
/// An alteration, and the finding that names it.
type Case = (&'static str, Whose, fn(&mut History), fn(&Finding) -> bool);

const C: Whose = || &CLAIMS;
const P: Whose = || &PAYMENTS;
const S: Whose = || &STRUCK;
const K: Whose = || &CONTRACT;

#[test]
fn every_alteration_is_found_and_named() {
    let mut count = 0;
    let tables: [&[Case]; 9] = [
        &rules::RULES,
        &rounds::ROUNDS,
        &data::DATA,
        &units::UNITS,
        &strikes::STRIKES,
        &proofs::PROOFS,
        &amounts::AMOUNTS,
        &lists::LISTS,
        &contract::CONTRACT,
    ];
    for (name, whose, alter, is_found) in tables.into_iter().flatten() {
        let mut altered = whose().clone();
        alter(&mut altered);
        assert_ne!(&altered, whose(), "{name}");
        let found = audit(&altered.chained(), &Expected::default());
        let named = found.findings.iter().any(|found| is_found(&found.finding));
        assert!(named, "{name}: {:?}", found.lines().collect::<Vec<_>>());
        // The chain itself holds: what was found was found by what it says.
        let of_chain = |finding: &Finding| matches!(finding, Finding::Head { .. } | Finding::LastHead { .. });
        assert!(!found.findings.iter().any(|found| of_chain(&found.finding)), "{name}");
        assert!(report::text(&found).contains("DIFFERENCE "), "{name}");
        count += 1;
    }
    println!("{count} alterations");
    assert!(count >= 40);
}

/// Claims are of the rules as the audit computes them, whatever hash is on record.
#[test]
fn the_root_of_the_claims_is_of_the_rules_hash_computed_again() {
    let mut altered = C().clone();
    let Event::Rules { rules_hash, .. } = event(&mut altered, Kind::Rules, 1) else { panic!() };
    rules_hash.0[31] ^= 1;
    let found = audit(&altered.chained(), &Expected::default());
    let [one] = &found.findings[..] else { panic!("{:?}", found.lines().collect::<Vec<_>>()) };
    assert!(matches!(one.finding, Finding::RulesHash { .. }), "{:?}", one.finding);
}
