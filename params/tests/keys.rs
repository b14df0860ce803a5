//! Keys: pinned, independent of the environment, and of the shape that the proof system's traps ask for.

use std::collections::HashSet;
use std::process::Command;
use std::sync::LazyLock;

use fairshare_circuits::DEGREE;
use fairshare_circuits::geometry::RESERVED_ROWS;
use fairshare_params::commitment::normalize;
use fairshare_params::keys::{CircuitKind, ProvingKey, VerifyingKey};
use fairshare_params::srs::{FileHash, Srs};
use fairshare_params::{Geometry, Width};
use ff::{Field, PrimeField};
use group::Curve;
use halo2_proofs::plonk::Any;
use halo2curves::bn256::{Fr, G1, G2Affine};
use sha3::{Digest as _, Keccak256};

/// Digests under the insecure reference string: circuit, key layout and reference string in 32 bytes. A
/// change of any of them is a new version of the protocol, and every proof made before is lost.
const PINNED: [(&str, &str); 14] = [
    ("histogram-compact-4", "0xe1be4e296df97c5818b3b7f6ad181bc012dcfff42c8122ef065cf57d0f03b8b3"),
    ("histogram-compact-16", "0x5c06b354b82419c3d4e6446a7e6e4577525befcdf17af8907b41368df4d70418"),
    ("data-score-compact", "0x73ad28b7a3abae378b7ca829f0b1aabf361288aadf490ff7aaca1f6c7d2930f0"),
    ("compute-score-compact", "0xb9359c6d116a626035ee2aab939c68b499268a678c2b6bce0cb7adc378b89a25"),
    ("histogram-standard-4", "0xd598452cfb2a3e9ec42d74cb03d239e21ee90cffe1945d0366ef5be19ccc35a2"),
    ("histogram-standard-16", "0xe7e5a63836675437797df4942b104b6face0edcee5ef405f59cb4a52892aff0e"),
    ("histogram-standard-64", "0x6862f2a0ab6db6593ea3690eba760f06f4481967e1e7d2d6a3aa7ccc9f672c3a"),
    ("data-score-standard", "0x02d58a2437209dc85c03d33dc650fbee26d54540d8edce0878786bcdd75ac70b"),
    ("compute-score-standard", "0x7cb186d3d722ec9f58482570bfe29f2060458dc24222437c7db101b443503c4e"),
    ("histogram-large-4", "0xedc5ea75eefab8d49ba5b9154d760cf5602e0e285e320c4618b8a8ccc3462a90"),
    ("histogram-large-16", "0x09013ef36fb1519197afc32a6a7ef1c3450821ba1e1780286a105ee84bf3d1a8"),
    ("histogram-large-64", "0x54f737327e47e9eca3bf1bddba8a03baa1d9db4a7ca476617f62c47b4b9f846b"),
    ("data-score-large", "0x52756fce8158ad8d1d1a14f2cf0beebe60a48d6a553a97826cfcdeddc3b8e391"),
    ("compute-score-large", "0x72a721c9aa26ace0f35b48e0eb32ca0e7a1c83294757c96a48174dd26d681af3"),
];

/// What each key costs; written anew by
/// `FAIRSHARE_BLESS=1 cargo test --release -p fairshare-params --test keys`, and by nothing else. Gates and
/// wiring are pinned with the circuits, in `circuits/tests/pinned`.
const COST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/pinned/cost.txt");

/// The keys of all statements at all geometries and widths, built once.
static KEYS: LazyLock<Vec<VerifyingKey>> = LazyLock::new(|| {
    Geometry::ALL
        .into_iter()
        .flat_map(|geometry| {
            let srs = Srs::insecure(geometry);
            let kinds = CircuitKind::all(geometry);
            kinds.map(move |kind| VerifyingKey::build(&srs, kind).expect("a key"))
        })
        .collect()
});

fn keys(geometry: Geometry) -> impl Iterator<Item = &'static VerifyingKey> {
    KEYS.iter().filter(move |key| key.id().geometry == geometry)
}

/// Key and digest, one a line.
fn digests(geometry: Geometry) -> Vec<(String, String)> {
    keys(geometry).map(|key| (key.id().to_string(), key.digest().to_string())).collect()
}

fn pinned(geometry: Geometry) -> Vec<(String, String)> {
    let own = PINNED.iter().filter(|(id, _)| id.contains(geometry.name()));
    own.map(|(id, digest)| ((*id).to_owned(), (*digest).to_owned())).collect()
}

#[test]
fn digests_are_pinned() {
    let all = |list: fn(Geometry) -> Vec<(String, String)>| Geometry::ALL.into_iter().flat_map(list);
    let (found, pinned): (Vec<_>, Vec<_>) = (all(digests).collect(), all(pinned).collect());
    assert_eq!(found, pinned, "a key moved: see the remark at `PINNED`");
}

