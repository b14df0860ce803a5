//! Are keys and openings those that the rules name, and development parameters told from others?

use alloy_primitives::{Bytes, keccak256};
use alloy_sol_types::SolCall;
use fairshare_contracts::data;
use fairshare_contracts::verification::BundleVerifier::{
    BundleVerifierErrors as Error, gatesOfCall, registerKeysCall, registerOpeningsCall,
};
use fairshare_contracts::verification::{register_keys, register_openings};
use fairshare_testkit::fixture::PARAMETERS;
use revm::primitives::hardfork::SpecId;

use super::chain::{Chain, creation_code};
use super::machine::{Answer, Machine, Precompiles, Refusal, error};
use super::pool::{LARGE, STANDARD};
use super::world;

fn codes() -> Vec<Vec<u8>> {
    data::keys(&PARAMETERS).into_iter().map(|key| key.code).collect()
}

fn keys(chain: &mut Chain, codes: &[Vec<u8>]) -> Result<Answer, Refusal> {
    let codes = codes.iter().map(|code| Bytes::from(code.clone())).collect();
    chain.machine.send(chain.verifier, registerKeysCall { codes }.abi_encode())
}

fn openings(chain: &mut Chain, code: Vec<u8>) -> Result<Answer, Refusal> {
    let call = registerOpeningsCall { code: Bytes::from(code) };
    chain.machine.send(chain.verifier, call.abi_encode())
}

/// The source knows the development string by the hash of its [s]_2.
#[test]
fn the_development_string_is_the_one_that_the_contract_knows() {
    let code = PARAMETERS.openings_code();
    let words = &code[..1 + 25 * 32];
    let hash = hex::encode(keccak256(&words[words.len() - 128..]));
    let source = include_str!("../../solidity/VerifierParameters.sol");
    assert!(source.contains(&format!("INSECURE_S2 = 0x{hash};")), "{hash}");
}

/// A geometry's keys, each once, in their order.
#[test]
fn other_lists_of_keys_are_refused() {
    let mut chain = Chain::new();
    let (codes, other) = (codes(), data::keys(STANDARD[0].world.parameters));
    let mut refuse = |list: &[Vec<u8>], expected: Option<u64>| match (error(keys(&mut chain, list)), expected)
    {
        (Error::KeyRefused(error), Some(index)) => assert_eq!(error.index.to::<u64>(), index),
        (Error::NotAKey(_), None) => {}
        (other, _) => panic!("{other:?}"),
    };
    refuse(&[], Some(0));
    refuse(&codes[..3], Some(0));
    refuse(&[&codes[..], &codes[3..]].concat(), Some(0));
    for (one, next) in [(0, 1), (1, 2), (2, 3), (0, 3)] {
        let mut list = codes.clone();
        list.swap(one, next);
        refuse(&list, Some(one as u64));
    }
    let twice = [&codes[..1], &codes[..1], &codes[2..]].concat();
    refuse(&twice, Some(1));
    for index in 1..4 {
        let mut list = codes.clone();
        list[index] = other[index + 1].code.clone();
        refuse(&list, Some(index as u64));
    }
    // Of a geometry that the protocol does not have: the histograms' constraints are the same in each.
    let unknown = other.iter().map(|key| {
        let mut code = key.code.clone();
        code[32 * 2] = 4;
        code
    });
    refuse(&unknown.collect::<Vec<_>>(), Some(0));
    refuse(&[vec![]], None);
    refuse(&[vec![0; 1 + 32 * 9]], Some(0));
}

/// Each word of a key's head, and its length.
#[test]
fn a_key_of_another_shape_is_refused() {
    let mut chain = Chain::new();
    let codes = codes();
    for index in 0..codes.len() {
        let mut refuse = |change: &dyn Fn(&mut Vec<u8>)| {
            let mut list = codes.clone();
            change(&mut list[index]);
            error(keys(&mut chain, &list))
        };
        // Statement, geometry, width; then the numbers of columns: advice, fixed, instance, permutation.
        for word in [0, 1, 2, 5, 6, 7, 8] {
            let refused = refuse(&|code| code[32 * word + 32] ^= 1);
            assert!(matches!(refused, Error::KeyRefused(_)), "{index}, word {word}: {refused:?}");
        }
        let refused = refuse(&|code| code[32 * 3 + 32] ^= 1);
        assert!(matches!(refused, Error::UnknownConstraints(_)), "{index}: {refused:?}");
        let refused = refuse(&|code| code.extend([0; 64]));
        assert!(matches!(refused, Error::KeyRefused(_)), "{index}: {refused:?}");
        let refused = refuse(&|code| code.truncate(code.len() - 64));
        assert!(matches!(refused, Error::KeyRefused(_)), "{index}: {refused:?}");
        for refused in [
            refuse(&|code| code[0] = 1),
            refuse(&|code| code.push(0)),
            refuse(&|code| code.truncate(1 + 32 * 8)),
        ] {
            assert!(matches!(refused, Error::NotAKey(_)), "{index}: {refused:?}");
        }
    }
}

