//! Verifying keys as a verifier on a chain keeps them: as the code of contracts.

use fairshare_params::encoding::Digest;
use fairshare_params::keys::{CircuitId, CircuitKind};
use fairshare_params::verifier_parameters::VerifierParameters;

/// A verifying key as the code of a contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyCode {
    /// Its circuit.
    pub circuit: CircuitId,
    /// The verifying-key digest: Keccak-256 of the code.
    pub digest: Digest,
    /// A zero byte, which stops whoever calls it, then words.
    pub code: Vec<u8>,
}

/// The keys, in the order in which a verifier takes them.
///
/// A key's code is fixed to the bit by its digest, so it says nothing of the reference string that it is of:
/// the openings' does.
pub fn keys(parameters: &VerifierParameters) -> Vec<KeyCode> {
    let keys = CircuitKind::all(parameters.geometry()).filter_map(|kind| parameters.key(kind));
    keys.map(|key| KeyCode { circuit: key.id(), digest: key.digest(), code: key.code() }).collect()
}
