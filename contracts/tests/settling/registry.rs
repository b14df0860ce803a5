//! What a registry takes on record, from whom, and when: each refusal by its own error.

use alloy_primitives::{Address, FixedBytes, U256, keccak256};
use alloy_sol_types::{SolCall, SolConstructor, SolError, sol};
use fairshare_contracts::artifact::bytecode;
use fairshare_contracts::proving;
use fairshare_contracts::solidity::ProvingVault::{self, Unfunded};
use fairshare_contracts::solidity::TaskRegistry::{
    DataRegistered, DataRegistration, DataUnknown, DigestKnown, DigestRefused, EpochGoesOn, EvidenceMissing,
    EvidenceWithoutRoot, NoDataInLastRound, NoEpoch, NoRecords, NotContributor, NotCoordinator,
    PathLengthRefused, ReasonRefused, RegistrationVoid, RootKnown, RootRefused, RoundsRefused,
    SegmentsRefused, SignatureRefused, StruckBefore, TooEarly, TooLate, TooManySegments, datasetCall,
    endRoundsCall, finishCall, registerCall, registerForCall, registrationHashCall, strikeDataCall,
    strikeNodeCall, uploadOfCall,
};
use fairshare_formats::registry::SignedRegistration;
use fairshare_params::address::Address as Account;
use fairshare_params::encoding::Digest;
use fairshare_params::policy::Policy;
use fairshare_params::registry::{Request, Unsigned};
use fairshare_testkit::epochs::{self, ALICE, BOB};
use fairshare_testkit::fixture;

use super::artifact::artifact;
use super::chain::{CHAIN_ID, ok, refused};
use super::pool::NODES;
use super::world::{
    COORDINATOR, ENDS_BY, FIRST, FIRST_ROUND, Judge, OWNER, PROVING, ROUNDS, START, STRANGER, Task, World,
    dataset, evm, later, policy, round_point, rules_of,
};

fn world(policy: &Policy) -> World {
    let mut world = World::new(Judge::Said);
    world.start(&rules_of(policy));
    world
}

/// A registration with evidence, signed.
fn signed(policy: &Policy, who: Account, records: u32, seed: u64, last_round: u64) -> SignedRegistration {
    let plain = dataset(policy, evm(&who), records, seed);
    let segments = plain.segments.iter().map(|hash| Digest(hash.0)).collect();
    let request = Request::new(who, policy.geometry(), policy.schema().hash(), records, segments);
    let request = request.expect("a request");
    let evidence = epochs::evidence(request.digest());
    epochs::sign(policy, request, Some(evidence), last_round)
}

#[test]
fn a_sender_registers_data_in_the_round_that_goes_on() {
    let policy = policy(&[]);
    let mut world = world(&policy);
    for index in 0..3 {
        let registration = dataset(&policy, evm(&ALICE), 100 + index, u64::from(index));
        let sent = ok(world.register(registration.clone()));
        let round = FIRST_ROUND + u64::from(index);
        let [event] = &sent.events::<DataRegistered>()[..] else { panic!("an event") };
        assert_eq!((event.round, event.contributor, event.digest), (round, evm(&ALICE), registration.digest));
        assert_eq!(event.registration, registration);
        assert!(event.signature.is_empty());
        let registry = world.registry;
        let found = world.chain.ask(registry, &datasetCall { digest: registration.digest });
        assert_eq!((found.round, found.order, found.records), (round, u64::from(index) + 1, 100 + index));
        assert!(!found.hasEvidence && !found.isStruck);
        ok(world.end_rounds(1));
    }
}

