//! What whole transactions cost that verify bundles, and how large the contracts are.
//!
//! The figures stand in the README of the contracts: a transaction may differ from them by 3 %.

use std::collections::BTreeMap;

use fairshare_contracts::recorded::{record_segments, split, verify_recorded};
use fairshare_contracts::verification::{register_keys, register_openings};
use fairshare_params::keys::{CircuitKind, VerifyingKey};
use fairshare_testkit::fixture::contributor;

use super::chain::{Chain, creation_code};
use super::payer::paid;
use super::pool::STANDARD;
use super::world::{self, CHAIN, Submission};

/// EIP-170 and EIP-3860: no chain deploys more, or a longer transaction that deploys it.
const LIMITS: [usize; 2] = [24_576, 49_152];

/// Gas may differ by this part of what the README says.
const TOLERANCE: f64 = 0.03;

#[test]
fn the_verifier_fits_a_contract() {
    let size = CHAIN.with_borrow(|chain| chain.size);
    let creation = creation_code(true).len();
    println!("{size} bytes, created by {creation}");
    assert!(size < LIMITS[0] && creation <= LIMITS[1]);
    for (name, size) in evaluators() {
        assert!(size < LIMITS[0], "{name}: {size} bytes");
    }
}

/// Bytes of what creates each evaluator, which is more than itself.
fn evaluators() -> Vec<(String, usize)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/artifacts/gates");
    let files = std::fs::read_dir(folder).expect("a folder").map(|file| file.expect("a file").path());
    let size = |path: std::path::PathBuf| {
        let text = std::fs::read_to_string(&path).expect("an artifact");
        let code = fairshare_contracts::artifact::bytecode(&text).expect("an artifact");
        (path.display().to_string(), code.len())
    };
    let sizes: Vec<_> = files.map(size).collect();
    assert_eq!(sizes.len(), 9);
    sizes
}

/// A transaction: its gas, and what of it nobody can do without.
struct Price {
    gas: u64,
    floor: u64,
    /// More than this it must not cost.
    most: Option<u64>,
}

/// The least that a transaction with these data and proofs under these keys costs: its own price and that of
/// its data, a multiplication and an addition for each commitment, and a pairing.
///
/// A proof has a commitment for each column, and each but one takes a multiplication; so do the random
/// polynomial, three further pieces of the quotient, the second set of openings, and the three points that
/// close the equation. A link has nine. To fold another proof's claim takes two.
fn floor(data: &[u8], keys: &[&VerifyingKey], link: bool) -> u64 {
    let (multiplication, addition, pairing) = (6_000, 150, 45_000 + 2 * 34_000);
    let zeros = data.iter().filter(|byte| **byte == 0).count();
    let calldata = 4 * zeros + 16 * (data.len() - zeros);
    let commitments = |key: &&VerifyingKey| {
        let system = key.constraint_system();
        system.num_advice_columns() + system.num_fixed_columns() - 1 + 1 + 3 + 1 + 3
    };
    let proofs: usize = keys.iter().map(commitments).sum();
    let points = proofs + if link { 9 } else { 0 } + 2 * (keys.len() - 1);
    (21_000 + calldata + points * (multiplication + addition) + pairing) as u64
}

/// A whole bundle, verified in one transaction.
fn whole(submission: &Submission, most: impl Into<Option<u64>>) -> Price {
    let parameters = submission.world.parameters;
    let key = |kind| parameters.key(kind).expect("a key");
    let keys: Vec<_> = if submission.registrations.is_empty() {
        vec![key(CircuitKind::ComputeScore)]
    } else {
        let records = submission.registrations.iter().map(|own| u64::from(own.records()));
        let segments = records.flat_map(|records| parameters.geometry().cut(2 * records).iter());
        let histograms = segments.map(|segment| key(CircuitKind::Histogram(segment.shape.width())));
        histograms.chain([key(CircuitKind::DataScore)]).collect()
    };
    let link = keys.len() > 1;
    let data = submission.calldata(&submission.bytes);
    Price { gas: submission.accepted(), floor: floor(&data, &keys, link), most: most.into() }
}

