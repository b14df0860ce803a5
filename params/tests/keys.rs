//! Keys: pinned, independent of the environment, and of the shape that the proof system's traps ask for.

use std::collections::HashSet;
use std::process::Command;
use std::sync::LazyLock;

use fairshare_circuits::DEGREE;
use fairshare_circuits::geometry::RESERVED_ROWS;
use fairshare_params::Geometry;
use fairshare_params::keys::{CircuitKind, ProvingKey, VerifyingKey};
use fairshare_params::srs::Srs;
use ff::Field;
use halo2_proofs::plonk::Any;
use halo2curves::bn256::Fr;

/// Fingerprints under the insecure reference string: circuit, key layout and reference string in 32 bytes. A
/// change of any of them is a new version of the protocol, and every proof made before is lost.
const PINNED: [(&str, &str); 9] = [
    ("histogram-compact", "0x40487e8e80b6f0fb239dc67fb9ecdad46cdc4d23c8ae80f628118c11bfe4a32c"),
    ("data-score-compact", "0x541871567359a238d5b9f4b2af40c73d3b25a8e958595a82c8a9035f433c877c"),
    ("compute-score-compact", "0x4bfa621af2e947c5beb48e927d4520907d131244d87ca1b18795e50ecdd60c01"),
    ("histogram-standard", "0x9a7ee78dc51553c286b49f3e7ff76b570d96f2aa5828c9d96810b5960084a366"),
    ("data-score-standard", "0xc8399d7eae6c1d2588ed496b0776ea6d3eb8738ab6c81f7da3e35b5e57016851"),
    ("compute-score-standard", "0xd2a5e136fbb76ab339f57f2e48cc85b9d5baddc2f41dcd175125a1f3b649efb7"),
    ("histogram-onchain", "0xa021d431bb4707cee77726bef4518f0396afc03d0bad4c74b61ae0d3cb3b4344"),
    ("data-score-onchain", "0xf8999f8eaf7a97c9e621edcc121201112f7612bba2928a545d87bc2a9982854c"),
    ("compute-score-onchain", "0x1f5275e240e845b6c726076e401fa04cc772f821272359036459d5b4e0c25ec9"),
];

/// What each key costs; written anew by
/// `FAIRSHARE_BLESS=1 cargo test --release -p fairshare-params --test keys`, and by nothing else. Gates and
/// wiring are pinned with the circuits, in `circuits/tests/pinned`.
const COST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/pinned/cost.txt");

/// The keys of all statements at all geometries, built once.
static KEYS: LazyLock<Vec<VerifyingKey>> = LazyLock::new(|| {
    Geometry::ALL
        .into_iter()
        .flat_map(|geometry| {
            let srs = Srs::insecure(geometry);
            CircuitKind::ALL.map(|kind| VerifyingKey::build(&srs, kind).expect("a key"))
        })
        .collect()
});

fn keys(geometry: Geometry) -> impl Iterator<Item = &'static VerifyingKey> {
    KEYS.iter().filter(move |key| key.id().geometry == geometry)
}

/// Key and fingerprint, one a line.
fn fingerprints(geometry: Geometry) -> Vec<(String, String)> {
    keys(geometry).map(|key| (key.id().to_string(), key.fingerprint().to_string())).collect()
}

fn pinned(geometry: Geometry) -> Vec<(String, String)> {
    let own = PINNED.iter().filter(|(id, _)| id.ends_with(geometry.name()));
    own.map(|(id, fingerprint)| ((*id).to_owned(), (*fingerprint).to_owned())).collect()
}

#[test]
fn fingerprints_are_pinned() {
    let all = |list: fn(Geometry) -> Vec<(String, String)>| Geometry::ALL.into_iter().flat_map(list);
    let (found, pinned): (Vec<_>, Vec<_>) = (all(fingerprints).collect(), all(pinned).collect());
    assert_eq!(found, pinned, "a key moved: see the remark at `PINNED`");
}