/// The digest binds the contributor, so who copies it registers nothing, and the owner is not kept out.
#[test]
fn nobody_registers_for_somebody_else_without_a_signature() {
    let policy = policy(&[]);
    let mut world = world(&policy);
    let registration = dataset(&policy, evm(&ALICE), 100, 1);
    let theirs = registerCall { registration: registration.clone() };
    let (caller, contributor) = (STRANGER, evm(&ALICE));
    refused(world.registry(STRANGER, theirs), NotContributor { caller, contributor });
    let mut copied = registration.clone();
    copied.contributor = STRANGER;
    let expected = dataset(&policy, STRANGER, 100, 1).digest;
    refused(world.register(copied), DigestRefused { found: registration.digest, expected });
    ok(world.register(registration));
}

/// PROTOCOL section 9: by EIP-712, for this registry, this chain, this vault, and up to its last round.
#[test]
fn a_signature_counts_for_what_was_signed() {
    let policy = policy(&[]);
    let mut world = world(&policy);
    let good = signed(&policy, ALICE, 200, 1, 11);
    let (registry, vault) = (world.registry, world.vault);
    let registration = proving::data_registration(good.unsigned());
    let hash = world.chain.ask(registry, &registrationHashCall { registration: registration.clone() });
    assert_eq!(hash.0, good.unsigned().hash().0);
    let signature = good.signature().to_bytes();
    let send = |world: &mut World, registration: &DataRegistration, signature: &[u8]| {
        let signature = signature.to_vec().into();
        world.registry(STRANGER, registerForCall { registration: registration.clone(), signature })
    };
    let refusal = || SignatureRefused { contributor: evm(&ALICE) };
    let alter: [fn(&mut DataRegistration); 5] = [
        |own| own.digest.0[0] ^= 1,
        |own| own.root.0[31] ^= 1,
        |own| own.length += 1,
        |own| own.uploadTx.0[5] ^= 1,
        |own| own.lastRound += 1,
    ];
    for alter in alter {
        let mut altered = registration.clone();
        alter(&mut altered);
        refused(send(&mut world, &altered, &signature), refusal());
    }
    // Somebody else's, none, a byte more, and each byte altered.
    let other = signed(&policy, BOB, 200, 1, 11).signature().to_bytes();
    for wrong in [&other[..], &[], &signature[..64], &[&signature[..], &[0]].concat()] {
        refused(send(&mut world, &registration, wrong), refusal());
    }
    for at in 0..signature.len() {
        let mut wrong = signature.to_vec();
        wrong[at] ^= 1;
        refused(send(&mut world, &registration, &wrong), refusal());
    }
    // The other root of the curve's equation, which is as good a signature by arithmetic.
    let order = U256::from_str_radix("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141", 16);
    let s = order.expect("a number") - U256::from_be_slice(&signature[32..64]);
    let malleable = [&signature[..32], &s.to_be_bytes::<32>(), &[signature[64] ^ 7]].concat();
    refused(send(&mut world, &registration, &malleable), refusal());
    let mut nobody = registration.clone();
    nobody.contributor = Address::ZERO;
    let zero = SignatureRefused { contributor: Address::ZERO };
    refused(send(&mut world, &nobody, &[0; 65]), zero);
    // On another branch of the chain, and for another vault.
    world.chain.fork(CHAIN_ID + 1);
    refused(send(&mut world, &registration, &signature), refusal());
    world.chain.fork(CHAIN_ID);
    let other = super::world::policy_text(&[]).replace(&format!("{vault:?}"), &format!("{STRANGER:?}"));
    let other = signed(&fixture::policy(&other), ALICE, 200, 1, 11).signature().to_bytes();
    refused(send(&mut world, &registration, &other), refusal());
    let sent = ok(send(&mut world, &registration, &signature));
    assert_eq!(sent.events::<DataRegistered>()[0].signature.to_vec(), signature);
}

