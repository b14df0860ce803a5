//! Can the large geometry's proofs be verified on a chain?
//!
//! For each statement a verifier in Solidity is generated from the verifying key (`solidity/`, compiled by
//! `npm run build`), and run in a real EVM on a real proof (`calldata/`). **They are for the insecure
//! reference string**, whose trapdoor is public: what they show is size, price and agreement with the Rust
//! verifier. No contract here uses them: neither the comparison of a proof's first commitments with what is
//! registered nor the link of a score's counts is part of them.
//!
//! After a change of a key: `FAIRSHARE_BLESS=1 cargo test --release -p fairshare-contracts --test verifiers`,
//! then `npm run build`.

mod machine;
mod proofs;
mod source;

use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

use fairshare_contracts::artifact::bytecode;
use fairshare_params::keys::{CircuitKind, VerifyingKey};
use fairshare_params::srs::Srs;
use fairshare_params::{Geometry, Width};

use machine::{Answer, Machine};

/// EIP-170: no chain deploys more.
const CODE_LIMIT: usize = 24_576;

static SRS: LazyLock<Srs> = LazyLock::new(|| Srs::insecure(Geometry::LARGE));

/// The histogram is the widest whose verifier fits a contract.
const KINDS: [CircuitKind; 3] =
    [CircuitKind::Histogram(Width::SIXTEEN), CircuitKind::DataScore, CircuitKind::ComputeScore];

/// Bytes of runtime code, and gas of a transaction that verifies one proof. The contract's README has them
/// too.
const PINNED: [(CircuitKind, usize, u64); 3] =
    [(KINDS[0], 11_687, 434_192), (KINDS[1], 16_597, 489_118), (KINDS[2], 21_502, 624_938)];

fn key(kind: CircuitKind) -> VerifyingKey {
    VerifyingKey::build(&SRS, kind).expect("a verifying key")
}

fn name(kind: CircuitKind) -> &'static str {
    match kind {
        CircuitKind::Histogram(_) => "InsecureHistogramVerifier",
        CircuitKind::DataScore => "InsecureDataScoreVerifier",
        CircuitKind::ComputeScore => "InsecureComputeScoreVerifier",
    }
}

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn code(kind: CircuitKind) -> Vec<u8> {
    let path = file("artifacts/test").join(name(kind)).with_extension("json");
    bytecode(&fs::read_to_string(path).expect("an artifact; `npm run build` writes it")).expect("bytecode")
}

/// Instances, then the proof: what the verifiers take.
fn calldata(kind: CircuitKind) -> Vec<u8> {
    let text = fs::read_to_string(calldata_file(kind)).expect("a proof; `FAIRSHARE_BLESS=1` makes it");
    hex::decode(text.trim_end()).expect("hexadecimal digits")
}

fn calldata_file(kind: CircuitKind) -> PathBuf {
    file("tests/verifiers/calldata").join(kind.name()).with_extension("hex")
}

#[test]
fn the_sources_are_those_of_the_keys() {
    for kind in KINDS {
        let path = file("tests/verifiers/solidity").join(name(kind)).with_extension("sol");
        let generated = source::generate(&SRS, &key(kind), name(kind));
        fairshare_pinned::assert_pinned(path, &generated);
        // A proof is another each time that it is made: only the machine can judge it.
        if fairshare_pinned::is_blessing() {
            let proof = hex::encode(proofs::calldata(&SRS, kind)) + "\n";
            fairshare_pinned::bless(&calldata_file(kind), &proof);
        }
    }
}

#[test]
fn every_verifier_fits_and_takes_a_proof_at_the_pinned_price() {
    for (kind, size, gas) in PINNED {
        let mut machine = Machine::new();
        let runtime = machine.deploy(code(kind));
        assert!(runtime <= CODE_LIMIT, "{}: {runtime} bytes", name(kind));
        let data = calldata(kind);
        let Answer::Accepted { gas: taken } = machine.call(&data) else { panic!("{} refuses", name(kind)) };
        println!("{}: {runtime} bytes, {taken} gas, {} bytes of calldata", name(kind), data.len());
        assert_eq!(runtime, size, "{}", name(kind));
        let moved = taken.abs_diff(gas) as f64 / gas as f64;
        assert!(moved < 0.05, "{}: {taken} gas, pinned are {gas}", name(kind));
    }
}

/// Every element is altered in a bit; given a second encoding, where it is a scalar; and the length changed.
#[test]
fn nothing_but_the_proof_is_taken() {
    for kind in KINDS {
        let mut machine = Machine::new();
        machine.deploy(code(kind));
        let data = calldata(kind);
        assert!(matches!(machine.call(&data), Answer::Accepted { .. }));
        let mut refuse = |altered: &[u8], what: &str| {
            assert!(matches!(machine.call(altered), Answer::Refused), "{}: {what}", name(kind));
        };
        for word in 0..data.len() / 32 {
            let mut altered = data.clone();
            altered[word * 32 + 31] ^= 1;
            refuse(&altered, &format!("word {word} altered"));
        }
        let scalars = source::scalars(&key(kind));
        assert!(scalars.len() > kind.instance_rows());
        for offset in scalars {
            let mut altered = data.clone();
            if source::add_modulus(&mut altered[offset..offset + 32]) {
                refuse(&altered, &format!("the scalar at {offset} and the field's order"));
            }
        }
        refuse(&data[..data.len() - 32], "a word missing");
        refuse(&[data.as_slice(), &[0]].concat(), "a byte too many");
        refuse(&[], "nothing");
    }
}
