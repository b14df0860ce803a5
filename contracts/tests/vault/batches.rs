//! Does a batch pay each of its claims as if it were alone, and stop for nothing that others can bring about?

use alloy_primitives::U256;
use alloy_sol_types::{SolCall, SolError, sol};
use fairshare_contracts::calldata::{self, ProvedClaim};
use fairshare_contracts::interface::RoyaltyVault::{
    ClaimPassedOver, Claimed, EnforcedPause, ExceedsDeclaredTotal, ExceedsFunding, InvalidContributor,
    InvalidProof, NothingToClaim, RootActivated, RootNotActive, SafeERC20FailedOperation, activeRootCall,
    pauseCall, totalClaimedCall,
};
use fairshare_params::address::Address as Account;
use fairshare_params::encoding::Digest;
use revm::primitives::keccak256;

use crate::world::{
    ALICE, BOB, CAROL, FIRST_EPOCH as FIRST, FREEZING_TOKEN, OWNER, Receipt, SILENT_TOKEN, STRANGER, WINDOW,
    World, evm, ok, proved, refused,
};

sol! {
    #[derive(Debug)]
    contract FreezingToken {
        function freeze(address account, bool frozen) external;
        error Frozen(address account);
    }
}

const CLAIMS: [(Account, u128); 3] = [(ALICE, 600), (BOB, 300), (CAROL, 50)];
const ALL: [Account; 3] = [ALICE, BOB, CAROL];

fn freeze(world: &mut World, account: Account, frozen: bool) {
    let call = FreezingToken::freezeCall { account: evm(account), frozen };
    ok(world.send(STRANGER, world.token, call.abi_encode()));
}

/// Who was paid how much by a batch, in order; its answer is the sum.
#[track_caller]
fn paid(receipt: &Receipt, expected: &[(Account, u128)]) {
    let events = receipt.events::<Claimed>();
    let found: Vec<_> = events.iter().map(|event| (event.contributor, event.amount)).collect();
    let as_evm: Vec<_> = expected.iter().map(|(who, amount)| (evm(*who), *amount)).collect();
    assert_eq!(found, as_evm);
    let sum: u128 = expected.iter().map(|(_, amount)| amount).sum();
    assert_eq!(U256::from_be_slice(&receipt.output), U256::from(sum));
}

/// The claim that was passed over, and why; one and no other.
#[track_caller]
fn passed_over(receipt: &Receipt, epoch: u64, who: Account, cumulative: u128, why: impl SolError) {
    let reason = why.abi_encode().into();
    let event = ClaimPassedOver { epoch, contributor: evm(who), cumulative, reason };
    assert_eq!(receipt.events::<ClaimPassedOver>(), [event]);
}

/// What each has, by the token and by the vault's books, and the sums of the books.
#[track_caller]
fn holds(world: &mut World, epoch: u64, under: u128, amounts: [u128; 3]) {
    for (who, amount) in ALL.into_iter().zip(amounts) {
        assert_eq!((world.balance(who), world.claimed(who)), (amount, amount));
    }
    assert_eq!(world.view(totalClaimedCall {}), amounts.iter().sum::<u128>());
    assert_eq!(world.view(activeRootCall { epoch }).paid, under);
}

#[test]
fn everyone_in_a_batch_is_paid() {
    let mut world = World::new();
    let tree = world.settle(FIRST, 1_000, &CLAIMS);
    let receipt = ok(world.claim_many(FIRST, &tree, &ALL));
    paid(&receipt, &CLAIMS);
    let event =
        |(who, cumulative)| Claimed { epoch: FIRST, contributor: evm(who), amount: cumulative, cumulative };
    assert_eq!(receipt.events::<Claimed>(), CLAIMS.map(event));
    assert!(receipt.events::<ClaimPassedOver>().is_empty());
    holds(&mut world, FIRST, 950, [600, 300, 50]);
    assert_eq!(world.balance(STRANGER), 0);
}

