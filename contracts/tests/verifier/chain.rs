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
    /// The contracts that hold the keys, in their order, and the openings.
    pub holders: Vec<Address>,
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
        let (openings, keys) = holders.split_last().expect("openings, the last");
        let (openings, keys) = (*openings, keys.to_vec());
        let words = parameters.words();
        let keys = machine.expect(verifier, &BundleVerifier::registerKeysCall { holders: keys });
        assert_eq!(keys.0, words.keys.0);
        let call = BundleVerifier::registerOpeningsCall { holder: openings };
        assert_eq!(machine.expect(verifier, &call).0, words.openings.0);
        Self { machine, verifier, holders, size: code.len() }
    }
}