/// Keys with one other commitment have another name, and are no use to anyone whose rules name the true ones.
#[test]
fn other_keys_have_another_name() {
    let mut chain = Chain::new();
    let mut list = codes();
    list[3][1 + 32 * 20] ^= 1;
    let other = keys(&mut chain, &list).expect("they are keys").output;
    let own = keys(&mut chain, &codes()).expect("they are keys").output;
    assert_ne!(own, other);
    assert_eq!(own.to_vec(), PARAMETERS.words().keys.0);
}

#[test]
fn what_is_registered_can_be_registered_again_and_stays() {
    let mut chain = Chain::new();
    let (first, then) = (keys(&mut chain, &codes()), keys(&mut chain, &codes()));
    let (first, then) = (first.expect("registered"), then.expect("the same"));
    assert_eq!(first.output, then.output);
    assert!(then.gas < first.gas / 2, "nothing is created: {} gas, then {}", first.gas, then.gas);
    let code = PARAMETERS.openings_code();
    let (first, then) = (openings(&mut chain, code.clone()), openings(&mut chain, code));
    let (first, then) = (first.expect("registered"), then.expect("the same"));
    assert_eq!(first.output, then.output);
    assert!(then.gas < first.gas / 2, "nothing is created: {} gas, then {}", first.gas, then.gas);
}

#[test]
fn other_openings_are_refused_or_have_another_name() {
    let mut chain = Chain::new();
    let code = PARAMETERS.openings_code();
    let end = 1 + 25 * 32;
    let refuse = |chain: &mut Chain, change: &dyn Fn(&mut Vec<u8>)| {
        let mut code = code.clone();
        change(&mut code);
        let refused = error(openings(chain, code));
        assert!(matches!(refused, Error::OpeningsRefused(_)), "{refused:?}");
    };
    refuse(&mut chain, &|code| code.clear());
    refuse(&mut chain, &|code| code.truncate(end - 1));
    // The byte in front, the tag, the note: another one, none, more.
    refuse(&mut chain, &|code| code[0] = 1);
    refuse(&mut chain, &|code| code[1] ^= 1);
    refuse(&mut chain, &|code| code[end] ^= 1);
    refuse(&mut chain, &|code| code.truncate(end));
    refuse(&mut chain, &|code| code.push(0));
    // The development string under another generator, which would hide it: any word of [1]_2.
    for word in 17..21 {
        refuse(&mut chain, &|code| code[32 * word + 32] ^= 1);
    }
    // Of another string, with the note; without it they are what they are.
    refuse(&mut chain, &|code| code[end - 1] ^= 1);
    let mut other = code.clone();
    other[end - 1] ^= 1;
    other.truncate(end);
    let other = openings(&mut chain, other).expect("openings of another string").output;
    assert_ne!(other.to_vec(), PARAMETERS.words().openings.0);
}

/// A key's contract stands under a name, too. As openings, its words and the zeros behind them would make
/// every pairing true.
#[test]
fn a_key_serves_as_nobodys_openings() {
    let mut chain = Chain::new();
    keys(&mut chain, &codes()).expect("registered");
    let name = PARAMETERS.words().keys.0;
    for index in 0..4_u8 {
        let of_key = keccak256([&name[..], &[0; 31], &[index]].concat());
        let submission = world::compute();
        let mut data = submission.calldata(&submission.bytes);
        data[4 + 32 * 34..][..32].copy_from_slice(&of_key.0);
        let refused = error(chain.machine.call(chain.verifier, data));
        assert!(matches!(refused, Error::UnknownOpenings(_)), "{refused:?}");
    }
}

#[test]
fn development_parameters_are_taken_only_where_they_are_allowed() {
    let mut machine = Machine::new(SpecId::OSAKA);
    let (verifier, _, _) = machine.deploy(creation_code(false));
    let refused = error(machine.send(verifier, register_openings(&PARAMETERS)));
    assert!(matches!(refused, Error::InsecureParameters(_)), "{refused:?}");
    // Without the note they are refused as well, and keys do not depend on it.
    let mut bare = PARAMETERS.openings_code();
    bare.truncate(1 + 25 * 32);
    let call = registerOpeningsCall { code: Bytes::from(bare) };
    let refused = error(machine.send(verifier, call.abi_encode()));
    assert!(matches!(refused, Error::OpeningsRefused(_)), "{refused:?}");
    machine.send(verifier, register_keys(&PARAMETERS)).expect("keys are keys");
}

