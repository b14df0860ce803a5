//! Are keys and openings those that the rules name, and development parameters told from others?

use fairshare_testkit::fixture::PARAMETERS;
use sha3::{Digest, Keccak256};

/// The source knows the development string by the hash of its [s]_2.
#[test]
fn the_development_string_is_the_one_that_the_contract_knows() {
    let code = PARAMETERS.openings_code();
    let words = &code[..1 + 25 * 32];
    let hash = hex::encode(Keccak256::digest(&words[words.len() - 128..]));
    let source = include_str!("../../solidity/VerifierParameters.sol");
    assert!(source.contains(&format!("INSECURE_S2 = 0x{hash};")), "{hash}");
}
