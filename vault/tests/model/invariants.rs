//! What holds after each act: the ledger stands where the model stands, its books balance, and an audit of it
//! finds nothing.

use std::collections::BTreeMap;

use fairshare_audit::audit::{Auditor, Expected, Report};
use fairshare_audit::claims::{ClaimTree, Distribution, proves};
use fairshare_formats::archive::{Item, Writer};
use fairshare_formats::ledger::{Earning, Tenths};
use fairshare_params::address::Address;
use fairshare_params::encoding::Digest;
use fairshare_params::role::Role;
use fairshare_testkit::fixture;
use fairshare_vault::Ledger;
use fairshare_vault::ledger::{Forfeit, Nothing, Settlement};
use fairshare_verifier::Trust;
use num_bigint::{BigInt, BigUint};

use crate::cast::{RULES, rules_hash};
use crate::model::{Epoch, Model, Payout, Settled};
use crate::world::{Checked, World, agree, failed, kind, same};

fn number(number: impl Into<BigUint>) -> BigInt {
    BigInt::from(number.into())
}

fn tenths(tenths: &Tenths) -> [BigInt; 2] {
    [number(tenths.compute.clone()), number(tenths.data.clone())]
}

/// What a settlement says, in the model's words.
#[derive(Clone, Debug)]
pub struct Balance {
    /// The epoch.
    pub epoch: u64,
    /// The rules hash.
    pub rules_hash: Digest,
    /// By contributor.
    pub earnings: Vec<Earning>,
    /// What it brought, carries on, and leaves by rounding.
    pub tenths: [[BigInt; 2]; 3],
    /// The sum paid.
    pub total: BigInt,
    /// The root of the claims.
    pub root: Option<Digest>,
}

impl Balance {
    /// Of what the ledger settled.
    pub fn of(settlement: &Settlement) -> Self {
        let Settlement { epoch, settled, earnings, rounding, .. } = settlement;
        Self {
            epoch: epoch.number,
            rules_hash: epoch.rules_hash,
            earnings: earnings.clone(),
            tenths: [&settled.brought, &settled.left, rounding].map(tenths),
            total: number(settled.total),
            root: settled.root,
        }
    }
}

fn payouts(earnings: &[Earning]) -> BTreeMap<Address, Payout> {
    let payout = |earning: &Earning| Payout { compute: number(earning.compute), data: number(earning.data) };
    earnings.iter().map(|earning| (earning.contributor, payout(earning))).collect()
}

/// Everybody is paid the model's amount, and what is paid, carried on and left adds up to what there was.
pub fn check_settlement(balance: &Balance, model: &Model, index: usize) -> Checked {
    let epoch = &model.epochs[index];
    let Some(Settled { payouts: expected, brought, carried, rounding }) = &epoch.settled else {
        return Err("settled, and the model has no amounts".to_owned());
    };
    let paid = payouts(&balance.earnings);
    same("what is paid", &paid, expected)?;
    same("contributors paid", balance.earnings.len(), paid.len())?;
    same("tenths", &balance.tenths, &[brought.clone(), carried.clone(), rounding.clone()])?;
    let pool = BigInt::from(epoch.plain().pool);
    let mut sum = BigInt::ZERO;
    for (kind, parts) in [7u32, 3].into_iter().enumerate() {
        let paid: BigInt = paid.values().map(|payout| [&payout.compute, &payout.data][kind].clone()).sum();
        let [there_was, left, rounded] = balance.tenths.each_ref().map(|tenths| &tenths[kind]);
        same("the books", &paid * 10 + left + rounded, &pool * parts + there_was)?;
        sum += paid;
    }
    same("the sum paid", &balance.total, &sum)?;
    let earned = |earning: &Earning| {
        let of_epoch = |epoch: &Epoch| {
            let settled = epoch.settled.as_ref()?.payouts.get(&earning.contributor)?;
            Some(&settled.compute + &settled.data)
        };
        let before: BigInt = model.epochs[..=index].iter().filter_map(of_epoch).sum();
        same("earned in all", number(earning.cumulative), before)
    };
    balance.earnings.iter().try_for_each(earned)
}

