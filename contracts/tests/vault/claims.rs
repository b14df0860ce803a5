//! Is exactly what a root proves paid, once, to the one whom it names?

use alloy_primitives::U256;
use fairshare_audit::claims::Distribution;
use fairshare_contracts::calldata::{self, Posting};
use fairshare_contracts::interface::RoyaltyVault::{
    Claimed, EnforcedPause, ExceedsDeclaredTotal, ExceedsFunding, InvalidContributor, InvalidProof,
    NothingToClaim, RootNotActive, SafeERC20FailedOperation, leafCall, pauseCall, totalClaimedCall,
    unpauseCall,
};
use fairshare_params::address::Address as Account;
use fairshare_params::encoding::Digest;
use revm::primitives::keccak256;

use crate::world::{
    ALICE, BOB, CAROL, CHAIN_ID, FIRST_EPOCH as FIRST, FUNDER, OPERATOR, OWNER, RULES, SILENT_TOKEN,
    STRANGER, Token, WINDOW, World, evm, ok, posting, refused, tree_for, word,
};

const CLAIMS: [(Account, u128); 3] = [(ALICE, 600), (BOB, 300), (CAROL, 50)];

fn invalid(epoch: u64, contributor: Account, cumulative: u128) -> InvalidProof {
    InvalidProof { epoch, contributor: evm(contributor), cumulative }
}

fn nothing(contributor: Account, cumulative: u128, already: u128) -> NothingToClaim {
    NothingToClaim { contributor: evm(contributor), cumulative, alreadyClaimed: already }
}

#[test]
fn the_contributor_is_paid_whoever_submits() {
    let mut world = World::new();
    let tree = world.settle(FIRST, 1_000, &CLAIMS);
    for (who, cumulative) in CLAIMS {
        let receipt = ok(world.claim(FIRST, &tree, who));
        assert_eq!(U256::from_be_slice(&receipt.output), U256::from(cumulative));
        let event = Claimed { epoch: FIRST, contributor: evm(who), amount: cumulative, cumulative };
        assert_eq!(receipt.events::<Claimed>(), [event]);
        assert_eq!((world.balance(who), world.claimed(who)), (cumulative, cumulative));
    }
    let vault = world.vault;
    assert_eq!((world.balance(vault), world.balance(STRANGER)), (50, 0));
    assert_eq!(world.view(totalClaimedCall {}), 950);
}

#[test]
fn a_claim_repeated_is_refused() {
    let mut world = World::new();
    let tree = world.settle(FIRST, 2_000, &CLAIMS);
    ok(world.claim(FIRST, &tree, ALICE));
    for _ in 0..2 {
        refused(world.claim(FIRST, &tree, ALICE), nothing(ALICE, 600, 600));
    }
    assert_eq!(world.balance(ALICE), 600);
}

/// A claim of nothing proves well and is still no payment.
#[test]
fn a_claim_of_nothing_is_refused() {
    let mut world = World::new();
    let tree = world.settle(FIRST, 10, &[(ALICE, 10), (BOB, 0)]);
    refused(world.claim(FIRST, &tree, BOB), nothing(BOB, 0, 0));
}

#[test]
fn a_later_epoch_pays_the_difference() {
    let mut world = World::new();
    let first = world.settle(FIRST, 1_000, &CLAIMS);
    ok(world.claim(FIRST, &first, ALICE));
    let second = world.settle(FIRST + 1, 500, &[(ALICE, 700), (BOB, 450), (CAROL, 50)]);
    ok(world.claim(FIRST + 1, &second, ALICE));
    ok(world.claim(FIRST + 1, &second, BOB));
    assert_eq!((world.balance(ALICE), world.balance(BOB)), (700, 450));
    refused(world.claim(FIRST, &first, BOB), nothing(BOB, 300, 450));
}