#[test]
fn a_batch_records_the_activation_that_is_due() {
    let mut world = World::new();
    let tree = world.tree(FIRST, &CLAIMS);
    ok(world.fund(FIRST, 1_000));
    ok(world.post(FIRST, tree.root(), 950));
    world.chain.pass(WINDOW - 1);
    refused(world.claim_many(FIRST, &tree, &ALL), RootNotActive { epoch: FIRST });
    world.chain.pass(1);
    let receipt = ok(world.claim_many(FIRST, &tree, &ALL));
    assert_eq!(receipt.events::<RootActivated>().len(), 1);
    paid(&receipt, &CLAIMS);
    refused(world.claim_many(FIRST + 1, &tree, &ALL), RootNotActive { epoch: FIRST + 1 });
}

#[test]
fn a_batch_pays_the_difference() {
    let mut world = World::new();
    let first = world.settle(FIRST, 1_000, &CLAIMS);
    ok(world.claim_many(FIRST, &first, &[ALICE, CAROL]));
    let second = world.settle(FIRST + 1, 500, &[(ALICE, 700), (BOB, 450), (CAROL, 60)]);
    paid(&ok(world.claim_many(FIRST + 1, &second, &ALL)), &[(ALICE, 100), (BOB, 450), (CAROL, 10)]);
    holds(&mut world, FIRST + 1, 560, [700, 450, 60]);
}

#[test]
fn a_batch_of_nothing_pays_nothing() {
    let mut world = World::new();
    let tree = world.settle(FIRST, 1_000, &CLAIMS);
    paid(&ok(world.claim_many(FIRST, &tree, &[])), &[]);
}

/// Somebody was quicker.
#[test]
fn a_claim_that_was_paid_before_stops_no_batch() {
    let mut world = World::new();
    let tree = world.settle(FIRST, 1_000, &CLAIMS);
    ok(world.claim(FIRST, &tree, BOB));
    let receipt = ok(world.claim_many(FIRST, &tree, &ALL));
    paid(&receipt, &[(ALICE, 600), (CAROL, 50)]);
    let nothing = NothingToClaim { contributor: evm(BOB), cumulative: 300, alreadyClaimed: 300 };
    passed_over(&receipt, FIRST, BOB, 300, nothing);
    holds(&mut world, FIRST, 950, [600, 300, 50]);
    let receipt = ok(world.claim_many(FIRST, &tree, &ALL));
    paid(&receipt, &[]);
    assert_eq!(receipt.events::<ClaimPassedOver>().len(), 3);
    holds(&mut world, FIRST, 950, [600, 300, 50]);
}

#[test]
fn a_duplicate_in_a_batch_is_paid_once() {
    let mut world = World::new();
    let tree = world.settle(FIRST, 2_000, &CLAIMS);
    let receipt = ok(world.claim_many(FIRST, &tree, &[ALICE, BOB, ALICE]));
    paid(&receipt, &[(ALICE, 600), (BOB, 300)]);
    let nothing = NothingToClaim { contributor: evm(ALICE), cumulative: 600, alreadyClaimed: 600 };
    passed_over(&receipt, FIRST, ALICE, 600, nothing);
    holds(&mut world, FIRST, 900, [600, 300, 0]);
}

#[test]
fn a_frozen_account_stops_no_batch_and_is_paid_after_thawing() {
    let mut world = World::with_token(FREEZING_TOKEN);
    let tree = world.settle(FIRST, 950, &CLAIMS);
    freeze(&mut world, BOB, true);
    refused(world.claim(FIRST, &tree, BOB), FreezingToken::Frozen { account: evm(BOB) });
    let failed = SafeERC20FailedOperation { token: evm(world.token) };
    for expected in [&[(ALICE, 600), (CAROL, 50)][..], &[]] {
        let who: &[_] = if expected.is_empty() { &[BOB] } else { &ALL };
        let receipt = ok(world.claim_many(FIRST, &tree, who));
        paid(&receipt, expected);
        passed_over(&receipt, FIRST, BOB, 300, failed.clone());
        holds(&mut world, FIRST, 650, [600, 0, 50]);
    }
    freeze(&mut world, BOB, false);
    paid(&ok(world.claim_many(FIRST, &tree, &[BOB])), &[(BOB, 300)]);
    holds(&mut world, FIRST, 950, [600, 300, 50]);
}

