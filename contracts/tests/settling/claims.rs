//! Is exactly what an epoch owes paid, once, to the one to whom it owes it, and can anybody keep it from
//! being paid?

use alloy_primitives::{Address, Bytes, FixedBytes, U256, keccak256};
use alloy_sol_types::{SolCall, SolValue, sol};
use fairshare_contracts::proving;
use fairshare_contracts::solidity::ProvingVault::{
    Claimed, EpochSettled, NotOpen, NotTheRules, NothingToClaim, RecipientRefused,
    ReentrancyGuardReentrantCall, SafeERC20FailedOperation, SignatureRefused, TakesNoFunds, TooMuchFunded,
    UnexpectedDelivery, ZeroAmount, claimForCall, claimToCall, fundCall, shareOfCall, totalFundedCall,
    totalPaidCall, unassignedCall,
};
use fairshare_params::address::Address as Account;
use fairshare_params::rules::Rules;

use super::chain::{CHAIN_ID, Token, ok, refused};
use super::world::{
    DAY, FIRST, FUNDER, Judge, PROVING, STRANGER, Task, World, dataset, later, policy, rules_of,
    said_compute, said_data,
};

sol! {
    contract ReentrantToken {
        function arm(address target, bytes calldata callback) external;
        function succeeded() external view returns (bool);
        function result() external view returns (bytes memory);
    }
    contract RebasingToken {
        function halve(address account) external;
    }
    contract SilentToken {
        function refuse() external;
    }
    contract FreezingToken {
        function freeze(address account, bool isFrozen) external;
    }
}

const DATA: Address = Address::repeat_byte(0x31);
const NODE: Address = Address::repeat_byte(0x32);
const BOTH: Address = Address::repeat_byte(0x33);

/// Rules that pay so much.
fn rules(pool: u128) -> Rules {
    let mut rules = rules_of(&policy(&[]));
    rules.terms.pool = pool;
    rules
}

/// The epoch's rounds, with two who give data and two who compute; then their bundles.
fn earn(world: &mut World, rules: &Rules) {
    let policy = policy(&[]);
    world.start(rules);
    let epoch = rules.terms.epoch;
    let digests = [DATA, BOTH].map(|who| {
        let registration = dataset(&policy, who, 1_000, epoch);
        ok(world.register(registration.clone()));
        registration.digest
    });
    let nodes = [NODE, BOTH].map(|who| (Account(who.into_array()), 5));
    ok(world.record(&nodes));
    world.end_epoch();
    for (who, digest, score) in [(DATA, digests[0], 6_000), (BOTH, digests[1], 9_000)] {
        ok(world.submit(rules, said_data(who, &[digest], score)));
    }
    for (who, score) in [(NODE, 1 << 40), (BOTH, 3 << 40)] {
        ok(world.submit(rules, said_compute(who, score)));
    }
}

/// An epoch that pays 1,000, with its claims open.
fn open(token: &str) -> World {
    let mut world = World::with(Task::Federated, Judge::Said, token);
    earn(&mut world, &rules(1_000));
    world.chain.pass(PROVING + 1);
    world
}

fn plain() -> World {
    open("test/PlainToken")
}

/// 700 as 1 to 3, 300 as 6,000 less the bias to 9,000 less it.
fn shares(world: &mut World) -> [u128; 3] {
    world.settle(1);
    let vault = world.vault;
    [DATA, NODE, BOTH].map(|contributor| {
        let share = world.chain.ask(vault, &shareOfCall { epoch: FIRST, contributor });
        share.compute + share.data
    })
}

#[test]
fn a_share_is_paid_once_to_its_contributor() {
    let mut world = plain();
    let expected = shares(&mut world);
    assert_eq!(expected[1], 175);
    assert_eq!((expected[0] + expected[2], expected.iter().sum::<u128>()), (824, 999));
    for (who, amount) in [DATA, NODE, BOTH].into_iter().zip(expected) {
        let sent = ok(world.claim(FIRST, who));
        let [event] = &sent.events::<Claimed>()[..] else { panic!("an event") };
        assert_eq!((event.contributor, event.recipient, event.compute + event.data), (who, who, amount));
        assert_eq!(world.balance(who), amount);
        refused(world.claim(FIRST, who), NothingToClaim { epoch: FIRST, contributor: who });
    }
    refused(world.claim(FIRST, STRANGER), NothingToClaim { epoch: FIRST, contributor: STRANGER });
    let vault = world.vault;
    assert_eq!(world.chain.ask(vault, &totalPaidCall {}), 999);
    // What rounding leaves stays.
    assert_eq!(world.balance(vault), 1);
}

