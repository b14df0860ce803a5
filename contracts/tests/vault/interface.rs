//! Is calldata what the types encode, and gas what the README says?

use alloy_sol_types::SolCall;
use fairshare_contracts::calldata::{self, ProvedClaim};
use fairshare_contracts::interface::RoyaltyVault;
use fairshare_params::encoding::Digest;
use revm::primitives::keccak256;

use crate::world::{
    ALICE, ARCHIVE, FIRST_EPOCH as FIRST, PLACE, RULES, WINDOW, World, evm, ok, posting, word,
};

#[test]
fn calldata_is_what_the_types_encode() {
    let proof = [Digest([1; 32]), Digest([2; 32])];
    assert_eq!(calldata::fund(7, 8), RoyaltyVault::fundCall { epoch: 7, amount: 8 }.abi_encode());
    assert_eq!(calldata::fund(7, 8)[..4], keccak256("fund(uint64,uint128)")[..4]);
    let post = RoyaltyVault::postCall::abi_decode(&calldata::post(&posting(7, proof[0], 9))).unwrap();
    assert_eq!((post.epoch, post.root, post.rulesHash, post.total), (7, word(proof[0]), word(RULES), 9));
    assert_eq!((post.archiveHash, post.archivePlace.as_str()), (word(ARCHIVE), PLACE));
    let veto = RoyaltyVault::vetoCall::abi_decode(&calldata::veto(7, &proof[1])).unwrap();
    assert_eq!((veto.epoch, veto.root), (7, word(proof[1])));
    let claim = RoyaltyVault::claimCall::abi_decode(&calldata::claim(7, &ALICE, 9, &proof)).unwrap();
    assert_eq!((claim.epoch, claim.contributor, claim.cumulative), (7, evm(ALICE), 9));
    assert_eq!(claim.proof, proof.map(word));
    let claims = [ProvedClaim { contributor: ALICE, cumulative: 9, proof: proof.to_vec() }];
    let many = RoyaltyVault::claimManyCall::abi_decode(&calldata::claim_many(7, &claims)).unwrap();
    let one = RoyaltyVault::Claim { contributor: evm(ALICE), cumulative: 9, proof: proof.map(word).to_vec() };
    assert_eq!((many.epoch, many.claims), (7, vec![one]));
}

/// The README's table; a change beyond a twentieth has to be written there.
#[test]
fn gas_is_what_the_readme_says() {
    let readme = include_str!("../../README.md");
    let mut world = World::new();
    let mut measured = Vec::new();
    measured.push(("fund, the first time", ok(world.fund(FIRST, 500)).gas));
    measured.push(("fund an epoch that has funds", ok(world.fund(FIRST, 500)).gas));
    let claims: Vec<_> = (1..=100).map(|byte| (fairshare_params::address::Address([byte; 20]), 10)).collect();
    let tree = world.tree(FIRST, &claims);
    measured.push(("post", ok(world.post(FIRST, tree.root(), 1_000)).gas));
    measured.push(("veto", ok(world.veto(FIRST, tree.root())).gas));
    ok(world.post(FIRST, tree.root(), 1_000));
    world.chain.pass(WINDOW);
    measured.push(("claim that also records an activation", ok(world.claim(FIRST, &tree, claims[0].0)).gas));
    measured.push(("claim, a contributor's first", ok(world.claim(FIRST, &tree, claims[1].0)).gas));
    let later: Vec<_> = claims.iter().map(|&(who, amount)| (who, amount + 1)).collect();
    let tree = world.settle(FIRST + 1, 100, &later);
    measured.push((
        "claim, a contributor's later one, a new epoch's first",
        ok(world.claim(FIRST + 1, &tree, claims[0].0)).gas,
    ));
    measured.push(("claim, a contributor's later one", ok(world.claim(FIRST + 1, &tree, claims[1].0)).gas));
    for (epoch, what) in [
        (FIRST + 2, "claimMany of 100, per claim, each a contributor's first"),
        (FIRST + 3, "claimMany of 100, per claim, each a contributor's later one"),
    ] {
        // Accounts that were never paid before, and then the same ones again.
        let amount = u128::from(epoch - FIRST) * 100;
        let account = |byte| fairshare_params::address::Address([byte; 20]);
        let claims: Vec<_> = (101..=200).map(|byte| (account(byte), amount)).collect();
        let tree = world.settle(epoch, 20_000, &claims);
        let who: Vec<_> = claims.iter().map(|(who, _)| *who).collect();
        measured.push((what, ok(world.claim_many(epoch, &tree, &who)).gas / 100));
    }
    let written = |what: &str| {
        let row = readme.lines().find_map(|line| line.strip_prefix(&format!("| {what} | "))).unwrap_or("0 |");
        row.trim_end_matches(" |").replace(',', "").parse::<u64>().unwrap()
    };
    let rows: Vec<_> = measured.iter().map(|(what, gas)| format!("| {what} | {gas} |")).collect();
    let faithful = measured.iter().all(|&(what, gas)| gas.abs_diff(written(what)) * 20 <= gas);
    assert!(faithful, "the README should say\n{}", rows.join("\n"));
}