/// Leaving someone out of a later root takes nothing away.
#[test]
fn an_older_root_stays_claimable() {
    let mut world = World::new();
    let first = world.settle(FIRST, 1_000, &CLAIMS);
    let second = world.settle(FIRST + 3, 500, &[(ALICE, 1_400)]);
    ok(world.claim(FIRST + 3, &second, ALICE));
    refused(world.claim_with(FIRST + 3, BOB, 300, &first.proof(&BOB).unwrap()), invalid(FIRST + 3, BOB, 300));
    // 1,500 funded, 1,400 paid: Carol's 50 are there, and so are the first 50 of anyone else, but not Bob's
    // 300.
    ok(world.claim(FIRST, &first, CAROL));
    let exceeds = ExceedsFunding { epoch: FIRST + 3, funded: 1_500, paid: U256::from(1_450), amount: 300 };
    refused(world.claim(FIRST, &first, BOB), exceeds);
}

#[test]
fn nothing_is_paid_before_activation() {
    let mut world = World::new();
    let tree = world.tree(FIRST, &CLAIMS);
    ok(world.fund(FIRST, 1_000));
    refused(world.claim(FIRST, &tree, ALICE), RootNotActive { epoch: FIRST });
    ok(world.post(FIRST, tree.root(), 950));
    world.chain.pass(WINDOW - 1);
    refused(world.claim(FIRST, &tree, ALICE), RootNotActive { epoch: FIRST });
    world.chain.pass(1);
    ok(world.claim(FIRST, &tree, ALICE));
}

#[test]
fn a_proof_altered_anywhere_is_refused() {
    let mut world = World::new();
    let tree = world.settle(FIRST, 1_000, &CLAIMS);
    let proof = tree.proof(&ALICE).unwrap();
    for index in 0..proof.len() {
        for byte in 0..32 {
            let mut altered = proof.clone();
            altered[index].0[byte] ^= 1;
            refused(world.claim_with(FIRST, ALICE, 600, &altered), invalid(FIRST, ALICE, 600));
        }
    }
    let mut longer = proof.clone();
    longer.push(Digest([0; 32]));
    let shorter = &proof[..proof.len() - 1];
    let others = tree.proof(&BOB).unwrap();
    for wrong in [&longer[..], shorter, &others, &[]] {
        refused(world.claim_with(FIRST, ALICE, 600, wrong), invalid(FIRST, ALICE, 600));
    }
    ok(world.claim_with(FIRST, ALICE, 600, &proof));
}

#[test]
fn a_proof_is_of_one_amount_and_one_contributor() {
    let mut world = World::new();
    let tree = world.settle(FIRST, 1_000, &CLAIMS);
    let proof = tree.proof(&ALICE).unwrap();
    for amount in [0, 1, 599, 601, 600 << 64, u128::MAX] {
        refused(world.claim_with(FIRST, ALICE, amount, &proof), invalid(FIRST, ALICE, amount));
    }
    for who in [BOB, STRANGER] {
        refused(world.claim_with(FIRST, who, 600, &proof), invalid(FIRST, who, 600));
    }
}

/// A leaf is hashed twice, so the two hashes under an inner node cannot be read as a claim.
#[test]
fn an_inner_node_is_no_leaf() {
    let mut world = World::new();
    let tree = world.settle(FIRST, 1_000, &CLAIMS);
    let rules_hash = word(RULES);
    let call = leafCall { epoch: FIRST, rulesHash: rules_hash, contributor: evm(ALICE), cumulative: 600 };
    let leaf = world.view(call);
    assert_eq!(leaf.0, tree.leaf(&ALICE).unwrap().0);
    let number = |number: u128| U256::from(number).to_be_bytes::<32>();
    let address = |account: Account| evm(account).into_word().0;
    let (chain, vault, epoch) = (number(CHAIN_ID.into()), address(world.vault), number(FIRST.into()));
    let words = [chain, vault, epoch, RULES.0, address(ALICE), number(600)];
    assert_eq!(leaf, keccak256(keccak256(words.concat())));
    let proof = tree.proof(&ALICE).unwrap();
    refused(world.claim_with(FIRST, ALICE, 600, &proof[1..]), invalid(FIRST, ALICE, 600));
}

