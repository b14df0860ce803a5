//! Real bundles in the compact geometry, and how both verifiers are asked about them.

use std::cell::RefCell;

use alloy_sol_types::SolCall;
use fairshare_contracts::verification::{BundleVerifier, verify_compute, verify_data};
use fairshare_params::commitment::commit_units;
use fairshare_params::registration::Registration;
use fairshare_prover::Silent;
use fairshare_testkit::fixture::{
    PARAMETERS, PROVER, RECORD, VERIFIER, commit_records, contributor, records,
};
use fairshare_verifier::{Bundle, Score};

use super::chain::Chain;
use super::machine::{Answer, Refusal};

thread_local! {
    /// The chain that a test asks. Calls change nothing on it.
    pub static CHAIN: RefCell<Chain> = RefCell::new(Chain::new(&PARAMETERS));
}

/// A bundle with what is on record about it.
pub struct Submission {
    pub bytes: Vec<u8>,
    pub registrations: Vec<Registration>,
}

/// A contributor's data: a dataset for each number of records.
pub fn data(sizes: &[usize]) -> Submission {
    let folder = tempfile::tempdir().expect("a folder");
    let commit = |(seed, count): (u64, &usize)| {
        commit_records(folder.path(), &seed.to_string(), &contributor(), &[records(*count, seed)])
    };
    let (paths, registrations): (Vec<_>, Vec<_>) = (1..).zip(sizes).map(commit).unzip();
    let bundle = PROVER.prove_data(&paths, &Silent).expect("a bundle").bundle;
    Submission { bytes: bundle.to_bytes(), registrations }
}

/// A node's units.
pub fn compute() -> Submission {
    let bundle = PROVER.prove_compute(&contributor(), &Silent).expect("a bundle").bundle;
    Submission { bytes: bundle.to_bytes(), registrations: Vec::new() }
}

impl Submission {
    /// The calldata of a call about other bytes in the bundle's place.
    pub fn calldata(&self, bytes: &[u8]) -> Vec<u8> {
        let rules = VERIFIER.rules();
        if !self.registrations.is_empty() {
            return verify_data(rules, &contributor(), &self.registrations, bytes.to_vec());
        }
        let units = RECORD.of(&contributor()).expect("units on record");
        let [units, totals] = [units, RECORD.totals()].map(|units| commit_units(&*PARAMETERS, units));
        verify_compute(rules, &contributor(), [&units, &totals], bytes.to_vec())
    }

    /// What the chain says of other bytes in the bundle's place.
    pub fn on_chain(&self, bytes: &[u8]) -> Result<Answer, Refusal> {
        let data = self.calldata(bytes);
        CHAIN.with_borrow_mut(|chain| chain.machine.call(chain.verifier, data))
    }

    /// Whether the Rust verifier takes them.
    pub fn in_rust(&self, bytes: &[u8]) -> bool {
        let read = VERIFIER.read(bytes, &self.registrations);
        read.is_ok_and(|bundle| VERIFIER.verify(&bundle, &self.registrations).is_ok())
    }

    /// Both take the bundle; gas of the transaction.
    pub fn accepted(&self) -> u64 {
        let answer = self.on_chain(&self.bytes).expect("the chain takes it");
        let bundle = VERIFIER.read(&self.bytes, &self.registrations).expect("it can be read");
        match (VERIFIER.verify(&bundle, &self.registrations).expect("Rust takes it"), bundle) {
            (Score::Data(score), Bundle::Data(_)) => {
                let found = BundleVerifier::verifyDataCall::abi_decode_returns(&answer.output);
                let found = found.expect("three words");
                assert_eq!(found.rulesHash.0, score.rules_hash.0);
                assert_eq!((found.score, found.records), (score.score, score.records.get()));
            }
            (Score::Compute(score), Bundle::Compute(_)) => {
                let found = BundleVerifier::verifyComputeCall::abi_decode_returns(&answer.output);
                let found = found.expect("two words");
                assert_eq!((found.rulesHash.0, found.score), (score.rules_hash.0, score.score));
            }
            _ => panic!("a score of the other role"),
        }
        answer.gas
    }
}
