//! Settling a closed epoch: everybody's amount is fixed, and the root of the claims with it.

use std::collections::BTreeMap;

use fairshare_audit::claims::{ClaimTree, Distribution};
use fairshare_audit::registry::{Identity, Refusal};
use fairshare_audit::settlement::{self, Earned, Payout, kept, settle_pool};
use fairshare_formats::ledger::{
    Earning, Event, Files, Kind, Receipt, Settled, Tenths, earnings_from_csv, earnings_to_csv, file_hash,
};
use fairshare_formats::time::Moment;
use fairshare_params::address::Address;
use fairshare_params::policy::Policy;
use fairshare_params::rules::Settlement as Rail;

use super::beside::check_rows;
use super::chain::{Chain, receipt};
use super::{
    Epoch, Ledger, Result, best_bundles, earned_by, find_epoch, id, identity, insert, operated, read_files,
    read_policy, settled_entry, struck_nodes, timeline,
};
use crate::database::{DatabaseError, Transaction};
use crate::error::VaultError;

/// A settled epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// The epoch, settled.
    pub epoch: Epoch,
    /// Whether it had been settled before.
    pub before: bool,
    /// Where it stands.
    pub receipt: Receipt,
    /// What it fixed.
    pub settled: Settled,
    /// Who earns what, by address.
    pub earnings: Vec<Earning>,
    /// Tenths of base units that rounding leaves in the vault.
    pub rounding: Tenths,
}

impl Ledger {
    /// Settles a closed epoch (PROTOCOL section 10).
    pub fn settle(&mut self, epoch: Option<u64>, now: Moment) -> Result<Settlement> {
        self.database.write(|transaction| {
            let identity: Identity = operated(transaction)?;
            let epoch = find_epoch(transaction, epoch)?;
            let policy = read_policy(transaction, &epoch)?;
            if let Some((index, settled)) = settled_entry(transaction, epoch.number)? {
                let receipt = receipt(transaction, &identity, index)?;
                let earnings = earnings(transaction, index)?;
                let rounding = rounding(&epoch, &settled, &earnings);
                return Ok(Settlement { epoch, before: true, receipt, settled, earnings, rounding });
            }
            let timeline = timeline(transaction)?;
            timeline.check_settled(epoch.number)?;
            check_rows(transaction)?;
            let mut chain = Chain::end(transaction, &identity, now, timeline.round())?;
            let (settled, earnings, rounding) = compute(transaction, &identity, &epoch, &policy)?;
            let receipt = put(transaction, &mut chain, &settled, &earnings)?;
            let epoch = find_epoch(transaction, Some(epoch.number))?;
            Ok(Settlement { epoch, before: false, receipt, settled, earnings, rounding })
        })
    }

    /// What everybody has earned up to a settled epoch, in base units.
    pub fn earned_up_to(&mut self, epoch: u64) -> Result<u128> {
        self.database.read(|transaction| {
            let identity: Identity = identity(transaction)?.ok_or(Refusal::NoEpoch)?;
            let earned = earned_by(transaction, &identity, epoch)?;
            Ok(earned.into_values().fold(0, u128::saturating_add))
        })
    }

    /// The claims of a settled epoch, the last one if no number is given; none if nothing has ever been
    /// earned.
    pub fn claim_tree(&mut self, number: Option<u64>) -> Result<Option<ClaimTree>> {
        self.database.read(|transaction| {
            let identity: Identity = identity(transaction)?.ok_or(Refusal::NoEpoch)?;
            if identity.settlement == Rail::Payments {
                return Err(VaultError::PaysByLists);
            }
            let timeline = timeline(transaction)?;
            let last = timeline.stages().iter().rfind(|stage| stage.settled.is_some());
            let number = number.or(last.map(|stage| stage.span.epoch)).ok_or(VaultError::NothingSettled)?;
            let epoch = find_epoch(transaction, Some(number))?;
            let policy: Policy = read_policy(transaction, &epoch)?;
            let earned = earned_by(transaction, &identity, number)?;
            Ok(ClaimTree::of_earned(Distribution::of(&policy, epoch.rules_hash), &earned))
        })
    }
}

/// Puts a settlement on record.
pub(super) fn put(
    transaction: &mut Transaction<'_>,
    chain: &mut Chain,
    settled: &Settled,
    earnings: &[Earning],
) -> Result<Receipt> {
    let list = earnings_to_csv(earnings).into_bytes();
    let event = Event::Settled(settled.clone());
    let receipt = chain.append(transaction, event, &Files::one(Kind::Settled, list))?;
    record(transaction, receipt.index, earnings)?;
    Ok(receipt)
}

