//! What a verifier on a chain keeps as the code of contracts: verifying keys, and what checks openings.

use fairshare_params::keys::CircuitKind;
use fairshare_params::verifier_parameters::VerifierParameters;

/// Code that is data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataContract {
    /// A circuit's name, or `openings`.
    pub name: String,
    /// A zero byte, which stops whoever calls it, then words.
    pub code: Vec<u8>,
}

/// The keys, in the order in which a verifier takes them.
///
/// A key's code is fixed to the bit by its digest, so it says nothing of the reference string that it is of:
/// the openings' does.
pub fn keys(parameters: &VerifierParameters) -> Vec<DataContract> {
    let keys = CircuitKind::all(parameters.geometry()).filter_map(|kind| parameters.key(kind));
    keys.map(|key| DataContract { name: key.id().to_string(), code: key.code() }).collect()
}

/// What checks openings; of the development string, it ends with the note that warns of it.
pub fn openings(parameters: &VerifierParameters) -> DataContract {
    DataContract { name: "openings".to_owned(), code: parameters.openings_code() }
}