#[test]
fn a_contract_account_signs_by_its_owner() {
    sol! {
        constructor(address owner);
    }
    let policy = policy(&[]);
    let mut world = world(&policy);
    let code = bytecode(&artifact("test/WalletOf")).expect("a bytecode");
    let code = [code, constructorCall { owner: evm(&ALICE) }.abi_encode()].concat();
    let (wallet, _) = world.chain.deploy(STRANGER, code).expect("it is deployed");
    let registration = dataset(&policy, wallet, 100, 1);
    // Alice's key signs what names the wallet.
    let whose = Account(wallet.into_array());
    let segments = registration.segments.iter().map(|hash| Digest(hash.0)).collect();
    let request = Request::new(whose, policy.geometry(), policy.schema().hash(), 100, segments);
    let unsigned =
        Unsigned::new(request.expect("one"), None, policy.domain(), policy.terms().vault, u64::MAX);
    let hash = unsigned.expect("one").hash();
    let sign = |byte: u8| {
        let key = k256::ecdsa::SigningKey::from_slice(&[byte; 32]).expect("a key");
        let (signature, recovery) = key.sign_prehash_recoverable(&hash.0).expect("a signature");
        [signature.to_bytes().to_vec(), vec![27 + recovery.to_byte()]].concat()
    };
    let call = |signature: Vec<u8>| registerForCall {
        registration: registration.clone(),
        signature: signature.into(),
    };
    refused(world.registry(STRANGER, call(sign(0xb3))), SignatureRefused { contributor: wallet });
    ok(world.registry(STRANGER, call(sign(0xa1))));
}

/// An account that delegates to a contract (EIP-7702) still signs with its key.
#[test]
fn a_delegating_account_signs_with_its_key() {
    let policy = policy(&[]);
    let mut world = world(&policy);
    // To code that knows no signatures.
    let code = [&[0xef, 0x01, 0x00][..], world.token.as_slice()].concat();
    let info = revm::state::AccountInfo::from_bytecode(revm::bytecode::Bytecode::new_raw(code.into()));
    world.chain.machine.ctx.journaled_state.database.insert_account_info(evm(&ALICE), info);
    ok(world.register_for(&signed(&policy, ALICE, 200, 1, 11)));
}

/// A digest is unique for ever, whoever sends it and in whatever round or epoch.
#[test]
fn a_digest_is_registered_once() {
    let first = policy(&[]);
    let mut world = world(&first);
    let good = signed(&first, ALICE, 200, 1, 100);
    ok(world.register_for(&good));
    let known =
        || DigestKnown { digest: FixedBytes(good.unsigned().request().digest().0), round: FIRST_ROUND };
    refused(world.register_for(&good), known());
    let registration = proving::data_registration(good.unsigned());
    refused(world.register(registration.clone()), known());
    world.end_epoch();
    world.start(&rules_of(&later(1, &[])));
    refused(world.register(registration), known());
}

/// PROTOCOL section 9, *Evidence*.
#[test]
fn an_upload_is_for_one_digest() {
    let policy = policy(&[("evidence = false", "evidence = true")]);
    let mut world = world(&policy);
    let good = signed(&policy, ALICE, 200, 1, 11);
    let registration = proving::data_registration(good.unsigned());
    let send = |world: &mut World, alter: fn(&mut DataRegistration)| {
        let mut altered = registration.clone();
        alter(&mut altered);
        world.register(altered)
    };
    refused(send(&mut world, |own| own.path.clear()), PathLengthRefused { nodes: U256::ZERO });
    let most = U256::from(25);
    refused(send(&mut world, |own| own.path.resize(25, FixedBytes::ZERO)), PathLengthRefused { nodes: most });
    let alter: [fn(&mut DataRegistration); 2] = [|own| own.root.0[0] ^= 1, |own| own.path[0].0[0] ^= 1];
    for alter in alter {
        let sent = send(&mut world, alter).expect_err("another upload");
        assert_eq!(&sent[..4], <RootRefused as alloy_sol_types::SolError>::SELECTOR);
    }
    // Without any, and with what says something of none.
    let none: fn(&mut DataRegistration) = |own| {
        own.root = FixedBytes::ZERO;
        own.length = 0;
        own.uploadTx = FixedBytes::ZERO;
        own.path.clear();
    };
    refused(send(&mut world, none), EvidenceMissing {});
    ok(world.register(registration.clone()));
    let registry = world.registry;
    let found = world.chain.ask(registry, &uploadOfCall { root: registration.root });
    assert_eq!(found, registration.digest);
    assert!(world.chain.ask(registry, &datasetCall { digest: registration.digest }).hasEvidence);
    // Its path belongs to one digest; the same root for another one would need another first chunk.
    let mut other = dataset(&policy, evm(&BOB), 200, 2);
    (other.root, other.path) = (registration.root, registration.path.clone());
    let sent = world.register(other).expect_err("another digest");
    assert_eq!(&sent[..4], <RootRefused as alloy_sol_types::SolError>::SELECTOR);
}