#[test]
fn what_nobody_registered_is_unknown() {
    let submission = world::compute();
    let mut chain = Chain::new();
    let data = submission.calldata(&submission.bytes);
    let refused = error(chain.machine.call(chain.verifier, data.clone()));
    assert!(matches!(refused, Error::UnknownOpenings(_)), "{refused:?}");
    chain.machine.send(chain.verifier, register_openings(&PARAMETERS)).expect("registered");
    let refused = error(chain.machine.call(chain.verifier, data.clone()));
    assert!(matches!(refused, Error::UnknownKeys(_)), "{refused:?}");
    chain.machine.send(chain.verifier, register_keys(&PARAMETERS)).expect("registered");
    chain.machine.call(chain.verifier, data).expect("accepted");
}

/// Whose constraints are evaluated follows from the key's head, and from nothing that a caller says.
#[test]
fn every_circuit_has_its_own_evaluator() {
    let mut chain = Chain::new();
    for parameters in [&*PARAMETERS, STANDARD[0].world.parameters, LARGE[0].world.parameters] {
        for key in data::keys(parameters) {
            let word =
                |index: usize| alloy_primitives::U256::from_be_slice(&key.code[1 + 32 * index..][..32]);
            let call = gatesOfCall { statement: word(0), geometry: word(1), width: word(2) };
            let gates = chain.machine.expect(chain.verifier, &call);
            let selector = keccak256("constraintSystem()")[..4].to_vec();
            let found = chain.machine.call(gates, selector).expect("a hash").output;
            assert_eq!(found.to_vec(), key.code[1 + 32 * 3..][..32], "{}", key.circuit);
        }
    }
}

/// A chain on which nothing stands where a precompiled contract should be has no verifier, nor has one whose
/// pairing always holds, or whose addition takes what is no point.
#[test]
fn a_chain_without_precompiles_has_no_verifier() {
    let false_ones = [Precompiles::Believing, Precompiles::Credulous];
    for precompiles in [5, 6, 7, 8].map(Precompiles::Without).into_iter().chain(false_ones) {
        let mut machine = Machine::new(SpecId::OSAKA);
        machine.set_precompiles(precompiles);
        let refused = machine.try_deploy(creation_code(true));
        assert!(
            matches!(refused, Err(Refusal::Error(Error::PrecompileFailed(_)))),
            "{precompiles:?}: {refused:?}"
        );
    }
}

/// Where a later rule of a chain takes the pairing away, a call of it goes through and answers nothing: what
/// the prover wrote into that word is not believed.
#[test]
fn an_answer_that_was_not_given_is_not_believed() {
    let submission = world::compute();
    let mut chain = Chain::new();
    chain.register(submission.world.parameters);
    // The proof's last point is the first that the pairing is given: its x is 1.
    let mut forged = submission.bytes.clone();
    let last = forged.len() - 64;
    forged[last..].fill(0);
    (forged[last + 31], forged[last + 63]) = (1, 2);
    let data = submission.calldata(&forged);
    let refused = error(chain.machine.call(chain.verifier, data.clone()));
    assert!(matches!(refused, Error::ProofRefused(_)), "{refused:?}");
    chain.machine.set_precompiles(Precompiles::Without(8));
    let refused = error(chain.machine.call(chain.verifier, data));
    assert!(matches!(refused, Error::PrecompileFailed(_)), "{refused:?}");
}

/// Each call of each precompiled contract fails once, and what it left in its place is never used.
#[test]
fn no_failed_call_is_passed_over() {
    for submission in [world::data(&[150, 160]), world::compute()] {
        let mut chain = Chain::new();
        chain.register(submission.world.parameters);
        let data = submission.calldata(&submission.bytes);
        let mut failures = 0;
        for address in [5, 6, 7, 8] {
            for call in 0.. {
                chain.machine.set_precompiles(Precompiles::Failing(address, call));
                match chain.machine.call(chain.verifier, data.clone()) {
                    // There is no call of this number.
                    Ok(_) => break,
                    Err(Refusal::Error(Error::PrecompileFailed(_))) => failures += 1,
                    Err(other) => panic!("{address}, call {call}: {other:?}"),
                }
            }
        }
        assert!(failures > 100, "{failures}");
    }
}

/// Where they cost several times what they do, as they did before 2019, a call fails, and takes no more than
/// the verifier gives it.
#[test]
fn dear_precompiles_make_a_call_fail() {
    for submission in [world::data(&[150]), world::compute()] {
        let mut chain = Chain::new();
        chain.register(submission.world.parameters);
        chain.machine.set_precompiles(Precompiles::Dear);
        let data = submission.calldata(&submission.bytes);
        let refused = error(chain.machine.call(chain.verifier, data));
        assert!(matches!(refused, Error::PrecompileFailed(_)), "{refused:?}");
    }
}
