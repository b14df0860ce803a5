//! What a verifier on a chain keeps as the code of contracts: verifying keys, and what checks openings.

use fairshare_params::encoding::Digest;
use fairshare_params::keys::CircuitKind;
use fairshare_params::verifier_parameters::VerifierParameters;
use sha3::{Digest as _, Keccak256};

/// Code that is data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataContract {
    /// A circuit's name, or `openings`.
    pub name: String,
    /// Keccak-256 of its code: a key's verifying-key digest.
    pub digest: Digest,
    /// A zero byte, which stops whoever calls it, then words.
    pub code: Vec<u8>,
}

/// The keys, in the order in which a verifier takes them.
///
/// A key's code is fixed to the bit by its digest, so it says nothing of the reference string that it is of:
/// the openings' does.
pub fn keys(parameters: &VerifierParameters) -> Vec<DataContract> {
    let keys = CircuitKind::all(parameters.geometry()).filter_map(|kind| parameters.key(kind));
    keys.map(|key| DataContract::new(key.id().to_string(), key.code())).collect()
}

/// What checks openings; of the development string, it ends with the note that warns of it.
pub fn openings(parameters: &VerifierParameters) -> DataContract {
    DataContract::new("openings".to_owned(), parameters.openings_code())
}

impl DataContract {
    fn new(name: String, code: Vec<u8>) -> Self {
        Self { name, digest: Digest(Keccak256::digest(&code).into()), code }
    }
}