/// Each row of the README's tables: what it is, and what it costs. What it must not cost was set before the
/// verifier was written.
fn prices() -> BTreeMap<&'static str, Price> {
    let compact = [world::data(&[150]), world::data(&[16_320]), world::data(&[16_400, 200])];
    let standard = &*STANDARD;
    let [one, two] = [&standard[1], &standard[2]].map(|submission| whole(submission, 1_750_000));
    let further = Price { gas: two.gas - one.gas, floor: two.floor - one.floor, most: Some(950_000) };
    BTreeMap::from([
        ("compact data, one segment of 4 columns", whole(&compact[0], 1_050_000)),
        ("compact data, one segment of 16 columns", whole(&compact[1], None)),
        ("compact data, segments of 16 and 4 columns and another dataset", whole(&compact[2], None)),
        ("compact compute", whole(&world::compute(), 750_000)),
        ("standard data, one segment of 4 columns", whole(&standard[0], 1_050_000)),
        ("standard data, one full segment: 1,048,064 symbols", one),
        ("each further full segment", further),
        ("standard compute", whole(&standard[4], 750_000)),
    ])
}

/// Transactions that are sent once, or in the place of one that would be too large: no floor is known.
fn others() -> BTreeMap<&'static str, u64> {
    let submission = &STANDARD[1];
    let parameters = submission.world.parameters;
    let mut chain = Chain::new();
    let mut send = |data: Vec<u8>| chain.machine.send(chain.verifier, data).expect("it goes through").gas;
    let keys = send(register_keys(parameters));
    let openings = send(register_openings(parameters));
    let rules = submission.world.verifier.rules();
    let features = rules.reference.features;
    let parts = split(parameters, features, &submission.registrations, &submission.bytes).expect("parts");
    let record = send(record_segments(parameters, &parts.segments));
    let rest = send(verify_recorded(rules, &contributor(), &submission.registrations, parts.bundle));
    BTreeMap::from([
        ("deploy the verifier", chain.deployment),
        ("register the keys of `standard`", keys),
        ("register the openings of `standard`", openings),
        ("record a full segment of `standard`", record),
        ("verify the bundle of a recorded segment", rest),
        ("pay for `standard` data, one segment of 4 columns, by a contract", paid(&STANDARD[0])),
        ("pay for `standard` compute, by a contract", paid(&STANDARD[4])),
    ])
}

/// The rows of the README's tables by their first cells; numbers without separators.
fn readme() -> BTreeMap<String, Vec<String>> {
    let rows = include_str!("../../README.md").lines().filter(|line| line.starts_with("| "));
    let cells = rows.map(|row| row.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned()));
    cells
        .filter_map(|mut cells| Some((cells.next()?, cells.map(|cell| cell.replace(',', "")).collect())))
        .collect()
}

#[test]
fn transactions_cost_what_the_readme_says() {
    let readme = readme();
    let stated = |name: &str, cell: usize| -> Option<u64> { readme.get(name)?.get(cell)?.parse().ok() };
    let mut wrong = Vec::new();
    let near = |stated: Option<u64>, found: u64| {
        stated.is_some_and(|stated| stated.abs_diff(found) as f64 <= TOLERANCE * stated as f64)
    };
    for (name, price) in prices() {
        let Price { gas, floor, most } = price;
        let share = gas as f64 / floor as f64;
        println!("| {name} | {gas} | {floor} | {share:.2} |");
        let ratio = readme.get(name).and_then(|cells| cells.get(2)?.parse::<f64>().ok());
        let is_ratio = ratio.is_some_and(|ratio| (ratio - share).abs() < TOLERANCE * share);
        if !(near(stated(name, 0), gas) && near(stated(name, 1), floor) && is_ratio) {
            wrong.push(format!("{name}: {gas} gas, floor {floor}"));
        }
        assert!(most.is_none_or(|most| gas <= most), "{name}: {gas} gas, {most:?} at most");
    }
    for (name, gas) in others() {
        println!("| {name} | {gas} |");
        if !near(stated(name, 0), gas) {
            wrong.push(format!("{name}: {gas} gas"));
        }
    }
    assert!(wrong.is_empty(), "the README says otherwise: {wrong:#?}");
}
