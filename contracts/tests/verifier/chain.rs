//! A chain with a verifier, to which keys and openings are registered.

use std::collections::BTreeSet;

use alloy_primitives::Address;
use alloy_sol_types::{SolCall, SolConstructor};
use fairshare_contracts::artifact::bytecode;
use fairshare_contracts::verification::{BundleVerifier, register_keys, register_openings};
use fairshare_params::verifier_parameters::VerifierParameters;
use revm::primitives::hardfork::SpecId;

use super::artifact::artifact;
use super::machine::Machine;

pub struct Chain {
    pub machine: Machine,
    pub verifier: Address,
    /// Bytes of the verifier's code.
    pub size: usize,
    /// Gas of its deployment.
    pub deployment: u64,
    /// Geometries whose parameters are registered.
    registered: BTreeSet<u8>,
}

/// Data of the transaction that deploys the artifact's verifier.
pub fn creation_code(takes_insecure: bool) -> Vec<u8> {
    let arguments = BundleVerifier::constructorCall { takesInsecure: takes_insecure };
    let code = bytecode(&artifact("BundleVerifier")).expect("a bytecode");
    [code, arguments.abi_encode()].concat()
}

impl Chain {
    pub fn new() -> Self {
        let mut machine = Machine::new(SpecId::OSAKA);
        let (verifier, code, deployment) = machine.deploy(creation_code(true));
        Self { machine, verifier, size: code.len(), deployment, registered: BTreeSet::new() }
    }

    /// Registers parameters, unless those of their geometry are there already.
    pub fn register(&mut self, parameters: &VerifierParameters) {
        if !self.registered.insert(parameters.geometry().id()) {
            return;
        }
        let words = parameters.words();
        let keys = self.machine.send(self.verifier, register_keys(parameters)).expect("it takes the keys");
        let keys = BundleVerifier::registerKeysCall::abi_decode_returns(&keys.output).expect("a word");
        assert_eq!(keys.0, words.keys.0);
        let openings = self.machine.send(self.verifier, register_openings(parameters));
        let openings = openings.expect("it takes the openings").output;
        let openings = BundleVerifier::registerOpeningsCall::abi_decode_returns(&openings);
        assert_eq!(openings.expect("a word").0, words.openings.0);
    }
}