#[test]
fn a_proving_key_has_the_verifying_key_that_is_pinned() {
    let srs = Srs::insecure(Geometry::COMPACT);
    for (kind, (id, fingerprint)) in CircuitKind::ALL.into_iter().zip(pinned(Geometry::COMPACT)) {
        let key = ProvingKey::build(&srs, kind).expect("a key");
        assert_eq!(key.verifying().id().to_string(), id);
        assert_eq!(key.verifying().fingerprint().to_string(), fingerprint);
        let inner = key.key().get_vk();
        assert_eq!(inner.transcript_repr(), key.verifying().key().transcript_repr());
    }
}

/// A key's columns, queries, and what a proof under it consists of.
fn cost(key: &VerifyingKey) -> String {
    let (cs, geometry) = (key.key().cs(), key.id().geometry);
    let phases = cs.advice_column_phase();
    let first = phases.iter().filter(|phase| **phase == 0).count();
    let permuted = cs.permutation().get_columns().len();
    let products = permuted.div_ceil(cs.degree() - 2);
    // Columns and permutation products, then the vanishing argument's random polynomial and quotient, then
    // SHPLONK.
    let commitments = phases.len() + products + 1 + (cs.degree() - 1) + 2;
    // Queries, the random polynomial, and each permutation column and product at its points.
    let queries = [cs.advice_queries().len(), cs.fixed_queries().len(), cs.instance_queries().len()];
    let evaluations = queries[0] + queries[1] + 1 + permuted + (3 * products).saturating_sub(1);
    assert_eq!(64 * commitments + 32 * evaluations, key.proof_bytes(), "{}", key.id());
    let gates: usize = cs.gates().iter().map(|gate| gate.polynomials().len()).sum();
    let lines = [
        format!("{}", key.id()),
        format!("  rows         {} of {}, sum's end included", geometry.usable_rows() + 1, geometry.rows()),
        format!(
            "  columns      {} advice ({first} in the first phase), {} fixed with selectors, {} instance, \
             {permuted} in the permutation",
            phases.len(),
            cs.num_fixed_columns(),
            cs.num_instance_columns()
        ),
        format!("  constraints  {gates}, degree {}", cs.degree()),
        format!("  queries      {} advice, {} fixed, {} instance", queries[0], queries[1], queries[2]),
        format!(
            "  proof        {} bytes: {commitments} commitments, {evaluations} evaluations",
            key.proof_bytes()
        ),
        format!("  key          {} commitments", cs.num_fixed_columns() + permuted),
    ];
    lines.join("\n")
}

#[test]
fn costs_are_pinned() {
    let text = KEYS.iter().map(|key| cost(key) + "\n").collect::<Vec<_>>().join("\n");
    fairshare_pinned::assert_pinned(COST, &text);
}

/// Run by [`no_environment_variable_changes_a_key`] in a process of its own.
#[test]
#[ignore = "prints, for another test to read"]
fn print_fingerprints() {
    let srs = Srs::insecure(Geometry::COMPACT);
    for kind in CircuitKind::ALL {
        let key = VerifyingKey::build(&srs, kind).expect("a key");
        println!("{} {}", key.id(), key.fingerprint());
    }
}

/// The library caps a circuit's degree by `MAX_DEGREE`, so that two machines could make two keys of one
/// circuit.
#[test]
fn no_environment_variable_changes_a_key() {
    for degree in ["2", "4", "6", "9"] {
        let child = Command::new(std::env::current_exe().expect("this test"))
            .args(["--exact", "print_fingerprints", "--ignored", "--nocapture"])
            .env("MAX_DEGREE", degree)
            .output()
            .expect("a process");
        let output = String::from_utf8_lossy(&child.stdout);
        for (id, fingerprint) in pinned(Geometry::COMPACT) {
            assert!(output.contains(&format!("{id} {fingerprint}")), "MAX_DEGREE={degree}: {output}");
        }
    }
}