/// Before that the share could still change; after it, it cannot.
#[test]
fn claims_open_after_the_deadline() {
    let mut world = World::new(Judge::Said);
    let first = rules(1_000);
    refused(world.claim(FIRST, DATA), NotOpen { epoch: FIRST, closedUntil: 0 });
    earn(&mut world, &first);
    let closed_until = world.chain.now() + PROVING;
    world.chain.pass(PROVING);
    refused(world.claim(FIRST, DATA), NotOpen { epoch: FIRST, closedUntil: closed_until });
    assert_eq!(world.settle(9), 0);
    world.chain.pass(1);
    ok(world.claim(FIRST, DATA));
}

/// PROTOCOL section 10: the later of its own deadline and the opening of its predecessor's.
#[test]
fn claims_open_after_those_of_the_epoch_before() {
    let mut world = World::new(Judge::Said);
    let mut first = rules(1_000);
    first.terms.proving_seconds = 50 * DAY;
    let mut second = rules_of(&later(1, &[]));
    second.terms.pool = 1_000;
    earn(&mut world, &first);
    let closed_until = world.chain.now() + 50 * DAY;
    earn(&mut world, &second);
    let mut third = rules_of(&later(2, &[("2027-01-01T00:00:00Z", "2027-06-01T00:00:00Z")]));
    third.terms.pool = 5;
    world.chain.pass(PROVING + 1);
    refused(world.claim(FIRST + 1, DATA), NotOpen { epoch: FIRST + 1, closedUntil: closed_until });
    // A third one that ends afterwards opens after itself.
    world.chain.pass(50 * DAY - PROVING);
    assert_eq!(world.chain.now(), closed_until + 1);
    ok(world.claim(FIRST + 1, DATA));
    earn(&mut world, &third);
    refused(
        world.claim(FIRST + 2, DATA),
        NotOpen { epoch: FIRST + 2, closedUntil: world.chain.now() + PROVING },
    );
    ok(world.claim(FIRST, DATA));
}

/// Pools without weight go on whole, each to its own kind; however many epochs are passed over.
#[test]
fn a_pool_without_weight_is_carried() {
    let mut world = World::new(Judge::Said);
    let empty = 5;
    for index in 0..empty {
        let mut rules = rules_of(&later(index, &[("2027-01-01T00:00:00Z", "2027-12-01T00:00:00Z")]));
        rules.terms.pool = 1_001;
        world.start(&rules);
        world.end_epoch();
    }
    let mut last = rules_of(&later(empty, &[("2027-01-01T00:00:00Z", "2027-12-01T00:00:00Z")]));
    last.terms.pool = 1_001;
    world.start(&last);
    ok(world.record(&[(Account(NODE.into_array()), 1)]));
    world.end_epoch();
    ok(world.submit(&last, said_compute(NODE, 9)));
    world.chain.pass(PROVING + 1);
    // In steps, and the rest by the claim.
    assert_eq!(world.settle(2), 2);
    let sent = ok(world.claim(FIRST + empty, NODE));
    let settled = sent.events::<EpochSettled>();
    assert_eq!(settled.len() as u64, empty + 1 - 2);
    let tenths = U256::from(6 * 1_001);
    let last = settled.last().expect("one");
    assert_eq!((last.computeTenths, last.dataTenths), (tenths * U256::from(7), U256::ZERO));
    assert_eq!((last.computeCarried, last.dataCarried), (U256::ZERO, tenths * U256::from(3)));
    assert_eq!(world.balance(NODE), 6 * 1_001 * 7 / 10);
    assert_eq!(world.settle(9), 0);
}

/// Pools are as the rules say: this much, or what is there when the last round ends. The rest is the next
/// one's.
#[test]
fn funds_belong_to_the_epoch_that_the_rules_say() {
    let mut world = World::new(Judge::Said);
    let vault = world.vault;
    ok(world.open(&rules(1_000)));
    ok(world.fund(1_700));
    ok(world.begin(&rules(1_000)));
    assert_eq!(world.chain.ask(vault, &unassignedCall {}), 700);
    ok(world.fund(300));
    world.end_epoch();
    assert_eq!(world.epoch(FIRST).pool, 1_000);
    let any = rules_of(&later(1, &[("pool = \"1000000000000000000000000\"", "pool = \"0\"")]));
    world.start(&any);
    ok(world.fund(11));
    assert_eq!(world.epoch(FIRST + 1).pool, 0);
    world.end_epoch();
    assert_eq!(world.epoch(FIRST + 1).pool, 1_011);
    ok(world.fund(5));
    assert_eq!((world.epoch(FIRST + 1).pool, world.chain.ask(vault, &unassignedCall {})), (1_011, 5));
    assert_eq!(world.chain.ask(vault, &totalFundedCall {}), 2_016);
}