/// Who gets nothing, in the model's words.
pub fn forfeits(found: &[Forfeit]) -> Vec<(Address, bool, String)> {
    let one = |Forfeit { contributor, role, why }: &Forfeit| {
        let why = match why {
            Nothing::Ineligible(why) => format!("Ineligible.{}", kind(why)),
            other => kind(other),
        };
        (*contributor, *role == Role::Data, why)
    };
    found.iter().map(one).collect()
}

/// A tree of claims is of what everybody has earned, and proves it.
pub fn check_claims(found: Option<ClaimTree>, expected: BTreeMap<Address, BigInt>) -> Checked {
    let Some(tree) = found else { return same("claims", BTreeMap::new(), expected) };
    let claims = tree.claims().iter().map(|claim| (claim.contributor, number(claim.cumulative))).collect();
    same("claims", &claims, &expected)?;
    same("their sum", number(tree.total()), claims.values().sum())
}

/// The root on record is that of these claims.
fn check_root(model: &Model, balance: &Balance) -> Checked {
    let index = model.find(Some(balance.epoch))?;
    let mut earned: BTreeMap<Address, u128> = BTreeMap::new();
    for settled in model.epochs[..=index].iter().filter_map(|epoch| epoch.settled.as_ref()) {
        for (contributor, payout) in &settled.payouts {
            let amount = u128::try_from(&payout.compute + &payout.data).map_err(|error| error.to_string())?;
            *earned.entry(*contributor).or_default() += amount;
        }
    }
    let rules = model.epochs[index].rules;
    let distribution = Distribution::of(&RULES[rules].policy, rules_hash(rules));
    let tree = ClaimTree::of_earned(distribution, &earned);
    same("the root", balance.root, tree.as_ref().map(ClaimTree::root))?;
    let Some(tree) = tree else { return Ok(()) };
    let is_proved = |claim: &_, proof: Vec<_>| proves(&tree.root(), &distribution, claim, &proof);
    let all = tree.claims().iter();
    let lost =
        all.filter(|claim| !tree.proof(&claim.contributor).is_some_and(|proof| is_proved(claim, proof)));
    same("claims that are not proved", lost.count(), 0)
}

/// Where everything stands is where it stands by the model. Returns the head.
pub fn check(ledger: &mut Ledger, model: &Model, balances: &[Balance]) -> Checked<Option<Digest>> {
    let mut head = None;
    agree(ledger.status(None), model.check_begun(), |status, ()| {
        head = status.head;
        same("entries", status.entries, model.entries)?;
        let now = model.running().map(|index| model.epochs[index].plain().epoch).zip(model.round);
        same("what goes on", status.now, now)?;
        same("earned in all", number(status.earned), model.earned.values().sum())?;
        same("sent in all", number(status.sent), model.sent.values().sum())?;
        let paid = model.paid();
        same("confirmed in all", number(status.confirmed), paid.values().sum())?;
        same("outstanding", number(status.outstanding), model.beyond(&paid))?;
        let due = if model.rail() == Some("payments") { model.beyond(&model.sent) } else { BigInt::ZERO };
        same("due", number(status.due), due)?;
        let carried = model.epochs.iter().rev().find_map(|epoch| epoch.settled.as_ref());
        let carried = carried.map(|settled| settled.carried.clone()).unwrap_or_default();
        same("carried", tenths(&status.carried), carried)?;
        same("epochs", status.epochs.len(), model.epochs.len())?;
        for (found, epoch) in status.epochs.iter().zip(&model.epochs) {
            let plain = epoch.plain();
            let state = (found.epoch.number, found.epoch.state.name());
            same("an epoch", state, (plain.epoch, model.state(epoch)))?;
            let is_of_epoch = |round: u64| (plain.first..=plain.last()).contains(&round);
            let data = model.data.iter().filter(|data| is_of_epoch(data.round)).count();
            let bundles =
                [epoch.of_role(true).count(), epoch.of_role(false).count()].map(|count| count as u64);
            let counts = (found.datasets, found.nodes, found.bundles);
            same("an epoch's record", counts, (data as u64, epoch.nodes().len() as u64, bundles))?;
            let sum = |payout: &Payout| &payout.compute + &payout.data;
            let earned = epoch.settled.as_ref().map(|settled| {
                (settled.payouts.len() as u64, settled.payouts.values().map(sum).sum::<BigInt>())
            });
            same("an epoch's earnings", found.earned.map(|(count, total)| (count, number(total))), earned)?;
        }
        Ok(())
    })?;
    let open = (0..model.epochs.len()).filter(|index| model.state(&model.epochs[*index]) == "proving");
    for index in open {
        let epoch = Some(model.epochs[index].plain().epoch);
        let found = ledger.forfeits(epoch).map_err(failed)?;
        same("who would get nothing", forfeits(&found), model.forfeits(index))?;
        let found = ledger.unproved_nodes(epoch).map_err(failed)?;
        same("nodes that are not proved", found, model.epochs[index].unproved())?;
    }
    let settled = |balance: &Balance| check_settlement(balance, model, model.find(Some(balance.epoch))?);
    balances.iter().try_for_each(settled).map(|()| head)
}

