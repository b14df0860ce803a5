//! Step 5 of an audit: the claims.

use std::collections::BTreeMap;

use fairshare_params::address::Address;
use num_bigint::BigUint;

use super::{Finding, Run};
use crate::snapshot::{LedgerSnapshot, State};

/// Checks every claim; returns what has been paid in all.
pub fn check(run: &mut Run<'_>, snapshot: &LedgerSnapshot) -> BigUint {
    let mut claimed: BTreeMap<Address, u128> = BTreeMap::new();
    let mut total = BigUint::ZERO;
    for (index, claim) in snapshot.claims.iter().enumerate() {
        let before = claimed.get(&claim.contributor).copied().unwrap_or_default();
        let earned = run.past.settled.get(&claim.epoch).and_then(|earned| earned.get(&claim.contributor));
        let earned = earned.copied().unwrap_or_default();
        let due = earned.saturating_sub(before);
        if claim.cumulative != earned || claim.amount != due || claim.amount == 0 {
            let finding =
                Finding::Claim { index, contributor: claim.contributor, recorded: claim.amount, due };
            run.note(claim.epoch, finding);
        }
        total += claim.amount;
        // Saturated or not, it is no less than anybody has earned, and nothing more is due.
        claimed.insert(claim.contributor, before.saturating_add(claim.amount));
    }
    for epoch in snapshot.epochs.iter().filter(|epoch| epoch.state >= State::Settled) {
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
