//! Are keys and openings those that the rules name, and development parameters told from others?

use fairshare_contracts::data::contracts;
use fairshare_contracts::verification::BundleVerifier::BundleVerifierErrors as Error;
use fairshare_testkit::fixture::PARAMETERS;
use sha3::{Digest, Keccak256};

use super::machine::Refusal;
use super::world::{self, CHAIN};

/// The source knows the development string by the hash of its [s]_2.
#[test]
fn the_development_string_is_the_one_that_the_contract_knows() {
    let code = PARAMETERS.openings_code();
    let words = &code[..1 + 25 * 32];
    let hash = hex::encode(Keccak256::digest(&words[words.len() - 128..]));
    let source = include_str!("../../solidity/BundleVerifier.sol");
    assert!(source.contains(&format!("INSECURE_S2 = 0x{hash};")), "{hash}");
}

/// A contract can be made to vanish, and another one to stand in its place, after it was registered. A key
/// with one other commitment, or openings with one other point, would take the proofs of whoever wrote them.
#[test]
fn what_no_longer_holds_the_words_is_not_read() {
    let submission = world::compute();
    let honest: Vec<_> = contracts(&PARAMETERS).into_iter().map(|contract| contract.code).collect();
    let replace = |index: usize, code: Vec<u8>| {
        CHAIN.with_borrow_mut(|chain| chain.machine.replace(chain.holders[index], code));
    };
    // The key of the compute score, and the openings.
    let last = honest.len() - 1;
    for index in [last - 1, last] {
        submission.accepted();
        let mut altered = honest[index].clone();
        altered[1 + 20 * 32] ^= 1;
        for code in [altered, Vec::new()] {
            replace(index, code);
            let refused = submission.on_chain(&submission.bytes).expect_err("refused");
            let expected = match index == last {
                true => matches!(refused, Refusal::Error(Error::UnknownOpenings(_))),
                false => matches!(refused, Refusal::Error(Error::UnknownKeys(_))),
            };
            assert!(expected, "{refused:?}");
        }
        replace(index, honest[index].clone());
    }
    submission.accepted();
}
