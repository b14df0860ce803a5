//! A chain with a verifier, to which keys and openings of some parameters are registered.

use alloy_primitives::Address;
use alloy_sol_types::SolCall;
use fairshare_contracts::verification::{BundleVerifier, creation_code, register_keys, register_openings};
use fairshare_params::verifier_parameters::VerifierParameters;
use revm::primitives::hardfork::SpecId;

use super::machine::Machine;

pub struct Chain {
    pub machine: Machine,
    pub verifier: Address,
    /// Bytes of the verifier's code.
    pub size: usize,
}

impl Chain {
    pub fn new(parameters: &VerifierParameters) -> Self {
        let mut machine = Machine::new(SpecId::OSAKA);
        let (verifier, code, _) = machine.deploy(creation_code(true).expect("an artifact"));
        let words = parameters.words();
        let keys = machine.send(verifier, register_keys(parameters)).expect("it takes the keys");
        let keys = BundleVerifier::registerKeysCall::abi_decode_returns(&keys.output).expect("a word");
        assert_eq!(keys.0, words.keys.0);
        let openings = machine.send(verifier, register_openings(parameters)).expect("it takes the openings");
        let openings = BundleVerifier::registerOpeningsCall::abi_decode_returns(&openings.output);
        assert_eq!(openings.expect("a word").0, words.openings.0);
        Self { machine, verifier, size: code.len() }
    }
}
