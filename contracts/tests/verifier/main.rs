//! Does the verifier on the chain take what the Rust verifier takes, and nothing else?

mod chain;
mod machine;
mod openings;

use alloy_sol_types::SolCall;
use fairshare_contracts::verification::{BundleVerifier, verify_compute, verify_data};
use fairshare_params::commitment::commit_units;
use fairshare_prover::Silent;
use fairshare_testkit::fixture::{
    PARAMETERS, PROVER, RECORD, VERIFIER, commit_records, contributor, records,
};

use chain::Chain;

#[test]
fn first() {
    let mut chain = Chain::new(&PARAMETERS);
    println!("{} bytes", chain.size);
    let compute = PROVER.prove_compute(&contributor(), &Silent).expect("a bundle");
    let units = commit_units(&*PARAMETERS, RECORD.of(&contributor()).expect("units"));
    let totals = commit_units(&*PARAMETERS, RECORD.totals());
    let data = verify_compute(VERIFIER.rules(), &contributor(), [&units, &totals], compute.bundle.to_bytes());
    let answer = chain.machine.call(chain.verifier, data).expect("accepted");
    println!("compute {}", answer.gas);
    let folder = tempfile::tempdir().expect("a folder");
    for count in [150, 3_000, 8_160, 16_400] {
        let (path, registration) =
            commit_records(folder.path(), &count.to_string(), &contributor(), &[records(count, 1)]);
        let proved = PROVER.prove_data(&[path], &Silent).expect("a bundle");
        let data = verify_data(VERIFIER.rules(), &contributor(), &[registration], proved.bundle.to_bytes());
        let answer = chain.machine.call(chain.verifier, data).expect("accepted");
        let returned = BundleVerifier::verifyDataCall::abi_decode_returns(&answer.output).expect("three");
        println!("{count}: {} gas, {}", answer.gas, returned.score);
    }
}