/// Whoever has read the rules that stand pays by them or not at all.
#[test]
fn money_for_the_epoch_that_goes_on_is_for_no_other() {
    let mut world = World::new(Judge::Said);
    let vault = world.vault;
    let any = |index| later(index, &[("pool = \"1000000000000000000000000\"", "pool = \"0\"")]);
    let [first, second] = [0, 1].map(|index| rules_of(&any(index)));
    let send =
        |world: &mut World, rules: &Rules| world.chain.send(FUNDER, vault, proving::fund_running(10, rules));
    let [found, other] = [&first, &second].map(|rules| FixedBytes(rules.hash().0));
    // Before it began.
    ok(world.open(&first));
    refused(send(&mut world, &first), NotTheRules { found, standing: FixedBytes::ZERO });
    ok(world.begin(&first));
    refused(send(&mut world, &second), NotTheRules { found: other, standing: found });
    ok(send(&mut world, &first));
    // Its rounds are over: whoever is outrun pays nothing.
    world.end_epoch();
    refused(send(&mut world, &first), TakesNoFunds { epoch: FIRST });
    assert_eq!(world.epoch(FIRST).pool, 10);
    // Though nothing was there when they ended.
    let mut empty = World::new(Judge::Said);
    empty.start(&first);
    empty.end_epoch();
    refused(send(&mut empty, &first), TakesNoFunds { epoch: FIRST });
    // Rules that name their pool.
    let named = rules_of(&later(1, &[]));
    world.start(&named);
    refused(send(&mut world, &named), TakesNoFunds { epoch: FIRST + 1 });
}

#[test]
fn all_that_counts_as_funded_is_there() {
    let mut world = World::new(Judge::Said);
    ok(world.open(&rules(1_000)));
    refused(world.fund(0), ZeroAmount {});
    ok(world.fund(u128::MAX - 7));
    refused(world.fund(8), TooMuchFunded { totalFunded: u128::MAX - 7, amount: 8 });
    let vault = world.vault;
    world.mint(FUNDER, U256::from(7));
    ok(world.fund(7));
    assert_eq!(world.balance(vault), u128::MAX);
    let mut fees = World::with(Task::Federated, Judge::Said, "test/FeeToken");
    ok(fees.open(&rules(1_000)));
    refused(fees.fund(500), UnexpectedDelivery { asked: 500, received: U256::from(495) });
    // What is sent without being funded is nobody's, and disturbs nobody.
    let mut gift = plain();
    let (vault, token) = (gift.vault, gift.token);
    let transfer = Token::transferCall { to: vault, amount: U256::from(55) };
    ok(gift.chain.send(FUNDER, token, transfer.abi_encode()));
    let expected = shares(&mut gift);
    ok(gift.claim(FIRST, NODE));
    assert_eq!(gift.balance(NODE), expected[1]);
}

/// A recipient other than the contributor only by the contributor's word.
#[test]
fn money_goes_elsewhere_only_by_the_contributors_word() {
    let mut world = plain();
    let recipient = Address::repeat_byte(0x44);
    for wrong in [Address::ZERO, world.vault] {
        let call = claimToCall { epoch: FIRST, recipient: wrong };
        refused(world.vault(DATA, call), RecipientRefused { recipient: wrong });
    }
    let expected = shares(&mut world);
    // Somebody else's call pays nothing of Data's.
    let call = claimToCall { epoch: FIRST, recipient };
    refused(world.vault(STRANGER, call), NothingToClaim { epoch: FIRST, contributor: STRANGER });
    ok(world.vault(DATA, claimToCall { epoch: FIRST, recipient }));
    assert_eq!((world.balance(recipient), world.balance(DATA)), (expected[0], 0));
    refused(world.claim(FIRST, DATA), NothingToClaim { epoch: FIRST, contributor: DATA });
}

/// The hash that a contributor signs to have a claim paid elsewhere.
fn claim_hash(chain_id: u64, vault: Address, fields: (u64, Address, Address)) -> [u8; 32] {
    let domain = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)";
    let domain = (keccak256(domain), keccak256("Fairshare"), keccak256("2"), U256::from(chain_id), vault);
    let kind = keccak256("Claim(uint64 epoch,address contributor,address recipient)");
    let message = (kind, U256::from(fields.0), fields.1, fields.2);
    let hashes = [keccak256(domain.abi_encode()).0, keccak256(message.abi_encode()).0].concat();
    keccak256([&[0x19, 0x01][..], &hashes].concat()).0
}