/// One test for each field that a leaf binds besides contributor and amount: the same claim, right in all
/// else.
#[test]
fn a_root_made_for_another_place_pays_nothing_here() {
    let mut world = World::new();
    let (other, _) = world.deploy_vault(|_| {}).unwrap();
    let here = world.distribution(FIRST);
    let elsewhere = [
        ("chain", Distribution { chain_id: CHAIN_ID + 1, ..here }),
        ("vault", Distribution { vault: other, ..here }),
        ("epoch", Distribution { epoch: FIRST + 1, ..here }),
        ("rules", Distribution { rules_hash: Digest([0x91; 32]), ..here }),
    ];
    for (what, distribution) in elsewhere {
        let mut world = World::new();
        let tree = tree_for(distribution, &CLAIMS);
        ok(world.fund(FIRST, 1_000));
        ok(world.post(FIRST, tree.root(), 950));
        world.chain.pass(WINDOW);
        println!("{what}");
        refused(world.claim(FIRST, &tree, ALICE), invalid(FIRST, ALICE, 600));
    }
}

/// The rules hash of a leaf is the one that was posted with its root, not that of another root.
#[test]
fn a_claim_is_of_the_rules_that_its_root_was_posted_with() {
    let mut world = World::new();
    let first = world.settle(FIRST, 1_000, &CLAIMS);
    let rules_hash = Digest([0x91; 32]);
    let claims = CLAIMS.map(|(who, amount)| (who, amount + 10));
    let tree = tree_for(Distribution { rules_hash, ..world.distribution(FIRST + 1) }, &claims);
    ok(world.fund(FIRST + 1, 1_000));
    let posting = Posting { rules_hash, ..posting(FIRST + 1, tree.root(), 980) };
    ok(world.send(OPERATOR, world.vault, calldata::post(&posting)));
    world.chain.pass(WINDOW);
    ok(world.claim(FIRST + 1, &tree, ALICE));
    ok(world.claim(FIRST, &first, BOB));
    assert_eq!((world.balance(ALICE), world.balance(BOB)), (610, 300));
}

/// After a fork both branches hold the money and the root; the proof is worth something on one of them only.
#[test]
fn a_claim_is_worth_nothing_on_a_fork() {
    let mut world = World::new();
    let tree = world.settle(FIRST, 1_000, &CLAIMS);
    world.chain.fork(CHAIN_ID + 1);
    refused(world.claim(FIRST, &tree, ALICE), invalid(FIRST, ALICE, 600));
    world.chain.fork(CHAIN_ID);
    ok(world.claim(FIRST, &tree, ALICE));
}

#[test]
fn another_epochs_proof_is_refused() {
    let mut world = World::new();
    let first = world.settle(FIRST, 1_000, &CLAIMS);
    let second = world.settle(FIRST + 1, 1_000, &CLAIMS.map(|(who, amount)| (who, amount * 2)));
    refused(
        world.claim_with(FIRST, ALICE, 1_200, &second.proof(&ALICE).unwrap()),
        invalid(FIRST, ALICE, 1_200),
    );
    refused(
        world.claim_with(FIRST + 1, ALICE, 600, &first.proof(&ALICE).unwrap()),
        invalid(FIRST + 1, ALICE, 600),
    );
    for epoch in [0, FIRST - 1, FIRST + 2, u64::MAX] {
        refused(world.claim_with(epoch, ALICE, 600, &[]), RootNotActive { epoch });
    }
}

#[test]
fn a_tree_of_one_needs_no_siblings() {
    let mut world = World::new();
    let tree = world.settle(FIRST, 7, &[(ALICE, 7)]);
    assert_eq!(tree.proof(&ALICE).unwrap(), []);
    ok(world.claim(FIRST, &tree, ALICE));
    assert_eq!(world.balance(ALICE), 7);
}