#[test]
fn a_proving_key_has_the_verifying_key_that_is_pinned() {
    let srs = Srs::insecure(Geometry::COMPACT);
    for (kind, (id, digest)) in CircuitKind::all(Geometry::COMPACT).zip(pinned(Geometry::COMPACT)) {
        let key = ProvingKey::build(&srs, kind).expect("a key");
        assert_eq!(key.verifying().id().to_string(), id);
        assert_eq!(key.verifying().digest().to_string(), digest);
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
fn print_digests() {
    let srs = Srs::insecure(Geometry::COMPACT);
    for kind in CircuitKind::all(Geometry::COMPACT) {
        let key = VerifyingKey::build(&srs, kind).expect("a key");
        println!("{} {}", key.id(), key.digest());
    }
}

/// The library caps a circuit's degree by `MAX_DEGREE`, so that two machines could make two keys of one
/// circuit.
#[test]
fn no_environment_variable_changes_a_key() {
    for degree in ["2", "4", "6", "9"] {
        let child = Command::new(std::env::current_exe().expect("this test"))
            .args(["--exact", "print_digests", "--ignored", "--nocapture"])
            .env("MAX_DEGREE", degree)
            .output()
            .expect("a process");
        let output = String::from_utf8_lossy(&child.stdout);
        for (id, digest) in pinned(Geometry::COMPACT) {
            assert!(output.contains(&format!("{id} {digest}")), "MAX_DEGREE={degree}: {output}");
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

/// The first commitments of a proof are those of the first phase's columns by index: those that a verifier
/// uses by themselves are among them, and the public ones last of these.
#[test]
fn columns_that_a_verifier_knows_come_first() {
    for key in &*KEYS {
        let id = key.id();
        let phases = key.key().cs().advice_column_phase();
        let leading = id.kind.leading_columns();
        let expected = match id.kind {
            CircuitKind::Histogram(width) => (width.columns() + 1, 0),
            CircuitKind::DataScore => (3, 2),
            CircuitKind::ComputeScore => (2, 2),
        };
        assert_eq!((leading, id.kind.public_columns()), expected, "{id}");
        assert!(leading < phases.len());
        assert!(phases[..leading].iter().all(|phase| *phase == 0), "{id}: {phases:?}");
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
    let all: HashSet<_> = PINNED.iter().map(|(_, digest)| *digest).collect();
    assert_eq!(all.len(), PINNED.len());
    let names: HashSet<_> = PINNED.iter().map(|(id, _)| *id).collect();
    assert_eq!(names.len(), PINNED.len());
    for key in keys(Geometry::COMPACT) {
        assert_ne!(key.key().transcript_repr(), Fr::ZERO);
    }
}

/// A reference string of another trapdoor, which is 7.
fn other_srs(geometry: Geometry) -> Srs {
    let trapdoor = Fr::from(7);
    let powers = std::iter::successors(Some(G1::generator()), |power| Some(power * trapdoor));
    let powers = normalize(&powers.take(geometry.rows()).collect::<Vec<_>>());
    let s_g2 = (G2Affine::generator() * trapdoor).to_affine();
    Srs::from_powers(geometry, powers, G2Affine::generator(), s_g2, FileHash([0; 64])).expect("powers")
}

#[test]
fn a_key_depends_on_the_reference_string() {
    let srs = other_srs(Geometry::COMPACT);
    for key in keys(Geometry::COMPACT) {
        let other = VerifyingKey::build(&srs, key.id().kind).expect("a key");
        assert_eq!(other.id(), key.id());
        assert_ne!(other.digest(), key.digest(), "{}", key.id());
    }
}

/// A geometry that differs in nothing but its identifier changes every key; and its widths are no part of any
/// but their own histogram's, so that one more width moves no key.
#[test]
fn a_key_depends_on_the_identifier_and_its_own_width() {
    let [same, fewer] = [Geometry::COMPACT.widths(), &[Width::SIXTEEN]]
        .map(|widths| Srs::insecure(Geometry::trial(11, widths, 3)));
    for key in keys(Geometry::COMPACT) {
        let [same, fewer] =
            [&same, &fewer].map(|srs| VerifyingKey::build(srs, key.id().kind).expect("a key"));
        assert_eq!(same.key().transcript_repr(), key.key().transcript_repr(), "one constraint system");
        assert_ne!(same.digest(), key.digest(), "{}: the identifier", key.id());
        assert_eq!(same.digest(), fewer.digest(), "{}: the other width", key.id());
    }
}

/// PROTOCOL section 8, byte by byte: a contract's code that begins with a zero, and so stops where it is
/// called, and holds the key's words.
#[test]
fn a_digest_is_that_of_a_zero_byte_and_words() {
    let number = |value: usize| Fr::from(value as u64).to_repr();
    let statements = [
        (CircuitKind::Histogram(Width::FOUR), 1, 4),
        (CircuitKind::Histogram(Width::SIXTEEN), 1, 16),
        (CircuitKind::DataScore, 2, 0),
        (CircuitKind::ComputeScore, 3, 0),
    ];
    for (kind, statement, width) in statements {
        let key = keys(Geometry::COMPACT).find(|key| key.id().kind == kind).expect("a key");
        let cs = key.key().cs();
        let text = format!("{:?}", cs.pinned());
        let omega = Fr::ROOT_OF_UNITY.pow([1 << (Fr::S - 11)]).to_repr();
        let copies = key.key().permutation().commitments();
        let mut code = vec![0];
        // Field elements are little-endian in the library.
        let mut word = |mut bytes: [u8; 32]| {
            bytes.reverse();
            code.extend(bytes);
        };
        [statement, 1, width].into_iter().for_each(|value| word(number(value)));
        let mut hash: [u8; 32] = Keccak256::digest(text).into();
        hash.reverse();
        word(hash);
        word(omega);
        let columns = [cs.num_advice_columns(), cs.num_fixed_columns(), cs.num_instance_columns()];
        columns.into_iter().for_each(|count| word(number(count)));
        word(number(copies.len()));
        for point in key.key().fixed_commitments().iter().chain(copies) {
            word(point.x.to_repr());
            word(point.y.to_repr());
        }
        assert_eq!(code.len(), 1 + 32 * (9 + 2 * (cs.num_fixed_columns() + copies.len())));
        assert_eq!(key.digest().0, <[u8; 32]>::from(Keccak256::digest(&code)), "{}", key.id());
    }
}