fn sign(hash: [u8; 32], byte: u8) -> Bytes {
    let key = k256::ecdsa::SigningKey::from_slice(&[byte; 32]).expect("a key");
    let (signature, recovery) = key.sign_prehash_recoverable(&hash).expect("a signature");
    [signature.to_bytes().to_vec(), vec![27 + recovery.to_byte()]].concat().into()
}

#[test]
fn a_signed_recipient_is_paid_and_no_other() {
    let who = Address::from(fairshare_testkit::epochs::ALICE.0);
    let mut world = World::new(Judge::Said);
    let first = rules(1_000);
    world.start(&first);
    ok(world.record(&[(Account(who.into_array()), 1)]));
    world.end_epoch();
    ok(world.submit(&first, said_compute(who, 9)));
    world.chain.pass(PROVING + 1);
    let (vault, recipient) = (world.vault, Address::repeat_byte(0x44));
    let call = |recipient, signature| claimForCall { epoch: FIRST, contributor: who, recipient, signature };
    let good = (FIRST, who, recipient);
    let refusal = || SignatureRefused { contributor: who };
    for (chain_id, at, fields) in [
        (CHAIN_ID + 1, vault, good),
        (CHAIN_ID, world.registry, good),
        (CHAIN_ID, vault, (FIRST + 1, who, recipient)),
        (CHAIN_ID, vault, (FIRST, STRANGER, recipient)),
        (CHAIN_ID, vault, (FIRST, who, STRANGER)),
    ] {
        let signature = sign(claim_hash(chain_id, at, fields), 0xa1);
        refused(world.vault(STRANGER, call(recipient, signature)), refusal());
    }
    let hash = claim_hash(CHAIN_ID, vault, good);
    refused(world.vault(STRANGER, call(recipient, sign(hash, 0xb3))), refusal());
    ok(world.vault(STRANGER, call(recipient, sign(hash, 0xa1))));
    assert_eq!((world.balance(recipient), world.balance(who)), (700, 0));
    // It is worth nothing a second time.
    let again = world.vault(STRANGER, call(recipient, sign(hash, 0xa1)));
    refused(again, NothingToClaim { epoch: FIRST, contributor: who });
}

fn arm(world: &mut World, callback: Vec<u8>) {
    let (token, target) = (world.token, world.vault);
    let call = ReentrantToken::armCall { target, callback: callback.into() };
    ok(world.chain.send(STRANGER, token, call.abi_encode()));
}

#[test]
fn a_token_that_calls_back_is_paid_once() {
    let mut world = open("test/ReentrantToken");
    let expected = shares(&mut world);
    let token = world.token;
    let account = |address: Address| Account(address.into_array());
    for (who, callback) in [
        (DATA, proving::claim(FIRST, &account(DATA))),
        (NODE, proving::claim(FIRST, &account(BOTH))),
        (BOTH, fundCall { amount: 5 }.abi_encode()),
    ] {
        arm(&mut world, callback);
        ok(world.claim(FIRST, who));
        assert!(!world.chain.ask(token, &ReentrantToken::succeededCall {}), "the callback was let in");
        let answer = world.chain.ask(token, &ReentrantToken::resultCall {});
        assert_eq!(
            answer,
            Bytes::from(alloy_sol_types::SolError::abi_encode(&ReentrancyGuardReentrantCall {}))
        );
    }
    let vault = world.vault;
    assert_eq!(world.chain.ask(vault, &totalPaidCall {}), expected.iter().sum::<u128>());
    arm(&mut world, proving::claim(FIRST, &account(DATA)));
    ok(world.fund(10));
    assert!(!world.chain.ask(token, &ReentrantToken::succeededCall {}), "the callback was let in");
}

/// Nor is the epoch that goes on funded within a claim of the one before.
#[test]
fn no_funding_within_a_claim() {
    let mut world = open("test/ReentrantToken");
    let (token, vault) = (world.token, world.vault);
    let any = [
        ("pool = \"1000000000000000000000000\"", "pool = \"0\""),
        ("2027-01-01T00:00:00Z", "2027-12-01T00:00:00Z"),
    ];
    let running = rules_of(&later(1, &any));
    world.start(&running);
    // The token calls for itself: it has what it would pay with, and has approved it.
    let approve = Token::approveCall { spender: vault, amount: U256::MAX };
    let call = ReentrantToken::armCall { target: token, callback: approve.abi_encode().into() };
    ok(world.chain.send(STRANGER, token, call.abi_encode()));
    world.mint(token, U256::from(10));
    assert!(world.chain.ask(token, &ReentrantToken::succeededCall {}));
    arm(&mut world, proving::fund_running(10, &running));
    ok(world.claim(FIRST, DATA));
    assert!(!world.chain.ask(token, &ReentrantToken::succeededCall {}), "the callback was let in");
    assert_eq!(world.chain.ask(vault, &unassignedCall {}), 0);
}