/// A bad root gives one contributor two leaves: the larger one is all that can be had.
#[test]
fn two_leaves_of_one_contributor_are_not_added_up() {
    let mut world = World::new();
    let [small, large] = [200, 500].map(|amount| tree_for_here(&world, amount));
    let mut pair = [small, large];
    pair.sort();
    let root = Digest(keccak256(pair.concat()).0);
    ok(world.fund(FIRST, 1_000));
    ok(world.post(FIRST, root, 700));
    world.chain.pass(WINDOW);
    ok(world.claim_with(FIRST, ALICE, 200, &[Digest(large)]));
    ok(world.claim_with(FIRST, ALICE, 500, &[Digest(small)]));
    refused(world.claim_with(FIRST, ALICE, 200, &[Digest(large)]), nothing(ALICE, 200, 500));
    assert_eq!(world.balance(ALICE), 500);
}

fn tree_for_here(world: &World, amount: u128) -> [u8; 32] {
    world.tree(FIRST, &[(ALICE, amount)]).root().0
}

/// A bad root's claims add up to more than it declares: it pays what it declares and no more.
#[test]
fn a_root_pays_no_more_than_it_declares() {
    let mut world = World::new();
    let tree = world.tree(FIRST, &CLAIMS);
    ok(world.fund(FIRST, 1_000));
    ok(world.post(FIRST, tree.root(), 900));
    world.chain.pass(WINDOW);
    ok(world.claim(FIRST, &tree, ALICE));
    ok(world.claim(FIRST, &tree, BOB));
    let exceeds = ExceedsDeclaredTotal { epoch: FIRST, total: 900, paid: 900, amount: 50 };
    refused(world.claim(FIRST, &tree, CAROL), exceeds);
    assert_eq!(world.balance(CAROL), 0);
}

/// Two bad roots, each within what it declares: together they would eat what was funded for a later epoch.
#[test]
fn old_roots_never_reach_later_funding() {
    let mut world = World::new();
    let first = world.settle(FIRST, 100, &[(ALICE, 100)]);
    let second = world.settle(FIRST + 1, 100, &[(BOB, 200)]);
    world.settle(FIRST + 2, 1_000, &[(CAROL, 1_200)]);
    ok(world.claim(FIRST + 1, &second, BOB));
    let exceeds = ExceedsFunding { epoch: FIRST + 1, funded: 200, paid: U256::from(200), amount: 100 };
    refused(world.claim(FIRST, &first, ALICE), exceeds);
    let vault = world.vault;
    assert_eq!(world.balance(vault), 1_000);
}

/// Nor does a bad root itself, though no later one has paid anything.
#[test]
fn a_root_never_reaches_later_funding() {
    let mut world = World::new();
    let first = world.settle(FIRST, 100, &[(ALICE, 100)]);
    let second = world.settle(FIRST + 1, 100, &[(BOB, 200)]);
    ok(world.claim(FIRST, &first, ALICE));
    ok(world.fund(FIRST + 2, 1_000));
    let exceeds = ExceedsFunding { epoch: FIRST + 1, funded: 200, paid: U256::from(100), amount: 200 };
    refused(world.claim(FIRST + 1, &second, BOB), exceeds);
}

/// Claims in any order under any of the roots that honest settlements made: everyone gets all of it.
#[test]
fn true_roots_never_meet_the_bounds() {
    for order in 0..6 {
        let mut world = World::new();
        let trees = [
            (FIRST, world.settle(FIRST, 950, &CLAIMS)),
            (FIRST + 1, world.settle(FIRST + 1, 50, &[(ALICE, 650), (BOB, 300), (CAROL, 50)])),
            (FIRST + 4, world.settle(FIRST + 4, 500, &[(ALICE, 700), (BOB, 500), (CAROL, 300)])),
        ];
        let permutation = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]][order];
        for (who, index) in [ALICE, BOB, CAROL].into_iter().zip(permutation) {
            let (epoch, tree) = &trees[index];
            ok(world.claim(*epoch, tree, who));
        }
        for who in [ALICE, BOB, CAROL] {
            let (epoch, tree) = &trees[2];
            if world.claimed(who) < tree.claim(&who).unwrap().cumulative {
                ok(world.claim(*epoch, tree, who));
            }
        }
        let vault = world.vault;
        assert_eq!([ALICE, BOB, CAROL, vault].map(|who| world.balance(who)), [700, 500, 300, 0]);
    }
}