/// The archive that is exported of a ledger.
fn archive(ledger: &mut Ledger) -> Checked<Vec<u8>> {
    let (mut heading, mut entries) = (None, Vec::new());
    let exported = ledger.export("fairshare test", |item| {
        match item {
            Item::Heading(found) => heading = Some(found),
            Item::Entry(stored, files) => entries.push((stored, files)),
        }
        Ok(())
    });
    exported.map_err(failed)?;
    let mut bytes = Vec::new();
    let heading = heading.ok_or("an archive without a heading")?;
    let mut writer = Writer::begin(&mut bytes, &heading).expect("memory");
    entries.iter().for_each(|(stored, files)| writer.entry(stored, files).expect("memory"));
    writer.finish().expect("memory");
    Ok(bytes)
}

/// No row of the ledger is other than its entries say. An audit of its archive, which knows what the model
/// expects and every receipt, finds nothing, and computes the model's amounts.
pub fn audit(world: &mut World<'_>) -> Checked {
    if world.model.epochs.is_empty() {
        return Ok(());
    }
    same("rows beside the entries", world.ledger().beside().map_err(failed)?, Vec::new())?;
    let bytes = archive(world.ledger())?;
    let model = &world.model;
    let last = world.balances.last();
    let expected = Expected {
        rules_hash: last.map(|balance| balance.rules_hash),
        root: last.and_then(|balance| balance.root),
        total: last.and_then(|_| u128::try_from(model.earned.values().sum::<BigInt>()).ok()),
        receipts: world.receipts.clone(),
    };
    let parameters = std::slice::from_ref(&*fixture::PARAMETERS);
    let auditor = Auditor::new(parameters, Trust::AllowInsecure, &|_, _| {});
    let report = auditor.archive(&bytes[..], &expected).map_err(|error| format!("no audit: {error}"))?;
    let lines: Vec<_> = report.lines().collect();
    if !report.is_clean() {
        return Err(format!("an audit finds: {lines:?}"));
    }
    world.balances.iter().try_for_each(|balance| check_root(model, balance))?;
    check_report(model, &report)
}

fn check_report(model: &Model, report: &Report) -> Checked {
    same("strikes audited", report.strikes.len(), {
        let nodes: usize = model.epochs.iter().map(|epoch| epoch.struck.len()).sum();
        nodes + model.data.iter().filter(|data| data.struck.is_some()).count()
    })?;
    let transfers = model.lists.iter().flatten();
    let sent = (number(report.sent.0), report.sent.1);
    same(
        "payments audited",
        sent,
        (transfers.clone().map(|(_, amount, _)| amount).sum(), transfers.count() as u64),
    )?;
    same("confirmations audited", report.confirmed, model.confirmed.len() as u64)?;
    let bundles: usize = model.epochs.iter().map(|epoch| epoch.bundles.len()).sum();
    same("bundles audited", report.bundles, bundles as u64)?;
    for (epoch, audited) in model.epochs.iter().zip(&report.epochs) {
        let Some(settled) = &epoch.settled else { continue };
        let computed = audited.lines.iter().map(|(contributor, line)| {
            let (compute, data) = (number(line.payout.compute), number(line.payout.data));
            (*contributor, Payout { compute, data })
        });
        let computed: BTreeMap<_, _> = computed.filter(|(_, payout)| *payout != Payout::default()).collect();
        same("amounts audited", &computed, &settled.payouts)?;
        let found = [&audited.brought, &audited.left, &audited.rounding].map(tenths);
        same(
            "tenths audited",
            found,
            [&settled.brought, &settled.carried, &settled.rounding].map(Clone::clone),
        )?;
    }
    Ok(())
}
