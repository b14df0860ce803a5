//! A proof of each statement in the large geometry, from the example's flights.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use fairshare_circuits::histogram;
use fairshare_formats::eip55;
use fairshare_formats::units::{Rounds, from_csv};
use fairshare_params::address::Address;
use fairshare_params::encoding::encode_scalar;
use fairshare_params::keys::CircuitKind;
use fairshare_params::policy::Policy;
use fairshare_params::srs::Srs;
use fairshare_params::verifier_parameters::VerifierParameters;
use fairshare_prover::{Limits, Proved, Prover, Silent, commit_data};
use fairshare_verifier::{Bundle, Score, Trust, Verifier};
use halo2curves::bn256::Fr;

/// JFK, as the example has it.
fn node() -> Address {
    eip55::parse("0xa64C3a7dB2a92f47Bc3c0729563D8B1F351A62A4").expect("an address")
}

/// Instances and proof, one after the other.
pub fn calldata(srs: &Srs, kind: CircuitKind) -> Vec<u8> {
    let policy = policy(srs);
    let parameters = VerifierParameters::derive(srs).expect("keys");
    let verifier = Verifier::new(&parameters, &policy, Trust::AllowInsecure).expect("a verifier");
    match kind {
        CircuitKind::Histogram(width) => {
            let (Bundle::Data(bundle), proved) = data(srs, &verifier) else {
                unreachable!("data was committed")
            };
            let Score::Data(score) = proved.score else { unreachable!("a data score") };
            let [proof] = bundle.datasets[0].segments.as_slice() else { unreachable!("one segment") };
            let symbols = u64::from(score.records.get()) * policy.schema().len() as u64;
            let part = srs.geometry().cut(symbols).segment(0).expect("a segment");
            assert_eq!(part.shape.width(), width);
            joined(&histogram::Instance { padding: part.padding() }.to_rows(), proof)
        }
        CircuitKind::DataScore => {
            let (Bundle::Data(bundle), proved) = data(srs, &verifier) else {
                unreachable!("data was committed")
            };
            let Score::Data(score) = proved.score else { unreachable!("a data score") };
            let context = verifier.data_context(&CONTRIBUTOR, &proved.registrations);
            let context = context.expect("a context").limbs();
            let instance = verifier.data_instance(context, score.records, score.score);
            joined(&instance.to_rows(), &bundle.proof)
        }
        CircuitKind::ComputeScore => {
            let units = File::open(example("units.csv")).expect("the example's units");
            let units = from_csv(units, Rounds::of(&policy)).expect("units");
            let verifier = verifier.with_units(&units).expect("units of its rounds");
            let Bundle::Compute(bundle) = compute(srs, &verifier).bundle else {
                unreachable!("units were scored")
            };
            let context = verifier.on_record(&node()).expect("a node").context.limbs();
            joined(&verifier.compute_instance(context, bundle.score).to_rows(), &bundle.proof)
        }
    }
}

fn joined(instances: &[Fr], proof: &[u8]) -> Vec<u8> {
    instances.iter().flat_map(encode_scalar).chain(proof.iter().copied()).collect()
}

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/flights").join(name)
}

/// The example's policy in this geometry.
fn policy(srs: &Srs) -> Policy {
    let text = fs::read_to_string(example("policy-compact.toml")).expect("the example's policy");
    let text = text.replace("\"compact\"", &format!("\"{}\"", srs.geometry()));
    fairshare_formats::policy::from_toml(&text, &|name| fs::read(example(name))).expect("a policy")
}

const CONTRIBUTOR: Address = Address([7; 20]);

fn data(srs: &Srs, verifier: &Verifier<'_>) -> (Bundle, Proved) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("data");
    // As many as do not fit a segment of four columns: 20 times 2,000 records of seven features.
    let records = vec![example("flights-2000.csv"); 20];
    commit_data(srs, verifier.policy(), &CONTRIBUTOR, &records, &path, &Silent).expect("a commitment");
    let proved =
        Prover::new(srs, verifier, Limits::default()).prove_data(&[path], &Silent).expect("a bundle");
    (proved.bundle.clone(), proved)
}

fn compute(srs: &Srs, verifier: &Verifier<'_>) -> Proved {
    Prover::new(srs, verifier, Limits::default()).prove_compute(&node(), &Silent).expect("a bundle")
}