#[test]
fn the_vault_and_nobody_are_no_contributors() {
    let mut world = World::new();
    let (vault, zero) = (world.vault, Account([0; 20]));
    let tree = world.settle(FIRST, 30, &[(vault, 10), (zero, 10), (ALICE, 10)]);
    for who in [vault, zero] {
        refused(world.claim(FIRST, &tree, who), InvalidContributor { contributor: evm(who) });
    }
    ok(world.claim(FIRST, &tree, ALICE));
}

#[test]
fn a_pause_stops_claims_and_takes_nothing() {
    let mut world = World::new();
    let tree = world.settle(FIRST, 1_000, &CLAIMS);
    ok(world.vault(OWNER, pauseCall {}));
    refused(world.claim(FIRST, &tree, ALICE), EnforcedPause {});
    ok(world.vault(OWNER, unpauseCall {}));
    ok(world.claim(FIRST, &tree, ALICE));
    let vault = world.vault;
    assert_eq!((world.balance(OWNER), world.balance(vault)), (0, 400));
}

/// A token whose transfers return nothing is paid all the same; one that fails without reverting never counts
/// as paid.
#[test]
fn a_token_that_fails_silently_is_not_believed() {
    let mut world = World::with_token(SILENT_TOKEN);
    let tree = world.settle(FIRST, 1_000, &CLAIMS);
    ok(world.claim(FIRST, &tree, ALICE));
    assert_eq!(world.balance(ALICE), 600);
    let refuse = keccak256("refuse()")[..4].to_vec();
    ok(world.send(STRANGER, world.token, refuse));
    let failed = SafeERC20FailedOperation { token: evm(world.token) };
    refused(world.claim(FIRST, &tree, BOB), failed.clone());
    assert_eq!(world.claimed(BOB), 0);
    refused(world.fund(FIRST + 1, 10), failed);
}

/// Tokens sent without `fund` stay where they are: no root can declare them, no claim reaches them.
#[test]
fn a_donation_belongs_to_nobody() {
    let mut world = World::new();
    let to = evm(world.vault);
    world.call(FUNDER, world.token, &Token::transferCall { to, amount: U256::from(5_000) });
    let tree = world.settle(FIRST, 950, &CLAIMS);
    for (who, _) in CLAIMS {
        ok(world.claim(FIRST, &tree, who));
    }
    let vault = world.vault;
    assert_eq!(world.balance(vault), 5_000);
}

/// What a decoder would cut off must not be: an epoch or amount beyond its type is refused, not wrapped.
#[test]
fn numbers_beyond_their_type_are_refused() {
    let mut world = World::new();
    let tree = world.settle(FIRST, 1_000, &CLAIMS);
    let honest = calldata::claim(FIRST, &ALICE, 600, &tree.proof(&ALICE).unwrap());
    // The byte above the type's highest, in each word: epoch, contributor, cumulative.
    for byte in [4 + 31 - 8, 4 + 32 + 31 - 20, 4 + 64 + 31 - 16] {
        let mut altered = honest.clone();
        altered[byte] = 1;
        assert_eq!(world.send(STRANGER, world.vault, altered).err().unwrap().len(), 0);
    }
    let short = honest[..honest.len() - 1].to_vec();
    assert_eq!(world.send(STRANGER, world.vault, short).err().unwrap().len(), 0);
    assert_eq!(ok(world.send(STRANGER, world.vault, honest)).events::<Claimed>().len(), 1);
}
