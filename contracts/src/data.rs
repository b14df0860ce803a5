//! Contracts that are data: what a verifier on a chain reads keys and openings from.

use fairshare_params::keys::CircuitKind;
use fairshare_params::verifier_parameters::{INSECURE_NOTE, VerifierParameters};

/// A contract that holds data: the transaction that deploys it, and what its code will be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataContract {
    /// What it holds: a circuit's name, or `openings`.
    pub name: String,
    /// Its code: a zero byte, which stops whoever calls it, then words.
    pub code: Vec<u8>,
    /// Data of the transaction that deploys it.
    pub creation: Vec<u8>,
}

/// The contracts for these parameters: the keys in the order in which a verifier takes them, then the
/// openings.
///
/// The code of a key is fixed to the bit by its digest. So, of the development string, the transaction that
/// deploys a key ends with the note that warns of it, and the openings' code ends with it.
pub fn contracts(parameters: &VerifierParameters) -> Vec<DataContract> {
    let note = if parameters.is_insecure() { INSECURE_NOTE } else { "" };
    let keys = CircuitKind::all(parameters.geometry()).filter_map(|kind| parameters.key(kind));
    let keys = keys.map(|key| DataContract::new(key.id().to_string(), key.code(), note));
    keys.chain([DataContract::new("openings".to_owned(), parameters.openings_code(), "")]).collect()
}

impl DataContract {
    fn new(name: String, code: Vec<u8>, note: &str) -> Self {
        let creation = [&constructor(code.len()), code.as_slice(), note.as_bytes()].concat();
        Self { name, code, creation }
    }
}

/// Code that returns the `length` bytes behind it: PUSH2 length, DUP1, PUSH1 10, PUSH0, CODECOPY, PUSH0,
/// RETURN.
fn constructor(length: usize) -> [u8; 10] {
    // Keys have a few hundred bytes; a chain takes 24,576 at most (EIP-170).
    let [high, low] = u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes();
    [0x61, high, low, 0x80, 0x60, 10, 0x5f, 0x39, 0x5f, 0xf3]
}