#[test]
fn no_gate_is_above_the_degree_that_keys_are_told() {
    for key in &*KEYS {
        let cs = key.key().cs();
        let degrees = cs.gates().iter().flat_map(|gate| gate.polynomials()).map(|gate| gate.degree());
        let highest = degrees.max().expect("gates");
        assert!(highest <= DEGREE, "{}: a gate of degree {highest}", key.id());
        assert_eq!((cs.degree(), cs.minimum_degree()), (DEGREE, Some(DEGREE)), "{}", key.id());
        assert!(cs.lookups().is_empty(), "{}: LogUp is the one lookup mechanism", key.id());
        for gate in cs.gates() {
            assert!(!gate.name().is_empty());
            for index in 0..gate.polynomials().len() {
                assert!(!gate.constraint_name(index).is_empty(), "{}: {}", key.id(), gate.name());
            }
        }
    }
}

/// The library has `n − 6` usable rows while no column is queried at more than three rotations; the rows that
/// may hold data end two rows before.
#[test]
fn blinding_rows_are_those_that_the_geometry_reserves() {
    for key in &*KEYS {
        let cs = key.key().cs();
        assert_eq!(cs.blinding_factors(), 5, "{}", key.id());
        assert!(cs.blinding_factors() + 1 + 2 <= RESERVED_ROWS);
        for (column, queries) in cs.num_advice_queries().iter().enumerate() {
            assert!((1..=3).contains(queries), "{}: column {column}, {queries} rotations", key.id());
        }
    }
}

/// The generator of Solidity verifiers drops a repeated query without a word.
#[test]
fn no_query_is_repeated() {
    for geometry in Geometry::ALL {
        let rows = 1i32 << geometry.k();
        for key in keys(geometry) {
            let cs = key.key().cs();
            let advice = cs.advice_queries().iter().map(|(column, at)| (0, column.index(), at.0));
            let fixed = cs.fixed_queries().iter().map(|(column, at)| (1, column.index(), at.0));
            let instance = cs.instance_queries().iter().map(|(column, at)| (2, column.index(), at.0));
            let mut seen = HashSet::new();
            for (kind, column, at) in advice.chain(fixed).chain(instance) {
                assert!(
                    seen.insert((kind, column, at.rem_euclid(rows))),
                    "{}: {kind}, {column}, {at}",
                    key.id()
                );
            }
        }
    }
}

/// The first commitments of a proof are those of the first phase's columns by index.
#[test]
fn linked_columns_come_first() {
    for key in &*KEYS {
        let id = key.id();
        let phases = key.key().cs().advice_column_phase();
        let linked = id.kind.linked_columns(id.geometry);
        assert!(linked < phases.len());
        assert!(phases[..linked].iter().all(|phase| *phase == 0), "{id}: {phases:?}");
        assert!(phases.is_sorted(), "{id}: phases by index, so that proofs list columns by index");
        assert_eq!(phases.last(), Some(&1), "{id}: a second phase for LogUp");
    }
}

/// One instance column, which some gate or copy reads; that each of its rows is bound is shown on real
/// proofs, with the verifier.
#[test]
fn there_is_one_instance_column_and_it_is_read() {
    for key in &*KEYS {
        let cs = key.key().cs();
        assert_eq!(cs.num_instance_columns(), 1, "{}", key.id());
        let copied = cs.permutation().get_columns();
        let copied = copied.iter().any(|column| matches!(column.column_type(), Any::Instance));
        assert!(copied || !cs.instance_queries().is_empty(), "{}", key.id());
        assert!(key.id().kind.instance_rows() > 0);
    }
}

#[test]
fn a_key_depends_on_statement_and_geometry() {
    let all: HashSet<_> = PINNED.iter().map(|(_, fingerprint)| *fingerprint).collect();
    assert_eq!(all.len(), PINNED.len());
    let names: HashSet<_> = PINNED.iter().map(|(id, _)| *id).collect();
    assert_eq!(names.len(), PINNED.len());
    for key in keys(Geometry::COMPACT) {
        assert_ne!(key.key().transcript_repr(), Fr::ZERO);
    }
}
