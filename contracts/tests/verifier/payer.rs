//! A contract that pays for bundles, as the README shows it: what it has to check, and what a whole payment
//! costs.

use alloy_primitives::{Address, Bytes, FixedBytes, U256, keccak256};
use alloy_sol_types::abi::TokenSeq;
use alloy_sol_types::{SolConstructor, SolError, SolType, SolValue, sol};
use fairshare_contracts::artifact::bytecode;
use fairshare_contracts::verification::{point, registration, words};
use fairshare_params::commitment::commit_units;
use fairshare_params::encoding::Digest;
use fairshare_testkit::fixture::contributor;

use super::artifact::artifact;
use super::chain::Chain;
use super::libraries::RULES;
use super::machine::{Answer, Refusal};
use super::pool::STANDARD;
use super::world::Submission;

sol! {
    constructor(address verifier, bytes32 rulesHash);
    function scores(address contributor, uint256 role) external view returns (uint64);

    error NotTheRules(bytes32 found);
    error NotOnRecord(address contributor);
    error PaidAlready(address contributor);
}

/// The data of a call whose arguments are types of the verifier.
fn call<V: SolValue>(signature: &str, arguments: &V) -> Vec<u8>
where
    for<'a> <V::SolType as SolType>::Token<'a>: TokenSeq<'a>,
{
    [keccak256(signature)[..4].to_vec(), arguments.abi_encode_params()].concat()
}

struct Paying {
    chain: Chain,
    payer: Address,
}

fn who() -> Address {
    Address::from(contributor().0)
}

impl Paying {
    /// A payer under the rules that these were made for, which has them on record.
    fn new(submissions: &[&Submission]) -> Self {
        Self::under(submissions, submissions[0].world.verifier.rules_hash())
    }

    /// The same, under other rules.
    fn under(submissions: &[&Submission], rules_hash: Digest) -> Self {
        let world = submissions[0].world;
        let mut chain = Chain::new();
        chain.register(world.parameters);
        let arguments = constructorCall { verifier: chain.verifier, rulesHash: FixedBytes(rules_hash.0) };
        let code = bytecode(&artifact("test/Payer")).expect("a bytecode");
        let (payer, _, _) = chain.machine.deploy([code, arguments.abi_encode()].concat());
        let units = world.record.of(&contributor()).expect("units on record");
        let [units, totals] =
            [units, world.record.totals()].map(|units| point(&commit_units(world.parameters, units)));
        let signature = "recordUnits(address,(uint256,uint256),(uint256,uint256))";
        let data = call(signature, &(who(), units, totals));
        chain.machine.send(payer, data).expect("recorded");
        for own in submissions.iter().flat_map(|submission| &submission.registrations) {
            let data = call("register(address,(bytes32,uint32))", &(who(), registration(own)));
            chain.machine.send(payer, data).expect("registered");
        }
        Self { chain, payer }
    }

    fn claim(&mut self, submission: &Submission, whose: Address) -> Result<Answer, Refusal> {
        let rules = words(submission.world.verifier.rules());
        let bundle = Bytes::from(submission.bytes.clone());
        let function = if submission.registrations.is_empty() { "claimCompute" } else { "claimData" };
        let data = call(&format!("{function}({RULES},address,bytes)"), &(rules, whose, bundle));
        self.chain.machine.send(self.payer, data)
    }

    fn score(&mut self, role: u64) -> u64 {
        let call = scoresCall { contributor: who(), role: U256::from(role) };
        self.chain.machine.expect(self.payer, &call)
    }
}

/// The selector of the error that a claim is refused with.
#[track_caller]
fn selector(refused: Result<Answer, Refusal>) -> [u8; 4] {
    match refused {
        Err(Refusal::Revert(output)) => output[..4].try_into().expect("a selector"),
        other => panic!("{other:?}"),
    }
}

/// Gas of a claim that is paid.
pub fn paid(submission: &Submission) -> u64 {
    let mut paying = Paying::new(&[submission]);
    paying.claim(submission, who()).expect("it is paid").gas
}

#[test]
fn each_claim_is_paid_once_and_for_its_own_rules() {
    let (data, compute) = (&STANDARD[0], &STANDARD[4]);
    let mut paying = Paying::new(&[data, compute]);
    for (role, submission) in [(1, data), (2, compute)] {
        assert_eq!(paying.score(role), 0);
        paying.claim(submission, who()).expect("it is paid");
        assert!(paying.score(role) > 0);
        assert_eq!(selector(paying.claim(submission, who())), PaidAlready::SELECTOR);
    }
    // Somebody who is not on record, whose units would be the identity.
    assert_eq!(selector(paying.claim(compute, Address::with_last_byte(9))), NotOnRecord::SELECTOR);
}

/// The verifier answers under whatever rules a caller gives: whoever pays compares the hash.
#[test]
fn a_claim_under_other_rules_is_not_paid() {
    let compute = &STANDARD[4];
    let mut paying = Paying::under(&[compute], Digest([7; 32]));
    assert_eq!(selector(paying.claim(compute, who())), NotTheRules::SELECTOR);
}