/// Only somebody who breaks the hash finds two digests for one root: so the mapping's slot is written by
/// hand.
#[test]
fn a_root_on_record_is_refused() {
    let policy = policy(&[]);
    let mut world = world(&policy);
    let good = signed(&policy, ALICE, 200, 1, 11);
    let registration = proving::data_registration(good.unsigned());
    let root = registration.root;
    let other = FixedBytes([7; 32]);
    overwrite(&mut world, root, other);
    refused(world.register(registration), RootKnown { root, digest: other });
}

#[test]
fn without_a_root_nothing_is_said_of_an_upload() {
    let policy = policy(&[]);
    let mut world = world(&policy);
    let plain = dataset(&policy, evm(&ALICE), 200, 1);
    let alter: [fn(&mut DataRegistration); 3] =
        [|own| own.length = 1, |own| own.uploadTx.0[0] = 1, |own| own.path.push(FixedBytes::ZERO)];
    for alter in alter {
        let mut altered = plain.clone();
        alter(&mut altered);
        refused(world.register(altered), EvidenceWithoutRoot {});
    }
    ok(world.register(plain));
}

/// What the rules cannot take is refused at once: another schema or geometry has another digest.
#[test]
fn what_could_never_be_proved_is_refused() {
    let policy = policy(&[]);
    let mut world = world(&policy);
    let plain = dataset(&policy, evm(&ALICE), 16_400, 1);
    let count = plain.segments.len() as u64;
    assert_eq!(count, 3 - 1);
    let mut none = plain.clone();
    none.records = 0;
    refused(world.register(none), NoRecords {});
    for found in [0, count - 1, count + 1] {
        let mut altered = plain.clone();
        altered.segments.resize(found as usize, FixedBytes([1; 32]));
        let (found, expected) = (U256::from(found), U256::from(count));
        refused(world.register(altered), SegmentsRefused { found, expected });
    }
    let mut fewer = plain.clone();
    fewer.records -= 1;
    let sent = world.register(fewer).expect_err("another digest");
    assert_eq!(sent[..4], DigestRefused::SELECTOR);
    let other = super::world::policy(&[("labels = [\"UA\", \"B6\"]", "labels = [\"UA\", \"B7\"]")]);
    let theirs = dataset(&other, evm(&ALICE), 16_400, 1);
    let refusal = DigestRefused { found: theirs.digest, expected: plain.digest };
    refused(world.register(theirs), refusal);
    let mut reordered = plain.clone();
    reordered.segments.swap(0, 1);
    assert!(world.register(reordered).is_err());
    ok(world.register(plain));
}

/// More than a transaction of a bundle whose proofs were recorded has room for.
#[test]
fn a_dataset_is_no_larger_than_can_be_proved() {
    let policy = policy(&[]);
    let mut world = world(&policy);
    // A segment of 16 columns has 2,040 rows; a record has two symbols.
    let most = 1_300 * 16 * 2_040 / 2;
    let (found, most_segments) = (U256::from(1_301), U256::from(1_300));
    let larger = dataset(&policy, evm(&ALICE), most + 1, 1);
    refused(world.register(larger), TooManySegments { found, most: most_segments });
    ok(world.register(dataset(&policy, evm(&ALICE), most, 2)));
}

