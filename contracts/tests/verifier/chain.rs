//! A chain with a verifier, to which keys and openings of some parameters are registered.

use alloy_primitives::Address;
use fairshare_contracts::data::contracts;
use fairshare_contracts::verification::{BundleVerifier, creation_code};
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
        let mut holders = Vec::new();
        for contract in contracts(parameters) {
            let (address, code, _) = machine.deploy(contract.creation);
            assert_eq!(code, contract.code, "{}", contract.name);
            holders.push(address);
        }
        let openings = holders.pop().expect("openings, the last");
        let words = parameters.words();
        let keys = machine.expect(verifier, &BundleVerifier::registerKeysCall { holders });
        assert_eq!(keys.0, words.keys.0);
        let call = BundleVerifier::registerOpeningsCall { holder: openings };
        assert_eq!(machine.expect(verifier, &call).0, words.openings.0);
        Self { machine, verifier, size: code.len() }
    }
}