/// What was paid before the account was frozen stays paid, and no more than the rest is due afterwards.
#[test]
fn a_transfer_that_fails_leaves_the_books_as_they_were() {
    let mut world = World::with_token(FREEZING_TOKEN);
    let first = world.settle(FIRST, 950, &CLAIMS);
    ok(world.claim_many(FIRST, &first, &ALL));
    let second = world.settle(FIRST + 1, 300, &CLAIMS.map(|(who, amount)| (who, amount + 100)));
    freeze(&mut world, ALICE, true);
    paid(&ok(world.claim_many(FIRST + 1, &second, &ALL)), &[(BOB, 100), (CAROL, 100)]);
    holds(&mut world, FIRST + 1, 200, [600, 400, 150]);
    freeze(&mut world, ALICE, false);
    paid(&ok(world.claim_many(FIRST + 1, &second, &ALL)), &[(ALICE, 100)]);
    holds(&mut world, FIRST + 1, 300, [700, 400, 150]);
}

/// A root that declares too little has room for the others only if the failed claim is not counted.
#[test]
fn a_transfer_that_fails_takes_no_cover_from_others() {
    let mut world = World::with_token(FREEZING_TOKEN);
    let tree = world.tree(FIRST, &CLAIMS);
    ok(world.fund(FIRST, 1_000));
    ok(world.post(FIRST, tree.root(), 610));
    world.chain.pass(WINDOW);
    freeze(&mut world, ALICE, true);
    paid(&ok(world.claim_many(FIRST, &tree, &ALL)), &[(BOB, 300), (CAROL, 50)]);
    holds(&mut world, FIRST, 350, [0, 300, 50]);
}

#[test]
fn a_vault_that_is_frozen_pays_nobody_and_books_nothing() {
    let mut world = World::with_token(FREEZING_TOKEN);
    let tree = world.settle(FIRST, 1_000, &CLAIMS);
    let vault = world.vault;
    freeze(&mut world, vault, true);
    let receipt = ok(world.claim_many(FIRST, &tree, &ALL));
    paid(&receipt, &[]);
    assert_eq!(receipt.events::<ClaimPassedOver>().len(), 3);
    holds(&mut world, FIRST, 0, [0, 0, 0]);
    freeze(&mut world, vault, false);
    paid(&ok(world.claim_many(FIRST, &tree, &ALL)), &CLAIMS);
}

/// A token that returns `false` paid nobody, and one that returns nothing did.
#[test]
fn a_transfer_that_fails_silently_is_passed_over() {
    let mut world = World::with_token(SILENT_TOKEN);
    let tree = world.settle(FIRST, 1_000, &CLAIMS);
    paid(&ok(world.claim_many(FIRST, &tree, &[ALICE])), &[(ALICE, 600)]);
    ok(world.send(STRANGER, world.token, keccak256("refuse()")[..4].to_vec()));
    let receipt = ok(world.claim_many(FIRST, &tree, &[CAROL]));
    paid(&receipt, &[]);
    passed_over(&receipt, FIRST, CAROL, 50, SafeERC20FailedOperation { token: evm(world.token) });
    holds(&mut world, FIRST, 600, [600, 0, 0]);
}

/// It is the sender's own mistake, which a call shows before anything is sent.
#[test]
fn a_false_proof_is_named_and_stops_its_batch() {
    let mut world = World::new();
    let tree = world.settle(FIRST, 1_000, &CLAIMS);
    let honest = ALL.map(|who| proved(&tree, who));
    let invalid =
        |contributor, cumulative| InvalidProof { epoch: FIRST, contributor: evm(contributor), cumulative };
    for index in 0..3 {
        let mut batch = honest.clone();
        batch[index].cumulative += 1;
        let (who, amount) = CLAIMS[index];
        refused(world.claim_many_with(FIRST, &batch), invalid(who, amount + 1));
    }
    let mut batch = honest.to_vec();
    batch[1].proof = honest[0].proof.clone();
    refused(world.claim_many_with(FIRST, &batch), invalid(BOB, 300));
    // Nor is one overlooked because nothing would be left to be paid.
    ok(world.claim(FIRST, &tree, BOB));
    batch[1] = ProvedClaim { cumulative: 299, ..honest[1].clone() };
    refused(world.claim_many_with(FIRST, &batch), invalid(BOB, 299));
    holds(&mut world, FIRST, 300, [0, 300, 0]);
}