/// An epoch's last round takes units and strikes, but no data; a registration is void after its last round.
#[test]
fn data_is_registered_in_its_time() {
    let first = policy(&[]);
    let mut world = World::new(Judge::Said);
    let plain = |seed| dataset(&first, evm(&ALICE), 200, seed);
    refused(world.register(plain(1)), NoEpoch {});
    world.start(&rules_of(&first));
    let mut void = plain(1);
    void.lastRound = FIRST_ROUND;
    ok(world.end_rounds(1));
    refused(
        world.register(void.clone()),
        RegistrationVoid { lastRound: FIRST_ROUND, round: FIRST_ROUND + 1 },
    );
    void.lastRound = FIRST_ROUND + 1;
    ok(world.register(void));
    ok(world.end_rounds(2));
    let last = FIRST_ROUND + ROUNDS - 1;
    refused(world.register(plain(2)), NoDataInLastRound { round: last });
    ok(world.record(&[(NODES[0], 1)]));
    ok(world.end_rounds(1));
    refused(world.register(plain(2)), NoEpoch {});
}

/// Rounds only go on; the next epoch's begin when rules stand that begin there, and are funded.
#[test]
fn rounds_follow_each_other() {
    let mut world = World::new(Judge::Said);
    let first = rules_of(&policy(&[]));
    refused(world.end_rounds(1), NoEpoch {});
    ok(world.open(&first));
    let pool = first.terms.pool;
    refused(world.begin(&first), Unfunded { pool, unassigned: 0 });
    ok(world.fund(pool - 1));
    refused(world.begin(&first), Unfunded { pool, unassigned: pool - 1 });
    ok(world.fund(1));
    ok(world.begin(&first));
    refused(world.begin(&first), EpochGoesOn { epoch: FIRST });
    for count in [0, ROUNDS + 1, u64::MAX] {
        refused(world.end_rounds(count), RoundsRefused { count, left: U256::from(ROUNDS) });
    }
    ok(world.end_rounds(ROUNDS - 1));
    assert_eq!(world.stage().round, FIRST_ROUND + ROUNDS - 1);
    refused(world.end_rounds(2), RoundsRefused { count: 2, left: U256::from(1) });
    ok(world.end_rounds(1));
    refused(world.end_rounds(1), NoEpoch {});
    refused(world.finish(COORDINATOR), NoEpoch {});
    let found = FixedBytes(first.hash().0);
    refused(world.begin(&first), ProvingVault::NotTheRules { found, standing: FixedBytes::ZERO });
    let next = rules_of(&later(1, &[]));
    let found = FixedBytes(next.hash().0);
    refused(world.begin(&next), ProvingVault::NotTheRules { found, standing: FixedBytes::ZERO });
    world.start(&next);
    assert_eq!((world.stage().epoch, world.stage().round), (FIRST + 1, FIRST_ROUND + ROUNDS));
}

/// A coordinator that says nothing locks no pool: from `ends_by` on anybody ends the epoch.
#[test]
fn anybody_ends_an_epoch_whose_time_is_over() {
    let mut world = World::new(Judge::Said);
    let rules = rules_of(&policy(&[]));
    world.start(&rules);
    ok(world.record(&[(NODES[0], 1)]));
    world.chain.pass(ENDS_BY - START - 1);
    refused(world.finish(STRANGER), TooEarly { endsBy: ENDS_BY });
    world.chain.pass(1);
    ok(world.finish(STRANGER));
    assert_eq!(world.epoch(FIRST).deadline, ENDS_BY + PROVING);
    ok(world.submit(&rules, super::world::said_compute(evm(&NODES[0]), 7)));
    world.chain.pass(PROVING + 1);
    ok(world.claim(FIRST, evm(&NODES[0])));
    // The next one needs rules that have not run out.
    let next = rules_of(&later(1, &[("2027-01-01T00:00:00Z", "2027-01-10T00:00:00Z")]));
    ok(world.open(&next));
    ok(world.fund(next.terms.pool));
    let ends_by = next.terms.ends_by;
    world.chain.pass(ends_by - world.chain.now());
    refused(world.begin(&next), TooLate { endsBy: ends_by });
}

