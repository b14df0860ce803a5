//! Step 6 of an audit: the claims, and the roots that stand for them.

use std::collections::BTreeMap;

use fairshare_params::address::Address;
use fairshare_params::encoding::Digest;
use fairshare_params::policy::Policy;

use super::{Difference, Finding, Run};
use crate::claims::{Claim, ClaimTree, Distribution};
use crate::snapshot::{Books, State};

/// The root that an epoch's claims have; none where nobody has earned anything.
pub fn root(policy: &Policy, earned: &BTreeMap<Address, u128>) -> Option<Digest> {
    let vault = policy.vault();
    let distribution = Distribution { chain_id: vault.chain_id, vault: vault.address, epoch: vault.epoch };
    let claims = earned
        .iter()
        .map(|(contributor, cumulative)| Claim { contributor: *contributor, cumulative: *cumulative })
        .collect();
    ClaimTree::new(distribution, claims).ok().map(|tree| tree.root())
}

/// Checks every claim; returns what has been paid in all.
pub fn check(run: &mut Run<'_>, books: &Books) -> u128 {
    let mut claimed: BTreeMap<Address, u128> = BTreeMap::new();
    let mut total = 0u128;
    for (index, claim) in books.claims.iter().enumerate() {
        let before = claimed.get(&claim.contributor).copied().unwrap_or_default();
        let earned = run.past.settled.get(&claim.epoch).and_then(|earned| earned.get(&claim.contributor));
        let earned = earned.copied().unwrap_or_default();
        let due = earned.saturating_sub(before);
        if claim.cumulative != earned || claim.amount != due || claim.amount == 0 {
            let finding =
                Finding::Claim { index, contributor: claim.contributor, recorded: claim.amount, due };
            run.differences.push(Difference { epoch: Some(claim.epoch), finding });
        }
        total = total.saturating_add(claim.amount);
        claimed.insert(claim.contributor, before.saturating_add(claim.amount));
    }
    for epoch in books.epochs.iter().filter(|epoch| epoch.state >= State::Settled) {
        let open = epoch
            .payouts
            .iter()
            .filter(|paid| claimed.get(&paid.contributor).is_none_or(|claimed| *claimed < paid.cumulative));
        let open = open.count();
        if (open == 0) != (epoch.state == State::PaidOut) {
            run.note(epoch.number, Finding::PaidOut { state: epoch.state, open });
        }
    }
    total
}