/// What the epoch's settlement fixes, who earns what, and what rounding leaves.
pub(super) fn compute(
    transaction: &mut Transaction<'_>,
    identity: &Identity,
    epoch: &Epoch,
    policy: &Policy,
) -> Result<(Settled, Vec<Earning>, Tenths)> {
    let brought = brought(transaction, epoch.number)?;
    let settlement = amounts(transaction, epoch, policy)?;
    let before = epoch.number.checked_sub(1);
    let timeline = timeline(transaction)?;
    let mut earned = match before.filter(|before| timeline.stage(*before).is_ok()) {
        Some(before) => earned_by(transaction, identity, before)?,
        None => BTreeMap::new(),
    };
    let (mut earnings, mut total) = (Vec::new(), 0u128);
    for (contributor, payout) in settlement.payouts.into_iter().filter(|(_, payout)| payout.total() > 0) {
        let cumulative = earned.entry(contributor).or_default();
        // Bounded by the sum of all pools, which opening keeps below 2^128.
        *cumulative = cumulative.checked_add(payout.total()).ok_or(VaultError::Number)?;
        total = total.checked_add(payout.total()).ok_or(VaultError::Number)?;
        let Payout { compute, data } = payout;
        earnings.push(Earning { contributor, compute, data, cumulative: *cumulative });
    }
    let tree = ClaimTree::of_earned(Distribution::of(policy, epoch.rules_hash), &earned);
    let settled = Settled {
        epoch: epoch.number,
        brought,
        left: settlement.carry,
        total,
        root: tree.map(|tree| tree.root()),
        file: file_hash(earnings_to_csv(&earnings).as_bytes()),
    };
    Ok((settled, earnings, settlement.rounding))
}

/// What the bundles that count give, with what the epoch before left, if that is known.
pub(super) fn amounts(
    transaction: &mut Transaction<'_>,
    epoch: &Epoch,
    policy: &Policy,
) -> Result<settlement::Settlement> {
    let brought = brought(transaction, epoch.number)?;
    let pool = epoch.stage.pool().ok_or(Refusal::NotFunded { epoch: epoch.number })?;
    Ok(settle_pool(policy, pool, &brought, &scores(transaction, epoch)?)?)
}

/// What the epoch before left; nothing to the first one.
fn brought(transaction: &mut Transaction<'_>, epoch: u64) -> Result<Tenths> {
    let Some(before) = epoch.checked_sub(1) else { return Ok(Tenths::default()) };
    Ok(settled_entry(transaction, before)?.map(|(_, settled)| settled.left).unwrap_or_default())
}

/// The scores that count.
fn scores(transaction: &mut Transaction<'_>, epoch: &Epoch) -> Result<Vec<(Address, Earned)>> {
    let struck = struck_nodes(transaction, epoch.number)?;
    let bundles = best_bundles(transaction, epoch.number)?;
    let earned = bundles.into_iter().filter_map(|best| match best.data {
        Some((records, latest)) => {
            Some((best.contributor, Earned::Data { score: best.score, records, latest }))
        }
        None if struck.contains(&best.contributor) => None,
        None => Some((best.contributor, Earned::Compute { score: best.score })),
    });
    Ok(earned.collect())
}

fn record(transaction: &mut Transaction<'_>, index: u64, earnings: &[Earning]) -> Result<()> {
    let row = |earning: &Earning| {
        let Earning { contributor, compute, data, cumulative } = earning;
        let amounts = [compute, data, cumulative].map(|amount| amount.to_string().into());
        Ok([id(index)?, contributor.into()].into_iter().chain(amounts).collect())
    };
    let rows = earnings.iter().map(row).collect::<Result<_>>()?;
    insert(transaction, "earnings (entry, contributor, compute, data, cumulative)", rows)
}

/// The list of a settlement on record.
pub(super) fn earnings(transaction: &mut Transaction<'_>, index: u64) -> Result<Vec<Earning>> {
    let files = read_files(transaction, index)?;
    let list = earnings_from_csv(files.single());
    Ok(list.map_err(|_| DatabaseError::Corrupt { what: "a list of earnings that is none" })?)
}

fn rounding(epoch: &Epoch, settled: &Settled, earnings: &[Earning]) -> Tenths {
    let payout = |earning: &Earning| Payout { compute: earning.compute, data: earning.data };
    // Whoever has more paid on record than there was is found out by an audit.
    let pool = epoch.stage.pool().unwrap_or_default();
    kept(pool, &settled.brought, &settled.left, earnings.iter().map(payout)).unwrap_or_default()
}