#[test]
fn strikes_are_of_what_is_on_record_once_and_for_a_reason() {
    let policy = policy(&[]);
    let mut world = world(&policy);
    let registration = dataset(&policy, evm(&ALICE), 200, 1);
    ok(world.register(registration.clone()));
    let digest = registration.digest;
    let data = |digest, reason: &str| strikeDataCall { digest, reason: reason.to_owned() };
    let node = |reason: &str| strikeNodeCall { node: evm(&NODES[0]), reason: reason.to_owned() };
    let longest = "x".repeat(1_000);
    for reason in ["", &format!("{longest}x")] {
        let refusal = || ReasonRefused { length: U256::from(reason.len()), longest: U256::from(1_000) };
        refused(world.registry(COORDINATOR, data(digest, reason)), refusal());
        refused(world.registry(COORDINATOR, node(reason)), refusal());
    }
    let unknown = FixedBytes([7; 32]);
    refused(world.registry(COORDINATOR, data(unknown, "x")), DataUnknown { digest: unknown });
    ok(world.registry(COORDINATOR, data(digest, &longest)));
    ok(world.registry(COORDINATOR, node("x")));
    refused(world.registry(COORDINATOR, data(digest, "y")), StruckBefore {});
    refused(world.registry(COORDINATOR, node("y")), StruckBefore {});
    // It stays used.
    refused(world.register(registration), DigestKnown { digest, round: FIRST_ROUND });
    world.end_epoch();
    refused(world.registry(COORDINATOR, node("z")), NoEpoch {});
}

/// Who sends what only the coordinator may.
#[test]
fn only_the_coordinator_sets_the_pace() {
    let policy = policy(&[]);
    let rules = rules_of(&policy);
    let mut world = world(&policy);
    let calls = [
        proving::begin(&rules),
        endRoundsCall { count: 1 }.abi_encode(),
        strikeDataCall { digest: FixedBytes::ZERO, reason: "x".to_owned() }.abi_encode(),
        strikeNodeCall { node: STRANGER, reason: "x".to_owned() }.abi_encode(),
        round_point(0).record_units(&[(NODES[0], 1)]),
    ];
    let registry = world.registry;
    for caller in [STRANGER, OWNER, super::world::OPERATOR] {
        for call in &calls {
            refused(world.chain.send(caller, registry, call.clone()), NotCoordinator { caller });
        }
        refused(world.registry(caller, finishCall {}), TooEarly { endsBy: ENDS_BY });
    }
    let mut fhe = World::with(Task::Fhe, Judge::Said, "test/PlainToken");
    let data = round_point(0).record_node(&NODES[0]);
    refused(fhe.chain.send(STRANGER, registry, data), NotCoordinator { caller: STRANGER });
}

/// Writes what a root is for where the registry keeps it: no transaction would.
fn overwrite(world: &mut World, root: FixedBytes<32>, digest: FixedBytes<32>) {
    let registry = world.registry;
    for slot in 0..32u64 {
        let place = keccak256([root.0, U256::from(slot).to_be_bytes()].concat());
        let (place, word) = (U256::from_be_bytes(place.0), U256::from_be_bytes(digest.0));
        let write = |world: &mut World, word| {
            let database = &mut world.chain.machine.ctx.journaled_state.database;
            database.insert_account_storage(registry, place, word).expect("in memory");
        };
        write(world, word);
        if world.chain.ask(registry, &uploadOfCall { root }) == digest {
            return;
        }
        // Nothing stood there, under the hash of a root that is not on record.
        write(world, U256::ZERO);
    }
    panic!("no mapping of these first slots is read");
}
