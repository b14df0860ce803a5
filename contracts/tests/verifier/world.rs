//! Real bundles, and how both verifiers are asked about them.

use std::cell::RefCell;
use std::path::PathBuf;
use std::sync::LazyLock;

use alloy_sol_types::SolCall;
use fairshare_contracts::verification::{BundleVerifier, verify_compute, verify_data};
use fairshare_params::commitment::commit_units;
use fairshare_params::policy::Policy;
use fairshare_params::registration::Registration;
use fairshare_params::srs::Srs;
use fairshare_params::units::Units;
use fairshare_params::verifier_parameters::VerifierParameters;
use fairshare_prover::{Limits, Prover, Silent, commit_data};
use fairshare_testkit::fixture::{self, contributor, records};
use fairshare_verifier::{Bundle, Score, Trust, Verifier};

use super::chain::Chain;
use super::machine::{Answer, Refusal};

thread_local! {
    /// The chain that a test asks. Calls change nothing on it.
    pub static CHAIN: RefCell<Chain> = RefCell::new(Chain::new());
}

/// A geometry's rules, with units on record.
pub struct World {
    pub parameters: &'static VerifierParameters,
    pub record: &'static Units,
    pub verifier: &'static Verifier<'static>,
}

/// The compact geometry.
pub static COMPACT: LazyLock<World> = LazyLock::new(|| World {
    parameters: &fixture::PARAMETERS,
    record: &fixture::RECORD,
    verifier: &fixture::VERIFIER,
});

impl World {
    /// The fixture's policy, under another geometry's parameters.
    pub fn new(parameters: VerifierParameters) -> Self {
        let name = format!("geometry = \"{}\"", parameters.geometry().name());
        let policy: &'static Policy =
            Box::leak(Box::new(fixture::policy(&fixture::edit("geometry = \"compact\"", &name))));
        let parameters = Box::leak(Box::new(parameters));
        let record: &'static Units = Box::leak(Box::new(fixture::units(policy, fixture::UNITS)));
        let verifier = Verifier::new(parameters, policy, Trust::AllowInsecure).expect("a verifier");
        let verifier = Box::leak(Box::new(verifier.with_units(record).expect("units of its rounds")));
        Self { parameters, record, verifier }
    }
}

/// A bundle with what is on record about it.
pub struct Submission {
    pub world: &'static World,
    pub bytes: Vec<u8>,
    pub registrations: Vec<Registration>,
}

/// Proves bundles in one world.
pub struct Maker {
    world: &'static World,
    srs: &'static Srs,
    prover: Prover<'static>,
}

impl Maker {
    pub fn new(world: &'static World, srs: &'static Srs) -> Self {
        Self { world, srs, prover: Prover::new(srs, world.verifier, Limits::default()) }
    }

    /// A contributor's data: a dataset for each number of records. Another seed, other records.
    pub fn data(&self, sizes: &[usize], seed: u64) -> Submission {
        let folder = tempfile::tempdir().expect("a folder");
        let commit = |(seed, count): (u64, &usize)| {
            let name = format!("{seed}");
            let file = fixture::write(folder.path(), &format!("{name}.csv"), &records(*count, seed));
            let (target, policy) = (folder.path().join(name), self.world.verifier.policy());
            let request = commit_data(self.srs, policy, &contributor(), &[file], &target, &Silent);
            (target, Registration::from(&request.expect("a commitment")))
        };
        let (paths, registrations): (Vec<PathBuf>, Vec<_>) = (seed..).zip(sizes).map(commit).unzip();
        let bundle = self.prover.prove_data(&paths, &Silent).expect("a bundle").bundle;
        Submission { world: self.world, bytes: bundle.to_bytes(), registrations }
    }

    /// A node's units.
    pub fn compute(&self) -> Submission {
        let bundle = self.prover.prove_compute(&contributor(), &Silent).expect("a bundle").bundle;
        Submission { world: self.world, bytes: bundle.to_bytes(), registrations: Vec::new() }
    }
}

/// Makes compact bundles.
static MAKER: LazyLock<Maker> = LazyLock::new(|| Maker::new(&COMPACT, &fixture::SRS));

/// A contributor's compact data.
pub fn data(sizes: &[usize]) -> Submission {
    MAKER.data(sizes, 1)
}

/// A node's units, compact.
pub fn compute() -> Submission {
    MAKER.compute()
}

impl Submission {
    /// The calldata of a call about other bytes in the bundle's place.
    pub fn calldata(&self, bytes: &[u8]) -> Vec<u8> {
        let rules = self.world.verifier.rules();
        if !self.registrations.is_empty() {
            return verify_data(rules, &contributor(), &self.registrations, bytes.to_vec());
        }
        let units = self.world.record.of(&contributor()).expect("units on record");
        let [units, totals] =
            [units, self.world.record.totals()].map(|units| commit_units(self.world.parameters, units));
        verify_compute(rules, &contributor(), [&units, &totals], bytes.to_vec())
    }

    /// What the chain says of other bytes in the bundle's place.
    pub fn on_chain(&self, bytes: &[u8]) -> Result<Answer, Refusal> {
        let data = self.calldata(bytes);
        CHAIN.with_borrow_mut(|chain| {
            chain.register(self.world.parameters);
            chain.machine.call(chain.verifier, data)
        })
    }

    /// Whether the Rust verifier takes them.
    pub fn in_rust(&self, bytes: &[u8]) -> bool {
        let verifier = self.world.verifier;
        let read = verifier.read(bytes, &self.registrations);
        read.is_ok_and(|bundle| verifier.verify(&bundle, &self.registrations).is_ok())
    }

    /// Both take the bundle; gas of the transaction.
    pub fn accepted(&self) -> u64 {
        let answer = self.on_chain(&self.bytes).expect("the chain takes it");
        let verifier = self.world.verifier;
        let bundle = verifier.read(&self.bytes, &self.registrations).expect("it can be read");
        match (verifier.verify(&bundle, &self.registrations).expect("Rust takes it"), bundle) {
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