/// The same from claims that are paid elsewhere.
#[test]
fn a_token_that_calls_back_enters_by_no_other_claim() {
    let who = Address::from(fairshare_testkit::epochs::ALICE.0);
    let mut world = World::with(Task::Federated, Judge::Said, "test/ReentrantToken");
    let first = rules(1_000);
    world.start(&first);
    ok(world.record(&[(Account(NODE.into_array()), 1), (Account(who.into_array()), 1)]));
    world.end_epoch();
    for contributor in [NODE, who] {
        ok(world.submit(&first, said_compute(contributor, 9)));
    }
    world.chain.pass(PROVING + 1);
    let (vault, recipient, token) = (world.vault, Address::repeat_byte(0x44), world.token);
    let signature = sign(claim_hash(CHAIN_ID, vault, (FIRST, who, recipient)), 0xa1);
    let signed = claimForCall { epoch: FIRST, contributor: who, recipient, signature };
    arm(&mut world, signed.abi_encode());
    ok(world.vault(NODE, claimToCall { epoch: FIRST, recipient }));
    assert!(!world.chain.ask(token, &ReentrantToken::succeededCall {}), "the callback was let in");
    arm(&mut world, proving::claim(FIRST, &Account(NODE.into_array())));
    ok(world.vault(STRANGER, signed));
    assert!(!world.chain.ask(token, &ReentrantToken::succeededCall {}), "the callback was let in");
    assert_eq!(world.balance(recipient), 700);
}

/// An account that the token freezes keeps nobody else from being paid, and can have its claim paid
/// elsewhere.
#[test]
fn a_frozen_account_holds_up_nobody() {
    let mut world = open("test/FreezingToken");
    let expected = shares(&mut world);
    let token = world.token;
    let freeze = FreezingToken::freezeCall { account: DATA, isFrozen: true };
    ok(world.chain.send(STRANGER, token, freeze.abi_encode()));
    assert!(world.claim(FIRST, DATA).is_err());
    ok(world.claim(FIRST, NODE));
    ok(world.claim(FIRST, BOTH));
    let recipient = Address::repeat_byte(0x44);
    ok(world.vault(DATA, claimToCall { epoch: FIRST, recipient }));
    assert_eq!(world.balance(recipient), expected[0]);
}

/// A token that takes from the vault's balance: what is left is paid first come, first served, and no more.
#[test]
fn a_rebasing_token_makes_last_claims_fail() {
    let mut world = open("test/RebasingToken");
    let expected = shares(&mut world);
    let (token, vault) = (world.token, world.vault);
    ok(world.chain.send(STRANGER, token, RebasingToken::halveCall { account: vault }.abi_encode()));
    ok(world.claim(FIRST, NODE));
    ok(world.claim(FIRST, DATA));
    assert!(world.claim(FIRST, BOTH).is_err());
    // Nothing was marked as paid: whoever makes the balance good has it paid.
    let transfer = Token::transferCall { to: vault, amount: U256::from(500) };
    ok(world.chain.send(FUNDER, token, transfer.abi_encode()));
    ok(world.claim(FIRST, BOTH));
    assert_eq!(world.balance(BOTH), expected[2]);
}

/// Transfers that return nothing, and ones that return false.
#[test]
fn old_tokens_are_paid_and_failures_noticed() {
    let mut world = open("test/SilentToken");
    let expected = shares(&mut world);
    ok(world.claim(FIRST, NODE));
    assert_eq!(world.balance(NODE), expected[1]);
    let token = world.token;
    ok(world.chain.send(STRANGER, token, SilentToken::refuseCall {}.abi_encode()));
    refused(world.claim(FIRST, DATA), SafeERC20FailedOperation { token });
    assert!(world.fund(5).is_err());
}

/// A share of less than a unit is no claim.
#[test]
fn a_share_below_one_unit_is_nothing() {
    let mut world = World::new(Judge::Said);
    earn(&mut world, &rules(1));
    world.chain.pass(PROVING + 1);
    for who in [DATA, NODE, BOTH] {
        refused(world.claim(FIRST, who), NothingToClaim { epoch: FIRST, contributor: who });
    }
    assert_eq!(world.settle(5), 1);
}