#[test]
fn a_claim_for_nobody_stops_its_batch() {
    let mut world = World::new();
    let (vault, zero) = (world.vault, Account([0; 20]));
    let tree = world.settle(FIRST, 30, &[(vault, 10), (zero, 10), (ALICE, 10)]);
    for who in [vault, zero] {
        refused(world.claim_many(FIRST, &tree, &[ALICE, who]), InvalidContributor { contributor: evm(who) });
    }
    paid(&ok(world.claim_many(FIRST, &tree, &[ALICE])), &[(ALICE, 10)]);
}

/// What others claimed before decides whether a bad root's claim is covered, so it cannot be held against the
/// rest of the batch.
#[test]
fn a_claim_beyond_the_declared_total_stops_no_batch() {
    let mut world = World::new();
    let tree = world.tree(FIRST, &CLAIMS);
    ok(world.fund(FIRST, 1_000));
    ok(world.post(FIRST, tree.root(), 700));
    world.chain.pass(WINDOW);
    let receipt = ok(world.claim_many(FIRST, &tree, &ALL));
    paid(&receipt, &[(ALICE, 600), (CAROL, 50)]);
    let exceeds = ExceedsDeclaredTotal { epoch: FIRST, total: 700, paid: 600, amount: 300 };
    passed_over(&receipt, FIRST, BOB, 300, exceeds);
    holds(&mut world, FIRST, 650, [600, 0, 50]);
}

#[test]
fn a_claim_beyond_the_funding_stops_no_batch() {
    let mut world = World::new();
    let first = world.settle(FIRST, 1_000, &CLAIMS);
    let second = world.settle(FIRST + 1, 500, &[(ALICE, 1_400)]);
    ok(world.claim(FIRST + 1, &second, ALICE));
    let receipt = ok(world.claim_many(FIRST, &first, &[BOB, CAROL]));
    paid(&receipt, &[(CAROL, 50)]);
    let exceeds = ExceedsFunding { epoch: FIRST + 1, funded: 1_500, paid: U256::from(1_400), amount: 300 };
    passed_over(&receipt, FIRST, BOB, 300, exceeds);
    holds(&mut world, FIRST, 50, [1_400, 0, 50]);
}

#[test]
fn a_pause_stops_batches() {
    let mut world = World::new();
    let tree = world.settle(FIRST, 1_000, &CLAIMS);
    ok(world.vault(OWNER, pauseCall {}));
    refused(world.claim_many(FIRST, &tree, &ALL), EnforcedPause {});
}

/// As with single claims, what a decoder would cut off is refused.
#[test]
fn numbers_beyond_their_type_are_refused() {
    let mut world = World::new();
    let tree = world.settle(FIRST, 1_000, &CLAIMS);
    let honest = calldata::claim_many(FIRST, &[proved(&tree, ALICE)]);
    // Words: epoch, offset, length, offset, contributor, cumulative. The byte above each type's highest.
    for byte in [4 + 31 - 8, 4 + 4 * 32 + 31 - 20, 4 + 5 * 32 + 31 - 16] {
        let mut altered = honest.clone();
        altered[byte] = 1;
        assert_eq!(world.send(STRANGER, world.vault, altered).err().unwrap().len(), 0);
    }
    ok(world.send(STRANGER, world.vault, honest));
    assert_eq!(world.claimed(ALICE), 600);
}

/// A tree of one: the proof is empty, and so is what is left of it in a batch.
#[test]
fn a_batch_of_a_tree_of_one() {
    let mut world = World::new();
    let tree = world.settle(FIRST, 7, &[(ALICE, 7)]);
    assert_eq!(proved(&tree, ALICE).proof, [] as [Digest; 0]);
    paid(&ok(world.claim_many(FIRST, &tree, &[ALICE])), &[(ALICE, 7)]);
}
